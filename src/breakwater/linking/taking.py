"""Kept media are looked at once, compared with all others, and forgotten when they are destroyed.

In: things under a hold, exhibits (`records.link_media.want`), and what a decision took back. Out:
edges and series. `turn` notices what is newly kept and what was destroyed; the job `links.look`
reads one medium in the jail, keeps what it saw in the vault, asks every finder and writes what they
found in one transaction. Each step may be done again after a kill: a medium that was looked at is
not decoded again, and the same edge is one edge. What another version of the look read is looked at
again, a few at a time. What cannot be read is a case for a person. Tests:
`tests/contract/test_linking_taking.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final, Protocol

from breakwater.errors import DecoderFault, NotFound
from breakwater.linking.keeping import SELF, Keeping
from breakwater.linking.kept import Kept, of_case, since
from breakwater.linking.ports import Finder
from breakwater.linking.signals import StoredSignals
from breakwater.model.case import CaseKind, Priority
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.model.link import Found, Link, Medium, MediumState, Trait
from breakwater.model.link_signals import LinkSignals
from breakwater.model.media import Undecodable
from breakwater.model.ports import Blob
from breakwater.model.work import Beat
from breakwater.observe import Metrics, logger
from breakwater.records import (
    cases,
    decisions,
    holds,
    link_edges,
    link_media,
    link_series,
    link_traits,
)
from breakwater.records.database import Database, Tx
from breakwater.records.link_media import WITHDRAWN

ATTEMPTS: Final = 5
"""Looks at a medium before a person is asked."""
OVERLAP: Final = timedelta(minutes=10)
"""What was written so long ago is read again: transactions end in another order than they begin."""
AT_ONCE: Final = 200
TOLD: Final = 50
AGAIN: Final = 8
"""Media of another version of the look that wait at once: new ones must not wait behind them."""
_log = logger("linking")


class Looker(Protocol):
    """Reads a medium in the jail; `recognition.links.LinkLooker`."""

    def look(self, source: BinaryIO, media_type: str = "") -> LinkSignals | Undecodable:
        """What links are sought by, or why it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What taking stands on.

    Attributes:
        finders: every way of comparing, asked in this order.
        about: what is known of a medium beside its bytes: account, devices, addresses.
        version: of the look; a medium that was looked at by another is looked at again.
    """

    db: Database
    vault: Blob
    looker: Looker
    keeping: Keeping
    stored: StoredSignals
    finders: Sequence[Finder]
    about: Callable[[Tx, Medium], Iterable[Trait]]
    metrics: Metrics
    version: int


class Taking:
    """Takes in what is kept."""

    def __init__(self, parts: Parts) -> None:
        self._on = parts
        self._finding = threading.Lock()
        self._seen: datetime | None = None
        self._learnt = False

    # -- what is kept, and what no longer is ---------------------------------------------------

    def turn(self) -> int:
        """Notice what is newly kept and what was destroyed; answers how many media."""
        return self._notice() + self._forget()

    def again(self) -> int:
        """Queue a few media that another version of the look read; answers how many wait so."""
        with self._on.db.read() as tx:
            if not link_media.read_otherwise(tx, self._on.version, 1):
                return 0
        with self._on.db.transaction() as tx:
            numbers = link_media.read_otherwise(tx, self._on.version, AGAIN)
            for number in numbers:
                link_media.again(tx, number)
        return len(numbers)

    def save(self) -> None:
        """Have finders write down what is expensive to learn."""
        with self._finding:
            for finder in self._on.finders:
                finder.save()

    def on_decided(self, event: Event) -> None:
        """A decision was taken or taken back: links are sought, or hold nothing. Idempotent."""
        db, case = self._on.db, event.subject
        with db.transaction() as tx:
            tx.lock_changes()
            if cases.get(tx, case).kind is CaseKind.LEAD:
                return  # exhibits are kept for their own reason, whatever comes of the lead
            if _stands(tx, case):
                for thing in of_case(tx, cases.get(tx, case)):
                    _want(tx, thing)
                return
            media = [one for one in link_media.of_case(tx, case) if one.gone_at is None]
            self._withdraw(tx, media)
        self._drop(media)

    def _withdraw(self, tx: Tx, media: Sequence[Medium]) -> None:
        """Nobody holds them to be illegal any more: they hold nothing together."""
        near = {end for one in media for end in _ends(tx, one)}
        for one in media:
            link_media.gone(tx, one.number, why=WITHDRAWN)
        self._on.keeping.around(tx, near)

    def _notice(self) -> int:
        after: tuple[datetime, Id] | None = None
        start, made = None if self._seen is None else self._seen - OVERLAP, 0
        while True:
            with self._on.db.read() as tx:
                rows, after = since(tx, start, after, AT_ONCE)
                known = link_media.known_blobs(tx, {one.blob for one in rows if one.blob})
            fresh = [one for one in rows if one.blob is None or one.blob not in known]
            if fresh:
                with self._on.db.transaction() as tx:
                    for one in fresh:
                        made += _want(tx, one)
            if after is None:
                return made
            self._seen = after[0]

    def _forget(self) -> int:
        gone: list[Medium] = []
        with self._on.db.read() as tx:
            due = link_media.destroyed(tx)
        for one in due:
            with self._on.db.transaction() as tx:
                tx.lock_changes()
                if one.case is not None and not _said(tx, one.case):
                    self._withdraw(tx, [one])
                else:
                    link_media.gone(tx, one.number)
                gone.append(one)
        self._drop(gone)
        return len(gone)

    def _drop(self, media: Iterable[Medium]) -> None:
        """Nothing of them is compared any more."""
        for one in media:
            self._on.stored.forget(one)
            with self._finding:
                for finder in self._on.finders:
                    finder.forget(one.number)

    # -- one look ------------------------------------------------------------------------------

    def run(self, payload: Mapping[str, Any], attempt: int, beat: Beat) -> None:
        """Look at one medium and find its edges."""
        number = int(payload["medium"])
        with self._on.db.read() as tx:
            medium = link_media.get(tx, number)
        if medium.gone_at is not None:
            return
        try:
            signals = self._signals(medium)
        except DecoderFault as error:
            if attempt < ATTEMPTS:
                raise
            self._failed(medium, error.code)
            return
        if signals is None:
            return
        beat(0.6)
        with self._on.db.read() as tx:
            medium = link_media.get(tx, number)
        if medium.gone_at is None:
            self._write(medium, self._found(medium, signals, beat))

    def _signals(self, medium: Medium) -> LinkSignals | None:
        """What is known of a medium, read now where it was not; None: there is nothing to do."""
        if medium.blob is None:
            self._traits(medium, ())
            return LinkSignals(abstained=link_media.HASH_ONLY)
        if medium.version == self._on.version and medium.state is not MediumState.WAITING:
            known = self._on.stored.read(medium)
            if known is not None or medium.points is None:
                return known or LinkSignals(abstained=str(medium.facts.get("why", "")))
        try:
            with self._on.vault.open(medium.blob) as source:
                seen = self._on.looker.look(source, medium.media_type)
        except NotFound:
            return None  # destroyed meanwhile; the next turn notices
        if isinstance(seen, Undecodable):
            self._failed(medium, seen.reason.value)
            return None
        points = self._on.stored.put(seen) if _compares(seen) else None
        with self._on.db.transaction() as tx:
            tx.lock_changes()
            link_media.looked(
                tx, medium.number, version=self._on.version, points=points, facts=_facts(seen),
                abstained=seen.abstained,
            )  # fmt: skip
            self._put_traits(tx, medium, seen.traits)
        self._on.metrics.links_looked.labels("abstained" if seen.abstained else "looked").inc()
        return seen

    def _traits(self, medium: Medium, read: Iterable[Trait]) -> None:
        with self._on.db.transaction() as tx:
            tx.lock_changes()
            self._put_traits(tx, medium, read)

    def _put_traits(self, tx: Tx, medium: Medium, read: Iterable[Trait]) -> None:
        if link_media.get(tx, medium.number).gone_at is None:
            link_traits.put(tx, medium, [*self._on.about(tx, medium), *read])

    def _found(self, medium: Medium, signals: LinkSignals, beat: Beat) -> list[Found]:
        with self._finding:
            self._learn_all(beat)
            found: list[Found] = []
            for finder in self._on.finders:
                finder.learn(medium, signals)
                found += finder.find(medium, signals)
            return found

    def seek(self, example: Medium, signals: LinkSignals) -> list[Found]:
        """Ask every finder of something that is not kept; it is not learnt and leaves no edge."""
        with self._finding:
            self._learn_all(_unheard)
            return [one for f in self._on.finders for one in f.find(example, signals)]

    def _learn_all(self, beat: Beat) -> None:
        """Give every finder what it has not learnt yet: once, after a start."""
        if self._learnt:
            return
        after = 0
        while True:
            with self._on.db.read() as tx:
                rows = link_media.page(tx, after=after, limit=AT_ONCE, gone=True)
            if not rows:
                break
            after = rows[-1].number
            for one in rows:
                self._learn(one, [f for f in self._on.finders if not f.knows(one.number)])
            beat(0.6)
        self._learnt = True

    def _learn(self, medium: Medium, finders: Sequence[Finder]) -> None:
        if medium.gone_at is not None:
            for finder in self._on.finders:
                finder.forget(medium.number)
            return
        signals = self._on.stored.read(medium) if finders else None
        if signals is not None:
            for finder in finders:
                finder.learn(medium, signals)

    def _write(self, medium: Medium, found: Sequence[Found]) -> None:
        """Edges, series and the event, in one transaction."""
        with self._on.db.transaction() as tx:
            tx.lock_changes()
            there = link_media.many(tx, {end for one in found for end in (one.a, one.b)})
            if link_media.get(tx, medium.number).gone_at is not None:
                return
            before = {one.edge.number for one in link_edges.of_medium(tx, medium.number)}
            links = [
                link_edges.add(tx, one) for one in found
                if there[one.a].fault != WITHDRAWN and there[one.b].fault != WITHDRAWN
            ]  # fmt: skip
            self._on.keeping.changed(tx, links)
            link_media.compared(tx, medium.number)
            self._tell(tx, medium, [one for one in links if one.edge.number not in before])

    def _tell(self, tx: Tx, medium: Medium, fresh: Sequence[Link]) -> None:
        if not fresh:
            return
        series = link_series.of_medium(tx, medium.number)
        tx.emit(
            EventType.MEDIUM_LINKED, medium.id, medium=medium.number, case=medium.case,
            edges=[one.edge.number for one in fresh][:TOLD], count=len(fresh),
            series=None if series is None else series.number,
        )  # fmt: skip
        for one in fresh:
            self._on.metrics.links_found.labels(one.edge.kind.value).inc()

    def _failed(self, medium: Medium, fault: str) -> None:
        """A person looks: what cannot be read is never the same as nothing found."""
        with self._on.db.transaction() as tx:
            tx.lock_changes()
            if not link_media.failed(tx, medium.number, fault):
                return
            cases.open(
                tx, kind=CaseKind.LEAD, subject=medium.id, priority=Priority.LOW, by=SELF,
                service=medium.source, why=f"Medium {medium.number} could not be read: no links "
                "were sought for it.",
            )  # fmt: skip
        self._on.metrics.links_looked.labels("failed").inc()
        _log.warning("medium_unreadable", medium=medium.number, code=fault)


def _unheard(_share: float) -> None:
    """Nobody waits to hear how far it is."""


def _want(tx: Tx, one: Kept) -> bool:
    """Have links sought for one kept thing; whether it is new."""
    newest = link_media.want(
        tx, one.origin, one.origin_id, case=one.case, blob=one.blob, source=one.source,
        sha256=one.sha256, made_at=one.made_at,
    )  # fmt: skip
    return newest.added_at == tx.now


def _stands(tx: Tx, case: Id) -> bool:
    """Whether what is kept of a case is kept for a reason that still stands.

    The hold of the report duty is none of its own: it ends when a decision is taken back.
    """
    return _said(tx, case) or any(one.kind.ordered for one in holds.standing(tx, case))


def _said(tx: Tx, case: Id) -> bool:
    return decisions.known_since(tx, case) is not None or decisions.in_danger(tx, case)


def _ends(tx: Tx, medium: Medium) -> set[int]:
    links = link_edges.of_medium(tx, medium.number)
    return {medium.number, *(end for one in links for end in (one.edge.a, one.edge.b))}


def _compares(seen: LinkSignals) -> bool:
    return bool(seen.frames or seen.prints or seen.sound or seen.reel)


def _facts(seen: LinkSignals) -> dict[str, Any]:
    return {
        "width": seen.width, "height": seen.height, "seconds": round(seen.seconds, 2),
        "frames": len(seen.frames), "shots": len(set(seen.shots)), "prints": len(seen.prints),
        "sound": seen.sound is not None,
    }  # fmt: skip
