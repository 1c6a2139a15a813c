"""A decision as somebody asks for it: whether they may, in which words, and as a proposal.

In comes a case with who decides what of it; out goes `Asked`, or the approval that a second
person looks at, and read back from it. Used by `review.deciding.decide` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from breakwater.errors import BadInput, Conflict, NeedsSecondPerson
from breakwater.model.approval import Approval
from breakwater.model.case import Case, CaseState
from breakwater.model.decision import DecisionFacts, DecisionKind
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.records import approvals, cases, decisions, people
from breakwater.records.database import Tx
from breakwater.review.deciding import effects, policy

DECISION: Final = "decision"
"""Kind of the approval that a decision on many items waits for."""

LONGEST: Final = 2_000
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision as somebody asks for it."""

    case: Case
    kind: DecisionKind
    reason: str
    facts: DecisionFacts
    also: tuple[Id, ...]


def ready(tx: Tx, case: Id, person: Id, kind: DecisionKind, version: int | None) -> Case:
    """The case, if this person may decide it now."""
    found = cases.get(tx, case)
    holds = found.held_by if found.held_until and found.held_until > tx.now else None
    if found.state is CaseState.CLOSED:
        raise Conflict(f"{last_act(tx, found)} Nothing more was changed.", version=found.version)
    if holds not in {None, person}:
        name = people.get(tx, Id(str(holds))).name
        raise Conflict(f"This case is not yours. {name} holds it.", held_by=name)
    if version is not None and version != found.version and holds != person:
        raise Conflict(f"{last_act(tx, found)} Decide anew.", version=found.version)
    if kind.ends and person in decisions.asked_for_another(tx, case):
        raise NeedsSecondPerson("You asked for a second opinion; another person decides.")
    return found


def last_act(tx: Tx, case: Case) -> str:
    """Who changed a case last, and what they did."""
    said = decisions.standing(tx, case.id)
    if case.state is CaseState.CLOSED and said is not None:
        name, at = people.get(tx, said.by).name, f"{said.at:%H:%M}"
        return f"{name} decided this case at {at}: {said.kind.value.replace('_', ' ')}."
    if case.state is CaseState.CLOSED:
        return f"Case {case.number} was closed meanwhile."
    return f"Case {case.number} was changed meanwhile."


def reason_of(words: str, kind: DecisionKind) -> str:
    """Their words, or the kind's own sentence; raises `BadInput` for too many."""
    if len(words) > LONGEST:
        raise BadInput(f"A reason has at most {LONGEST:,} characters.")
    return words.strip() or policy.REASONS[kind]


def propose(tx: Tx, plan: effects.Plan, asked: Asked, person: Id, *, given: bool) -> Approval:
    """Write down that it waits for a second person."""
    if not given:
        raise BadInput("Give a reason of your own: a second person reads it before they agree.")
    tx.audit(person, "decision.propose", asked.case.id, **effects.facts_of(plan.effect))
    cases.note(tx, asked.case.id, by=person, what="proposed", words=asked.reason)
    tx.emit(EventType.CASE_CHANGED, asked.case.id, proposed=True)
    facts = effects.facts_of(plan.effect) | {
        "facts": asked.facts.plain(), "also": list(asked.also), "accounts": plan.effect.accounts,
    }  # fmt: skip
    return approvals.propose(
        tx, kind=DECISION, subject=asked.case.id, by=person, reason=asked.reason, facts=facts
    )


def proposed(tx: Tx, waits: Approval) -> Asked:
    """A proposal read back, if its case still waits."""
    case = cases.get(tx, Id(waits.subject))
    if case.state is CaseState.CLOSED:
        raise Conflict(f"{last_act(tx, case)} The proposal has nothing left to do.")
    return Asked(
        case=case,
        kind=DecisionKind(waits.facts["kind"]),
        reason=waits.reason,
        facts=DecisionFacts.read(waits.facts["facts"]),
        also=tuple(Id(other) for other in waits.facts["also"]),
    )
