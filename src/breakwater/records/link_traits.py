"""What files, devices and accounts leave behind, by keyed hash: put, found again, counted.

A value is never kept: its hash is an HMAC under the key purpose "identifiers", and what people are
shown of it is sealed for its medium. A hash that was made under an older key is made anew when
somebody brings the same value. Traits go with their medium (`records.link_media.gone`). Read by
`linking.finding`; contract: `tests/contract/test_records_links.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.link import Medium, Trait, TraitKind
from breakwater.records import identities
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_link import link_media, link_traits

MOST: Final = 200
"""Traits of one medium; a file that brings more is made to."""
LONGEST: Final = 400
"""Letters that people are shown."""

_t = link_traits.c


@dataclass(frozen=True, slots=True)
class KeptTrait:
    """A trait as it is kept.

    Attributes:
        key: keyed hash of its value, 32 bytes.
    """

    kind: TraitKind
    key: bytes


def put(tx: Tx, medium: Medium, traits: Iterable[Trait]) -> list[KeptTrait]:
    """Keep the traits of a medium instead of those it had; answers them.

    Args:
        tx: the transaction.
        medium: whose.
        traits: in clear; equal ones are one.
    """
    tx.execute(sa.delete(link_traits).where(_t.media_number == medium.number))
    rows: dict[tuple[str, bytes], dict[str, Any]] = {}
    for one in traits:
        if not one.value or len(rows) >= MOST:
            continue
        key = _key(tx, one)
        shown = {"shown": (one.shown or one.value)[:LONGEST]}
        rows[one.kind.value, key] = {
            "media_number": medium.number, "kind": one.kind.value, "key": key,
            "sealed": identities.seal(tx, medium.id, shown),
        }  # fmt: skip
    if rows:
        tx.execute(sa.insert(link_traits), list(rows.values()))
    return [KeptTrait(TraitKind(kind), key) for kind, key in rows]


def of_medium(tx: Tx, number: int) -> list[KeptTrait]:
    """Traits of a medium."""
    rows = tx.execute(
        sa.select(_t.kind, _t.key).where(_t.media_number == number).order_by(_t.kind, _t.key)
    )
    return [KeptTrait(TraitKind(row.kind), bytes(row.key)) for row in rows]


def shown(tx: Tx, medium: Medium) -> list[tuple[TraitKind, str]]:
    """What people are shown of a medium's traits."""
    rows = tx.execute(
        sa.select(_t.kind, _t.sealed)
        .where(_t.media_number == medium.number, _t.sealed.is_not(None))
        .order_by(_t.kind, _t.key)
    )
    return [
        (TraitKind(row.kind), str(identities.unseal(tx, medium.id, row.sealed)["shown"]))
        for row in rows
    ]


def sharing(tx: Tx, kind: TraitKind, key: bytes, limit: int = 50) -> list[int]:
    """Numbers of media with a trait, the newest first."""
    rows = tx.execute(
        sa.select(_t.media_number).where(_t.kind == kind.value, _t.key == key)
        .order_by(_t.media_number.desc()).limit(limit)
    )  # fmt: skip
    return [int(one) for one in rows.scalars()]


def shared_by(tx: Tx, kind: TraitKind, key: bytes) -> int:
    """How many media have a trait."""
    mine = sa.select(sa.func.count()).where(_t.kind == kind.value, _t.key == key)
    return int(tx.execute(mine).scalar_one())


def of_how_many(tx: Tx, kind: TraitKind) -> int:
    """How many media have any trait of a kind: what a count is measured by."""
    mine = (
        sa.select(sa.func.count(sa.distinct(_t.media_number)))
        .join_from(link_traits, link_media, link_media.c.number == _t.media_number)
        .where(_t.kind == kind.value)
    )
    return int(tx.execute(mine).scalar_one())


def _key(tx: Tx, one: Trait) -> bytes:
    """The hash under the newest key; rows under older ones are brought to it."""
    said = b"\0".join((b"trait", one.kind.value.encode(), one.value.encode("utf-8", "replace")))
    *older, newest = tx.keys.macs(identities.PURPOSE, said).values()
    for key in older:
        tx.execute(
            sa.update(link_traits)
            .where(_t.kind == one.kind.value, _t.key == key).values(key=newest)
        )  # fmt: skip
    return newest
