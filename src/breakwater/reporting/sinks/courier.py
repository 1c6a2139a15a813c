"""Carries filings to other recipients: sealed once, handed over once or again, receipt kept.

The same rows as for NCMEC: an intent before each step and an answer after it, each in its own
commit, so that a crash at any point loses nothing and doubles nothing. `submit` is the sealing,
`finish` the handing over. Where a person hands it over, the filing waits in `described` until the
receipt is written down. Contract: `tests/contract/test_courier.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from breakwater.errors import BadInput, Conflict, NotFound, SendingRefused, Unavailable
from breakwater.model.event import EventType
from breakwater.model.filing import Answer, Call, Filing, FilingState
from breakwater.model.ids import Id
from breakwater.model.ports import Blob
from breakwater.model.recipient import Parcel, Receipt, Recipient
from breakwater.model.report import Report
from breakwater.observe import logger
from breakwater.records import cases, filing_steps, filings, parcels
from breakwater.records.database import Database, Tx
from breakwater.reporting.cybertipline import machine
from breakwater.reporting.cybertipline.sender import Later
from breakwater.reporting.permits import write_down
from breakwater.reporting.ports import ReportSink
from breakwater.reporting.sinks.referral import reference
from breakwater.reporting.sinks.sealing import Packed, seal

EVIDENCE: Final = "evidence"
"""Retention class of sealed parcels."""
LONGEST: Final = 200
BY_HAND: Final = "a person hands it over"
"""The word in a step that says who goes on."""
BLOCK: Final = 1 << 20

_log = logger("reporting")


@dataclass(frozen=True, slots=True)
class To:
    """A recipient and what writes for it."""

    recipient: Recipient
    sink: ReportSink


class Courier:
    """Carries."""

    def __init__(
        self, *, db: Database, vault: Blob, to: Mapping[str, To], spool: Path,
        permit: Callable[[Tx, Filing], object] = lambda *_: None,
        reached: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """Take what it needs; `permit` raises `SendingRefused`, `reached` is told each point."""
        self._db = db
        self._vault = vault
        self._to = to
        self._spool = spool
        self._permit = permit
        self._reached = reached

    def carry(self, filing: Id, tries: int = 1) -> Later | None:
        """Carry one filing as far as it goes now; None: nothing is left for a machine.

        Raises:
            LeaseLost: somebody else took it up meanwhile.
        """
        found = self._begin(filing)
        try:
            if found.state is FilingState.NEW:
                found = self._seal(found)
            while found.state in machine.GOES_ON:
                with self._db.transaction() as tx:
                    found = filings.move(tx, found, machine.GOES_ON[found.state])
            if found.state is FilingState.DESCRIBED:
                self._hand_over(found)
        except (Unavailable, NotFound) as error:
            return self._stuck(found, error.code, tries)
        return None

    def retract(self, filing: Id, report_id: str) -> None:
        """Nothing stands open with these recipients."""
        del filing, report_id

    def receive(self, by: str, filing: Id, words: str) -> Receipt:
        """Write down what the recipient gave for it; what waited for a person is filed.

        Raises:
            BadInput: it says nothing.
            Conflict: nothing was handed over.
        """
        said = words.strip()
        if not said or len(said) > LONGEST:
            raise BadInput(f"A receipt is 1 to {LONGEST} letters: a number, a name, a date.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = filings.get(tx, filing)
            if parcels.find(tx, filing) is None or found.state not in {
                FilingState.DESCRIBED, FilingState.FINISHED,
            }:  # fmt: skip
                raise Conflict("A receipt is written down when the sealed file was handed over.")
            tx.audit(by, "filing.receipt", filing, case=found.case)
            made = parcels.receive(tx, filing, said, by=by)
            if found.state is FilingState.DESCRIBED:
                self._finished(tx, found, Answer(0, report_id=reference(found)))
            return made

    def opened(self, by: str, filing: Id) -> tuple[Parcel, BinaryIO]:
        """The sealed file, for a person who hands it over; written down first.

        Raises:
            NotFound: none is sealed for it.
        """
        with self._db.transaction() as tx:
            parcel = parcels.find(tx, filing)
            if parcel is None:
                raise NotFound("No sealed file belongs to this report yet.")
            tx.audit(by, "filing.parcel", filing, sha256=parcel.sha256)
        return parcel, self._vault.open(parcel.blob)

    def _begin(self, filing: Id) -> Filing:
        with self._db.transaction() as tx:
            found = filings.take_up(tx, filing)
            if not found.state.under_way:
                return found
            left = filing_steps.unanswered(tx, found)
            if left is not None:
                filing_steps.lost(tx, found, left.call, detail="interrupted")
            try:
                self._permit(tx, found)
            except SendingRefused as fault:
                write_down(tx, found, "reporting", fault)
                return self._dead(tx, found, fault.code)
            return found

    def _seal(self, filing: Filing) -> Filing:
        to = self._to[filing.destination]
        with self._db.transaction() as tx:
            report = Report.read(filings.report_of(tx, filing.id))
            papers = to.sink.papers(report, filing)
            known = parcels.find(tx, filing.id)
            filing = filings.note(tx, filing, attempt=filing.attempt + 1)
            filing_steps.intent(
                tx, filing, Call.SUBMIT, sent=b"\n".join(papers.values()) if known is None else b""
            )
        self._reached("before-seal")
        parcel = known or self._sealed(filing, report, papers, to.recipient)
        self._reached("after-seal")
        with self._db.transaction() as tx:
            parcel = parcels.keep(tx, parcel)
            said = Answer(
                0, report_id=reference(filing), description=f"sealed, {parcel.size} bytes"
            )
            filing_steps.answer(tx, filing, Call.SUBMIT, said)
            tx.audit("reporting", "filing.seal", filing.id, sha256=parcel.sha256)
            found = filings.move(
                tx,
                filing,
                FilingState.OPEN,
                report_id=reference(filing),
                opened_at=tx.now,
                fault="",
            )
        self._reached("kept-seal")
        return found

    def _sealed(
        self, filing: Filing, report: Report, papers: Mapping[str, bytes], to: Recipient
    ) -> Parcel:
        files = [
            Packed(_name(one.position, told.name), one.size, partial(self._vault.open, one.blob))
            for one, told in zip(filing.files, report.files, strict=False)
            if one.blob is not None and to.media
        ]
        digest, size = hashlib.sha256(), 0
        with seal(papers, files, to.keys, self._spool) as sealed:
            while block := sealed.read(BLOCK):
                digest.update(block)
                size += len(block)
            sealed.seek(0)
            blob = self._vault.put(sealed, purpose=EVIDENCE)
        name = f"{reference(filing)}-{filing.id[-12:]}.tar.age"
        return Parcel(filing.id, blob, name, size, digest.hexdigest(), to.keys)

    def _hand_over(self, filing: Filing) -> None:
        with self._db.transaction() as tx:
            parcel = parcels.find(tx, filing.id)
            if parcel is None:
                raise NotFound(f"parcel of filing {filing.id}")
            filing = filings.note(tx, filing)
            filing_steps.intent(tx, filing, Call.FINISH)
        self._reached("before-hand-over")
        with self._vault.open(parcel.blob) as source:
            said = self._to[filing.destination].sink.hand_over(parcel, filing, source)
        self._reached("after-hand-over")
        with self._db.transaction() as tx:
            answer = said or Answer(0, http=0, description=BY_HAND)
            filing_steps.answer(tx, filing, Call.FINISH, answer)
            if said is None:
                filings.note(tx, filing, fault="")
            elif said.code == 0:
                self._finished(tx, filing, said)
            else:
                self._dead(tx, filing, said.description)
        self._reached("kept-hand-over")

    def _finished(self, tx: Tx, filing: Filing, said: Answer) -> None:
        filings.move(tx, filing, FilingState.FINISHED, finished_at=tx.now, fault="")
        tx.audit(
            "reporting", "filing.finish", filing.id, destination=filing.destination,
            report=filing.report_id, request=said.request_id, files=len(filing.files),
        )  # fmt: skip
        tx.emit(
            EventType.FILING_FINISHED, filing.id, case=filing.case,
            destination=filing.destination, report=filing.report_id,
        )  # fmt: skip

    def _dead(self, tx: Tx, filing: Filing, fault: str) -> Filing:
        _log.error("filing_dead", filing=filing.id, fault=fault)
        tx.emit(EventType.FILING_STUCK, filing.id, case=filing.case, fault=fault)
        tx.audit("reporting", "filing.stop", filing.id, fault=fault)
        cases.note(tx, filing.case, by="reporting", what="filing.stop", filing=filing.number)
        return filings.move(tx, filing, FilingState.DEAD, fault=fault[:80])

    def _stuck(self, found: Filing, fault: str, tries: int) -> Later:
        """Not now: said once for each fault, tried again for as long as it takes."""
        with self._db.transaction() as tx:
            left = filing_steps.unanswered(tx, found)
            if left is not None:
                filing_steps.lost(tx, found, left.call, detail=fault)
            if found.fault != fault:
                tx.emit(EventType.FILING_STUCK, found.id, case=found.case, fault=fault)
            filings.note(tx, found, fault=fault)
            return Later(tx.now + machine.wait_after(tries), fault)


def _name(position: int, told: str) -> str:
    """A name in the parcel that every system can write."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in told)
    return f"files/{position + 1:03d}-{plain[-80:].lstrip('.') or 'file'}"
