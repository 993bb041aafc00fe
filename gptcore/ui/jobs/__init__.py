"""Long work in the background: its queue, its thread, its progress on the page."""
