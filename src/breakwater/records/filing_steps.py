"""Every call made for a filing, as rows that are only ever added, and what it may have left open.

The intent is written before a call and the answer after it; what was sent and what came back is
sealed beside them. An intent to submit without an answer may have opened a report nobody knows
the number of; an answer that came too late names one. Both are `orphans`: never finished,
deleted by the recipient after a day, retracted where their number is known. Fed by
`reporting.cybertipline.sender`. Contract: `tests/contract/test_records_filings.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.filing import Answer, Call, Filing, FilingStep, Phase
from breakwater.model.ids import Id, new_id
from breakwater.records import identities, jobs
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_filing import filing_papers, filing_steps

RETRACT_JOB: Final = "reporting.retract"
"""Kind of the job that retracts a report whose filing moved on without it."""

GONE: Final = frozenset({0, 5001, 5101})
"""Answers to a retraction after which there is no such report."""

LONGEST: Final = 80
"""Letters that are kept of a recipient's own words, or of our word for a failure."""

_s, _p = filing_steps.c, filing_papers.c


@dataclass(frozen=True, slots=True)
class Orphan:
    """A report that may stand open with a recipient and is not the filing's.

    Attributes:
        report_id: empty where its answer was lost.
        retracted: the recipient has confirmed that it is gone.
    """

    filing: Id
    attempt: int
    report_id: str
    step: Id
    retracted: bool


def intent(tx: Tx, filing: Filing, call: Call, *, file: int | None = None, sent: bytes = b"") -> Id:
    """Write down that a call is about to be made; answers the step's id.

    Args:
        tx: a transaction that ends before the call begins.
        filing: as it stands.
        call: which.
        file: position of the file it is about.
        sent: the document that is sent, exactly.
    """
    return _add(tx, filing, call, Phase.INTENT, file, Answer(None, http=0), "", sent)


def answer(
    tx: Tx, filing: Filing, call: Call, said: Answer, *, file: int | None = None, detail: str = ""
) -> Id:
    """Write down what came back."""
    detail = detail or said.description
    return _add(tx, filing, call, Phase.ANSWER, file, said, detail, said.body)


def lost(tx: Tx, filing: Filing, call: Call, *, file: int | None = None, detail: str) -> Id:
    """Write down that no answer came: the call may have taken place."""
    return _add(tx, filing, call, Phase.LOST, file, Answer(None, http=0), detail, b"")


def stray(tx: Tx, filing: Filing, call: Call, said: Answer) -> Id:
    """Write down an answer that came when somebody else had gone on; what it opened is retracted."""
    made = _add(tx, filing, call, Phase.STRAY, None, said, said.description, said.body)
    if call is Call.SUBMIT and said.report_id:
        retract(tx, filing, said.report_id)
    return made


def retract(tx: Tx, filing: Filing, report_id: str) -> None:
    """Ask for the job that takes a report back which is not the filing's."""
    payload = {
        "filing": filing.id, "destination": filing.destination, "report": report_id,
    }  # fmt: skip
    jobs.enqueue(tx, RETRACT_JOB, payload, dedup_key=f"retract:{filing.destination}:{report_id}")


def of_filing(tx: Tx, filing: Id) -> list[FilingStep]:
    """Every step, the first first."""
    rows = tx.execute(sa.select(filing_steps).where(_s.filing_id == filing).order_by(_s.seq))
    return [_noun(row) for row in rows]


def unanswered(tx: Tx, filing: Filing) -> FilingStep | None:
    """The last call, where nothing says what became of it; None: there is none.

    Steps are written by whoever holds the filing, in order: an intent that is not followed by
    an answer is the last row.
    """
    row = tx.execute(
        sa.select(filing_steps)
        .where(_s.filing_id == filing.id, _s.phase != Phase.STRAY.value)
        .order_by(_s.seq.desc())
        .limit(1)
    ).one_or_none()
    if row is None or Phase(row.phase) is not Phase.INTENT:
        return None
    return _noun(row)


def times(tx: Tx, filing: Filing, call: Call, file: int | None) -> int:
    """How often a call was begun for this attempt, and this file."""
    same = _s.file.is_(None) if file is None else _s.file == file
    wanted = sa.select(sa.func.count()).where(
        _s.filing_id == filing.id, _s.attempt == filing.attempt, _s.call == call.value,
        _s.phase == Phase.INTENT.value, same,
    )  # fmt: skip
    return int(tx.execute(wanted).scalar_one())


def asked_to_finish(tx: Tx, filing: Filing) -> bool:
    """Whether finishing this report was ever begun: only the recipient knows then how it ended."""
    return times(tx, filing, Call.FINISH, None) > 0


def paper(tx: Tx, step: Id) -> bytes:
    """What was sent or answered, exactly.

    Raises:
        NotFound: nothing was, or it has gone with its retention class.
    """
    row = tx.execute(sa.select(_p.sealed).where(_p.step_id == step)).one_or_none()
    if row is None:
        raise NotFound(f"paper {step}")
    return base64.b64decode(identities.unseal(tx, step, row.sealed)["bytes"])


def orphans(tx: Tx, filings: Iterable[Filing]) -> list[Orphan]:
    """Reports that may stand open and belong to nothing, of these filings."""
    return [one for filing in filings for one in _orphans(filing, of_filing(tx, filing.id))]


def _orphans(filing: Filing, steps: list[FilingStep]) -> list[Orphan]:
    gone = {
        one.report_id
        for one in steps
        if one.call is Call.RETRACT and one.phase is Phase.ANSWER and one.code in GONE
    }
    submits = [one for one in steps if one.call is Call.SUBMIT]
    answers = {one.attempt: one for one in submits if one.phase is Phase.ANSWER}
    found = []
    for one in submits:
        known = answers.get(one.attempt) if one.phase is Phase.INTENT else one
        refused = known is not None and not known.report_id
        mine = known is not None and known.report_id == filing.report_id
        if one.phase in {Phase.INTENT, Phase.STRAY} and not refused and not mine:
            report = "" if known is None else known.report_id
            found.append(Orphan(filing.id, one.attempt, report, one.id, report in gone))
    return found


def _add(  # noqa: PLR0917 - one row, written from five places above
    tx: Tx, filing: Filing, call: Call, phase: Phase, file: int | None, said: Answer,
    detail: str, paper: bytes,
) -> Id:  # fmt: skip
    tx.lock_changes()
    made = new_id()
    last = tx.execute(sa.select(sa.func.max(_s.seq)).where(_s.filing_id == filing.id)).scalar()
    tx.execute(
        sa.insert(filing_steps),
        {
            "seq": int(last or 0) + 1,
            "id": made, "filing_id": filing.id, "call": call.value, "phase": phase.value,
            "attempt": filing.attempt, "file": file, "at": tx.now, "code": said.code,
            "http": said.http, "request_id": said.request_id[:200],
            "report_id": said.report_id[:64], "file_id": said.file_id[:64],
            "detail": detail[:LONGEST],
        },
    )  # fmt: skip
    if paper:
        kept = {"bytes": base64.b64encode(paper).decode()}
        sealed = identities.seal(tx, made, kept)
        tx.execute(sa.insert(filing_papers), {"step_id": made, "sealed": sealed})
    return made


def _noun(row: sa.Row[Any]) -> FilingStep:
    return FilingStep(
        id=Id(row.id), filing=Id(row.filing_id), call=Call(row.call), phase=Phase(row.phase),
        attempt=row.attempt, at=row.at, file=row.file, code=row.code, http=row.http,
        request_id=row.request_id, report_id=row.report_id, file_id=row.file_id,
        detail=row.detail,
    )  # fmt: skip
