"""What reviewers' decisions say of people's own pictures: confirmed, refused, taken back.

An upload that such a hash finds is held and opens a case, as any held upload does; a person
decides it. "Illegal" confirms the hash, "not illegal" refuses it: then it finds nothing more and
what it held elsewhere is released. Only of a hash that is the file, or so near that it cannot be
another picture (the kind's harmless limit), anything follows. Tests:
`tests/integration/test_own_pictures.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.errors import NotFound
from breakwater.model.bank import OWN_PICTURES, EntryStatus
from breakwater.model.decision import DecisionKind
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.model.match import Match
from breakwater.model.own_picture import Said
from breakwater.model.signal import kind_named
from breakwater.model.work import Subscription
from breakwater.recognition.feed import IndexFeed
from breakwater.records import decisions, entries, own_pictures, uploads
from breakwater.records.cases import get as case_of
from breakwater.records.database import Database, Tx

REVIEWERS: Final = "own_pictures"


class Answers:
    """Follows decisions."""

    def __init__(self, *, db: Database, feed: IndexFeed) -> None:
        self._db = db
        self._feed = feed

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """What it hears."""
        decided = frozenset({EventType.CASE_DECIDED})
        return (Subscription("own_pictures.answers", decided, self.on_decided),)

    def on_decided(self, event: Event) -> None:
        """A case was decided, or its decision taken back."""
        with self._db.transaction() as tx:
            try:
                upload = uploads.find(tx, case_of(tx, event.subject).subject)
            except NotFound:
                return
            matches = upload.verdict.matches if upload and upload.verdict else ()
            numbers = sorted({one.number for one in matches if _the_same(one)})
            for number in numbers:
                self._settle(tx, number, event.subject)
        if numbers:
            self._feed.catch_up()

    def _settle(self, tx: Tx, number: int, case: Id) -> None:
        said = decisions.of_case(tx, case)
        decision = next((one for one in reversed(said) if one.stands and one.kind.ends), None)
        before = own_pictures.answers(tx, [number]).get(number)
        now = Said.OPEN if decision is None else _SAID.get(decision.kind, Said.OPEN)
        last = decision or (said[-1] if said else None)
        ours = before is not None and before[1] == case
        if last is None or (before is not None and before[0] is now):
            return
        if now is Said.OPEN and not ours:
            return  # this case says nothing of it, and never did
        own_pictures.answer(tx, number, now, last)
        tx.audit(
            last.by, f"own_picture.{now.value}", entries.get(tx, number).id, number=number,
            case=case,
        )  # fmt: skip
        self._act(tx, number, now, was=before[0] if before else Said.OPEN)

    @staticmethod
    def _act(tx: Tx, number: int, now: Said, *, was: Said) -> None:
        """A refused hash is quarantined, not withdrawn: sent again, it is refused still."""
        entry = entries.get(tx, number)
        if now is Said.REFUSED and entry.status is EntryStatus.ACTIVE:
            entries.set_status(
                tx, number, EntryStatus.QUARANTINED, by=REVIEWERS, reason="refused by a reviewer"
            )
            tx.emit(EventType.ENTRY_QUARANTINED, entry.id, numbers=[number])
        elif was is Said.REFUSED and entry.status is EntryStatus.QUARANTINED:
            entries.set_status(
                tx, number, EntryStatus.ACTIVE, by=REVIEWERS, reason="no longer refused"
            )
            tx.emit(EventType.ENTRY_RELEASED, entry.id, numbers=[number])


_SAID: Final = {
    DecisionKind.ILLEGAL: Said.CONFIRMED,
    DecisionKind.OWN_IMAGE: Said.CONFIRMED,
    DecisionKind.NOT_ILLEGAL: Said.REFUSED,
    DecisionKind.LAWFUL_CONTEXT: Said.REFUSED,
}


def _the_same(match: Match) -> bool:
    """Whether the upload is the picture of the hash, not one that resembles it."""
    return match.bank == OWN_PICTURES and match.distance <= kind_named(match.kind).harmless_limit
