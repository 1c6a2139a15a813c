"""Screens the files of a finished report: in the jail, against banks and earlier reports.

In: the id of a report. Out: each file as an upload of the report's case, held with its matches,
so that people look at it as at other media, every look written down; prints by which later
reports find it; and what was found, and in which countries, as steps of the case. What a bank or an earlier report knows
is said; what nobody knows makes the case more urgent, for it may be new. A file that cannot be
read waits for a person like the rest. Idempotent: it takes up where it was stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from breakwater.errors import NotFound
from breakwater.geo.atlas import Atlas
from breakwater.geo.jurisdiction import jurisdiction
from breakwater.media.failures import Unreadable
from breakwater.media.magic import sniff
from breakwater.media.spool import Spool
from breakwater.model.case import Case, CaseState, Priority
from breakwater.model.ids import Id
from breakwater.model.match import Action, Verdict
from breakwater.model.media import Family, MediaLimits, Reason, Undecodable
from breakwater.model.received import ReceivedFile, ReceivedReport
from breakwater.model.signal import PDQ, Fingerprints, View
from breakwater.model.upload import Origin, Surface, Upload, UploadState
from breakwater.model.work import Beat
from breakwater.recognition.copies import CopyFinder
from breakwater.recognition.screen import Screener
from breakwater.records import cases, received, uploads
from breakwater.records.database import Database, Tx
from breakwater.records.vault import Vault
from breakwater.reporting.receiving import reading, rules
from breakwater.reporting.receiving.reading import Capture, Contents

RULE: Final = "received.report"
"""Rule of what came with a report; no list undoes it (`model.decision.STANDING`)."""
UNREADABLE: Final = "received.undecodable."
PRINTS: Final = 64
"""Prints kept of one file: a picture has one, a video its first different frames."""
HEAD: Final = 4096
ADDRESSES: Final = 100
"""Addresses of one report that are placed, the first ones."""
NEW: Final = "No list and no earlier report knows its pictures: they may be new."
SCREENED: Final = "screened"
SEEN: Final = "seen_before"
"""Steps of a case: every file was looked through; one of them came before."""


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What the jail may spend on a received file."""

    image: MediaLimits
    video: MediaLimits


class Screening:
    """Looks through what came with reports."""

    def __init__(
        self, *, db: Database, vault: Vault, screener: Screener, copies: CopyFinder,
        limits: DecodeLimits, spool: Path, atlas: Atlas,
    ) -> None:  # fmt: skip
        self._db = db
        self._vault = vault
        self._screener = screener
        self._copies = copies
        self._limits = limits
        self._spool = spool
        self._atlas = atlas

    def run(self, report_id: Id, beat: Beat) -> None:
        """Screen what is not screened yet, then say of the whole what was found."""
        with self._db.read() as tx:
            report = received.get(tx, report_id)
            files = received.files_of(tx, report_id)
            done = uploads.many(tx, [file.id for file in files])
            contents = reading.contents(received.xml_of(tx, report_id))
        if report.case is None:
            raise NotFound(f"case of received report {report.number}")
        for at, file in enumerate(files):
            if file.id not in done and file.blob is not None:
                self._screen(report, file)
                beat((at + 1) / len(files))
        placed = [one.as_json() for one in self._places(contents, report)]
        with self._db.transaction() as tx:
            self._weigh(tx, report, files, placed)

    def _screen(self, report: ReceivedReport, file: ReceivedFile) -> None:
        too_large = Undecodable(Reason.TOO_MANY_BYTES)
        outcome: Fingerprints | Undecodable = too_large
        verdict = _unreadable(too_large)
        most = self._limits.video.max_bytes
        if file.size <= most:
            with self._vault.open(Id(str(file.blob))) as kept, Spool(most, self._spool) as source:
                source.take(kept)
                outcome = self._decode(report, source)
                verdict = self._judge(report, outcome, source)
        kind = outcome.type if isinstance(outcome, Fingerprints) else str(outcome.type or "")
        upload = Upload(
            id=file.id, service=report.service, surface=Surface.PUBLIC,
            origin=Origin(reference=f"report {report.number}"), state=UploadState.DONE,
            received_at=file.received_at, size=file.size, sha256=file.sha256, md5=file.md5,
            declared_type=file.declared_type, type=kind, verdict=verdict, case=report.case,
            blob=file.blob,
        )  # fmt: skip
        with self._db.transaction() as tx:
            if uploads.find(tx, file.id) is not None:
                return  # another worker took over a job that seemed dead
            uploads.finish(tx, upload)
            if isinstance(outcome, Fingerprints):
                received.keep_prints(tx, file.id, prints_of(outcome))
            tx.audit("system", "received.screen", file.id, rule=verdict.rule, case=report.case)

    def _decode(self, report: ReceivedReport, source: Spool) -> Fingerprints | Undecodable:
        with source.reader() as reader:
            moves = _moves(reader.read(HEAD))
            reader.seek(0)
            return self._screener.fingerprint(
                reader, declared="", limits=self._limits.video if moves else self._limits.image,
                lane=f"received {report.sender}", views=True,
            )  # fmt: skip

    def _judge(
        self, report: ReceivedReport, outcome: Fingerprints | Undecodable, source: Spool
    ) -> Verdict:
        if isinstance(outcome, Undecodable):
            return _unreadable(outcome)
        with self._db.read() as tx:
            now = tx.now
        matches = self._screener.match(outcome.items, unit=source.sha256, now=now)
        shown = self._copies.find(outcome, source, unit=source.sha256)
        reason = f"It came with report {report.number}."
        return Verdict(Action.HOLD, RULE, reason, matches, shown)

    def _places(self, contents: Contents, report: ReceivedReport) -> list[PlacedAddress]:
        """Where the addresses of whoever is reported seemed to be when they were used."""
        captures = [one for person in contents.people for one in person.captures]
        placed = []
        for capture in captures[:ADDRESSES]:
            at = rules.moment_of(capture.at) or report.opened_at
            where = jurisdiction(self._atlas.resolve(capture.address, at))
            placed.append(PlacedAddress(capture, where.countries, where.certainty.value))
        return placed

    def _weigh(
        self, tx: Tx, report: ReceivedReport, files: Sequence[ReceivedFile],
        placed: Sequence[Mapping[str, Any]],
    ) -> None:  # fmt: skip
        """Say what was found, once; what nobody knows makes the case more urgent."""
        case = cases.get(tx, Id(str(report.case)))
        if any(step.what == SCREENED for step in cases.history(tx, case.id)):
            return
        found = uploads.many(tx, [file.id for file in files])
        seen = earlier(tx, report, files)
        own = received.prints_of(tx, report.id)
        for one in seen.values():
            cases.note(
                tx, case.id, by="screening", what=SEEN, words=one.words, file=one.file,
                report=one.report, bits=one.bits,
            )  # fmt: skip
        known = {file.id for file in files if _in_bank(found.get(file.id))}
        new = [f for f in files if own.get(f.id) and f.id not in known and f.id not in seen]
        cases.note(
            tx, case.id, by="screening", what=SCREENED, files=len(files), known=len(known),
            seen=len(seen), new=len(new), places=list(placed),
        )  # fmt: skip
        if new:
            self._raise(tx, case)

    @staticmethod
    def _raise(tx: Tx, case: Case) -> None:
        present = cases.get(tx, case.id)
        if present.state is CaseState.CLOSED or present.priority.rank <= Priority.HIGH.rank:
            return
        cases.set_priority(tx, case.id, Priority.HIGH, by="screening", reason=NEW)


