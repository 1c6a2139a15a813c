"""Cut-outs for public appeals, as rows: proposed, agreed to by another person, exported.

One that nobody agreed to is destroyed when it is refused and when its medium goes; one that two
people agreed to has no person in it and stays. Fed by `linking.cropping`; contract:
`tests/contract/test_link_crops.py`.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.ids import Id
from breakwater.model.link_crop import Box, Crop, CropState
from breakwater.records import jobs
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_link import link_crops
from breakwater.records.texts import storable

SHRED_JOB: Final = "vault.shred"
_c = link_crops.c


def add(
    tx: Tx, crop: Id, *, medium: int, time_s: float, box: Box, purpose: str, blob: Id, by: Id,
    approval: Id,
) -> Crop:  # fmt: skip
    """Keep a cut-out that waits for a second person."""
    storable(purpose)
    row = {
        "id": crop, "media_number": medium, "time_s": time_s, "box": list(box),
        "purpose": purpose, "approval_id": approval, "state": CropState.WAITING.value,
        "blob_id": blob, "by": by, "second_by": None, "at": tx.now, "done_at": None,
    }  # fmt: skip
    tx.execute(sa.insert(link_crops), row)
    return get(tx, crop)


def get(tx: Tx, crop: Id) -> Crop:
    """One of them. Raises `NotFound`."""
    row = tx.execute(sa.select(link_crops).where(_c.id == crop)).one_or_none()
    if row is None:
        raise NotFound("There is no such cut-out.")
    return _noun(row)


def of_media(tx: Tx, media: list[int], limit: int = 100) -> list[Crop]:
    """Cut-outs of some media, the newest first."""
    mine = sa.select(link_crops).where(_c.media_number.in_(media))
    return [
        _noun(row) for row in tx.execute(mine.order_by(_c.at.desc(), _c.id.desc()).limit(limit))
    ]


def newest(tx: Tx, limit: int = 100) -> list[Crop]:
    """The newest of all."""
    rows = tx.execute(sa.select(link_crops).order_by(_c.at.desc(), _c.id.desc()).limit(limit))
    return [_noun(row) for row in rows]


def agreed(tx: Tx, crop: Id, second: Id) -> Crop:
    """A second person looked and agreed."""
    return _set(tx, crop, state=CropState.AGREED.value, second_by=second)


def refused(tx: Tx, crop: Id) -> Crop:
    """Somebody said no: its bytes go."""
    _shred(tx, get(tx, crop))
    return _set(tx, crop, state=CropState.REFUSED.value, blob_id=None)


def left(tx: Tx, crop: Id) -> Crop:
    """It was exported; the first time counts."""
    found = get(tx, crop)
    return found if found.done_at is not None else _set(tx, crop, done_at=tx.now)


def forget(tx: Tx, medium: int) -> int:
    """Its medium is gone: what two people had not agreed to goes too; answers how many."""
    waiting = sa.select(link_crops).where(
        _c.media_number == medium, _c.state == CropState.WAITING.value
    )
    found = [_noun(row) for row in tx.execute(waiting)]
    for one in found:
        _shred(tx, one)
        _set(tx, one.id, state=CropState.GONE.value, blob_id=None)
    return len(found)


def _set(tx: Tx, crop: Id, **values: Any) -> Crop:
    tx.execute(sa.update(link_crops).where(_c.id == crop).values(**values))
    return get(tx, crop)


def _shred(tx: Tx, crop: Crop) -> None:
    if crop.blob is not None:
        jobs.enqueue(tx, SHRED_JOB, {"blob": crop.blob})


def _noun(row: sa.Row[Any]) -> Crop:
    x, y, w, h = row.box
    return Crop(
        id=Id(row.id), medium=int(row.media_number), time_s=row.time_s, box=(x, y, w, h),
        purpose=row.purpose, kept=CropState(row.state), by=Id(row.by), at=row.at,
        blob=None if row.blob_id is None else Id(row.blob_id),
        second_by=None if row.second_by is None else Id(row.second_by), done_at=row.done_at,
    )  # fmt: skip
