"""The receiving server's rules: submit, upload, fileinfo, finish, retract, and expiry.

In: calls by keys with the scope `report:submit`. Out: an `Answer` for each, and rows. Rules:
reference CyberTipline, "Transport". A report takes files until it is finished or retracted; an
unfinished one is forgotten 24 h after it was opened or 1 h after its last change, whichever is
later. Each call is one transaction: an answer that is lost on the way changes nothing of what
was done. Tests: `tests/contract/test_records_received.py`, `tests/integration/test_ispws.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Final

from breakwater.errors import BadInput, BreakwaterError, Conflict
from breakwater.model.access import Principal
from breakwater.model.clock import Clock
from breakwater.model.ids import Id, parse_id
from breakwater.model.received import ReceivedFile, ReceivedReport, ReceivedState
from breakwater.observe import logger
from breakwater.records import jobs, received
from breakwater.records.database import Database, Tx
from breakwater.records.vault import Vault
from breakwater.reporting.receiving import casework, rules
from breakwater.reporting.receiving.answers import Answer, Code, Refused

AFTER_OPENING: Final = timedelta(hours=24)
AFTER_CHANGE: Final = timedelta(hours=1)
"""An unfinished report is kept until both have passed."""

EVIDENCE: Final = "evidence"
"""Retention class of what was reported to us."""
SHRED_JOB: Final = "vault.shred"
"""Kind of the job that destroys a blob; done by whoever runs the vault's jobs."""
ID_DIGITS: Final = 18

