"""What was found in one file, made true: verdict, evidence, case, row and event.

Order (DESIGN, "vault"): the blob and the ingest record are durable *before* the transaction
that names them; the row, the case, the audit leaf and the outbox event are one transaction;
what the world hears comes after commit. An allow verdict is a row, not an audit leaf.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.fingerprint.video import frame_hashes, pack
from breakwater.fingerprint.views import thin
from breakwater.intake import policy
from breakwater.media.spool import Spool
from breakwater.model.access import Principal
from breakwater.model.case import CaseKind, Priority
from breakwater.model.clock import Clock
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.match import Action, Verdict
from breakwater.model.media import Fault, Undecodable
from breakwater.model.signal import Fingerprint, Fingerprints, View
from breakwater.model.upload import Surface, Upload, UploadState
from breakwater.observe import Metrics, logger
from breakwater.recognition.copies import CopyFinder
from breakwater.recognition.screen import Screener
from breakwater.records import banks, cases, jobs, reels, uploads, videos
from breakwater.records.database import Database, Tx
from breakwater.records.ingest import IngestLog
from breakwater.records.vault import Vault

Outcome = Fingerprints | Undecodable

SNAPSHOT_JOB = "intake.snapshot"
"""Kind of the job that asks the service for account data when a case opens."""

SHRED_JOB = "vault.shred"
"""Kind of the job that destroys a blob's key and bytes after the commit that released it."""

ERASE_JOB = "ingest.erase"
"""Kind of the job that overwrites the hashes of uploads whose rows were erased."""

EVIDENCE: Final = "evidence"
"""Retention class of preserved media."""

MOST_REELS: Final = 200
"""Known videos that one event names."""

_log = logger("intake")