@dataclass(frozen=True, slots=True)
class PlacedAddress:
    """Countries in which an address seemed to be, the best guess first; the address is sealed."""

    capture: Capture
    countries: tuple[str, ...]
    certainty: str

    def as_json(self) -> dict[str, Any]:
        """For the case's history, which keeps no address."""
        return {"countries": list(self.countries), "certainty": self.certainty}


@dataclass(frozen=True, slots=True)
class Earlier:
    """A file that came before.

    Attributes:
        place: of the file in its report, from 1 as people count.
        report: number of the earlier report.
        bits: by how many its print differs; 0 for the very same bytes.
        same: the very same bytes.
    """

    file: Id
    place: int
    report: int
    bits: int
    same: bool

    @property
    def words(self) -> str:
        """One sentence for people."""
        if self.same:
            return f"File {self.place} came before, with report {self.report}."
        return f"File {self.place} is like one of report {self.report}: {self.bits} of 256 bits differ."


def earlier(tx: Tx, report: ReceivedReport, files: Sequence[ReceivedFile]) -> dict[Id, Earlier]:
    """Files of a report that came with earlier ones, as the same bytes or nearly the same look."""
    same = received.seen_before(tx, report.id, files)
    own = received.prints_of(tx, report.id)
    others = received.prints(tx, but=report.id) if own else []
    found: dict[Id, Earlier] = {}
    for file in files:
        if file.id in same:
            found[file.id] = Earlier(file.id, file.place + 1, same[file.id][0].number, 0, True)
            continue
        near = nearest(own.get(file.id, ()), others)
        if near is not None:
            found[file.id] = Earlier(file.id, file.place + 1, *near, same=False)
    return found


def nearest(
    own: Sequence[bytes], others: Sequence[tuple[int, Id, bytes]]
) -> tuple[int, int] | None:
    """The nearest print of earlier reports within PDQ's limit: (report's number, bits)."""
    if not own or not others:
        return None
    known = np.frombuffer(b"".join(value for _, _, value in others), np.uint8).reshape(-1, 32)
    best: tuple[int, int] | None = None
    for value in own:
        bits = np.bitwise_count(known ^ np.frombuffer(value, np.uint8)).sum(axis=1, dtype=np.int64)
        at = int(bits.argmin())
        if bits[at] <= PDQ.limit and (best is None or bits[at] < best[1]):
            best = others[at][0], int(bits[at])
    return best


def prints_of(outcome: Fingerprints) -> list[bytes]:
    """The different looks of a file as it is, good enough to compare, the first ones."""
    values = [
        item.signal.value
        for item in outcome.of(PDQ.name)
        if item.view is View.ORIGINAL and item.usable
    ]
    return list(dict.fromkeys(values))[:PRINTS]


def _in_bank(upload: Upload | None) -> bool:
    if upload is None or upload.verdict is None:
        return False
    matches = any(one.acting and not one.negative for one in upload.verdict.matches)
    return matches or any(one.acting for one in upload.verdict.copies)


def _unreadable(outcome: Undecodable) -> Verdict:
    return Verdict(Action.HOLD, f"{UNREADABLE}{outcome.reason.value}", outcome.reason.words)


def _moves(head: bytes) -> bool:
    try:
        return sniff(head).family is Family.VIDEO
    except Unreadable:
        return False
