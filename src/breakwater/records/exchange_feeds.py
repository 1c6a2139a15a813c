"""Feeds as rows: whose list, into which bank, how far it is, and how each pull went.

Credentials stand sealed and are read by who talks to the peer, nobody else. A removed feed keeps
its row without them: its entries still say where they came from. Fed by `exchange.manage` and
`exchange.running`. Contract: `tests/contract/test_exchange_running.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.exchange import Credentials, Feed, FeedState, Pull, Unreadable
from breakwater.model.ids import Id, new_id
from breakwater.records import numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_bank import banks
from breakwater.records.tables.nouns_exchange import (
    exchange_bad,
    exchange_feeds,
    exchange_pulls,
    exchange_states,
)
from breakwater.records.texts import storable

PURPOSE: Final = "adapters"
BAD_SHOWN: Final = 1_000
"""Unreadable rows of a pull that are kept with their reason; beyond that they are counted."""

_f, _s, _p, _b = exchange_feeds.c, exchange_states.c, exchange_pulls.c, exchange_bad.c
_JOINED: Final = sa.select(exchange_feeds, banks.c.name.label("bank")).join_from(
    exchange_feeds, banks, banks.c.number == _f.bank_number
)
_NONE: Final = {
    "checkpoint": "", "due_at": None, "pull_id": None, "tried_at": None, "pulled_at": None,
    "reached": None, "rows": 0, "added": 0, "gone": 0, "bad": 0, "errors": 0, "fault": "",
    "told": 0, "turn": 0,
}  # fmt: skip


def create(tx: Tx, feed: Feed, secret: Credentials) -> Feed:
    """Keep a feed; it gets its number here, and is due at once.

    A feed that was removed and is entered again (its kind, peer and bank) has its number again: what
    it gave is its own still, so that its peer's withdrawals reach it. It reads the whole list anew.

    Raises:
        Conflict: there is one of this name.
    """
    tx.lock_changes()
    if tx.execute(sa.select(_f.id).where(_f.name == feed.name)).first() is not None:
        raise Conflict(f"There is a feed {feed.name} already.")
    if former := _former(tx, feed):
        return _returned(tx, replace(feed, id=Id(former.id), number=former.number), secret)
    made = replace(feed, number=numbers.take(tx, "exchange_feeds"))
    row = {
        "id": made.id, "number": made.number, "created_at": tx.now, "removed_at": None,
        "version": 1, "sealed": _sealed(tx, made.id, secret), **_values(made),
    }  # fmt: skip
    tx.execute(sa.insert(exchange_feeds), row)
    tx.execute(
        sa.insert(exchange_states), {**_NONE, "feed_number": made.number, "due_at": tx.now}
    )  # fmt: skip
    return get(tx, made.name)


def _former(tx: Tx, feed: Feed) -> sa.Row[Any] | None:
    """The same peer's feed into the same bank that was removed last, its entries left as they were."""
    return tx.execute(
        sa.select(_f.id, _f.number)
        .where(
            _f.removed_at.is_not(None), _f.kind == feed.kind, _f.url == feed.url, _f.url != "",
            _f.bank_number == feed.bank_number,
        )
        .order_by(_f.removed_at.desc())
        .limit(1)
    ).one_or_none()  # fmt: skip


def _returned(tx: Tx, feed: Feed, secret: Credentials) -> Feed:
    values = {"removed_at": None, "sealed": _sealed(tx, feed.id, secret), **_values(feed)}
    tx.execute(
        sa.update(exchange_feeds)
        .where(_f.id == feed.id).values(version=_f.version + 1, **values)
    )  # fmt: skip
    set_state(tx, feed, checkpoint="", due_at=tx.now, fault="", errors=0, reached=None)
    return get(tx, feed.name)


def change(tx: Tx, feed: Feed, secret: Credentials | None, *, version: int | None) -> Feed:
    """Replace a feed's row, and its credentials when given.

    Raises:
        NotFound: no such feed.
        Conflict: somebody changed it meanwhile.
    """
    values = _values(feed)
    if secret is not None:
        values["sealed"] = _sealed(tx, feed.id, secret)
    update = sa.update(exchange_feeds).where(_f.id == feed.id, _f.removed_at.is_(None))
    if version is not None:
        update = update.where(_f.version == version)
    if tx.execute(update.values(version=_f.version + 1, **values)).rowcount == 0:
        get(tx, feed.name)
        raise Conflict("Somebody changed this feed meanwhile.")
    return get(tx, feed.name)


def every(tx: Tx) -> list[Feed]:
    """All that were not removed, by name."""
    rows = tx.execute(_JOINED.where(_f.removed_at.is_(None)).order_by(_f.name))
    return [_noun(row) for row in rows]


