"""What no chat shows alone: who comes together, who was stopped before, gifts that answer orders.

Events of all streams of a service go in; out comes, by source and in nats, what they say about one
stream. Accounts that arrive together in several streams are weighed against how many would meet
there by chance; a single partner stream counts nothing, because audiences move as a whole when a
broadcast ends, and nor does a crowd. Every source is bounded and fades; memory is bounded whatever
comes. Source: reference chat, level 4. Tests: tests/unit/test_comments_across.py.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from breakwater.comments.recent import Pace, surprise
from breakwater.errors import BadInput

WINDOW_S: Final = 600.0
"""Arrivals in two streams within this are together."""

FADE_S: Final = 1_800.0
TOGETHER_S: Final = 60.0
"""A gift this near to a directive is timed with it."""

TIMED: Final = 0.6
"""Of gifts that answer directives, the share that come so near; ours, until outcomes say better."""

CROWD: Final = 25
"""More accounts than this moving from one stream to another are an audience, not a group."""

FEWEST: Final = 3
"""Fewer accounts than this that meet again are chance."""

AGAIN_S: Final = 4.0
"""How often it is weighed who meets again."""

PARTNERS: Final = 8
ACCOUNTS: Final = 200_000
STREAMS: Final = 20_000
REPORTERS: Final = 1_000
FORM: Final = 1


class About(StrEnum):
    """Where evidence across streams comes from."""

    TOGETHER = "together"
    SANCTIONED = "sanctioned"
    GIFTS = "gifts"
    ARRIVALS = "arrivals"
    REPORTS = "reports"


CAPS: Final[Mapping[About, float]] = {
    About.TOGETHER: 6.0, About.SANCTIONED: 4.5, About.GIFTS: 4.0, About.ARRIVALS: 2.0,
    About.REPORTS: 8.0,
}  # fmt: skip
"""Nats at most, by source. Reports of people weigh most."""

PER_SANCTIONED, PER_REPORT, PER_PARTNER = 1.5, 2.5, 3.0


@dataclass(slots=True)
class _Fading:
    """A bounded sum that falls to 1/e in `FADE_S`."""

    cap: float
    sum: float = 0.0
    at: float = 0.0

    def now(self, at: float) -> float:
        if self.sum == 0.0:
            return 0.0
        return self.sum * math.exp(min(0.0, self.at - at) / FADE_S)

    def add(self, nats: float, at: float) -> None:
        self.sum = min(self.cap, max(0.0, self.now(at) + nats))
        self.at = max(self.at, at)


class _Stream:
    """What is known of one stream."""

    __slots__ = (
        "arrivals", "directives", "fading", "gifts", "guests", "met", "reporters", "together",
        "weighed",
    )  # fmt: skip

    def __init__(self, at: float) -> None:
        self.fading = {about: _Fading(cap) for about, cap in CAPS.items()}
        self.together, self.weighed = 0.0, -math.inf
        self.arrivals = Pace(at)
        self.guests: OrderedDict[int, float] = OrderedDict()
        self.met: dict[int, dict[int, float]] = {}
        self.directives: deque[float] = deque(maxlen=256)
        self.gifts: OrderedDict[int, float] = OrderedDict()
        self.reporters: set[int] = set()

    def snapshot(self) -> dict[str, Any]:
        """All of it, as plain numbers."""
        return {
            "arrivals": self.arrivals.snapshot(),
            "fading": {about.value: [one.sum, one.at] for about, one in self.fading.items()},
            "guests": list(self.guests.items()),
            "met": [[key, list(seen.items())] for key, seen in self.met.items()],
            "directives": list(self.directives),
            "gifts": list(self.gifts.items()),
            "reporters": sorted(self.reporters),
        }

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> Self:
        """As it was; raises what a wrong form raises."""
        made = cls(0.0)
        made.arrivals = Pace.restored(kept["arrivals"])
        for about, (sum_, at) in kept["fading"].items():
            made.fading[About(about)] = _Fading(CAPS[About(about)], float(sum_), float(at))
        made.guests = OrderedDict((int(key), float(at)) for key, at in kept["guests"])
        made.met = {
            int(key): {int(one): float(at) for one, at in seen} for key, seen in kept["met"]
        }
        made.directives.extend(map(float, kept["directives"]))
        made.gifts = OrderedDict((int(key), float(at)) for key, at in kept["gifts"])
        made.reporters = set(map(int, kept["reporters"]))
        return made

    def recent(self, at: float) -> int:
        """Guests of the window; those before it are let go."""
        while self.guests and at - next(iter(self.guests.values())) > WINDOW_S:
            self.guests.popitem(last=False)
        return len(self.guests)


class Across:
    """Evidence across the streams of one service. Not for several threads at once.

    Streams and accounts are 64-bit keyed hashes, times seconds of one clock.
    """

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._streams: OrderedDict[int, _Stream] = OrderedDict()
        self._visits: OrderedDict[int, dict[int, float]] = OrderedDict()

    def arrived(self, stream: int, account: int, at: float, *, sanctioned: bool = False) -> None:
        """An account joined, or wrote for the first time in a while."""
        here = self._stream(stream, at)
        here.recent(at)
        if account not in here.guests:
            self._burst(here, at)
            if sanctioned:
                here.fading[About.SANCTIONED].add(PER_SANCTIONED, at)
            self._meet(stream, here, account, at)
        here.guests[account] = at
        here.guests.move_to_end(account)
        if len(here.guests) > ACCOUNTS:
            here.guests.popitem(last=False)

    def directive(self, stream: int, account: int, at: float) -> None:
        """Somebody told the broadcaster what to do."""
        here = self._stream(stream, at)
        here.directives.append(at)
        if (gift := here.gifts.get(account)) is not None and 0 <= at - gift <= TOGETHER_S:
            here.fading[About.GIFTS].add(_timed(here, at), at)

    def gift(self, stream: int, account: int, at: float) -> None:
        """Somebody paid."""
        here = self._stream(stream, at)
        near = any(0 <= at - one <= TOGETHER_S for one in here.directives)
        if near:
            here.fading[About.GIFTS].add(_timed(here, at), at)
        here.gifts[account] = at
        here.gifts.move_to_end(account)
        if len(here.gifts) > REPORTERS:
            here.gifts.popitem(last=False)

    def reported(self, stream: int, reporter: int, at: float, *, reliability: float = 0.5) -> None:
        """A viewer reported the stream; each one counts once, by how often they were right."""
        here = self._stream(stream, at)
        if reporter in here.reporters or len(here.reporters) >= REPORTERS:
            return
        here.reporters.add(reporter)
        here.fading[About.REPORTS].add(PER_REPORT * min(1.0, max(0.0, reliability)), at)

    def evidence(self, stream: int, at: float) -> dict[About, float]:
        """What all of it says about one stream now, in nats by source; nothing known, nothing."""
        here = self._streams.get(stream)
        if here is None:
            return dict.fromkeys(About, 0.0)
        found = {about: fading.now(at) for about, fading in here.fading.items()}
        found[About.TOGETHER] = self._met_again(here, at)
        return found

    def total(self, stream: int, at: float) -> float:
        """The sum over all sources."""
        here = self._streams.get(stream)
        if here is None:
            return 0.0
        total = self._met_again(here, at)
        for fading in here.fading.values():
            if fading.sum:
                total += fading.now(at)
        return total

    def snapshot(self) -> dict[str, Any]:
        """Sums and times as plain numbers under keyed hashes, for JSON."""
        return {
            "form": FORM,
            "streams": [[key, one.snapshot()] for key, one in self._streams.items()],
            "visits": [[key, list(seen.items())] for key, seen in self._visits.items()],
        }

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> Self:
        """As it was.

        Raises:
            BadInput: not a snapshot of this form.
        """
        made = cls()
        try:
            if kept["form"] != FORM:
                raise BadInput(f"These sums are of form {kept['form']}; this program reads {FORM}.")
            for key, one in kept["streams"]:
                made._streams[int(key)] = _Stream.restored(one)
            for key, seen in kept["visits"]:
                made._visits[int(key)] = {int(other): float(at) for other, at in seen}
        except (AttributeError, KeyError, TypeError, ValueError):
            raise BadInput("These are not the sums across streams.") from None
        return made

    def ended(self, stream: int) -> None:
        """Forget a stream."""
        self._streams.pop(stream, None)

    def _stream(self, key: int, at: float) -> _Stream:
        here = self._streams.get(key)
        if here is None:
            here = self._streams[key] = _Stream(at)
            if len(self._streams) > STREAMS:
                self._streams.popitem(last=False)
        self._streams.move_to_end(key)
        return here

    def _meet(self, stream: int, here: _Stream, account: int, at: float) -> None:
        """Note with which other streams this account was in the window."""
        visits = self._visits.setdefault(account, {})
        self._visits.move_to_end(account)
        for other, when in visits.items():
            if other == stream or at - when > WINDOW_S:
                continue
            here.met.setdefault(other, {})[account] = at
            if (there := self._streams.get(other)) is not None:
                there.met.setdefault(stream, {})[account] = at
        visits[stream] = at
        if len(visits) > PARTNERS:
            del visits[min(visits, key=visits.__getitem__)]
        if len(self._visits) > ACCOUNTS:
            self._visits.popitem(last=False)

    def _met_again(self, here: _Stream, at: float) -> float:
        """Who meets again, weighed every few seconds."""
        if not here.met:
            return 0.0
        if not here.weighed <= at < here.weighed + AGAIN_S:
            here.together, here.weighed = self._together(here, at), at
        return here.together if here.met else 0.0

    def _together(self, here: _Stream, at: float) -> float:
        """Surprise over partner streams, in nats, without the greatest of them."""
        mine = max(1, here.recent(at))
        active = max(1, len(self._visits))
        found: list[float] = []
        for other, accounts in list(here.met.items()):
            for gone in [a for a, when in accounts.items() if at - when > FADE_S]:
                del accounts[gone]
            there = self._streams.get(other)
            if not accounts or there is None:
                del here.met[other]
                continue
            if FEWEST <= len(accounts) <= CROWD:
                chance = mine * max(1, there.recent(at)) / active
                found.append(min(PER_PARTNER, surprise(len(accounts), chance)))
        return min(CAPS[About.TOGETHER], sum(sorted(found)[:-1]))

    def _burst(self, here: _Stream, at: float) -> None:
        """Arrivals of this minute against the stream's own quarter of an hour."""
        here.arrivals.add(at)
        level = min(CAPS[About.ARRIVALS], 0.1 * here.arrivals.surprise())
        fading = here.fading[About.ARRIVALS]
        if level > fading.now(at):
            fading.sum, fading.at = level, at


def _timed(here: _Stream, at: float) -> float:
    """Nats of one gift beside a directive: the commoner directives are, the less it says."""
    lately = sum(1 for one in here.directives if 0 <= at - one <= WINDOW_S)
    by_chance = 1.0 - math.exp(-TOGETHER_S * lately / WINDOW_S)
    return max(0.0, math.log(TIMED / max(0.02, by_chance)))
