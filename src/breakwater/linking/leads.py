"""Leads: new media joined a series, or something may belong together, and a person should look.

In: `series.changed` and `medium.linked`. Out: one open case a series, to which more is added; how
urgent it is follows from a table. Décor and persons are words of a machine that join nothing: their
lead is less urgent, and says which of both it is. What a person joined needs no lead; who works on
it may open one. A lead has no upload: its case leads to the series. Idempotent: an event that comes
twice adds nothing twice. Source: reference linking. Tests: `tests/contract/test_leads.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.errors import Conflict, NotFound
from breakwater.model.case import Case, CaseKind, CaseState, Priority
from breakwater.model.event import Event
from breakwater.model.ids import Id
from breakwater.model.link import EdgeState, LinkKind, Medium, Origin, SeriesRow
from breakwater.records import cases, link_about, link_edges, link_leads, link_media, link_series
from breakwater.records.database import Database, Tx

SELF: Final = "linking"
RECENT: Final = timedelta(days=7)
"""Made or added so short ago, it may still be going on."""
JOINED: Final = "joined"
"""Step in the history of a lead's case."""

P = Priority
PRIORITY: Final[Mapping[tuple[bool, bool], Priority]] = {
    (True, True): P.HIGH,
    (True, False): P.MEDIUM,
    (False, True): P.MEDIUM,
    (False, False): P.LOW,
}
"""By whether a child is still sought, and whether it was live or is recent."""

