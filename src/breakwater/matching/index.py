"""The index of all kinds: changes of entries in, candidates out. A cache of SQL, never the truth.

`recognition.feed` applies changes in the order of their numbers and replays at open what is
newer than `covered`; `recognition.screen` searches; a background thread calls `merge`. A
change is visible to the next search; searches take no lock; a kill at any point loses
nothing that SQL knows (DESIGN: "index | segments and delta are a cache of SQL").
One process writes a directory (flock); others open it with `writer=False`, `reload` when the
manifest changed and keep a delta of their own.
Contract tests: tests/property/test_index_property.py, tests/integration/test_index_kill.py.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadInput, BadSignal, DiskFull, UnknownKind
from breakwater.matching import compact
from breakwater.matching.delta import Delta, new_delta
from breakwater.matching.directory import Directory, FileCheck, Opened
from breakwater.matching.ledger import Ledger
from breakwater.matching.manifest import Manifest
from breakwater.matching.numberset import NumberSet
from breakwater.matching.parts import form_of
from breakwater.matching.source import Input
from breakwater.matching.terms import Change, Hits, KindStatus
from breakwater.matching.view import Live, View
from breakwater.model.ports import IndexFactory
from breakwater.model.signal import SignalKind

__all__ = ["Change", "FileCheck", "Hits", "Index", "KindStatus"]

MOST_PENDING: Final = 262_144
"""Rows in deltas at which `apply` itself merges: a long replay, or nobody calls `merge`."""


class Index:
    """Known values of all installed kinds, searchable; see the module's docstring."""

    def __init__(self, directory: Directory, opened: Opened) -> None:
        """Use `Index.open`."""
        self._directory = directory
        self._kinds = {kind.name: kind for kind in directory.kinds}
        self._sizes = {kind.name: kind.size for kind in directory.kinds}
        self._manifest = opened.manifest
        self._covered = self._applied = opened.covered
        self.set_aside: tuple[str, ...] = opened.set_aside
        self._ledger = Ledger(opened.gone)
        self._gone = self._ledger.gone
        self._unsealed = 0
        self.refused = 0
        self._state = threading.Lock()  # held for microseconds: views, sets, numbers
        self._building = threading.Lock()  # held for a merge: files and manifest
        self._views = {name: self._first_view(name, opened.live) for name in self._kinds}
        self._dead = {name: view.dead(self._gone) for name, view in self._views.items()}

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        kinds: Sequence[SignalKind],
        writer: bool = True,
        factories: Mapping[str, IndexFactory] | None = None,
    ) -> Self:
        """Open or create an index; then replay the changes after `covered` with `apply`.

        A segment that fails its checksum is set aside (`set_aside` names it) and `covered` is 0:
        the replay brings its rows back. A kind that was not followed before does the same.

        Args:
            directory: of this index alone.
            kinds: all installed kinds; those that need a library that is missing are not indexed.
            writer: own the directory; exactly one process may.
            factories: of LICENSED kinds, by name.

        Raises:
            IndexInUse: another process owns the directory.
        """
        known = dict(factories or {})
        served = tuple(kind for kind in kinds if form_of(kind, 0, known))
        place = Directory(directory, kinds=served, factories=known, writer=writer)
        try:
            return cls(place, place.open())
        except BaseException:  # whatever it was, the lock must not outlive it
            place.close()
            raise

    def _first_view(self, name: str, live: Sequence[Live]) -> View:
        kind = self._kinds[name]
        mine = [one for one in live if one.listed.kind == name]
        for one in mine:
            self._ledger.known.add_many(one.part.numbers())
        return View(kind, _largest_first(mine), (), self._new_delta(kind))

    def _new_delta(self, kind: SignalKind) -> Delta:
        return new_delta(kind, self._directory.factories.get(kind.name))

    @property
    def covered(self) -> int:
        """The highest change up to which everything is in files; replay what is newer."""
        return self._covered

    @property
    def applied(self) -> int:
        """The highest change that a search sees."""
        return self._applied

    def serves(self, kind: str) -> bool:
        """Whether values of this kind can be searched here."""
        return kind in self._views

    # -- searching ---------------------------------------------------------------------------

    def search_one(self, kind: str, value: bytes, limit: int) -> list[tuple[int, int]]:
        """Entry number and distance of everything within the limit, nearest first.

        Raises:
            UnknownKind: the kind is not indexed here.
            BadSignal: the value is not as long as its kind's.
            BadInput: the limit is over the kind's own, beyond which answers are incomplete.
        """
        view = self._view(kind, limit)
        if len(value) != view.kind.size:
            raise BadSignal(f"A {kind} value has {view.kind.size} bytes, this has {len(value)}.")
        hits: list[tuple[int, int]] = []
        for find in view.finds:
            hits += find(value, limit)
        if hits:
            gone = self._gone
            if gone:
                hits = [hit for hit in hits if hit[0] not in gone]
            if len(hits) > 1:
                hits.sort(key=_nearest)
        return hits

    def search(self, kind: str, values: NDArray[np.uint8], limit: int) -> Hits:
        """Search many values at once.

        Args:
            kind: of all of them.
            values: shape (n, size).
            limit: largest distance; 0 for exact kinds.

        Raises:
            UnknownKind, BadSignal, BadInput: as `search_one`.
        """
        view = self._view(kind, limit)
        if values.ndim != 2 or values.shape[1] != view.kind.size or values.dtype != np.uint8:
            raise BadSignal(f"{kind} values are rows of {view.kind.size} bytes.")
        return Hits(*view.find_many(np.ascontiguousarray(values), limit, self._gone))

    def _view(self, kind: str, limit: int) -> View:
        view = self._views.get(kind)
        if view is None:
            raise UnknownKind(f"{kind} is not indexed here.")
        if not 0 <= limit <= view.kind.limit:
            raise BadInput(f"The limit of {kind} is {view.kind.limit}, asked was {limit}.")
        return view

    # -- changing ----------------------------------------------------------------------------

    def apply(self, changes: Sequence[Change]) -> None:
        """Take changes, in the order of their numbers; the next search sees them.

        Everything up to the last number must have been given, now or before: `applied` moves
        there. Giving a change twice does nothing; a number once withdrawn never returns.
        """
        with self._state:
            served = [change for change in changes if change.kind in self._views]
            rows = self._ledger.admit_all(served, self._sizes)
            if rows is None:
                for change in served:
                    self._apply_one(change)
            else:
                for name, some in rows.items():
                    if some:
                        self._views[name].delta.add_many(some)
            self._applied = max([self._applied, *(change.change for change in changes)])
            self._unsealed += len(changes)
            pending = sum(view.pending for view in self._views.values())
        if pending >= MOST_PENDING and self._directory.writer:
            try:
                self.merge()
            except DiskFull:
                return  # searches are right; the background merge raises it where it is reported

    def _apply_one(self, change: Change) -> None:
        view = self._views[change.kind]
        if not change.present:
            self._dead[change.kind] += self._ledger.withdraw(change)
        elif len(change.value) != view.kind.size:
            self.refused += 1  # cannot match anything; one bad row must not stop the others
        elif self._ledger.admit(change):
            view.delta.add(change.change, change.number, change.value)

    def load(
        self, kind: str, values: NDArray[np.uint8], numbers: NDArray[np.uint32], change: int
    ) -> None:
        """Take many entries of one kind at once, straight into a segment file.

        Args:
            kind: of all of them.
            values: shape (n, size); may be a mapped file.
            numbers: their entry numbers.
            change: the change number up to which everything is in the index when this returns;
                0 when more kinds of the same import follow.

        Raises:
            DiskFull: there is no room; nothing was taken.
            BadSignal: shapes do not fit.
        """
        view = self._view(kind, 0)
        if values.shape != (len(numbers), view.kind.size):
            raise BadSignal(f"{kind} values are rows of {view.kind.size} bytes, one for a number.")
        numbers = np.ascontiguousarray(numbers, np.uint32)
        with self._building:
            with self._state:
                wanted = self._ledger.begin_load(numbers, change)
            if not wanted.all():
                values, numbers = values[wanted], numbers[wanted]
            try:
                self._compact({kind: Input(values, numbers)}, change=change, force=False)
            except BaseException:  # whatever it was, what waited for the load must not be lost
                with self._state:
                    for held in self._ledger.end_load(done=False):
                        self._apply_one(held)
                raise

    def merge(self, *, force: bool = False) -> bool:
        """Seal a full delta, merge segments of like size, drop withdrawn rows.

        Called by a background thread every second or so; cheap when there is nothing to do.

        Args:
            force: seal whatever there is and merge down to one segment a kind.

        Returns:
            Whether anything was written.

        Raises:
            DiskFull: there is no room; the index goes on as it was.
        """
        if not self._directory.writer:
            return False
        with self._building:
            views, dead = self._views.values(), self._dead
            if not compact.worth(views, dead, unsealed=self._unsealed, force=force):
                return False
            self._compact({}, change=0, force=force)
            return True

    def _compact(self, extra: Mapping[str, Input], *, change: int, force: bool) -> None:
        """Build, commit, publish. `_building` is held.

        The order is what makes it safe: files first, then the manifest that names them, then
        what searches see, and only then old files go.
        """
        with self._state:
            self._views = {name: self._freeze(view) for name, view in self._views.items()}
            views, unsealed = self._views, self._unsealed
            covered = max(self._applied, change)
            tombstones, dead_before = self._gone.to_bytes(), self._dead.copy()
        place, gone = self._directory, NumberSet.from_bytes(tombstones)
        generation = self._manifest.generation + 1
        after = compact.rebuild(
            views, extra, place.path, generation=generation, covered=covered,
            gone=gone, factories=place.factories, force=force,
        )  # fmt: skip
        live = [one for lives in after.values() for one in lives]
        dead = {
            name: sum(compact.dead_rows(one, gone) for one in lives if one in views[name].segments)
            for name, lives in after.items()
        }
        manifest = place.commit(generation, covered, live, tombstones)
        with self._state:
            self._publish(manifest, after)
            self._ledger.end_load(done=True)
            for name, since in self._dead.items():  # withdrawn while this was built
                self._dead[name] = dead[name] + since - dead_before[name]
            self._unsealed -= unsealed
        place.sweep(manifest)

    def _freeze(self, view: View) -> View:
        if not view.delta.count:
            return view
        return replace(view, frozen=(*view.frozen, view.delta), delta=self._new_delta(view.kind))

    def _publish(self, manifest: Manifest, after: Mapping[str, Sequence[Live]]) -> None:
        """Let searches see the segments of a manifest in place of frozen deltas."""
        self._views = {
            name: replace(view, segments=_largest_first(after[name]), frozen=())
            for name, view in self._views.items()
        }
        self._ledger.forget_early(self._covered)
        self._manifest, self._covered = manifest, manifest.covered
        self._applied = max(self._applied, manifest.covered)

    def reload(self) -> bool:
        """Take over what the writing process has merged since; for `writer=False`.

        Returns:
            Whether there was anything new.

        Raises:
            CorruptSegment: the manifest does not read; what was open stays in use.
        """
        place = self._directory
        if place.writer or not place.changed(self._manifest):
            return False
        with self._building:
            held = [live for view in self._views.values() for live in view.segments]
            opened = place.open(reuse=held)
            known = NumberSet()
            for live in opened.live:
                known.add_many(live.part.numbers())
            with self._state:
                after: dict[str, list[Live]] = {name: [] for name in self._views}
                for live in opened.live:
                    after[live.listed.kind].append(live)
                self._views = {
                    name: replace(view, delta=self._later(view, opened.covered, known))
                    for name, view in self._views.items()
                }
                self._ledger.reopen(known, opened.gone, opened.covered)
                self._publish(replace(opened.manifest, covered=opened.covered), after)
                self._manifest, self.set_aside = opened.manifest, opened.set_aside
                self._dead = {name: view.dead(self._gone) for name, view in self._views.items()}
            return True

    def _later(self, view: View, covered: int, known: NumberSet) -> Delta:
        """A fresh delta of the rows that the files do not hold yet."""
        fresh = self._new_delta(view.kind)
        for change, number, value in view.delta.after(covered):
            if number not in known:
                fresh.add(change, number, value)
                known.add(number)
        return fresh

    # -- looking after it --------------------------------------------------------------------

    def status(self) -> dict[str, KindStatus]:
        """How each kind stands."""
        with self._state:
            views, dead, covered = self._views, dict(self._dead), self._covered
        return {
            name: KindStatus(
                size=sum(live.part.count for live in view.segments) + view.pending - dead[name],
                delta=view.pending,
                segments=len(view.segments),
                tombstones=dead[name],
                covered=covered,
                bytes=sum(live.listed.nbytes for live in view.segments),
            )
            for name, view in views.items()
        }

    def verify(self) -> tuple[FileCheck, ...]:
        """Read every file again and compare it with its checksums; `doctor` shows the answers."""
        with self._building:
            return self._directory.check(self._manifest)

    def close(self) -> None:
        """Let go of the directory; searches under way end on what they hold."""
        with self._building, self._state:
            self._views = {}
            self._directory.close()


def _largest_first(lives: Sequence[Live]) -> tuple[Live, ...]:
    return tuple(sorted(lives, key=lambda live: -live.part.count))


def _nearest(hit: tuple[int, int]) -> tuple[int, int]:
    return hit[1], hit[0]
