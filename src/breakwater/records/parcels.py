"""Sealed parcels of filings, receipts for them, and proofs that another report stands for one.

Rows are only ever added. A parcel is made once for a filing: what is delivered again after a
crash is the same file. Fed by `reporting.sinks`; read by the pages of filings. Contract:
`tests/contract/test_courier.py`.
"""

from __future__ import annotations

import sqlalchemy as sa

from breakwater.model.filing import Filing
from breakwater.model.ids import Id, new_id
from breakwater.model.recipient import Parcel, Proof, Receipt
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_recipient import (
    filing_parcels,
    filing_proofs,
    filing_receipts,
)

_p, _r, _x = filing_parcels.c, filing_receipts.c, filing_proofs.c


def keep(tx: Tx, parcel: Parcel) -> Parcel:
    """Keep a parcel; the one that a filing has already is answered as it stands."""
    tx.lock_changes()
    if (known := find(tx, parcel.filing)) is not None:
        return known
    tx.execute(
        sa.insert(filing_parcels),
        {
            "filing_id": parcel.filing, "blob_id": parcel.blob, "name": parcel.name,
            "size": parcel.size, "sha256": bytes.fromhex(parcel.sha256),
            "keys": list(parcel.keys), "at": tx.now,
        },
    )  # fmt: skip
    return parcel


def find(tx: Tx, filing: Id) -> Parcel | None:
    """The parcel of a filing; None: none is sealed."""
    row = tx.execute(sa.select(filing_parcels).where(_p.filing_id == filing)).one_or_none()
    if row is None:
        return None
    return Parcel(
        Id(row.filing_id), Id(row.blob_id), row.name, row.size, row.sha256.hex(), tuple(row.keys)
    )


def receive(tx: Tx, filing: Id, reference: str, *, by: str) -> Receipt:
    """Write down what the recipient gave for it."""
    made = Receipt(new_id(), filing, reference, by, tx.now)
    tx.execute(
        sa.insert(filing_receipts),
        {
            "id": made.id, "filing_id": filing, "reference": reference, "by": by, "at": tx.now,
        },
    )  # fmt: skip
    return made


def receipts(tx: Tx, filing: Id) -> list[Receipt]:
    """Every receipt of a filing, the first first."""
    wanted = sa.select(filing_receipts).where(_r.filing_id == filing).order_by(_r.at, _r.id)
    return [
        Receipt(Id(row.id), Id(row.filing_id), row.reference, row.by, row.at)
        for row in tx.execute(wanted)
    ]


def prove(tx: Tx, filing: Filing, by: Filing, basis: str) -> None:
    """Write down that another filing stands for this one."""
    tx.execute(
        sa.insert(filing_proofs),
        {"filing_id": filing.id, "proof_id": by.id, "basis": basis, "at": tx.now},
    )


def proof(tx: Tx, filing: Id) -> Proof | None:
    """What stands for a filing that was not sent; None: nothing does."""
    row = tx.execute(sa.select(filing_proofs).where(_x.filing_id == filing)).one_or_none()
    return None if row is None else Proof(filing, Id(row.proof_id), row.basis, row.at)
