"""Sessions found in access logs, kept for broadcasts that led to a case or an order.

In come sessions by the names that a broadcast may have at its media server; what no such broadcast
claims is counted and forgotten: no suspicion, no address kept (reference law). A stretch of a log
and how far it is read are kept in one transaction, so one that is sent again adds nothing. Used
by `web.api.viewers`; tests: `tests/integration/test_viewers_api.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from breakwater.errors import BadInput, NotFound
from breakwater.geo import Atlas, Place
from breakwater.model.access import Principal
from breakwater.model.ids import Id
from breakwater.model.stream import Stream
from breakwater.model.watch import Span, Watched
from breakwater.records import streams, watch_imports, watchers
from breakwater.records.database import Database, Tx
from breakwater.records.watch_imports import WatchImport

MOST: Final = 1000
"""Sessions of one message."""


@dataclass(frozen=True, slots=True)
class Named:
    """A session and what its broadcast may be called, the surest name first."""

    names: tuple[str, ...]
    watched: Watched


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a log.

    Attributes:
        before, to: bytes of it that were done before, and are done with this.
        counts: lines by what became of them.
        finished: whether it was read to its end.
    """

    before: int
    to: int
    counts: Mapping[str, int]
    finished: bool = False


class Importing:
    """Takes what is read of access logs."""

    def __init__(self, *, db: Database, atlas: Atlas) -> None:
        self._db = db
        self._atlas = atlas

    def begin(self, by: Principal, *, mark: bytes, name: str, form: str) -> WatchImport:
        """Begin a log, or go on with one that is known by its opening."""
        with self._db.transaction() as tx:
            made = watch_imports.begin(
                tx,
                mark=by.service.encode() + mark,
                name=name,
                form=form,
                by=by.id,
                service=by.service,
            )
            tx.audit(by.id, "viewers.import", made.id, offset=made.offset, form=form)
            return made

    def every(self, by: Principal) -> list[WatchImport]:
        """Logs that were read, the newest first; a service sees its own."""
        with self._db.read() as tx:
            return watch_imports.every(tx, by.service)

    def take(
        self, by: Principal, wanted: Id, server: str, found: Sequence[Named], stretch: Stretch
    ) -> WatchImport:
        """Keep the sessions of a piece of a log.

        Raises:
            NotFound: no such import of this service.
            Conflict: somebody else read on meanwhile.
            BadInput: more than 1,000 sessions.
        """
        if len(found) > MOST:
            raise BadInput(f"Send at most {MOST:,} sessions at once.")
        placed = [
            (one, self._atlas.resolve(one.watched.address, one.watched.joined_at)) for one in found
        ]
        with self._db.transaction() as tx:
            tx.lock_changes()
            if by.service not in {"", watch_imports.get(tx, wanted).service}:
                raise NotFound(f"import {wanted}")
            whose, counts = _claimed(tx, by, server, placed), Counter(dict(stretch.counts))
            for stream, told in whose.items():
                added = watchers.add(tx, streams.get(tx, stream), told, import_id=wanted)
                counts += Counter(sessions=added.new, joined=added.more)
            claimed = sum(len(told) for told in whose.values())
            counts["forgotten"] += max(0, len(found) - claimed)
            return watch_imports.advance(
                tx, wanted, before=stretch.before, to=stretch.to, counts=+counts,
                finished=stretch.finished,
            )  # fmt: skip


def _claimed(
    tx: Tx, by: Principal, server: str, placed: Sequence[tuple[Named, Place]]
) -> dict[Id, list[tuple[Watched, Place | None]]]:
    """Sessions by the broadcast that they watched; one over two broadcasts is of both."""
    out: dict[Id, list[tuple[Watched, Place | None]]] = defaultdict(list)
    known: dict[Id, Stream] = {}
    for one, place in placed:
        seen = Span(one.watched.joined_at, one.watched.left_at or one.watched.joined_at)
        for stream in _first(tx, server, one.names, seen):
            broadcast = known.setdefault(stream, streams.get(tx, stream))
            if by.service in {"", broadcast.service}:
                out[stream].append((_within(one.watched, broadcast), place))
    return out


def _first(tx: Tx, server: str, names: Sequence[str], seen: Span) -> list[Id]:
    """Broadcasts of the first name that there are any of."""
    for name in names:
        found = watch_imports.broadcasts(tx, server, name, seen)
        if found:
            return found
    return []


def _within(watched: Watched, stream: Stream) -> Watched:
    """What of a session lies in a broadcast."""
    start = max(watched.joined_at, stream.started_at)
    end = watched.left_at if watched.left_at is not None else start
    if stream.ended_at is not None:
        end = min(end, stream.ended_at)
    start = min(start, stream.ended_at or start)
    return replace(watched, joined_at=start, left_at=max(start, end))
