"""What a page remembers of its visitor: the URL, the language."""
