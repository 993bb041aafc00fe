"""Tests of `gptcore.ui.train`."""
