"""Tests of `gptcore.ui.classroom` and `gptcore.ui.room`."""
