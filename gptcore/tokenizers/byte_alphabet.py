"""GPT-2's way to write every byte as one printable character, in the files of its vocabulary."""

from __future__ import annotations


def _byte_alphabet() -> dict[str, int]:
    """The printable bytes as themselves, the others as the characters from 256 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


BYTE_OF = _byte_alphabet()
"""The byte that each of the 256 characters stands for."""
