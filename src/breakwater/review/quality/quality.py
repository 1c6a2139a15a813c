"""The quality of grading: agreement, gold, drift, and the alarms that come of them.

Answers of independent graders in; α of the team and κ of each pair with intervals, how each
grader stands against gold and against adjudicators, and alarms out. Everything is computed from
the answers when it is asked for. A quality lead marks gold and closes alarms and never grades: whoever
holds both roles is refused here, and nobody makes gold of an item they graded (reference:
classification, "how the IWF taskforce works"). Read by `web.pages.qa` and `web.api.quality`.
Tests: `tests/integration/test_quality.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.clock import Clock
from breakwater.model.event import EventType
from breakwater.model.facts import FirstLook
from breakwater.model.grading import GradeSet, Grading, SetState
from breakwater.model.ids import Id
from breakwater.model.quality import AlarmKind, Dispute, Gold, Outcome, QualityAlarm
from breakwater.records import golds, gradesets, grading, quality, schemes
from breakwater.records.database import Database, Tx
from breakwater.review.grading.gold import SHARE
from breakwater.review.quality import measures
from breakwater.review.quality.agreement import Agreement, Unmeasured
from breakwater.review.quality.drift import Drift, drift
from breakwater.review.quality.measures import Measure, PairAgreement

MOST_GOLD: Final = 50
"""Of 100 items that a grader meets: beyond it they would mostly be measured, not asked."""

WINDOW: Final = timedelta(days=28)
"""What figures look back on: long enough for an interval, short enough to see a change."""

EVERY_S: Final = 3600.0
"""Between two looks at everybody: an alarm is about weeks, not about seconds."""

ENOUGH: Final = 30
"""Items that agreement must rest on before an alarm is raised about it."""


@dataclass(frozen=True, slots=True)
class TeamAgreement:
    """How far a team agrees on one measure."""

    measure: str
    ordered: bool
    found: Agreement | Unmeasured
    pairs: tuple[PairAgreement, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one grader's answers measured up.

    Attributes:
        gold, gold_right: answers to gold items, and how many of them were right.
        settled, settled_right: answers that an adjudicator judged, and how many held.
    """

    grader: Id
    gold: int
    gold_right: int
    settled: int
    settled_right: int
    drift: Drift


@dataclass(frozen=True, slots=True)
class QualityReport:
    """Everything of one set, or of all of them."""

    agreement: tuple[TeamAgreement, ...]
    standings: tuple[Standing, ...]
    waiting: tuple[Dispute, ...]
    settled: tuple[Dispute, ...]
    golds: tuple[Gold, ...]
    alarms: tuple[QualityAlarm, ...]