def get(tx: Tx, name: str) -> Feed:
    """One by name.

    Raises:
        NotFound: no such feed.
    """
    storable(name)
    row = tx.execute(_JOINED.where(_f.name == name, _f.removed_at.is_(None))).one_or_none()
    if row is None:
        raise NotFound(f"feed {name}")
    return _noun(row)


def by_id(tx: Tx, feed: Id) -> Feed:
    """One by id, a removed one too. Raises `NotFound`."""
    row = tx.execute(_JOINED.where(_f.id == feed)).one_or_none()
    if row is None:
        raise NotFound(f"feed {feed}")
    return _noun(row)


def by_number(tx: Tx, number: int) -> Feed | None:
    """One by number, a removed one too; None when there is none."""
    row = tx.execute(_JOINED.where(_f.number == number)).one_or_none()
    return None if row is None else _noun(row)


def is_removed(tx: Tx, feed: Id) -> bool:
    """Whether it was removed."""
    return tx.execute(sa.select(_f.removed_at).where(_f.id == feed)).scalar() is not None


def of_bank(tx: Tx, bank_number: int) -> bool:
    """Whether a feed fills a bank, or once did."""
    wanted = sa.select(_f.id).where(_f.bank_number == bank_number).limit(1)
    return tx.execute(wanted).first() is not None


def credentials(tx: Tx, feed: Id) -> Credentials:
    """What the peer knows us by; for who talks to it. Raises `NotFound`."""
    row = tx.execute(sa.select(_f.sealed).where(_f.id == feed)).one_or_none()
    if row is None or not row.sealed:
        raise NotFound(f"feed {feed}")
    return Credentials(**json.loads(tx.keys.unseal(PURPOSE, row.sealed, feed.encode())))


def remove(tx: Tx, feed: Feed, *, withdraw: bool = False) -> None:
    """Forget the credentials and the schedule; its name is free again.

    Args:
        tx: the transaction.
        feed: the feed.
        withdraw: what it gave is let go of; its peer's next feed begins with nothing.
    """
    gone = {
        "name": f"{feed.name}~{feed.number}", "sealed": b"", "enabled": False,
        "removed_at": tx.now, **({"url": ""} if withdraw else {}),
    }  # fmt: skip
    tx.execute(sa.update(exchange_feeds).where(_f.id == feed.id).values(**gone))


def state(tx: Tx, feed: Feed) -> FeedState:
    """How far it is."""
    row = tx.execute(
        sa.select(exchange_states).where(_s.feed_number == feed.number)
    ).one()  # fmt: skip
    return FeedState(
        checkpoint=row.checkpoint, due_at=row.due_at, tried_at=row.tried_at,
        pull=None if row.pull_id is None else Id(row.pull_id), pulled_at=row.pulled_at,
        reached=row.reached, rows=row.rows, added=row.added, gone=row.gone, bad=row.bad,
        errors=row.errors, fault=row.fault, told=row.told,
    )  # fmt: skip


def set_state(tx: Tx, feed: Feed, **values: Any) -> None:
    """Change what is said of how far it is."""
    tx.execute(
        sa.update(exchange_states).where(_s.feed_number == feed.number).values(**values)
    )  # fmt: skip


def turn(tx: Tx, feed: Feed) -> int:
    """Number of the whole list that is read, or was read last."""
    wanted = sa.select(_s.turn).where(_s.feed_number == feed.number)
    return int(tx.execute(wanted).scalar_one())


def due(tx: Tx) -> list[Feed]:
    """Feeds in use whose time has come."""
    rows = tx.execute(
        _JOINED.join(exchange_states, _s.feed_number == _f.number)
        .where(_f.removed_at.is_(None), _f.enabled, _s.due_at <= tx.now)
        .order_by(_s.due_at)
    )
    return [_noun(row) for row in rows]


def begin(tx: Tx, feed: Feed) -> Pull:
    """Begin a pull, or take up the one that was cut short."""
    known = state(tx, feed).pull
    if known is None:
        known = new_id()
        row = {
            "id": known, "feed_number": feed.number, "started_at": tx.now, "ended_at": None,
            "pages": 0, "offered": 0, "added": 0, "gone": 0, "bad": 0, "fault": "",
        }  # fmt: skip
        tx.execute(sa.insert(exchange_pulls), row)
    set_state(tx, feed, pull_id=known, tried_at=tx.now)
    return pull(tx, known)


def pull(tx: Tx, which: Id) -> Pull:
    """One pull. Raises `NotFound`."""
    row = tx.execute(sa.select(exchange_pulls).where(_p.id == which)).one_or_none()
    if row is None:
        raise NotFound(f"pull {which}")
    return _pull(row)


def pulls(tx: Tx, feed: Feed, *, limit: int = 50) -> list[Pull]:
    """Pulls of a feed, the newest first."""
    rows = tx.execute(
        sa.select(exchange_pulls)
        .where(_p.feed_number == feed.number)
        .order_by(_p.started_at.desc(), _p.id.desc())
        .limit(limit)
    )
    return [_pull(row) for row in rows]


