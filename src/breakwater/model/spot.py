"""Spot checks: broadcasts drawn at random, ten seconds of each as small stills, what was found.

A round is drawn from every public broadcast that runs at one moment. Each `Draw` keeps its
stratum, its inclusion probability and the viewers at that moment, and is never changed: with the
`Stratum` rows of its round it is a sample by which prevalence can be told with its error. The
`Strip` is what a person looks at; it and every link to the broadcast are gone within 72 hours
(issue "Live"; reference law, no suspicion and no media kept). Drawn by `live.spots.drawing`,
kept by `records.spots`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from breakwater.model.ids import Id


class SpotAnswer(StrEnum):
    """What a person says of a strip. `closer` raises the sampling and takes another strip."""

    NOTHING = "nothing"
    CLOSER = "closer"
    CASE = "case"

    @property
    def final(self) -> bool:
        """Whether the draw is done with."""
        return self is not SpotAnswer.CLOSER


class StripState(StrEnum):
    """Where a strip stands. `missed`: the broadcast ended or could not be fetched."""

    WANTED = "wanted"
    WAITING = "waiting"
    ANSWERED = "answered"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A broadcast that may be drawn.

    Attributes:
        viewers: as last told.
        new: nobody has seen this account broadcast before, or nobody knows the account.
    """

    stream: Id
    viewers: int
    new: bool


@dataclass(frozen=True, slots=True)
class Runs:
    """A broadcast that runs, with what decides whether it may be drawn."""

    candidate: Candidate
    surface: str
    jurisdiction: str
    stopped: bool


@dataclass(frozen=True, slots=True)
class Stratum:
    """One stratum of one round: the frame and what was drawn from it.

    Attributes:
        name: `v100-new`: at least 100 viewers, account not seen before.
        streams: broadcasts in it.
        viewers: of all of them.
        weight: how often one of it is drawn, beside the other strata.
        inclusion: the chance of each of its broadcasts to be drawn in this round.
        drawn: how many were.
    """

    name: str
    streams: int
    viewers: int
    weight: int
    inclusion: float
    drawn: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """One drawing.

    Attributes:
        slot: number of its ten minutes since 1970; there is one round in each at most.
        design: number of the rules it was drawn by.
        seed: hexadecimal; with the frame it gives the same draws again.
        wanted: how many were to be drawn.
        left_out: broadcasts that run and are not in the frame, by the reason.
    """

    slot: int
    design: int
    seed: str
    at: datetime
    wanted: int
    strata: tuple[Stratum, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draw:
    """One broadcast at one moment; only ever added, and without a word of which it was.

    Attributes:
        viewers: at the moment of the draw.
    """

    id: Id
    slot: int
    stratum: str
    inclusion: float
    viewers: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Strip:
    """Ten seconds of a drawn broadcast; forgotten with its pictures.

    Attributes:
        part: 1, then one more each time somebody wanted to look closer.
        stills: their blobs in the vault, the first first.
        expires_at: when it is purged at the latest.
        held_by, held_until: who looks at it now.
    """

    draw: Id
    part: int
    stream: Id
    state: StripState
    asked_at: datetime
    expires_at: datetime
    taken_at: datetime | None = None
    stills: tuple[Id, ...] = ()
    held_by: Id | None = None
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SpotRecord:
    """All that is kept of a draw for good, as prevalence is told from it.

    Attributes:
        taken: whether there was a strip to look at.
        answer: the last one; None: nobody answered.
        frames: stills of it that whoever answered had seen large.
        found: kind of the decision on the case it led to; empty: none, or not decided yet.
        purged_at: when its last strip was purged; None while one is there.
    """

    draw: Draw
    design: int
    taken: bool
    answer: SpotAnswer | None
    frames: int = 0
    found: str = ""
    answered_at: datetime | None = None
    purged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SpotFigures:
    """How the spot checks stand.

    Attributes:
        waiting: strips that nobody has answered yet.
        oldest_at: when the first of them was taken.
        overdue: strips that should be purged and are there yet; anything but 0 is a fault.
    """

    rounds: int
    drawn: int
    taken: int
    missed: int
    looked: int
    cases: int
    waiting: int
    purged: int
    overdue: int
    oldest_at: datetime | None = None


Rules = Mapping[str, Any]
"""A design as plain values: what `records.spots` keeps word for word."""
