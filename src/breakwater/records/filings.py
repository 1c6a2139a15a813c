"""Filings as rows: drafted from a case, moved step by step, never two for one person and version.

Each move is compared with the epoch of whoever took the filing up, so that a late word changes
nothing, and must stand in `model.filing.MOVES`. Fed by `reporting`; read by its pages, by
preservation and by figures. Contract: `tests/contract/test_records_filings.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, LeaseLost, NotFound
from breakwater.model.decision import DecisionKind
from breakwater.model.event import EventType
from breakwater.model.filing import MOVES, Filing, FilingFile, FilingState
from breakwater.model.ids import Id, new_id
from breakwater.records import identities, jobs, numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_decision import decisions
from breakwater.records.tables.nouns_filing import filing_drafts, filing_files, filings

FILE_JOB: Final = "reporting.file"
"""Kind of the job that carries a filing on."""

_f, _d, _x = filings.c, filing_drafts.c, filing_files.c


@dataclass(frozen=True, slots=True)
class About:
    """What a filing is about, before it is a row.

    Attributes:
        group: of filings that cite one another; None: it stands alone.
        knowledge_at: when a person confirmed.
        due_at: until when it must be finished.
    """

    case: Id
    destination: str
    knowledge_at: datetime
    due_at: datetime
    group: Id | None = None
    person: int = 0
    urgent: bool = False


def draft(
    tx: Tx, about: About, report: Mapping[str, Any], files: Sequence[FilingFile] = (), *,
    beside: bool = False,
) -> Filing:  # fmt: skip
    """Keep a draft; one that waits for the same person and recipient is answered as it stands.

    Args:
        tx: the transaction.
        about: of what, to whom.
        report: the drafted report, as JSON.
        files: what goes with it, positions from 0.
        beside: a further version, though one is on its way: what cannot wait for that one.
    """
    tx.lock_changes()
    mine = (
        _f.case_id == about.case, _f.destination == about.destination, _f.person == about.person,
    )  # fmt: skip
    last = tx.execute(
        sa.select(_f.id, _f.version, _f.state).where(*mine).order_by(_f.version.desc()).limit(1)
    ).one_or_none()
    if last is not None and not beside and not FilingState(last.state).ends:
        return get(tx, Id(last.id))
    made = new_id()
    tx.execute(
        sa.insert(filings),
        {
            "id": made, "number": numbers.take(tx, "filings"), "case_id": about.case,
            "destination": about.destination, "group_id": about.group or made,
            "person": about.person, "version": 1 if last is None else last.version + 1,
            "state": FilingState.DRAFT.value, "urgent": about.urgent, "epoch": 0, "attempt": 0,
            "report_id": "", "knowledge_at": about.knowledge_at, "due_at": about.due_at,
            "created_at": tx.now, "fault": "", "wanted_by": "", "change": tx.change(),
        },
    )  # fmt: skip
    tx.execute(
        sa.insert(filing_drafts),
        {"filing_id": made, "sealed": identities.seal(tx, made, report), "at": tx.now},
    )
    _keep_files(tx, made, files)
    tx.emit(EventType.FILING_CHANGED, made, case=about.case, state=FilingState.DRAFT.value)
    return get(tx, made)


def redraft(
    tx: Tx, filing: Filing, report: Mapping[str, Any], files: Sequence[FilingFile]
) -> Filing:
    """Replace what a draft says.

    Raises:
        Conflict: it is no draft any more.
    """
    tx.lock_changes()
    if get(tx, filing.id).state is not FilingState.DRAFT:
        raise Conflict("This report is no draft any more. Open it again and look at its state.")
    tx.execute(
        sa.update(filing_drafts)
        .where(_d.filing_id == filing.id)
        .values(sealed=identities.seal(tx, filing.id, report), at=tx.now)
    )
    tx.execute(sa.delete(filing_files).where(_x.filing_id == filing.id))
    _keep_files(tx, filing.id, files)
    tx.execute(sa.update(filings).where(_f.id == filing.id).values(change=tx.change()))
    return get(tx, filing.id)


def report_of(tx: Tx, filing: Id) -> dict[str, Any]:
    """The drafted report, as JSON.

    Raises:
        NotFound: no such filing, or what it said has gone.
        Tampered: it was changed behind our back.
    """
    row = tx.execute(sa.select(_d.sealed).where(_d.filing_id == filing)).one_or_none()
    if row is None:
        raise NotFound(f"filing {filing}")
    return identities.unseal(tx, filing, row.sealed)


def get(tx: Tx, filing: Id) -> Filing:
    """One filing by id.

    Raises:
        NotFound: no such filing.
    """
    row = tx.execute(sa.select(filings).where(_f.id == filing)).one_or_none()
    if row is None:
        raise NotFound(f"filing {filing}")
    return _noun(tx, row)


def of_case(tx: Tx, case: Id) -> list[Filing]:
    """Every filing of a case, the first first."""
    return _some(tx, _f.case_id == case)


def of_group(tx: Tx, group: Id) -> list[Filing]:
    """Filings that cite one another, by person."""
    return _some(tx, _f.group_id == group)


def in_states(tx: Tx, states: Iterable[FilingState], limit: int = 500) -> list[Filing]:
    """Filings in any of these states, the one that is due first first."""
    wanted = sa.select(filings).where(_f.state.in_([one.value for one in states]))
    rows = tx.execute(wanted.order_by(_f.due_at, _f.number).limit(limit)).all()
    return [_noun(tx, row) for row in rows]


def sent(tx: Tx, case: Id) -> bool:
    """Whether a report of a case is filed or on its way."""
    return any(
        one.state is FilingState.FINISHED or one.state.under_way for one in of_case(tx, case)
    )


def in_doubt(tx: Tx, limit: int = 500) -> list[Filing]:
    """Finished filings of cases in which a decision was taken back or released, the first first."""
    d = decisions.c
    lets_go = [one.value for one in DecisionKind if one.releases]
    doubted = sa.select(d.case_id).where(sa.or_(d.undoes.is_not(None), d.kind.in_(lets_go)))
    wanted = sa.select(filings).where(
        _f.state == FilingState.FINISHED.value, _f.case_id.in_(doubted)
    )
    rows = tx.execute(wanted.order_by(_f.finished_at, _f.number).limit(limit)).all()
    return [_noun(tx, row) for row in rows]


def listed(
    tx: Tx, states: Iterable[FilingState], *, to: str = "", late: bool = False, after: int = 0,
    limit: int = 50, newest: bool = False,
) -> list[Filing]:  # fmt: skip
    """Filings in any of these states, a page of them, the one that is due first first.

    Args:
        tx: a snapshot.
        states: which.
        to: one recipient; empty: every one.
        late: only those that are past their time.
        after: how many to leave out, for the next page.
        limit: at most so many.
        newest: by when they were drafted, the last first.
    """
    wanted = sa.select(filings).where(_f.state.in_([one.value for one in states]))
    if to:
        wanted = wanted.where(_f.destination == to)
    if late:
        wanted = wanted.where(_f.due_at < tx.now)
    order = (_f.created_at.desc(), _f.number.desc()) if newest else (_f.due_at, _f.number)
    rows = tx.execute(wanted.order_by(*order).offset(after).limit(limit)).all()
    return [_noun(tx, row) for row in rows]


def counts(tx: Tx) -> dict[str, tuple[int, int, int]]:
    """By recipient: reports that wait for a person, that are on their way, and past their time."""
    late = sa.func.sum(sa.case((_f.due_at < tx.now, 1), else_=0))
    wanted = sa.select(_f.destination, _f.state, sa.func.count().label("n"), late.label("late"))
    found: dict[str, tuple[int, int, int]] = {}
    ends = [one.value for one in FilingState if one.ends]
    for row in tx.execute(wanted.where(_f.state.not_in(ends)).group_by(_f.destination, _f.state)):
        waits, moves, past = found.get(row.destination, (0, 0, 0))
        here = (0, row.n) if FilingState(row.state).under_way else (row.n, 0)
        found[row.destination] = (waits + here[0], moves + here[1], past + int(row.late))
    return found


def warn(tx: Tx, moment: datetime) -> list[Filing]:
    """Filings that are due before a moment, not ended and not said to be late yet: each once."""
    tx.lock_changes()
    waiting = [one.value for one in FilingState if not one.ends]
    late = sa.and_(_f.due_at < moment, _f.state.in_(waiting), _f.warned_at.is_(None))
    found = _some(tx, late)
    tx.execute(sa.update(filings).where(late).values(warned_at=tx.now))
    return found


def take_up(tx: Tx, filing: Id) -> Filing:
    """Begin to carry it on: from now on, whoever had it is refused."""
    tx.lock_changes()
    tx.execute(sa.update(filings).where(_f.id == filing).values(epoch=_f.epoch + 1))
    return get(tx, filing)


def move(tx: Tx, filing: Filing, to: FilingState, **values: Any) -> Filing:
    """Move it, as `model.filing.MOVES` allows.

    Args:
        tx: the transaction.
        filing: as it was read by who took it up.
        to: where to.
        values: columns that change with it.

    Raises:
        LeaseLost: somebody else took it up, or moved it.
        Conflict: there is no such move.
    """
    if to not in MOVES[filing.state]:
        raise Conflict(f"A report that is {filing.state} cannot become {to}.")
    _set(tx, filing, state=to.value, **values)
    tx.emit(EventType.FILING_CHANGED, filing.id, case=filing.case, state=to.value)
    return get(tx, filing.id)


def note(tx: Tx, filing: Filing, **values: Any) -> Filing:
    """Change columns and not the state.

    Raises:
        LeaseLost: somebody else took it up.
    """
    _set(tx, filing, **values)
    return get(tx, filing.id)


def has_file(tx: Tx, filing: Filing, position: int, file_id: str) -> None:
    """The recipient has a file."""
    _file(tx, filing, position, file_id=file_id)


def described(tx: Tx, filing: Filing, position: int) -> None:
    """The recipient has a file's details."""
    _file(tx, filing, position, described=True)


