"""What nothing holds any more: destroyed where two people agreed, let go where a decision fell.

In: a case of which no hold stands. Where its report's hold expired, every key and every byte of
the manifest goes, names and addresses in its rows with them; what was destroyed stays in the
manifest and in the audit log, with a digest over all of it. Where a decision was taken back, the
papers written for the hold go, and what else had waited for it is done now. Called by `keep`;
each step may be done again after a kill. Tests: `tests/contract/test_preserving.py`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from breakwater.model.decision import Decision
from breakwater.model.hold import Hold, HoldItem, Why
from breakwater.model.ids import Id
from breakwater.model.match import Action
from breakwater.model.ports import Blob
from breakwater.records import (
    appeals,
    decisions,
    hold_items,
    hold_rows,
    holds,
    jobs,
    uploads,
)
from breakwater.records.database import Database, Tx
from breakwater.reporting.preserving.evidence import PAPER

SETTLE_JOBS: Final = ("review.settle", "live.comments_settle")
"""Jobs that destroy what a release lets go; they leave alone what is held."""

SHRED_JOB: Final = "vault.shred"
"""Kind of the job, run by `intake`, that destroys a blob's key and bytes."""

OTHERS_WAIT: Final = timedelta(days=1)
"""Until it is looked again whether another case still holds the same bytes."""


def end(db: Database, vault: Blob, case: Id) -> datetime | None:
    """End what nothing holds; when to look again, None: never.

    Raises:
        Held: somebody opened a hold meanwhile; nothing more is destroyed.
    """
    with db.read() as tx:
        every = holds.of_case(tx, case)
        items = [one for one in hold_items.of_case(tx, case) if one.destroyed_at is None]
    if any(one.stands for one in every) or not every:
        return None
    expired = [one for one in every if one.ended_why is Why.EXPIRED and not one.kind.ordered]
    if expired:
        return _destroy(db, vault, case, expired[-1], items)
    _let_go(db, vault, case, items)
    return None


def _destroy(
    db: Database, vault: Blob, case: Id, hold: Hold, items: list[HoldItem]
) -> datetime | None:  # fmt: skip
    """Crypto-shred every object, empty every row, and keep the proof."""
    elsewhere = 0
    for one in items:
        with db.read() as tx:
            shared = holds.held_blob(tx, one.blob)
        if shared:
            elsewhere += 1
            continue
        if one.gap:
            continue
        if one.blob is not None:
            vault.shred(one.blob)
        with db.transaction() as tx:
            if one.row is not None and not hold_rows.empty(tx, case, one.table, one.row):
                continue  # rows that are only ever added stay, sealed, and are not called destroyed
            hold_items.destroyed(tx, one.id, by=hold.second or hold.ended_by)
    with db.transaction() as tx:
        gone = [one for one in hold_items.of_case(tx, case) if one.destroyed_at is not None]
        tx.audit(
            hold.ended_by, "hold.destroyed", hold.id, case=case, second=hold.second,
            things=len(gone), sha256=_digest(gone),
        )  # fmt: skip
        return tx.now + OTHERS_WAIT if elsewhere else None


def _digest(gone: list[HoldItem]) -> str:
    """One digest over what was destroyed: ids, kinds and SHA-256 of bytes, in the order kept."""
    text = "\n".join(f"{one.id} {one.what.value} {one.sha256}" for one in gone)
    return hashlib.sha256(text.encode()).hexdigest()


def _let_go(db: Database, vault: Blob, case: Id, items: list[HoldItem]) -> None:
    """Suspicion was not confirmed: papers go at once, the rest by the rules of its own."""
    for one in items:
        if one.table != PAPER or one.blob is None:
            continue
        vault.shred(one.blob)
        with db.transaction() as tx:
            hold_items.destroyed(tx, one.id, by="reporting")
    with db.transaction() as tx:
        if decisions.known_since(tx, case) or decisions.in_danger(tx, case):
            return
        said = _last(tx, case)
        for kind in SETTLE_JOBS if said is not None and said.kind.releases else ():
            assert said is not None  # noqa: S101 - asked a line above
            jobs.enqueue(tx, kind, {"decision": said.id}, dedup_key=f"{kind}:held:{said.id}")
        for one in items:
            if one.table == "uploads" and one.row is not None:
                _forget(tx, one.row)


def _last(tx: Tx, case: Id) -> Decision | None:
    stood = [one for one in decisions.of_case(tx, case) if one.stands]
    return stood[-1] if stood else None


def _forget(tx: Tx, upload: Id) -> None:
    """Delete at once what passes now and nothing locks."""
    found = uploads.find(tx, upload)
    if found is None or found.blob is None or found.verdict is None:
        return
    if found.verdict.action is not Action.ALLOW or appeals.holds(tx, upload):
        return
    if holds.held_upload(tx, upload, found.blob):
        return
    uploads.forget_evidence(tx, upload)
    jobs.enqueue(tx, SHRED_JOB, {"blob": found.blob})
    tx.audit("system", "media.shredded", upload, why="hold ended")
