"""Legal gates of likeness models, and vectors, as rows: none is there while no gate is open.

A gate is one model for one role in one jurisdiction; two people open it, one closes it. Vectors
are sealed and bound to their row and model: another model's are never read with them. When a
medium goes, its vectors go (`records.link_media.gone`); when the last gate of a model closes, all
of its vectors and every lead that nobody has judged go in the same transaction. Fed by
`linking.likeness`. Contract: `tests/contract/test_likeness.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.access import Role
from breakwater.model.ids import Id, new_id
from breakwater.model.likeness import Gate, GateState, ProviderCard, Track
from breakwater.model.link import EdgeState, LinkKind
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_link import (
    link_edges,
    link_media,
    link_verdicts,
    person_looks,
    person_providers,
    person_vectors,
)
from breakwater.records.texts import storable

PURPOSE: Final = "evidence"
"""Key that seals vectors, as that of everything kept."""

_BATCH: Final = 2000
_p, _v, _l = person_providers.c, person_vectors.c, person_looks.c


def propose(
    tx: Tx, card: ProviderCard, *, role: Role, jurisdiction: str, basis: str, by: Id,
    gate: Id, approval: Id,
) -> Gate:  # fmt: skip
    """Keep that somebody wants a gate opened; nothing is open by it.

    Args:
        tx: the transaction.
        card: of the model.
        role: who may use it.
        jurisdiction: where.
        basis: the law that allows it, in words.
        by: the first person.
        gate: its id, which the approval names.
        approval: that waits for the second person.
    """
    storable(basis, jurisdiction)
    tx.execute(
        sa.insert(person_providers),
        {
            "id": gate, "name": card.name, "sha256": bytes.fromhex(card.sha256),
            "role": role.value, "jurisdiction": jurisdiction, "legal_basis": basis,
            "approval_id": approval, "by": by, "second_by": None, "at": tx.now,
            "opened_at": None, "ended_at": None,
        },
    )  # fmt: skip
    return get(tx, gate)


def get(tx: Tx, gate: Id) -> Gate:
    """One gate. Raises `NotFound`."""
    row = tx.execute(sa.select(person_providers).where(_p.id == gate)).one_or_none()
    if row is None:
        raise NotFound("There is no such gate.")
    return _gate(row)


def gates(tx: Tx) -> list[Gate]:
    """All of them, the newest first."""
    newest = sa.select(person_providers).order_by(_p.at.desc(), _p.id.desc())
    return [_gate(row) for row in tx.execute(newest)]


def standing(tx: Tx, sha256: str) -> list[Gate]:
    """Gates of a model that are open."""
    mine = _p.sha256 == bytes.fromhex(sha256)
    return [
        one
        for one in map(_gate, tx.execute(sa.select(person_providers).where(mine)))
        if one.state(tx.now) is GateState.OPEN
    ]


def opened(tx: Tx, gate: Id, second: Id) -> Gate:
    """The second person agreed."""
    values = {"opened_at": tx.now, "second_by": second}
    tx.execute(sa.update(person_providers).where(_p.id == gate).values(values))
    return get(tx, gate)


def ended(tx: Tx, gate: Id) -> Gate:
    """It is closed for good."""
    tx.execute(sa.update(person_providers).where(_p.id == gate).values(ended_at=tx.now))
    return get(tx, gate)


def unseen(tx: Tx, sha256: str, limit: int) -> list[int]:
    """Numbers of media that a model has not looked at, the oldest first."""
    looked = sa.exists().where(
        _l.media_number == link_media.c.number, _l.provider_sha256 == bytes.fromhex(sha256)
    )
    wanted = sa.select(link_media.c.number).where(
        link_media.c.blob_id.is_not(None), link_media.c.gone_at.is_(None), ~looked
    )
    return [
        int(one) for one in tx.execute(wanted.order_by(link_media.c.number).limit(limit)).scalars()
    ]


def put(tx: Tx, medium: int, card: ProviderCard, tracks: Sequence[Track], fault: str = "") -> bool:
    """Keep what a model saw of a medium; whether that is news.

    Args:
        tx: the transaction, which has seen that a gate is open.
        medium: its number.
        card: of the model.
        tracks: one vector each.
        fault: why it could not be looked at; empty: it was.
    """
    sha256 = bytes.fromhex(card.sha256)
    seen = sa.select(_l.at).where(_l.media_number == medium, _l.provider_sha256 == sha256)
    if tx.execute(seen).first() is not None:
        return False
    row = {
        "media_number": medium, "provider_sha256": sha256, "tracks": len(tracks),
        "fault": fault[:80], "at": tx.now,
    }  # fmt: skip
    tx.execute(sa.insert(person_looks), row)
    for one in tracks:
        made = new_id()
        plain = one.vector.astype("<f4").tobytes()
        tx.execute(
            sa.insert(person_vectors),
            {
                "id": made, "media_number": medium, "track": one.number, "time_s": one.time_s,
                "box": {"box": list(one.box), "apart": sorted(one.apart)},
                "provider_sha256": sha256, "at": tx.now,
                "sealed": tx.keys.seal(PURPOSE, plain, _bound(made, sha256)),
            },
        )  # fmt: skip
    return True


def tracks(
    tx: Tx, card: ProviderCard, *, since: datetime | None = None
) -> Iterator[tuple[int, list[Track]]]:
    """What one model saw, medium by medium in order; another model's is never among it.

    Args:
        tx: a snapshot.
        card: of the model.
        since: only what was seen from then on.

    Raises:
        Tampered: a vector stands in another row or under another model than it was sealed for.
    """
    sha256, after = bytes.fromhex(card.sha256), 0
    while True:
        some = sa.select(_v.media_number).distinct().where(
            _v.provider_sha256 == sha256, _v.media_number > after
        )  # fmt: skip
        if since is not None:
            some = some.where(_v.at >= since)
        numbers = list(tx.execute(some.order_by(_v.media_number).limit(_BATCH)).scalars())
        if not numbers:
            return
        rows = tx.execute(
            sa.select(person_vectors)
            .where(_v.provider_sha256 == sha256, _v.media_number.in_(numbers))
            .order_by(_v.media_number, _v.track)
        ).all()
        found: dict[int, list[Track]] = {}
        for row in rows:
            found.setdefault(int(row.media_number), []).append(_track(tx, row, sha256))
        yield from found.items()
        after = int(numbers[-1])


def forget(tx: Tx, card_sha256: str, method: str) -> int:
    """Its last gate is closed: vectors, looks and leads that nobody has judged go.

    Args:
        tx: the transaction that closes the gate.
        card_sha256: of the model.
        method: as its edges name it.

    Returns:
        How many vectors went.
    """
    sha256 = bytes.fromhex(card_sha256)
    gone = tx.execute(sa.delete(person_vectors).where(_v.provider_sha256 == sha256)).rowcount
    tx.execute(sa.delete(person_looks).where(_l.provider_sha256 == sha256))
    judged = sa.exists().where(link_verdicts.c.edge_number == link_edges.c.number)
    tx.execute(
        sa.delete(link_edges).where(
            link_edges.c.kind == LinkKind.PERSON.value, link_edges.c.method == method,
            link_edges.c.state == EdgeState.MACHINE.value, ~judged,
        )
    )  # fmt: skip
    return gone


def count(tx: Tx) -> int:
    """Vectors of all models."""
    return int(tx.execute(sa.select(sa.func.count()).select_from(person_vectors)).scalar() or 0)


def _bound(row: Id, sha256: bytes) -> bytes:
    return b"likeness " + row.encode() + sha256


def _track(tx: Tx, row: sa.Row[Any], sha256: bytes) -> Track:
    plain = tx.keys.unseal(PURPOSE, row.sealed, _bound(Id(row.id), sha256))
    x, y, w, h = row.box["box"]
    vector = np.frombuffer(plain, "<f4").astype(np.float32)
    return Track(int(row.track), row.time_s, (x, y, w, h), vector, frozenset(row.box["apart"]))


def _gate(row: sa.Row[Any]) -> Gate:
    return Gate(
        id=Id(row.id), name=row.name, sha256=row.sha256.hex(), role=Role(row.role),
        jurisdiction=row.jurisdiction, legal_basis=row.legal_basis, by=Id(row.by), at=row.at,
        second_by=None if row.second_by is None else Id(row.second_by),
        opened_at=row.opened_at, ended_at=row.ended_at,
    )  # fmt: skip
