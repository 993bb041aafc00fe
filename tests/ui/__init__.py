"""Tests of `gptcore.ui`."""
