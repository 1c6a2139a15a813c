"""Every source of places of one installation, asked at the time of the event.

In comes an address and a moment; out goes a frozen `Place`. Files stand in one directory:
`*.mmdb`, `tor/*` exit lists, `hosting.csv`; they are read anew when they change. A file that
cannot be read is a named fault in every answer, and what it would have said is unknown. Used by
`viewers` and reports; tests: `tests/unit/test_geo_atlas.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from breakwater.errors import BadDatabase
from breakwater.geo import address, country, hosting, mmdb, tor
from breakwater.geo.country import CountryTable
from breakwater.geo.jurisdiction import jurisdiction
from breakwater.geo.mmdb import Database, Said
from breakwater.geo.tor import TorExits
from breakwater.model.clock import Clock
from breakwater.model.watch import Exit, Flag, Place, Source

CHECK_S: Final = 60.0
"""Seconds between two looks at whether a file changed."""
HOSTING: Final = "hosting.csv"
REMEMBERED: Final = 50_000
"""Addresses whose place within one hour is kept in memory: a log names each of them often."""

_T = TypeVar("_T")
_Mark = frozenset[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of the directory."""

    mark: _Mark
    databases: Mapping[str, tuple[Database, ...]]
    exits: TorExits
    hosting: frozenset[int]
    faults: Mapping[str, str]


_NOTHING: Final = _Read(frozenset(), {}, TorExits(), frozenset(), {})


class Atlas:
    """Answers where an address seemed to be."""

    def __init__(
        self, directory: Path | None, clock: Clock, *, table: Path = country.SHIPPED
    ) -> None:
        """Take where the operator's files stand; nothing is read before it is asked."""
        self._directory = directory
        self._clock = clock
        self._path = table
        self._table: CountryTable | None = None
        self._broken_table = ""
        self._read = _NOTHING
        self._looked: float | None = None
        self._answered: dict[tuple[str, int], Place] = {}
        self._lock = threading.Lock()

    def resolve(self, text: str, at: datetime) -> Place:
        """Where an address seemed to be at a moment; never fails.

        Args:
            text: as it was logged.
            at: when it was seen, aware.
        """
        self._sources()
        hour = int(at.timestamp() // 3600)
        with self._lock:
            known = self._answered.get((text, hour))
        if known is None:
            known = self._judged(text, at)
            with self._lock:
                if len(self._answered) >= REMEMBERED:
                    self._answered.clear()
                self._answered[text, hour] = known
        return replace(known, at=at)

    def _judged(self, text: str, at: datetime) -> Place:
        place = self._looked_up(text, at)
        found = jurisdiction(place)
        return replace(place, certainty=found.certainty, doubts=found.doubts)

    def _looked_up(self, text: str, at: datetime) -> Place:
        host = address.read(text)
        place = Place(at=at, kind=host.kind, address=host.text, via=host.via)
        if not host.public:
            return place
        table, broken, read = self._sources()
        faults = dict.fromkeys([*read.faults, *([self._path.name] if broken else [])])
        answers: list[tuple[Source, Said]] = []
        for builds in read.databases.values():
            one = _at(builds, at)
            try:
                said = one.say(host.text)
            except BadDatabase:
                faults[one.source.name] = None
                continue
            answers.append((one.source, said or Said()))
        if table is not None:
            answers.append((table.source, Said(country=table.country(host.text))))
        exit_ = read.exits.at(host.text, at)
        listed = read.exits.source(at)
        made = _joined(place, answers, exit_, read.hosting)
        sources = made.sources if listed is None else (*made.sources, listed)
        return replace(made, sources=sources, faults=tuple(faults))

    def sources(self) -> tuple[Source, ...]:
        """Every database that can be read, with its date: for people and `doctor`."""
        table, _, read = self._sources()
        found = [one.source for builds in read.databases.values() for one in builds]
        return (*found, *(() if table is None else (table.source,)))

    def faults(self) -> dict[str, str]:
        """Files that cannot be read, and why."""
        _, broken, read = self._sources()
        return {**read.faults, **({self._path.name: broken} if broken else {})}

    def _sources(self) -> tuple[CountryTable | None, str, _Read]:
        with self._lock:
            if self._table is None and not self._broken_table:
                try:
                    self._table = country.load(self._path)
                except BadDatabase as error:
                    self._broken_table = error.detail
            now = self._clock.monotonic()
            if self._looked is None or now - self._looked >= CHECK_S:
                self._looked = now
                mark = _mark(self._directory)
                if mark != self._read.mark:
                    self._read = _read(self._directory, mark)
                    self._answered.clear()
            return self._table, self._broken_table, self._read


def _at(builds: tuple[Database, ...], at: datetime) -> Database:
    """The newest build that is not later than the event, else the oldest."""
    earlier = [one for one in builds if one.source.built <= at]
    return earlier[-1] if earlier else builds[0]


def _joined(
    place: Place, answers: list[tuple[Source, Said]], exit_: Exit, hosters: frozenset[int]
) -> Place:
    """One place of what all say: the source that knows most of a place goes first."""
    answers.sort(key=lambda pair: (pair[1].radius_km is None, not pair[1].city))
    countries = tuple(dict.fromkeys(said.country for _, said in answers if said.country))
    said = next((said for _, said in answers if said.country), Said())
    number = next((said for _, said in answers if said.asn is not None), Said())
    flags = frozenset().union(*(said.flags for _, said in answers))
    if exit_ is Exit.YES:
        flags |= {Flag.TOR}
    if number.asn in hosters:
        flags |= {Flag.HOSTING}
    return replace(
        place, country=said.country, candidates=countries, region=said.region, city=said.city,
        latitude=said.latitude, longitude=said.longitude, radius_km=said.radius_km,
        zone=said.zone, asn=number.asn, network=number.network, flags=flags, tor=exit_,
        sources=tuple(source for source, _ in answers),
    )  # fmt: skip


def _mark(directory: Path | None) -> _Mark:
    """What stands in the directory, so that a change is seen."""
    found = set()
    for path in _files(directory):
        try:
            about = path.stat()
        except OSError:
            continue
        found.add((str(path), about.st_mtime_ns, about.st_size))
    return frozenset(found)


def _files(directory: Path | None) -> list[Path]:
    if directory is None or not directory.is_dir():
        return []
    lists = directory / "tor"
    own = [path for path in directory.iterdir() if path.suffix == ".mmdb" or path.name == HOSTING]
    exits = [path for path in lists.iterdir() if path.is_file()] if lists.is_dir() else []
    return sorted(own) + sorted(exits)


def _read(directory: Path | None, mark: _Mark) -> _Read:
    databases: dict[str, list[Database]] = {}
    snapshots: list[tor.Snapshot] = []
    hosters: frozenset[int] = frozenset()
    faults: dict[str, str] = {}

    def take(path: Path, read: Callable[[Path], _T]) -> _T | None:
        try:
            return read(path)
        except BadDatabase as error:
            faults[path.name] = error.detail
            return None

    for path in _files(directory):
        if path.suffix == ".mmdb":
            made = take(path, mmdb.open_database)
            if made is not None:
                databases.setdefault(made.kind, []).append(made)
        elif path.name == HOSTING:
            hosters = take(path, hosting.read) or frozenset()
        else:
            listed = take(path, tor.read)
            snapshots += [listed] if listed is not None else []
    ordered = {
        kind: tuple(sorted(found, key=lambda one: one.source.built))
        for kind, found in databases.items()
    }
    return _Read(mark, ordered, TorExits(snapshots), hosters, faults)
