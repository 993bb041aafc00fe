"""The room that a visitor is in, on every page: who they are, the strip above the page, questions and guesses."""
