"""Text files as people have them, in several encodings. No torch."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

from gptcore.errors import InputError

MAX_TEXT_BYTES = 1_000_000
"""The longest text, in UTF-8, that a page scores."""
_BYTE_ORDER_MARKS = (  # UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "", ""),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_READ = {"gb18030": "GB18030", "utf_16_le": "UTF-16", "utf_16_be": "UTF-16"}
_NOT_READ = {"big5": "Big5", "shift_jis": "Shift JIS", "euc_kr": "EUC-KR", "cp1252": "Windows-1252"}
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True)
class Encoding:
    """How a file's bytes are text.

    Attributes:
        name: For a reader: "UTF-8", "UTF-16" or "GB18030".
        codec: For Python; it takes a byte order mark away where there is one.
        bom: Whether the file begins with a byte order mark.
    """

    name: str
    codec: str
    bom: bool


@dataclass(frozen=True)
class TextFile:
    """A file's text, with its line breaks as they are, and the encoding that it was in."""

    text: str
    encoding: Encoding


def detect_encoding(data: bytes) -> Encoding:
    """How some bytes are text: UTF-8 or UTF-16, with a byte order mark or without, or GB18030.

    Args:
        data: A whole file, or its beginning cut after a line.

    Returns:
        The encoding.

    Raises:
        InputError: "binary_file" for what is no text; "unknown_encoding" for another encoding, with the best `guess`.

    >>> detect_encoding("今天天气很好。".encode("gb18030")).name
    'GB18030'
    """
    for mark, codec, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            if not codec:
                raise _unknown("UTF-32")
            _decode(data, codec, name)
            return Encoding(name, codec, True)
    if data.startswith((b"%PDF", b"PK\x03\x04")):
        raise _binary()
    if b"\0" not in data:
        try:
            data.decode("utf-8")
            return Encoding("UTF-8", "utf-8", False)
        except UnicodeDecodeError:
            pass
    if _is_damaged_utf8(data):
        raise _unknown("UTF-8", damaged=True)
    matches = list(from_bytes(data, cp_isolation=[*_READ, *_NOT_READ]))
    least = min((match.chaos for match in matches), default=0.0)
    names = {match.encoding for match in matches if match.chaos == least}
    for codec, name in _READ.items():
        if codec in names and not _CONTROL.search(_decode(data, codec, name)):
            return Encoding(name, codec, False)
    if b"\0" in data or (not names and len(_CONTROL.findall(data.decode("latin-1"))) > len(data) / 50):
        raise _binary()
    raise _unknown(next((name for codec, name in _NOT_READ.items() if codec in names), ""))


def read_text_file(data: bytes, *, max_bytes: int | None = MAX_TEXT_BYTES) -> TextFile:
    r"""The text in a file.

    Args:
        data: The file's bytes.
        max_bytes: The most that is accepted, of the file and of its text in UTF-8; None accepts any.

    Returns:
        The text and its encoding. Line breaks stay as they are.

    Raises:
        InputError: "too_large" (bytes, limit); "binary_file"; "unknown_encoding" (guess).

    >>> read_text_file("a\r\nb".encode("utf-8-sig")).text
    'a\r\nb'
    """
    _check_size(len(data), max_bytes if max_bytes is None else 4 * max_bytes)  # before any work is done on it
    encoding = detect_encoding(data)
    text = _decode(data, encoding.codec, encoding.name)
    check_text_size(text, max_bytes=max_bytes)
    return TextFile(text, encoding)


def check_text_size(text: str, *, max_bytes: int | None = MAX_TEXT_BYTES) -> None:
    """Raise InputError("too_large") for a text that is longer in UTF-8 than `max_bytes`."""
    if max_bytes is not None and len(text) * 4 > max_bytes:
        _check_size(len(text.encode("utf-8", "surrogatepass")), max_bytes)


def _decode(data: bytes, codec: str, name: str) -> str:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        raise _unknown(name, damaged=True) from None
    if "\0" in text:
        raise _binary()
    return text


def _check_size(size: int, limit: int | None) -> None:
    if limit is not None and size > limit:
        raise InputError("too_large", f"{size:,} bytes; at most {limit:,} are read", bytes=size, limit=limit)


def _binary() -> InputError:
    return InputError("binary_file", "this file holds no text: save what it holds as plain text first")


def _is_damaged_utf8(data: bytes) -> bool:
    """Whether most of the bytes beyond ASCII are UTF-8: a file cut short, or with one bad byte."""
    text = data.decode("utf-8", "surrogateescape")
    broken = sum("\udc80" <= character <= "\udcff" for character in text)
    return sum(not character.isascii() for character in text) > 3 * broken


def _unknown(guess: str, *, damaged: bool = False) -> InputError:
    if damaged:
        sentence = f"this file is {guess}, but some of its bytes are not: save it again as UTF-8"
    else:
        looks = f" (it looks like {guess})" if guess else ""
        sentence = f"this file's encoding is none of UTF-8, UTF-16 and GB18030{looks}: save it as UTF-8"
    return InputError("unknown_encoding", sentence, guess=guess, damaged=damaged)
