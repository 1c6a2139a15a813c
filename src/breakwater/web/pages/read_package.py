"""Evidence packages of a case from records, for those who hand evidence over.

In comes what `reporting.packages` looked up and wrote down; out goes the page. Used by
`pages.package`; tests: `tests/integration/test_packages_page.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from breakwater.model.approval import Approval
from breakwater.model.case import Case
from breakwater.model.ids import Id
from breakwater.model.package import Package, PackageKey, PackageState, Receipt, grouped
from breakwater.model.sending import RecipientKind
from breakwater.records.database import Tx
from breakwater.reporting.packages.packages import CasePackages
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark
from breakwater.web.pages.models_package import (
    KeyRow,
    PackageRow,
    PackagesView,
    ReceiptRow,
    WaitsRow,
)
from breakwater.web.pages.read_names import called
from breakwater.web.pages.speech import Spoken, later, say

STATES: Final[Mapping[PackageState, Mark]] = Spoken({
    PackageState.MAKING: Mark("wait", later("Being made")),
    PackageState.SEALED: Mark("ok", later("Sealed")),
    PackageState.FAILED: Mark("bad", later("Could not be made")),
})  # fmt: skip
KINDS: Final[Mapping[RecipientKind, str]] = Spoken({
    RecipientKind.POLICE: later("Police"),
    RecipientKind.CLEARING: later("National centre"),
    RecipientKind.HOTLINE: later("Hotline"),
    RecipientKind.TEST: later("Test"),
})  # fmt: skip


def view(
    tx: Tx, case: Case, found: CasePackages, *, by: Id, chosen: Collection[str] = ()
) -> PackagesView:
    """The page; `chosen` are keys that the reader had marked."""
    now = tx.now
    keys = {one.id: one for one in found.keys}
    rows = [_key(one, now, chosen) for one in found.keys]
    return PackagesView(
        case=case.id, number=case.number,
        packages=tuple(
            _package(one, found.receipts.get(one.id, []), keys, now)
            for one in found.packages
        ),
        waits=None if found.waiting is None else _waits(tx, found.waiting, keys, by),
        keys=tuple(row for row in rows if row.withdrawn is None),
        withdrawn=tuple(row for row in rows if row.withdrawn is not None),
        kinds=tuple((kind.value, word) for kind, word in KINDS.items()),
        making=any(one.state is PackageState.MAKING for one in found.packages),
    )  # fmt: skip


def _key(one: PackageKey, now: datetime, chosen: Collection[str] = ()) -> KeyRow:
    gone = None if one.withdrawn_at is None else words.ago(one.withdrawn_at, now)
    about = say("%(kind)s, %(country)s", kind=KINDS[one.kind], country=one.country)
    return KeyRow(
        one.id, one.name, about, grouped(one.fingerprint), bool(one.receipt_key), gone,
        chosen=one.id in chosen,
    )  # fmt: skip


def _package(
    one: Package, receipts: list[Receipt], keys: Mapping[Id, PackageKey], now: datetime
) -> PackageRow:
    sealed = one.state is PackageState.SEALED
    return PackageRow(
        id=one.id, number=one.number, state=STATES[one.state],
        recipients=", ".join(keys[key].name for key in one.keys if key in keys),
        reason=one.reason, reference=one.reference, at=words.ago(one.made_at, now),
        size=words.size(one.size) if sealed else "", sha256=one.sha256,
        url=f"/packages/{one.id}/file" if sealed else "", fault=one.fault,
        receipts=tuple(
            ReceiptRow(row.officer, keys[row.key].name, words.ago(row.received_at, now))
            for row in receipts
        ),
    )  # fmt: skip


def _waits(tx: Tx, one: Approval, keys: Mapping[Id, PackageKey], by: Id) -> WaitsRow:
    chosen = [keys[Id(str(key))] for key in one.facts["keys"] if Id(str(key)) in keys]
    return WaitsRow(
        words=say("%(name)s proposes to hand this case over.", name=called(tx, one.by)),
        keys=tuple(_key(key, tx.now) for key in chosen), reason=one.reason,
        reference=str(one.facts["reference"]), media=bool(one.facts["media"]),
        lapses=words.due(one.lapses_at, tx.now), own=one.by == by,
    )  # fmt: skip
