"""How the small GPT that ships was made: `python -m gptcore.pretraining --help`."""
