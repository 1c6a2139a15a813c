"""Sets of uploads: what cases confirmed or doubt goes to graders, like any other set.

In come ids of uploads whose bytes are kept; out comes an open set. Each is decoded once more for
its picture hash, so that copies and near copies are joined; nothing is copied in the vault, and
what is shredded with its case is gone here too. Fed by `web.api.grade_sets`. Tests:
`tests/integration/test_gradeset.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from breakwater.errors import BadInput, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.grading import MOST_GRADERS, GradeSet, SetState, item_id
from breakwater.model.ids import Id
from breakwater.model.media import MediaLimits
from breakwater.model.upload import Upload
from breakwater.recognition.screen import Screener
from breakwater.records import gradesets, uploads
from breakwater.records.database import Database
from breakwater.records.vault import Vault
from breakwater.review.grading.looks import every_look
from breakwater.review.grading.placing import Prepared, draft, placed
from breakwater.review.grading.sources import SourceRow

FORM: Final = "uploads"
MOST: Final = 200
"""Uploads of one set: what is decoded while somebody waits for the answer."""


class Gather:
    """Makes sets of uploads."""

    def __init__(
        self, *, db: Database, vault: Vault, screener: Screener, limits: MediaLimits | None = None
    ) -> None:
        self._db = db
        self._vault = vault
        self._screener = screener
        self._limits = limits or MediaLimits(max_wall_s=20.0)

    def gather(
        self, who: Principal, name: str, wanted: Sequence[Id], *, graders: int = 1,
        digest: str = "",
    ) -> GradeSet:  # fmt: skip
        """Make an open set of uploads, in their order; one of this digest is answered as it is.

        Raises:
            NotAllowed: not by this role.
            BadInput: none or too many, or one whose bytes are not kept.
        """
        if not who.may(Permission.GRADE_QA):
            raise NotAllowed("Sets are made by those who answer for quality.")
        ids = list(dict.fromkeys(wanted))
        if not 0 < len(ids) <= MOST or not 1 <= graders <= MOST_GRADERS:
            raise BadInput(f"A set has 1 to {MOST} uploads and 1 to {MOST_GRADERS} graders.")
        with self._db.read() as tx:
            found = uploads.many(tx, ids)
        if any(one not in found or found[one].blob is None for one in ids):
            raise BadInput("The bytes of one of these uploads are not kept.")
        read = [(found[one], self._read(found[one], row)) for row, one in enumerate(ids, start=1)]
        looks = every_look(self._db)
        with self._db.transaction() as tx:
            tx.lock_changes()
            made = gradesets.start(
                tx, name=name, source="cases", form=FORM, by=who.id, graders=graders,
                digest=digest,
            )  # fmt: skip
            if made.total:
                return made
            first = gradesets.take_numbers(tx, len(read))
            drafts = [
                replace(draft(one, made), upload=upload.id, blob=upload.blob, size=upload.size)
                for upload, one in read
            ]
            first_of = gradesets.same_file(tx, [d.sha256 for d in drafts if d.sha256])
            items = [
                placed(replace(one, number=first + at, id=item_id(first + at)), first_of, looks)
                for at, one in enumerate(drafts)
            ]
            gradesets.add(tx, items)
            tx.audit(who.id, "grade_set.gather", made.id, number=made.number, items=len(items))
            return gradesets.set_state(tx, made.number, SetState.OPEN)

    def _read(self, upload: Upload, row: int) -> Prepared:
        """Decode one upload anew; what banks it matched is known and decides nothing here."""
        declared = upload.type or upload.declared_type
        with self._vault.open(Id(str(upload.blob))) as source:
            outcome = self._screener.fingerprint(
                source, declared=declared, limits=self._limits, lane=FORM
            )
        return Prepared(SourceRow(row), outcome=outcome)
