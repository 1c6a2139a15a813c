"""Lists of millions: a CSV file into a bank, resumable, bad rows reported and not fatal.

A file is read in windows of a million rows (`banks.rows`); each window is put in the order
of its values and written in batches of one transaction each. So a batch touches one stretch
of the database's tree of values instead of all of it: 3.5 M random hashes took 107 s in the
order of the file. The import row counts what was read; a second run of the same file goes on
at the window where the first stopped, and adds nothing twice. Measured in `benchmarks/http.py`.
A `Taker` decides what becomes of the rows of a shared list (`hub.giving`), and another reader
may stand in for the one of CSV.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Final, Protocol

from breakwater.banks import policy
from breakwater.banks.manage import alarm
from breakwater.banks.rows import Reader
from breakwater.errors import BadInput
from breakwater.model.access import Principal
from breakwater.model.bank import Bank, Import
from breakwater.model.event import EventType
from breakwater.model.hub_given import Mark
from breakwater.model.listing import PLAIN, Row
from breakwater.recognition.feed import IndexFeed
from breakwater.records import banks, entries, exchange_items, imports
from breakwater.records.database import Database, Tx

WINDOW: Final = 1_000_000
"""Rows put in order at once: about 200 MB while they are."""

BATCH: Final = 100_000
"""Hashes a transaction: a second of writing, so that others get their turn."""

BAD_ROWS_SHOWN: Final = 1_000
"""Bad rows kept with number and reason; beyond that they are counted."""

Progress = Callable[["Loaded"], None]


class Rows(Protocol):
    """A file of rows, read from front to back; `banks.rows.Reader` is the one of CSV."""

    @property
    def lines(self) -> Sequence[int]:
        """Of the last batch: on which line each row ends."""
        ...

    def skip(self, count: int) -> None:
        """Pass over rows that an earlier run has read."""

    def batch(self, size: int) -> list[list[str]]:
        """The next rows, fewer at the end."""
        ...

    def signals(self, row: list[str]) -> list[Row]:
        """The hashes of one row; raises `BadInput` for a bad one."""
        ...

    def mark(self, row: list[str]) -> Mark:
        """What the row says of them; raises `BadInput` for a bad one."""
        ...


Opening = Callable[[Path], AbstractContextManager[Rows]]


class Taker(Protocol):
    """Whose rows they are, and what becomes of them; called in the loader's transactions.

    Attributes:
        named: stands before the digest, so that the same file of another giver is another import.
    """

    named: str

    def begin(self, tx: Tx, bank: Bank, run: Import) -> None:
        """An import begins, or is taken up."""

    def take(
        self, tx: Tx, bank: Bank, run: Import, mark: Mark, rows: Sequence[Row], *, ahead: int
    ) -> int:
        """Write rows of one mark; answers how many entries are new. `ahead` are to come."""
        ...

    def finish(self, tx: Tx, bank: Bank, run: Import) -> None:
        """The file was read to its end."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How an import went, so far or at its end.

    Attributes:
        rows: data rows read, from the first one of the file.
        kept: entries added.
        known: hashes that the bank had already, those of an earlier run of this file included.
        bad: rows that could not be read, with the first reasons below.
        resumed_at: the row this run began at; 0 for a new import.
    """

    import_number: int
    rows: int = 0
    kept: int = 0
    known: int = 0
    bad: int = 0
    resumed_at: int = 0
    reasons: tuple[tuple[int, str], ...] = ()
    by_kind: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a file, read: its hashes in the order of values, and its bad rows."""

    first: int
    rows: int
    good: list[tuple[Mark, list[Row]]]
    bad: list[tuple[int, str]]

    @property
    def hashes(self) -> int:
        """How many there are."""
        return sum(len(rows) for _, rows in self.good)

    def read_by(self, written: int) -> int:
        """Rows of the file behind us when so many hashes are written, for a progress bar."""
        share = written / self.hashes if self.good else 1.0
        return self.first + int(self.rows * share)

    def batches(self) -> Iterator[tuple[Mark, list[Row]]]:
        """What goes into one transaction each; one empty batch where nothing is good."""
        if not self.good:
            yield PLAIN, []
        for mark, rows in self.good:
            for start in range(0, len(rows), BATCH):
                yield mark, rows[start : start + BATCH]