def begin_anew(tx: Tx, filing: Filing) -> Filing:
    """The recipient has nothing of it any more: all is sent again under a new report."""
    tx.execute(
        sa.update(filing_files).where(_x.filing_id == filing.id).values(file_id="", described=False)
    )
    return move(tx, filing, FilingState.NEW, report_id="", opened_at=None)


def carry_on(tx: Tx, filing: Id, *, at: datetime | None = None) -> None:
    """Ask for the job that carries it on."""
    jobs.enqueue(tx, FILE_JOB, {"filing": filing}, dedup_key=f"filing:{filing}", run_at=at)


def _set(tx: Tx, filing: Filing, **values: Any) -> None:
    tx.lock_changes()
    held = tx.execute(
        sa.update(filings)
        .where(_f.id == filing.id, _f.epoch == filing.epoch, _f.state == filing.state.value)
        .values(**values, change=tx.change())
    )
    if held.rowcount != 1:
        raise LeaseLost(filing=filing.id)


def _file(tx: Tx, filing: Filing, position: int, **values: Any) -> None:
    tx.lock_changes()
    held = sa.select(_f.id).where(_f.id == filing.id, _f.epoch == filing.epoch)
    done = tx.execute(
        sa.update(filing_files)
        .where(_x.filing_id.in_(held.scalar_subquery()), _x.position == position)
        .values(**values)
    )
    if done.rowcount != 1:
        raise LeaseLost(filing=filing.id)


