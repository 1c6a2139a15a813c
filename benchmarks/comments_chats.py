"""Chats and episodes of the comments benchmark, assembled from public texts that stand in.

Benign: ten days of a technical help channel. In each of five folds a day serves one figure only.
A chat is a stretch of some days, some of their authors, times compressed to a speed. Episodes:
polite advertising (the surrogate) that the fold's model never saw, said in pieces of three to six
words as people write in chats, for a whole short message is blatant: half of them weigh more than
nine nats. The control: ordinary messages of that genre in such pieces. Texts come round again: how
many hours of unlike text there are is told. What was read of the channel, and what of it is not
ordinary, stands in `data/chat/read.csv`, by day and line.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from breakwater.comments.calibrate import Band, Calibration
from breakwater.comments.evaluate import Event
from breakwater.comments.model import Package
from breakwater.comments.reader import MessageReader
from breakwater.comments.rows import Row
from breakwater.comments.train import About, train

DATA = Path(__file__).parent / "data" / "chat"
LINE = re.compile(r"^\[(\d\d):(\d\d)\] <([^>]+)> (.*)$")
USES = {"train": (0, 1), "calibrate": (2,), "test": (3,), "limits": (2, 3, 4), "alarms": (5, 6, 7),
        "found": (8, 9)}  # fmt: skip
"""Days by use, in the first fold. `calibrate` and `test` only fill the package's card; the nulls
and thresholds of `limits` are learned from days that the model's weights never saw."""

FOLDS = 5
CHAT_S = 1_800.0
LEAST_S = 900.0
SPEEDS = {Band.SLOW: (3.0, 9.0), Band.BUSY: (20.0, 60.0), Band.FAST: (110.0, 180.0)}
DAYS_OF = {Band.SLOW: 1, Band.BUSY: 2, Band.FAST: 3}
"""Days that one chat is laid together from: one holds some 1,100 messages."""

PRESENT = 0.8
"""Of a day's authors, the share that a chat has: no two chats are the same."""

LEAST_WORDS, MOST_WORDS = 3, 6
SERVICE = "bench"
SIXTHS = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the channel: minutes since the day's first, who, what; ordinary or not."""

    minute: float
    nick: str
    text: str
    ordinary: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A benign chat; `ordinary`: without the lines that a person found not to be."""

    raw: list[Event]
    ordinary: list[Event]


@lru_cache(maxsize=1)
def days() -> tuple[tuple[Line, ...], ...]:
    """All days, the oldest first."""
    paths = sorted((DATA / "irc").glob("*.gz"))
    return tuple(tuple(_lines(day, path)) for day, path in enumerate(paths))


@lru_cache(maxsize=1)
def read() -> dict[tuple[int, int], str]:
    """Reasons why lines are not ordinary, by day and line (from 0), as a person found them."""
    with (DATA / "read.csv").open(encoding="ascii", newline="") as file:
        return {
            (int(row["day"]), int(row["line"])): row["reason"]
            for row in csv.DictReader(file)
            if row["ordinary"] == "no"
        }


def _lines(day: int, path: Path) -> Iterator[Line]:
    first, before, turned, number = None, 0, 0, 0
    for raw in gzip.decompress(path.read_bytes()).decode("utf-8", "replace").splitlines():
        found = LINE.match(raw)
        if not found:
            continue
        minute = int(found[1]) * 60 + int(found[2])
        turned += 1440 if minute < before - 60 else 0
        before = minute
        first = minute if first is None else first
        yield Line(float(minute + turned - first), found[3], found[4], (day, number) not in read())
        number += 1


@lru_cache(maxsize=1)
def messages() -> dict[bool, tuple[str, ...]]:
    """Polite advertising (True) and ordinary short messages (False), in a fixed order."""
    held: dict[bool, list[str]] = {True: [], False: []}
    text = gzip.decompress((DATA / "sms_spam_train.csv.gz").read_bytes()).decode("utf-8")
    for row in csv.DictReader(io.StringIO(text)):
        held[row["label"] == "spam"].append(row["text"])
    return {
        which: tuple(sorted(texts, key=lambda one: hashlib.sha256(one.encode()).digest()))
        for which, texts in held.items()
    }


@lru_cache(maxsize=1 << 16)
def hash_of(text: str) -> int:
    """64 bits of a text or name."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def campaign(text: str) -> str:
    """What messages begin with that are one advertisement in several wordings."""
    return " ".join(text.casefold().split()[:3])


def pieces(text: str, rng: np.random.Generator) -> list[str]:
    """A text as somebody writes it who sends a few words at a time."""
    words, found = text.split(), []
    while words:
        count = int(rng.integers(LEAST_WORDS, MOST_WORDS + 1))
        if len(words) - count < LEAST_WORDS:
            count = len(words)
        found.append(" ".join(words[:count]))
        words = words[count:]
    return found


@dataclass(frozen=True, slots=True)
class Scored:
    """One unlike text: its evidence, and the key of its skeleton."""

    key: int
    nats: float


