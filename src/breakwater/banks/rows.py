"""Rows of a list as it comes: which column is which, and what is bad about a row.

Accepted: our own CSV v1 and any file whose header names hash columns (`md5`, `sha1`,
`sha256`, `pdq`, `photodna` or `pdna_b64`, with `pdq_quality` beside), a `kind,value` pair
of columns, or no header at all with `kind` given by the caller. UTF-8 with or without a
byte-order mark, any line ending. A row may carry several hashes of one picture. Read by
`banks.load`.
"""

from __future__ import annotations

import csv
import itertools
from array import array
from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from breakwater.errors import BadInput, BadSignal
from breakwater.model.hub_given import Mark
from breakwater.model.listing import COLUMNS, PLAIN, SAYS, Row, mark_of
from breakwater.model.signal import BUILTIN, SignalKind, kind_named

MOST_MARKS: Final = 1_000
"""Different marks that are remembered; a file has some dozens."""


class Reader:
    """Reads rows of one file; knows which column is which."""

    def __init__(self, file: TextIO, *, kind: str = "") -> None:
        """Read the header.

        Args:
            file: text, opened with `utf-8-sig` and `newline=""`.
            kind: what the single column of a file without a header is.

        Raises:
            BadInput: no column that can be a hash.
        """
        self._csv = csv.reader(file)
        self._rows: Iterator[list[str]] = self._csv
        self.lines = array("Q")
        first = next(self._rows, None)
        if first is None:
            raise BadInput("The file is empty.")
        names = [cell.strip().lower() for cell in first]
        self._pairs: list[tuple[int, SignalKind]] = [
            (at, BUILTIN[COLUMNS[name]]) for at, name in enumerate(names) if name in COLUMNS
        ]
        self._says = [(at, name) for at, name in enumerate(names) if name in SAYS]
        self._marks: dict[tuple[str, ...], Mark] = {}
        self._quality = names.index("pdq_quality") if "pdq_quality" in names else None
        self._named: tuple[int, int] | None = None
        if {"kind", "value"} <= set(names):
            self._named = names.index("kind"), names.index("value")
        elif not self._pairs:
            if not kind or len(first) != 1:
                raise BadInput(
                    "No column names a hash. Give a header with md5, sha1, sha256, pdq or "
                    "photodna, or the columns kind and value, or say --kind for a plain list."
                )
            self._pairs = [(0, kind_named(kind))]
            self._rows = itertools.chain([first], self._rows)

    def skip(self, count: int) -> None:
        """Pass over rows that an earlier run has read."""
        next(itertools.islice(self._rows, count, count), None)

    def batch(self, size: int) -> list[list[str]]:
        """The next rows, fewer at the end; `lines` then says on which line each ends."""
        rows, self.lines = [], array("Q")
        for row in itertools.islice(self._rows, size):
            rows.append(row)
            self.lines.append(self._csv.line_num)
        return rows

    def signals(self, row: Sequence[str]) -> list[Row]:
        """The hashes of one row.

        Raises:
            BadSignal: one of them is not of its kind; the row is bad as a whole.
            BadInput: no hash, or too few columns.
        """
        if self._named is not None:
            at, value = self._named
            if len(row) <= max(at, value):
                raise BadInput(f"{len(row)} columns, the header has more.")
            kind = kind_named(row[at].strip().lower())
            return [(kind.name, kind.parse(row[value]), 100)]
        found: list[Row] = []
        for at, kind in self._pairs:
            text = row[at] if at < len(row) else ""
            if text:
                found.append((kind.name, kind.parse(text), self._quality_of(kind, row)))
        if not found:
            raise BadInput("No hash in this row.")
        return found

    def mark(self, row: Sequence[str]) -> Mark:
        """What a row says of its hashes: category, flags, whether it is taken back.

        Raises:
            BadInput: a word that is none of those there are.
        """
        if not self._says:
            return PLAIN
        cells = tuple(row[at] if at < len(row) else "" for at, _ in self._says)
        known = self._marks.get(cells)
        if known is None:
            names = (name for _, name in self._says)
            known = mark_of(dict(zip(names, cells, strict=True)))
            if len(self._marks) < MOST_MARKS:
                self._marks[cells] = known
        return known

    def _quality_of(self, kind: SignalKind, row: Sequence[str]) -> int:
        if self._quality is None or kind.name != "pdq" or self._quality >= len(row):
            return 100
        text = row[self._quality].strip()
        if not text.isdigit() or int(text) > 100:
            raise (
                BadSignal("pdq_quality is a whole number from 0 to 100.")
                if text
                else BadInput("pdq_quality is empty.")
            )
        return int(text)
