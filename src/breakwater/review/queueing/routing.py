"""Routing as a verb: each new case gets its place, and people change the rules with care.

The version in force decides; one in shadow only writes down what it would have done; any other
can be tried on the cases of the last week before it goes live (`dry_run`). Viewers and reports
raise a case later and never lower it. One person may change rules: a version is never
overwritten, the way back is to set the one before live, and the audit log has each step. Fed by
`case.opened` and by those who hear of viewers and reports; tested in
`tests/contract/test_review_routing.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from breakwater.errors import BadInput, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Case, CaseKind, CaseState
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.model.queue import Told, Waiting
from breakwater.model.routing import (
    CaseFacts,
    Comparison,
    Content,
    Difference,
    Mode,
    Place,
    Ruleset,
    Version,
)
from breakwater.model.routing_form import parse
from breakwater.model.upload import Upload
from breakwater.records import cases, queue, streams, uploads
from breakwater.records import routing as rows
from breakwater.records.database import Database, Tx
from breakwater.records.texts import storable
from breakwater.review.queueing import escalate

LOOK_BACK: Final = timedelta(days=7)
"""Cases that a dry run tries: a week has a weekend in it."""

HEARD: Final = frozenset({EventType.CASE_OPENED, EventType.CASE_CHANGED})

SHOWN: Final = 100
"""Differences that are listed one by one; all are counted."""

_SHOWS: Final[Mapping[CaseKind, Content]] = {
    CaseKind.STREAM: Content.LIVE,
    CaseKind.CONVERSATION: Content.WORDS,
}
_MEDIA: Final = {"image": Content.PICTURE, "video": Content.VIDEO, "audio": Content.SOUND}


class Routing:
    """Puts cases in their place, and keeps the rules."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def heard(self, event: Event) -> None:
        """A case was opened or changed: route it, or set its clock anew. Idempotent."""
        if event.type is EventType.CASE_CHANGED and "priority" not in event.body:
            return
        with self._db.transaction() as tx:
            tx.lock_changes()
            case = cases.get(tx, event.subject)
            if case.state is CaseState.CLOSED:
                return
            placed = queue.places(tx, [case.id]).get(case.id)
            if placed is None:
                self._route(tx, case)
            elif event.type is EventType.CASE_CHANGED:
                told = Told.QUIET if case.due_at > tx.now else placed.told
                queue.put(tx, escalate.wound(replace(placed, told=told), case))

    def press(
        self, tx: Tx, case: Id, *, viewers: int | None = None, reports: int | None = None
    ) -> Case:
        """Tell how many people watch or reported; the case rises when the rules say so.

        Args:
            tx: the transaction of whoever counted.
            case: its id.
            viewers: people who watch now; None: nothing new.
            reports: reports by people so far; None: nothing new.

        Raises:
            NotFound: no such case.
        """
        tx.lock_changes()
        found = cases.get(tx, case)
        if found.state is CaseState.CLOSED:
            return found
        last = rows.last(tx, case)
        facts = last.facts if last else facts_of(tx, found)
        facts = replace(
            facts,
            viewers=facts.viewers if viewers is None else viewers,
            reports=facts.reports if reports is None else reports,
        )
        version = rows.live(tx)
        place = version.ruleset.place(facts)
        if place.priority.rank < found.priority.rank:
            found = queue.reprioritise(
                tx, found, place.priority, due_at=min(found.due_at, tx.now + place.due_in),
                by="routing", note=_pressed_words(facts), what="raised",
            )  # fmt: skip
        rows.record(tx, case, version, facts, place)
        placed = queue.waiting(tx, case)
        placed = replace(placed, viewers=facts.viewers, reports=facts.reports)
        queue.put(tx, escalate.wound(placed, found))
        return found

    def versions(self, who: Principal) -> list[Version]:
        """All versions, the newest first.

        Raises:
            NotAllowed: this role does not set rules.
        """
        _leads(who)
        with self._db.read() as tx:
            return rows.every(tx)

    def live(self) -> Version:
        """The version in force."""
        with self._db.read() as tx:
            return rows.live(tx)

    def create(self, who: Principal, text: Mapping[str, Any], *, note: str) -> Version:
        """Keep a new version as a draft.

        Raises:
            NotAllowed: this role does not set rules.
            BadInput: the rules cannot be read, or nothing says what they are for.
        """
        _leads(who)
        ruleset, note = parse(text), " ".join(note.split())
        storable(note)
        if not 0 < len(note) <= 200:
            raise BadInput("Say in 1 to 200 letters what these rules are for.")
        with self._db.transaction() as tx:
            made = rows.create(tx, ruleset, note=note, by=who.id)
            tx.audit(who.id, "routing.create", str(made.number), rules=len(ruleset.rules))
            return made

    def set_mode(self, who: Principal, number: int, mode: Mode) -> Version:
        """Set a version live, in shadow, or retire it.

        Raises:
            NotAllowed: this role does not set rules.
            NotFound: no such version.
            BadInput: a version becomes no draft again, and the built-in one is not retired.
        """
        _leads(who)
        if mode is Mode.DRAFT or (number == 0 and mode is not Mode.LIVE):
            raise BadInput("Set a version live, in shadow, or retire it; version 0 only live.")
        with self._db.transaction() as tx:
            rows.set_mode(tx, number, mode, by=who.id)
            tx.audit(who.id, f"routing.{mode.value}", str(number))
            return rows.get(tx, number)

    def dry_run(self, who: Principal, ruleset: Ruleset) -> Comparison:
        """What these rules would have done with the cases of the last week. Changes nothing.

        Raises:
            NotAllowed: this role does not set rules.
        """
        _leads(who)
        with self._db.read() as tx:
            routed = rows.routed(tx, since=tx.now - LOOK_BACK)
            return compared((one, ruleset.place(one.facts)) for one in routed)

    def shadowed(self, who: Principal, number: int) -> Comparison:
        """What a version in shadow would have done, beside what was done.

        Raises:
            NotAllowed: this role does not set rules.
            NotFound: no such version.
        """
        _leads(who)
        with self._db.read() as tx:
            rows.get(tx, number)
            since = tx.now - LOOK_BACK
            would = {r.case: r.place for r in rows.routed(tx, since=since, shadow_of=number)}
            done = [r for r in rows.routed(tx, since=since) if r.case in would]
            return compared((one, would[one.case]) for one in done)

    def _route(self, tx: Tx, case: Case) -> None:
        facts = facts_of(tx, case)
        version, shadow = rows.live(tx), rows.shadow(tx)
        place = version.ruleset.place(facts)
        rows.record(tx, case.id, version, facts, place)
        if shadow is not None:
            rows.record(tx, case.id, shadow, facts, shadow.ruleset.place(facts))
        due_at = case.opened_at + place.due_in
        if (place.priority, due_at) != (case.priority, case.due_at):
            case = queue.reprioritise(
                tx, case, place.priority, due_at=due_at, by="routing", what="routed",
                note=f"Rule “{place.rule}”." if place.rule else "No rule names it.",
            )  # fmt: skip
        made = Waiting(case.id, place.queue, place.skill, place.rule, version.number)
        queue.put(tx, escalate.wound(made, case), facts.content)


