"""What became of the children of a series, and who learns it.

In: a child by a label, and an outcome of it, by a person. Out: a step in the history of every case
whose media stand in the series, a lead of it among them, and a message to the service that sent or
reported what the case is about, if it asks for such messages: `series.outcome` with its own
references and one word, never a label, a number of a series or words of an investigator. Media that
join later are told too. Idempotent: each case learns a word once. Tests:
`tests/contract/test_outcomes.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from breakwater.errors import NotFound
from breakwater.linking.desk import reader, writer
from breakwater.model.access import Principal
from breakwater.model.case import Case
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.model.link import Outcome, SeriesRow
from breakwater.records import (
    cases,
    link_about,
    link_children,
    link_leads,
    link_media,
    link_series,
    uploads,
    user_reports,
)
from breakwater.records.database import Database, Tx
from breakwater.records.link_children import Said

SELF: Final = "linking"
TOLD: Final = "told"
"""Step in the history of a case, and of the series."""
MOST_REPORTS: Final = 1_000
"""Reports of one case whose services are told."""

WORDS: Final = MappingProxyType({
    Outcome.IDENTIFIED: "A child of series {series} is identified.",
    Outcome.SAFEGUARDED: "A child of series {series} is safe.",
    Outcome.NO_ACTION: "Nothing more is done for a child of series {series}.",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChildLook:
    """A child with everything that was said of it, the last first.

    Attributes:
        label: of the investigators, never a name.
    """

    id: Id
    label: str
    at: datetime
    said: tuple[Said, ...]

    @property
    def outcome(self) -> Outcome | None:
        """The last word; None: nothing is known."""
        return self.said[0].outcome if self.said else None


class Outcomes:
    """Keeps what became of children, and tells those who reported."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def children(self, who: Principal, series: int) -> list[ChildLook]:
        """The children of a series; raises `NotAllowed`, `NotFound`."""
        reader(who)
        with self._db.read() as tx:
            row = link_series.get(tx, series)
            return _children(tx, row)

    def of_set(self, who: Principal, exhibit_set: int) -> list[tuple[SeriesRow, list[ChildLook]]]:
        """Series that something of a set of exhibits belongs to, with their children."""
        reader(who)
        with self._db.read() as tx:
            rows = [
                link_series.get(tx, one) for one in link_children.series_of_set(tx, exhibit_set)
            ]
            return [(row, _children(tx, row)) for row in rows]

    def add(self, by: Principal, series: int, label: str) -> ChildLook:
        """Tell a child apart; raises `NotAllowed`, `NotFound`, `BadInput`."""
        who = writer(by)
        with self._db.transaction() as tx:
            child = link_children.add(tx, series, label, who)
            row = link_series.get(tx, series)
            tx.audit(who, "series.child", row.id, series=row.number, child=child)
            return next(one for one in _children(tx, row) if one.id == child)

    def say(
        self, by: Principal, series: int, child: Id, outcome: Outcome, words: str = ""
    ) -> ChildLook:
        """What became of a child; the newest word counts, and none is ever changed.

        Raises:
            NotAllowed: not by a person who keeps series.
            NotFound: there is no such child of this series.
            BadInput: too many words.
        """
        who = writer(by)
        with self._db.transaction() as tx:
            made = link_children.say(tx, series, child, outcome, words=words, by=who)
            row = link_series.get(tx, series)
            tx.audit(
                who, "series.outcome", row.id, series=row.number, child=child, outcome=outcome.value
            )
            tx.emit(EventType.SERIES_OUTCOME, row.id, series=row.number, outcome=outcome.value)
            return next(one for one in _children(tx, row) if one.id == made.child)

    def on_outcome(self, event: Event) -> None:
        """Tell every case of the series; the message to a service is not looked at again."""
        if "told" not in event.body:
            self._learn(int(event.body["series"]), None)

    def on_series(self, event: Event) -> None:
        """Media joined a series: their cases learn what is known of its children.

        Where another series became part of it, all learn what is known of the children of both.
        """
        joined = [int(one) for one in event.body.get("joined") or ()]
        if joined:
            merged = bool(event.body.get("merged"))
            self._learn(int(event.body["series"]), None if merged else joined)

    def _learn(self, series: int, media: list[int] | None) -> None:
        with self._db.transaction() as tx:
            tx.lock_changes()
            try:
                row = link_series.get(tx, series)
            except NotFound:
                return
            known = link_children.standing(tx, [row.number, *row.aliases])
            if not known:
                return
            within = link_series.members(tx, row.number)
            wanted = within if media is None else sorted(set(media) & set(within))
            told = [one.number for one in _cases(tx, row, wanted) if _tell(tx, row, one, known)]
            if told:
                sets = [number for number, _ in link_children.sets_of_series(tx, row.number)]
                link_series.step(tx, row.number, TOLD, SELF, cases=told, sets=sets)


def _children(tx: Tx, row: SeriesRow) -> list[ChildLook]:
    said = link_children.said(tx, [row.number, *row.aliases])
    return [
        ChildLook(one.id, one.label, one.at, tuple(each for each in said if each.child == one.id))
        for one in link_about.children(tx, row)
    ]


def _cases(tx: Tx, row: SeriesRow, media: Iterable[int]) -> list[Case]:
    """Cases whose media these are, and what leads there are of the series."""
    found: dict[Id, Case] = {}
    for medium in link_media.many(tx, media).values():
        if medium.case is not None and medium.case not in found:
            found[medium.case] = cases.get(tx, medium.case)
    for subject in link_leads.ids(tx, [row.number, *row.aliases]):
        found |= {case.id: case for case in cases.by_subject(tx, subject)}
    return list(found.values())


def _tell(tx: Tx, row: SeriesRow, case: Case, known: list[Said]) -> bool:
    """Have a case learn what it does not know; False: it knew."""
    heard = {step.facts.get("change") for step in cases.history(tx, case.id) if step.what == TOLD}
    fresh = [one for one in known if one.change not in heard]
    for one in fresh:
        words = WORDS[one.outcome].format(series=row.number)
        cases.note(
            tx, case.id, by=SELF, what=TOLD, words=words, change=one.change, series=row.number,
            outcome=one.outcome.value,
        )  # fmt: skip
        for service, names in sorted(_reported(tx, case).items()):
            tx.emit(
                EventType.SERIES_OUTCOME, case.id, service=service,
                told={"case": case.id, "service": service, "outcome": one.outcome.value, **names},
            )  # fmt: skip
    return bool(fresh)


def _reported(tx: Tx, case: Case) -> dict[str, dict[str, list[str]]]:
    """Services that sent or reported what a case is about, each with its own references."""
    found: dict[str, dict[str, list[str]]] = {}
    upload = uploads.find(tx, case.subject)
    if upload is not None:
        found[upload.service] = {"uploads": [upload.origin.reference], "reports": []}
    for report in user_reports.of_case(tx, case.id, limit=MOST_REPORTS):
        names = found.setdefault(report.service, {"uploads": [], "reports": []})
        names["reports"].append(report.reference)
    return found
