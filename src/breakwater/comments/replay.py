"""The open benchmark of chats: streams and episodes in, numbers out that a service can share.

In: chats (`replay_file` reads them) and episodes that are laid into them. Out: by target rate and
speed of chat, false alarms per stream-hour with exact bounds and seconds to alarm with bootstrap
bounds. The engine runs as it does live, one chat at a time, over counts that stand still: by
default those of half of the chats, whose other half is measured. A false alarm is one per stream
and ten minutes. Chats run alone: what links several streams is not measured. No text, name or id
leaves. The same input gives the same bytes. Tests: tests/unit/test_comments_replay.py.
"""

from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from breakwater.comments.calibrate import Band, Budget, Calibration
from breakwater.comments.engine import Engine, Reader
from breakwater.comments.evaluate import HORIZON_S, Found, Rate
from breakwater.comments.model import Package
from breakwater.comments.peaks import BLOCK_S
from breakwater.comments.rows import Told
from breakwater.comments.traffic import RATES, Remembering, Still, cells_of, learned
from breakwater.errors import BadInput

FORM: Final = 1
TRIALS: Final = 5
"""Chats that each episode is laid into, where nobody says which."""

WITHIN_S: Final = (300.0, 600.0)
EPOCH: Final = 1_767_225_600.0
"""Chats begin at this second, so that their clock is one that goes on."""

ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Chat:
    """One stream's messages; times from its first.

    Attributes:
        id: of the file; never in a result.
    """

    id: str = field(repr=False)
    told: tuple[Told, ...] = field(repr=False)

    @property
    def seconds(self) -> float:
        """From first to last message."""
        return self.told[-1].at - self.told[0].at if self.told else 0.0

    @property
    def band(self) -> Band:
        """By its messages a minute, over all of it."""
        return Band.of(len(self.told) * 60.0 / max(60.0, self.seconds))


@dataclass(frozen=True, slots=True)
class Trial:
    """A chat that holds an episode.

    Attributes:
        told: all messages, none after which it could be found.
        began: seconds, of the episode's first message.
    """

    band: Band
    told: tuple[Told, ...] = field(repr=False)
    began: float


@dataclass(frozen=True, slots=True)
class Case:
    """What one target rate gave in one band.

    Attributes:
        band: `all`, or a speed.
        streams: that were measured.
        benign_hours: stream-hours that its thresholds rest on.
        alarms: false ones.
        found: seconds to alarm, by trial.
    """

    target: float
    band: str
    streams: int
    benign_hours: float
    alarms: Rate | None
    found: Found

    def numbers(self) -> dict[str, Any]:
        """For JSON."""
        said: dict[str, Any] = {
            "target_per_stream_hour": self.target, "band": self.band, "streams": self.streams,
            "calibrated_stream_hours": round(self.benign_hours, 4),
            "false_alarms": None, "episodes": None,
        }  # fmt: skip
        if self.alarms is not None:
            said["false_alarms"] = {
                "count": self.alarms.count, "stream_hours": round(self.alarms.hours, 4),
                "per_stream_hour": round(self.alarms.per_hour, 6),
                "exact_95": [round(self.alarms.low, 6), round(self.alarms.high, 6)],
            }  # fmt: skip
        if self.found.seconds or self.found.skipped:
            median = self.found.median_s
            said["episodes"] = {
                "trials": len(self.found.seconds),
                "already_alarmed": self.found.skipped,
                "median_s": None if math.isinf(median) else round(median, 3),
                **{
                    f"found_within_{limit:g}_s": {
                        "share": round(self.found.within(limit), 6),
                        "bootstrap_95": [round(one, 6) for one in self.found.bounds(limit)],
                    }
                    for limit in WITHIN_S
                },
            }
        return said


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything a replay says.

    Attributes:
        inputs: digests and counts of what was replayed; two outcomes compare when these agree.
        package: id of the model; empty: none.
        surrogate: the texts or the model stand in for something else.
        own_traffic: thresholds come from half of the chats, and not from a calibration.
    """

    inputs: Mapping[str, Any]
    package: str
    surrogate: bool
    own_traffic: bool
    cases: tuple[Case, ...]

    def case(self, target: float, band: str = ALL) -> Case:
        """One of them.

        Raises:
            BadInput: nothing was measured so.
        """
        for one in self.cases:
            if (one.target, one.band) == (target, band):
                return one
        raise BadInput(f"Nothing was measured at {target:g} in {band}.")

    def numbers(self) -> dict[str, Any]:
        """For JSON; only numbers, digests, and the ids of the format and the model."""
        return {
            "replay": FORM, "kind": "result", "package": self.package,
            "surrogate": self.surrogate, "inputs": dict(self.inputs),
            "thresholds_from": "half of the streams" if self.own_traffic else "a calibration",
            "cases": [one.numbers() for one in self.cases],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setup:
    """What is measured.

    Attributes:
        package: the model; None: lists, cues and behaviour only.
        reader: with lists or an encoder; None: the package alone.
        counts: of the service's calibration; None: half of the chats give them.
        rates: alarms per stream-hour, of all levels together.
    """

    package: Package | None
    reader: Reader | None = None
    counts: Calibration | None = None
    rates: Sequence[float] = RATES


def halves(chats: Sequence[Chat]) -> tuple[list[Chat], list[Chat]]:
    """Chats for thresholds and chats to measure; by digest within each speed, so both have all."""
    limits: list[Chat] = []
    measured: list[Chat] = []
    for band in Band:
        order = sorted((one for one in chats if one.band is band), key=lambda one: _digest(one.id))
        limits += order[0::2]
        measured += order[1::2]
    return limits, measured


def placed(
    chats: Sequence[Chat], episodes: Mapping[str, Sequence[Told]], trials: int = TRIALS
) -> list[tuple[str, str, float]]:
    """Episode, chat and second for each trial, where nobody said; drawn by digest.

    Args:
        chats: that may be laid into; those with ten minutes before and after are.
        episodes: by id.
        trials: of each episode.
    """
    long_enough = [one for one in chats if one.seconds >= BLOCK_S + HORIZON_S]
    found = []
    for name in sorted(episodes):
        order = sorted(long_enough, key=lambda one: _digest(f"{name}\0{one.id}"))
        for chat in order[:trials]:
            share = int.from_bytes(_digest(f"at\0{name}\0{chat.id}")[:6], "big") / 2**48
            room = chat.seconds - BLOCK_S - HORIZON_S
            found.append((name, chat.id, BLOCK_S + share * room))
    return found


def laid(chat: Chat, episode: Sequence[Told], begins: float) -> Trial:
    """A chat with an episode in it; its accounts are never the chat's own."""
    first = min(one.at for one in episode)
    moved = [
        replace(one, at=one.at - first + begins, author=f"episode\0{one.author}")
        for one in sorted(episode, key=lambda one: one.at)
    ]
    merged = heapq.merge(chat.told, moved, key=lambda one: one.at)
    told = tuple(one for one in merged if one.at <= begins + HORIZON_S)
    return Trial(chat.band, told, begins)


