"""Tests of `gptcore.ui.export`."""
