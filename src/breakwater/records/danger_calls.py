"""Calls that were made while a child was in danger, as rows that are only ever added.

Fed and read by `reporting.danger`. Contract: `tests/contract/test_danger.py`.
"""

from __future__ import annotations

import sqlalchemy as sa

from breakwater.model.ids import Id, new_id
from breakwater.model.recipient import DangerCall, Reached
from breakwater.records import identities
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_recipient import danger_calls

_c = danger_calls.c


def add(tx: Tx, case: Id, *, contact: str, outcome: Reached, words: str, by: str) -> DangerCall:
    """Write a call down."""
    tx.lock_changes()
    made = DangerCall(new_id(), case, contact, outcome, words, by, tx.now)
    tx.execute(
        sa.insert(danger_calls),
        {
            "id": made.id, "case_id": case, "contact": contact, "outcome": outcome.value,
            "sealed": identities.seal(tx, made.id, {"words": words}), "by": by, "at": tx.now,
        },
    )  # fmt: skip
    return made


def of_case(tx: Tx, case: Id) -> list[DangerCall]:
    """Every call of a case, the first first."""
    rows = tx.execute(sa.select(danger_calls).where(_c.case_id == case).order_by(_c.at, _c.id))
    return [
        DangerCall(
            Id(row.id), Id(row.case_id), row.contact, Reached(row.outcome),
            str(identities.unseal(tx, Id(row.id), row.sealed)["words"]), row.by, row.at,
        )
        for row in rows
    ]  # fmt: skip
