"""Was an address an exit of Tor at a moment? From exit lists that were kept with their time.

A list (https://metrics.torproject.org/collector.html#type-tordnsel) says of each exit when it was
last seen to let traffic out. It answers for the day around it, as ExoneraTor does; where no list
was kept for that time the answer is that nobody knows. Tests: `tests/unit/test_geo_tor.py`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from breakwater.errors import BadDatabase
from breakwater.model.watch import Exit, Source

NAME: Final = "Tor exit lists"
REACH: Final = timedelta(hours=24)
"""How far around a list, and around an exit seen, it answers."""
_FORM: Final = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One list: when it was taken, and when each exit in it was last seen."""

    at: datetime
    exits: tuple[tuple[str, datetime], ...]


class TorExits:
    """Lists side by side."""

    def __init__(self, snapshots: Iterable[Snapshot] = ()) -> None:
        """Take the lists, in any order."""
        kept = sorted(snapshots, key=lambda one: one.at)
        self._times = [one.at for one in kept]
        seen: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
        for one in kept:
            for host, last in one.exits:
                seen[host].append((last, one.at))
        self._seen: dict[str, Sequence[tuple[datetime, datetime]]] = dict(seen)

    def at(self, host: str, moment: datetime) -> Exit:
        """Whether a canonical address was an exit then."""
        for last, listed in self._seen.get(host, ()):
            if last - REACH <= moment <= listed + REACH:
                return Exit.YES
        return Exit.NO if self.source(moment) is not None else Exit.UNKNOWN

    def source(self, moment: datetime) -> Source | None:
        """The list nearest to a moment, if one answers for it."""
        try:
            first, last = moment - REACH, moment + REACH
        except OverflowError:  # a time that no log can mean
            return None
        near = self._times[bisect_left(self._times, first) : bisect_right(self._times, last)]
        if not near:
            return None
        return Source(NAME, min(near, key=lambda one: abs(one - moment)))


def read(path: Path) -> Snapshot:
    """Read one list; the time it was taken stands in it, or is the newest in it.

    Raises:
        BadDatabase: it is none, or a line of it cannot be read.
    """
    taken: datetime | None = None
    exits: list[tuple[str, datetime]] = []
    try:
        for line in path.read_text("utf-8").splitlines():
            word, _, rest = line.partition(" ")
            if word == "Downloaded":
                taken = _time(rest)
            elif word == "ExitAddress":
                host, _, when = rest.partition(" ")
                exits.append((str(ip_address(host)), _time(when)))
    except (OSError, ValueError) as error:
        raise BadDatabase(f"{path.name} is not a list of Tor exits ({error}).") from None
    if not exits:
        raise BadDatabase(f"{path.name} holds no exit.")
    return Snapshot(taken or max(when for _, when in exits), tuple(exits))


def _time(text: str) -> datetime:
    found = datetime.strptime(text.strip(), _FORM).replace(tzinfo=UTC)
    if found.year < 2000:
        raise ValueError("a time before Tor")
    return found