def run(
    chats: Sequence[Chat], setup: Setup, inputs: Mapping[str, Any],
    *, trials: Sequence[Trial] = (), measured: Sequence[Chat] | None = None,
    surrogate: bool = False,
) -> Outcome:  # fmt: skip
    """Replay everything at every rate.

    Args:
        chats: benign; with `measured`, those that thresholds are solved on.
        setup: what is measured.
        inputs: for the outcome.
        trials: chats with episodes, none of them among those that thresholds are solved on.
        measured: chats on which false alarms are counted; None: half of `chats`.
        surrogate: the texts stand in for something else.

    Raises:
        BadInput: too few chats to solve on some and count on others.
    """
    limits: Sequence[Chat] = chats
    if measured is None:
        limits, measured = ([], chats) if setup.counts else halves(chats)
    if not measured or not (limits or setup.counts):
        raise BadInput("A replay needs two streams of one speed at least, or a calibration.")
    reader = setup.reader or Remembering(setup.package)
    counts = _still(setup, limits, reader)
    cases: list[Case] = []
    for target in setup.rates:
        budget = Budget(target, 1.0, 1.0)

        def alarms(told: Sequence[Told], budget: Budget = budget) -> list[float]:
            return _alarms(told, reader, counts, budget)

        rung = [(one.band, _blocks(alarms(one.told)), one.seconds / 3_600) for one in measured]
        tried = [(one.band, _tried(alarms(one.told), one.began)) for one in trials]
        cases += [_case(target, band, rung, tried, counts) for band in (ALL, *Band)]
    package = setup.package
    stands_in = surrogate or bool(package and package.card["surrogate"])
    name = package.id if package else ""
    return Outcome(dict(inputs), name, stands_in, setup.counts is None, tuple(cases))


def _still(setup: Setup, limits: Sequence[Chat], reader: Reader) -> Still:
    """Counts that do not move, of a calibration or of chats one after another."""
    held = setup.counts
    if held is None:
        told = []
        for number, chat in enumerate(limits):
            began = EPOCH + number * 86_400.0 / len(limits)
            told += [
                replace(
                    one,
                    at=one.at + began,
                    stream=f"{number}",
                    service="",
                    author=f"{number}\0{one.author}",
                )
                for one in chat.told
            ]
        told.sort(key=lambda one: one.at)
        held = learned(told, setup.package, reader)
    positives = setup.package.positives if setup.package else {}
    return Still.restored(positives, held.snapshot())


def _alarms(told: Sequence[Told], reader: Reader, counts: Still, budget: Budget) -> list[float]:
    """Seconds at which any level alarmed, over one chat."""  # fmt: skip
    engine = Engine(reader=reader, calibration=counts, budget=budget, secret=bytes(32))
    services = {service for service, _, _ in cells_of(counts)}
    found = []
    for number, one in enumerate(told):
        service = one.service if one.service in services else min(services, default="")
        if engine.take("s", service, one.message(f"m{number}", EPOCH)).alarms:
            found.append(one.at)
    return found


def _blocks(alarms: Iterable[float]) -> int:
    """One alarm for each ten minutes, however many levels rang."""
    count, last = 0, -math.inf
    for at in alarms:
        if at - last >= BLOCK_S:
            count, last = count + 1, at
    return count


def _tried(alarms: Sequence[float], began: float) -> tuple[bool, float | None]:
    """Whether the chat alarmed before the episode, and seconds to the first alarm after."""
    if any(began - BLOCK_S <= one < began for one in alarms):
        return True, None
    after = [one - began for one in alarms if began <= one <= began + HORIZON_S]
    return False, after[0] if after else None


def _case(
    target: float, band: str, rung: Sequence[tuple[Band, int, float]],
    tried: Sequence[tuple[Band, tuple[bool, float | None]]], counts: Still,
) -> Case:  # fmt: skip
    mine = [one for one in rung if band in {ALL, one[0]}]
    hours = sum(one[2] for one in mine)
    rate = Rate.of(sum(one[1] for one in mine), hours) if hours > 0 else None
    told = [one for which, one in tried if band in {ALL, which}]
    found = Found(
        tuple(seconds for before, seconds in told if not before), sum(before for before, _ in told)
    )
    benign = sum(
        max(peaks.hours for peaks in counts.cell(*key).peaks.values())
        for key in cells_of(counts)
        if band in {ALL, key[2]}
    )
    return Case(target, str(band), len(mine), benign, rate, found)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
