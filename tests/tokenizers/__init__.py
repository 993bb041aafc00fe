"""Tests of `gptcore.tokenizers`."""