def _keep_files(tx: Tx, filing: Id, files: Sequence[FilingFile]) -> None:
    if files:
        tx.execute(
            sa.insert(filing_files),
            [
                {
                    "filing_id": filing, "position": one.position, "blob_id": one.blob,
                    "size": one.size, "sha256": bytes.fromhex(one.sha256),
                    "md5": bytes.fromhex(one.md5), "file_id": "", "described": False,
                }
                for one in files
            ],
        )  # fmt: skip


def _some(tx: Tx, whose: sa.ColumnElement[bool]) -> list[Filing]:
    rows = tx.execute(sa.select(filings).where(whose).order_by(_f.person, _f.number)).all()
    return [_noun(tx, row) for row in rows]


def _noun(tx: Tx, row: sa.Row[Any]) -> Filing:
    files = tx.execute(sa.select(filing_files).where(_x.filing_id == row.id).order_by(_x.position))
    return Filing(
        id=Id(row.id), number=row.number, case=Id(row.case_id), destination=row.destination,
        group=Id(row.group_id), person=row.person, version=row.version,
        state=FilingState(row.state), urgent=row.urgent, epoch=row.epoch, attempt=row.attempt,
        report_id=row.report_id, knowledge_at=row.knowledge_at, due_at=row.due_at,
        created_at=row.created_at, opened_at=row.opened_at, finished_at=row.finished_at,
        fault=row.fault, wanted_by=row.wanted_by,
        files=tuple(
            FilingFile(
                position=one.position, blob=None if one.blob_id is None else Id(one.blob_id),
                size=one.size, sha256=one.sha256.hex(), md5=one.md5.hex(), file_id=one.file_id,
                described=one.described,
            )
            for one in files
        ),
    )  # fmt: skip
