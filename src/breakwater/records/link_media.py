"""Media that links are sought for, as rows: wanted, looked at, gone.

Only what is kept comes in: things under a hold, what was kept of stopped broadcasts, exhibits.
Wanting the same twice is wanting it once. When its bytes are destroyed its key points, vectors and
traits go in the same transaction; its number and its edges stay, so that a series does not forget
that there was something. Fed by `linking.taking` and `linking.exhibits`. Contract:
`tests/contract/test_records_links.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.ids import Id, new_id
from breakwater.model.link import Medium, MediumState, Origin
from breakwater.records import jobs, link_crops, numbers
from breakwater.records.database import Tx
from breakwater.records.tables import core
from breakwater.records.tables.nouns_link import (
    link_media,
    link_traits,
    person_looks,
    person_vectors,
)

LOOK_JOB: Final = "links.look"
"""Kind of the job that looks at one medium and finds its edges."""

SHRED_JOB: Final = "vault.shred"
"""Kind of the job, run by `intake`, that destroys a blob's key and bytes."""

WITHDRAWN: Final = "withdrawn"
"""`fault` of what nobody holds to be illegal any more: its edges hold nothing together."""

HASH_ONLY: Final = "hash_only"
"""Why one without bytes abstains: the law of the seat keeps its hash alone."""

AT_ONCE: Final = 500

_m = link_media.c


def want(
    tx: Tx, origin: Origin, origin_id: Id, *, case: Id | None = None, blob: Id | None = None,
    source: str = "", media_type: str = "", sha256: str = "", made_at: datetime | None = None,
) -> Medium:  # fmt: skip
    """Have links sought for something that is kept; answers it as it is known.

    Args:
        tx: the transaction; idempotent by origin and bytes.
        origin: what it comes from.
        origin_id: its id: of the case, the broadcast, the exhibit.
        case: whose it is, where it belongs to one.
        blob: the vault's object; None where only its hash may be kept.
        source: what lays its logo over every frame: a service, a collection.
        media_type: as magic bytes say; empty: the jail says it.
        sha256: of its bytes, hexadecimal; empty: none.
        made_at: when it was made or sent, as far as is known.
    """
    tx.lock_changes()
    known = _known(tx, origin, origin_id, blob, sha256)
    if known is not None:
        return known
    number = numbers.take(tx, "link_media")
    state = MediumState.WAITING if blob is not None else MediumState.ABSTAINED
    tx.execute(
        sa.insert(link_media),
        {
            "number": number, "id": new_id(), "origin": origin.value, "origin_id": origin_id,
            "case_id": case, "blob_id": blob, "media_type": media_type[:80], "source": source,
            "sha256": bytes.fromhex(sha256) or None, "made_at": made_at, "added_at": tx.now,
            "state": state.value, "fault": "", "version": 0, "points_id": None,
            "facts": {} if blob is not None else {"why": HASH_ONLY}, "gone_at": None,
        },
    )  # fmt: skip
    again(tx, number)
    return get(tx, number)


def again(tx: Tx, number: int) -> None:
    """Queue a look at a medium."""
    jobs.enqueue(tx, LOOK_JOB, {"medium": number}, dedup_key=f"{LOOK_JOB}/{number}")


def get(tx: Tx, number: int) -> Medium:
    """One medium.

    Raises:
        NotFound: there is none of this number.
    """
    row = tx.execute(sa.select(link_media).where(_m.number == number)).one_or_none()
    if row is None:
        raise NotFound(f"medium {number}")
    return _noun(row)


def many(tx: Tx, wanted: Iterable[int]) -> dict[int, Medium]:
    """Media by number, those that there are."""
    every = sorted(set(wanted))
    out: dict[int, Medium] = {}
    for at in range(0, len(every), AT_ONCE):
        rows = tx.execute(sa.select(link_media).where(_m.number.in_(every[at : at + AT_ONCE])))
        out |= {int(row.number): _noun(row) for row in rows}
    return out


