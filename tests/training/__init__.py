"""Tests of `gptcore.training`."""