class Quality:
    """Measures grading, and keeps what is gold."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def report(self, who: Principal, *, set_number: int | None = None) -> QualityReport:
        """Figures of the last four weeks.

        Args:
            who: a quality lead.
            set_number: of one set; None takes all.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such set.
        """
        _allowed(who)
        since = self._clock.now() - WINDOW
        with self._db.read() as tx:
            if set_number is not None:
                gradesets.get(tx, set_number)
            answers = quality.answered(tx, since=since, set_number=set_number)
            found = quality.outcomes(tx, since=since, set_number=set_number)
            return QualityReport(
                agreement=tuple(_team(one, answers) for one in _measures(tx)),
                standings=standings(found),
                waiting=tuple(
                    quality.disputes(tx, settled=False, since=since, set_number=set_number)
                ),
                settled=tuple(
                    quality.disputes(tx, settled=True, since=since, set_number=set_number, limit=50)
                ),
                golds=tuple(quality.golds(tx, set_number=set_number)),
                alarms=tuple(quality.alarms(tx)),
            )

    def mark_gold(self, who: Principal, item: int, *, reason: str) -> Gold:
        """Make gold of an item: what holds for it now is the answer from now on.

        Args:
            who: a quality lead.
            item: number of a settled item.
            reason: why its answer is beyond doubt.

        Raises:
            NotAllowed: not by this role, or they graded it themselves.
            Conflict: nothing holds for it yet, or it takes another item's facts.
            BadInput: no reason.
        """
        person, reason = _allowed(who), _reason(reason)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = gradesets.item(tx, item)
            if grading.part_of(tx, item, person) is not None:
                raise NotAllowed("You graded this item, so somebody else makes it gold.")
            holds = grading.result(tx, item)
            if holds is None or found.leader is not None:
                raise Conflict("Gold is an item that was graded and settled by itself.")
            look = FirstLook.FULL_FACTS if holds.pertinent else FirstLook.NOT_PERTINENT
            gold = quality.mark_gold(
                tx, found, look=look, facts=holds.facts, by=person, reason=reason
            )
            tx.audit(who.id, "gold.mark", found.id, set=found.set, reason=reason)
            return gold

    def set_share(
        self, who: Principal, percent: float, *, reason: str, set_number: int | None = None
    ) -> float:
        """Say how much of what graders meet is gold: in one set, or in all without a rate.

        Args:
            who: a quality lead.
            percent: 0 to 50; 0 shows none.
            reason: in their words.
            set_number: of one set only.

        Raises:
            NotAllowed: not by this role.
            BadInput: another share, or no reason.
            NotFound: no such set.
        """
        person, reason = _allowed(who), _reason(reason)
        if not 0 <= percent <= MOST_GOLD:
            raise BadInput(f"Gold is 0 to {MOST_GOLD} of 100 items.")
        with self._db.transaction() as tx:
            about = "" if set_number is None else gradesets.get(tx, set_number).id
            golds.set_share(tx, percent / 100, by=person, reason=reason, set_number=set_number)
            tx.audit(who.id, "gold.share", about or "sets", percent=percent, reason=reason)
        return percent

    def share(self, set_number: int | None = None) -> float:
        """How much of 100 items is gold, in a set or where no set has a rate."""
        with self._db.read() as tx:
            return 100 * golds.share_of(tx, set_number, usual=SHARE)

    def reach_gold(self, who: Principal, item: int, *, everywhere: bool) -> None:
        """Let a gold item be met in every set, or only in its own.

        Raises:
            NotAllowed: not by this role.
            Conflict: it is not gold, or was made of another set's gold.
        """
        person = _allowed(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found, gold = gradesets.item(tx, item), quality.gold_of(tx, item)
            if gold is None or not gold.active or found.leader is not None:
                raise Conflict("This item is not gold of its own.")
            golds.reach(tx, item, everywhere=everywhere, by=person)
            if not everywhere:
                golds.end(tx, item, by=person, reason=gold.reason)
            tx.audit(who.id, "gold.reach", found.id, everywhere=everywhere)

    def end_gold(self, who: Principal, item: int, *, reason: str) -> Gold:
        """Show a gold item to no further grader; what was measured with it stays.

        Raises:
            NotAllowed: not by this role.
            Conflict: it is not gold.
            BadInput: no reason.
        """
        person, reason = _allowed(who), _reason(reason)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found, gold = gradesets.item(tx, item), quality.gold_of(tx, item)
            if gold is None or not gold.active:
                raise Conflict("This item is not gold.")
            ended = quality.mark_gold(
                tx, found, look=gold.look, facts=gold.facts, by=person, reason=reason,
                active=False,
            )  # fmt: skip
            golds.end(tx, item, by=person, reason=reason)
            tx.audit(who.id, "gold.end", found.id, set=found.set, reason=reason)
            return ended

    def end_alarm(self, who: Principal, alarm: Id, *, note: str) -> QualityAlarm:
        """Close an alarm, saying what was done about it.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such alarm.
            Conflict: it was closed before.
            BadInput: no note.
        """
        person, note = _allowed(who), _reason(note)
        with self._db.transaction() as tx:
            ended = quality.end_alarm(tx, alarm, by=person, note=note)
            tx.audit(who.id, "quality.alarm_end", alarm, kind=ended.kind.value, note=note)
            return ended

    def watch(self) -> None:
        """Look at everybody and every open set, and raise what is new. Run as a turn."""
        since = self._clock.now() - WINDOW
        with self._db.read() as tx:
            drifted = [s for s in standings(quality.outcomes(tx, since=since)) if s.drift.alarm]
            apart = [
                (one, team)
                for one in gradesets.every(tx, state=SetState.OPEN)
                if one.graders > 1
                for team in self._failing(tx, one)
            ]
        with self._db.transaction() as tx:
            for standing in drifted:
                seen = standing.drift
                _raise(
                    tx, AlarmKind.DRIFT, standing.grader,
                    {"answers": seen.answers, "wrong": seen.wrong, "since": seen.since},
                )  # fmt: skip
            for one, (measure, found) in apart:
                _raise(
                    tx, AlarmKind.AGREEMENT, str(one.number),
                    {"measure": measure, "alpha": round(found.value, 3), "items": found.items},
                )  # fmt: skip

    def _failing(self, tx: Tx, of: GradeSet) -> list[tuple[str, Agreement]]:
        """Measures on which a set's graders certainly agree too little."""
        since = self._clock.now() - WINDOW
        answers = quality.answered(tx, since=since, set_number=of.number)
        found = (
            (one.name, measures.of_team(one, measures.given(one, answers))) for one in _measures(tx)
        )
        return [
            (name, measured)
            for name, measured in found
            if isinstance(measured, Agreement) and measured.failing and measured.items >= ENOUGH
        ]


