"""Banks from records: who gives them, what a match does, how much can be matched here.

Hash values are for `hash:read` only (law, "who may see what"); everybody else who may read
banks sees counts. Read by `reader.Reader`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from breakwater.banks.policy import Share, shares
from breakwater.model.access import Permission
from breakwater.model.bank import Bank, Entry, EntryStatus, Import
from breakwater.model.signal import SignalKind, kind_named
from breakwater.records import banks, entries, imports
from breakwater.web.languages import ngettext
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
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import figure, say

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
            Number(words.count(len(known)), ngettext("bank", "banks", len(known))),
            Number(words.amount(total), say("entries")),
        ),
        rows=rows,
        share_words=_missing(found) if missing else "",
    )


def one(look: Look, bank: Bank, served: Sequence[SignalKind], after: int) -> BankView:
    """One bank."""
    found = _shares(entries.counts(look.tx, bank), served)
    reads = look.may(Permission.HASH_READ)
    page = entries.page(look.tx, bank, after=after, limit=ROWS + 1) if reads else []
    ready = sum(share.entries for share in found if share.matchable)
    return BankView(
        name=bank.name,
        purpose=bank.purpose or say("No purpose was given."),
        action=words.BANK_ACTION[bank.action],
        facts=_facts(look, bank),
        numbers=(
            Number(words.count(sum(share.entries for share in found)), say("entries")),
            Number(words.amount(ready), say("can be matched here")),
        ),
        kinds=tuple(_kind(share) for share in found),
        entries=tuple(_entry(look, entry) for entry in page[:ROWS]),
        imports=tuple(_import(item) for item in imports.page(look.tx, bank, limit=8)),
        limits=tuple(
            (name.upper(), say("%(n)s of %(all)s bits", n=limit, all=kind_named(name).bits))
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
        share_words=_part(ready, total),
        source=bank.source or say("Not given"),
        enabled=_enabled(bank),
        expires=words.due(bank.expires_at, look.now) if bank.expires_at else None,
        verified=bank.verified,
    )


def _part(ready: int, total: int) -> str:
    if ready >= total:
        return say("all")
    return say("%(n)s of %(all)s", n=words.amount(ready), all=words.amount(total))


def _missing(found: Sequence[Share]) -> str:
    """How much cannot be matched here, and what it would need."""
    ready = sum(share.entries for share in found if share.matchable)
    total = sum(share.entries for share in found)
    said = [say("%(n)s of %(all)s can be matched", n=words.count(ready), all=words.count(total))]
    said += [
        say("%(n)s need %(kind)s", n=words.count(share.entries), kind=name_of_kind(share.kind))
        for share in found
        if not share.matchable
    ]
    return f"{'; '.join(said)}."


def _enabled(bank: Bank) -> str:
    share = bank.enabled_share
    if share >= 1:
        return say("every upload")
    return say("%(n)s %% of uploads", n=figure(round(100 * share, 2)))


def _facts(look: Look, bank: Bank) -> tuple[tuple[str, str], ...]:
    facts = [
        (say("Source"), bank.source or say("Not given")),
        (say("May be used for"), bank.permitted_use),
        (say("Acts on"), _enabled(bank)),
        (
            say("Verified"),
            say("Yes: a negative entry never beats it") if bank.verified else say("No"),
        ),
    ]
    if bank.expires_at:
        facts.append((say("Expires"), words.due(bank.expires_at, look.now).full))
    if bank.created_at:
        facts.append((say("Made"), words.full(bank.created_at)))
    return tuple(facts)


def _kind(share: Share) -> KindShare:
    note = (
        say("Can be matched: %(what)s.", what=retold(share.words))
        if share.matchable
        else say("Kept, not matched: %(what)s.", what=retold(share.words))
    )
    ready = 1.0 if share.matchable else 0.0
    return KindShare(
        name_of_kind(share.kind), retold(share.words), words.count(share.entries), ready, note
    )


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
    state = Mark("ok", say("Done")) if item.finished else Mark("wait", say("Running"))
    return ImportRow(
        source=item.source or say("Not named"),
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
    if kind == "url":
        return say("Web address")
    if kind == "domain":
        return say("Web domain")
    return _NAMES.get(kind, kind)
