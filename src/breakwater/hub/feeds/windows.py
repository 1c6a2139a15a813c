"""The NCMEC dialect's calls: windows of time in, pages of XML out.

A page names its window and the change it goes on after, so that it may be asked for again at any
time, by any process, and never shows what its asker may not have: `next` is a place and no right.
What moved on since a window was closed is in a later one. Rules: reference hash-sharing. Tests:
`tests/integration/test_threatexchange_ncmec.py`, `tests/integration/test_hub_ncmec.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from breakwater.errors import BadInput, NotFound
from breakwater.hub.feeds import ncmec
from breakwater.hub.feeds.clock import HubClock
from breakwater.hub.feeds.following import Asking, Following
from breakwater.hub.feeds.reading import HOUSE, Page, Reader
from breakwater.model.access import Principal
from breakwater.model.hub import MemberState
from breakwater.model.hub_feed import Released
from breakwater.records import hub_feeds, hub_members, hub_stamps
from breakwater.records.database import Database, Tx

DIALECT: Final = "ncmec"
ALL: Final = "all"
"""Stands in a path for all lists; a list's name is in capitals."""
SCAN: Final = 20_000
"""Rows looked at for one page: where little of them is released, a page is short and has a next."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page that is asked for.

    Attributes:
        list: name of the list, or `all`.
        start, end: seconds; the window is `start <= t < end`.
        after: the change to go on after; None: the window's first page.
    """

    list: str
    start: int
    end: int
    after: int | None = None

    @classmethod
    def read(cls, name: str, start: str, end: str, after: str, now: datetime) -> Wanted:
        """Read a query; `to` that is left out is now, `from` that is left out the beginning.

        Raises:
            BadInput: not a time, or not a place of ours.
        """
        if after and not (after.isascii() and after.isdigit() and len(after) <= 18):
            raise BadInput("`start` is not one that was given out here.")
        first = _second(start) if start else 0
        last = _second(end) if end else int(now.timestamp())
        return cls(name, first, last, int(after) if after else None)

    def following(self, page: Page, upto: int) -> str:
        """Path and query of the next page; empty at the end."""
        if page.through >= upto:
            return ""
        said = {
            "from": ncmec.moment(self.start), "to": ncmec.moment(self.end),
            "start": page.through, "size": ncmec.PAGE, "max": upto,
        }  # fmt: skip
        return f"/v2/entries?{urlencode(said, safe=':')}"


class Windows:
    """Answers the dialect."""

    def __init__(self, db: Database, following: Following, clock: HubClock) -> None:
        self._db = db
        self._following = following
        self._clock = clock

    def status(self, who: Principal, name: str, address: str) -> str:
        """Who asks; shows that the credentials work."""
        with self._db.read() as tx:
            asking = self._asking(tx, who, name)
        return ncmec.status(address, who.name, asking.member.number, asking.member.name)

    def members(self, who: Principal, name: str) -> str:
        """Every member that takes part."""
        with self._db.read() as tx:
            self._asking(tx, who, name)
            every = hub_members.every(tx, state=MemberState.ACTIVE)
        return ncmec.members(
            [(HOUSE.number, HOUSE.name), *((one.number, one.name) for one in every)]
        )

    def reasons(self, who: Principal, name: str, kind: str) -> str:
        """Reasons of negative feedback.

        Raises:
            NotFound: no such type of fingerprint.
        """
        with self._db.read() as tx:
            self._asking(tx, who, name)
        if kind not in ncmec.ALL_TYPES:
            raise NotFound(f"fingerprint type {kind[:40]}")
        return ncmec.reasons(kind)

    def categorizations(self, who: Principal, name: str) -> str:
        """Words that entries may be sorted by."""
        with self._db.read() as tx:
            self._asking(tx, who, name)
        return ncmec.categorizations()

    def entries(self, who: Principal, name: str, start: str, end: str, after: str) -> str:
        """A page of a window.

        Raises:
            BadInput: not a window, ahead of the hub's clock, or not a page of it.
            NotAllowed, NotFound: not for this key; no such list.
        """
        wanted = Wanted.read(name, start, end, after, self._db.clock.now())
        self._following.prepare(who, DIALECT)
        self._clock.close(wanted.end)
        with self._db.read() as tx:
            asking = self._asking(tx, who, name)
            reader = asking.reader(tx, self._only(asking, name))
            page, upto = self._page(tx, reader, wanted)
            answer = self._answer(tx, wanted, page, upto)
        if reader.fresh:
            self._following.served(asking.member.id, reader.fresh)
        told, count = ncmec.entries(answer)
        self._following.note(asking.member.id, DIALECT, rows=count, change=page.through)
        return told

    def entry(self, who: Principal, name: str, member: int, number: str) -> tuple[Asking, int]:
        """Who asks, and the number of an entry that it has from here; for feedback on it.

        Raises:
            NotFound: there is none, or it is not this member's to see.
        """
        if not (number.isascii() and number.isdigit() and len(number) <= 10):
            raise NotFound("entry")
        with self._db.read() as tx:
            asking = self._asking(tx, who, name)
            reader = asking.reader(tx, self._only(asking, name))
            found = reader.of(hub_feeds.rows_of(tx, [int(number)]))
        for one in found:
            if isinstance(one, Released) and member in {s.number for s in one.terms.sources}:
                return asking, one.number
        raise NotFound("entry")

    def _page(self, tx: Tx, reader: Reader, wanted: Wanted) -> tuple[Page, int]:
        if wanted.start >= wanted.end:
            return Page([], 0), 0
        window = self._clock.window(tx, wanted.start, wanted.end)
        after = window.after if wanted.after is None else wanted.after
        if after < window.after:
            raise BadInput("`start` is not one that was given out for this window.")
        if after >= window.upto:
            return Page([], window.upto), window.upto
        return reader.page(after, window.upto, ncmec.PAGE, scan=SCAN), window.upto

    @staticmethod
    def _answer(tx: Tx, wanted: Wanted, page: Page, upto: int) -> ncmec.Answer:
        news = page.news
        if not news:
            return ncmec.Answer([], {}, {}, {}, {}, wanted.following(page, upto))
        known = hub_stamps.seconds(tx, news[0].change, news[-1].change)
        return ncmec.Answer(
            news, {one.number: known.of(one.change) for one in news}, page.former,
            hub_feeds.feedback(tx, _released(page)), hub_feeds.names(tx),
            wanted.following(page, upto),
        )  # fmt: skip

    def _asking(self, tx: Tx, who: Principal, name: str) -> Asking:
        asking = self._following.asking(tx, who)
        self._only(asking, name)
        return asking

    @staticmethod
    def _only(asking: Asking, name: str) -> int | None:
        return None if name == ALL else asking.list_named(name)


def _released(page: Page) -> Sequence[int]:
    return [one.number for one in page.news if isinstance(one, Released)]


def _second(said: str) -> int:
    """A time of the dialect as a whole second; a fraction counts as the second after."""
    try:
        at = datetime.fromisoformat(said)
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        return math.ceil(at.timestamp())
    except (ValueError, OverflowError):
        raise BadInput("A time is written 2026-03-01T12:00:00Z.") from None
