"""Parts of a report that several pages show."""
