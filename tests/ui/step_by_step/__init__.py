"""Tests of `gptcore.ui.step_by_step`."""