def of_case(tx: Tx, case: Id) -> list[Medium]:
    """Media of a case, in the order in which they came."""
    rows = tx.execute(sa.select(link_media).where(_m.case_id == case).order_by(_m.number))
    return [_noun(row) for row in rows]


def of_sha256(tx: Tx, sha256: str, limit: int = 50) -> list[Medium]:
    """Media with exactly these bytes, gone ones too."""
    same = sa.select(link_media).where(_m.sha256 == bytes.fromhex(sha256))
    return [_noun(row) for row in tx.execute(same.order_by(_m.number).limit(limit))]


def of_source(tx: Tx, source: str, limit: int) -> list[Medium]:
    """The last media of a source that have key points."""
    mine = sa.select(link_media).where(_m.source == source, _m.points_id.is_not(None))
    return [_noun(row) for row in tx.execute(mine.order_by(_m.number.desc()).limit(limit))]


def page(
    tx: Tx, *, after: int = 0, limit: int = 500, state: MediumState | None = None,
    gone: bool = False,
) -> list[Medium]:  # fmt: skip
    """Media in the order of their numbers.

    Args:
        tx: a snapshot.
        after: number of the last one before.
        limit: rows.
        state: of these only.
        gone: also those that are destroyed.
    """
    wanted = sa.select(link_media).where(_m.number > after)
    if not gone:
        wanted = wanted.where(_m.gone_at.is_(None))
    if state is not None:
        wanted = wanted.where(_m.state == state.value)
    return [_noun(row) for row in tx.execute(wanted.order_by(_m.number).limit(limit))]


def count(tx: Tx) -> dict[MediumState, int]:
    """How many there are of each state, without what is gone."""
    n = sa.func.count().label("n")
    rows = tx.execute(
        sa.select(_m.state, n).where(_m.gone_at.is_(None)).group_by(_m.state)
    )  # fmt: skip
    return {MediumState(row.state): int(row.n) for row in rows}


def waits_since(tx: Tx) -> datetime | None:
    """When the oldest that nobody has looked at came; None: none waits."""
    wanted = sa.select(sa.func.min(_m.added_at)).where(
        _m.state == MediumState.WAITING.value, _m.gone_at.is_(None)
    )
    found: datetime | None = tx.execute(wanted).scalar()
    return found


def read_otherwise(tx: Tx, version: int, limit: int) -> list[int]:
    """Numbers of media that another version of the look read, and that are there still.

    What failed is left to people: it has a case.
    """
    wanted = sa.select(_m.number).where(
        _m.gone_at.is_(None), _m.blob_id.is_not(None), _m.version != version,
        _m.state.in_([MediumState.LOOKED.value, MediumState.ABSTAINED.value]),
    )  # fmt: skip
    return [int(one) for one in tx.execute(wanted.order_by(_m.number).limit(limit)).scalars()]


def known_blobs(tx: Tx, blobs: Iterable[Id]) -> set[Id]:
    """Which of these objects are media already."""
    wanted = sorted(set(blobs))
    found: set[Id] = set()
    for at in range(0, len(wanted), AT_ONCE):
        part = sa.select(_m.blob_id).where(_m.blob_id.in_(wanted[at : at + AT_ONCE]))
        found |= {Id(one) for one in tx.execute(part).scalars()}
    return found


def destroyed(tx: Tx, limit: int = AT_ONCE) -> list[Medium]:
    """Media whose bytes were destroyed, and which do not know it yet."""
    key = sa.exists().where(core.blob_keys.c.blob == _m.blob_id)
    wanted = sa.select(link_media).where(_m.gone_at.is_(None), _m.blob_id.is_not(None), ~key)
    return [_noun(row) for row in tx.execute(wanted.order_by(_m.number).limit(limit))]


