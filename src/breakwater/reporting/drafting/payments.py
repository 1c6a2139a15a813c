"""Payments of a report: what the service told of a broadcast, and with an account's data.

A member of account data that no payment has a place for stands in its note, so that nothing is
lost. Read by `draft`; tests: `tests/unit/test_drafting_people.py`, `test_filing_directed.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from breakwater.errors import BadInput
from breakwater.model.account import Snapshot
from breakwater.model.report import Payment
from breakwater.model.watch import Act
from breakwater.reporting.drafting.material import Material
from breakwater.reporting.drafting.people import moment

AMOUNT: Final = re.compile(r"(\d+(?:\.\d+)?) ?([A-Z]{3})")
PLACES: Final = ("kind", "amount", "currency", "payer", "payee", "reference")
PAYMENT: Final = "payment"


def of(found: Material, account: str) -> tuple[Payment, ...]:
    """What one account paid; of whoever broadcasts, or of nobody, everything that was paid."""
    mine = {account, *((found.case.account,) if account in {"", found.case.account} else ())}
    made: list[Payment] = []
    if found.broadcast is not None:
        to = found.broadcast.stream.account
        some = found.broadcast.payments
        made += [_paid(one, to) for one in some if account in {"", to, one.account}]
    for name in sorted(mine - {""}):
        if (told := found.told.get(name)) is not None:
            made += told_of(told)
    return tuple(dict.fromkeys(made))


def told_of(told: Snapshot) -> Iterator[Payment]:
    """Payments of an account's data, each with everything that was told of it."""
    said = told.facts.get("payments")
    for one in said if isinstance(said, list) else [said] if said else []:
        yield _read(one, told.account)


def _paid(act: Act, to: str) -> Payment:
    known = AMOUNT.fullmatch(act.amount.strip())
    amount, currency = known.groups() if known else ("", "")
    return Payment(
        PAYMENT, at=act.at, amount=amount, currency=currency, payer=act.account, payee=to,
        reference=act.reference, note="" if known else act.amount,
    )  # fmt: skip


def _read(said: object, account: str) -> Payment:
    if not isinstance(said, dict):
        note = said if isinstance(said, str) else json.dumps(said, default=str)
        return Payment(PAYMENT, payer=account, note=note)
    rest: dict[str, Any] = {str(name): value for name, value in said.items()}
    placed = {name: _text(rest.pop(name)) for name in PLACES if _text(rest.get(name))}
    at = moment(rest["at"]) if rest.get("at") else None
    if at is not None:
        del rest["at"]
    note = rest.pop("note") if set(rest) == {"note"} and isinstance(rest["note"], str) else ""
    if rest:
        note = json.dumps(rest, ensure_ascii=False, sort_keys=True, default=str)
    placed = {"kind": PAYMENT, **placed}
    if "payee" not in placed:
        placed = {"payer": account, **placed}
    try:
        return Payment(at=at, note=note, **placed)
    except BadInput:
        return Payment(PAYMENT, payer=account, note=json.dumps(said, default=str))


def _text(said: object) -> str:
    if isinstance(said, bool):
        return ""
    return str(said).strip() if isinstance(said, str | int | float) else ""
