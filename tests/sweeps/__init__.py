"""Tests of `gptcore.sweeps`."""
