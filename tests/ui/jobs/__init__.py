"""Tests of `gptcore.ui.jobs`."""
