"""Words for people, in their language: `say` for Python, `_` and `trans` for templates."""

from __future__ import annotations

from typing import Any


def say(words: str, /, **values: Any) -> str:
    """A sentence with its values put in.

    >>> say("%(n)d waiting", n=3)
    '3 waiting'
    """
    return words % values if values else words
