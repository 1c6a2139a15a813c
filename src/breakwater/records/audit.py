"""The audit log as a whole: read it, sign checkpoints of it, verify that nothing was touched.

Entries are appended by `Tx.audit` (`records.leaves`). `Checkpointer` signs the tree every
100 entries or 60 seconds into a second place; `verify` reads every row anew and finds any
change, deletion, reorder or truncation. What is newer than the last checkpoint (at most that
window) is guarded by the head's seal alone.
Contract test: `tests/contract/test_records_core_audit.py`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import BreakwaterError, NotFound, Tampered
from breakwater.model.clock import iso
from breakwater.records import checkpoints, leaves, merkle
from breakwater.records.checkpoints import Checkpoint
from breakwater.records.database import Database, Tx
from breakwater.records.keys import Keyring
from breakwater.records.merkle import Frontier, leaf_hash
from breakwater.records.tables import core

EVERY: Final = 100
SECONDS: Final = 60.0
BATCH: Final = 5_000
_PAUSE_S: Final = 0.05
_PROBLEMS: Final = 100
_A: Final = core.audit


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the log."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it was written.

    Attributes:
        kind: `changed`, `missing`, `unexpected`, `head`, `seal`, `truncated`, `root`, `forged`.
        number: the first entry concerned, or the checkpoint's size.
        words: for people.
    """

    kind: str
    number: int
    words: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What verification found.

    Attributes:
        size: entries read.
        root: over them, as they stand now.
        checkpoints: files that verify.
        covered: size of the largest checkpoint that agrees with the rows.
        problems: at most 100; none means whole.
    """

    size: int
    root: bytes
    checkpoints: int
    covered: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether the log is whole."""
        return not self.problems


def head(tx: Tx) -> Frontier:
    """The tree's right edge: its size and root.

    Raises:
        Tampered: the stored edge is none.
    """
    row = tx.execute(sa.select(core.audit_head)).one_or_none()
    if row is None:
        raise Tampered("The audit log has no head.")
    try:
        return Frontier(row.size, row.frontier)
    except ValueError:
        raise Tampered("The audit log's head does not fit its size.") from None


