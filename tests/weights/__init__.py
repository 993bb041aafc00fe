"""Tests of `gptcore.weights`."""
