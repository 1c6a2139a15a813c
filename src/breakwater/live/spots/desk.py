"""What people answer to a strip: nothing here, look closer, or open a case.

In comes who, which draw and what they say; out go the answer's row and what follows from it, in
one transaction: closer looking by an order like that of the live wall and one more strip, or the
stream's case, as a person's report opens it. Whoever says that there is nothing has looked. What
supports a suspicion is copied to the evidence of the case; the strip itself goes as always.
Tests: `tests/integration/test_spots.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from breakwater.errors import Conflict, NotAllowed
from breakwater.live import acting
from breakwater.live.policy import Policy
from breakwater.live.spots.rules import MOST_PARTS, SpotRules
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Priority
from breakwater.model.ids import Id
from breakwater.model.spot import SpotAnswer, Strip
from breakwater.model.stream import Control, Stream, StreamState
from breakwater.observe import Metrics
from breakwater.records import cases, spots, stream_orders, streams
from breakwater.records.database import Database, Tx
from breakwater.records.vault import Vault

WHY: Final = "A person saw something in a spot check."
SOURCE: Final = "spot_check"
WEIGHT: Final = 0.6
"""Risk of a broadcast in which a person saw something: looked at within minutes, not stopped."""

EVIDENCE: Final = "evidence"


@dataclass(frozen=True, slots=True)
class Answered:
    """What followed.

    Attributes:
        case: that was opened or joined; None otherwise.
    """

    draw: Id
    answer: SpotAnswer
    case: Id | None = None


class SpotDesk:
    """Takes answers."""

    def __init__(
        self, *, db: Database, vault: Vault, policy: Policy, rules: SpotRules, metrics: Metrics
    ) -> None:
        self._db, self._vault = db, vault
        self._policy, self._rules, self._metrics = policy, rules, metrics

    def answer(self, who: Principal, draw: Id, said: SpotAnswer) -> Answered:
        """Take an answer.

        Args:
            who: a person whose role shows pictures and stops broadcasts.
            draw: whose strip they saw.
            said: their answer.

        Raises:
            NotAllowed: not by this role.
            NotFound: it was answered, or is gone.
            Conflict: somebody else looks at it, nobody looked yet, or nothing more can be taken.
        """
        person = spotter(who)
        copies: list[Id] = []
        if said is SpotAnswer.CASE:
            with self._db.read() as tx:
                kept = spots.shown(tx, draw).stills
            copies = [self._copy(blob) for blob in kept]
        with self._db.transaction() as tx:
            tx.lock_changes()
            strip = spots.shown(tx, draw)
            held(tx, strip, person)
            seen = spots.frames_seen(tx, draw, person)
            if said is SpotAnswer.NOTHING and not seen:
                raise Conflict("Look at one of its pictures first.")
            case = self._follow(tx, strip, said, person=person, copies=copies)
            spots.answer(tx, strip, said, by=person, frames=seen)
            tx.audit(person, "spot.answer", draw, answer=said.value, part=strip.part, frames=seen)
        self._metrics.spot_answers.labels(said.value).inc()
        return Answered(draw, said, case)

    def _follow(
        self, tx: Tx, strip: Strip, said: SpotAnswer, *, person: Id, copies: Sequence[Id]
    ) -> Id | None:
        """What an answer leads to; the case, where it is one."""
        stream = streams.get(tx, strip.stream)
        if said is SpotAnswer.CLOSER:
            self._closer(tx, strip, stream, person)
        if said is not SpotAnswer.CASE:
            return None
        stream = acting.worry(tx, self._policy, stream, SOURCE, WEIGHT)
        runs = stream.state is not StreamState.ENDED
        joined = acting.waiting_case(tx, stream)
        _, case = acting.case_for(
            tx, stream, why=WHY, priority=Priority.HIGH if runs else Priority.MEDIUM, by=person
        )
        if joined is not None:
            cases.note(tx, case.id, by=person, what="alerted", alert=SOURCE)
        for number, blob in enumerate(copies, 1):
            detail = f"{number} of {len(copies)}, part {strip.part}"
            stream_orders.keep(tx, stream.id, SOURCE, blob=blob, detail=detail)
        spots.led_to(tx, strip.draw, case.id)
        return case.id

    def _closer(self, tx: Tx, strip: Strip, stream: Stream, person: Id) -> None:
        if stream.state is StreamState.ENDED:
            raise Conflict("The stream has ended: there is nothing more to look at.")
        if strip.part >= MOST_PARTS:
            raise Conflict("You looked closer already. Say whether there is something.")
        if stream.control.rank < Control.WATCHED.rank:
            stream_orders.want(tx, stream, Control.WATCHED, by=person, why=SOURCE)
        spots.want(tx, strip.draw, stream.id, part=strip.part + 1, kept=self._rules.kept)

    def _copy(self, blob: Id) -> Id:
        """A still once more, under the key of evidence; the sweeper takes it if nothing names it."""
        with self._vault.open(blob) as still:
            return self._vault.put(still, purpose=EVIDENCE)


def spotter(who: Principal) -> Id:
    """The person, if their role looks at strips.

    Raises:
        NotAllowed: it does not.
    """
    allowed = who.may(Permission.MEDIA_VIEW) and who.may(Permission.STREAM_CONTROL)
    if who.person is None or not allowed:
        raise NotAllowed("Spot checks are for people who look at pictures and stop broadcasts.")
    return who.person


def held(tx: Tx, strip: Strip, person: Id) -> None:
    """Refuse a strip that somebody else looks at.

    Raises:
        Conflict: they do.
    """
    other = strip.held_by is not None and strip.held_by != person
    if other and strip.held_until is not None and strip.held_until > tx.now:
        raise Conflict("Somebody else looks at this spot check. Take the next one.")
