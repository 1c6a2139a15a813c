"""Chats and episodes of the comments benchmark, assembled from public texts that stand in.

Benign: ten days of a technical help channel, split so that no day serves two figures. A chat is a
stretch of one day, its times compressed to a speed; fast ones overlay two days. Episodes: polite
advertising messages (the surrogate), spread over accounts; the control: ordinary short messages of
the same genre. Texts come round again: how many hours of unlike text there are is told.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from breakwater.comments.calibrate import Band, Calibration
from breakwater.comments.evaluate import Event
from breakwater.comments.model import Package
from breakwater.comments.reader import MessageReader
from breakwater.comments.train import About, Row, train

DATA = Path(__file__).parent / "data" / "chat"
LINE = re.compile(r"^\[(\d\d):(\d\d)\] <([^>]+)> (.*)$")
DAYS = {
    "train": (0, 1),
    "calibrate": (2,),
    "test": (3,),
    "limits": (4, 5),
    "alarms": (6, 7),
    "found": (8, 9),
}
CHAT_S = 1_800.0
SPEEDS = {Band.SLOW: (3.0, 9.0), Band.BUSY: (20.0, 60.0), Band.FAST: (110.0, 180.0)}
SERVICE = "bench"


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the channel: minutes since the day's first, who, what."""

    minute: float
    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class Scored:
    """One unlike text: nats by band, and the key of its skeleton."""

    key: int
    nats: dict[Band, float]


def days() -> list[list[Line]]:
    """All days, the oldest first."""
    return [list(_lines(path)) for path in sorted((DATA / "irc").glob("*.gz"))]


def _lines(path: Path) -> Iterator[Line]:
    first, before, turned = None, 0, 0
    for raw in gzip.decompress(path.read_bytes()).decode("utf-8", "replace").splitlines():
        found = LINE.match(raw)
        if not found:
            continue
        minute = int(found[1]) * 60 + int(found[2])
        turned += 1440 if minute < before - 60 else 0
        before = minute
        first = minute if first is None else first
        yield Line(float(minute + turned - first), found[3], found[4])


def messages() -> dict[bool, list[str]]:
    """Polite advertising (True) and ordinary short messages (False), in a fixed order."""
    held: dict[bool, list[str]] = {True: [], False: []}
    text = gzip.decompress((DATA / "sms_spam_train.csv.gz").read_bytes()).decode("utf-8")
    for row in csv.DictReader(io.StringIO(text)):
        held[row["label"] == "spam"].append(row["text"])
    for texts in held.values():
        texts.sort(key=lambda one: hashlib.sha256(one.encode()).digest())
    return held


def trained(channel: Sequence[Sequence[Line]], spam: Sequence[str]) -> Package:
    """The surrogate's model: advertising against the channel, by groups that never meet."""
    third = len(spam) // 6
    cut = {"train": spam[: 2 * third], "calibrate": spam[2 * third : 3 * third],
           "test": spam[3 * third : 4 * third]}  # fmt: skip
    parts = {
        name: [Row(text, True, f"s{hash_of(text)}", "en") for text in cut[name]]
        + [Row(one.text, False, f"day{day}", "en") for day in DAYS[name] for one in channel[day]]
        for name in cut
    }
    about = About(
        "bench-spam", "Polite advertising against a help channel",
        "A surrogate: it measures machinery, and says nothing about abuse.", "CC-BY-4.0",
        surrogate=True,
    )  # fmt: skip
    return train(parts, about, sources={}).package


def hash_of(text: str) -> int:
    """64 bits of a text or name."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


class Scorer:
    """Nats of texts, by the model as calibrated on unlabelled traffic of the days for limits."""

    def __init__(self, package: Package, channel: Sequence[Sequence[Line]]) -> None:
        self._reader = MessageReader(package)
        self._calibration = Calibration(package.positives)
        self._known: dict[str, Scored] = {}
        for day in DAYS["limits"]:
            for line in channel[day]:
                raw = self._reader.read(line.text, "en").raw
                for band in Band:
                    if raw is not None:
                        self._calibration.observe(SERVICE, "en", band, raw, 0.0)

    def of(self, text: str) -> Scored:
        """One text, read once."""
        found = self._known.get(text)
        if found is None:
            read = self._reader.read(text, "en")
            rest = sum(one.nats for one in read.scored.by if one.source != "model")
            nats = {
                band: rest + (self._calibration.nats(SERVICE, "en", band, read.raw) or 0.0)
                if read.raw is not None else rest
                for band in Band
            }  # fmt: skip
            found = self._known[text] = Scored(read.key, nats)
        return found


def chats(
    channel: Sequence[Sequence[Line]], which: str, band: Band, hours: float, scorer: Scorer,
    rng: np.random.Generator,
) -> list[list[Event]]:  # fmt: skip
    """Half-hour chats of a band until there are enough hours."""
    found: list[list[Event]] = []
    low, high = SPEEDS[band]
    while len(found) * CHAT_S / 3_600 < hours:
        speed = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        over = DAYS[which] if band is Band.FAST else (int(rng.choice(DAYS[which])),)
        events: list[Event] = []
        for day in over:
            count = min(len(channel[day]), int(speed * CHAT_S / 60 / len(over)))
            start = int(rng.integers(0, len(channel[day]) - count + 1))
            events += _stretch(channel[day][start : start + count], len(found), band, scorer, rng)
        events.sort(key=lambda one: one.at)
        if len(events) < speed * CHAT_S / 60 * 0.95:  # the texts do not last: as long as they do
            shrink = len(events) / (speed * CHAT_S / 60)
            events = [Event(e.author, e.key, e.at * shrink, e.nats) for e in events]
        found.append(events)
    return found


def _stretch(
    lines: Sequence[Line], number: int, band: Band, scorer: Scorer, rng: np.random.Generator
) -> list[Event]:
    """A stretch of one day over half an hour, its own pauses kept."""
    times = np.array([one.minute for one in lines]) + rng.uniform(0, 1, len(lines))
    times = np.sort(times - times.min()) / max(1e-9, times.max() - times.min()) * CHAT_S
    events = []
    for at, line in zip(times, lines, strict=True):
        scored = scorer.of(line.text)
        events.append(
            Event(hash_of(f"{number}{line.nick}"), scored.key, float(at), scored.nats[band])
        )
    return events


def unlike_hours(channel: Sequence[Sequence[Line]], which: str, band: Band) -> float:
    """Hours of unlike text that the days of a figure hold at this band's middle speed."""
    low, high = SPEEDS[band]
    return sum(len(channel[day]) for day in DAYS[which]) / float(np.sqrt(low * high)) / 60


def episode(
    texts: Sequence[str], band: Band, scorer: Scorer, rng: np.random.Generator, *,
    per_minute: float, accounts: int, most: float, minutes: float = 10.0,
) -> list[Event]:  # fmt: skip
    """Messages at random times by some accounts, none of more nats than `most`."""
    mild = [one for one in (scorer.of(text) for text in texts) if one.nats[band] < most]
    at, events = 0.0, []
    while at < minutes * 60:
        one = mild[int(rng.integers(len(mild)))]
        events.append(Event(int(rng.integers(accounts)) + 1, one.key, at, one.nats[band]))
        at += float(rng.exponential(60 / per_minute))
    return events
