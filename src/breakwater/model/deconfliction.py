"""De-confliction: who else works on the same file, told by its hash alone.

Organisations that trust one of them with hashes enter what they work on there, and learn who else
entered the same: whom to call, under which reference. No content, no list, no name of a file. A value
without I/O. Source: decision 0045.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

HERE: Final = 0
"""Number that stands for this installation among members."""
MOST: Final = 10_000
"""Files of one question: a case's worth, and no list."""
MOST_STANDING: Final = 100_000
"""Files that stand for one member at once, under all of its references."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody works on.

    Attributes:
        reference: their own, of the case or series; said to whoever works on the same.
        contact: whom to call, said to them too.
        sha256s: of whole files, 64 hexadecimal digits each.
    """

    reference: str
    contact: str
    sha256s: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Somebody else works on the same.

    Attributes:
        reference: ours; other, other_reference, contact: whose, theirs, and whom to call.
        files: how many of the files are the same.
        sha256s: which, where the asker brought them just now; they are kept as keyed hashes alone.
        since: when the later of both was entered.
    """

    reference: str
    other: str
    other_number: int
    other_reference: str
    contact: str
    files: int
    since: datetime
    sha256s: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entered:
    """What stands under a reference."""

    reference: str
    contact: str
    files: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question: how many files were new under this reference, and who else has them."""

    entered: int
    overlaps: tuple[Overlap, ...]
