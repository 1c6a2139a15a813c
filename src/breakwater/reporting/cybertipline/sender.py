"""Carries filings to a recipient: intent, call, answer, each in its own commit, never twice.

In comes a job that names a filing; out go calls over a `Wire`, a row before and after each, and
the moves that `machine` rules. Whoever takes a filing up raises its epoch: the answers of a
process that was thought dead are kept as strays, and what they opened is retracted. A crash at
any point leaves rows from which the next one goes on; what it may have left open is never
finished. Tests: `tests/property/test_filing_machine.py`, `benchmarks/reports.py`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import BinaryIO, Final

from breakwater.errors import LeaseLost, MissingKey, NotFound, SendingRefused, Tampered, Unavailable
from breakwater.model.event import EventType
from breakwater.model.filing import EXPIRES, Answer, Call, Filing, FilingState
from breakwater.model.ids import Id
from breakwater.model.ports import Blob
from breakwater.observe import logger
from breakwater.records import filing_steps, filings
from breakwater.records.database import Database, Tx
from breakwater.reporting.cybertipline import machine
from breakwater.reporting.cybertipline.machine import Ruling, Todo
from breakwater.reporting.permits import write_down
from breakwater.reporting.ports import Documents, Papers, Wire

SIBLINGS_WAIT: Final = timedelta(minutes=10)
"""How long an open report waits for the others of its group, to cite their ids."""

SIBLINGS_AGAIN: Final = timedelta(seconds=5)
"""Between two looks at the others of a group."""

NEEDS_DRAFT: Final = frozenset({Call.SUBMIT, Call.UPLOAD, Call.DESCRIBE})
"""Calls that say something of the case."""

_log = logger("reporting")


@dataclass(frozen=True, slots=True)
class Later:
    """Not done yet.

    Attributes:
        at: when to go on.
        fault: a code of ours; empty: nothing is wrong.
    """

    at: datetime
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Paper:
    """What one call sends."""

    document: bytes = b""
    name: str = ""
    blob: Id | None = None
    md5: str = ""


@dataclass(frozen=True, slots=True)
class _Heard:
    """An answer, and what it is to."""

    filing: Filing
    todo: Todo
    said: Answer
    tries: int

    @property
    def fault(self) -> str:
        """The call and what was answered, as a person reads it."""
        return (
            f"{self.todo.call.value} {self.said.http if self.said.code is None else self.said.code}"
        )


class Sender:
    """Carries filings on."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Blob,
        wire: Callable[[str], Wire],
        documents: Documents,
        permit: Callable[[Tx, Filing], object] = lambda *_: None,
        reached: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take what it needs.

        Args:
            db: the database.
            vault: holds the files.
            wire: the recipient of a name; raises `NotFound` where none is set up.
            documents: makes what is sent.
            permit: asked before anything leaves; raises `SendingRefused`.
            reached: told each point that is reached; tests and benchmarks kill there.
        """
        self._db = db
        self._vault = vault
        self._wire = wire
        self._documents = documents
        self._permit = permit
        self._reached = reached

    def carry(self, filing: Id, tries: int = 1) -> Later | None:
        """Carry one filing as far as it goes now; None: nothing is left to do.

        Args:
            filing: its id.
            tries: how often in a row it was tried: says how long to wait.

        Raises:
            LeaseLost: somebody else took it up meanwhile.
        """
        found = self._begin(filing)
        papers = cache(partial(self._read, filing))
        while found.state.under_way:
            todo = machine.next_call(found)
            if (later := self._waits(found)) is not None:
                return later
            if todo is None:
                found = self._move_on(found)
                continue
            found, later = self._do(found, todo, tries, papers)
            if later is not None:
                return later
        return None

    def retract(self, filing: Id, report_id: str) -> None:
        """Take a report back that belongs to nothing.

        Raises:
            Unavailable: the recipient did not answer.
        """
        with self._db.read() as tx:
            found = filings.get(tx, filing)
        if found.report_id == report_id:
            return
        said = self._wire(found.destination).retract(report_id)
        with self._db.transaction() as tx:
            kept = Answer(
                said.code, said.http, said.description, said.request_id, report_id, body=said.body
            )
            filing_steps.answer(tx, found, Call.RETRACT, kept)
        if machine.judge(Todo(Call.RETRACT), said) in {Ruling.AGAIN, Ruling.LOCKED}:
            raise Unavailable("The recipient did not take the report back yet.")

    def _begin(self, filing: Id) -> Filing:
        """Take it up: what the one before left unanswered is written down as lost."""
        with self._db.transaction() as tx:
            found = filings.take_up(tx, filing)
            if not found.state.under_way:
                return found
            left = filing_steps.unanswered(tx, found)
            if left is not None:
                filing_steps.lost(tx, found, left.call, file=left.file, detail="interrupted")
            opened = found.opened_at
            if found.state is FilingState.NEW and (fault := self._refusal(tx, found)):
                write_down(tx, found, "reporting", fault)
                return self._dead(tx, found, fault.code)
            if opened is None or found.state is FilingState.RETRACTING:
                return found
            if tx.now - opened < EXPIRES or filing_steps.asked_to_finish(tx, found):
                return found
            return filings.move(tx, found, FilingState.RETRACTING, fault="expired")

    def _refusal(self, tx: Tx, filing: Filing) -> SendingRefused | None:
        """Why it may not leave, by the table as it is now."""
        try:
            self._permit(tx, filing)
        except SendingRefused as fault:
            return fault
        return None

    def _waits(self, filing: Filing) -> Later | None:
        """An open report waits a while for the others of its group, so that each can cite all."""
        if filing.state is not FilingState.OPEN or filing.urgent or filing.opened_at is None:
            return None
        with self._db.read() as tx:
            group = filings.of_group(tx, filing.group)
            now = tx.now
        unopened = [one for one in group if one.state is FilingState.NEW]
        if not unopened or now - filing.opened_at > SIBLINGS_WAIT:
            return None
        return Later(now + SIBLINGS_AGAIN)

    def _move_on(self, filing: Filing) -> Filing:
        with self._db.transaction() as tx:
            return filings.move(tx, filing, machine.GOES_ON[filing.state])

    def _read(self, filing: Id) -> Papers:
        """What its draft says, once for as long as it is carried: a draft on its way stands."""
        with self._db.read() as tx:
            return self._documents.of(filings.report_of(tx, filing))

    def _do(
        self, filing: Filing, todo: Todo, tries: int, papers: Callable[[], Papers]
    ) -> tuple[Filing, Later | None]:
        """One call, with a row before it and one after it."""
        try:
            said_of = papers() if todo.call in NEEDS_DRAFT else None
        except (MissingKey, NotFound, Tampered) as error:
            with self._db.transaction() as tx:
                return self._stuck(tx, filing, error.code, tries)
        filing, paper, made = self._intend(filing, todo, said_of)
        self._reached(f"before-{todo.call.value}")
        try:
            with self._source(paper) as source:
                said = self._call(filing, todo, paper, source)
        except (Unavailable, NotFound) as error:
            with self._db.transaction() as tx:
                filing_steps.lost(tx, filing, todo.call, file=todo.file, detail=error.code)
                return self._stuck(tx, filing, error.code, tries)
        self._reached(f"after-{todo.call.value}")
        ruling = machine.judge(todo, said, md5=paper.md5, made=made)
        try:
            with self._db.transaction() as tx:
                filing_steps.answer(tx, filing, todo.call, said, file=todo.file)
                done = self._rule(tx, _Heard(filing, todo, said, tries), ruling)
        except LeaseLost:
            with self._db.transaction() as tx:
                filing_steps.stray(tx, filing, todo.call, said)
            raise
        self._reached(f"kept-{todo.call.value}")
        return done

    def _intend(
        self, filing: Filing, todo: Todo, papers: Papers | None
    ) -> tuple[Filing, _Paper, int]:
        """Write down what is about to be called, and make what it sends."""
        with self._db.transaction() as tx:
            made = filing_steps.times(tx, filing, todo.call, todo.file)
            if todo.call is Call.SUBMIT:
                filing = filings.note(tx, filing, attempt=filing.attempt + 1)
            else:
                filing = filings.note(tx, filing)
            paper = _Paper() if papers is None else _paper(tx, filing, todo, papers)
            sent = b"" if todo.call is Call.UPLOAD else paper.document
            filing_steps.intent(tx, filing, todo.call, file=todo.file, sent=sent)
        return filing, paper, made

    def _source(self, paper: _Paper) -> AbstractContextManager[BinaryIO]:
        if paper.blob is None:
            return nullcontext(io.BytesIO(paper.document))
        return self._vault.open(paper.blob)

    def _call(self, filing: Filing, todo: Todo, paper: _Paper, source: BinaryIO) -> Answer:
        wire = self._wire(filing.destination)
        match todo.call:
            case Call.SUBMIT:
                return wire.submit(paper.document)
            case Call.UPLOAD:
                return wire.upload(filing.report_id, paper.name, source)
            case Call.DESCRIBE:
                return wire.describe(paper.document)
            case Call.FINISH:
                return wire.finish(filing.report_id)
            case Call.RETRACT:
                return wire.retract(filing.report_id)

    def _rule(self, tx: Tx, one: _Heard, ruling: Ruling) -> tuple[Filing, Later | None]:
        """What an answer makes of a filing, in the transaction that keeps the answer."""
        if ruling in {Ruling.AGAIN, Ruling.LOCKED}:
            return self._not_now(tx, one, ruling)
        moves: dict[Ruling, Callable[[Tx, _Heard], Filing]] = {
            Ruling.NEXT: self._next,
            Ruling.FINISHED: self._finished,
            Ruling.ANEW: self._anew,
            Ruling.RETRACT: self._take_back,
            Ruling.DEAD: self._refused,
        }
        return moves[ruling](tx, one), None

    def _next(self, tx: Tx, one: _Heard) -> Filing:
        filing, todo, said = one.filing, one.todo, one.said
        if todo.call is Call.SUBMIT:
            return filings.move(
                tx, filing, FilingState.OPEN, report_id=said.report_id, opened_at=tx.now, fault=""
            )
        assert todo.file is not None  # noqa: S101 - finish and retract are ruled otherwise
        if todo.call is Call.UPLOAD:
            filings.has_file(tx, filing, todo.file, said.file_id)
        else:
            filings.described(tx, filing, todo.file)
        return filings.note(tx, filing, fault="")

    def _finished(self, tx: Tx, one: _Heard) -> Filing:
        filing = one.filing
        done = filings.move(tx, filing, FilingState.FINISHED, finished_at=tx.now, fault="")
        tx.audit(
            "reporting", "filing.finish", filing.id, destination=filing.destination,
            report=filing.report_id, request=one.said.request_id, files=len(filing.files),
        )  # fmt: skip
        tx.emit(
            EventType.FILING_FINISHED, filing.id, case=filing.case,
            destination=filing.destination, report=filing.report_id,
        )  # fmt: skip
        return done

    def _anew(self, tx: Tx, one: _Heard) -> Filing:
        """The report is gone: another is opened, unless that was so too often."""
        if one.filing.attempt >= machine.MOST_OPENED:
            return self._dead(tx, one.filing, "opened too often")
        return filings.begin_anew(tx, one.filing)

    def _take_back(self, tx: Tx, one: _Heard) -> Filing:
        """What the recipient has is not what was sent: the whole report is taken back."""
        return filings.move(tx, one.filing, FilingState.RETRACTING, fault=one.fault)

    def _refused(self, tx: Tx, one: _Heard) -> Filing:
        return self._dead(tx, one.filing, one.fault)

    def _dead(self, tx: Tx, filing: Filing, fault: str) -> Filing:
        _log.error("filing_dead", filing=filing.id, fault=fault)
        tx.emit(EventType.FILING_STUCK, filing.id, case=filing.case, fault=fault)
        tx.audit("reporting", "filing.stop", filing.id, fault=fault)
        return filings.move(tx, filing, FilingState.DEAD, fault=fault)

    def _not_now(self, tx: Tx, one: _Heard, ruling: Ruling) -> tuple[Filing, Later | None]:
        if ruling is Ruling.AGAIN:
            return self._stuck(tx, one.filing, one.fault, one.tries)
        found, _ = self._stuck(tx, one.filing, "credentials", one.tries)
        return found, Later(tx.now + machine.LOCKED_WAIT, "credentials")

    def _stuck(self, tx: Tx, filing: Filing, fault: str, tries: int) -> tuple[Filing, Later]:
        """Not now: said once for each fault, tried again for as long as it takes."""
        if filing.fault != fault:
            tx.emit(EventType.FILING_STUCK, filing.id, case=filing.case, fault=fault)
        found = filings.note(tx, filing, fault=fault)
        return found, Later(tx.now + machine.wait_after(tries), fault)


def _paper(tx: Tx, filing: Filing, todo: Todo, papers: Papers) -> _Paper:
    """What a call that says something sends."""
    cited = _cited(tx, filing)
    if todo.call is Call.SUBMIT:
        return _Paper(papers.report(filing, cited))
    assert todo.file is not None  # noqa: S101 - both calls left are about a file
    if todo.call is Call.DESCRIBE:
        return _Paper(papers.details(filing, todo.file))
    file, name = filing.files[todo.file], papers.name(todo.file)
    if file.blob is not None:
        return _Paper(name=name, blob=file.blob, md5=file.md5)
    text = papers.related(filing, cited)
    return _Paper(text, name, None, hashlib.md5(text, usedforsecurity=False).hexdigest())


def _cited(tx: Tx, filing: Filing) -> list[str]:
    """Ids of the other reports of its group that are open or finished."""
    group = filings.of_group(tx, filing.group)
    return [one.report_id for one in group if one.id != filing.id and one.report_id]
