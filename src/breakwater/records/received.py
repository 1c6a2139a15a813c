"""Received reports as rows: opened by a sender, added to, finished, retracted or expired.

What senders write is sealed for its row; files are named by their blobs in the vault. A step
that a report's state does not allow is refused here, under the change lock, so that of two
calls at once one finds what the other did. Fed by `reporting.receiving`. Contract:
`tests/contract/test_records_received.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.ids import Id, new_id
from breakwater.model.received import (
    ReceivedCall,
    ReceivedFile,
    ReceivedReport,
    ReceivedState,
    Referral,
)
from breakwater.records import identities, numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_received import (
    received_calls,
    received_files,
    received_prints,
    received_referrals,
    received_reports,
)
from breakwater.records.texts import storable

_r, _f, _p = received_reports.c, received_files.c, received_prints.c
NUMBERS: Final = "received_reports"
MOST_PRINTS: Final = 50_000
"""Prints of earlier reports that a new file is compared with, the newest: a second of work."""


def open_report(tx: Tx, *, sender: Id, service: str, xml: bytes, sha256: str) -> ReceivedReport:
    """Keep a new report, open for its files.

    Args:
        tx: the transaction.
        sender: id of the key that sent it.
        service: label of the sender's service.
        xml: as received; sealed.
        sha256: of the XML, in hexadecimal.
    """
    change = tx.change()
    report = ReceivedReport(
        id=new_id(), number=numbers.take(tx, NUMBERS), sender=sender, service=service,
        state=ReceivedState.OPEN, opened_at=tx.now, modified_at=tx.now, size=len(xml),
        sha256=sha256,
    )  # fmt: skip
    tx.execute(
        sa.insert(received_reports),
        {
            "id": report.id, "number": report.number, "sender_id": sender, "service": service,
            "state": report.state.value, "opened_at": tx.now, "modified_at": tx.now,
            "closed_at": None, "size": report.size, "sha256": bytes.fromhex(sha256),
            "sealed": _seal(tx, report.id, "xml", xml), "case_id": None, "change": change,
        },
    )  # fmt: skip
    return report


def find(tx: Tx, number: int) -> ReceivedReport | None:
    """One report by the number that its sender knows; None when there is none."""
    if not 0 < number < 1 << 62:
        return None
    return _one(tx, _r.number == number)


def get(tx: Tx, report: Id) -> ReceivedReport:
    """One report by id.

    Raises:
        NotFound: no such report.
    """
    found = _one(tx, _r.id == report)
    if found is None:
        raise NotFound(f"received report {report}")
    return found


def of_case(tx: Tx, case: Id) -> ReceivedReport | None:
    """The report that became a case; None when the case is not of that kind."""
    return _one(tx, _r.case_id == case)


def xml_of(tx: Tx, report: Id) -> bytes:
    """The XML as received; empty when it was destroyed."""
    sealed = tx.execute(sa.select(_r.sealed).where(_r.id == report)).scalar()
    return b"" if sealed is None else _unseal(tx, report, "xml", sealed)


def add_file(
    tx: Tx, report: ReceivedReport, *, name: str, declared_type: str, size: int, md5: str,
    sha256: str, blob: Id,
) -> ReceivedFile:  # fmt: skip
    """Add a file to an open report.

    Raises:
        Conflict: the report is not open any more.
    """
    touch(tx, report)
    storable(declared_type)
    file = ReceivedFile(
        id=new_id(), report=report.id, place=_next_place(tx, report.id), size=size, md5=md5,
        sha256=sha256, received_at=tx.now, name=name, declared_type=declared_type[:255], blob=blob,
    )  # fmt: skip
    tx.execute(
        sa.insert(received_files),
        {
            "id": file.id, "report_id": report.id, "place": file.place, "size": size,
            "md5": bytes.fromhex(md5), "sha256": bytes.fromhex(sha256),
            "declared_type": file.declared_type,
            "name_sealed": _seal(tx, file.id, "name", name.encode("utf-8", "replace")) if name else None,
            "blob_id": blob, "details_sealed": None, "received_at": tx.now, "described_at": None,
        },
    )  # fmt: skip
    return file


def describe(tx: Tx, report: ReceivedReport, file: ReceivedFile, details: bytes) -> None:
    """Keep what the sender says of a file, once.

    Raises:
        Conflict: it is described already, or the report is not open any more.
    """
    touch(tx, report)
    done = tx.execute(
        sa.update(received_files)
        .where(_f.id == file.id, _f.described_at.is_(None))
        .values(details_sealed=_seal(tx, file.id, "details", details), described_at=tx.now)
    )
    if not done.rowcount:
        raise Conflict("The file is described already.")


def touch(tx: Tx, report: ReceivedReport) -> None:
    """Say that an open report was added to, which keeps it open longer.

    Raises:
        Conflict: it is not open any more.
    """
    _step(tx, report, modified_at=tx.now)


def finish(tx: Tx, report: ReceivedReport, case: Id) -> None:
    """Close an open report as complete.

    Raises:
        Conflict: it is not open any more.
    """
    _step(
        tx, report, state=ReceivedState.FINISHED.value, closed_at=tx.now, modified_at=tx.now,
        case_id=case,
    )  # fmt: skip


def discard(tx: Tx, report: ReceivedReport, state: ReceivedState) -> list[Id]:
    """Close an open report and forget its content; answers blobs for the caller to shred.

    Raises:
        Conflict: it is not open any more.
    """
    _step(tx, report, state=state.value, closed_at=tx.now, sealed=None)
    blobs = [file.blob for file in files_of(tx, report.id) if file.blob is not None]
    tx.execute(
        sa.update(received_files)
        .where(_f.report_id == report.id)
        .values(blob_id=None, name_sealed=None, details_sealed=None)
    )
    return blobs


def stale(
    tx: Tx, *, opened: datetime, modified: datetime, limit: int = 100
) -> list[ReceivedReport]:
    """Open reports opened and last modified before these moments."""
    wanted = sa.select(received_reports).where(
        _r.state == ReceivedState.OPEN.value, _r.opened_at <= opened, _r.modified_at <= modified
    )
    return [_noun(row) for row in tx.execute(wanted.order_by(_r.modified_at).limit(limit))]


def recent(
    tx: Tx, limit: int = 50, *, state: ReceivedState | None = None, sender: Id | None = None
) -> list[ReceivedReport]:
    """Reports, the newest first."""
    wanted = sa.select(received_reports).order_by(_r.number.desc()).limit(limit)
    if state is not None:
        wanted = wanted.where(_r.state == state.value)
    if sender is not None:
        wanted = wanted.where(_r.sender_id == sender)
    return [_noun(row) for row in tx.execute(wanted)]


def files_of(tx: Tx, report: Id) -> list[ReceivedFile]:
    """The files of a report in the order in which they came."""
    wanted = sa.select(received_files).where(_f.report_id == report).order_by(_f.place)
    return [_file(tx, row) for row in tx.execute(wanted)]


def file(tx: Tx, file: Id) -> ReceivedFile | None:
    """One file by id."""
    row = tx.execute(sa.select(received_files).where(_f.id == file)).one_or_none()
    return None if row is None else _file(tx, row)


def seen_before(
    tx: Tx, report: Id, files: Iterable[ReceivedFile]
) -> dict[Id, tuple[ReceivedReport, ...]]:
    """By file, other finished reports that hold the very same bytes, the oldest first."""
    found: dict[Id, tuple[ReceivedReport, ...]] = {}
    for one in files:
        wanted = (
            sa.select(received_reports)
            .join_from(received_reports, received_files, _f.report_id == _r.id)
            .where(_f.sha256 == bytes.fromhex(one.sha256), _r.id != report)
            .where(_r.state == ReceivedState.FINISHED.value)
            .order_by(_r.number)
            .limit(20)
        )
        rows = tx.execute(wanted).all()
        if rows:
            found[one.id] = tuple(dict.fromkeys(_noun(row) for row in rows))
    return found


def keep_prints(tx: Tx, file: Id, values: Sequence[bytes]) -> None:
    """Keep the perceptual hashes of a file; doing it twice is harmless."""
    tx.execute(sa.delete(received_prints).where(_p.file_id == file))
    for place, value in enumerate(values):
        row = {"file_id": file, "place": place, "value": value}
        tx.execute(sa.insert(received_prints), row)


def prints_of(tx: Tx, report: Id) -> dict[Id, list[bytes]]:
    """Prints of one report by file, in their order."""
    wanted = (
        sa.select(_p.file_id, _p.value)
        .join_from(received_prints, received_files, _p.file_id == _f.id)
        .where(_f.report_id == report)
        .order_by(_p.file_id, _p.place)
    )
    found: dict[Id, list[bytes]] = {}
    for row in tx.execute(wanted):
        found.setdefault(Id(row.file_id), []).append(bytes(row.value))
    return found


def prints(tx: Tx, *, but: Id) -> list[tuple[int, Id, bytes]]:
    """Prints of the newest finished reports but one: (report's number, file, print)."""
    wanted = (
        sa.select(_r.number, _p.file_id, _p.value)
        .join_from(received_prints, received_files, _p.file_id == _f.id)
        .join(received_reports, _f.report_id == _r.id)
        .where(_r.state == ReceivedState.FINISHED.value, _r.id != but)
        .order_by(_r.number.desc())
        .limit(MOST_PRINTS)
    )
    return [(int(row.number), Id(row.file_id), bytes(row.value)) for row in tx.execute(wanted)]


def note_call(tx: Tx, *, number: int, what: str, code: int, sender: Id, request: str) -> None:
    """Write down one call and its answer."""
    tx.execute(
        sa.insert(received_calls),
        {
            "change": tx.change(), "number": number, "what": what, "code": code,
            "sender_id": sender, "request_id": request[:64], "at": tx.now,
        },
    )  # fmt: skip


def calls_of(tx: Tx, number: int) -> list[ReceivedCall]:
    """Every call that named a report, the first first."""
    c = received_calls.c
    rows = tx.execute(sa.select(received_calls).where(c.number == number).order_by(c.change))
    return [
        ReceivedCall(int(row.number), row.what, row.code, Id(row.sender_id), row.request_id, row.at)
        for row in rows
    ]


def refer(tx: Tx, report: Id, *, recipient: str, reference: str, by: Id) -> Referral:
    """Write down to whom a report was referred."""
    storable(recipient, reference)
    made = Referral(new_id(), report, recipient, reference, by, tx.now)
    tx.execute(
        sa.insert(received_referrals),
        {
            "id": made.id, "report_id": report, "recipient": recipient, "reference": reference,
            "by": by, "at": tx.now, "change": tx.change(),
        },
    )  # fmt: skip
    return made


def referrals_of(tx: Tx, report: Id) -> list[Referral]:
    """To whom a report was referred, the first first."""
    c = received_referrals.c
    rows = tx.execute(sa.select(received_referrals).where(c.report_id == report).order_by(c.change))
    return [
        Referral(Id(r.id), Id(r.report_id), r.recipient, r.reference, Id(r.by), r.at) for r in rows
    ]


def _step(tx: Tx, report: ReceivedReport, **values: Any) -> None:
    still = sa.and_(_r.id == report.id, _r.state == ReceivedState.OPEN.value)
    values["change"] = tx.change()
    if not tx.execute(sa.update(received_reports).where(still).values(**values)).rowcount:
        raise Conflict(f"Report {report.number} is not open any more.")


def _next_place(tx: Tx, report: Id) -> int:
    taken = tx.execute(sa.select(sa.func.max(_f.place)).where(_f.report_id == report)).scalar()
    return 0 if taken is None else int(taken) + 1


def _seal(tx: Tx, row: Id, part: str, plain: bytes) -> bytes:
    return tx.keys.seal(identities.PURPOSE, plain, f"{part} {row}".encode())


def _unseal(tx: Tx, row: Id, part: str, sealed: bytes) -> bytes:
    return tx.keys.unseal(identities.PURPOSE, sealed, f"{part} {row}".encode())


def _one(tx: Tx, which: sa.ColumnElement[bool]) -> ReceivedReport | None:
    row = tx.execute(sa.select(received_reports).where(which)).one_or_none()
    return None if row is None else _noun(row)


def _noun(row: sa.Row[Any]) -> ReceivedReport:
    return ReceivedReport(
        id=Id(row.id), number=int(row.number), sender=Id(row.sender_id), service=row.service,
        state=ReceivedState(row.state), opened_at=row.opened_at, modified_at=row.modified_at,
        size=int(row.size), sha256=bytes(row.sha256).hex(), closed_at=row.closed_at,
        case=None if row.case_id is None else Id(row.case_id),
    )  # fmt: skip


def _file(tx: Tx, row: sa.Row[Any]) -> ReceivedFile:
    def plain(part: str, sealed: bytes | None) -> bytes:
        return b"" if sealed is None else _unseal(tx, Id(row.id), part, sealed)

    return ReceivedFile(
        id=Id(row.id), report=Id(row.report_id), place=row.place, size=int(row.size),
        md5=bytes(row.md5).hex(), sha256=bytes(row.sha256).hex(), received_at=row.received_at,
        name=plain("name", row.name_sealed).decode("utf-8", "replace"), declared_type=row.declared_type,
        blob=None if row.blob_id is None else Id(row.blob_id), details=plain("details", row.details_sealed),
        described_at=row.described_at,
    )  # fmt: skip