class Recorder:
    """Writes what a screening found. One for the installation; safe for many threads."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        ingest: IngestLog,
        screener: Screener,
        copies: CopyFinder,
        clock: Clock,
        metrics: Metrics,
        ingest_days: int,
    ) -> None:
        self._db = db
        self._vault = vault
        self._ingest = ingest
        self._screener = screener
        self._copies = copies
        self._clock = clock
        self._metrics = metrics
        self._ingest_days = ingest_days

    def judge(self, outcome: Outcome, *, unit: str, source: Spool | None = None) -> Verdict:
        """The verdict on what was found; reads, never writes."""
        if isinstance(outcome, Undecodable):
            return policy.unreadable(outcome)
        matches = self._screener.match(outcome.items, unit=unit, now=self._clock.now())
        shown = self._copies.find(outcome, source, unit=unit)
        if not matches and not shown:
            return policy.NO_MATCH
        with self._db.read() as tx:
            actions = {bank.name: bank.action for bank in banks.every(tx)}
        return policy.decide(matches, actions, shown)

    def record(self, upload: Upload, source: Spool | None, outcome: Outcome) -> Upload:
        """Make the outcome of one upload true.

        Args:
            upload: new, or pending with its bytes in the vault.
            source: the bytes; None when only hashes are known.
            outcome: what the jail found.

        Returns:
            The upload with its verdict, or the verdict that somebody else recorded first.
        """
        known = self._copies.known_until
        verdict = self.judge(outcome, unit=upload.sha256, source=source)
        kept = self._keep(upload, source, verdict, outcome)
        try:
            with self._db.transaction() as tx:
                present = uploads.find(tx, kept.id)
                if present is not None and present.state is UploadState.DONE:
                    return present
                done = self._write(tx, kept, verdict, outcome, new=present is None)
                self._keep_views(tx, done, outcome, known=known)
                self._tell(tx, done, upload, verdict)
        except Conflict:  # on PostgreSQL two transactions may both find nothing
            return self._first(upload)
        self._count(verdict, outcome)
        return done

    def _first(self, upload: Upload) -> Upload:
        """What somebody else recorded, or will, while we did the same.

        Raises:
            Conflict: they did not; it was something else.
        """
        with self._db.read() as tx:
            present = uploads.find(tx, upload.id)
        ours = upload.blob is not None  # its job is the one that we are doing
        if present is None or (ours and present.state is not UploadState.DONE):
            raise Conflict(f"upload {upload.id}")
        return present

    @staticmethod
    def _tell(tx: Tx, done: Upload, before: Upload, verdict: Verdict) -> None:
        """Events and jobs of a verdict; `before` has its bytes in the vault if it was pending."""
        was_pending = before.blob is not None
        if was_pending and verdict.action is Action.ALLOW:
            jobs.enqueue(tx, SHRED_JOB, {"blob": before.blob})
        if was_pending or verdict.action is not Action.ALLOW:
            tx.emit(
                EventType.VERDICT_COMPLETED,
                done.id,
                action=verdict.action.value,
                webhook=was_pending,
                entries=[m.number for m in verdict.matches if m.acting and not m.negative],
            )

    def _keep(
        self, upload: Upload, source: Spool | None, verdict: Verdict, outcome: Outcome
    ) -> Upload:
        """Make durable what the transaction will name."""
        if verdict.action is not Action.ALLOW:
            if upload.blob is None and source is not None:
                with source.reader() as reader:
                    blob = self._vault.put(reader, purpose=EVIDENCE)
                return replace(upload, blob=blob)
            return upload
        if isinstance(outcome, Fingerprints) and self._ingest_days:
            self._remember(upload, outcome)
        return replace(upload, blob=None)

    def _remember(self, upload: Upload, outcome: Fingerprints) -> None:
        """Keep the hashes of what passed, so that a later list entry finds it (law.md)."""
        if upload.surface is Surface.PRIVATE:
            return
        wanted = distinct(outcome.of("pdq"))
        if wanted:
            reference = UUID(upload.id).bytes
            self._ingest.append(
                upload.received_at.date(), [(item.signal.value, reference) for item in wanted]
            )

    def _write(
        self, tx: Tx, upload: Upload, verdict: Verdict, outcome: Outcome, *, new: bool
    ) -> Upload:
        if new:
            uploads.start(tx, upload)
        case: Id | None = None
        if verdict.action is not Action.ALLOW:
            case = self._open(tx, upload, verdict, outcome)
        kind = outcome.type if isinstance(outcome, Fingerprints) else str(outcome.type or "")
        done = replace(
            upload,
            state=UploadState.DONE,
            verdict=verdict,
            type=kind,
            case=case,
            revision=1,
        )
        finished = uploads.finish(tx, done)
        if isinstance(outcome, Fingerprints) and outcome.duration_s > 0:
            self._keep_frames(tx, finished, outcome)
        return finished

    def _keep_frames(self, tx: Tx, upload: Upload, outcome: Fingerprints) -> None:
        """Keep a video's frame hashes as one blob; private content that passed keeps nothing."""
        passed = upload.verdict is not None and upload.verdict.action is Action.ALLOW
        if passed and (upload.surface is Surface.PRIVATE or not self._ingest_days):
            return
        frames = frame_hashes(outcome.items, compatible=True)
        if frames:
            videos.put(tx, upload.id, frames=len(frames), packed=pack(frames))

    def _keep_views(self, tx: Tx, upload: Upload, outcome: Outcome, *, known: int) -> None:
        """Keep what a video known later is looked for in, of one that passed and is not private.

        A known video that came between judging and this is looked for once more.
        """
        passed = upload.verdict is not None and upload.verdict.action is Action.ALLOW
        if not passed or upload.surface is Surface.PRIVATE or not self._ingest_days:
            return
        if not isinstance(outcome, Fingerprints) or outcome.views is None:
            return
        kept = thin(outcome.views)
        videos.keep_views(tx, upload.id, frames=len(kept.times), packed=kept.pack())
        fresh = reels.numbers_since(tx, known)
        if fresh:
            tx.emit(EventType.UPLOAD_MATCHED, upload.id, reels=fresh[:MOST_REELS])

    def _open(self, tx: Tx, upload: Upload, verdict: Verdict, outcome: Outcome) -> Id:
        unreadable = isinstance(outcome, Undecodable)
        case = cases.open(
            tx,
            kind=CaseKind.UNDECODABLE if unreadable else CaseKind.UPLOAD,
            subject=upload.id,
            why=verdict.reason,
            priority=self._priority(verdict, upload, outcome),
            service=upload.service,
            account=upload.origin.account,
        )
        tx.audit(
            "system",
            f"verdict.{verdict.action.value}",
            upload.id,
            rule=verdict.rule,
            case=case.id,
            sha256=upload.sha256,
        )
        if upload.origin.account:
            jobs.enqueue(
                tx,
                SNAPSHOT_JOB,
                {"case": case.id, "upload": upload.id},
                dedup_key=f"snapshot:{case.id}",
            )
        return case.id

    def _priority(self, verdict: Verdict, upload: Upload, outcome: Outcome) -> Priority:
        """Our own decoder's failure is a blind eye: a person looks sooner."""
        if isinstance(outcome, Undecodable) and outcome.fault is Fault.OUR_FAULT:
            return Priority.HIGH
        return policy.priority(verdict, upload.surface)

    def _count(self, verdict: Verdict, outcome: Outcome) -> None:
        self._metrics.uploads.labels(verdict.action.value, verdict.rule).inc()
        if isinstance(outcome, Undecodable):
            self._metrics.undecodable.labels(outcome.reason.value).inc()
            if outcome.fault is Fault.OUR_FAULT:
                self._metrics.our_faults.inc()
                self._metrics.alarms.labels("decoder").inc()
                _log.error("decoder_fault", reason=outcome.reason.value)

    def expire(self, now: datetime) -> int:
        """Forget what may no longer be kept of what passed; answers how many days and rows.

        Private content that passed keeps nothing: its rows go at the next turn.
        """
        old = [day for day in self._ingest.days() if (now.date() - day).days > self._ingest_days]
        for day in old:
            self._ingest.drop(day)
        gone = len(old)
        gone += self._drop(now - timedelta(days=self._ingest_days), None)
        return gone + self._drop(now, Surface.PRIVATE)

    def _drop(self, before: datetime, surface: Surface | None) -> int:
        gone = 0
        while True:
            with self._db.transaction() as tx:
                dropped = uploads.drop_before(tx, before, surface)
            gone += dropped
            if dropped == 0:
                return gone

    def erase(self, service: str, reference: str, by: Principal) -> int:
        """Forget what passed under a service's reference; what is evidence stays.

        Args:
            service: whose reference; empty for that of the key.
            reference: the service's own name of the object.
            by: who asks; a key bound to a service erases for no other.

        Returns:
            How many uploads it was. Their hashes are overwritten by a job, which the worker
            runs within a second and takes up again after a crash.

        Raises:
            NotAllowed: another service's.
            BadInput: no service.
        """
        chosen = service or by.service
        if not chosen:
            raise BadInput("Say of which service the reference is.")
        if by.service and by.service != chosen:
            raise NotAllowed("This key speaks for another service.")
        with self._db.transaction() as tx:
            erased = uploads.erase(tx, chosen, reference)
            if erased:
                jobs.enqueue(tx, ERASE_JOB, {"uploads": erased})
            tx.audit(by.id, "upload.erase", chosen, uploads=len(erased))
        return len(erased)

    def overwrite(self, erased: Iterable[Id]) -> None:
        """Overwrite the hashes of uploads that were erased; doing it twice is harmless."""
        for upload in erased:
            self._ingest.erase(upload)


def distinct(items: tuple[Fingerprint, ...]) -> list[Fingerprint]:
    """Frames worth remembering: as the file is, usable, and not the same as the one before."""
    out: list[Fingerprint] = []
    seen: set[bytes] = set()
    for item in items:
        plain = item.view is View.ORIGINAL and item.usable
        if plain and item.signal.value not in seen:
            seen.add(item.signal.value)
            out.append(item)
    return out
