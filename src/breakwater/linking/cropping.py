"""Cut-outs of things for public appeals: no person in them, two people, nothing but pixels.

In: a medium that is kept, a moment, a box and a purpose. Where a likeness model may be asked here, a
box that a face touches is refused; in any case another person looks at exactly this cut-out
(`review.looking.crop_views`, written down) and says that nobody is in it. Out: a PNG of pixels alone
with its SHA-256, each export an audit row. Fed by `web.api.link_crops`; tests:
`tests/contract/test_link_crops.py`.
"""

from __future__ import annotations

import hashlib
import io
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from breakwater.errors import BadInput, Conflict, NotAllowed, NotFound
from breakwater.media.plain_png import plain_png
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Permission, Principal
from breakwater.model.classifier import Picture
from breakwater.model.ids import Id, new_id
from breakwater.model.link import Medium
from breakwater.model.link_crop import Box, Crop, CropState
from breakwater.model.media import MediaLimits, Undecodable
from breakwater.records import approvals, link_crops, link_media, views
from breakwater.records.database import Database, Tx
from breakwater.records.vault import Vault

KIND: Final = "links.crop"
"""Kind of the approval."""

LEAST: Final = 32
"""Pixels of a cut-out's shorter side: less shows nothing."""
LARGEST: Final = 2048
SIDE: Final = 1080
"""Shorter side of the picture in which faces are sought."""

People = Callable[[Picture, Box], bool | None]


@dataclass(frozen=True, slots=True)
class Exported:
    """A cut-out on its way out."""

    crop: Crop
    png: bytes
    sha256: str


