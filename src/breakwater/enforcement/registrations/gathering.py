"""What is kept of an account that somebody who comes back would tell again.

In comes a case; out come identifiers from the account data its service told, the broadcasts it
sent and watched, and the upload it is about. They live in memory for one transaction. Used by
`sanctioning`; tests: `tests/contract/test_sanctions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from breakwater.enforcement.registrations.normalise import Normaliser
from breakwater.model.account import Snapshot
from breakwater.model.case import Case
from breakwater.model.sanction import Identifier, IdentifierKind
from breakwater.records import account_traces, accounts, identifiers, uploads
from breakwater.records.database import Tx

SNAPSHOTS: Final = 20
"""Tellings of an account that are read, the newest first: addresses change over the years."""
K = IdentifierKind
Made = Callable[[str, datetime], list[Identifier]]


def gather(tx: Tx, case: Case, make: Normaliser) -> list[Identifier]:
    """Every identifier that is kept of a case's account, the newest first.

    Args:
        tx: the transaction in which they are hashed.
        case: with an account.
        make: makes them one.
    """
    out: list[Identifier] = []
    devices: list[tuple[str, datetime]] = []
    for told in accounts.snapshots(tx, case.service, case.account, SNAPSHOTS, gaps=False):
        out += _told(told, make)
        devices += _devices(told)
    seen = account_traces.of_account(tx, case.service, case.account)
    devices += seen.devices
    for text, at in devices:
        out += _device(tx, case, make, text, at)
    for text, at in seen.addresses:
        out += make.address(text, at)
    for kind, key, at in seen.hashes:
        out += _hidden(tx, case, kind, key, at)
    upload = uploads.find(tx, case.subject)
    if upload is not None and upload.origin.address:
        out += make.address(upload.origin.address, upload.received_at)
    return out


def _told(told: Snapshot, make: Normaliser) -> list[Identifier]:
    facts, at = told.facts, told.taken_at
    out = [
        *_each(facts.get("emails"), make.email, at),
        *_each(facts.get("phones"), make.phone, at),
        *_each(_named(facts.get("payments"), "fingerprint"), make.payment, at),
        *_each(_named(facts.get("payments"), "bin"), make.payment_bin, at),
    ]
    registered = facts.get("registration_address")
    if isinstance(registered, str):
        out += make.address(registered, _moment(facts.get("created_at"), at))
    for login in _members(facts.get("logins")):
        if isinstance(login.get("address"), str):
            out += make.address(login["address"], _moment(login.get("at"), at))
    return out


def _devices(told: Snapshot) -> list[tuple[str, datetime]]:
    names = _named(told.facts.get("devices"), "id")
    names += [
        login["device"]
        for login in _members(told.facts.get("logins"))
        if isinstance(login.get("device"), str)
    ]
    return [(name, told.taken_at) for name in names]


def _device(tx: Tx, case: Case, make: Normaliser, text: str, at: datetime) -> list[Identifier]:
    """A device; one that other accounts were seen with counts as shared."""
    kept = identifiers.kept_elsewhere(tx.keys, case.service, K.DEVICE, text)
    shared = kept is not None and account_traces.device_is_shared(
        tx, case.service, case.account, kept
    )
    return make.device(text, at, shared=shared)


def _hidden(tx: Tx, case: Case, kind: str, key: bytes, at: datetime) -> list[Identifier]:
    """A device or payment of a viewer, which is kept as a keyed hash alone."""
    if kind == "payment":
        return [Identifier(K.PAYMENT, "", at, hidden=key)]
    shared = account_traces.device_is_shared(tx, case.service, case.account, key)
    return [Identifier(K.DEVICE_SHARED if shared else K.DEVICE, "", at, hidden=key)]


def _each(told: object, make: Made, at: datetime) -> list[Identifier]:
    words = told if isinstance(told, list) else []
    return [made for one in words if isinstance(one, str) for made in make(one, at)]


def _named(told: object, name: str) -> list[str]:
    """Texts of a list, and that member of its objects."""
    out: list[str] = []
    for one in told if isinstance(told, list) else []:
        text = one.get(name) if isinstance(one, Mapping) else one
        if isinstance(text, str) and (name != "bin" or isinstance(one, Mapping)):
            out.append(text)
    return out


def _members(told: object) -> Iterable[Mapping[str, Any]]:
    return [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []


def _moment(told: object, otherwise: datetime) -> datetime:
    """A time as a service wrote it, never later than when it wrote it."""
    try:
        found = datetime.fromisoformat(str(told))
    except ValueError:
        return otherwise
    return min(found, otherwise) if found.tzinfo is not None else otherwise
