"""Tests of `gptcore.ui.perplexity`."""