def _measures(tx: Tx) -> tuple[Measure, ...]:
    """What graders answer, and the code of each scheme in force."""
    schemed = (measures.of_scheme(scheme) for scheme in schemes.current(tx).values())
    return (*measures.OF_FACTS, *(one for one in schemed if one is not None))


def _team(one: Measure, answers: Sequence[Grading]) -> TeamAgreement:
    said = measures.given(one, answers)
    return TeamAgreement(
        measure=one.name,
        ordered=one.scale.ordered,
        found=measures.of_team(one, said),
        pairs=measures.of_pairs(one, said),
    )


def standings(outcomes: Iterable[Outcome]) -> tuple[Standing, ...]:
    """How each grader stands, those with an alarm first.

    Args:
        outcomes: in the order in which the answers were given.
    """
    by: dict[Id, list[Outcome]] = {}
    for outcome in outcomes:
        by.setdefault(outcome.grader, []).append(outcome)
    found = []
    for grader, mine in by.items():
        gold = [outcome.right for outcome in mine if outcome.gold]
        settled = [outcome.right for outcome in mine if not outcome.gold]
        found.append(
            Standing(
                grader, len(gold), sum(gold), len(settled), sum(settled),
                # Disputed items are the hard ones: only gold says how a settled grader does.
                drift(not right for right in gold),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda s: (-s.drift.score, s.grader)))


def _raise(tx: Tx, kind: AlarmKind, subject: str, facts: Mapping[str, Any]) -> None:
    alarm = quality.raise_alarm(tx, kind, subject, facts)
    if alarm is not None:
        tx.audit("quality", "quality.alarm", alarm.id, kind=kind.value, about=subject)
        tx.emit(EventType.QUALITY_ALARM, alarm.id, kind=kind.value)


def _allowed(who: Principal) -> Id:
    if who.person is None or not who.may(Permission.GRADE_QA):
        raise NotAllowed("Quality is measured by people whose role it is.")
    if who.may(Permission.GRADE_WRITE):
        raise NotAllowed("Whoever measures quality does not grade. Ask for one of the two roles.")
    return who.person


def _reason(words: str) -> str:
    words = words.strip()
    if not words or len(words) > 500:
        raise BadInput("Say why, in 1 to 500 characters.")
    return words
