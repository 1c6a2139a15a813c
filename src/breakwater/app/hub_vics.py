"""VICS hash sets as rows of a list: streamed, and only what their own table calls abuse material.

A set names its categories by a context. Non-pertinent entries (0), comparison pictures and drawings
stand in the same file as abuse material, so a category that is not in the table is a bad row with
its reason, never a hash in a list (classification reference, "VICS"). The table of the UK is
unconfirmed there; it is data. Contract: `tests/integration/test_hub_giving.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from breakwater.banks.load import Rows
from breakwater.errors import BadInput
from breakwater.model.hub_given import Mark
from breakwater.model.listing import Row, mark_of, signals_of
from breakwater.review.grading.sources import BadRow, SourceRow
from breakwater.review.grading.vics import VicsReader

GIVES: Final[Mapping[str, Mapping[int, str]]] = {
    "us": {1: "US1"},
    "uk": {1: "A", 2: "B", 3: "C"},
}
"""Context to categories that are abuse material, as they are called here."""


class VicsRows:
    """A VICS file as `banks.load` reads files."""

    def __init__(self, reader: VicsReader) -> None:
        self._reader = reader
        self._rows = reader.rows()
        self.lines: list[int] = []

    def skip(self, count: int) -> None:
        """Pass over entries that an earlier run has read."""
        next(itertools.islice(self._rows, count, count), None)

    def batch(self, size: int) -> list[list[str]]:
        """The next entries, as cells: hashes, category, flag, and what is wrong with one."""
        found = [self._cells(one) for one in itertools.islice(self._rows, size)]
        self.lines = list(range(1, len(found) + 1))
        return found

    def _cells(self, one: SourceRow | BadRow) -> list[str]:
        if isinstance(one, BadRow):
            return ["", "", "", "", "", one.reason]
        said = {hash_.kind: hash_.value.hex() for hash_ in one.hashes}
        category, wrong = self._category(one.claims)
        self_made = "true" if one.claims.get("selfgenerated") else ""
        cells = [said.get(name, "") for name in ("md5", "sha1", "sha256")]
        return [*cells, category, self_made, wrong]

    def _category(self, claims: Mapping[str, Any]) -> tuple[str, str]:
        """What it is called here, or why it does not go in."""
        context = self._reader.context.lower()
        if context not in GIVES:
            return "", f"The file's categories are of no known table ({context or 'none named'})."
        number = claims.get("category")
        found = GIVES[context].get(number) if isinstance(number, int) else None
        return (found, "") if found else ("", f"Category {number} is not abuse material.")

    def signals(self, row: list[str]) -> list[Row]:
        """The hashes of one entry; raises `BadInput`."""
        if row[5]:
            raise BadInput(row[5])
        return signals_of(dict(zip(("md5", "sha1", "sha256"), row[:3], strict=True)))

    def mark(self, row: list[str]) -> Mark:
        """Its category and whether the child made it itself."""
        return mark_of({"category": row[3], "self_generated": row[4]})


@contextmanager
def opened(path: Path) -> Iterator[Rows]:
    """Read a VICS file."""
    with path.open("rb") as file:
        yield VicsRows(VicsReader(file))
