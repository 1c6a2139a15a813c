"""One upload: from bytes to a verdict that is recorded, and never lost.

Comes from `web.api` and `cli.scan`; goes to `recognition` for matches, to `records` for the
row, the case and the event. Small items answer at once. Larger ones, and those whose turn
does not come within the caller's patience, are kept encrypted and durable before "202" is
said, and finished by the worker (`finish_pending`). Promises: what is not allowed is
preserved with its account data before the answer; an allowed item keeps only the retention
class of law.md (its hashes, reference, pseudonym and time).
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from breakwater.errors import NotFound, ScanningNotPermitted, TooLarge
from breakwater.intake import policy, testfiles
from breakwater.intake.outcome import Recorder
from breakwater.media.failures import Unreadable
from breakwater.media.magic import sniff
from breakwater.media.spool import Spool
from breakwater.model.access import Principal
from breakwater.model.clock import Clock
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Family, MediaLimits, Reason, Undecodable
from breakwater.model.signal import Fingerprints
from breakwater.model.upload import Origin, Surface, Upload, UploadState
from breakwater.observe import Metrics
from breakwater.recognition.screen import Screener
from breakwater.records import jobs, uploads
from breakwater.records.database import Database
from breakwater.records.vault import Vault

HEAD = 4096
"""Bytes that tell the type."""

SCREEN_JOB = "intake.screen"
"""Kind of the job that finishes an upload which was answered with 202."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a caller says about the bytes.

    Attributes:
        declared_type: Content-Type as sent; empty when unknown.
        idempotency_key: same key and same body answer the same upload again.
        max_wait_ms: how long the caller waits before a 202; None takes the installation's.
    """

    service: str
    surface: Surface
    origin: Origin = field(default_factory=Origin)
    declared_type: str = ""
    idempotency_key: str = ""
    max_wait_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What intake takes, from settings."""

    max_bytes: int
    inline_bytes: int
    max_wait_ms: int
    image: MediaLimits
    video: MediaLimits
    private_jurisdictions: tuple[str, ...] = ()


