"""Tests of `gptcore.ui.compare`."""
