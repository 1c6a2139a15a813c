"""Bulk acts on cases: always a preview first, applied exactly as it was shown, undone as a whole.

In go a selection (cases by id, or every case a filter means) and what to do; out comes one
line a case of what would change, and which cases stay as they are and why. The preview's token
names exactly what was seen: when a case changed meanwhile the act is refused, not half done.
An undo within ten minutes puts back what nobody touched since, and says what it left. Tested
in `tests/contract/test_review_bulk.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Principal
from breakwater.model.case import Case, CaseState, Priority
from breakwater.model.ids import Id, new_id, parse_id
from breakwater.model.queue import (
    HANDED,
    MOST_BULK,
    BulkAct,
    BulkChange,
    BulkKind,
    BulkPreview,
    CaseFilter,
)
from breakwater.records import bulk as acts
from breakwater.records import cases, people, routing
from breakwater.records import queue as rows
from breakwater.records.database import Database, Tx
from breakwater.review.queueing.queue import decider, reason_of, receiver

Selection = Sequence[Id] | CaseFilter
"""Cases by id, or every case that waits and that a filter means."""

_STAYS: Final = "It is so already."


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo put back, and the numbers of cases that others changed since."""

    restored: int
    left: tuple[int, ...]


class Bulk:
    """Does one thing to many cases."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def preview(self, who: Principal, kind: BulkKind, value: str, chosen: Selection) -> BulkPreview:
        """What would change. Changes nothing.

        Args:
            who: a person who decides cases.
            kind: what to do.
            value: a priority, the name of a queue, or the id of a person.
            chosen: which cases.

        Raises:
            NotAllowed: this role decides no cases.
            BadInput: nothing chosen, too much, or a value that does not fit.
        """
        person = decider(who)
        with self._db.read() as tx:
            return _preview(tx, person, kind, value, chosen)

    def apply(
        self, who: Principal, kind: BulkKind, value: str, chosen: Selection, *, token: str,
        reason: str,
    ) -> BulkAct:  # fmt: skip
        """Do exactly what a preview showed.

        Args:
            who: a person who decides cases.
            kind: what to do.
            value: as it was previewed.
            chosen: as it was previewed.
            token: of the preview that the person saw.
            reason: in a few words.

        Raises:
            Conflict: something changed since the preview.
            BadInput: no reason, or nothing would change.
        """
        person, reason = decider(who), reason_of(reason)
        with self._db.transaction() as tx:
            tx.lock_changes()
            seen = _preview(tx, person, kind, value, chosen)
            if seen.token != token:
                raise Conflict("A case of these changed meanwhile. Look at the preview again.")
            if not seen.changes:
                raise BadInput("Nothing would change.")
            act = BulkAct(new_id(), kind, value, reason, person, tx.now, seen.changes)
            for change in seen.changes:
                _do(tx, act, change)
            acts.put(tx, act)
            tx.audit(
                person, "case.bulk", act.id, kind=kind.value, value=value, reason=reason,
                cases=[change.number for change in act.changes],
            )  # fmt: skip
            return act

    def undo(self, who: Principal, act: Id) -> Undone:
        """Put back what one's own act changed, but for cases that others changed since.

        Raises:
            NotFound: no such act.
            NotAllowed: somebody else's.
            Conflict: it was undone, or it is too late.
        """
        person = decider(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            done = acts.get(tx, act)
            if done.by != person:
                raise NotAllowed("Only whoever did it can undo it.")
            if done.undone_at is not None:
                raise Conflict("It was undone already.")
            if tx.now >= done.undo_until:
                raise Conflict("It is too late to undo it as a whole. Change the cases one by one.")
            left = [change.number for change in done.changes if not _undo(tx, done, change)]
            restored = len(done.changes) - len(left)
            acts.undo(tx, act, by=person, restored=restored, left=len(left))
            tx.audit(person, "case.bulk_undo", act, restored=restored, left=left)
            return Undone(restored, tuple(left))

    def act(self, who: Principal, act: Id) -> BulkAct | None:
        """One's own act; None when there is none of this id."""
        with self._db.read() as tx:
            mine = acts.of_person(tx, decider(who))
            return next((one for one in mine if one.id == act), None)


def _preview(tx: Tx, person: Id, kind: BulkKind, value: str, chosen: Selection) -> BulkPreview:
    if kind is BulkKind.QUEUE:
        _known_queue(tx, value)
    changes, left = [], {}
    for case in _chosen(tx, chosen):
        change = _PLANS[kind](tx, person, case, value)
        if isinstance(change, str):
            left[case.number] = change
        else:
            changes.append(change)
    return BulkPreview(kind, value, tuple(changes), left)


