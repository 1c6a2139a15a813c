"""What one side of a conversation showed towards the other: stages over days. Pure.

Each kind of cue is a stage. A stage's sum falls by e in 14 days, counts repeats less (nats over
one and how many there were), and gives at most `BOUND`, so that no message and no kind decides
alone; evidence of a side is the sum of its stages. Where the service knows that an adult writes
to a child it weighs more by `weight`. All figures are ours, and measured on ordinary short
messages only (benchmarks/comments_conversations.py). More evidence in a message never lowers a
sum; the same message twice changes nothing. Tests: tests/unit/test_conversation_sides.py.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

from breakwater.errors import BadInput
from breakwater.model.comment import Message, Share, Source
from breakwater.model.conversation import Party, Signals, Stage

BOUND: Final = 2.5
"""Nats of one stage at most."""

FALLS_S: Final = 14 * 86_400.0
"""Seconds in which a stage falls by e."""

WORDS: Final = "words"
"""The stage of the model and the operator's lists."""

CONTACTS: Final = "contacts"
"""The stage of what a service counts."""

MOST_CONTACTS: Final = 1.5
"""Nats of what a service counts, at most."""

A_YEAR, MOST_AGE = 0.05, 1.5
"""How much more a side weighs for each year that an adult is older than a child, and at most.
A prior: nobody has measured it openly."""

MOST_SIDES, MOST_IDS = 256, 1_024
"""Sides and messages with evidence that one conversation remembers; the oldest go first."""

MORE: Final = 2.0
"""Nats by which a side that alarmed has to grow before it alarms again."""

FORM: Final = 1


def weight(author: Party, to: Party) -> float:
    """What the ages multiply the evidence by: 1 to `MOST_AGE`."""
    return min(MOST_AGE, 1.0 + A_YEAR * author.older_than(to))


@dataclass(slots=True)
class _Stage:
    nats: float
    messages: int
    first: float
    last: float

    def at(self, now: float) -> float:
        return self.nats * math.exp(min(0.0, self.last - now) / FALLS_S)

    def add(self, nats: float, at: float, most: float = BOUND) -> None:
        now = max(at, self.last)
        self.nats = min(most, self.at(now) + nats / (1 + self.messages))
        self.messages += 1
        self.first, self.last = min(self.first, at), now


@dataclass(slots=True)
class _Side:
    """One account towards another."""

    stages: dict[str, _Stage] = field(default_factory=dict)
    rang: float = 0.0


