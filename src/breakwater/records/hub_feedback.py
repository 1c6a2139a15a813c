"""What members say of entries, how often they met them, and the scores that follow, as rows.

Feedback is only ever added; the last word of a member on a kind of fingerprint counts. Counts
carry no content: matches and wrong matches of an entry, a member and a day, and a report of the
same day replaces the one before, so that a repetition counts once. Fed by `hub.feedback`;
contract: `tests/contract/test_hub_feedback.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.hub import Feedback, FeedbackKind, Score, Seen
from breakwater.model.ids import Id, new_id
from breakwater.records import hub_given
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_hub import hub_feedback, hub_scores, hub_seen
from breakwater.records.texts import storable

AT_ONCE: Final = 500

_f, _n, _s = hub_feedback.c, hub_seen.c, hub_scores.c
_SEEN: Final = sa.text(
    "INSERT INTO hub_seen (entry_number, member_id, day, matches, wrong) "
    "VALUES (:entry_number, :member_id, :day, :matches, :wrong) "
    "ON CONFLICT (entry_number, member_id, day) "
    "DO UPDATE SET matches = excluded.matches, wrong = excluded.wrong"
).bindparams(
    *(sa.bindparam(c.name, type_=c.type) for c in hub_seen.c)  # as the table stores them
)


def day_of(moment: datetime) -> int:
    """Days since 1970-01-01 UTC."""
    return int(moment.timestamp()) // 86_400


def say(
    tx: Tx, member: Id, entry: int, kind: str, opinion: FeedbackKind | None, *,
    reasons: Sequence[str] = (), note: str = "",
) -> Feedback:  # fmt: skip
    """Add a member's word on an entry; followers see the entry again.

    Args:
        tx: the transaction.
        member: who says it.
        entry: number of the entry.
        kind: the fingerprint it speaks of.
        opinion: None takes back what was said.
        reasons: ids of `model.hub.REASONS`.
        note: its own words, for curators.
    """
    storable(note)
    tx.lock_changes()
    made = Feedback(new_id(), entry, member, kind, opinion, tuple(reasons), note, tx.now)
    tx.execute(
        sa.insert(hub_feedback),
        {
            "id": made.id, "entry_number": entry, "member_id": member, "signal_kind": kind,
            "opinion": None if opinion is None else opinion.value, "reasons": list(reasons),
            "note": note, "at": tx.now, "change": hub_given.touch(tx, entry),
        },
    )  # fmt: skip
    return made


def standing(tx: Tx, entries: Iterable[int]) -> dict[int, list[Feedback]]:
    """What members say of entries now: the last word of each on each kind, the first first."""
    last: dict[int, dict[tuple[str, str], Feedback]] = {number: {} for number in entries}
    wanted = sorted(last)
    for at in range(0, len(wanted), AT_ONCE):
        part = _f.entry_number.in_(wanted[at : at + AT_ONCE])
        for row in tx.execute(sa.select(hub_feedback).where(part).order_by(_f.change)):
            mine = last[row.entry_number]
            mine.pop((row.member_id, row.signal_kind), None)
            if row.opinion is not None:
                mine[row.member_id, row.signal_kind] = _noun(row)
    return {number: list(found.values()) for number, found in last.items()}


def said(tx: Tx, entry: int) -> list[tuple[int, Feedback]]:
    """Every word on an entry with its change number, the first first."""
    wanted = sa.select(hub_feedback).where(_f.entry_number == entry).order_by(_f.change)
    return [(int(row.change), _noun(row)) for row in tx.execute(wanted)]


def of_member(tx: Tx, member: Id, *, limit: int = 50) -> list[Feedback]:
    """What a member said, the newest first."""
    wanted = sa.select(hub_feedback).where(_f.member_id == member)
    return [_noun(row) for row in tx.execute(wanted.order_by(_f.change.desc()).limit(limit))]


def met(tx: Tx, member: Id, day: int, counts: Mapping[int, tuple[int, int]]) -> None:
    """A member's counts of one day: entry to matches and wrong ones; they replace earlier ones."""
    tx.lock_changes()
    for entry, (matches, wrong) in sorted(counts.items()):
        tx.execute(
            _SEEN,
            {
                "entry_number": entry, "member_id": member, "day": day, "matches": matches,
                "wrong": wrong,
            },
        )  # fmt: skip


def seen(tx: Tx, entries: Iterable[int], *, since_day: int) -> dict[int, Seen]:
    """What members met of entries since a day, summed; zeros where nobody met one."""
    out = {number: Seen(number) for number in entries}
    wanted = sorted(out)
    for at in range(0, len(wanted), AT_ONCE):
        part = _n.entry_number.in_(wanted[at : at + AT_ONCE])
        n = sa.select(
            _n.entry_number, sa.func.sum(_n.matches).label("matches"),
            sa.func.sum(_n.wrong).label("wrong"),
            sa.func.count(sa.distinct(_n.member_id)).label("members"),
        ).where(part, _n.day >= since_day, _n.matches > 0).group_by(_n.entry_number)  # fmt: skip
        for row in tx.execute(n):
            out[row.entry_number] = Seen(
                row.entry_number, int(row.matches), int(row.wrong), int(row.members)
            )
    return out


def forget_before(tx: Tx, day: int) -> int:
    """Drop counts of days that are no longer looked at; answers how many rows."""
    tx.lock_changes()
    return tx.execute(sa.delete(hub_seen).where(_n.day < day)).rowcount


def put_score(tx: Tx, score: Score) -> None:
    """Keep a score that is another than the baseline's."""
    tx.lock_changes()
    drop_score(tx, score.entry)
    row = {"entry_number": score.entry, "value": score.value, "terms": dict(score.terms)}
    tx.execute(sa.insert(hub_scores), row | {"at": tx.now})


def drop_score(tx: Tx, entry: int) -> None:
    """The baseline holds again."""
    tx.execute(sa.delete(hub_scores).where(_s.entry_number == entry))


def scores(tx: Tx, entries: Iterable[int]) -> dict[int, Score]:
    """Scores that differ from the baseline; entries without one are left out."""
    out: dict[int, Score] = {}
    wanted = sorted(set(entries))
    for at in range(0, len(wanted), AT_ONCE):
        part = _s.entry_number.in_(wanted[at : at + AT_ONCE])
        for row in tx.execute(sa.select(hub_scores).where(part)):
            out[row.entry_number] = Score(row.entry_number, row.value, dict(row.terms), row.at)
    return out


def old_scores(tx: Tx, before: datetime, *, limit: int = 1_000) -> list[int]:
    """Entries whose score was reckoned before a moment: reviews age."""
    wanted = sa.select(_s.entry_number).where(_s.at < before).order_by(_s.entry_number)
    return [int(n) for n in tx.execute(wanted.limit(limit)).scalars()]


def _noun(row: sa.Row[Any]) -> Feedback:
    return Feedback(
        id=Id(row.id), entry=row.entry_number, member=Id(row.member_id),
        kind_of_signal=row.signal_kind,
        opinion=None if row.opinion is None else FeedbackKind(row.opinion),
        reasons=tuple(row.reasons), note=row.note, at=row.at,
    )  # fmt: skip
