"""Taking a decision back, and what can no longer be taken back.

Undo is a row that names the other one: the case waits again, verdicts are what they were
unless something newer stands, services are told. Media of what was released are destroyed by
`settle` once `Decision.media_until` has passed ("delete at once when suspicion is not
confirmed", reference: law); what is appealed stays locked until the appeal is closed. Used by
`review.deciding.decide`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from breakwater.errors import Conflict, NotFound
from breakwater.model.case import CaseState, Priority
from breakwater.model.decision import Decision, DecisionKind, Outcome, Touched
from breakwater.model.ids import Id
from breakwater.model.match import Verdict
from breakwater.records import (
    appeals,
    approvals,
    cases,
    decisions,
    holds,
    jobs,
    skips,
    uploads,
)
from breakwater.records.database import Tx
from breakwater.review.deciding import broadcasts, effects, wrong

SHRED_JOB: Final = "vault.shred"
"""Kind of the job, run by `intake`, that destroys a blob's key and bytes."""

TAKEN_BACK: Final = "Taken back."
"""What stands as reason when a person gives none of their own."""

K = DecisionKind


def take_back(tx: Tx, decision: Id, *, by: Id, reason: str) -> Decision:
    """Undo a decision, and with it those that it led.

    Raises:
        NotFound: no such decision.
        Conflict: it was taken back already, or the case was decided anew since.
    """
    asked = decisions.get(tx, decision)
    said = decisions.get(tx, asked.lead) if asked.lead else asked
    if not said.stands:
        raise Conflict("This decision was taken back already.")
    last = decisions.standing(tx, said.case)
    if last is None or last.id != said.id:
        raise Conflict("The case was decided anew since. Take the newer decision back first.")
    row = decisions.add(
        tx, case=said.case, kind=said.kind, by=by, reason=reason or TAKEN_BACK,
        facts=said.facts, undoes=said.id,
    )  # fmt: skip
    done = decisions.effects(tx, said.id)
    for one in done:
        _restore(tx, one)
    if said.kind is K.WRONG_MATCH:
        _unsay(tx, said, by)
    broadcasts.take_back(tx, cases.get(tx, said.case), said, by=by)
    for led in (said, *decisions.led_by(tx, said.id)):
        _reopen(tx, led, row)
    tx.audit(by, "case.undo", said.case, decision=said.id, kind=said.kind.value, items=len(done))
    return row


def _restore(tx: Tx, one: Touched) -> None:
    """Give an upload the verdict it had, unless somebody or something judged it anew."""
    upload = uploads.find(tx, one.upload)
    if upload is None or one.after == one.before or upload.revision != one.after:
        return
    before = _revision(tx, one.upload, one.before)
    if before is None or upload.verdict is None:
        return
    uploads.revise(tx, one.upload, before)
    if before.action is not upload.verdict.action:
        effects.tell_changed(tx, one.upload, was=upload.verdict.action, now=before.action)


def _revision(tx: Tx, upload: Id, number: int) -> Verdict | None:
    found = (r.verdict for r in uploads.history(tx, upload) if r.revision == number)
    return next(found, None)


def _reopen(tx: Tx, said: Decision, row: Decision) -> None:
    """The case waits again, as urgent as it was."""
    case = cases.get(tx, said.case)
    if case.state is CaseState.CLOSED:
        case = decisions.reopen(tx, case.id, by=row.by, what="reopened", reason=row.reason)
    if said.priority_before:
        was = Priority(said.priority_before)
        case = cases.set_priority(tx, case.id, was, by=row.by, reason=row.reason)
    if said.kind is K.DANGER_NOW:
        _stand_down(tx, case.id, row)
    if not said.kind.ends:
        # Whoever sent it on is offered it again: what kept it from them is taken back too.
        skips.unskip(tx, case.id, said.by, since=said.at, reason=row.reason)
    effects.tell(tx, case, said, undone=True)


def _stand_down(tx: Tx, case: Id, row: Decision) -> None:
    with suppress(NotFound):  # a second person has confirmed it, or it lapsed
        approvals.refuse(tx, kind=K.DANGER_NOW.value, subject=case, by=row.by, note=row.reason)


def _unsay(tx: Tx, said: Decision, by: Id) -> None:
    upload = uploads.find(tx, cases.get(tx, said.case).subject)
    if upload is not None:
        wrong.unsay(tx, said, upload, effects.wrong_entries(tx, said), by=by)


def settle(tx: Tx, said: Decision) -> int:
    """Destroy what is kept of released uploads, and stills of released broadcasts; how many.

    What was taken back, judged anew, appealed or is held keeps its media.
    """
    if not said.stands:
        return 0
    settled = 0
    for one in decisions.effects(tx, said.id):
        upload = uploads.find(tx, one.upload) if one.outcome is Outcome.RELEASED else None
        if upload is None or upload.blob is None or upload.revision != one.after:
            continue
        if appeals.holds(tx, upload.id) or holds.held_upload(tx, upload.id, upload.blob):
            continue
        uploads.forget_evidence(tx, upload.id)
        jobs.enqueue(tx, SHRED_JOB, {"blob": upload.blob})
        settled += 1
    for blob in broadcasts.stills(tx, said):
        if holds.held_blob(tx, blob):
            continue
        jobs.enqueue(tx, SHRED_JOB, {"blob": blob})
        settled += 1
    if settled:
        tx.audit("system", "media.shredded", said.case, decision=said.id, items=settled)
    return settled
