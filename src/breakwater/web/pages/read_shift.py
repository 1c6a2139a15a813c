"""One shift as a strip: when pictures were on screen, when one rested, and what comes.

In come looks and breaks, out go blocks and ticks in thousandths of the strip. Looks that follow
one another within two minutes are drawn as one block: it is work with pictures, not each look,
that tires. Read by `read_wellbeing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from breakwater.model.exposure import Glance
from breakwater.review.looking.wellbeing import Own
from breakwater.web.pages import words
from breakwater.web.pages.models_wellbeing import Block, Strip, Tick
from breakwater.web.pages.speech import say

TOGETHER: Final = timedelta(minutes=2)
THINNEST: Final = 3.0
"""Thousandths: what lasted seconds is still seen."""
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Scale:
    """From moments to thousandths of the strip."""

    begins: datetime
    length: timedelta

    def place(self, moment: datetime) -> float:
        """Where a moment lies; what is outside lies at the edge."""
        return round(min(1000.0, max(0.0, 1000 * ((moment - self.begins) / self.length))), 1)

    def block(self, style: str, first: datetime, last: datetime, said: str) -> Block:
        """Something that lasted."""
        x = self.place(first)
        width = max(THINNEST, round(self.place(last) - x, 1))
        return Block(style, x, width, f"{said}, {between(first, last)}")


def strip(figures: Own, now: datetime) -> Strip | None:
    """The shift so far; None before its first picture."""
    stands = figures.stands
    if stands.began is None or stands.cut_off_at is None:
        return None
    begins = stands.began.replace(minute=0, second=0, microsecond=0)
    scale = Scale(begins, max(stands.cut_off_at + HOUR, now) - begins)
    return Strip(
        blocks=tuple(_blocks(figures, scale, now)),
        ticks=tuple(_ticks(figures, scale)),
        now=scale.place(now),
        words=say(
            "Your shift since %(begins)s: %(seen)s with pictures, closing at %(closes)s",
            begins=_hour(stands.began), seen=words.span(stands.used),
            closes=_hour(stands.cut_off_at),
        ),
    )  # fmt: skip


def spells(glances: Sequence[Glance]) -> list[tuple[datetime, datetime]]:
    """Stretches in which pictures followed one another."""
    found: list[tuple[datetime, datetime]] = []
    for glance in glances:
        if found and glance.at - found[-1][1] <= TOGETHER:
            found[-1] = (found[-1][0], max(found[-1][1], glance.ended))
        else:
            found.append((glance.at, glance.ended))
    return found


def pauses(figures: Own, now: datetime) -> list[tuple[datetime, datetime]]:
    """Times without a picture that were long enough to be a break, the one now included."""
    seen = spells(figures.glances)
    edges = [*((a[1], b[0]) for a, b in pairwise(seen)), *((last[1], now) for last in seen[-1:])]
    shortest = figures.limits.of("pause")
    return [(first, last) for first, last in edges if last - first >= shortest]


def between(first: datetime, last: datetime) -> str:
    """From when to when: "10:00 to 10:10"."""
    return say("%(begins)s to %(ends)s", begins=_hour(first), ends=_hour(last))


def _blocks(figures: Own, scale: Scale, now: datetime) -> Iterator[Block]:
    for first, last in spells(figures.glances):
        yield scale.block("seen", first, last, say("Pictures"))
    for first, last in pauses(figures, now):
        yield scale.block("rest", first, last, say("Break"))
    ahead = _ahead(figures, now)
    if ahead is not None:
        yield scale.block("planned", *ahead, say("Break that is due"))


def _ahead(figures: Own, now: datetime) -> tuple[datetime, datetime] | None:
    """What is left of the break that goes on, or the one that is due next."""
    stands = figures.stands
    if stands.closed is not None and not stands.closed.over_cap and stands.until is not None:
        return now, stands.until
    if stands.break_at is None:
        return None
    return stands.break_at, stands.break_at + figures.limits.of("pause")


def _ticks(figures: Own, scale: Scale) -> Iterator[Tick]:
    at = scale.begins
    while at <= scale.begins + scale.length:
        yield Tick(scale.place(at), _hour(at))
        at += HOUR
    if figures.stands.cut_off_at is not None:
        yield Tick(scale.place(figures.stands.cut_off_at), say("closes"), "end")


def _hour(moment: datetime) -> str:
    return words.at(moment).words[:5]