class Fold:
    """One way to give every day a use, and the model that was learned so."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.uses = {
            use: [days()[(day + 2 * number) % len(days())] for day in held]
            for use, held in USES.items()
        }
        draw = np.random.default_rng(20261122)
        told: list[dict[str, list[str]]] = [{} for _ in range(SIXTHS)]
        for text in messages()[True]:
            held = told[(hash_of(campaign(text)) + number) % SIXTHS]
            held.setdefault(campaign(text), []).extend(pieces(text, draw))
        self.package = self._trained(told)
        self._reader = MessageReader(self.package)
        self._known: dict[str, Scored] = {}
        self._calibration = Calibration(self.package.positives)
        for day in self.uses["limits"]:
            for line in day:
                raw = self._reader.read(line.text, "en").raw
                if raw is not None:
                    self._calibration.observe(SERVICE, "en", Band.BUSY, raw, 0.0)
        seen = {self.of(one).key for held in told[:2] for said in held.values() for one in said}
        rest = [self.of(one) for held in told[4:] for said in held.values() for one in said]
        self.spam = [one for one in rest if one.key not in seen]
        self.ham = [self.of(one) for text in messages()[False] for one in pieces(text, draw)]
        self.heaviest = max(
            self.of(line.text).nats for day in self.uses["limits"] for line in day if line.ordinary
        )

    def of(self, text: str) -> Scored:
        """One text, read once; weighed against unlabelled traffic of the days for limits."""
        found = self._known.get(text)
        if found is None:
            read_ = self._reader.read(text, "en")
            nats = sum(one.nats for one in read_.scored.by if one.source != "model")
            if read_.raw is not None:
                nats += self._calibration.nats(SERVICE, "en", Band.BUSY, read_.raw) or 0.0
            found = self._known[text] = Scored(read_.key, nats)
        return found

    def _trained(self, told: Sequence[Mapping[str, Sequence[str]]]) -> Package:
        """Advertising against the channel, by groups that never meet."""
        spam = {"train": told[:2], "calibrate": told[2:3], "test": told[3:4]}
        parts = {
            use: [Row(one, True, group, "en")
                  for held in spam[use] for group, said in held.items() for one in said]
            + [Row(line.text, False, f"day{(number + 2 * self.number) % len(days())}", "en")
               for number, day in zip(USES[use], self.uses[use], strict=True) for line in day]
            for use in spam
        }  # fmt: skip
        about = About(
            "bench-spam", "Polite advertising against a help channel",
            "A surrogate: it measures machinery, and says nothing about abuse.", "CC-BY-4.0",
            surrogate=True,
        )  # fmt: skip
        return train(parts, about, sources={}).package

    def chats(self, use: str, band: Band, hours: float, rng: np.random.Generator) -> Iterator[Told]:
        """Chats of a speed until there are enough hours."""
        low, high = SPEEDS[band]
        taken = 0.0
        while taken < hours * 3_600:
            speed = float(np.exp(rng.uniform(np.log(low), np.log(high))))
            told, length = self._chat(use, speed, DAYS_OF[band], rng)
            if length >= LEAST_S:
                taken += length
                yield told

    def _chat(
        self, use: str, speed: float, count: int, rng: np.random.Generator
    ) -> tuple[Told, float]:
        """Half an hour of some of the days' authors; shorter where the texts do not last."""
        chosen = rng.choice(len(self.uses[use]), min(count, len(self.uses[use])), replace=False)
        wanted = int(speed * CHAT_S / 60 / len(chosen))
        held: list[tuple[float, Line, int]] = []
        for which in chosen:
            day = self.uses[use][int(which)]
            nicks = sorted({line.nick for line in day})
            here = {
                n for n, in_ in zip(nicks, rng.random(len(nicks)) < PRESENT, strict=True) if in_
            }
            lines = [line for line in day if line.nick in here]
            start = int(rng.integers(0, max(0, len(lines) - wanted) + 1))
            lines = lines[start : start + wanted]
            at = np.sort(np.array([line.minute for line in lines]) + rng.uniform(0, 1, len(lines)))
            at = (at - at[0]) / max(1e-9, at[-1] - at[0])
            held += [(float(t), line, int(which)) for t, line in zip(at, lines, strict=True)]
        held.sort(key=lambda one: one[0])
        length = len(held) / speed * 60
        raw, ordinary = [], []
        for share, line, which in held:
            scored = self.of(line.text)
            author = hash_of(f"{which} {line.nick}")
            event = Event(author, scored.key, share * length, scored.nats)
            raw.append(event)
            if line.ordinary:
                ordinary.append(event)
        return Told(raw, raw if len(ordinary) == len(raw) else ordinary), length


def unlike_hours(held: Sequence[Sequence[Line]], band: Band) -> float:
    """Hours of unlike text that some days hold at a band's middle speed."""
    low, high = SPEEDS[band]
    return sum(len(day) for day in held) / float(np.sqrt(low * high)) / 60


def episode(
    pool: Sequence[Scored], rng: np.random.Generator, *,
    per_minute: float, accounts: int, minutes: float = 10.0,
) -> list[Event]:  # fmt: skip
    """Messages at random times by some accounts."""
    at, events = 0.0, []
    while at < minutes * 60:
        one = pool[int(rng.integers(len(pool)))]
        events.append(Event(int(rng.integers(accounts)) + 1, one.key, at, one.nats))
        at += float(rng.exponential(60 / per_minute))
    return events