def page(
    tx: Tx,
    *,
    before: int | None = None,
    limit: int = 50,
    action: str = "",
    subject: str = "",
    actor: str = "",
) -> list[AuditEntry]:
    """Entries, newest first.

    Args:
        tx: a snapshot.
        before: only entries with a smaller number.
        limit: at most so many.
        action: this one only, or all that begin so when it ends with a dot.
        subject: only about this.
        actor: only by this.
    """
    query = sa.select(_A).order_by(_A.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(_A.c.number < before)
    if action.endswith("."):
        query = query.where(_A.c.action.startswith(action, autoescape=True))
    elif action:
        query = query.where(_A.c.action == action)
    if subject:
        query = query.where(_A.c.subject == subject)
    if actor:
        query = query.where(_A.c.actor == actor)
    return [_entry(row) for row in tx.execute(query)]


def actions(tx: Tx) -> list[str]:
    """Every action that occurs, for a filter."""
    return list(tx.execute(sa.select(_A.c.action).distinct().order_by(_A.c.action)).scalars())


def prove(tx: Tx, number: int, size: int) -> list[bytes]:
    """The path from one entry to the root of the tree of `size` entries (RFC 6962 §2.1.1).

    Raises:
        NotFound: no such entry in a tree of this size.
    """
    rows = tx.execute(sa.select(_A.c.leaf).where(_A.c.number < size).order_by(_A.c.number))
    hashes = [bytes(leaf) for leaf in rows.scalars()]
    if len(hashes) != size or not 0 <= number < size:
        raise NotFound("There is no such audit entry.", number=number)
    return merkle.inclusion_proof(hashes, number)


class Checkpointer:
    """Signs the tree into a second place, every 100 entries or 60 seconds."""

    def __init__(self, db: Database, keys: Keyring, directory: Path) -> None:
        """Take up where the directory's newest checkpoint stands."""
        self.directory = directory
        self._db = db
        self._keys = keys
        self._lock = threading.Lock()
        self._last = max((int(path.stem) for path in checkpoints.files(directory)), default=0)
        self._since = db.clock.monotonic()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.fault: BreakwaterError | None = None

    @property
    def covered(self) -> int:
        """How many entries the newest checkpoint covers."""
        return self._last

    def due(self) -> bool:
        """Whether 100 entries or 60 seconds have gone by with something new."""
        with self._db.read() as tx:
            new = head(tx).size - self._last
        if new <= 0:
            self._since = self._db.clock.monotonic()
            return new < 0
        return new >= EVERY or self._db.clock.monotonic() - self._since >= SECONDS

    def write_due(self) -> Checkpoint | None:
        """Write one when it is due; answers it. What went wrong last stands in `fault`."""
        try:
            point = self.write() if self.due() else None
        except BreakwaterError as error:
            self.fault = error
            raise
        self.fault = None
        return point

    def write(self) -> Checkpoint:
        """Sign what the tree is now.

        Raises:
            Tampered: the tree is smaller than what was signed before.
            Unavailable: the second place cannot be written.
        """
        with self._lock:
            with self._db.read() as tx:
                edge = head(tx)
            if edge.size < self._last:
                raise Tampered(
                    f"The audit log has {edge.size} entries; {self._last} were signed before.",
                    size=edge.size,
                )
            now = self._db.clock.now()
            origin = checkpoints.origin_of(self._keys)
            point = Checkpoint(origin, edge.size, edge.root(), iso(now))
            checkpoints.save(self.directory, point, self._keys, now)
            self._last = edge.size
            self._since = self._db.clock.monotonic()
            return point

    def start(self) -> None:
        """Write on a thread of its own, within 0.05 s of being due."""
        self._thread = threading.Thread(target=self._run, name="audit-checkpoints", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the thread and sign what is left."""
        self._stop.set()
        self._db.tell_audit()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._db.read() as tx:
            left = head(tx).size > self._last
        if left:
            self.write()

    def _run(self) -> None:
        seen = 0
        while not self._stop.is_set():
            with suppress(BreakwaterError):  # kept in `fault`, shown, and tried again
                self.write_due()
            self._stop.wait(_PAUSE_S)
            self._db.bus.wait_past(leaves.TOPIC, seen, 1.0)
            seen = self._db.bus.count(leaves.TOPIC)


@dataclass(slots=True)
class _Walk:
    """What one verification has come to."""

    edge: Frontier = field(default_factory=Frontier)
    covered: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, kind: str, number: int, words: str) -> None:
        if len(self.problems) < _PROBLEMS:
            self.problems.append(Problem(kind, number, words))


def verify(
    db: Database,
    directory: Path | None,
    *,
    keys: Keyring | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> AuditReport:
    """Read every entry anew and hold it against tree, seal and checkpoints.

    Args:
        db: the database; opened read-only is enough.
        directory: the second place; None checks the database against itself only.
        keys: to check the head's seal as well; nobody outside has them.
        progress: called with the number of entries read so far.
    """
    walk = _Walk()
    signed = _signed(directory, walk) if directory is not None else {}
    with db.read() as tx:
        for row in _rows(tx):
            _check_row(row, walk)
            for point in signed.pop(walk.edge.size, ()):
                _check_root(point, walk)
            if walk.edge.size % BATCH == 0:
                progress(walk.edge.size)
        _check_head(tx, walk, keys)
    for points in [signed[size] for size in sorted(signed)]:
        for point in points:
            if point.size:
                words = f"{point.size} entries were signed, {walk.edge.size} are left."
                walk.add("truncated", point.size, words)
    progress(walk.edge.size)
    kept = sum(1 for _ in checkpoints.files(directory)) if directory is not None else 0
    bad = sum(problem.kind == "forged" for problem in walk.problems)
    return AuditReport(
        size=walk.edge.size,
        root=walk.edge.root(),
        checkpoints=kept - bad,
        covered=walk.covered,
        problems=tuple(walk.problems),
    )


def _signed(directory: Path, walk: _Walk) -> dict[int, list[Checkpoint]]:
    """Checkpoints by size; those that do not verify become problems."""
    keys = checkpoints.load_keys(directory)
    found: dict[int, list[Checkpoint]] = {}
    origins: set[str] = set()
    for path in checkpoints.files(directory):
        number = int(path.stem) if path.stem.isdigit() else 0
        try:
            point = Checkpoint.parse(path.read_text(encoding="utf-8", errors="replace"), keys)
        except Tampered as error:
            walk.add("forged", number, f"{path.name}: {error.detail}")
            continue
        origins.add(point.origin)
        if point.size != number or len(origins) > 1:
            walk.add("forged", number, f"{path.name}: stands under another's name.")
            continue
        found.setdefault(point.size, []).append(point)
    return found


def _rows(tx: Tx) -> Iterator[sa.Row[Any]]:
    """Every row in order, a batch at a time."""
    last = -(1 << 62)
    while True:
        query = sa.select(*_raw(_A)).where(_A.c.number > last).order_by(_A.c.number).limit(BATCH)
        batch = tx.execute(query).all()
        yield from batch
        if len(batch) < BATCH:
            return
        last = batch[-1].number


def _check_row(row: sa.Row[Any], walk: _Walk) -> None:
    expected = walk.edge.size
    if row.number != expected:
        kind = "missing" if row.number > expected else "unexpected"
        walk.add(kind, expected, f"Entry {row.number} stands where {expected} should.")
    leaf = _leaf(row)
    if leaf != row.leaf:
        walk.add("changed", row.number, f"Entry {row.number} is not what was written.")
    walk.edge.append(leaf)


def _leaf(row: sa.Row[Any]) -> bytes:
    """The leaf hash of what stands in the row; of nothing when that cannot be a row of ours."""
    try:
        at = datetime.fromisoformat(row.at).replace(tzinfo=UTC) if _is_text(row.at) else row.at
        return leaf_hash(
            leaves.leaf_data(
                number=row.number, at=at, actor=row.actor,
                action=row.action, subject=row.subject, facts=json.loads(row.facts),
            )
        )  # fmt: skip
    except (ValueError, TypeError, AttributeError):
        return bytes(32)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _raw(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    """A table's columns as the driver gives them: a tampered value must not stop the reading."""
    return [sa.type_coerce(column, sa.types.NullType()).label(column.name) for column in table.c]


def _check_root(point: Checkpoint, walk: _Walk) -> None:
    if point.root == walk.edge.root():
        walk.covered = max(walk.covered, point.size)
    else:
        walk.add("root", point.size, f"The first {point.size} entries are not those signed.")


def _check_head(tx: Tx, walk: _Walk, keys: Keyring | None) -> None:
    row = tx.execute(sa.select(*_raw(core.audit_head))).first()
    if row is None or row.size != walk.edge.size or row.frontier != walk.edge.packed():
        walk.add("head", walk.edge.size, "The tree's head is not that of the entries.")
    if keys is None or row is None or (row.size == 0 and not row.seal):
        return
    seal = keys.mac(leaves.PURPOSE, leaves.head_data(walk.edge))
    if row.seal != seal:
        walk.add("seal", walk.edge.size, "The head was written without the audit key.")


def _entry(row: sa.Row[Any]) -> AuditEntry:
    return AuditEntry(row.number, row.at, row.actor, row.action, row.subject, row.facts)
