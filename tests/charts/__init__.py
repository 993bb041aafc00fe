"""Tests of `gptcore.charts`."""
