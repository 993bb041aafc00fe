"""Tests of `gptcore.ui.state`."""
