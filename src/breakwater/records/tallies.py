"""Counts kept by those who change what is counted, so that nobody counts millions of rows.

Entries by bank, kind and status; arrivals by minute and matches by hour, from which floods
are noticed; verdicts by minute, from which the ledger is drawn. Rows here are shared by many
transactions: the change lock is taken first. Used by `records.lean`, `records.entries` and
`records.uploads`; tested with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from breakwater.records.database import Tx
from breakwater.records.tables.nouns_bank import entry_arrivals, entry_hits, entry_totals
from breakwater.records.tables.nouns_intake import upload_tallies

_TOTAL: Final = sa.text(
    "INSERT INTO entry_totals (bank_number, kind, status, n) "
    "VALUES (:bank_number, :kind, :status, :n) "
    "ON CONFLICT (bank_number, kind, status) DO UPDATE SET n = entry_totals.n + excluded.n"
)
_ARRIVAL: Final = sa.text(
    "INSERT INTO entry_arrivals (bank_number, minute, signed, n) "
    "VALUES (:bank_number, :minute, :signed, :n) "
    "ON CONFLICT (bank_number, minute, signed) DO UPDATE SET n = entry_arrivals.n + excluded.n"
)
_HIT: Final = sa.text(
    "INSERT INTO entry_hits (entry_number, hour, n) VALUES (:entry_number, :hour, 1) "
    "ON CONFLICT (entry_number, hour) DO UPDATE SET n = entry_hits.n + 1"
)
_VERDICT: Final = sa.text(
    "INSERT INTO upload_tallies (minute, service, action, rule, n) "
    "VALUES (:minute, :service, :action, :rule, 1) "
    "ON CONFLICT (minute, service, action, rule) DO UPDATE SET n = upload_tallies.n + 1"
)


def minute(moment: datetime) -> int:
    """Minutes since 1970."""
    return int(moment.timestamp()) // 60


def hour(moment: datetime) -> int:
    """Hours since 1970."""
    return int(moment.timestamp()) // 3600


def entries_added(
    tx: Tx, bank: int, by_kind: Mapping[str, int], status: int, *, signed: bool
) -> None:
    """Count new entries of one bank by kind."""
    tx.lock_changes()
    for kind, n in by_kind.items():
        tx.execute(_TOTAL, {"bank_number": bank, "kind": kind, "status": status, "n": n})
    facts = {"bank_number": bank, "minute": minute(tx.now), "signed": signed}
    tx.execute(_ARRIVAL, facts | {"n": sum(by_kind.values())})


def entry_moved(tx: Tx, bank: int, kind: str, before: int, after: int) -> None:
    """Count an entry under its new status."""
    tx.lock_changes()
    facts = {"bank_number": bank, "kind": kind}
    tx.execute(_TOTAL, facts | {"status": before, "n": -1})
    tx.execute(_TOTAL, facts | {"status": after, "n": 1})


def entries_moved(tx: Tx, bank: int, by_kind: Mapping[str, int], before: int, after: int) -> None:
    """Count many entries of one bank under their new status."""
    tx.lock_changes()
    for kind, n in by_kind.items():
        facts = {"bank_number": bank, "kind": kind}
        tx.execute(_TOTAL, facts | {"status": before, "n": -n})
        tx.execute(_TOTAL, facts | {"status": after, "n": n})


def entry_counts(tx: Tx, bank: int | None) -> dict[tuple[str, int], int]:
    """Entries by kind and status code, of one bank or of all; zeros left out."""
    n = sa.func.sum(entry_totals.c.n)
    wanted = sa.select(entry_totals.c.kind, entry_totals.c.status, n.label("n"))
    if bank is not None:
        wanted = wanted.where(entry_totals.c.bank_number == bank)
    wanted = wanted.group_by(entry_totals.c.kind, entry_totals.c.status).having(n != 0)
    return {(row.kind, row.status): int(row.n) for row in tx.execute(wanted)}


def entries_arrived(tx: Tx, bank: int, since: datetime) -> int:
    """Entries that nobody signed for, taken by a bank since a moment (to the minute)."""
    wanted = sa.select(sa.func.sum(entry_arrivals.c.n)).where(
        entry_arrivals.c.bank_number == bank,
        entry_arrivals.c.minute > minute(since),
        sa.not_(entry_arrivals.c.signed),
    )
    return int(tx.execute(wanted).scalar() or 0)


def count_match(tx: Tx, entry_numbers: Sequence[int]) -> dict[int, int]:
    """Count one match of each entry; answers how many each had in this hour and the last.

    Two buckets cover every window of 60 minutes, so a flood across the hour is not missed.
    """
    tx.lock_changes()
    wanted = sorted(set(entry_numbers))
    if not wanted:
        return {}
    now = hour(tx.now)
    for number in wanted:
        tx.execute(_HIT, {"entry_number": number, "hour": now})
    return recent_matches(tx, wanted, tx.now - timedelta(hours=1))


def recent_matches(tx: Tx, entry_numbers: Sequence[int], since: datetime) -> dict[int, int]:
    """Matches of each entry since a moment (to the hour); 0 where there were none."""
    rows = tx.execute(
        sa.select(entry_hits.c.entry_number, sa.func.sum(entry_hits.c.n).label("n"))
        .where(entry_hits.c.entry_number.in_(entry_numbers), entry_hits.c.hour >= hour(since))
        .group_by(entry_hits.c.entry_number)
    )
    found = {int(row.entry_number): int(row.n) for row in rows}
    return {number: found.get(number, 0) for number in entry_numbers}


def upload_judged(tx: Tx, service: str, action: str, rule: str) -> None:
    """Count one first verdict, or a refusal to scan."""
    tx.lock_changes()
    facts = {"minute": minute(tx.now), "service": service, "action": action, "rule": rule}
    tx.execute(_VERDICT, facts)


def uploads_judged(tx: Tx, since: datetime) -> dict[tuple[str, str], int]:
    """First verdicts by action and rule since a moment (to the minute)."""
    t = upload_tallies.c
    rows = tx.execute(
        sa.select(t.action, t.rule, sa.func.sum(t.n).label("n"))
        .where(t.minute >= minute(since))
        .group_by(t.action, t.rule)
    )
    return {(row.action, row.rule): int(row.n) for row in rows}


def uploads_by_minute(tx: Tx, since: datetime) -> dict[int, dict[str, int]]:
    """First verdicts by minute (since 1970) and action, for plots."""
    t = upload_tallies.c
    rows = tx.execute(
        sa.select(t.minute, t.action, sa.func.sum(t.n).label("n"))
        .where(t.minute >= minute(since))
        .group_by(t.minute, t.action)
    )
    out: dict[int, dict[str, int]] = {}
    for row in rows:
        out.setdefault(int(row.minute), {})[row.action] = int(row.n)
    return out


def forget_before(tx: Tx, moment: datetime) -> None:
    """Drop the counts by which floods are noticed; the ledger's stay."""
    tx.lock_changes()
    tx.execute(sa.delete(entry_hits).where(entry_hits.c.hour < hour(moment)))
    tx.execute(sa.delete(entry_arrivals).where(entry_arrivals.c.minute < minute(moment)))
