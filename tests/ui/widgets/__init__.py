"""Tests of `gptcore.ui.widgets`."""
