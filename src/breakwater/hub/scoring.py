"""Scores of entries from what is known of them: gathered, reckoned by `hub.score`, kept.

Only a score that differs from its import's baseline is a row: 3.5 M entries of which nobody has
said anything need none. Reckoned when something is said, and daily, because reviews age.
Contract: `tests/contract/test_hub_feedback.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from breakwater.hub import holding
from breakwater.hub.score import UNTRUSTED, Known, baseline, score
from breakwater.model.hub import Feedback, FeedbackKind, Member, MemberState, Score, Seen
from breakwater.model.hub_given import Outcome, Question
from breakwater.model.ids import Id
from breakwater.records import hub_feedback, hub_given, hub_members, hub_queue
from breakwater.records.database import Database, Tx
from breakwater.records.hub_feedback import day_of

DAYS: Final = 90
"""Counts of so many days weigh."""

SLICE: Final = 500


def reckon(tx: Tx, numbers: Iterable[int]) -> dict[int, Score]:
    """Reckon the scores of entries and keep those that differ from the baseline."""
    wanted = sorted(set(numbers))
    members = {one.id: one for one in hub_members.every(tx)}
    givers = hub_given.givers(tx, wanted)
    said = hub_feedback.standing(tx, wanted)
    seen = hub_feedback.seen(tx, wanted, since_day=day_of(tx.now) - DAYS)
    out: dict[int, Score] = {}
    for number in wanted:
        known = replace(
            _spoken(members, said[number], seen[number]),
            givers=len(givers[number]),
            trusted=any(weight(members[one.member]) == 1.0 for one in givers[number]),
            graded=sum(bool(one.category) for one in givers[number]),
            agree=not holding.disagree(givers[number]),
            reviewed_days=_reviewed(tx, hub_queue.of_entry(tx, number)),
        )
        made = score(number, known)
        out[number] = made
        if made.value == baseline(trusted=known.trusted) and not any(
            term for name, term in made.terms.items() if name not in {"base", "trust"}
        ):
            hub_feedback.drop_score(tx, number)
        else:
            hub_feedback.put_score(tx, made)
    return out


def weight(member: Member) -> float:
    """How much a member's word counts."""
    if member.state is not MemberState.ACTIVE:
        return 0.0
    return 1.0 if member.trusted else UNTRUSTED


def _spoken(members: Mapping[Id, Member], said: Sequence[Feedback], seen: Seen) -> Known:
    """What members say and met."""
    opinions: dict[FeedbackKind, dict[Id, float]] = {kind: {} for kind in FeedbackKind}
    for one in said:
        if one.opinion is not None:
            opinions[one.opinion][one.member] = weight(members[one.member])
    return Known(
        affirmed=sum(opinions[FeedbackKind.AFFIRMATIVE].values()),
        denied=sum(opinions[FeedbackKind.NEGATIVE].values()),
        matches=seen.matches,
        wrong=seen.wrong,
    )


def _reviewed(tx: Tx, asked: Sequence[Question]) -> float | None:
    """Days since a curator or graders kept the entry."""
    kept = [one.settled_at for one in asked if one.outcome in {Outcome.KEEP, Outcome.RECLASSIFY}]
    last = max((at for at in kept if at is not None), default=None)
    return None if last is None else (tx.now - last) / timedelta(days=1)


class Scoring:
    """Reckons again what has grown old."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def turn(self) -> None:
        """Scores older than a day, a slice at a time; counts that no longer weigh are dropped."""
        with self._db.read() as tx:
            old = hub_feedback.old_scores(tx, tx.now - timedelta(days=1), limit=SLICE)
        with self._db.transaction() as tx:
            hub_feedback.forget_before(tx, day_of(tx.now) - DAYS)
            reckon(tx, old)
