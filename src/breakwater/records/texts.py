"""Texts from outside, before they are stored: what one database takes, both must.

PostgreSQL refuses NUL in a text, and neither can store half of a surrogate pair, which JSON
can spell. Refused here as bad input, so that it is never a fault of ours.
"""

from __future__ import annotations

from breakwater.errors import BadInput


def storable(*texts: str) -> None:
    """Check texts.

    Raises:
        BadInput: one of them cannot be stored.
    """
    for text in texts:
        if "\x00" in text or not _encodes(text):
            raise BadInput("A text holds a NUL or half a character and cannot be stored.")


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
