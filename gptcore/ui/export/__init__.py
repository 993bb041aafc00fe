"""Downloads: tables, analyses, charts, scripts and notebooks."""
