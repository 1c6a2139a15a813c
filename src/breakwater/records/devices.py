"""Workstations as rows: machines on which pictures are shown, and codes that enrol one.

A machine's token has 256 random bits and a code 50, used once within minutes; only their
SHA-256 is kept. Fed by `review.looking.devices`. Contract: `tests/contract/test_records_exposure.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.device import Device, Way
from breakwater.model.ids import Id, new_id
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_exposure import device_codes, devices

_d, _c = devices.c, device_codes.c


def enrol(tx: Tx, *, name: str, way: Way, by: Id, token_sha256: bytes) -> Device:
    """Keep a machine."""
    made = Device(id=new_id(), name=name, way=way, by=by, at=tx.now)
    row = {"id": made.id, "name": name, "way": way.value, "by": by, "at": tx.now}
    rest = {"token_sha256": token_sha256, "seen_at": None, "revoked_at": None}
    tx.execute(sa.insert(devices), row | rest)
    return made


def by_token(tx: Tx, token_sha256: bytes) -> Device:
    """The machine that shows this token, removed or not.

    Raises:
        NotFound: none does.
    """
    return _one(tx, _d.token_sha256 == token_sha256)


def get(tx: Tx, device: Id) -> Device:
    """One machine.

    Raises:
        NotFound: none of this id.
    """
    return _one(tx, _d.id == device)


def every(tx: Tx) -> list[Device]:
    """All machines, the newest first; removed ones too."""
    return [_noun(row) for row in tx.execute(sa.select(devices).order_by(_d.at.desc(), _d.id))]


def touch(tx: Tx, device: Id) -> None:
    """Remember that it is in use."""
    tx.execute(sa.update(devices).where(_d.id == device).values(seen_at=tx.now))


def remove(tx: Tx, device: Id) -> Device:
    """No picture is shown on it from now on; removing it twice is harmless.

    Raises:
        NotFound: none of this id.
    """
    gone = sa.update(devices).where(_d.id == device, _d.revoked_at.is_(None))
    tx.execute(gone.values(revoked_at=tx.now))
    return get(tx, device)


def add_code(tx: Tx, *, code_sha256: bytes, name: str, by: Id, expires_at: datetime) -> None:
    """Keep a code that enrols one machine; those that expired are forgotten."""
    tx.execute(sa.delete(device_codes).where(_c.expires_at < tx.now))
    row = {"code_sha256": code_sha256, "name": name, "made_by": by, "made_at": tx.now}
    tx.execute(sa.insert(device_codes), row | {"expires_at": expires_at, "used_at": None})


def use_code(tx: Tx, code_sha256: bytes) -> tuple[str, Id]:
    """Use a code up; answers the machine's name and who made the code. Of two at once one succeeds.

    Raises:
        NotFound: used, expired or never made.
    """
    used = sa.update(device_codes).where(
        _c.code_sha256 == code_sha256, _c.used_at.is_(None), _c.expires_at > tx.now
    )
    row = tx.execute(used.values(used_at=tx.now).returning(_c.name, _c.made_by)).one_or_none()
    if row is None:
        raise NotFound("device code")
    return row.name, Id(row.made_by)


def _one(tx: Tx, which: sa.ColumnElement[bool]) -> Device:
    row = tx.execute(sa.select(devices).where(which)).one_or_none()
    if row is None:
        raise NotFound("workstation")
    return _noun(row)


def _noun(row: sa.Row[Any]) -> Device:
    return Device(
        id=Id(row.id),
        name=row.name,
        way=Way(row.way),
        by=Id(row.by),
        at=row.at,
        seen_at=row.seen_at,
        revoked_at=row.revoked_at,
    )