def looked(
    tx: Tx, number: int, *, version: int, points: Id | None, facts: Mapping[str, Any],
    media_type: str = "", abstained: str = "",
) -> Medium:  # fmt: skip
    """It was looked at; nothing is written of one that is gone by now.

    Args:
        tx: the transaction.
        number: of the medium.
        version: of the look.
        points: the vault's object of its key points; the one before is destroyed.
        facts: sizes, shots, seconds; no content.
        media_type: as the jail said it.
        abstained: why there is nothing to compare by; empty: there is.
    """
    before = get(tx, number)
    if before.gone_at is not None:
        _shred(tx, points)
        return before
    if before.points != points:
        _shred(tx, before.points)
    state = MediumState.ABSTAINED if abstained else MediumState.LOOKED
    said = dict(facts) | ({"why": abstained} if abstained else {})
    values: dict[str, Any] = {
        "state": state.value, "fault": "", "version": version, "points_id": points, "facts": said,
    }  # fmt: skip
    if media_type:
        values["media_type"] = media_type[:80]
    tx.execute(sa.update(link_media).where(_m.number == number).values(values))
    return get(tx, number)


def compared(tx: Tx, number: int) -> None:
    """Its edges to everything that was known are written."""
    facts = {**get(tx, number).facts, "compared": True}
    tx.execute(sa.update(link_media).where(_m.number == number).values(facts=facts))


def failed(tx: Tx, number: int, fault: str) -> bool:
    """It could not be read; whether that is news. The fault is a code, never words of the file."""
    change = sa.update(link_media).where(
        _m.number == number, _m.gone_at.is_(None), _m.state != MediumState.FAILED.value
    )
    values = {"state": MediumState.FAILED.value, "fault": fault[:80]}
    return tx.execute(change.values(values)).rowcount == 1


def retry(tx: Tx, number: int) -> Medium:
    """Look again at one that failed or abstained."""
    known = get(tx, number)
    if known.gone_at is None and known.blob is not None:
        values = {"state": MediumState.WAITING.value, "fault": "", "version": 0}
        tx.execute(sa.update(link_media).where(_m.number == number).values(values))
        again(tx, number)
    return get(tx, number)


def gone(tx: Tx, number: int, *, why: str = "") -> bool:
    """Its bytes are destroyed: points, vectors and traits go with them; whether that is news.

    Args:
        tx: the transaction.
        number: of the medium.
        why: `WITHDRAWN` where nobody holds it to be illegal any more; empty: its time was over.
    """
    before = get(tx, number)
    if before.gone_at is not None:
        return False
    for table in (link_traits, person_vectors, person_looks):
        tx.execute(sa.delete(table).where(table.c.media_number == number))
    link_crops.forget(tx, number)
    values: dict[str, Any] = {
        "gone_at": tx.now, "blob_id": None, "points_id": None, "facts": {}, "fault": why,
    }  # fmt: skip
    tx.execute(sa.update(link_media).where(_m.number == number).values(values))
    _shred(tx, before.points)
    return True


def _shred(tx: Tx, points: Id | None) -> None:
    if points is not None:
        jobs.enqueue(tx, SHRED_JOB, {"blob": points})


def _known(
    tx: Tx, origin: Origin, origin_id: Id, blob: Id | None, sha256: str
) -> Medium | None:  # fmt: skip
    mine = sa.select(link_media).where(
        _m.origin == origin.value, _m.origin_id == origin_id, _m.gone_at.is_(None)
    )
    if blob is not None:
        mine = mine.where(_m.blob_id == blob)
    else:
        mine = mine.where(_m.blob_id.is_(None), _m.sha256 == (bytes.fromhex(sha256) or None))
    row = tx.execute(mine.order_by(_m.number).limit(1)).one_or_none()
    return None if row is None else _noun(row)


def _noun(row: sa.Row[Any]) -> Medium:
    return Medium(
        number=int(row.number), id=Id(row.id), origin=Origin(row.origin),
        origin_id=Id(row.origin_id), state=MediumState(row.state), source=row.source,
        media_type=row.media_type, added_at=row.added_at, case=_id(row.case_id),
        blob=_id(row.blob_id), sha256=(row.sha256 or b"").hex(), made_at=row.made_at,
        fault=row.fault, version=int(row.version), points=_id(row.points_id), facts=row.facts,
        gone_at=row.gone_at,
    )  # fmt: skip


def _id(value: str | None) -> Id | None:
    return None if value is None else Id(value)
