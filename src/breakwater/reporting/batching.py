"""One report for many accounts that sent the same file: NCMEC's batched form for what spreads.

In: drafts that wait, each about one account and one file of the same bytes, and the operator's
policy (off unless set). Out: the first of them names every account and says that it is batched;
the others are dropped in the same transaction, and their cases say with which report they go.
A file counts as viral where its entry is labelled so, or where a person says so on the report's
page. A draft with a story of its own (a child, a recipient, a payment, danger) joins none. When a
decision is taken back, the batch is not sent; when it is withdrawn, each case is drafted anew.
Source: reference cybertipline, `batchedReport`. Tests: `tests/integration/test_batching.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from breakwater.errors import Conflict
from breakwater.model.access import Principal
from breakwater.model.clock import iso
from breakwater.model.decision import AccountRole, DecisionKind
from breakwater.model.filing import Filing, FilingState
from breakwater.model.ids import Id
from breakwater.model.report import FileAnnotation, Report
from breakwater.model.upload import Upload
from breakwater.records import cases, decisions, filings, jobs, uploads
from breakwater.records.database import Database, Tx
from breakwater.reporting.drafting.lead import BATCHED, batch_of, members

VIRAL: Final = "viral"
"""Label of an entry, and NCMEC's word."""
MOST: Final = 100
"""Accounts of one batch: its words stay within one text of the form."""
FEWEST: Final = 2
"""Drafts that a person may put into one report."""
DRAFT_JOB: Final = "reporting.draft"
NCMEC: Final = "ncmec"
"""Only its form has batches."""
KIND: Final = DecisionKind.ILLEGAL


@dataclass(frozen=True, slots=True)
class ViralPolicy:
    """When one report stands for many.

    Attributes:
        accounts: that sent the same labelled file; 0: nothing is batched.
        window: between the first and the last time that illegality became known.
    """

    accounts: int = 0
    window: timedelta = timedelta(hours=24)


