"""A room's links, and its QR code."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import segno
import streamlit as st

_PAGE_NAMES = {script.stem for script in (Path(__file__).parents[3] / "pages").glob("*.py")}
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def base_address() -> str:
    """Where the visitor's browser found the app, without a page: "https://example.org/app"."""
    address = urlsplit(st.context.url or "")
    if not address.netloc:
        return ""
    path, _, page = address.path.rstrip("/").rpartition("/")
    if page not in _PAGE_NAMES:  # the default page stands at the app's own address
        path = f"{path}/{page}".rstrip("/")
    return f"{address.scheme}://{address.netloc}{path}"


def is_local() -> bool:
    """Whether the address works on this computer only."""
    return urlsplit(st.context.url or "").hostname in LOCAL_HOSTS


def class_link(code: str) -> str:
    """What a student opens."""
    return f"{base_address()}/classroom?room={code}"


def private_link(code: str, key: str) -> str:
    """What makes another device the teacher's."""
    return f"{class_link(code)}&key={key}"


def qr_code(link: str) -> str:
    """A link as a QR code: a data URI of an SVG with the white border that scanners need, in dark themes too."""
    drawn: str = segno.make(link, error="m", micro=False).svg_data_uri(scale=8, border=3, light="#ffffff")
    return drawn
