"""Risk of a chat: how soon surrogate episodes are found at equal false alarms, and how fast.

Every text stands in: polite advertising for what is looked for, a help channel for what is not. No
figure is a claim about abuse. Five folds give each day one use: thresholds are solved on days of
their own, alarms counted on others, episodes laid into others again. "As solved" is what the
product's own solver gives for the hours of unlike text; "equal" moves each level by one factor for
all folds, from the days for alarms, until it rings as often as its share of the budget allows; the
message rule is never moved down, for no message of an episode may alarm by itself. How the highest
fall off is lent among the speeds of a fold, as among those of one service.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from benchmarks import (
    comments_attacked,
    comments_conversations,
    comments_engine,
    comments_http,
    comments_promise,
)
from benchmarks import comments_chats as texts
from benchmarks.comments_chats import FOLDS, Fold, Scored, episode
from benchmarks.comments_peers import LEVELS, SKEWNESS, courses, sourced
from benchmarks.harness import Result, Row, Target, quick
from breakwater.comments import evaluate
from breakwater.comments.calibrate import SHARES, Band
from breakwater.comments.evaluate import Course, Floats, Found
from breakwater.comments.peaks import BLOCK_S, Peaks, Tail, shape
from breakwater.model.comment import Level

OURS = "breakwater"
TOGETHER = sum(SHARES[Level(name)] for name in LEVELS)
PROGRAMS: Mapping[str, Mapping[str, float]] = {
    **{name: {name: 1.0} for name in (*LEVELS.values(), SKEWNESS)},
    OURS: {LEVELS[name]: SHARES[Level(name)] / TOGETHER for name in LEVELS},
}
"""Levels of each program, with their shares of the budget."""

RATES = (0.05, 0.02, 0.01, 0.002)
VARIANTS = ("raw", "audited")
MILD = 4.0
CONTROL = "harmless control: alarmed within 10 min"


@dataclass(frozen=True, slots=True)
class Kind:
    """Episodes of one kind.

    Attributes:
        speed: messages a minute.
        most: nats of a message at most; None: as many as an ordinary one has at most.
        wanted: share found in time at the first of the rates; None: nothing was promised.
    """

    speed: float
    accounts: int
    limit_s: float
    most: float | None
    wanted: float | None

    def __str__(self) -> str:
        how = f", {self.most:g} nats at most" if self.most else ""
        return (
            f"{self.speed:g}/min, {self.accounts} accounts{how}: within {self.limit_s / 60:g} min"
        )


KINDS = (
    Kind(5.0, 5, 300.0, None, 0.95), Kind(2.0, 5, 600.0, None, 0.90),
    Kind(5.0, 5, 300.0, MILD, None), Kind(2.0, 5, 600.0, MILD, None), Kind(0.5, 5, 600.0, None, None),
)  # fmt: skip


def size() -> tuple[float, int]:
    """Stream-hours a band and figure, trials a cell."""
    return (30.0, 50) if quick() else (300.0, 200)


@dataclass(slots=True)
class Benign:
    """Ordinary chats of one use: the highest value of each ten minutes, by course."""

    unlike: float
    hours: float = 0.0
    peaks: dict[str, list[Floats]] = field(default_factory=dict)
    counted: dict[str, Peaks] = field(default_factory=dict)

    def add(self, held: Mapping[str, Course], by: Mapping[str, Sequence[int]]) -> None:
        """Count one chat; `by`: what each value comes from."""
        self.hours += next(iter(held.values())).hours
        for name, course in held.items():
            self.peaks.setdefault(name, []).append(course.peaks)
            counted = self.counted.setdefault(name, Peaks())
            block = ((course.at - course.at[0]) // BLOCK_S).astype(np.intp)
            for which in np.unique(block):
                mine = np.flatnonzero(block == which)
                top = int(mine[np.argmax(course.value[mine])])
                counted.add(max(0.0, float(course.value[top])), by[name][top])

    def of(self, name: str) -> Floats:
        """All blocks of one course."""
        return np.concatenate(self.peaks[name])

    def known(self, name: str) -> Peaks:
        """What the product knows of a course, from no more hours than there is text."""
        found = Peaks()
        found.join(self.counted[name].snapshot())
        found.counts = found.counts * min(1.0, self.unlike / self.hours)
        return found


Trial = tuple[dict[str, Course], float]


@dataclass(slots=True)
class Part:
    """One fold of one band."""

    benign: dict[tuple[str, str], Benign]
    trials: dict[str, list[Trial]] = field(default_factory=dict)
    nats: list[float] = field(default_factory=list)


def relative(held: Mapping[str, Floats], limits: Mapping[str, float]) -> Floats:
    """The highest level as a share of its threshold: a program alarms from 1 on."""
    found: Floats = np.max([held[name] / limit for name, limit in limits.items()], axis=0)
    return found


class Bench:
    """One run: the folds, and what was measured so far."""

    def __init__(self) -> None:
        self.folds = [Fold(number) for number in range(FOLDS)]
        self.rows: list[Row] = []
        self.targets: list[Target] = []
        self.parts = {band: [self._part(fold, band) for fold in self.folds] for band in Band}

    def row(self, case: str, subject: str, measure: str, value: float, unit: str) -> None:
        self.rows.append(Row(case, subject, measure, float(value), unit))

    def band(self, band: Band) -> None:
        """Everything of one speed."""
        parts = self.parts[band]
        nats = np.concatenate([part.nats for part in parts])
        case = f"{band} a minute"
        self.row(case, "episodes", "evidence of a message, mean", nats.mean(), "nats")
        self.row(case, "episodes", "evidence of a message, median", float(np.median(nats)), "nats")
        self.row(case, "episodes", "evidence of a message, highest", nats.max(), "nats")
        least = nats[nats < MILD]
        self.row(case, "episodes", f"evidence of a message under {MILD:g} nats, mean", least.mean(),
                 "nats")  # fmt: skip
        for target in RATES:
            for program in PROGRAMS:
                self._program(band, "raw", target, program)
            self._program(band, "audited", target, OURS)

    def _solved(
        self, band: Band, variant: str, program: str, target: float
    ) -> list[dict[str, float]]:
        """Thresholds of each fold as the product solves them."""
        found = []
        for number, part in enumerate(self.parts[band]):
            limits = {}
            for name, share in PROGRAMS[program].items():
                tails: list[Tail | None] = [
                    self.parts[one][number].benign["limits", variant].known(name).tail()
                    for one in Band
                ]
                known = part.benign["limits", variant].known(name)
                limits[name] = known.solve(target * share, shape(tails)).threshold
            found.append(limits)
        return found

    def _part(self, fold: Fold, band: Band) -> Part:
        """All chats of a fold."""
        hours, trials = size()
        rng = np.random.default_rng([20261122, fold.number, list(Band).index(band)])
        part = Part({
            (use, variant): Benign(texts.unlike_hours(fold.uses[use], band))
            for use in ("limits", "alarms") for variant in VARIANTS
        })  # fmt: skip
        for use in ("limits", "alarms"):
            for told in fold.chats(use, band, hours / FOLDS, rng):
                raw = sourced(told.raw)
                part.benign[use, "raw"].add(*raw)
                part.benign[use, "audited"].add(
                    *(raw if told.ordinary is told.raw else sourced(told.ordinary))
                )
        for kind in KINDS:
            most = kind.most or fold.heaviest
            pool = [one for one in fold.spam if one.nats < most]
            part.trials[str(kind)] = _trials(fold, band, pool, kind, trials, rng)
        part.nats = [one.nats for one in fold.spam if one.nats < fold.heaviest]
        harmless = [one for one in fold.ham if one.nats < fold.heaviest]
        part.trials[CONTROL] = _trials(fold, band, harmless, KINDS[1], trials, rng)
        return part

    def _program(self, band: Band, variant: str, target: float, program: str) -> None:
        """One program at one rate of false alarms, as solved and at equal alarms."""
        case = f"{band} a minute, {target:g}/h" + (", audited" if variant == "audited" else "")
        parts = self.parts[band]
        solved = self._solved(band, variant, program, target)
        alarms = [part.benign["alarms", variant] for part in parts]
        hours = sum(held.hours for held in alarms)
        equal = _equal(alarms, solved, {n: target * s for n, s in PROGRAMS[program].items()})
        for how, limits in (("as solved", solved), ("equal", equal)):
            over = sum(
                int(np.count_nonzero(relative({n: held.of(n) for n in limit}, limit) >= 1.0))
                for held, limit in zip(alarms, limits, strict=True)
            )
            self.row(case, program, f"{how}: false alarms", over / hours, "/stream-hour")
            if program == OURS:
                unlike = min(hours, texts.unlike_hours(texts.days(), band))
                once = evaluate.Rate.of(round(over / hours * unlike), unlike)
                self.row(case, program, f"{how}: upper 95 % bound, each text once", once.high,
                         "/stream-hour")  # fmt: skip
            found = _found(parts, limits)
            self.row(case, program, f"{how}: {CONTROL}", found[CONTROL].within(600), "share")
            for kind in KINDS:
                if kind.wanted or program == OURS:
                    self._kind(case, program, how, kind, found[str(kind)])
                if (program, target) == (OURS, RATES[0]) and kind.wanted:
                    share = found[str(kind)].within(kind.limit_s)
                    name = f"{case}: {kind}{'' if how == 'equal' else ', thresholds of other days'}"
                    self.targets.append(Target.at_least(name, share, kind.wanted))
            if how == "as solved" and target == RATES[0] and program in {OURS, LEVELS["stream"]}:
                name = f"{case}: {program}: false alarms an hour with thresholds of other days"
                self.targets.append(Target.at_most(name, over / hours, target))

    def _kind(self, case: str, program: str, how: str, kind: Kind, found: Found) -> None:
        self.row(case, program, f"{how}: {kind}", found.within(kind.limit_s), "share")
        if program == OURS and kind.wanted:
            low, high = found.bounds(kind.limit_s)
            self.row(case, program, f"{how}: {kind}: 95 % interval, low", low, "share")
            self.row(case, program, f"{how}: {kind}: 95 % interval, high", high, "share")
            self.row(case, program, f"{how}: {kind}: median", min(found.median_s, 9_999), "s")


def _equal(
    alarms: Sequence[Benign], solved: Sequence[dict[str, float]], targets: Mapping[str, float]
) -> list[dict[str, float]]:
    """Thresholds moved by a factor for each level, so that it rings as often as it may."""
    hours = sum(held.hours for held in alarms)
    factor = {}
    for name, target in targets.items():
        over = np.concatenate(
            [held.of(name) / limit[name] for held, limit in zip(alarms, solved, strict=True)]
        )
        found = float(np.sort(over)[::-1][int(target * hours)]) * (1.0 + 1e-9)
        factor[name] = max(1.0, found) if name == LEVELS["message"] else found
    return [{name: limit[name] * factor[name] for name in limit} for limit in solved]


def _found(parts: Sequence[Part], limits: Sequence[dict[str, float]]) -> dict[str, Found]:
    """When each trial alarmed, by kind of episode."""
    return {
        what: evaluate.detect(
            [
                (Course(next(iter(held.values())).at,
                        relative({name: held[name].value for name in limit}, limit)), began)
                for part, limit in zip(parts, limits, strict=True)
                for held, began in part.trials[what]
            ],
            1.0,
        )
        for what in parts[0].trials
    }  # fmt: skip


def _trials(
    fold: Fold, band: Band, pool: Sequence[Scored], kind: Kind, trials: int,
    rng: np.random.Generator,
) -> list[Trial]:  # fmt: skip
    """Ordinary chats with an episode laid in, and when it began."""
    held = []
    for found in islice(fold.chats("found", band, math.inf, rng), trials // FOLDS):
        chat = found.ordinary
        told = episode(pool, rng, per_minute=kind.speed, accounts=kind.accounts)
        latest = max(120.0, chat[-1].at - 600.0)
        began = float(rng.uniform(min(600.0, latest - 60.0), latest))
        held.append((courses(evaluate.laid(chat, told, began)), began))
    return held


def run() -> Result:
    """All bands, then speed."""
    bench = Bench()
    for band in Band:
        bench.band(band)
    rows, targets = comments_engine.measured()
    over, more = comments_http.measured()
    left, kept = comments_attacked.measured()
    talks, held = comments_conversations.measured()
    promised, true = comments_promise.measured()
    return Result(
        "comments", (*bench.rows, *rows, *over, *left, *talks, *promised),
        (*bench.targets, *targets, *more, *kept, *held, *true), _notes(),
    )  # fmt: skip


def _notes() -> tuple[str, ...]:
    hours, trials = size()
    unlike = {band: texts.unlike_hours(texts.days(), band) for band in Band}
    not_ordinary = sum(not line.ordinary for day in texts.days() for line in day)
    lines = (
        (
            "Surrogates only: polite advertising against a technical help channel. No figure is a "
            "claim about abuse."
        ),
        f"{hours:g} stream-hours a band and figure, from five folds of three days each, four fifths "
        "of their authors, times compressed to the band's speed. Unlike text lasts for "
        + ", ".join(f"{held:.1f} h at {band}" for band, held in unlike.items())
        + " a minute: no rate below some alarms in so many hours can be shown with it.",
        (
            f"{trials} episodes a cell over 10 minutes, in pieces of three to six words; no message of "
            "an episode weighs more than the heaviest ordinary line of the fold's days for limits, so "
            "none is an alarm by itself."
        ),
        (
            f"Audited: the lines that weigh most were read (data/chat/read.csv); {not_ordinary} belong "
            "to a quarrel, the others are about the channel's own matters."
        ),
        (
            "As solved: thresholds of other days, for so many hours as there is unlike text. Lines and "
            "authors that come round again count once, and what lies beyond them is taken at its upper "
            "bound, so it rings seldomer than it may; days on which somebody is louder than any bound "
            "from three days of one channel are not ruled out. A service has more unlike text in a day "
            "than all of this."
        ),
        (
            "Conversations are dealt from 2,397 ordinary short messages of many people, some sixty "
            "conversations' worth: friends who know each other ask more of what the cues look for. "
            "The sentences of the episodes are the cues' own, and the cues' weights were measured "
            "on the same messages: read it as how the sum works, never as a rate to expect."
        ),
        (
            "Not solved: .5 messages a minute over five accounts, episodes of 4 nats a message at most, "
            "and harmless talk of the surrogate's genre, which alarms oftener than the channel's own."
        ),
    )
    return tuple("".join(line) for line in lines)
