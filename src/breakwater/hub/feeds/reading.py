"""Rows in the order of changes in, news for one view out; every way out of the hub reads here.

An entry that may go out is `Released`; one that the member may have had and may not have now is
`Gone`; all others say nothing. `hub.policy.View` decides. A batch is ruled on once, and only
entries that say something of themselves, or that several gave, are looked at singly.
Tests: `tests/property/test_hub_no_way_out.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from breakwater.hub.policy import Given, View
from breakwater.model.bank import EntryStatus, end_of
from breakwater.model.hub import SharedList
from breakwater.model.hub_feed import Gone, News, Released, Source, Terms, Why
from breakwater.model.hub_given import Giver
from breakwater.model.ids import Id
from breakwater.records import hub_feeds, hub_given, hub_stretches
from breakwater.records.database import Tx
from breakwater.records.hub_feeds import Batch, FeedRow, Own
from breakwater.records.hub_stretches import Stretch
from breakwater.records.lean import CODES

_PROPOSED: Final = CODES[EntryStatus.PROPOSED]
_WHY: Final = {
    CODES[EntryStatus.ACTIVE]: Why.UNRELEASED,
    CODES[EntryStatus.QUARANTINED]: Why.HELD,
    CODES[EntryStatus.WITHDRAWN]: Why.WITHDRAWN,
}
_ACTIVE: Final = CODES[EntryStatus.ACTIVE]
_NOTHING: Final = Own()
_UNKNOWN: Final = Batch(None, 0, archived=True)


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of news.

    Attributes:
        news: in the order of changes.
        through: everything up to this change was looked at.
        former: number of an entry to numbers of members under which it may have been named
            before, besides the one that stands first in its terms now.
    """

    news: Sequence[News]
    through: int
    former: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What goes with an entry that may go out.

    Attributes:
        known: the member may have had it.
        former: as in `Page`.
        fresh: keys of batches of which the member has had nothing yet.
    """

    terms: Terms | None
    known: bool
    former: tuple[int, ...] = ()
    fresh: tuple[int, ...] = ()


class Reader:
    """Reads for one view, within one snapshot."""

    def __init__(
        self,
        tx: Tx,
        view: View,
        lists: Iterable[SharedList],
        *,
        served: Iterable[int] = (),
        only: int | None = None,
    ) -> None:
        """Take what decides.

        `fresh` grows by the keys of batches of which something was read for the first time: they
        are to be noted before it goes out, so that its end is told.

        Args:
            tx: the snapshot.
            view: of the member.
            lists: every shared list, ended ones too.
            served: imports of which the member may have had something.
            only: number of the one list that is asked for; None: all.
        """
        self._tx = tx
        self._view = view
        self._lists = {one.bank_number: one for one in lists}
        self._wanted = frozenset(self._lists) if only is None else frozenset({only})
        self._served = frozenset(served)
        self._names = hub_feeds.names(tx)
        self._batches: dict[int, Batch] = {}
        self._house: dict[int, Batch] = {}
        self._plain: dict[tuple[int, int | None], Verdict] = {}
        self.fresh: set[int] = set()

    def page(self, after: int, upto: int, limit: int, *, scan: int = 0) -> Page:
        """News of entries whose last change lies in `after < change <= upto`.

        Args:
            after: a change.
            upto: a change.
            limit: news at most, but for what one entry says of itself.
            scan: rows looked at in one call; 0: as many as news.
        """
        news: list[News] = []
        former: dict[int, tuple[int, ...]] = {}
        left = max(scan, limit)
        while True:
            rows = hub_feeds.rows(self._tx, after, upto, min(limit, left))
            if not rows:
                return Page(news, upto, former)
            left -= len(rows)
            verdicts = self._verdicts(rows)
            for row in rows:
                if len(news) >= limit:
                    return Page(news, after, former)
                after = row.change
                one = self._news(row, verdicts)
                if one is not None:
                    news.append(one)
                    if row.special:
                        former[row.number] = verdicts[row.number].former
            if left <= 0 or after >= upto:
                return Page(news, after, former)

    def alike(self, after: int, upto: int, size: int) -> tuple[Stretch, Terms] | None:
        """The next rows, where all of them are ordinary entries of one kind and one batch.

        Millions come like this: whoever writes columns need not look at each. None: ask `page`.
        """
        found = hub_stretches.alike(self._tx, after, upto, size)
        if found is None or found.first.status != _ACTIVE or found.first.bank not in self._wanted:
            return None
        self._verdicts([found.first])
        verdict = self._plain[found.first.bank, found.first.import_number]
        self.fresh.update(verdict.fresh if verdict.terms else ())
        return None if verdict.terms is None else (found, verdict.terms)

    def every(self, after: int, upto: int, size: int = 50_000) -> Iterable[Sequence[News]]:
        """All news up to a change, in batches."""
        while after < upto:
            page = self.page(after, upto, size)
            yield page.news
            after = page.through

    def of(self, rows: Sequence[FeedRow]) -> list[News]:
        """News of rows that were read already."""
        verdicts = self._verdicts(rows)
        found = (self._news(row, verdicts) for row in rows)
        return [one for one in found if one is not None]

    def batch(self, batch: Batch) -> Verdict:
        """What goes with the ordinary entries of a batch."""
        return self._decided(batch, _NOTHING, None, ())

    def _news(self, row: FeedRow, special: Mapping[int, Verdict]) -> News | None:
        if row.status == _PROPOSED or row.bank not in self._wanted:
            return None
        verdict = special[row.number] if row.special else self._plain[row.bank, row.import_number]
        if row.status == _ACTIVE and verdict.terms is not None:
            if verdict.fresh:
                self.fresh.update(verdict.fresh)
            return Released(
                row.change, row.number, row.kind, bytes(row.value), verdict.terms,
                bool(row.negative), row.quality, row.score,
            )  # fmt: skip
        if not verdict.known:
            return None
        named = (
            (verdict.terms.sources[0].number, *verdict.former) if verdict.terms else verdict.former
        )
        return Gone(row.change, row.number, _WHY[row.status], row.kind, named)

    def _verdicts(self, rows: Sequence[FeedRow]) -> dict[int, Verdict]:
        """Rule on what these rows need; answers verdicts of the special ones."""
        mine = [row for row in rows if row.bank in self._wanted and row.status != _PROPOSED]
        new = {(row.bank, row.import_number) for row in mine} - self._plain.keys()
        if new:
            imports = {number for _, number in new if number is not None}
            self._batches |= hub_feeds.batches(self._tx, imports)
            self._house |= hub_feeds.house(self._tx, {bank for bank, _ in new})
            for bank, number in new:
                self._plain[bank, number] = self.batch(self._batch(bank, number))
        special = [row for row in mine if row.special]
        if not special:
            return {}
        numbers = [row.number for row in special]
        own = hub_feeds.own(self._tx, numbers)
        givers = hub_given.givers(self._tx, numbers, published=True)
        ever = hub_feeds.ever(self._tx, numbers)
        return {
            row.number: self._decided(
                self._batch(row.bank, row.import_number), own.get(row.number, _NOTHING),
                givers[row.number], ever.get(row.number, ()),
            )
            for row in special
        }  # fmt: skip

    def _batch(self, bank: int, number: int | None) -> Batch:
        if number is not None and number in self._batches:
            found = self._batches[number]
            return found if found.bank == bank else replace(found, bank=bank)
        return self._house.get(bank, _UNKNOWN)

    def _decided(
        self, batch: Batch, own: Own, givers: Sequence[Giver] | None, ever: Sequence[tuple[Id, int | None]]
    ) -> Verdict:  # fmt: skip
        """Rule on an entry: from a batch, with what it says itself and who gives it."""
        labels = batch.labels if own.labels is None else own.labels
        use = own.permitted_use or batch.permitted_use or batch.bank_use
        ends = _first(end_of(own.expires_at, batch.expires_at), batch.bank_expires_at)
        given = _given(batch, givers)
        allowed = self._allowed(batch, given, labels, use, ends)
        former = self._former(batch, ever, allowed)
        was = batch.key in self._served or bool(former)
        if not allowed:
            return Verdict(None, was, former)
        shared = self._lists[batch.bank]
        # Words on the origin are the first giver's; another's release does not carry them.
        origin = (
            (own.source or batch.source) if given and given[0].source in self._ids(allowed) else ""
        )
        terms = Terms(
            list=shared.name,
            sources=tuple(self._source(one) for one in allowed),
            permitted_use=use, category=allowed[0].category, labels=labels, tlp=shared.tlp,
            source=origin, expires_at=ends,
        )  # fmt: skip
        keys = {
            batch.key if one.source == batch.member
            else -hub_feeds.loose(batch.bank, self._number(one.source))
            for one in allowed
        }  # fmt: skip
        return Verdict(terms, True, former, tuple(sorted(keys - self._served)))

    def _allowed(
        self, batch: Batch, given: Sequence[Given], labels: Sequence[str], use: str, ends: datetime | None
    ) -> list[Given]:  # fmt: skip
        """Contributors whose rules let the entry out; empty where it may not go."""
        if batch.archived:
            return []
        whole = self._view.entry(given, batch.bank, labels, permitted_use=use, expires_at=ends)
        if not whole.allowed:
            return []
        return [
            one for one in given
            if self._view.ruling(
                one.source, batch.bank, one.category, labels, permitted_use=use, expires_at=ends
            ).allowed
        ]  # fmt: skip

    def _former(
        self, batch: Batch, ever: Sequence[tuple[Id, int | None]], allowed: Sequence[Given]
    ) -> tuple[int, ...]:  # fmt: skip
        """Members it may have been named by to this one, besides the first that is allowed now."""
        now = allowed[0].source if allowed else None
        found = {one.source for one in allowed} - {now}
        if batch.key in self._served and (batch.member != now or not allowed):
            found.add(batch.member)
        for member, number in ever:
            beside = -hub_feeds.loose(batch.bank, self._number(member))
            if member != now and (number in self._served or beside in self._served):
                found.add(member)
        return tuple(sorted(self._number(one) for one in found))

    @staticmethod
    def _ids(given: Sequence[Given]) -> set[Id | None]:
        return {one.source for one in given}

    def _number(self, member: Id | None) -> int:
        return HOUSE.number if member is None else self._names[member][0]

    def _source(self, given: Given) -> Source:
        return HOUSE if given.source is None else Source(*self._names[given.source])


HOUSE: Final = Source(0, "This hub")
"""What stands as the member where the hub's own house gave an entry."""


def _given(batch: Batch, givers: Sequence[Giver] | None) -> list[Given]:
    if givers is None:
        return [Given(batch.member, batch.category)]
    found = [
        Given(one.member, one.category) for one in sorted(givers, key=lambda one: not one.first)
    ]
    if batch.member is None:
        found.insert(0, Given(None, batch.category))
    return found


def _first(*ends: datetime | None) -> datetime | None:
    return min((one for one in ends if one is not None), default=None)
