"""Tests of `gptcore.ui.models`."""
