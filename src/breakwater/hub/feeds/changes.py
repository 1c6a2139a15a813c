"""Our own feed: entries and tombstones after a change, in commit order, with all that binds them.

A follower keeps one number. `reset` says that it is of another past (the hub was restored from a
backup): it begins anew from 0. Told by HTTP: `web.api.hub_feed`; contract:
`tests/property/test_hub_no_way_out.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from breakwater.hub.feeds.following import Following
from breakwater.model.access import Principal
from breakwater.model.hub_feed import Released, Terms
from breakwater.model.signal import kind_named
from breakwater.records import hub_feeds
from breakwater.records.database import Database

DIALECT: Final = "json"
MOST: Final = 10_000
SCAN: Final = 100_000


@dataclass(frozen=True, slots=True)
class Told:
    """A stretch of the feed.

    Attributes:
        view: digest of what may go to those who see alike.
        through: a follower goes on after this change.
        newest: the last change there is.
        reset: the follower's place is not of this hub's past: begin anew from 0.
        terms: what entries share.
        changes: entries and tombstones in commit order.
    """

    view: str
    through: int
    newest: int
    reset: bool
    terms: list[dict[str, Any]]
    changes: list[dict[str, Any]]


class Changes:
    """Answers followers."""

    def __init__(self, db: Database, following: Following) -> None:
        self._db = db
        self._following = following

    def page(self, who: Principal, after: int, limit: int, purpose: str = "") -> Told:
        """What came after a change.

        Raises:
            NotAllowed: the key is no member's, or nothing goes to it now.
            BadInput: a purpose that it does not take part for.
        """
        self._following.prepare(who, DIALECT)
        with self._db.read() as tx:
            asking = self._following.asking(tx, who, purpose)
            newest = hub_feeds.newest(tx)
            reader = asking.reader(tx)
            page = reader.page(after, newest, min(limit, MOST), scan=SCAN)
        if reader.fresh:
            self._following.served(asking.member.id, reader.fresh)
        places: dict[Terms, int] = {}
        told = [_spelled(one, places) for one in page.news]
        self._following.note(asking.member.id, DIALECT, rows=len(told), change=page.through)
        return Told(
            asking.view.digest, page.through if after <= newest else 0, newest, after > newest,
            [one.as_json() for one in places], told,
        )  # fmt: skip

    def newest(self) -> int:
        """The last change there is: followers that hear of it ask."""
        with self._db.read() as tx:
            return hub_feeds.newest(tx)


def _spelled(one: Any, places: dict[Terms, int]) -> dict[str, Any]:
    if not isinstance(one, Released):
        return {"change": one.change, "number": one.number, "gone": one.why.value}
    return {
        "change": one.change, "number": one.number, "kind": one.kind,
        "value": kind_named(one.kind).print(one.value), "negative": one.negative,
        "quality": one.quality, "score": None if one.score is None else round(one.score, 2),
        "terms": places.setdefault(one.terms, len(places)),
    }  # fmt: skip
