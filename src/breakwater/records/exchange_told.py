"""What goes back to the peers: opinions of people here, decisions, and counts without content.

What waits is derived from opinions, decisions and verdicts less what was told, so that nothing is
told twice and nothing is kept in two places. What a peer's own members said is never sent on.
Read by `exchange.telling`. Contract: `tests/contract/test_exchange_health.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.bank import Opinion
from breakwater.model.decision import UNDO, DecisionKind
from breakwater.model.exchange import DayCount, Feed, Word
from breakwater.model.ids import Id
from breakwater.records.database import Tx
from breakwater.records.exchange_feeds import clean
from breakwater.records.tables.nouns_bank import entries, entry_opinions
from breakwater.records.tables.nouns_decision import decisions
from breakwater.records.tables.nouns_exchange import (
    exchange_counted,
    exchange_items,
    exchange_states,
    exchange_told,
)
from breakwater.records.tables.nouns_intake import (
    cases,
    upload_matches,
    upload_verdicts,
    uploads,
)

THEIRS: Final = "feed:"
"""How the author of an opinion begins that a peer told us of."""
KEEPS: Final = tuple(kind.value for kind in DecisionKind if kind.keeps)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_o, _i, _e, _t = entry_opinions.c, exchange_items.c, entries.c, exchange_told.c
_d, _m, _v, _c = decisions.c, upload_matches.c, upload_verdicts.c, exchange_counted.c


def waiting(tx: Tx, feed: Feed, *, limit: int) -> list[Word]:
    """What people here said of a feed's entries and its peer was not told, the oldest first.

    Not what may still be taken back by a key (`UNDO`): a slip is told to nobody.
    """
    until = tx.now - UNDO
    said = _words(tx, _by_opinion(feed, until), limit)
    said += _words(tx, _by_decision(feed, until), limit)
    return sorted(said, key=lambda word: (word.at, word.cause, word.remote_id, word.kind))[:limit]


def _by_opinion(feed: Feed, until: datetime) -> sa.Select[Any]:
    """Opinions of people here on entries of the feed."""
    return (
        sa.select(
            _o.id.label("cause"), _i.remote_id, _e.kind, _e.value, _o.opinion, _o.at,
        )
        .join_from(entry_opinions, exchange_items, _i.entry_number == _o.entry_number)
        .join(entries, _e.number == _i.entry_number)
        .where(
            _i.feed_number == feed.number, _o.at <= until,
            sa.not_(_o.by.startswith(THEIRS)),
            ~_told(feed, _o.id),
        )
        .order_by(_o.at, _o.id)
    )  # fmt: skip


def _by_decision(feed: Feed, until: datetime) -> sa.Select[Any]:
    """Decisions that stand and confirm what an entry of the feed had matched.

    A wrong match is an opinion already (`review.deciding.wrong`).
    """
    back = decisions.alias("back")
    lead = sa.func.coalesce(_d.lead_id, _d.id)
    return (
        sa.select(
            _d.id.label("cause"), _i.remote_id, _e.kind, _e.value,
            sa.literal(Opinion.TRUE_POSITIVE.value).label("opinion"), _d.at,
        )
        .join_from(decisions, cases, cases.c.id == _d.case_id)
        .join(uploads, uploads.c.id == cases.c.subject_id)
        .join(upload_matches, sa.and_(_m.upload_id == uploads.c.id, _m.acting))
        .join(exchange_items, _i.entry_number == _m.entry_number)
        .join(entries, _e.number == _i.entry_number)
        .join(back, back.c.undoes == lead, isouter=True)
        .where(
            _i.feed_number == feed.number, _d.at <= until, _d.kind.in_(KEEPS), _d.undoes.is_(None),
            back.c.id.is_(None), ~_told(feed, _d.id),
        )
        .distinct().order_by(_d.at, _d.id)
    )  # fmt: skip


def _told(feed: Feed, cause: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """The peer has it."""
    return sa.exists().where(
        _t.feed_number == feed.number, _t.cause == cause, _t.remote_id == _i.remote_id,
        _t.kind == _e.kind,
    )  # fmt: skip


def _words(tx: Tx, chosen: sa.Select[Any], limit: int) -> list[Word]:
    return [
        Word(Id(row.cause), row.remote_id, row.kind, bytes(row.value), Opinion(row.opinion), row.at)
        for row in tx.execute(chosen.limit(limit))
    ]


def told(tx: Tx, feed: Feed, word: Word, outcome: str, detail: str = "") -> None:
    """Say that a peer took or refused a word; one that is written already stays."""
    known = sa.select(_t.cause).where(
        _t.feed_number == feed.number, _t.cause == word.cause, _t.remote_id == word.remote_id,
        _t.kind == word.kind,
    )  # fmt: skip
    tx.lock_changes()
    if tx.execute(known).first() is not None:
        return
    row = {
        "feed_number": feed.number, "cause": word.cause, "remote_id": word.remote_id,
        "kind": word.kind, "opinion": word.opinion.value, "outcome": outcome,
        "detail": clean(detail), "at": tx.now,
    }  # fmt: skip
    tx.execute(sa.insert(exchange_told), row)
    tx.execute(
        sa.update(exchange_states)
        .where(exchange_states.c.feed_number == feed.number)
        .values(told=exchange_states.c.told + 1)
    )


def outcomes(tx: Tx, feed: Feed) -> dict[str, int]:
    """How much was told, by what the peer did with it."""
    rows = tx.execute(
        sa.select(_t.outcome, sa.func.count().label("n"))
        .where(_t.feed_number == feed.number).group_by(_t.outcome)
    )  # fmt: skip
    return {row.outcome: int(row.n) for row in rows}


def day_of(moment: datetime) -> int:
    """Days since 1970-01-01 UTC."""
    return (moment - _EPOCH).days


def counted_to(tx: Tx, feed: Feed) -> int | None:
    """The last day whose counts the peer has; None: none yet."""
    wanted = sa.select(sa.func.max(_c.day)).where(_c.feed_number == feed.number)
    found = tx.execute(wanted).scalar()
    return None if found is None else int(found)


def day_counts(tx: Tx, feed: Feed, day: int) -> list[DayCount]:
    """How often entries of a feed matched on a day: uploads, each once, and those found wrong."""
    start = _EPOCH + timedelta(days=day)
    wrong = sa.exists().where(
        _o.entry_number == _m.entry_number, _o.opinion == Opinion.FALSE_POSITIVE.value,
        sa.not_(_o.by.startswith(THEIRS)),
    )  # fmt: skip
    rows = tx.execute(
        sa.select(
            _i.remote_id, sa.func.count(sa.distinct(_m.upload_id)).label("n"),
            sa.func.max(sa.case((wrong, 1), else_=0)).label("wrong"),
        )
        .join_from(upload_verdicts, upload_matches, sa.and_(
            _m.upload_id == _v.upload_id, _m.revision == _v.revision,
        ))
        .join(exchange_items, _i.entry_number == _m.entry_number)
        .where(
            _i.feed_number == feed.number, _v.at >= start, _v.at < start + timedelta(days=1)
        )
        .group_by(_i.remote_id).order_by(_i.remote_id)
    )  # fmt: skip
    return [DayCount(row.remote_id, day, int(row.n), int(row.n) * int(row.wrong)) for row in rows]


def counted(tx: Tx, feed: Feed, day: int, rows: list[DayCount]) -> None:
    """Say that the peer has the counts of a day."""
    tx.lock_changes()
    known = sa.select(_c.day).where(_c.feed_number == feed.number, _c.day == day)
    if tx.execute(known).first() is None:
        row = {
            "feed_number": feed.number, "day": day, "entries": len(rows),
            "matches": sum(one.matches for one in rows), "at": tx.now,
        }  # fmt: skip
        tx.execute(sa.insert(exchange_counted), row)