class Sides:
    """All sides of one conversation."""

    def __init__(self, secret: bytes) -> None:
        """Begin with nothing known; `secret` (at most 64 bytes) keys the hashes."""
        self._secret = secret
        self._sides: dict[str, _Side] = {}
        self._ids: dict[str, None] = {}

    def take(self, said: Message, by: Sequence[Share]) -> bool:
        """Count the evidence of one message; False: it gives none, or was counted before.

        An edit that says something else counts like another message; who it is to stands in it.
        """
        told = _stages(by)
        name = self._key(said.id, " ".join(said.text.casefold().split()))
        if not told or name in self._ids:
            return False
        self._ids[name] = None
        while len(self._ids) > MOST_IDS:
            self._ids.pop(next(iter(self._ids)))
        side, at = self._side(said.author, said.to or ""), said.at.timestamp()
        for stage, nats in told.items():
            self._stage(side, stage, at).add(nats, at)
        return True

    def signals(self, said: Signals, to: str, at: datetime) -> None:
        """Count what a service tells of an account; the last that is told stands."""
        nats = min(
            MOST_CONTACTS, 0.25 * math.log1p(said.of_young) + 0.1 * math.log1p(said.unanswered)
        )
        if nats > 0:
            stage = self._stage(self._side(said.account, to), CONTACTS, at.timestamp())
            stage.nats, stage.messages = nats, 1
            stage.last = max(stage.last, at.timestamp())

    def evidence(self, author: Party, to: Party, now: datetime) -> float:
        """Nats of one side towards the other."""
        side = self._sides.get(self._key(author.account, to.account))
        if side is None:
            return 0.0
        when = now.timestamp()
        return weight(author, to) * sum(one.at(when) for one in side.stages.values())

    def rings(self, author: Party, to: Party, now: datetime, at_least: float) -> float:
        """Evidence of a side that alarms now, once until it has grown by `MORE`; else 0."""
        nats = self.evidence(author, to, now)
        if nats < at_least:
            return 0.0
        side = self._side(author.account, to.account)
        if side.rang and nats < side.rang + MORE:
            return 0.0
        side.rang = nats
        return nats

    def stages(self, author: str, to: str, now: datetime) -> tuple[Stage, ...]:
        """What one side showed, the earliest first."""
        side = self._sides.get(self._key(author, to))
        return () if side is None else _told(side, now)

    def snapshot(self) -> dict[str, Any]:
        """Sums of all sides, for JSON: numbers and dates under keyed hashes."""
        return {
            "form": FORM, "ids": list(self._ids),
            "sides": {
                key: {
                    "rang": side.rang,
                    "stages": {
                        name: [one.nats, one.messages, one.first, one.last]
                        for name, one in side.stages.items()
                    },
                }
                for key, side in self._sides.items()
            },
        }  # fmt: skip

    @classmethod
    def restored(cls, secret: bytes, kept: Mapping[str, Any]) -> Self:
        """As a snapshot left them.

        Raises:
            BadInput: not a snapshot of this form.
        """
        made = cls(secret)
        try:
            if kept["form"] != FORM:
                raise BadInput(f"These sides are of form {kept['form']}; this reads {FORM}.")
            made._ids = dict.fromkeys(map(str, kept["ids"]))
            for key, side in kept["sides"].items():
                stages = {
                    str(name): _Stage(float(nats), int(count), float(first), float(last))
                    for name, (nats, count, first, last) in side["stages"].items()
                }
                made._sides[str(key)] = _Side(stages, float(side["rang"]))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise BadInput("This is not the snapshot of a conversation.") from None
        return made

    def _side(self, author: str, to: str) -> _Side:
        key = self._key(author, to)
        side = self._sides.pop(key, None) or _Side()
        self._sides[key] = side
        while len(self._sides) > MOST_SIDES:
            self._sides.pop(next(iter(self._sides)))
        return side

    def _stage(self, side: _Side, name: str, at: float) -> _Stage:
        return side.stages.setdefault(name, _Stage(0.0, 0, at, at))

    def _key(self, *parts: str) -> str:
        digest = hashlib.blake2b(digest_size=8, key=self._secret)
        for part in parts:
            raw = part.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(4, "big") + raw)
        return digest.hexdigest()


def heaviest(kept: Mapping[str, Any], now: datetime) -> tuple[Stage, ...]:
    """What the side with most evidence showed, the earliest first; whose it is stands nowhere."""
    found: tuple[Stage, ...] = ()
    for side in kept["sides"].values():
        held = _Side({name: _Stage(*told) for name, told in side["stages"].items()})
        stages = _told(held, now)
        if sum(one.nats for one in stages) > sum(one.nats for one in found):
            found = stages
    return found


def _told(side: _Side, now: datetime) -> tuple[Stage, ...]:
    when = now.timestamp()
    held = sorted(side.stages.items(), key=lambda item: item[1].first)
    return tuple(
        Stage(name, one.at(when), one.messages, _when(one.first), _when(one.last))
        for name, one in held
    )


def _stages(by: Sequence[Share]) -> dict[str, float]:
    """What a message's parts count for, by stage; what speaks against is no stage."""
    told: dict[str, float] = {}
    for share in by:
        name = share.ref if share.source is Source.CUE else WORDS
        told[name] = told.get(name, 0.0) + share.nats
    return {name: nats for name, nats in told.items() if nats > 0}


def _when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