_log = logger("received")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and by which request.

    Attributes:
        address: where the call comes from, for `status` only.
        request: the `Request-ID` of the answer.
    """

    who: Principal
    address: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """One file of an upload, hashed while it was received.

    Attributes:
        md5, sha256: in hexadecimal, over the received bytes.
    """

    name: str
    declared_type: str
    size: int
    md5: str
    sha256: str


class Ispws:
    """Takes reports."""

    def __init__(self, *, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock

    def status(self, by: Caller) -> Answer:
        """Say who asks and from where."""
        return Answer(Code.SUCCESS, f"Remote User : {by.who.id}, Remote Ip : {by.address}")

    def submit(self, by: Caller, xml: bytes) -> Answer:
        """Open a report."""

        def do() -> Answer:
            rules.report(xml, now=self._clock.now())
            with self._db.transaction() as tx:
                opened = received.open_report(
                    tx, sender=by.who.id, service=(by.who.service or by.who.name)[:64], xml=xml,
                    sha256=hashlib.sha256(xml).hexdigest(),
                )  # fmt: skip
                self._done(tx, by, "submit", opened)
            return Answer(Code.SUCCESS, report_id=opened.number)

        return self._answered(by, "submit", Code.SAVE_FAILED, do)

    def upload(self, by: Caller, report_id: str, sent: Sent, source: BinaryIO) -> Answer:
        """Add a file; `source` is read from where it stands and goes into the vault."""

        def do() -> Answer:
            with self._db.read() as tx:
                self._open(tx, by, report_id)
            if not sent.size:
                raise Refused(Code.MALFORMED_FILE, "The file is empty.")
            blob = self._vault.put(source, purpose=EVIDENCE)
            try:
                file, report = self._add(by, report_id, sent, blob)
            except (Refused, BreakwaterError):
                self._vault.shred(blob)
                raise
            return Answer(Code.SUCCESS, report_id=report.number, file_id=file.token, hash=file.md5)

        return self._answered(by, "upload", Code.FILE_UPLOAD_FAILED, do, report_id)

    def _add(
        self, by: Caller, report_id: str, sent: Sent, blob: Id
    ) -> tuple[ReceivedFile, ReceivedReport]:
        with self._db.transaction() as tx:
            tx.lock_changes()  # first, so that what another call did meanwhile is seen
            report = self._open(tx, by, report_id)
            file = received.add_file(
                tx, report, name=sent.name, declared_type=sent.declared_type, size=sent.size,
                md5=sent.md5, sha256=sent.sha256, blob=blob,
            )  # fmt: skip
            self._done(tx, by, "upload", report, file=file.id)
            return file, report

    def fileinfo(self, by: Caller, xml: bytes) -> Answer:
        """Describe a file, once."""
        said: list[str] = []

        def do() -> Answer:
            root = rules.file_details(xml, now=self._clock.now())
            said.append((root.findtext("reportId") or "").strip())
            token = (root.findtext("fileId") or "").strip()
            with self._db.transaction() as tx:
                tx.lock_changes()
                report = self._open(tx, by, said[0])
                file = received.file(tx, parse_id(token) or Id(""))
                if file is None or file.report != report.id:
                    raise Refused(Code.NO_FILE, report_id=report.number)
                if file.described_at is not None:
                    raise Refused(
                        Code.INVALID_REQUEST, "The file is described already.",
                        report_id=report.number,
                    )  # fmt: skip
                received.describe(tx, report, file, xml)
                self._done(tx, by, "fileinfo", report, file=file.id)
            return Answer(Code.SUCCESS, report_id=report.number)

        return self._answered(by, "fileinfo", Code.UPDATE_FAILED, do, said)

    def finish(self, by: Caller, report_id: str) -> Answer:
        """Close a report as complete; it becomes a case, and nothing of it changes any more."""

        def do() -> Answer:
            with self._db.transaction() as tx:
                tx.lock_changes()
                report = self._open(tx, by, report_id)
                files = received.files_of(tx, report.id)
                case = casework.open_case(tx, report, received.xml_of(tx, report.id), files)
                received.finish(tx, report, case.id)
                self._done(tx, by, "finish", report, case=case.id, files=len(files))
            return Answer(
                Code.SUCCESS, report_id=report.number, files=tuple(one.token for one in files)
            )

        return self._answered(by, "finish", Code.UPDATE_FAILED, do, report_id)

    def retract(self, by: Caller, report_id: str) -> Answer:
        """Take an unfinished report back; its content is destroyed."""

        def do() -> Answer:
            with self._db.transaction() as tx:
                tx.lock_changes()
                report = self._open(tx, by, report_id)
                self._discard(tx, report, ReceivedState.RETRACTED)
                self._done(tx, by, "retract", report)
            return Answer(Code.SUCCESS, report_id=report.number)

        return self._answered(by, "retract", Code.UPDATE_FAILED, do, report_id)

    def sweep(self) -> int:
        """Forget unfinished reports whose time is over; answers how many."""
        now = self._clock.now()
        with self._db.read() as tx:
            old = received.stale(tx, opened=now - AFTER_OPENING, modified=now - AFTER_CHANGE)
        for report in old:
            with self._db.transaction() as tx:
                tx.lock_changes()
                present = received.get(tx, report.id)
                if present.state is ReceivedState.OPEN and expired(present, now):
                    self._discard(tx, present, ReceivedState.EXPIRED)
                    tx.audit("system", "received.expire", report.id, number=report.number)
        return len(old)

    @staticmethod
    def _discard(tx: Tx, report: ReceivedReport, state: ReceivedState) -> None:
        for blob in received.discard(tx, report, state):
            jobs.enqueue(tx, SHRED_JOB, {"blob": blob})

    def _open(self, tx: Tx, by: Caller, report_id: str) -> ReceivedReport:
        """The report that a call names, if it is the caller's and takes something.

        Raises:
            Refused: 4100 not a number, 5001 none of it or expired, 3300 another's, 5101, 5102.
        """
        text = report_id.strip()
        if not (text.isascii() and text.isdigit() and len(text) <= ID_DIGITS):
            raise Refused(Code.VALIDATION_FAILED, "A report id is a number.")
        report = received.find(tx, int(text))
        if report is None:
            raise Refused(Code.NO_REPORT)
        if report.sender != by.who.id:
            raise Refused(Code.NOT_AUTHORISED_TO_UPDATE)
        if report.state is ReceivedState.FINISHED:
            raise Refused(Code.FINISHED, report_id=report.number)
        if report.state is ReceivedState.RETRACTED:
            raise Refused(Code.RETRACTED, report_id=report.number)
        if report.state is ReceivedState.EXPIRED or expired(report, self._clock.now()):
            raise Refused(Code.NO_REPORT)
        return report

    @staticmethod
    def _done(tx: Tx, by: Caller, what: str, report: ReceivedReport, **facts: str | int) -> None:
        """Write down a call that did something, in its transaction."""
        received.note_call(
            tx, number=report.number, what=what, code=0, sender=by.who.id, request=by.request
        )
        tx.audit(by.who.id, f"received.{what}", report.id, number=report.number, **facts)

    def _answered(
        self, by: Caller, what: str, failure: Code, do: Callable[[], Answer],
        named: str | list[str] = "",
    ) -> Answer:  # fmt: skip
        """Do a call; every refusal and every failure of ours is an answer."""
        try:
            return do()
        except Refused as refusal:
            answer = refusal.answer
        except BadInput as error:
            answer = Answer(Code.INVALID_REQUEST, error.detail)
        except Conflict:  # somebody else's call on the same report came first
            answer = Answer(Code.INVALID_REQUEST, "Another call changed the report at this moment.")
        except BreakwaterError as error:
            _log.error("call_failed", call=what, code=error.code)
            return Answer(failure)
        self._refused(by, what, answer, named if isinstance(named, str) else "".join(named))
        return answer

    def _refused(self, by: Caller, what: str, answer: Answer, named: str) -> None:
        """Write down a call that was refused, if it named a report that there is."""
        text = named.strip()
        if not (text.isascii() and text.isdigit() and len(text) <= ID_DIGITS):
            return
        try:
            with self._db.transaction() as tx:
                if received.find(tx, int(text)) is not None:
                    received.note_call(
                        tx, number=int(text), what=what, code=int(answer.code), sender=by.who.id,
                        request=by.request,
                    )  # fmt: skip
        except BreakwaterError as error:  # the refusal stands, written down or not
            _log.error("refusal_not_kept", call=what, code=error.code)


def expired(report: ReceivedReport, now: datetime) -> bool:
    """Whether an unfinished report's time is over."""
    return now >= max(report.opened_at + AFTER_OPENING, report.modified_at + AFTER_CHANGE)
