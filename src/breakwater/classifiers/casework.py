"""What a case is about, scored by the classifiers that are on: a higher place, never a verdict.

A case about an upload opens; some time later, in a job, frames of the preserved file are decoded
in the jail and scored there. The sums stand on the case; a score at the threshold makes the case
one step more urgent, `high` at most, once. Without a case nothing is scored: a score opens none.
A classifier that gives no score is written down as such. Fed by `handlers`; tests:
`tests/integration/test_classifier_cases.py`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Final

from breakwater.errors import NotFound
from breakwater.media.sandbox import JailPool
from breakwater.model.case import Case, CaseKind, CaseState, Priority
from breakwater.model.classifier import Picture, Score, Tally
from breakwater.model.event import Event
from breakwater.model.ids import Id
from breakwater.model.media import MediaLimits, Undecodable
from breakwater.model.ports import Blob
from breakwater.model.upload import Upload
from breakwater.recognition.scoring import Scorers
from breakwater.records import cases, classifiers, jobs, uploads
from breakwater.records.database import Database, Tx

JOB: Final = "classifiers.case"
FRAMES: Final = 8
"""Of a video, evenly over its length."""
LANE: Final = "classifiers"
BY: Final = "classifier"
KINDS: Final = frozenset({CaseKind.UPLOAD, CaseKind.RETROACTIVE, CaseKind.REPORT})
"""Cases that may be about an upload."""


class Casework:
    """Scores what cases are about."""

    def __init__(
        self, *, db: Database, vault: Blob, pool: JailPool, scorers: Scorers, limits: MediaLimits,
        on: bool,
    ) -> None:  # fmt: skip
        """Take what it stands on.

        Args:
            db: the database.
            vault: where preserved uploads lie.
            pool: decodes them.
            scorers: the classifiers that are on.
            limits: of the decode.
            on: the switch of the whole.
        """
        self._db, self._vault, self._pool = db, vault, pool
        self._scorers, self._limits, self._on = scorers, limits, on

    def on_opened(self, event: Event) -> None:
        """A case opened: score what it is about, when there is time."""
        if not self._on:
            return
        with self._db.transaction() as tx:
            if classifiers.wanted(tx) and cases.get(tx, event.subject).kind in KINDS:
                jobs.enqueue(
                    tx, JOB, {"case": event.subject}, dedup_key=f"classifiers:{event.subject}"
                )

    def run(self, case: Id) -> None:
        """Score what a case is about; idempotent."""
        with self._db.read() as tx:
            found = cases.get(tx, case)
            upload = _upload(tx, found)
        if upload is None or upload.blob is None or found.state is CaseState.CLOSED:
            return
        scores = [
            score
            for picture in self._pictures(upload)
            for score in self._scorers.score(picture, upload.origin.jurisdiction)
        ]
        with self._db.transaction() as tx:
            tx.lock_changes()
            self._keep(tx, upload, scores)
            self._raise(tx, case, [one for one in scores if one.over])

    def _pictures(self, upload: Upload) -> Sequence[Picture]:
        """Frames of the preserved file; none when it cannot be decoded: a person has it anyway."""
        side = self._scorers.side
        if not side or upload.blob is None:
            return ()
        try:
            with self._vault.open(upload.blob) as kept, tempfile.TemporaryFile() as file:
                while part := kept.read(1 << 20):
                    file.write(part)
                file.seek(0)
                found = self._pool.pixels(
                    file, declared=upload.declared_type, limits=self._limits, side=side,
                    most=FRAMES, lane=LANE,
                )  # fmt: skip
        except NotFound:
            return ()
        return () if isinstance(found, Undecodable) else found

    @staticmethod
    def _keep(tx: Tx, upload: Upload, scores: Sequence[Score]) -> None:
        sums: dict[Id, Tally] = {}
        for one in scores:
            known = sums.get(one.classifier, Tally(one.classifier, upload.id))
            sums[one.classifier] = known.with_score(one, tx.now)
        classifiers.keep(tx, sums.values())

    @staticmethod
    def _raise(tx: Tx, case: Id, over: Sequence[Score]) -> None:
        """One step more urgent, once: a second run changes nothing."""
        found = cases.get(tx, case)
        raised = {Priority.LOW: Priority.MEDIUM, Priority.MEDIUM: Priority.HIGH}
        to = raised.get(found.priority)
        if not over or to is None or found.state is CaseState.CLOSED:
            return
        if any(step.by == BY for step in cases.history(tx, case)):
            return
        best = max(over, key=lambda one: one.value)
        cases.set_priority(tx, case, to, by=BY, reason=best.words)


def _upload(tx: Tx, case: Case) -> Upload | None:
    if case.kind not in KINDS:
        return None
    try:
        return uploads.get(tx, case.subject)
    except NotFound:
        return None
