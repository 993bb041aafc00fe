"""The editor of prompts and targets, and their state."""
