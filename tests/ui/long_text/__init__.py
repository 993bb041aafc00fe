"""Tests of `gptcore.ui.long_text`."""