def count(tx: Tx, feed: Feed, which: Id, *, offered: int, added: int, gone: int, bad: int) -> None:
    """Add one page to what a pull and its feed did."""
    more = {"added": added, "gone": gone, "bad": bad}
    tx.execute(
        sa.update(exchange_pulls).where(_p.id == which).values(
            pages=_p.pages + 1, offered=_p.offered + offered,
            **{name: _p[name] + n for name, n in more.items()},
        )
    )  # fmt: skip
    set_state(
        tx, feed, rows=_s.rows + offered, **{name: _s[name] + n for name, n in more.items()}
    )  # fmt: skip


def gone(tx: Tx, feed: Feed, which: Id, more: int) -> None:
    """Add entries to those that a pull withdrew."""
    tx.execute(sa.update(exchange_pulls).where(_p.id == which).values(gone=_p.gone + more))
    set_state(tx, feed, gone=_s.gone + more)


def end(tx: Tx, feed: Feed, which: Id, *, fault: str = "") -> None:
    """Say that a pull ended; with a fault: that it was given up."""
    tx.execute(
        sa.update(exchange_pulls).where(_p.id == which).values(ended_at=tx.now, fault=fault[:500])
    )  # fmt: skip
    set_state(tx, feed, pull_id=None)


def bad_rows(tx: Tx, which: Id, before: int, found: Sequence[Unreadable]) -> None:
    """Keep rows that could not be read; `before` is how many of this pull came earlier."""
    rows = [
        {"pull_id": which, "row": before + at, "place": clean(one.place),
         "reason": clean(one.reason), "at": tx.now}
        for at, one in enumerate(found)
        if before + at < BAD_SHOWN
    ]  # fmt: skip
    if rows:
        tx.execute(sa.insert(exchange_bad), rows)


def clean(text: str) -> str:
    """A peer's words as they can be stored."""
    kept = text.replace("\x00", " ").encode("utf-8", "replace").decode()
    return kept[:300]


def bad_of(tx: Tx, feed: Feed, *, limit: int = 100) -> list[tuple[datetime, Unreadable]]:
    """Rows of a feed that could not be read, the newest first."""
    rows = tx.execute(
        sa.select(exchange_bad)
        .join_from(exchange_bad, exchange_pulls, _p.id == _b.pull_id)
        .where(_p.feed_number == feed.number)
        .order_by(_b.at.desc(), _b.row.desc())
        .limit(limit)
    )
    return [(row.at, Unreadable(row.place, row.reason)) for row in rows]


def forget_before(tx: Tx, moment: datetime) -> None:
    """Drop pulls that ended long ago, with their unreadable rows."""
    old = sa.select(_p.id).where(_p.ended_at < moment)
    tx.execute(sa.delete(exchange_bad).where(_b.pull_id.in_(old)))
    tx.execute(sa.delete(exchange_pulls).where(_p.ended_at < moment))


def _values(feed: Feed) -> dict[str, Any]:
    storable(feed.name, feed.url, feed.source, feed.permitted_use, *feed.labels)
    return {
        "name": feed.name, "kind": feed.kind, "bank_number": feed.bank_number, "url": feed.url,
        "options": dict(feed.options), "source": feed.source,
        "permitted_use": feed.permitted_use, "labels": list(feed.labels),
        "every_s": feed.every_s, "vouched_by": feed.vouched_by, "feedback": feed.feedback,
        "counts": feed.counts, "enabled": feed.enabled,
    }  # fmt: skip


def _sealed(tx: Tx, feed: Id, secret: Credentials) -> bytes:
    plain = json.dumps(asdict(secret), separators=(",", ":")).encode()
    return tx.keys.seal(PURPOSE, plain, feed.encode())


def _noun(row: sa.Row[Any]) -> Feed:
    return Feed(
        id=Id(row.id), number=row.number, name=row.name, kind=row.kind, bank=row.bank,
        bank_number=row.bank_number, url=row.url, options=row.options, source=row.source,
        permitted_use=row.permitted_use, labels=tuple(row.labels), every_s=row.every_s,
        vouched_by=None if row.vouched_by is None else Id(row.vouched_by),
        feedback=row.feedback, counts=row.counts, enabled=row.enabled,
        created_at=row.created_at, version=row.version,
    )  # fmt: skip


def _pull(row: sa.Row[Any]) -> Pull:
    return Pull(
        id=Id(row.id), feed=row.feed_number, started_at=row.started_at, ended_at=row.ended_at,
        pages=row.pages, offered=row.offered, added=row.added, gone=row.gone, bad=row.bad,
        fault=row.fault,
    )  # fmt: skip
