"""A wrong match speaks of the entry too: an opinion on it, and a known-harmless entry proposed.

By the rule of the wall a harmless entry counts only at SHA-256 or within its kind's harmless
limit, never against a nearer match of a verified bank, and not before a second person agrees
(`banks` confirms it). Taking the decision back disputes the opinion and withdraws the proposal.
Used by `review.deciding.decide`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from breakwater.errors import Conflict, NotFound
from breakwater.model.bank import Bank, BankAction, EntryStatus, Opinion
from breakwater.model.decision import Decision
from breakwater.model.ids import Id
from breakwater.model.match import Match
from breakwater.model.signal import kind_named
from breakwater.model.upload import Upload
from breakwater.records import approvals, banks, entries
from breakwater.records.database import Tx

HARMLESS: Final = "KNOWN_HARMLESS"
"""Bank of what was mistaken here; made when it is first needed."""

NEGATIVE_ENTRY: Final = "negative_entry"
"""Kind of the two-person approval, as `banks` confirms it."""


def speak(tx: Tx, decision: Decision, upload: Upload, numbers: Iterable[int]) -> None:
    """Say of each entry that it was wrong here, and propose that the item is known harmless."""
    note = f"wrong match, case decided {decision.at:%Y-%m-%d}"
    for number in sorted(numbers):
        entries.add_opinion(tx, number, Opinion.FALSE_POSITIVE, by=decision.by, note=note)
    signal = harmless_signal(upload, numbers)
    if signal is None:
        return
    try:
        (entry,) = entries.add(
            tx, _bank(tx), [(*signal, 100)], negative=True, status=EntryStatus.PROPOSED,
            source="own reviewers", note=decision.reason[:500], by=decision.by,
        )  # fmt: skip
    except Conflict:
        return  # an operator lists the very same value as abusive in that bank
    if entry.status is EntryStatus.PROPOSED:
        approvals.propose(
            tx, kind=NEGATIVE_ENTRY, subject=entry.id, by=decision.by, reason=decision.reason,
            facts={"number": entry.number, "case": decision.case},
        )  # fmt: skip


def unsay(tx: Tx, decision: Decision, upload: Upload, numbers: Iterable[int], *, by: Id) -> None:
    """Take back what `speak` said; opinions are only added, so they are disputed."""
    for number in sorted(numbers):
        entries.add_opinion(tx, number, Opinion.DISPUTED, by=by, note="the decision was undone")
    signal = harmless_signal(upload, numbers)
    entry = entries.find(tx, _bank(tx), *signal) if signal else None
    if entry is None or entry.status is not EntryStatus.PROPOSED:
        return
    with suppress(NotFound):  # it lapsed by itself
        approvals.refuse(
            tx, kind=NEGATIVE_ENTRY, subject=entry.id, by=by, note="the decision was undone"
        )
    entries.set_status(
        tx, entry.number, EntryStatus.WITHDRAWN, by=by, reason=f"decision {decision.id} undone"
    )


def harmless_signal(upload: Upload, numbers: Iterable[int]) -> tuple[str, bytes] | None:
    """The item's own value to be known as harmless: by its look where it matched by look."""
    named = set(numbers)
    matches = upload.verdict.matches if upload.verdict else ()
    for match in matches:
        if match.number in named and _by_look(match):
            return match.kind, kind_named(match.kind).parse(match.own)
    exact = any(m.number in named and m.kind == "sha256" for m in matches)
    if upload.sha256 and not exact:
        return "sha256", bytes.fromhex(upload.sha256)
    return None  # the entry lists this very file: whoever keeps the bank withdraws it


def _by_look(match: Match) -> bool:
    return bool(match.own) and kind_named(match.kind).harmless_limit > 0


def _bank(tx: Tx) -> Bank:
    try:
        return banks.get(tx, HARMLESS)
    except NotFound:
        return banks.create(
            tx,
            name=HARMLESS,
            purpose="Items that were mistaken for known ones, confirmed by two people.",
            source="own reviewers",
            action=BankAction.LOG,
        )
