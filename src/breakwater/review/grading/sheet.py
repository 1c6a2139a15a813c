"""CSV sets: a header that names a file or a hash, and one row an item.

Columns `path` (or `file`, `filename`), `md5`, `sha1`, `sha256`, `facts` (JSON); every other one is
kept as a claim. UTF-8 with or without a byte-order mark, any line ending, comma or semicolon. Read by
`review.grading.sets`. Tests: `tests/unit/test_vics.py`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO, Final

from breakwater.errors import BadInput
from breakwater.review.grading.sources import (
    FACTS,
    BadRow,
    SourceRow,
    bad,
    clean,
    facts_of,
    hashes_of,
    relative,
)

PATHS: Final = ("path", "file", "filename", "filepath", "relativefilepath")
HASHES: Final = ("md5", "sha1", "sha256")
MOST_COLUMNS: Final = 100


class SheetReader:
    """Reads one CSV file from front to back."""

    form = "csv"
    context = ""

    def __init__(self, file: BinaryIO) -> None:
        """Read the header.

        Raises:
            BadInput: no column names a file or a hash.
        """
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        head = text.readline()
        self._columns = next(iter(csv.reader([head], delimiter=_mark(head))), [])
        self._columns = [name.strip().lower() for name in self._columns[:MOST_COLUMNS]]
        if not {*PATHS, *HASHES} & set(self._columns):
            raise BadInput("No column names a file or a hash: path, md5, sha1 or sha256.")
        self._rows = csv.reader(text, delimiter=_mark(head))

    def rows(self) -> Iterator[SourceRow | BadRow]:
        """Every row."""
        number = 0
        while True:
            number += 1
            try:
                cells = next(self._rows)
                if cells:
                    yield self._row(number, cells)
            except StopIteration:
                return
            except csv.Error:
                yield BadRow(number, "The row cannot be read as CSV.")
            except BadInput as fault:
                yield bad(number, fault)

    def _row(self, number: int, cells: list[str]) -> SourceRow:
        said = {name: cell.strip() for name, cell in zip(self._columns, cells, strict=False)}
        hashes = hashes_of(said)
        paths = tuple(path for name in PATHS if (path := relative(said.get(name, ""))))
        if not hashes and not paths:
            raise BadInput("The row names neither a hash nor a file.")
        known = {*PATHS, *HASHES, FACTS}
        claims = {
            clean(name): clean(cell)
            for name, cell in said.items()
            if clean(cell) and name not in known
        }
        return SourceRow(number, paths, hashes, claims | facts_of(said.get(FACTS, "")))


def _mark(head: str) -> str:
    return ";" if head.count(";") > head.count(",") else ","
