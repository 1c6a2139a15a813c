"""Banks from records: who gives them, what a match does, how much can be matched here.

Hash values are for `hash:read` only (law, "who may see what"); everybody else who may read
banks sees counts. Read by `reader.Reader`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from breakwater.banks.policy import Share, share_words, shares
from breakwater.model.access import Permission
from breakwater.model.bank import Bank, Entry, EntryStatus, Import
from breakwater.model.signal import SignalKind, kind_named
from breakwater.records import banks, entries, imports
from breakwater.web.pages import words
from breakwater.web.pages.models import (
    Mark,
    Number,
)
from breakwater.web.pages.models_lists import (
    BankRow,
    BanksView,
    BankView,
    EntryRow,
    ImportRow,
    KindShare,
)
from breakwater.web.pages.read_queue import Look

ROWS: Final = 50

Counts = Mapping[tuple[str, EntryStatus], int]


def every(look: Look, served: Sequence[SignalKind]) -> BanksView:
    """The list of banks."""
    known = banks.every(look.tx)
    rows = tuple(_row(look, bank, served) for bank in known)
    found = _shares(entries.counts(look.tx), served)
    total = sum(share.entries for share in found)
    missing = any(not share.matchable for share in found)
    return BanksView(
        numbers=(
            Number(words.count(len(known)), "bank" if len(known) == 1 else "banks"),
            Number(words.amount(total), "entries"),
        ),
        rows=rows,
        share_words=f"{share_words(found)}." if missing else "",
    )


def one(look: Look, bank: Bank, served: Sequence[SignalKind], after: int) -> BankView:
    """One bank."""
    found = _shares(entries.counts(look.tx, bank), served)
    reads = look.may(Permission.HASH_READ)
    page = entries.page(look.tx, bank, after=after, limit=ROWS + 1) if reads else []
    ready = sum(share.entries for share in found if share.matchable)
    return BankView(
        name=bank.name,
        purpose=bank.purpose or "No purpose was given.",
        action=words.BANK_ACTION[bank.action],
        facts=_facts(look, bank),
        numbers=(
            Number(words.count(sum(share.entries for share in found)), "entries"),
            Number(words.amount(ready), "can be matched here"),
        ),
        kinds=tuple(_kind(share) for share in found),
        entries=tuple(_entry(look, entry) for entry in page[:ROWS]),
        imports=tuple(_import(item) for item in imports.page(look.tx, bank, limit=8)),
        limits=tuple(
            (name.upper(), f"{limit} of {kind_named(name).bits} bits")
            for name, limit in sorted(bank.limits.items())
        ),
        next_url=f"/banks/{bank.name}?after={page[ROWS - 1].number}" if len(page) > ROWS else "",
        first_url=f"/banks/{bank.name}" if after else "",
        hashes_withheld=not reads,
    )


def _shares(counts: Counts, served: Sequence[SignalKind]) -> list[Share]:
    present: dict[str, int] = {}
    for (kind, status), n in counts.items():
        if status is not EntryStatus.WITHDRAWN and n:
            present[kind] = present.get(kind, 0) + n
    return shares(present, served)


def _row(look: Look, bank: Bank, served: Sequence[SignalKind]) -> BankRow:
    found = _shares(entries.counts(look.tx, bank), served)
    total = sum(share.entries for share in found)
    ready = sum(share.entries for share in found if share.matchable)
    return BankRow(
        name=bank.name,
        url=f"/banks/{bank.name}",
        purpose=bank.purpose,
        action=words.BANK_ACTION[bank.action],
        entries=words.count(total),
        share=ready / total if total else 1.0,
        share_words=f"{words.amount(ready)} of {words.amount(total)}" if ready < total else "all",
        source=bank.source or "Not given",
        enabled=_enabled(bank),
        expires=words.due(bank.expires_at, look.now) if bank.expires_at else None,
        verified=bank.verified,
    )


def _enabled(bank: Bank) -> str:
    share = bank.enabled_share
    return "every upload" if share >= 1 else f"{100 * share:.3g} % of uploads"


def _facts(look: Look, bank: Bank) -> tuple[tuple[str, str], ...]:
    facts = [
        ("Source", bank.source or "Not given"),
        ("May be used for", bank.permitted_use),
        ("Acts on", _enabled(bank)),
        ("Verified", "Yes: a negative entry never beats it" if bank.verified else "No"),
    ]
    if bank.expires_at:
        facts.append(("Expires", words.due(bank.expires_at, look.now).full))
    if bank.created_at:
        facts.append(("Made", words.full(bank.created_at)))
    return tuple(facts)


def _kind(share: Share) -> KindShare:
    note = (
        f"Can be matched: {share.words}."
        if share.matchable
        else f"Kept, not matched: {share.words}."
    )
    ready = 1.0 if share.matchable else 0.0
    return KindShare(name_of_kind(share.kind), share.words, words.count(share.entries), ready, note)


def _entry(look: Look, entry: Entry) -> EntryRow:
    return EntryRow(
        number=entry.number,
        kind=name_of_kind(entry.kind),
        value=kind_named(entry.kind).print(entry.value),
        status=words.ENTRY[entry.status],
        source=entry.source,
        labels=entry.labels,
        added=words.ago(entry.created_at or look.now, look.now),
        negative=entry.negative,
    )


def _import(item: Import) -> ImportRow:
    state = Mark("ok", "Done") if item.finished else Mark("wait", "Running")
    return ImportRow(
        source=item.source or "Not named",
        at=words.at(item.created_at) if item.created_at else words.unknown(),
        read=words.count(item.rows_read),
        kept=words.count(item.rows_kept),
        bad=words.count(item.rows_bad),
        state=state,
    )


_NAMES: Final = {
    "md5": "MD5", "pdq": "PDQ", "photodna": "PhotoDNA", "sha1": "SHA-1", "sha256": "SHA-256",
}  # fmt: skip


def name_of_kind(kind: str) -> str:
    """A kind as people write it."""
    return _NAMES.get(kind, kind)
