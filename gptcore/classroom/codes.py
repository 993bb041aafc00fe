"""What opens a room: a short code for everybody, and a long key for its teacher."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from gptcore.errors import InputError

ALPHABET = "ABCDEFGHJKMNPQRSTVWXY23456789"
"""Letters and digits that are told apart when they are read out or seen from the last row: no 0 O, 1 I L, U or Z."""
CODE_LENGTH = 5
COMBINATIONS = len(ALPHABET) ** CODE_LENGTH
_READ_AS = str.maketrans("UZ", "V2")
_LONGEST_TYPED = 20


def new_code() -> str:
    """Draw a room's code, one of 20,511,149."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def read_code(typed: str) -> str:
    """Read a code as it was typed: in small letters, with blanks, with a Z for a 2.

    Raises:
        InputError: "bad_code" for what no room can be called.

    >>> read_code(" k7-m3q ")
    'K7M3Q'
    """
    if len(typed) <= _LONGEST_TYPED and typed.isascii():
        code = "".join(sign for sign in typed.upper() if sign.isalnum()).translate(_READ_AS)
        if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET):
            return code
    raise InputError("bad_code", f"a code has {CODE_LENGTH} letters and digits", typed=typed[:_LONGEST_TYPED])


def new_token() -> str:
    """Draw a key or a person's token: 128 bits, safe in an address and in a cookie."""
    return secrets.token_urlsafe(16)


def is_token(words: object) -> bool:
    """Tell whether some words could be a token.

    >>> is_token(new_token()), is_token("<b>"), is_token(None)
    (True, False, False)
    """
    return (
        isinstance(words, str)
        and len(words) == 22
        and words.isascii()
        and words.replace("-", "a").replace("_", "a").isalnum()
    )


def digest(*parts: str) -> str:
    """Hash tokens for the file: whoever reads it can neither act as a teacher nor follow a person between rooms."""
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(one, other)
