"""Other accounts that share devices, means of payment or identifiers with one, from what is kept.

In: an account, and devices and payments its service told. Out: links with their clues, the
strongest first. Broadcasters and viewers are found by the keyed hashes they are kept under,
sanctioned accounts by those of their sanctions. What more than a few accounts share is a school's
or a shop's and links nobody; an address never links by itself (`viewers.clusters`). Read by
`reporting.drafting`; contract: `tests/contract/test_account_links.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.account_link import AccountLink
from breakwater.model.ids import Id
from breakwater.model.sanction import Clue, IdentifierKind
from breakwater.model.watch import AddressKind, Place
from breakwater.records import cases, identities, watchers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_sanction import (
    sanction_ends,
    sanction_key_ends,
    sanction_keys,
    sanctions,
)
from breakwater.records.tables.nouns_stream import stream_viewers, streams
from breakwater.records.tables.nouns_watcher import viewer_acts, viewer_keys, viewer_sessions

FEW: Final = 4
"""Accounts that share a thing: more are a school, a library or a shop, and it links nobody."""

MOST: Final = 200
"""Keys that are looked up, and rows of each that are read."""

MOST_LINKS: Final = 20
CLUES: Final = {"device": Clue.DEVICE, "payment": Clue.PAYMENT, "address": Clue.ADDRESS}
SANCTIONED: Final = {
    IdentifierKind.EMAIL: Clue.EMAIL, IdentifierKind.PHONE: Clue.PHONE,
    IdentifierKind.DEVICE: Clue.DEVICE, IdentifierKind.PAYMENT: Clue.PAYMENT,
}  # fmt: skip
"""Kinds of a sanction's hashes that few share; networks and banks' digits are left out."""

_s, _v, _w, _k = streams.c, stream_viewers.c, viewer_sessions.c, viewer_keys.c
_a, _b, _x, _e, _z = (
    viewer_acts.c, sanctions.c, sanction_keys.c, sanction_ends.c, sanction_key_ends.c
)  # fmt: skip
_Key = tuple[str, bytes]


@dataclass(slots=True)
class _Other:
    clues: dict[Clue, None] = field(default_factory=dict)
    last: datetime | None = None
    sanctioned: dict[int, None] = field(default_factory=dict)

    def add(self, clue: Clue, at: datetime) -> None:
        self.clues[clue] = None
        self.last = at if self.last is None else max(self.last, at)


def of_account(
    tx: Tx, service: str, account: str, told: Mapping[str, Iterable[str]]
) -> list[AccountLink]:
    """Strong links of an account, the strongest first.

    Args:
        tx: a snapshot.
        service: whose account it is.
        account: the service's own name of it.
        told: what its service told of it in clear, by `device` and `payment`.
    """
    mine = identities.pseudonym(tx, service, account)
    if mine is None:
        return []
    others: defaultdict[tuple[str, str], _Other] = defaultdict(_Other)
    keys = set(_own(tx, mine))
    for kind, words in told.items():
        keys |= {(kind, key) for one in words if (key := watchers.key_of(tx, service, kind, one))}
    _gather(others, service, _seen(tx, mine, sorted(keys)[:MOST]))
    _sanctioned(tx, others, mine)
    others.pop((service, account), None)
    links = [
        AccountLink(whose, name, tuple(one.clues), one.last, tuple(one.sanctioned))
        for (whose, name), one in others.items()
        if one.last is not None
    ]
    links.sort(key=lambda one: (-one.confidence, one.account))
    return [one for one in links if one.strong][:MOST_LINKS]


def _own(tx: Tx, mine: bytes) -> Iterator[_Key]:
    """Keyed hashes of what an account broadcast, watched and paid with."""
    sent = sa.select(_s.device_key).where(_s.account_key == mine, _s.device_key.is_not(None))
    for key in tx.execute(sent.distinct().limit(MOST)).scalars():
        yield "device", bytes(key)
    watched = (
        sa.select(_k.kind, _k.key)
        .join_from(viewer_sessions, viewer_keys, _k.viewer_id == _w.viewer_id)
        .where(_w.person == mine, _k.kind.in_(list(CLUES)))
    )
    for row in tx.execute(watched.distinct().limit(MOST)):
        yield row.kind, bytes(row.key)
    where = sa.select(_w.stream_id).where(_w.person == mine).distinct()
    paid = sa.select(_a.payment_key).where(
        _a.stream_id.in_(where), _a.person == mine, _a.payment_key.is_not(None)
    )
    for key in tx.execute(paid.distinct().limit(MOST)).scalars():
        yield "payment", bytes(key)


def _seen(tx: Tx, mine: bytes, keys: list[_Key]) -> Iterator[tuple[_Key, str, datetime]]:
    """Accounts beside which the same things were seen, by thing."""
    for kind, key in keys:
        if kind == "device":
            sent = sa.select(_s.id, _s.sealed, _s.started_at).where(
                _s.device_key == key, _s.account_key.is_not(None), _s.account_key != mine
            )
            for row in tx.execute(sent.order_by(_s.started_at.desc()).limit(MOST)):
                facts = identities.unseal(tx, Id(row.id), row.sealed)
                yield (kind, key), str(facts.get("account") or ""), row.started_at
        watched = (
            sa.select(_v.id, _v.sealed, _v.joined_at, _w.sealed.label("session"))
            .join_from(viewer_keys, viewer_sessions, _w.viewer_id == _k.viewer_id)
            .join(stream_viewers, _v.id == _k.viewer_id)
            .where(_k.kind == kind, _k.key == key, _w.person != mine)
        )
        for row in tx.execute(watched.order_by(_v.joined_at.desc()).limit(MOST)):
            if kind == "address" and not _household(tx, row):
                continue
            facts = identities.unseal(tx, Id(row.id), row.sealed)
            yield (kind, key), str(facts.get("account") or ""), row.joined_at


def _household(tx: Tx, row: sa.Row[Any]) -> bool:
    """Whether one household stands behind an address, as far as databases said at that time."""
    place = identities.unseal(tx, Id(row.id), row.session).get("place")
    known = None if place is None else Place.of_json(place)
    return known is not None and known.kind is AddressKind.PUBLIC and not known.flags


def _gather(
    others: dict[tuple[str, str], _Other], service: str,
    seen: Iterable[tuple[_Key, str, datetime]],
) -> None:  # fmt: skip
    by_key: defaultdict[_Key, dict[str, datetime]] = defaultdict(dict)
    for key, name, at in seen:
        if name:
            known = by_key[key].get(name)
            by_key[key][name] = at if known is None else max(known, at)
    for (kind, _), found in by_key.items():
        if len(found) < FEW:  # with the account itself, a few
            for name, at in found.items():
                others[service, name].add(CLUES[kind], at)


def _sanctioned(tx: Tx, others: dict[tuple[str, str], _Other], mine: bytes) -> None:
    """Accounts whose sanctions are known by the same things as those of this one."""
    known = (
        sa.select(_x.key, _x.kind)
        .join_from(sanction_keys, sanctions, _b.id == _x.sanction_id)
        .where(_b.account_key == mine, _x.kind.in_([one.value for one in SANCTIONED]))
        .where(_b.until > tx.now, ~sa.exists().where(_e.sanction_id == _x.sanction_id))
    )
    for row in tx.execute(known.distinct().limit(MOST)).all():
        same = (
            sa.select(_b.case_id, _b.number, _b.service, _x.seen_at)
            .join_from(sanction_keys, sanctions, _b.id == _x.sanction_id)
            .where(_x.key == row.key, _x.kind == row.kind, _b.account_key != mine)
            .where(_b.until > tx.now, ~sa.exists().where(_e.sanction_id == _x.sanction_id))
            .where(
                ~sa.exists().where(
                    _z.sanction_id == _x.sanction_id, _z.key == _x.key, _z.kind == _x.kind
                )
            )
        )
        found = tx.execute(same.order_by(_b.number).limit(FEW + 1)).all()
        for one in found if len(found) < FEW else ():
            whose = (one.service, cases.get(tx, Id(one.case_id)).account)
            others[whose].add(SANCTIONED[IdentifierKind(row.kind)], one.seen_at)
            others[whose].sanctioned[one.number] = None