WORDS: Final[Mapping[LinkKind, str]] = {
    LinkKind.DECOR: "may show the same furnishing, which need not be the same room",
    LinkKind.PERSON: "may show persons who look alike, as a model says",
}


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the urgency of a lead follows from."""

    unidentified: bool
    live: bool
    recent: bool
    rated: Priority = Priority.MEDIUM
    told: bool = False
    """Whether a person told a child apart: of what nobody judged nothing is said."""

    @property
    def why(self) -> str:
        """In sentences, each with a space before it."""
        said = [
            " A child in it is not identified." if self.unidentified and self.told else "",
            " It was broadcast." if self.live else "",
            " It was made or added in the last seven days." if self.recent else "",
        ]
        return "".join(said)


def priority(found: Weighed, *, weak: bool = False) -> Priority:
    """How urgent a lead is.

    Args:
        found: of the series and what joined it.
        weak: a machine's word that joins nothing: one step less.
    """
    chosen = PRIORITY[found.unidentified, found.live or found.recent]
    if found.rated.rank < Priority.MEDIUM.rank:  # a person raised it; medium is nobody's word
        chosen = min(chosen, found.rated, key=lambda one: one.rank)
    return list(Priority)[min(chosen.rank + weak, Priority.LOW.rank)]


@dataclass(frozen=True, slots=True)
class _Said:
    """What a lead says: of what, why, how urgently."""

    subject: Id
    why: str
    priority: Priority
    kind: str = ""


class Leads:
    """Opens leads and adds to them."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def on_series(self, event: Event) -> None:
        """Media joined a series: one open lead says so. Leads of series it took in are closed."""
        body = event.body
        joined = [int(one) for one in body.get("joined") or ()]
        with self._db.transaction() as tx:
            tx.lock_changes()
            try:
                row = link_series.get(tx, int(body["series"]))
            except NotFound:
                return
            merged = [int(one) for one in body.get("merged") or () if int(one) != row.number]
            for case in _open(tx, link_leads.ids(tx, merged)):
                said = f"It belongs to series {row.number} now."
                cases.close(tx, case.id, by=SELF, reason=said)
            if body.get("by", SELF) != SELF or not joined:
                return
            media = link_media.many(tx, joined)
            found = _weighed(tx, row, list(media.values()))
            why = f"{_count(len(joined))} joined series {_name(row)}.{found.why}"
            self._lead(tx, event, _Said(row.id, why, priority(found)), joined)

    def on_linked(self, event: Event) -> None:
        """A medium may belong to others by what joins nothing: décor, or a person's likeness."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            try:
                medium = link_media.get(tx, int(event.body["medium"]))
            except NotFound:
                return
            fresh = {int(one) for one in event.body.get("edges") or ()}
            weak = [
                one.edge
                for one in link_edges.of_medium(tx, medium.number)
                if one.edge.number in fresh
                and one.edge.kind in WORDS
                and one.edge.state is EdgeState.MACHINE
            ]
            if not weak or medium.gone_at is not None:
                return
            for kind in sorted({edge.kind for edge in weak}):
                ends = {end for edge in weak if edge.kind is kind for end in (edge.a, edge.b)}
                self._weak(tx, event, medium, kind, sorted(ends - {medium.number}))

    def _weak(
        self, tx: Tx, event: Event, medium: Medium, kind: LinkKind, others: Sequence[int]
    ) -> None:
        series = link_series.of_media(tx, others)
        row = link_series.get(tx, min(series.values())) if series else None
        where = f"series {row.number}" if row else _count(len(others))
        found = _weighed(tx, row, [medium])
        why = f"Medium {medium.number} and {where} {WORDS[kind]}. Nothing was joined."
        subject = row.id if row else medium.id
        said = _Said(subject, why, priority(found, weak=True), kind.value)
        self._lead(tx, event, said, others)

    @staticmethod
    def _lead(tx: Tx, event: Event, said: _Said, media: Sequence[int]) -> None:
        """Open the lead, or add to the one that is open."""
        subject, why, urgent = said.subject, said.why, said.priority
        mark = f"{event.id} {said.kind}".strip()
        for case in cases.by_subject(tx, subject):
            steps = cases.history(tx, case.id)
            if any(step.facts.get("event") == mark for step in steps):
                return
        known = next(iter(_open(tx, [subject])), None)
        case = known or cases.open(
            tx, kind=CaseKind.LEAD, subject=subject, why=why, priority=urgent, by=SELF
        )
        cases.note(
            tx, case.id, by=SELF, what=JOINED, words=why, event=mark, media=list(media)
        )  # fmt: skip
        if urgent.rank < case.priority.rank:
            cases.set_priority(tx, case.id, urgent, by=SELF, reason=why)


def by_hand(tx: Tx, row: SeriesRow, by: Id) -> tuple[Case, bool]:
    """The open lead of a series, and whether it was opened just now, in this person's name.

    Raises:
        Conflict: no medium is left in the series.
    """
    tx.lock_changes()
    known = next(iter(_open(tx, [row.id])), None)
    if known is not None:
        return known, False
    media = link_media.many(tx, link_series.members(tx, row.number))
    if not media:
        raise Conflict("No medium is left in this series.")
    found = _weighed(tx, row, list(media.values()))
    why = f"{_count(len(media))} of series {_name(row)}, asked for by a person.{found.why}"
    case = cases.open(
        tx, kind=CaseKind.LEAD, subject=row.id, why=why, priority=priority(found), by=by
    )
    cases.note(tx, case.id, by=by, what=JOINED, words=why, media=sorted(media))
    return case, True


def series_of(tx: Tx, case: Case) -> SeriesRow | None:
    """The series that a lead is about; None: it is about another thing."""
    if case.kind is not CaseKind.LEAD:
        return None
    try:
        return link_series.by_id(tx, case.subject)
    except NotFound:
        return None


def _open(tx: Tx, subjects: Sequence[Id]) -> list[Case]:
    return [
        case
        for subject in subjects
        for case in cases.by_subject(tx, subject)
        if case.kind is CaseKind.LEAD and case.state is not CaseState.CLOSED
    ]


def _weighed(tx: Tx, row: SeriesRow | None, media: Sequence[Medium]) -> Weighed:
    newest = [one.made_at or one.added_at for one in media]
    return Weighed(
        unidentified=row is None or link_leads.unidentified(tx, row),
        live=any(one.origin is Origin.STREAM for one in media),
        recent=any(tx.now - at <= RECENT for at in newest),
        rated=row.priority if row else Priority.MEDIUM,
        told=row is not None and bool(link_about.children(tx, row)),
    )


def _name(row: SeriesRow) -> str:
    return f"{row.number} ({row.name})" if row.name else f"{row.number}"


def _count(media: int) -> str:
    return "One medium" if media == 1 else f"{media} media"