def facts_of(tx: Tx, case: Case) -> CaseFacts:
    """What rules may ask of a case that was just opened."""
    upload = uploads.find(tx, case.subject)
    matches = upload.verdict.matches if upload and upload.verdict else ()
    labels = frozenset(label.casefold() for m in matches if m.acting for label in m.labels)
    stream = streams.find(tx, case.subject) if case.kind is CaseKind.STREAM else None
    return CaseFacts(
        kind=case.kind,
        service=case.service,
        priority=case.priority,
        surface=upload.surface.value if upload else stream.surface if stream else "",
        labels=labels,
        content=labels | _content(case, upload),
        viewers=stream.viewers if stream else 0,
    )


def compared(pairs: Iterable[tuple[rows.Route, Place]]) -> Comparison:
    """Set what was done beside what would be."""
    total, changed = 0, []
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for route, place in pairs:
        total += 1
        before[route.place.queue] += 1
        after[place.queue] += 1
        if route.place.differs(place):
            changed.append(Difference(route.case, route.number, route.place, place))
    return Comparison(
        cases=total,
        changed=len(changed),
        by_queue={name: (before[name], after[name]) for name in sorted({*before, *after})},
        differences=tuple(changed[:SHOWN]),
    )


def _content(case: Case, upload: Upload | None) -> frozenset[str]:
    if case.kind in _SHOWS:
        return frozenset({_SHOWS[case.kind].value})
    type_ = (upload.type or upload.declared_type).partition("/")[0] if upload else ""
    return frozenset({_MEDIA[type_].value}) if type_ in _MEDIA else frozenset()


def _pressed_words(facts: CaseFacts) -> str:
    told = []
    if facts.viewers:
        told.append(f"{facts.viewers} watch now")
    if facts.reports:
        told.append(f"{facts.reports} reported it")
    return ", ".join(told) + "."


def _leads(who: Principal) -> None:
    if not who.may(Permission.ROUTING_WRITE):
        raise NotAllowed("Routing rules are set by an administrator.")
