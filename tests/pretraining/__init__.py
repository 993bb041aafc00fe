"""Tests of `gptcore.pretraining`."""
