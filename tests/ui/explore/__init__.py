"""Tests of `gptcore.ui.explore`."""
