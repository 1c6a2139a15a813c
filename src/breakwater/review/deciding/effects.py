"""What a decision reaches, planned first and then made true by the same hand.

In comes a decision on a case; out goes its `Plan`: every upload it reaches and what becomes of
each. The preview shows it, a second person signs it, `make` does it: what was shown is what is
done. Small pages of uploads are done at once; of a wrong entry that touched thousands the rest
follows in the background (`RELEASE_JOB`). Used by `review.deciding.decide`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from breakwater.model.case import Case, CaseKind, CaseState
from breakwater.model.clock import iso
from breakwater.model.decision import UNDO, Decision, DecisionKind, Effect, Outcome, Touched
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.match import Action
from breakwater.model.upload import Upload
from breakwater.records import banks, cases, decisions, duplicates, jobs, uploads
from breakwater.records.database import Tx
from breakwater.review.deciding import policy

AT_ONCE: Final = 200
"""Uploads changed in one transaction."""

RELEASE_JOB: Final = "review.release"
"""Kind of the job that releases the rest of what a wrong entry touched."""

SETTLE_JOB: Final = "review.settle"
"""Kind of the job that destroys released media when a decision can no longer be undone whole."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A decision and what it would do.

    Attributes:
        case: it is taken on.
        upload: the case is about; None for a bank.
        dismissed: numbers of the entries it speaks of.
        uploads: all that it reaches now, by id.
    """

    case: Case
    kind: DecisionKind
    effect: Effect
    upload: Upload | None = None
    dismissed: frozenset[int] = frozenset()
    uploads: Mapping[Id, Upload] = field(default_factory=dict)


def plan(tx: Tx, case: Case, kind: DecisionKind, also: Sequence[Id] = ()) -> Plan:
    """Work out what a decision would do, changing nothing.

    Args:
        tx: a snapshot, or the transaction that will do it.
        case: it is taken on.
        kind: the decision.
        also: cases of the same stack that it covers; others, and closed ones, are left out.
    """
    upload = uploads.find(tx, case.subject)
    dismissed = policy.judged_by(kind, upload)
    reached: dict[Id, Upload] = {}
    later = 0
    if kind.ends and upload is not None:
        stack = duplicates.stack_of(tx, upload) if also else []
        reached = {upload.id: upload} | {o.id: o for o in stack if o.case in also}
        if kind is DecisionKind.WRONG_MATCH:
            reached |= uploads.many(tx, decisions.touched_by(tx, dismissed, limit=AT_ONCE))
            here = sum(not dismissed.isdisjoint(policy.entries_of(o)) for o in reached.values())
            later = max(0, decisions.count_touched(tx, dismissed) - here)
    touched = _touch(tx, kind, reached.values(), dismissed, own=case.subject)
    entries = tuple(sorted(dismissed)) if kind is DecisionKind.WRONG_MATCH else ()
    effect = Effect(kind, touched, entries, later=later)
    effect = replace(effect, second=policy.needs_second(effect.released))
    return Plan(case, kind, effect, upload, dismissed, reached)


def _touch(
    tx: Tx,
    kind: DecisionKind,
    reached: Iterable[Upload],
    dismissed: frozenset[int],
    *,
    own: Id | None = None,
) -> tuple[Touched, ...]:
    actions = {bank.name: bank.action for bank in banks.every(tx)}
    out = []
    for upload in reached:
        outcome, why = policy.outcome_for(
            kind, upload, dismissed=dismissed, actions=actions, own=upload.id == own
        )
        out.append(
            Touched(
                upload=upload.id, outcome=outcome, case=upload.case, service=upload.service,
                account=upload.origin.account, before=upload.revision, after=upload.revision,
                why=why,
            )
        )  # fmt: skip
    return tuple(out)


def make(tx: Tx, planned: Plan, decision: Decision) -> None:
    """Make a plan true: verdicts, effects, the other cases, what services are told.

    The case itself is closed or sent on by the caller.
    """
    done = [
        _revise(tx, planned.uploads[one.upload], one, planned, decision.kind)
        for one in planned.effect.touched
    ]
    decisions.add_effects(tx, decision.id, done)
    _close_others(tx, decision, done)
    if planned.effect.later:
        jobs.enqueue(tx, RELEASE_JOB, {"decision": decision.id})
    if any(one.outcome is Outcome.RELEASED for one in done):
        settle_later(tx, decision.id)


def settle_later(tx: Tx, decision: Id) -> None:
    """Destroy the media of what was released, when the time to undo is over."""
    jobs.enqueue(
        tx, SETTLE_JOB, {"decision": decision}, dedup_key=f"settle:{decision}", run_at=tx.now + UNDO
    )


def release_more(tx: Tx, decision: Decision) -> int:
    """Release the next page of what a wrong entry touched; answers how many were reached."""
    lead = uploads.find(tx, cases.get(tx, decision.case).subject)
    dismissed = wrong_entries(tx, decision)
    if lead is None or not dismissed:
        return 0
    ids = decisions.touched_by(tx, dismissed, limit=AT_ONCE, beyond=decision.id)
    reached = uploads.many(tx, ids)
    effect = Effect(decision.kind, _touch(tx, decision.kind, reached.values(), dismissed))
    case = cases.get(tx, decision.case)
    make(tx, Plan(case, decision.kind, effect, lead, dismissed, reached), decision)
    return len(ids)


def wrong_entries(tx: Tx, decision: Decision) -> frozenset[int]:
    """The entries a wrong match speaks of, as the verdict before it named them."""
    for one in decisions.effects(tx, decision.id):
        if one.case == decision.case:
            for revision in uploads.history(tx, one.upload):
                if revision.revision == one.before:
                    named = (m for m in revision.verdict.matches if m.acting and not m.negative)
                    return frozenset(match.number for match in named)
    return frozenset()


def _revise(tx: Tx, upload: Upload, one: Touched, planned: Plan, kind: DecisionKind) -> Touched:
    verdict = policy.verdict_after(kind, upload, one.outcome, dismissed=planned.dismissed)
    if verdict is None:
        return one
    revised = uploads.revise(tx, upload.id, verdict)
    was = upload.verdict.action if upload.verdict else Action.ALLOW
    if was is not verdict.action:
        tell_changed(tx, upload.id, was=was, now=verdict.action)
    return replace(one, after=revised.revision)


def tell_changed(tx: Tx, upload: Id, *, was: Action, now: Action) -> None:
    """Tell the service that a person changed what becomes of an upload."""
    tx.emit(
        EventType.VERDICT_CHANGED, upload, action=now.value, before=was.value, why="decision",
        webhook=True,
    )  # fmt: skip


def _close_others(tx: Tx, lead: Decision, done: Sequence[Touched]) -> None:
    """Every other case that the decision answers gets a row of its own and is closed."""
    ends = {one.case for one in done if one.outcome in {Outcome.RELEASED, Outcome.KEPT}}
    others = [case for case in ends if case is not None and case != lead.case]
    still = decisions.waiting(tx, others)
    for case in sorted(still):
        led = decisions.add(
            tx, case=case, kind=lead.kind, by=lead.by, second=lead.second, reason=lead.reason,
            facts=lead.facts, lead=lead.id,
        )  # fmt: skip
        closed = cases.close(tx, case, by=lead.by, reason=lead.reason)
        tell(tx, closed, led)


def tell(tx: Tx, case: Case, decision: Decision, *, undone: bool = False) -> None:
    """Write the event that tells everybody who wants to know; the body is the webhook's data."""
    upload = uploads.find(tx, case.subject)
    verdict = upload.verdict if upload else None
    tx.emit(
        EventType.CASE_DECIDED,
        case.id,
        decision=decision.id,
        kind=decision.kind.value,
        undone=undone,
        service=case.service,
        told={
            "case": case.id,
            "id": upload.id if upload else None,
            "stream": case.subject if case.kind is CaseKind.STREAM else None,
            "service": case.service,
            "reference": upload.origin.reference if upload else "",
            "decision": decision.kind.value,
            "context": decision.facts.context,
            "account_role": decision.facts.role,
            "action": verdict.action.value if verdict else None,
            "state": CaseState.CLOSED.value if case.state is CaseState.CLOSED else "open",
            "undone": undone,
            "automated": False,
            "decided_at": iso(decision.at),
        },
    )


def facts_of(effect: Effect) -> dict[str, Any]:
    """An effect in numbers, for the audit log and the second person."""
    return {
        "kind": effect.kind.value,
        "items": len(effect.touched) + effect.later,
        "released": effect.released,
        "held": effect.count(Outcome.HELD),
        "entries": list(effect.entries[:20]),
        "effect": effect.digest,
    }
