"""The Perplexity page."""