class Loader:
    """Imports files."""

    def __init__(self, *, db: Database, feed: IndexFeed, floods: policy.Floods) -> None:
        self._db = db
        self._feed = feed
        self._floods = floods

    def load(
        self,
        name: str,
        path: Path,
        by: Principal,
        *,
        kind: str = "",
        labels: tuple[str, ...] = (),
        source: str = "",
        named: str = "",
        permitted_use: str = "",
        signed: bool = False,
        progress: Progress | None = None,
        taker: Taker | None = None,
        opening: Opening | None = None,
    ) -> Loaded:
        """Import one file into a bank.

        Args:
            name: of the bank.
            path: of the file.
            by: who imports; with `signed` the person who vouches for the list.
            kind: for a plain list without a header.
            labels: inherited by every entry.
            source: shown with every match; when empty the bank's.
            named: shown when the bank has no source either; the path's name when empty.
            permitted_use: overrides the bank's when not empty.
            signed: a person vouches; the import is exempt from flood quarantine.
            progress: called after every batch.
            taker: decides what becomes of the rows; without one they are the bank's own.
            opening: reads another form than CSV.

        Raises:
            NotFound: no such bank or file.
            BadInput: no column that can be a hash.
        """
        with (opening or partial(_csv, kind=kind))(path) as reader:
            with self._db.transaction() as tx:
                bank = banks.get(tx, name)
                run = imports.start(
                    tx, bank, source=source or bank.source or named or path.name,
                    digest=(taker.named if taker else "") + digest(path), labels=labels,
                    permitted_use=permitted_use, signed_by=by.person if signed else None,
                )  # fmt: skip
                if taker is not None:
                    taker.begin(tx, bank, run)
            reader.skip(run.rows_read)
            state = Loaded(
                run.number, rows=run.rows_read, kept=run.rows_kept, bad=run.rows_bad,
                resumed_at=run.rows_read,
            )  # fmt: skip
            tell = progress or (lambda _: None)
            while rows := reader.batch(WINDOW):
                window = in_order(reader, rows, state.rows, marked=taker is not None)
                state = self._window(window, bank, run, state, tell=tell, taker=taker)
        self._finish(bank, run, by, state, taker)
        return state

    def latest(self, name: str, limit: int) -> list[Import]:
        """Imports of a bank, the newest first; a running one says how far it is."""
        with self._db.read() as tx:
            return imports.page(tx, banks.get(tx, name), limit=limit)

    def _window(
        self, window: Window, bank: Bank, run: Import, state: Loaded, *, tell: Progress,
        taker: Taker | None,
    ) -> Loaded:  # fmt: skip
        """Write one window; it counts as read with its last batch, its bad rows with it."""
        total, done = window.hashes, 0
        for mark, rows in window.batches():
            last = done + len(rows) >= total
            ahead = total - done
            done += len(rows)
            with self._db.transaction() as tx:
                if taker is not None:
                    added = taker.take(tx, bank, run, mark, rows, ahead=ahead) if rows else 0
                else:
                    added = self._add(tx, bank, run, rows, ahead=ahead)
                state = replace(
                    state,
                    rows=window.read_by(done),
                    kept=state.kept + added,
                    known=state.known + len(rows) - added,
                    by_kind=dict(Counter(state.by_kind) + Counter(row[0] for row in rows)),
                )
                if last:
                    state = _bad_rows(tx, run, window, state)
                imports.progress(
                    tx, run.number, rows_read=state.rows if last else window.first,
                    rows_kept=state.kept, rows_bad=state.bad,
                )  # fmt: skip
            tell(state)
        return state

    def _add(self, tx: Tx, bank: Bank, run: Import, rows: Sequence[Row], *, ahead: int) -> int:
        """One batch; a flood is judged by all that is about to come, not by this piece."""
        status = policy.status_of_new(
            negative=False,
            signed=run.signed_by is not None,
            arrived=entries.arrived(tx, bank, since=tx.now - timedelta(hours=1)),
            adding=ahead,
            floods=self._floods,
        )
        done = entries.add_lean(tx, bank, rows, import_number=run.number, status=status)
        exchange_items.rows_given_here(tx, bank, rows, run.id)
        return done.count

    def _finish(
        self, bank: Bank, run: Import, by: Principal, state: Loaded, taker: Taker | None
    ) -> None:
        with self._db.transaction() as tx:
            held = 0 if taker is not None else entries.quarantined_of(tx, run.number)
            if taker is not None:
                taker.finish(tx, bank, run)
            if held:
                alarm(
                    tx, bank,
                    f"{held:,} of {state.kept:,} imported entries flood bank {bank.name} and "
                    "nobody signed for them; they wait until a person has looked.",
                )  # fmt: skip
            imports.finish(tx, run.number)
            tx.audit(
                by.id, "bank.import", bank.id, import_number=run.number, kept=state.kept,
                bad=state.bad, signed=run.signed_by is not None,
            )  # fmt: skip
            tx.emit(EventType.IMPORT_FINISHED, bank.id, import_number=run.number)
        self._feed.catch_up()


@contextmanager
def _csv(path: Path, *, kind: str) -> Iterator[Rows]:
    """A CSV file, or a plain list of one kind."""
    with path.open("r", encoding="utf-8-sig", newline="", errors="replace") as file:
        yield Reader(file, kind=kind)


def in_order(reader: Rows, rows: Sequence[list[str]], read: int, *, marked: bool = False) -> Window:
    """Parse a window and sort its hashes; `read` rows of the file came before it.

    A reason begins with the line as an editor counts: the header is line 1, row 1 is below it.
    With `marked`, hashes stand by what their rows say of them.
    """
    good: defaultdict[Mark, list[Row]] = defaultdict(list)
    bad: list[tuple[int, str]] = []
    for at, row in enumerate(rows, start=read + 1):
        try:
            found = reader.signals(row)
            good[reader.mark(row) if marked else PLAIN] += found
        except BadInput as error:
            line = reader.lines[at - read - 1]
            bad.append((at, f"line {line}: {error.detail or error.title()}"))
    return Window(read, len(rows), _by_turn(good), bad)


def _by_turn(good: Mapping[Mark, list[Row]]) -> list[tuple[Mark, list[Row]]]:
    return [(mark, sorted(good[mark])) for mark in sorted(good, key=attrgetter("turn"))]


def _bad_rows(tx: Tx, run: Import, window: Window, state: Loaded) -> Loaded:
    for number, reason in window.bad[: max(0, BAD_ROWS_SHOWN - state.bad)]:
        imports.bad_row(tx, run.number, number, reason)
    return replace(
        state,
        bad=state.bad + len(window.bad),
        reasons=(state.reasons + tuple(window.bad))[:BAD_ROWS_SHOWN],
    )


def digest(path: Path) -> str:
    """What a file is known by when an import is taken up again: the SHA-256 of its bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
