"""Deciding a case: what a person says is written down, made true and told, in one transaction.

In comes who says what of which case, with the row version they saw; out goes the `Decision`.
It releases or keeps the upload, closes the case or sends it on, and writes `case.decided` for
the signed webhook. More than 10 released items wait for a second person (`confirm`); undo is a
new row and restores what stood before. A child in danger is told to whoever is on call at once.
Fed by `web.api.decisions` and `web.pages.case`; tests: `tests/integration/test_decisions.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from breakwater.errors import (
    BadInput,
    Conflict,
    NeedsSecondPerson,
    NeedsSignature,
    NotAllowed,
    NotFound,
)
from breakwater.model.access import Permission, Principal
from breakwater.model.approval import Approval
from breakwater.model.case import Case, CaseKind, Priority
from breakwater.model.decision import (
    NO_FACTS,
    Decision,
    DecisionFacts,
    DecisionKind,
    Effect,
    Profile,
)
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.queue import LEASE, SKIPPED_FOR
from breakwater.model.signin import Signed, about_cut
from breakwater.records import approvals, cases, decisions, skips
from breakwater.records.database import Database, Tx
from breakwater.review.deciding import broadcasts, effects, policy, undo, wrong
from breakwater.review.deciding.asking import (
    DECISION,
    LONGEST,
    Asked,
    propose,
    proposed,
    ready,
    reason_of,
)

DANGER: Final = "danger_now"
"""Kind of the approval by which a second person stands behind an urgent report."""

K = DecisionKind


class Decisions:
    """What people decide on cases."""

    def __init__(
        self, *, db: Database, profile: Profile = Profile.TEAM, cut_by_two: bool = False
    ) -> None:
        """`cut_by_two`: cutting a broadcast takes two people; the first one freezes it."""
        self._db = db
        self._profile = profile
        self._cut_by_two = cut_by_two

    def decide(
        self,
        who: Principal,
        case: Id,
        kind: DecisionKind,
        *,
        reason: str = "",
        facts: DecisionFacts = NO_FACTS,
        expected_version: int | None = None,
        also: Sequence[Id] = (),
        expected_effect: str = "",
        signed: Signed | None = None,
    ) -> Decision:
        """Decide a case, and the others of its stack that are named.

        Args:
            who: the person.
            case: its id.
            kind: what they say.
            reason: in their words; empty stands for the kind's own sentence.
            facts: what they add.
            expected_version: the row version they saw; None decides whatever it is.
            also: further cases of the same stack.
            expected_effect: `Effect.digest` as it was shown; empty takes it as it is.
            signed: where it cuts a broadcast: their signature under `model.signin.about_cut`.

        Raises:
            NotAllowed: not by this role, or the same person who asked for a second opinion.
            Conflict: it was changed meanwhile, somebody else holds it, or it reaches more by now.
            NeedsSecondPerson: it was proposed and waits; another person confirms it.
            NeedsSignature: it cuts a broadcast and is not signed; that is frozen meanwhile.
            BadInput: this case is not decided so, a fact is missing, or another thing is signed.
        """
        person = _person(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = ready(tx, case, person, kind, expected_version)
            asked = Asked(found, kind, reason_of(reason, kind), facts, tuple(dict.fromkeys(also)))
            plan = self._planned(tx, asked, expected_effect)
            cuts = broadcasts.uncut(tx, found) if kind.keeps else None
            if not plan.effect.second and cuts is not None and signed is not None:
                signed.check(person, about_cut(cuts.id), tx.now)
                tx.audit(person, "stream.sign", cuts.id, signed=signed.method)
            if not plan.effect.second and (cuts is None or signed is not None):
                return self._make(tx, plan, asked, by=person)
            approval = None
            if plan.effect.second:
                approval = propose(tx, plan, asked, person, given=bool(reason.strip()))
            frozen = kind.keeps and broadcasts.freeze(tx, found, by=person) is not None
        if approval is None:
            raise NeedsSignature("It is frozen. Sign to cut it, by passkey or password.")
        what = f"It releases {plan.effect.released} items"
        if kind.keeps:
            what = "It is frozen" if frozen else "It stays frozen"
        raise NeedsSecondPerson(f"{what} and waits for a second person.", approval=approval.id)

    def preview(
        self, who: Principal, case: Id, kind: DecisionKind, *, also: Sequence[Id] = ()
    ) -> Effect:
        """What a decision would do; changes nothing.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such case.
        """
        _person(who)
        with self._db.read() as tx:
            found = cases.get(tx, case)
            return self._by_two(effects.plan(tx, found, kind, also)).effect

    def cut_to_sign(self, case: Id) -> str:
        """What is signed to cut the broadcast of a case; empty where there is nothing to cut.

        Raises:
            NotFound: no such case.
        """
        with self._db.read() as tx:
            stream = broadcasts.uncut(tx, cases.get(tx, case))
        return "" if stream is None else about_cut(stream.id)

    def to_sign(self, who: Principal, case: Id) -> Approval:
        """What this person would stand behind as the second one; they sign its id.

        Raises:
            NotFound: nothing waits here, or it lapsed.
            NeedsSecondPerson: the same person who proposed it.
        """
        person = _person(who)
        with self._db.read() as tx:
            waits = waiting_for_second(tx, case)
        if waits.by == person:
            raise NeedsSecondPerson("You proposed it yourself.")
        return waits

    def confirm(self, who: Principal, case: Id, signed: Signed, *, note: str = "") -> Decision:
        """Stand behind what somebody else decided: it acts now, or its urgent report may go.

        Raises:
            NotFound: nothing waits here, or it lapsed.
            NeedsSecondPerson: the same person who proposed it.
            BadInput: not signed anew for this proposal.
            Conflict: it reaches other items by now, or the case was closed.
        """
        person = _person(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            waits = waiting_for_second(tx, case)
            approvals.confirm(tx, kind=waits.kind, subject=case, by=person, note=note[:LONGEST])
            signed.check(person, waits.id, tx.now)
            tx.audit(person, "decision.confirm", case, kind=waits.kind, signed=signed.method)
            if waits.kind == DANGER:
                return _confirm_danger(tx, case, person)
            asked = proposed(tx, waits)
            plan = self._planned(tx, asked, str(waits.facts["effect"]))
            return self._make(tx, plan, asked, by=waits.by, second=person)

    def refuse(self, who: Principal, case: Id, *, note: str = "") -> Approval:
        """Disagree with what waits for a second person, or take one's own proposal back.

        Raises:
            NotFound: nothing waits here, or it lapsed.
        """
        person = _person(who)
        with self._db.transaction() as tx:
            waits = waiting_for_second(tx, case)
            tx.audit(person, "decision.refuse", case, kind=waits.kind)
            cases.note(tx, case, by=person, what="refused", words=note[:LONGEST])
            return approvals.refuse(
                tx, kind=waits.kind, subject=case, by=person, note=note[:LONGEST]
            )

    def undo(self, who: Principal, decision: Id, reason: str = "") -> Decision:
        """Take a decision back by a new row: the case waits again, verdicts are as before.

        Media of what was released come back until `Decision.media_until`; then they are gone.

        Raises:
            NotFound: no such decision.
            Conflict: it was taken back already, or the case was decided anew since.
        """
        person = _person(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            return undo.take_back(tx, decision, by=person, reason=reason.strip()[:LONGEST])

    def comment(self, who: Principal, case: Id, words: str) -> None:
        """Add a note for colleagues to a case; it is never changed, and never leaves.

        Raises:
            BadInput: it is empty or longer than 2,000 characters.
            NotFound: no such case.
        """
        person = _person(who)
        if not words.strip() or len(words) > LONGEST:
            raise BadInput(f"A comment has 1 to {LONGEST:,} characters.")
        with self._db.transaction() as tx:
            cases.get(tx, case)
            cases.note(tx, case, by=person, what="comment", words=words.strip())
            tx.audit(person, "case.comment", case)
            tx.emit(EventType.CASE_CHANGED, case, commented=True)

    def of_case(self, case: Id) -> list[Decision]:
        """What was said of a case, the first first.

        Raises:
            NotFound: no such case.
        """
        with self._db.read() as tx:
            cases.get(tx, case)
            return decisions.of_case(tx, case)

    def _planned(self, tx: Tx, asked: Asked, expected: str) -> effects.Plan:
        plan = self._by_two(effects.plan(tx, asked.case, asked.kind, asked.also))
        allowed = policy.kinds_for(asked.case.kind, plan.upload)
        policy.check(
            asked.kind,
            asked.facts,
            allowed=allowed,
            live=asked.case.kind is CaseKind.STREAM,
            words=asked.case.kind is CaseKind.CONVERSATION,
        )
        if expected and expected != plan.effect.digest:
            raise Conflict("It reaches other items than were shown. Look at the effect again.")
        return plan

    def _by_two(self, plan: effects.Plan) -> effects.Plan:
        """Ask for a second person where cutting a broadcast takes two."""
        if not (self._cut_by_two and plan.kind.keeps and plan.case.kind is CaseKind.STREAM):
            return plan
        return replace(plan, effect=replace(plan.effect, second=True))

    def _make(
        self, tx: Tx, plan: effects.Plan, asked: Asked, *, by: Id, second: Id | None = None
    ) -> Decision:
        before = asked.case.priority
        raised = _raised(asked.kind, before)
        decision = decisions.add(
            tx, case=asked.case.id, kind=asked.kind, by=by, second=second, reason=asked.reason,
            facts=asked.facts, priority_before=before.value if raised is not before else "",
        )  # fmt: skip
        effects.make(tx, plan, decision)
        if asked.kind is K.WRONG_MATCH and plan.upload is not None:
            wrong.speak(tx, decision, plan.upload, plan.dismissed)
        broadcasts.act(tx, asked.case, decision)
        case = self._send_on(tx, asked, decision, raised)
        tx.audit(by, "case.decide", case.id, **effects.facts_of(plan.effect))
        effects.tell(tx, case, decision)
        return decision

    def _send_on(self, tx: Tx, asked: Asked, decision: Decision, raised: Priority) -> Case:
        """Close the case, or give it to whoever is next."""
        case, by = asked.case, decision.by
        if asked.kind.ends:
            return cases.close(tx, case.id, by=by, reason=asked.reason)
        if raised is not case.priority:
            case = cases.set_priority(tx, case.id, raised, by=by, reason=asked.reason)
        if asked.kind is K.DANGER_NOW:
            self._alarm(tx, case, decision)
            return cases.hold(tx, case.id, by=by, until=tx.now + LEASE)
        # Somebody else is to look: this person is not offered it again in this shift.
        skips.skip(tx, case.id, decision.by, reason=asked.reason, until=tx.now + SKIPPED_FOR)
        return decisions.reopen(tx, case.id, by=by, what=asked.kind.value, reason=asked.reason)

    def _alarm(self, tx: Tx, case: Case, decision: Decision) -> None:
        """Page whoever is on call; the urgent report waits for a second person, or is confirmed."""
        cases.note(tx, case.id, by=decision.by, what=K.DANGER_NOW.value, words=decision.reason)
        waits = policy.report_waits(self._profile)
        approvals.propose(
            tx, kind=DANGER, subject=case.id, by=decision.by, reason=decision.reason,
            facts={"decision": decision.id, "report_waits": waits},
        )  # fmt: skip
        tx.emit(
            EventType.DANGER_RAISED, case.id, decision=decision.id, number=case.number,
            report_waits=waits,
        )  # fmt: skip


def waiting_for_second(tx: Tx, case: Id) -> Approval:
    """What waits on a case for a second person.

    Raises:
        NotFound: nothing does.
    """
    for found in approvals.of_subject(tx, case):
        if found.kind in {DECISION, DANGER} and not found.outcome and found.lapses_at > tx.now:
            return found
    raise NotFound("Nothing waits for a second person here; a proposal lapses after 24 hours.")


def settle(db: Database, decision: Id) -> int:
    """Destroy the media of what a decision released; answers how many. See `review.deciding.undo`."""
    with db.transaction() as tx:
        return undo.settle(tx, decisions.get(tx, decision))


def release_rest(db: Database, decision: Id) -> int:
    """Release what a wrong entry touched beyond the first page; answers how many."""
    reached = 0
    while True:
        with db.transaction() as tx:
            tx.lock_changes()
            found = decisions.get(tx, decision)
            more = effects.release_more(tx, found) if found.stands else 0
        reached += more
        if more == 0:
            return reached


def _person(who: Principal) -> Id:
    if who.person is None or not who.may(Permission.CASE_DECIDE):
        raise NotAllowed("Cases are decided by people whose role allows it.")
    return who.person


def _raised(kind: DecisionKind, priority: Priority) -> Priority:
    """What an escalation makes of a priority: one step, and danger the highest."""
    if kind is K.DANGER_NOW:
        return Priority.NOW
    if kind is K.ESCALATE:
        return list(Priority)[max(0, priority.rank - 1)]
    return priority


def _confirm_danger(tx: Tx, case: Id, person: Id) -> Decision:
    """The urgent report has its second person."""
    said = next(
        d for d in reversed(decisions.of_case(tx, case)) if d.kind is K.DANGER_NOW and d.stands
    )
    cases.note(tx, case, by=person, what="confirmed", words="")
    tx.emit(EventType.CASE_CHANGED, case, confirmed=True)
    return replace(said, second=person)
