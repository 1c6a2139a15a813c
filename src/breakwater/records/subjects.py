"""Everything that is kept of one account: found by its pseudonym in each table that has one.

`PARTS` says where; every other table with a column of class account or identity stands in
`ELSEWHERE` with the reason why an account is not found in it, and a test fails on one that stands
in neither. What is held or belongs to a case is exempt, row by row; the databases refuse to delete
what is held whatever is asked here (`records.held`). Used by `access.subjects`; contract:
`tests/contract/test_privacy.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.case import CaseState
from breakwater.model.chat import KeptState
from breakwater.model.clock import iso
from breakwater.model.ids import Id
from breakwater.model.match import Action
from breakwater.model.privacy import Erased, Exempt, KeptColumn, KeptRow
from breakwater.records import appeals, cases, decisions, dropped, holds, identities
from breakwater.records.database import Tx
from breakwater.records.tables import metadata
from breakwater.records.tables.columns import Klass, tag_of
from breakwater.records.tables.nouns_appeal import appeals as appeal_table
from breakwater.records.tables.nouns_appeal import user_reports
from breakwater.records.tables.nouns_chat import chats, kept_comments
from breakwater.records.tables.nouns_intake import account_snapshots, uploads
from breakwater.records.tables.nouns_intake import cases as case_table
from breakwater.records.tables.nouns_sanction import sanctions
from breakwater.records.tables.nouns_stream import (
    stream_denials,
    stream_publishers,
    stream_viewers,
    streams,
)
from breakwater.records.tables.nouns_watcher import viewer_acts, viewer_sessions

MOST: Final = 10_000
"""Rows of one table that are read of one account."""
_OF_NOBODY: Final = sa.null()


@dataclass(frozen=True, slots=True)
class Part:
    """Where rows of an account stand in one table.

    Attributes:
        key: the pseudonym.
        id: of the row.
        sealed: a column that is opened with it; empty: none.
        case: id of the case that it belongs to.
        parent: table and id of the row with which it is held, where that is another one.
        join: a table without which the key or case is not known, and on what.
        stays: why rows of it are never erased; None: they may be.
        others: it holds somebody else's words, which are not given out.
    """

    table: sa.Table
    key: sa.ColumnElement[Any]
    id: sa.ColumnElement[Any]
    sealed: str = ""
    case: sa.ColumnElement[Any] = _OF_NOBODY
    parent: tuple[str, sa.ColumnElement[Any]] | None = None
    join: tuple[sa.Table, sa.ColumnElement[bool]] | None = None
    stays: Exempt | None = None
    others: bool = False


_S = streams.c
PARTS: Final = (
    Part(case_table, case_table.c.account_key, case_table.c.id, "account_sealed",
         case_table.c.id, stays=Exempt.ACCOUNTABLE),
    Part(account_snapshots, account_snapshots.c.account_key, account_snapshots.c.id, "sealed",
         stays=Exempt.ACCOUNTABLE),
    Part(uploads, uploads.c.account_key, uploads.c.id, "origin_sealed", uploads.c.case_id),
    Part(appeal_table, uploads.c.account_key, appeal_table.c.id, "sealed",
         appeal_table.c.case_id, join=(uploads, uploads.c.id == appeal_table.c.upload_id),
         stays=Exempt.ACCOUNTABLE),
    Part(user_reports, user_reports.c.account_key, user_reports.c.id, "", user_reports.c.case_id,
         stays=Exempt.ACCOUNTABLE, others=True),
    Part(streams, _S.account_key, _S.id, "sealed", _S.case_id, stays=Exempt.RUNS),
    Part(stream_publishers, stream_publishers.c.account_key, stream_publishers.c.id, "sealed",
         _S.case_id, (streams.name, _S.id), (streams, _S.id == stream_publishers.c.stream_id),
         Exempt.RUNS),
    Part(viewer_acts, viewer_acts.c.person, viewer_acts.c.id, "sealed", _S.case_id,
         (streams.name, _S.id), (streams, _S.id == viewer_acts.c.stream_id)),
    Part(viewer_sessions, viewer_sessions.c.person, viewer_sessions.c.viewer_id, "sealed",
         _S.case_id, (streams.name, _S.id), (streams, _S.id == viewer_sessions.c.stream_id)),
    Part(stream_viewers, stream_viewers.c.viewer_key, stream_viewers.c.id, "sealed", _S.case_id,
         (streams.name, _S.id), (streams, _S.id == stream_viewers.c.stream_id)),
    Part(kept_comments, kept_comments.c.author_key, kept_comments.c.id, "sealed",
         kept_comments.c.case_id, (chats.name, kept_comments.c.chat_id)),
    Part(sanctions, sanctions.c.account_key, sanctions.c.id, "", sanctions.c.case_id,
         stays=Exempt.ACCOUNTABLE),
    Part(stream_denials, stream_denials.c.value_key, stream_denials.c.id, "", _S.case_id,
         (streams.name, _S.id), (streams, _S.id == stream_denials.c.stream_id), Exempt.ACCOUNTABLE),
)  # fmt: skip

ELSEWHERE: Final[Mapping[str, str]] = {
    "act_fences": "stands for what a decided case asked of a service; found by the case",
    "chat_across": "sums under keyed lanes, in minutes; names nobody",
    "chat_reasons": "evidence of an alarm; found by its case",
    "chat_sums": "sums of chats, in minutes; names nobody",
    "chats": "a service's own name of a chat",
    "conversations": "a service's own facts of a conversation; found by its case",
    "danger_calls": "calls of a case; found by the case",
    "deconfliction": "keyed hashes of files; names nobody",
    "exhibits": "what authorities seized and gave; found by their set",
    "filing_drafts": "reports to authorities; found by the case, and exempt with it",
    "filing_papers": "what was sent to authorities; found by the case, and exempt with it",
    "legal_request_steps": "requests of authorities; confidential by themselves",
    "legal_requests": "requests of authorities; confidential by themselves",
    "link_places": "where a series is thought to be; found by the series",
    "link_traits": "keyed hashes of what a case or exhibit left behind; go with it",
    "own_requests": "a keyed hash of a code that its owner alone has; names nobody, found by the code",
    "person_vectors": "likenesses in evidence; found by their medium, and gone with it",
    "received_files": "reports of others; found by their case",
    "received_reports": "reports of others; found by their case",
    "registration_hits": "keyed hashes of a sanction that was found; names nobody",
    "resumables": "an upload that is not finished; gone within days",
    "sanction_key_ends": "keyed hashes; end with their sanction",
    "sanction_keys": "keyed hashes; end with their sanction",
    "viewer_keys": "keyed hashes of a session; go with it",
}
"""Tables with columns of class account or identity in which an account is not looked for, and why."""


def inventory() -> list[KeptColumn]:
    """Every column that is kept, what it holds, what for and how long: from the tags themselves."""
    out = []
    for table in metadata.sorted_tables:
        for col in table.columns:
            tag = tag_of(col)
            if tag is not None:
                sealed = tag.klass is Klass.IDENTITY
                out.append(
                    KeptColumn(
                        table.name, col.name, tag.klass.value, tag.purpose.value,
                        tag.retention.value, sealed,
                    )
                )  # fmt: skip
    return out


def kept_of(tx: Tx, service: str, account: str) -> list[KeptRow]:
    """Everything that is kept of an account, with what of it is exempt and why."""
    key = identities.pseudonym(tx, service, account)
    if key is None:
        return []
    rows = [(part, row) for part in PARTS for row in _rows(tx, part, key)]
    exempt = {case: why for case in _cases(rows) if (why := _exempt(tx, case)) is not None}
    told = next(iter(exempt.values()), None)
    return [_kept(tx, part, row, exempt, told) for part, row in rows]


def erase(tx: Tx, service: str, account: str) -> Erased:
    """Erase what may be erased of an account; the rest is answered with its reason."""
    kept = kept_of(tx, service, account)
    gone = [one for one in kept if one.stays is None]
    counts: Counter[str] = Counter()
    ids: dict[str, list[str]] = {}
    for one in gone:
        ids.setdefault(one.table, []).append(one.id)
    passed = ids.get(uploads.name, [])
    if passed:
        counts[uploads.name] = dropped.delete(tx, uploads, "upload", uploads.c.received_at, passed)
    for table in (viewer_acts, stream_viewers):
        mine = sa.delete(table).where(table.c.id.in_(ids.get(table.name, [])))
        counts[table.name] += tx.execute(mine).rowcount
    counts[viewer_sessions.name] = len(ids.get(viewer_sessions.name, []))
    emptied = sa.update(kept_comments).where(
        kept_comments.c.id.in_(ids.get(kept_comments.name, []))
    )
    values = {"state": KeptState.REMOVED.value, "sealed": None, "author_key": None, "held": False}
    counts[kept_comments.name] += tx.execute(emptied.values(**values)).rowcount
    said = {name: count for name, count in counts.items() if count}
    stays = tuple(replace(one, facts={}) for one in kept if one.stays is not None)
    return Erased(said, stays, tuple(Id(one) for one in passed))


def _rows(tx: Tx, part: Part, key: bytes) -> list[Any]:
    parent = _OF_NOBODY if part.parent is None else part.parent[1]
    wanted = sa.select(
        part.table, part.id.label("kept_id"), part.case.label("kept_case"),
        parent.label("kept_parent"),
    )  # fmt: skip
    if part.join is not None:
        wanted = wanted.join_from(part.table, *part.join)
    return list(tx.execute(wanted.where(part.key == key).order_by(part.id).limit(MOST)))


def _cases(rows: list[tuple[Part, Any]]) -> list[Id]:
    return sorted({Id(row.kept_case) for _, row in rows if row.kept_case is not None})


def _exempt(tx: Tx, case: Id) -> Exempt | None:
    """Why what belongs to a case is exempt: it is held, waits, or was decided as illegal."""
    if holds.standing(tx, case):
        return Exempt.HELD
    waits = cases.get(tx, case).state is not CaseState.CLOSED
    return Exempt.CASE if waits or decisions.known_since(tx, case) is not None else None


def _kept(
    tx: Tx, part: Part, row: Any, exempt: Mapping[Id, Exempt], told: Exempt | None
) -> KeptRow:
    case = None if row.kept_case is None else Id(row.kept_case)
    why = exempt.get(case) if case is not None else None
    if part.table is account_snapshots:
        why = told  # account data are preserved with whichever case asked for them
    named, of = part.parent or (part.table.name, None)
    if holds.held_row(tx, named, Id(row.kept_id if of is None else row.kept_parent)):
        why = Exempt.HELD
    given = why or (Exempt.OTHERS if part.others else None)
    stays = why or part.stays or _needed(tx, part, row, case)
    facts = {} if given is not None else _facts(tx, part, row)
    return KeptRow(part.table.name, Id(row.kept_id), facts, case, given, stays)


def _needed(tx: Tx, part: Part, row: Any, case: Id | None) -> Exempt | None:
    """Why a row that could be erased is not."""
    if case is not None:
        return Exempt.ACCOUNTABLE
    if part.table is uploads:
        passed = row.action == Action.ALLOW.value and row.blob_id is None
        return None if passed and not appeals.holds(tx, Id(row.id)) else Exempt.CASE
    if part.table is kept_comments and row.held:
        return Exempt.CASE
    return None


def _facts(tx: Tx, part: Part, row: Any) -> dict[str, Any]:
    """What a row says of the person: no staff, no keys, what is sealed opened."""
    out: dict[str, Any] = {}
    for col in part.table.columns:
        tag, value = tag_of(col), getattr(row, col.name)
        ours = tag is None or tag.klass in {Klass.STAFF, Klass.SECRET}
        if ours or value is None or isinstance(value, bytes | memoryview):
            continue
        out[col.name] = iso(value) if isinstance(value, datetime) else value
    sealed = getattr(row, part.sealed) if part.sealed else None
    if sealed is not None:
        out["told"] = identities.unseal(tx, Id(row.kept_id), sealed)
    return out