class Batching:
    """Puts drafts about one viral file into one."""

    def __init__(self, *, db: Database, policy: ViralPolicy) -> None:
        """Take what it stands on."""
        self._db = db
        self._policy = policy

    def offered(self, filing: Id) -> int:
        """How many accounts one report could stand for; 0: it is no draft, or policy is off."""
        with self._db.read() as tx:
            some = self._waiting(tx, filings.get(tx, filing))
        return _accounts(some) if len(some) >= FEWEST else 0

    def by_label(self, case: Id) -> list[Filing]:
        """Batch the drafts of a case whose file is labelled viral and was sent by many."""
        if not self._policy.accounts:
            return []
        made = []
        with self._db.transaction() as tx:
            tx.lock_changes()
            for one in filings.of_case(tx, case):
                some = self._waiting(tx, one)
                labelled = some and _labelled(uploads.get(tx, cases.get(tx, case).subject))
                if labelled and _accounts(some) >= self._policy.accounts and len(some) > 1:
                    made.append(self._join(tx, some, by="reporting", why="label"))
        return made

    def by_person(self, by: Principal, filing: Id) -> Filing:
        """A person says that a file is viral: one report for every account that sent it.

        Raises:
            NotFound: no such report.
            Conflict: no other draft about this file waits, or nothing is batched here.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            some = self._waiting(tx, filings.get(tx, filing))
            if len(some) < FEWEST:
                raise Conflict("No other draft about this file waits, so there is nothing to join.")
            return self._join(tx, some, by=by.id, why="person")

    def _waiting(self, tx: Tx, mine: Filing) -> list[tuple[Filing, Report]]:
        """Drafts of the same file in the window, the first first; empty where it cannot join."""
        report = Report.read(filings.report_of(tx, mine.id))
        if not self._policy.accounts or mine.destination != NCMEC or not _plain(mine, report):
            return []
        found: dict[str, tuple[Filing, Report]] = {}
        for one, said in _kin(tx, report.files[0].sha256):
            near = abs(one.knowledge_at - mine.knowledge_at) <= self._policy.window
            if near and _plain(one, said):
                found.setdefault(said.reported[0].account, (one, said))
        first = sorted(found.values(), key=lambda o: (not o[1].batched, o[0].knowledge_at))
        return first[:MOST]

    @staticmethod
    def _join(tx: Tx, some: list[tuple[Filing, Report]], *, by: str, why: str) -> Filing:
        (first, report), *others = some
        told = {one.account: one for _, said in some for one in said.reported}
        file = report.files[0]
        captures = dict.fromkeys(seen for _, said in some for seen in said.files[0].captures)
        joined = replace(
            report, batched=True, reported=tuple(told.values()),
            places=tuple(dict.fromkeys(place for _, said in some for place in said.places)),
            files=(replace(
                file, annotations=file.annotations | {FileAnnotation.VIRAL},
                captures=tuple(captures),
            ),),
            additional="\n".join([report.additional, *_lines(others)]),
        )  # fmt: skip
        done = filings.redraft(tx, first, joined.plain(), first.files)
        for one, _ in others:
            filings.move(tx, one, FilingState.DROPPED)
            cases.note(tx, one.case, by=by, what=BATCHED, lead=first.case, filing=first.id)
        tx.audit(by, "filing.batch", first.id, case=first.case, accounts=len(told), why=why)
        return done


def must_stand(tx: Tx, filing: Filing, report: Report) -> None:
    """Refuse a batch that names somebody of whom the decision was taken back.

    Raises:
        Conflict: a decision was taken back.
    """
    if report.batched and not all(decisions.known_since(tx, one) for one in members(tx, filing)):
        raise Conflict("A decision about an account of this batch was taken back: withdraw it.")


def let_go(tx: Tx, filing: Filing) -> None:
    """A batch is not sent: each of its cases has a report of its own again."""
    for case in members(tx, filing):
        jobs.enqueue(tx, DRAFT_JOB, {"case": case}, dedup_key=f"draft:{case}")


def _accounts(some: list[tuple[Filing, Report]]) -> int:
    """How many accounts drafts name."""
    return len({one.account for _, said in some for one in said.reported})


def _kin(tx: Tx, sha256: str) -> Iterator[tuple[Filing, Report]]:
    """Drafts about the same bytes, of cases that are reported to NCMEC alone and go with no batch."""
    known = uploads.with_hashes(tx, "sha256", [bytes.fromhex(sha256)])
    found = uploads.many(tx, [one for one, _ in known])
    for case in sorted({one.case for one in found.values() if one.case is not None}):
        drafts = filings.of_case(tx, case)
        if any(one.destination != NCMEC for one in drafts) or not _suspect(tx, case):
            continue
        for one in drafts if batch_of(tx, case) is None else ():
            report = Report.read(filings.report_of(tx, one.id))
            if [file.sha256 for file in report.files] == [sha256]:
                yield one, report


def _suspect(tx: Tx, case: Id) -> bool:
    """Whether somebody said that no child holds the account: it is not asked again in a batch."""
    said = [one for one in decisions.of_case(tx, case) if one.stands and one.kind is KIND]
    return bool(said) and said[-1].facts.role is AccountRole.SUSPECT


def _plain(filing: Filing, report: Report) -> bool:
    """Whether a draft says nothing but that an account sent one file."""
    story = report.recipients or report.victims or report.payments or filing.urgent
    whole = len(report.files) == 1 and bool(report.files[0].sha256) and bool(report.reported)
    mine = len(report.reported) == 1 or report.batched
    return (
        filing.state is FilingState.DRAFT and not filing.wanted_by and whole and mine and not story
    )


def _labelled(upload: Upload) -> bool:
    matches = upload.verdict.matches if upload.verdict else ()
    return any(VIRAL in {word.lower() for word in one.labels} for one in matches if one.acting)


def _lines(others: list[tuple[Filing, Report]]) -> Iterator[str]:
    """What stood in the drafts of the others of this file."""
    for _, said in others:
        file, account = said.files[0], said.reported[0].account
        when = f" at {iso(file.uploaded_at)}" if file.uploaded_at else ""
        yield f"Sent by {account} too{when}: {file.location or file.original_name or '-'}."
        yield said.additional
