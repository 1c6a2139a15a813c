"""Large files in parts: announce, append at an offset, screened when the last byte is there.

The tus idea (offset, append, ask where to go on) in three calls, for files that one request
cannot carry safely. A part is durable and encrypted when its answer is given; a caller that
lost its connection asks for the offset and goes on. Unfinished uploads are forgotten after a
day, their keys shredded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from breakwater.errors import BadInput, TooLarge
from breakwater.intake.submit import Intake, Submission
from breakwater.media.spool import Spool
from breakwater.model.access import Principal
from breakwater.model.clock import Clock
from breakwater.model.ids import Id, new_id
from breakwater.model.upload import Origin, Surface, Upload
from breakwater.records import resumables
from breakwater.records.database import Database
from breakwater.records.resumables import Resumable
from breakwater.records.vault import Vault

KEPT: Final = timedelta(days=1)
BLOCK: Final = 1 << 20


class Resumables:
    """Uploads that arrive in parts."""

    def __init__(
        self, *, db: Database, vault: Vault, intake: Intake, clock: Clock, spool_dir: Path
    ) -> None:
        self._db = db
        self._vault = vault
        self._intake = intake
        self._clock = clock
        self._spool_dir = spool_dir

    def start(self, size: int, submission: Submission, principal: Principal) -> Resumable:
        """Announce an upload of `size` bytes.

        Raises:
            ScanningNotPermitted: before a byte is sent.
            TooLarge: over the installation's limit.
        """
        self._intake.permit(submission.surface, submission.origin.jurisdiction)
        most = self._intake.limits.max_bytes
        if not 0 < size <= most:
            raise TooLarge(f"Between 1 and {most} bytes.", limit=most)
        with self._db.transaction() as tx:
            return resumables.start(
                tx, upload=new_id(), principal=principal.id, size=size,
                submission=facts_of(submission),
            )  # fmt: skip

    def get(self, upload: Id, principal: Principal) -> Resumable:
        """Where to go on: `received` is the next offset."""
        with self._db.read() as tx:
            return resumables.get(tx, upload, principal=principal.id)

    def append(
        self, upload: Id, offset: int, body: BinaryIO, size: int, principal: Principal
    ) -> Resumable | Upload:
        """Take one part.

        Args:
            upload: as `start` answered.
            offset: where the part begins; must be where the last one ended.
            body: its bytes.
            size: how many they are.
            principal: the one who announced it.

        Returns:
            The upload so far or, with the last byte, the screened upload.

        Raises:
            Conflict: the offset is not the next; the facts name the right one.
            BadInput: an empty part, or more bytes than were announced.
        """
        before = self.get(upload, principal)
        if size <= 0 or offset + size > before.size:
            raise BadInput(f"A part has 1 to {before.size - before.received} bytes here.")
        blob = self._vault.put(body, purpose="pending")
        with self._db.transaction() as tx:
            resumables.append(tx, before, offset=offset, size=size, blob=blob)
        now = self.get(upload, principal)
        if now.received < now.size:
            return now
        return self._finish(now, principal)

    def _finish(self, whole: Resumable, principal: Principal) -> Upload:
        with Spool(limit=whole.size, directory=self._spool_dir) as spool:
            for part in whole.parts:
                with self._vault.open(part.blob) as source:
                    while block := source.read(BLOCK):
                        spool.write(block)
            spool.seal()
            submission = replace(submission_of(whole.submission), idempotency_key=str(whole.id))
            upload = self._intake.submit(spool, submission, principal)
        self._forget(whole)
        return upload

    def _forget(self, upload: Resumable) -> None:
        with self._db.transaction() as tx:
            blobs = resumables.forget(tx, upload)
        for blob in blobs:
            self._vault.shred(blob)

    def sweep(self, now: datetime) -> int:
        """Forget what was announced a day ago and never finished."""
        with self._db.read() as tx:
            old = [
                resumables.get(tx, upload, principal=principal)
                for upload, principal in resumables.older_than(tx, now - KEPT)
            ]
        for upload in old:
            self._forget(upload)
        return len(old)


def facts_of(submission: Submission) -> dict[str, Any]:
    """A submission as JSON facts; sealed where it is stored."""
    facts = asdict(submission)
    posted = submission.origin.posted_at
    facts["origin"]["posted_at"] = posted.isoformat() if posted else None
    facts["surface"] = submission.surface.value
    return facts


def submission_of(facts: Mapping[str, Any]) -> Submission:
    """Read back what `facts_of` wrote."""
    origin = dict(facts["origin"])
    if origin["posted_at"]:
        origin["posted_at"] = datetime.fromisoformat(origin["posted_at"])
    rest = {name: value for name, value in facts.items() if name not in {"origin", "surface"}}
    return Submission(surface=Surface(facts["surface"]), origin=Origin(**origin), **rest)
