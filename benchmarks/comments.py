"""Risk of a chat: how soon surrogate episodes are found at equal false alarms, and how fast.

Every text stands in: polite advertising for what is looked for, a help channel for what is not. No
figure is a claim about abuse. Thresholds are solved on days of their own, alarms counted on other
days, episodes laid into others again; a program's threshold is the one that gives the target.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks import comments_chats as texts
from benchmarks.comments_peers import Skewness, ours, together
from benchmarks.harness import Result, Row, Target, quick
from breakwater.comments import evaluate, model
from breakwater.comments.calibrate import SHARES, Band, Budget, Calibration
from breakwater.comments.engine import Engine
from breakwater.comments.evaluate import Course, Event
from breakwater.comments.model import Package
from breakwater.comments.reader import MessageReader
from breakwater.model.comment import Level
from breakwater.model.comment import Message as Told

OURS = "breakwater"
SKEWNESS = "skewness (reimplemented)"
LEVELS = {"message": "message rule", "author": "author sum", "stream": "stream sum"}
RATES = (0.05, 0.02, 0.01, 0.002)
MILD = 2.5
"""Nats that no message of an episode exceeds."""

Chat = Sequence[Event]
Courses = dict[str, Course]
Limits = dict[str, float]


@dataclass(frozen=True, slots=True)
class Kind:
    """Episodes of one kind: messages a minute, accounts, and what is wanted of them."""

    speed: float
    accounts: int
    limit_s: float
    wanted: float

    def __str__(self) -> str:
        return f"{self.speed:g}/min, {self.accounts} accounts: within {self.limit_s / 60:g} min"


KINDS = (Kind(5.0, 5, 300.0, 0.95), Kind(2.0, 5, 600.0, 0.90))


def size() -> tuple[float, int]:
    """Stream-hours a band, trials a cell."""
    return (20.0, 40) if quick() else (300.0, 200)


def courses(chat: Chat) -> Courses:
    """Every program over one chat, by name; ours by its levels."""
    held = ours(chat)
    return {**{LEVELS[name]: held[name] for name in LEVELS}, SKEWNESS: evaluate.run(chat, Skewness)}


def joined(held: Courses, limits: Limits) -> Course:
    """Ours, all levels."""
    return together({name: held[LEVELS[name]] for name in LEVELS}, limits)


class Bench:
    """One run: the corpora, the model, and what was measured so far."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(20261122)
        self.channel = texts.days()
        held = texts.messages()
        self.spam, self.ham = held[True], held[False]
        self.package = texts.trained(self.channel, self.spam)
        self.scorer = texts.Scorer(self.package, self.channel)
        self.rows: list[Row] = []
        self.targets: list[Target] = []

    def row(self, case: str, subject: str, measure: str, value: float, unit: str) -> None:
        self.rows.append(Row(case, subject, measure, float(value), unit))

    def band(self, band: Band) -> None:
        """Everything of one speed."""
        hours, trials = size()
        benign = {which: self._benign(which, band, hours) for which in ("limits", "alarms")}
        rest = self.spam[4 * (len(self.spam) // 6) :]
        found = {str(kind): self._trials(band, rest, kind, trials, MILD) for kind in KINDS}
        control = self._trials(band, self.ham, KINDS[1], trials, 99.0)
        for target in RATES:
            case = f"{band} a minute, {target:g}/h"
            own = self._own_limits(benign["limits"], target)
            for name in (*LEVELS.values(), SKEWNESS, OURS):

                def of(held: Courses, name: str = name, own: Limits = own) -> Course:
                    return joined(held, own) if name == OURS else held[name]

                limit = 1.0 if name == OURS else evaluate.threshold(
                    [held[name] for held in benign["limits"]], target
                )  # fmt: skip
                self._alarms(case, name, [of(held) for held in benign["alarms"]], limit, band)
                for kind in KINDS:
                    trial = [(of(held), began) for held, began in found[str(kind)]]
                    share = self._found(case, name, kind, evaluate.detect(trial, limit))
                    if name == OURS and target == RATES[0]:
                        self.targets.append(Target.at_least(f"{case}: {kind}", share, kind.wanted))
                if name == OURS:
                    told = evaluate.detect([(of(held), began) for held, began in control], limit)
                    self.row(case, OURS, "harmless control: alarmed within 10 min",
                             told.within(600), "share")  # fmt: skip

    def _benign(self, which: str, band: Band, hours: float) -> list[Courses]:
        chats = texts.chats(self.channel, which, band, hours, self.scorer, self.rng)
        return [courses(chat) for chat in chats]

    def _trials(
        self, band: Band, told: Sequence[str], kind: Kind, count: int, most: float
    ) -> list[tuple[Courses, float]]:
        """Chats with an episode laid in, and when it began."""
        drawn = np.random.default_rng(7)
        chats = texts.chats(self.channel, "found", band, 20.0, self.scorer, drawn)
        held = []
        for _ in range(count):
            episode = texts.episode(
                told, band, self.scorer, drawn, per_minute=kind.speed, accounts=kind.accounts,
                most=most,
            )  # fmt: skip
            at = float(drawn.uniform(600, 900))
            chat = chats[int(drawn.integers(len(chats)))]
            held.append((courses(evaluate.laid(chat, episode, at)), at + episode[0].at))
        return held

    @staticmethod
    def _own_limits(held: Sequence[Courses], target: float) -> Limits:
        """A threshold for each level, each with its share of the budget."""
        alone = sum(SHARES[Level(name)] for name in LEVELS)
        return {
            name: evaluate.threshold(
                [one[LEVELS[name]] for one in held], target * SHARES[Level(name)] / alone
            )
            for name in LEVELS
        }

    def _alarms(
        self, case: str, name: str, benign: Sequence[Course], limit: float, band: Band
    ) -> None:
        rate = evaluate.false_alarms(benign, limit)
        self.row(case, name, "false alarms", rate.per_hour, "/stream-hour")
        unlike = min(rate.hours, texts.unlike_hours(self.channel, "alarms", band))
        once = evaluate.Rate.of(round(rate.per_hour * unlike), unlike)
        self.row(case, name, "upper 95 % bound, each text once", once.high, "/stream-hour")

    def _found(self, case: str, name: str, kind: Kind, found: evaluate.Found) -> float:
        share = found.within(kind.limit_s)
        low, high = found.bounds(kind.limit_s)
        self.row(case, name, str(kind), share, "share")
        self.row(case, name, f"{kind}: 95 % interval, low", low, "share")
        self.row(case, name, f"{kind}: 95 % interval, high", high, "share")
        self.row(case, name, f"{kind}: median", min(found.median_s, 9_999), "s")
        return share


def engine_of(package: Package) -> Engine:
    """As it runs."""
    return Engine(
        reader=MessageReader(package), calibration=Calibration(package.positives),
        budget=Budget(6, 5, 600), secret=bytes(32),
    )  # fmt: skip


def drive(number: int, count: int, out: Callable[[tuple[int, float, float]], None]) -> None:
    """One process: its streams' messages, already in memory, through one engine."""
    package = model.load(model.SHIPPED)
    lines = [one for day in texts.days() for one in day]
    start = datetime(2026, 11, 22, tzinfo=UTC)
    told = [
        (f"s{number}-{n % 50}",
         Told(f"m{n}", f"{n % 50}{lines[n % len(lines)].nick}", start + timedelta(seconds=n / 200),
              lines[n % len(lines)].text, "en"))
        for n in range(count)
    ]  # fmt: skip
    engine = engine_of(package)
    taken = np.empty(count)
    began = time.perf_counter()
    for n, (stream, message) in enumerate(told):
        at = time.perf_counter()
        engine.take(stream, texts.SERVICE, message)
        taken[n] = time.perf_counter() - at
    out((count, time.perf_counter() - began, float(np.percentile(taken, 99))))


def throughput(bench: Bench) -> None:
    """Two processes, partitioned by stream."""
    count = 20_000 if quick() else 200_000
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    workers = [context.Process(target=drive, args=(n, count, queue.put)) for n in range(2)]
    for one in workers:
        one.start()
    told = [queue.get() for _ in workers]
    for one in workers:
        one.join()
    rate = sum(done / seconds for done, seconds, _ in told)
    slow = max(p99 for *_, p99 in told)
    bench.row("engine, two processes", OURS, "messages", rate, "/s")
    bench.row("engine, two processes", OURS, "p99", slow * 1e3, "ms")
    bench.targets.append(Target.at_least("engine on 2 cores, messages/s", rate, 20_000))
    bench.targets.append(Target.at_most("engine, p99 of a message, ms", slow * 1e3, 20))


def run() -> Result:
    """All bands, then speed."""
    bench = Bench()
    for band in Band:
        bench.band(band)
    throughput(bench)
    hours, trials = size()
    return Result(
        "comments", tuple(bench.rows), tuple(bench.targets),
        (
            (
                "Surrogates only: polite advertising against a technical help channel. No figure "
                "is a claim about abuse."
            ),
            (
                f"{hours:g} stream-hours a band and figure, from two days of text each, their "
                "times compressed to the band's speed; bounds count each text once."
            ),
            f"{trials} episodes a cell over 10 minutes, no message of more than {MILD:g} nats.",
            "Raw: the channel holds real hostility and advertising; nobody read the alarms.",
        ),
    )  # fmt: skip
