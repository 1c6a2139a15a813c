"""What viewers did besides watching, and what of a broadcast is illegal, as rows; only added.

A payment or message told twice counts once. Fed by `live.telling` and `viewers`; contract:
`tests/contract/test_watchers.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from breakwater.model.clock import iso
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import Stream
from breakwater.model.watch import Act, ActKind, ActSeen, Span
from breakwater.records import identities, watchers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_watcher import viewer_acts, viewer_spans

MOST: Final = 20_000
"""Acts that are read of one broadcast."""
_a, _s = viewer_acts.c, viewer_spans.c


def add(tx: Tx, stream: Stream, done: Iterable[Act], *, by: str) -> int:
    """Keep what viewers did; answers how many were new."""
    tx.lock_changes()
    kept = 0
    for one in done:
        said = one.reference or f"{one.account}\x1f{one.payment}\x1f{iso(one.at)}"
        reference = watchers.key_of(tx, stream.service, "act", said) or b""
        same = (_a.stream_id == stream.id, _a.kind == one.kind.value)
        known = sa.select(_a.id).where(*same, _a.reference_key == reference)
        if tx.execute(known).scalar() is not None:
            continue
        made = new_id()
        facts = {"account": one.account, "reference": one.reference, "amount": one.amount}
        tx.execute(
            sa.insert(viewer_acts),
            {
                "id": made, "stream_id": stream.id, "kind": one.kind.value,
                "person": watchers.account_key(tx, stream.service, one.account),
                "payment_key": watchers.key_of(tx, stream.service, "payment", one.payment),
                "reference_key": reference, "sealed": identities.seal(tx, made, facts),
                "by": by, "at": one.at,
            },
        )  # fmt: skip
        kept += 1
    return kept


def mark(tx: Tx, stream: Id, person: str, *, kind: ActKind, by: str, words: str) -> None:
    """A person says of a viewer, by pseudonym, what they did; once each."""
    tx.lock_changes()
    key, made = bytes.fromhex(person), new_id()
    reference = tx.keys.mac(identities.PURPOSE, b"marked\0" + key)
    same = (_a.stream_id == stream, _a.kind == kind.value, _a.reference_key == reference)
    if tx.execute(sa.select(_a.id).where(*same)).scalar() is not None:
        return
    facts = {"account": "", "reference": words, "amount": ""}
    tx.execute(
        sa.insert(viewer_acts),
        {
            "id": made, "stream_id": stream, "kind": kind.value, "person": key,
            "payment_key": None, "reference_key": reference,
            "sealed": identities.seal(tx, made, facts), "by": by, "at": tx.now,
        },
    )  # fmt: skip


def of_stream(tx: Tx, stream: Id, *, clear: bool = False) -> list[ActSeen]:
    """What viewers of a broadcast did, the first first."""
    wanted = sa.select(viewer_acts).where(_a.stream_id == stream).order_by(_a.at, _a.id).limit(MOST)
    out = []
    for row in tx.execute(wanted).all():
        kind, act = ActKind(row.kind), None
        if clear:
            facts = identities.unseal(tx, Id(row.id), row.sealed)
            act = Act(kind, facts["account"], row.at, facts["reference"], "", facts["amount"])
        payment = "" if row.payment_key is None else row.payment_key.hex()
        out.append(ActSeen(kind, row.person.hex(), row.at, payment, row.by, act))
    return out


def set_spans(tx: Tx, stream: Id, spans: Sequence[Span], *, by: str, reason: str) -> None:
    """A person says what of a broadcast is illegal."""
    plain = [[iso(one.start), iso(one.end)] for one in spans]
    tx.execute(
        sa.insert(viewer_spans),
        {
            "change": tx.change(), "stream_id": stream, "spans": plain, "reason": reason,
            "by": by, "at": tx.now,
        },
    )  # fmt: skip


def spans(tx: Tx, stream: Id) -> tuple[Span, ...] | None:
    """What a person said last is illegal; None when nobody did."""
    wanted = sa.select(_s.spans).where(_s.stream_id == stream).order_by(_s.change.desc()).limit(1)
    said = tx.execute(wanted).scalar()
    if said is None:
        return None
    return tuple(Span(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in said)
