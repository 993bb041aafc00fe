"""A field for a file, in the visitor's language: Streamlit's own words on it are English in every language."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from gptcore.ui.state.translations import page_text

_WORDS = """<style>
.st-key-{key} section button p {{ font-size: 0 !important; }}
.st-key-{key} section button p::after {{ content: {choose}; font-size: 0.9rem; }}
.st-key-{key} [data-testid="stFileUploaderDropzoneInstructions"] > * {{ display: none; }}
.st-key-{key} [data-testid="stFileUploaderDropzoneInstructions"]::after {{
  content: {limit}; font-size: 0.9rem; opacity: 0.8;
}}
</style>"""


def uploader(label: str, *, key: str, megabytes: int, emptied: int = 0, **more: Any) -> Any:
    """A field for one file.

    Args:
        label: Its label.
        key: Its key.
        megabytes: The largest file that it takes.
        emptied: How often it was emptied by something else than the field itself. Streamlit forgets the file of a field
            that keeps its key only when another limit is given: every other time it takes one megabyte more.
        **more: What else `st.file_uploader` takes.

    Returns:
        The file, as `st.file_uploader` returns it; None where there is none.
    """
    text = page_text("app")
    words = {"choose": text("uploader.choose"), "limit": text("uploader.limit", megabytes=megabytes)}
    st.html(_WORDS.format(key=key, **{name: json.dumps(said, ensure_ascii=False) for name, said in words.items()}))
    return st.file_uploader(label, key=key, max_upload_size=megabytes + emptied % 2, **more)