def _known_queue(tx: Tx, queue: str) -> str:
    """The skill that a queue asks for.

    Raises:
        BadInput: the rules in force know no such queue, so nobody would look there.
    """
    ruleset = routing.live(tx).ruleset
    if queue not in ruleset.queues:
        raise BadInput(f"There is no such queue. Queues: {', '.join(ruleset.queues)}.")
    return ruleset.skill_of(queue)


def _chosen(tx: Tx, chosen: Selection) -> list[Case]:
    """The cases, in the queue's order or as they were named."""
    if isinstance(chosen, CaseFilter):
        found = rows.page(tx, chosen, limit=MOST_BULK + 1)
    else:
        found = [cases.get(tx, case) for case in dict.fromkeys(chosen)]
    if not found:
        raise BadInput("Choose at least one case.")
    if len(found) > MOST_BULK:
        raise BadInput(f"At most {MOST_BULK:,} cases at once. Narrow the filter.")
    return found


def _stays(tx: Tx, person: Id, case: Case) -> str:
    """Why a case is left alone; empty when it may be changed."""
    if case.state is CaseState.CLOSED:
        return "It is closed."
    held = case.held_by is not None and (case.held_until or tx.now) > tx.now
    if held and case.held_by != person:
        return f"{people.get(tx, Id(str(case.held_by))).name} holds it."
    return ""


def _plan_priority(tx: Tx, person: Id, case: Case, value: str) -> BulkChange | str:
    if value not in set(Priority):
        raise BadInput(f"A priority is one of {', '.join(Priority)}.")
    wanted = Priority(value)
    stays = _stays(tx, person, case) or (_STAYS if case.priority is wanted else "")
    return stays or BulkChange(
        case.id, case.number, case.version,
        before=case.priority.value, after=wanted.value,
        restore={"priority": case.priority.value, "due_at": case.due_at.isoformat()},
    )  # fmt: skip


def _plan_queue(tx: Tx, person: Id, case: Case, value: str) -> BulkChange | str:
    place = rows.waiting(tx, case.id)
    stays = _stays(tx, person, case) or (_STAYS if place.queue == value else "")
    return stays or BulkChange(
        case.id, case.number, case.version, before=place.queue, after=value,
        restore={"queue": place.queue, "skill": place.skill},
    )  # fmt: skip


def _plan_hand_over(tx: Tx, person: Id, case: Case, value: str) -> BulkChange | str:
    to = parse_id(value)
    if to is None:
        raise BadInput("Choose the colleague.")
    stays = _stays(tx, person, case)
    try:
        after = receiver(tx, case, person, to).name
    except NotAllowed as refused:
        stays = stays or refused.detail
        after = ""
    mine = case.held_by == person and case.state is CaseState.HELD
    return stays or BulkChange(
        case.id, case.number, case.version, before="You" if mine else "Nobody", after=after,
    )  # fmt: skip


_PLANS: Final = {
    BulkKind.PRIORITY: _plan_priority,
    BulkKind.QUEUE: _plan_queue,
    BulkKind.HAND_OVER: _plan_hand_over,
}


def _do(tx: Tx, act: BulkAct, change: BulkChange) -> None:
    """Change one case; its row version goes up by exactly one."""
    case = cases.get(tx, change.case)
    if act.kind is BulkKind.PRIORITY:
        priority = Priority(act.value)
        rows.reprioritise(
            tx, case, priority, due_at=case.opened_at + priority.due_in, by=act.by,
            note=act.reason, what="reprioritised",
        )  # fmt: skip
    elif act.kind is BulkKind.QUEUE:
        skill = _known_queue(tx, act.value)
        rows.move(tx, case, queue=act.value, skill=skill, by=act.by, note=act.reason)
    else:
        rows.hand_over(
            tx, case.id, by=act.by, to=Id(act.value), until=tx.now + HANDED, note=act.reason
        )


def _undo(tx: Tx, act: BulkAct, change: BulkChange) -> bool:
    """Put one case back, unless it was changed since."""
    case = cases.get(tx, change.case)
    if case.version != change.version + 1 or case.state is CaseState.CLOSED:
        return False
    note, restore = "Undone.", change.restore
    if act.kind is BulkKind.PRIORITY:
        _restore_priority(tx, case, restore, act.by, note)
    elif act.kind is BulkKind.QUEUE:
        rows.move(tx, case, queue=restore["queue"], skill=restore["skill"], by=act.by, note=note)
    else:
        rows.give_back(tx, case.id, by=act.by, what="released", note=note)
    return True


def _restore_priority(tx: Tx, case: Case, restore: Mapping[str, str], by: Id, note: str) -> None:
    rows.reprioritise(
        tx, case, Priority(restore["priority"]), due_at=datetime.fromisoformat(restore["due_at"]),
        by=by, note=note, what="reprioritised",
    )  # fmt: skip
