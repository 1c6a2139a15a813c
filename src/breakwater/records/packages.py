"""Packages as rows: keys they are sealed to, what was made of a case, receipts for it.

A package begins when a second person agreed and is `sealed` or `failed`; a failed one may be
made again under the same agreement. Keys are withdrawn, never changed: what was sealed to one
names it. Fed by `reporting.packages`. Contract: `tests/contract/test_packages.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.approval import Approval
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.package import Package, PackageKey, PackageState, Receipt
from breakwater.model.sending import Occasion, RecipientKind
from breakwater.records import jobs, numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_intake import uploads
from breakwater.records.tables.nouns_package import package_keys, package_receipts, packages
from breakwater.records.texts import storable

MAKE_JOB: Final = "reporting.package"
"""Kind of the job that makes and seals a package."""

_k, _p, _r = package_keys.c, packages.c, package_receipts.c


def add_key(
    tx: Tx, *, name: str, country: str, kind: RecipientKind, key: str, receipt_key: str, by: Id
) -> PackageKey:
    """Keep a recipient's public key.

    Raises:
        Conflict: it is kept already, perhaps withdrawn.
    """
    tx.lock_changes()
    storable(name, key, receipt_key)
    if tx.execute(sa.select(_k.id).where(_k.key == key)).scalar() is not None:
        raise Conflict("This key is entered already. A withdrawn key is not used again.")
    made = new_id()
    tx.execute(
        sa.insert(package_keys),
        {
            "id": made, "name": name, "country": country, "kind": kind.value, "key": key,
            "receipt_key": receipt_key, "by": by, "at": tx.now,
        },
    )  # fmt: skip
    return key_of(tx, made)


def withdraw_key(tx: Tx, key: Id, *, by: Id) -> PackageKey:
    """Seal nothing to a key any more; one that is withdrawn stays as it is.

    Raises:
        NotFound: no such key.
    """
    tx.lock_changes()
    tx.execute(
        sa.update(package_keys)
        .where(_k.id == key, _k.withdrawn_at.is_(None))
        .values(withdrawn_by=by, withdrawn_at=tx.now)
    )
    return key_of(tx, key)


def key_of(tx: Tx, key: Id) -> PackageKey:
    """One key by id.

    Raises:
        NotFound: no such key.
    """
    row = tx.execute(sa.select(package_keys).where(_k.id == key)).one_or_none()
    if row is None:
        raise NotFound(f"recipient's key {key}")
    return _key(row)


def keys(tx: Tx) -> list[PackageKey]:
    """Every key, withdrawn ones too, by name."""
    return [_key(row) for row in tx.execute(sa.select(package_keys).order_by(_k.name, _k.id))]


def begin(tx: Tx, case: Id, agreed: Approval) -> Package:
    """Begin what two people agreed to, and ask for the job that makes it."""
    tx.lock_changes()
    made = new_id()
    facts = agreed.facts
    tx.execute(
        sa.insert(packages),
        {
            "id": made, "number": numbers.take(tx, "packages"), "case_id": case,
            "state": PackageState.MAKING.value, "approval_id": agreed.id, "keys": facts["keys"],
            "reason": agreed.reason, "reference": facts["reference"],
            "occasion": facts["occasion"], "made_at": tx.now, "size": 0, "fault": "",
            "change": tx.change(),
        },
    )  # fmt: skip
    return _asked(tx, made)


def again(tx: Tx, package: Package) -> Package:
    """Make a failed package again.

    Raises:
        Conflict: it has not failed.
    """
    tx.lock_changes()
    if get(tx, package.id).state is not PackageState.FAILED:
        raise Conflict("Only a package that could not be made is made again.")
    _set(tx, package.id, state=PackageState.MAKING.value, fault="", made_at=tx.now)
    return _asked(tx, package.id)


def sealed(tx: Tx, package: Id, *, blob: Id, size: int, sha256: str, root: str) -> Package:
    """It is made: where it stands, and its digests.

    Raises:
        Conflict: it is sealed already.
    """
    tx.lock_changes()
    if get(tx, package).state is PackageState.SEALED:
        raise Conflict("This package is sealed already.")
    _set(
        tx, package, state=PackageState.SEALED.value, sealed_at=tx.now, blob_id=blob, size=size,
        sha256=bytes.fromhex(sha256), root=bytes.fromhex(root), fault="",
    )  # fmt: skip
    return _told(tx, package)


def failed(tx: Tx, package: Id, fault: str) -> Package:
    """It could not be made; `fault` is a code."""
    tx.lock_changes()
    found = get(tx, package)
    if found.state is not PackageState.MAKING:
        return found
    _set(tx, package, state=PackageState.FAILED.value, fault=fault[:80])
    return _told(tx, package)


def get(tx: Tx, package: Id) -> Package:
    """One package by id.

    Raises:
        NotFound: no such package.
    """
    row = tx.execute(sa.select(packages).where(_p.id == package)).one_or_none()
    if row is None:
        raise NotFound(f"package {package}")
    return _noun(row)


def of_case(tx: Tx, case: Id) -> list[Package]:
    """Packages of a case, the newest first."""
    wanted = sa.select(packages).where(_p.case_id == case).order_by(_p.number.desc())
    return [_noun(row) for row in tx.execute(wanted)]


def uploads_of_case(tx: Tx, case: Id) -> list[Id]:
    """Uploads that opened or joined a case, in order of id."""
    wanted = sa.select(uploads.c.id).where(uploads.c.case_id == case).order_by(uploads.c.id)
    return [Id(one) for one in tx.execute(wanted).scalars()]


def add_receipt(tx: Tx, receipt: Receipt) -> Receipt:
    """Keep what an officer signed.

    Raises:
        Conflict: this recipient's receipt for this package is kept already.
    """
    tx.lock_changes()
    storable(receipt.officer, receipt.text)
    mine = sa.select(_r.id).where(_r.package_id == receipt.package, _r.key_id == receipt.key)
    if tx.execute(mine).scalar() is not None:
        raise Conflict("This recipient's receipt is recorded already.")
    tx.execute(
        sa.insert(package_receipts),
        {
            "id": receipt.id, "package_id": receipt.package, "key_id": receipt.key,
            "officer": receipt.officer, "received_at": receipt.received_at, "text": receipt.text,
            "by": receipt.by, "at": tx.now,
        },
    )  # fmt: skip
    return receipt


def receipts(tx: Tx, wanted: Iterable[Id]) -> dict[Id, list[Receipt]]:
    """Receipts by package, the first first."""
    rows = tx.execute(
        sa.select(package_receipts).where(_r.package_id.in_(list(wanted))).order_by(_r.at, _r.id)
    )
    found: dict[Id, list[Receipt]] = {}
    for row in rows:
        one = Receipt(
            id=Id(row.id), package=Id(row.package_id), key=Id(row.key_id), officer=row.officer,
            received_at=row.received_at, text=row.text, by=Id(row.by), at=row.at,
        )  # fmt: skip
        found.setdefault(one.package, []).append(one)
    return found


def _asked(tx: Tx, package: Id) -> Package:
    jobs.enqueue(tx, MAKE_JOB, {"package": package}, dedup_key=f"package:{package}")
    return _told(tx, package)


def _set(tx: Tx, package: Id, **values: Any) -> None:
    tx.execute(sa.update(packages).where(_p.id == package).values(**values, change=tx.change()))


def _told(tx: Tx, package: Id) -> Package:
    found = get(tx, package)
    tx.emit(EventType.PACKAGE_CHANGED, package, case=found.case, state=found.state.value)
    return found


def _key(row: sa.Row[Any]) -> PackageKey:
    return PackageKey(
        id=Id(row.id), name=row.name, country=row.country, kind=RecipientKind(row.kind),
        key=row.key, receipt_key=row.receipt_key, by=Id(row.by), at=row.at,
        withdrawn_at=row.withdrawn_at,
    )  # fmt: skip


def _noun(row: sa.Row[Any]) -> Package:
    return Package(
        id=Id(row.id), number=row.number, case=Id(row.case_id), state=PackageState(row.state),
        approval=Id(row.approval_id), keys=tuple(Id(one) for one in row.keys), reason=row.reason,
        reference=row.reference, occasion=Occasion(row.occasion), made_at=row.made_at,
        sealed_at=row.sealed_at, blob=None if row.blob_id is None else Id(row.blob_id),
        size=row.size, sha256=(row.sha256 or b"").hex(), root=(row.root or b"").hex(),
        fault=row.fault,
    )  # fmt: skip
