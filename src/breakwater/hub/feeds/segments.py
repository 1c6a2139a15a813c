"""Segment files of views: built when asked for, in step with the last change, signed as a list.

Members who see alike share files. A file holds what changed in a stretch of changes, as it is when
the file is built; what changes later stands in a later file. Many small files are built anew as
one. Where a rule takes something back, all files of the view are built anew, so that none holds
what the rules forbid; a withdrawal or a hold stands in a later file. Form and signature:
`model.segment_file`. Contract: `tests/integration/test_hub_feed.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np

from breakwater.errors import NotFound, Unavailable
from breakwater.hub.feeds.following import Asking, Following
from breakwater.hub.feeds.releases import Releases
from breakwater.model import segment_file
from breakwater.model.access import Principal
from breakwater.model.hub_feed import Gone, News, Released, Terms, Why, hub_name
from breakwater.model.ids import new_id
from breakwater.model.segment_file import Listed, Manifest, Section, Segment
from breakwater.records import hub_feeds, hub_segments
from breakwater.records.database import Database, Tx
from breakwater.records.hub_segments import Kept
from breakwater.records.hub_stretches import Stretch

DIALECT: Final = "segments"
ROWS: Final = 250_000
"""Entries of one file: some 15 MB, which a member resumes and maps."""

SMALL: Final = 8
"""Files below half of `ROWS` that may stand at the end before they are built as one."""

AT_ONCE: Final = 20_000
KEPT_FOR: Final = timedelta(days=1)
"""How long a file that is over can still be downloaded by who has it in a list."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A manifest as it goes out."""

    manifest: bytes
    signature: bytes
    key: bytes


class Segments:
    """Builds and lists files."""

    def __init__(
        self, db: Database, following: Following, releases: Releases, directory: Path
    ) -> None:
        self._db = db
        self._following = following
        self._releases = releases
        self._directory = directory
        self._lock = threading.Lock()

    def manifest(self, who: Principal, purpose: str = "") -> Signed:
        """What to download, in step with the last change that is there now.

        Raises:
            NotAllowed: the key is no member's, or nothing goes to it now.
            Unavailable: others wait for so much to be built that this one asks again.
        """
        self._following.prepare(who, DIALECT)
        if not self._lock.acquire(timeout=50.0):
            raise Unavailable("Segments are being built. Ask again in a minute.")
        try:
            with self._db.transaction() as tx:
                asking = self._following.asking(tx, who, purpose)
                self._releases.first(tx, asking.member)
            with self._db.read() as tx:
                asking = self._following.asking(tx, who, purpose)
                files = self._in_step(tx, asking)
                now = tx.now
        finally:
            self._lock.release()
        key = self._db.keys.public_key
        listed = tuple(
            Listed(f"{one.id}.seg", one.after, one.upto, one.rows, one.size, one.sha256)
            for one in files
        )
        through = files[-1].upto if files else 0
        said = Manifest(hub_name(key), view_of(asking), through, now, listed).printed()
        rows = sum(one.rows for one in files)
        self._following.note(asking.member.id, DIALECT, rows=rows, change=through)
        return Signed(said, self._db.keys.sign(segment_file.SIGNED + said), key)

    def file(self, who: Principal, name: str, purpose: str = "") -> tuple[Path, str]:
        """Where a file of this member's view lies, and its SHA-256.

        Raises:
            NotFound: no such file, or not of this member's view.
        """
        with self._db.read() as tx:
            asking = self._following.asking(tx, who, purpose)
            kept = hub_segments.get(tx, name.removesuffix(".seg"))
            if kept.view != view_of(asking):
                raise NotFound("segment")
        return self._path(kept), kept.sha256

    def turn(self) -> None:
        """Delete files that are over for a day."""
        with self._db.read() as tx:
            gone = hub_segments.over(tx, tx.now - KEPT_FOR)
        if not gone:
            return
        for one in gone:
            with suppress(FileNotFoundError):
                self._path(one).unlink()
        with self._db.transaction() as tx:
            hub_segments.forget(tx, gone)

    def _path(self, kept: Kept) -> Path:
        return self._directory / kept.view / f"{kept.id}.seg"

    def _in_step(self, tx: Tx, asking: Asking) -> list[Kept]:
        """The files of a view, with what is newer built and merged."""
        view, newest = view_of(asking), hub_feeds.newest(tx)
        files = hub_segments.live(tx, view)
        through = files[-1].upto if files else 0
        if through >= newest:
            return files if through == newest else self._anew(tx, asking, view, newest, files)
        if not files:
            return self._anew(tx, asking, view, newest, files)
        small = len(files)
        while small > 0 and files[small - 1].rows < ROWS // 2 and files[small - 1].after:
            small -= 1
        keep = files if len(files) - small < SMALL else files[:small]
        after = keep[-1].upto
        made = list(self._build(tx, asking, view, after, newest))
        if any(taken for _, taken in made) or _worn(files):
            self._drop(view, [one for one, _ in made])
            return self._anew(tx, asking, view, newest, files)
        new = [one for one, _ in made]
        with self._db.transaction() as own:
            hub_segments.replace(own, view, files[len(keep) :], new)
        return [*keep, *new]

    def _anew(self, tx: Tx, asking: Asking, view: str, newest: int, old: list[Kept]) -> list[Kept]:
        new = [one for one, _ in self._build(tx, asking, view, 0, newest)]
        with self._db.transaction() as own:
            hub_segments.replace(own, view, old, new)
        return new

    def _drop(self, view: str, files: Sequence[Kept]) -> None:
        for one in files:
            (self._directory / view / f"{one.id}.seg").unlink()

    def _build(
        self, tx: Tx, asking: Asking, view: str, after: int, newest: int
    ) -> Iterator[tuple[Kept, bool]]:
        """Write files of a stretch of changes; with each, whether rules take something back."""
        whole, start = after == 0, after
        mine = asking if whole else replace(asking, served=self._following.alike(tx, asking))
        reader = mine.reader(tx)
        while start < newest or (whole and start == after):
            columns = Columns()
            end = start
            while end < newest and columns.rows < ROWS:
                alike = reader.alike(end, newest, AT_ONCE)
                if alike is not None:
                    columns.add_alike(*alike)
                    end = alike[0].changes[-1]
                    continue
                page = reader.page(end, newest, AT_ONCE, scan=AT_ONCE)
                columns.add(page.news, tombstones=not whole)
                end = page.through
            yield self._write(columns, view, start, end)
            start = end
            if start >= newest:
                return

    def _write(self, columns: Columns, view: str, after: int, upto: int) -> tuple[Kept, bool]:
        segment = Segment(
            hub_name(self._db.keys.public_key), view, after, upto, tuple(columns.terms),
            columns.sections(), segment_file.tombstones(columns.gone),
        )  # fmt: skip
        folder, name = self._directory / view, new_id()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        rough = folder / f"{name}.part"
        with rough.open("wb") as file:
            size, digest = segment_file.write(segment, file)
            file.flush()
            os.fsync(file.fileno())
        rough.rename(folder / f"{name}.seg")
        taken = any(one.why is Why.UNRELEASED for one in columns.gone)
        return Kept(name, view, after, upto, segment.rows, size, digest), taken


