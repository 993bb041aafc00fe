"""Tests of `gptcore.results`."""