class Intake:
    """Screens files."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Vault,
        screener: Screener,
        recorder: Recorder,
        clock: Clock,
        metrics: Metrics,
        limits: Limits,
        spool_dir: Path,
        threads: int,
    ) -> None:
        self._db = db
        self._vault = vault
        self._screener = screener
        self._recorder = recorder
        self._clock = clock
        self._metrics = metrics
        self.limits = limits
        self._spool_dir = spool_dir
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="screen")

    def permit(self, surface: Surface, jurisdiction: str) -> None:
        """Refuse, before a byte is read, what may not be scanned; counts it and stores nothing.

        Raises:
            ScanningNotPermitted: private content without a legal basis.
        """
        try:
            policy.permit(surface, jurisdiction, self.limits.private_jurisdictions)
        except ScanningNotPermitted as refusal:
            self._metrics.refused_private.labels(str(refusal.facts.get("jurisdiction"))).inc()
            raise

    def submit(self, source: Spool, submission: Submission, principal: Principal) -> Upload:
        """Screen one file.

        Args:
            source: the bytes, complete and rewound; hashed while they were written.
            submission: what the caller says about them.
            principal: who asks.

        Returns:
            The upload, `DONE` with its verdict or `PENDING` when it is answered later.

        Raises:
            ScanningNotPermitted: private content without a legal basis.
            IdempotencyReuse: the key came with another body before.
            TooLarge: over the installation's limit.
        """
        self.permit(submission.surface, submission.origin.jurisdiction)
        if source.size > self.limits.max_bytes:
            raise TooLarge(f"At most {self.limits.max_bytes} bytes.", limit=self.limits.max_bytes)
        upload = self._new(source, submission, principal)
        if principal.test:
            return self._test(upload, source, principal)
        if submission.idempotency_key:
            with self._db.transaction() as tx:
                before = uploads.claim_idempotency(
                    tx,
                    principal=principal.id,
                    key=submission.idempotency_key,
                    body_sha256=source.sha256,
                    upload=upload.id,
                )
            if before is not None:
                return self._repeat(before, upload, source)
        return self._screen_or_wait(upload, source, submission, principal)

    def _repeat(self, before: Id, upload: Upload, source: Spool) -> Upload:
        """The same request again: its answer if there is one, else do it now under its id.

        A first request that died between its claim and its verdict left no upload row; the
        repetition finishes it under the id that was claimed.
        """
        try:
            with self._db.read() as tx:
                return uploads.get(tx, before)
        except NotFound:
            outcome = self._decode(source, upload.declared_type, lane=upload.service)
            return self._recorder.record(replace(upload, id=before), source, outcome)

    def note(self, prints: Fingerprints, submission: Submission, principal: Principal) -> Upload:
        """Record an object of which only hashes are known, as one that was uploaded."""
        upload = Upload(
            id=new_id(),
            service=principal.service or submission.service,
            surface=submission.surface,
            origin=submission.origin,
            state=UploadState.PENDING,
            received_at=self._clock.now(),
            size=0,
            sha256=_exact(prints, "sha256"),
            sha1=_exact(prints, "sha1"),
            md5=_exact(prints, "md5"),
        )
        return self._recorder.record(upload, None, prints)

    def get(self, upload: Id, principal: Principal) -> Upload:
        """Read one upload with its present verdict.

        Raises:
            NotFound: no such upload, or another service's.
        """
        with self._db.read() as tx:
            found = uploads.get(tx, upload)
        if principal.service and found.service != principal.service:
            raise NotFound(f"upload {upload}")
        return found

    def _new(self, source: Spool, submission: Submission, principal: Principal) -> Upload:
        return Upload(
            id=new_id(),
            service=principal.service or submission.service,
            surface=submission.surface,
            origin=submission.origin,
            state=UploadState.PENDING,
            received_at=self._clock.now(),
            size=source.size,
            sha256=source.sha256,
            sha1=source.digests[1].hex(),
            md5=source.digests[0].hex(),
            declared_type=submission.declared_type,
        )

    def _screen_or_wait(
        self, upload: Upload, source: Spool, submission: Submission, principal: Principal
    ) -> Upload:
        if source.size > self.limits.inline_bytes:
            return self._defer(upload, source)
        started = self._clock.monotonic()
        turn = self._threads.submit(
            self._decode, source, upload.declared_type, lane=str(principal.id)
        )
        outcome = self._patient(turn, submission.max_wait_ms)
        if outcome is None:
            return self._defer(upload, source)
        done = self._recorder.record(upload, source, outcome)
        self._metrics.upload_seconds.observe(self._clock.monotonic() - started)
        return done

    def _patient(
        self, turn: Future[Fingerprints | Undecodable], max_wait_ms: int | None
    ) -> Fingerprints | Undecodable | None:
        """Wait for the jail as long as the caller does; None when it took longer."""
        wait = min(
            self.limits.max_wait_ms if max_wait_ms is None else max_wait_ms,
            self.limits.max_wait_ms,
        )
        try:
            return turn.result(timeout=wait / 1000)
        except Late:
            turn.cancel()
            return None

    def _decode(
        self, source: Spool, declared_type: str, *, lane: str
    ) -> Fingerprints | Undecodable:
        if source.size == 0:
            return Undecodable(Reason.EMPTY)
        with source.reader() as reader:
            limits = self.limits.video if moving(reader) else self.limits.image
            return self._screener.fingerprint(
                reader, declared=declared_type, limits=limits, lane=lane, views=True
            )

    def _defer(self, upload: Upload, source: Spool) -> Upload:
        """Keep the bytes, durable and encrypted, before saying that they were taken."""
        with source.reader() as reader:
            blob = self._vault.put(reader, purpose="pending")
        pending = replace(upload, blob=blob)
        with self._db.transaction() as tx:
            uploads.start(tx, pending)
            jobs.enqueue(tx, SCREEN_JOB, {"upload": upload.id}, dedup_key=f"screen:{upload.id}")
        return pending

    def finish_pending(self, upload_id: Id) -> Upload:
        """Finish an upload that was answered with 202; idempotent."""
        with self._db.read() as tx:
            upload = uploads.get(tx, upload_id)
        if upload.state is UploadState.DONE or upload.blob is None:
            return upload
        with (
            self._vault.open(upload.blob) as kept,
            Spool(self.limits.max_bytes, self._spool_dir) as source,
        ):
            source.take(kept)
            outcome = self._decode(source, upload.declared_type, lane=upload.service)
            return self._recorder.record(upload, source, outcome)

    def _test(self, upload: Upload, source: Spool, principal: Principal) -> Upload:
        """A test key: always-match files answer, everything else is screened, nothing is kept."""
        verdict = testfiles.verdict(source.sha256)
        if verdict is None:
            outcome = self._decode(source, upload.declared_type, lane=str(principal.id))
            verdict = self._recorder.judge(outcome, unit=source.sha256, source=source)
        return replace(upload, state=UploadState.DONE, verdict=verdict, revision=1)

    def close(self) -> None:
        """Stop taking; what is pending stays pending in SQL."""
        self._threads.shutdown(wait=True, cancel_futures=True)


def _exact(prints: Fingerprints, kind: str) -> str:
    """The one exact hash of a kind, in hexadecimal; empty when there is none."""
    found = prints.of(kind)
    return found[0].signal.value.hex() if len(found) == 1 else ""


def moving(source: BinaryIO) -> bool:
    """Whether the first bytes are a video's, which may take longer; rewinds.

    What has no known beginning is given a picture's time: the jail will say what it is.
    """
    head = source.read(HEAD)
    source.seek(0)
    try:
        return sniff(head).family is Family.VIDEO
    except Unreadable:
        return False