class Columns:
    """What stands in one file, gathered kind by kind as arrays."""

    def __init__(self) -> None:
        self.terms: dict[Terms, int] = {}
        self.gone: list[Gone] = []
        self.rows = 0
        self._kinds: dict[str, list[Section]] = {}
        self._places: dict[int, tuple[Terms, int]] = {}

    def add(self, news: Sequence[News], *, tombstones: bool) -> None:
        """Take news; a file that begins at 0 needs no tombstones."""
        kinds: dict[str, list[tuple[int, int, int, bool, int, int, bytes]]] = {}
        for one in news:
            if isinstance(one, Released):
                row = (
                    one.number, one.change, self._place(one.terms), one.negative, one.quality,
                    _hundredths(one.score), one.value,
                )  # fmt: skip
                kinds.setdefault(one.kind, []).append(row)
                self.rows += 1
            elif tombstones:
                self.gone.append(one)
                self.rows += 1
        for kind, rows in kinds.items():
            self._kinds.setdefault(kind, []).append(segment_file.section(kind, rows))

    def add_alike(self, rows: Stretch, terms: Terms) -> None:
        """Take entries of one kind and batch."""
        first, n = rows.first, len(rows.numbers)
        part = Section(
            first.kind, np.array(rows.numbers, np.uint32), np.array(rows.changes, np.int64),
            np.full(n, self._place(terms), np.uint32), np.full(n, first.negative, np.uint8),
            np.array(rows.quality, np.uint8), np.full(n, _hundredths(first.score), np.uint8),
            np.frombuffer(b"".join(rows.values), np.uint8).reshape(n, -1),
        )  # fmt: skip
        self._kinds.setdefault(first.kind, []).append(part)
        self.rows += n

    def _place(self, terms: Terms) -> int:
        """By identity first: what a batch shares is one object, and its hash is long."""
        known = self._places.get(id(terms))
        if known is None:
            known = terms, self.terms.setdefault(terms, len(self.terms))
            self._places[id(terms)] = known
        return known[1]

    def sections(self) -> tuple[Section, ...]:
        """The columns of each kind."""
        names = [one.name for one in fields(Section) if one.name != "kind"]
        return tuple(
            Section(
                kind, *(np.concatenate([getattr(part, name) for part in parts]) for name in names)
            )
            for kind, parts in sorted(self._kinds.items())
        )


def _hundredths(score: float | None) -> int:
    return segment_file.NO_SCORE if score is None else round(score * 100)


def _worn(files: Sequence[Kept]) -> bool:
    """Whether more changed since than the first files hold: they are mostly of the past."""
    first = sum(one.rows for one in files if one.rows >= ROWS // 2 or not one.after)
    return sum(one.rows for one in files) - first > max(first, ROWS)


def view_of(asking: Asking) -> str:
    """What may go to those who see alike, and what else the files rest on; hexadecimal, 64 long."""
    facts = [asking.view.digest, asking.state]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