class Cropping:
    """Makes cut-outs by two people."""

    def __init__(
        self, *, db: Database, vault: Vault, pool: JailPool, limits: MediaLimits, people: People
    ) -> None:
        """Take what it stands on; `people` says whether a face touches a box, None: nobody asked."""
        self._db, self._vault, self._pool = db, vault, pool
        self._limits, self._people = limits, people

    def propose(
        self, by: Principal, medium: int, *, time_s: float, box: Box, purpose: str
    ) -> Crop:  # fmt: skip
        """Cut a thing out; another person looks at it and agrees.

        Args:
            by: the first person.
            medium: its number.
            time_s: seconds from its start; 0 of a picture.
            box: 0 to 1 of the picture's sides.
            purpose: of the appeal.

        Raises:
            NotAllowed: not by a person who judges links.
            NotFound: no such medium, or its bytes are gone.
            BadInput: a box that is none or too small, no purpose, or it cannot be decoded.
            Conflict: a face touches the box.
            Unfit: a likeness model may be asked and does not answer: nothing is cut.
        """
        person, words = _maker(by), purpose.strip()
        _check(box, time_s)
        if not 3 <= len(words) <= 500:
            raise BadInput("Say what the appeal is about.")
        with self._db.read() as tx:
            found = link_media.get(tx, medium)
        whole, part = self._cut(found, time_s, box)
        if self._people(whole, box):
            raise Conflict("A face touches this box. Cut out a thing without anybody.")
        blob = self._vault.put(io.BytesIO(plain_png(part.pixels)), purpose="evidence")
        with self._db.transaction() as tx:
            tx.lock_changes()
            if link_media.get(tx, medium).gone_at is not None:
                raise NotFound("The bytes of this medium are not kept any more.")
            made = new_id()
            facts = {"medium": medium, "time_s": round(time_s, 3), "box": list(box)}
            wish = approvals.propose(
                tx, kind=KIND, subject=made, by=person, reason=words, facts=facts
            )
            kept = link_crops.add(
                tx, made, medium=medium, time_s=time_s, box=box, purpose=words, blob=blob,
                by=person, approval=wish.id,
            )  # fmt: skip
            tx.audit(by.id, "links.crop_propose", made, **facts, purpose=words[:200])
            return kept

    def every(self, media: list[int] | None = None) -> list[Crop]:
        """Cut-outs of some media, or the newest of all."""
        with self._db.read() as tx:
            return link_crops.newest(tx) if media is None else link_crops.of_media(tx, media)

    def get(self, crop: Id) -> tuple[Crop, CropState]:
        """One, and where it stands now. Raises `NotFound`."""
        with self._db.read() as tx:
            found = link_crops.get(tx, crop)
            return found, found.state(tx.now)

    def confirm(self, by: Principal, crop: Id, *, nobody: bool) -> Crop:
        """Say as second person that nobody is in it, having looked at exactly this cut-out.

        Raises:
            NotAllowed: not by a person who judges links.
            NotFound: no such cut-out, or nothing waits.
            NeedsSecondPerson: the person who made it.
            BadInput: it is not said that nobody is in it.
            Conflict: this person has not looked at it.
        """
        person = _maker(by)
        if not nobody:
            raise BadInput("Say that nobody is in it, or refuse it.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            link_crops.get(tx, crop)
            agreed = approvals.confirm(tx, kind=KIND, subject=crop, by=person)
            if not _looked(tx, crop, person):
                raise Conflict("Look at this cut-out first: what you say is about what you saw.")
            made = link_crops.agreed(tx, crop, person)
            tx.audit(by.id, "links.crop_agree", crop, first=agreed.by, nobody=True)
            return made

    def refuse(self, by: Principal, crop: Id) -> Crop:
        """Say no, or take one's own back: its bytes are destroyed. Raises `NotFound`."""
        person = _maker(by)
        with self._db.transaction() as tx:
            tx.lock_changes()
            link_crops.get(tx, crop)
            approvals.refuse(tx, kind=KIND, subject=crop, by=person)
            made = link_crops.refused(tx, crop)
            tx.audit(by.id, "links.crop_refuse", crop)
            return made

    def export(self, by: Principal, crop: Id) -> Exported:
        """Hand out a cut-out that two people agreed to; each time is an audit row.

        Raises:
            NotAllowed: not by a person who judges links.
            NotFound: no such cut-out.
            Conflict: two people have not agreed to it.
        """
        _maker(by)
        with self._db.read() as tx:
            found = link_crops.get(tx, crop)
        if found.kept is not CropState.AGREED or found.blob is None:
            raise Conflict("Two people have not agreed to this cut-out.")
        with self._vault.open(found.blob) as file:
            png = file.read()
        sha256 = hashlib.sha256(png).hexdigest()
        with self._db.transaction() as tx:
            tx.lock_changes()
            kept = link_crops.left(tx, crop)
            tx.audit(
                by.id, "links.crop_export", crop, medium=kept.medium, sha256=sha256,
                purpose=kept.purpose[:200],
            )  # fmt: skip
        return Exported(kept, png, sha256)

    def _cut(self, medium: Medium, time_s: float, box: Box) -> tuple[Picture, Picture]:
        """The whole picture, small, and the part as large as it is."""
        if medium.blob is None or medium.gone_at is not None:
            raise NotFound("The bytes of this medium are not kept any more.")
        found: list[Picture] = []
        with self._vault.open(medium.blob) as kept, tempfile.TemporaryFile() as file:
            while piece := kept.read(1 << 20):
                file.write(piece)
            for side, part in ((SIDE, None), (LARGEST, list(box))):
                file.seek(0)
                made = self._pool.pixels(
                    file, declared=medium.media_type, limits=self._limits, side=side, most=1,
                    lane="links.crop", at_s=time_s, box=part,
                )  # fmt: skip
                if isinstance(made, Undecodable) or not made:
                    why = made.reason.words if isinstance(made, Undecodable) else ""
                    raise BadInput(f"There is no picture at this moment. {why}".strip())
                found.append(made[0])
        whole, cut = found
        if min(cut.pixels.shape[:2]) < LEAST:
            raise BadInput(f"A cut-out has {LEAST} pixels a side at least.")
        return whole, cut


def _looked(tx: Tx, crop: Id, person: Id) -> bool:
    """Whether this person was shown this cut-out, large enough to see somebody in it."""
    return any(
        one.person == person and one.level.watermarked and one.ms != 0
        for one in views.of_item(tx, crop)
    )


def _check(box: Box, time_s: float) -> None:
    x, y, w, h = box
    if not all(math.isfinite(one) for one in (*box, time_s)) or not 0 <= time_s < 1e6:
        raise BadInput("A box and a moment are numbers.")
    if min(x, y) < 0 or min(w, h) <= 0 or max(x + w, y + h) > 1.0001:
        raise BadInput("A box lies within the picture: x, y, width and height from 0 to 1.")


def _maker(by: Principal) -> Id:
    if by.person is None or not by.may(Permission.LINK_WRITE):
        raise NotAllowed("Cut-outs are made by two people who judge links; a key cannot.")
    return by.person
