"""Looking at a cut-out for a public appeal: exactly its bytes, written down before the first one.

In comes who, which cut-out, how large and why; out goes a WebP picture made in the jail, with the
viewer's name in it. Who agrees to a cut-out has looked at it here (`linking.cropping`). Fed by
`web.api.link_crops`. Tests: `tests/integration/test_link_crops_api.py`.
"""

from __future__ import annotations

from breakwater.errors import (
    AuditUnavailable,
    DatabaseUnavailable,
    DiskFull,
    NotAllowed,
    NotFound,
)
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id
from breakwater.model.media import Level
from breakwater.records import link_crops
from breakwater.review.looking.policy import Severity
from breakwater.review.looking.showing import Look, Room, Shown, of_one, permitted


class CropViews(Room):
    """Shows cut-outs, and nothing that is not written down."""

    def look(
        self, who: Principal, *, crop: Id, level: Level, reason: str, device: str = ""
    ) -> Look:
        """Show one.

        Args:
            who: a person who judges links and sees pictures.
            crop: which.
            level: how large: S3 is grey, S4 in colour.
            reason: why.
            device: id of the workstation it is shown on.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such cut-out, or its bytes are gone.
            ExposureLimit: it is time for a break, or the day is done.
            AuditUnavailable: it cannot be written down, so it is not shown.
        """
        person, said = permitted(who, level), of_one(0, reason)
        if not who.may(Permission.LINK_WRITE):
            raise NotAllowed("Cut-outs are for people who judge links.")
        try:
            with self._db.transaction() as tx:
                found = link_crops.get(tx, crop)
                if found.blob is None:
                    raise NotFound("This cut-out is not kept any more.")
                self._exposure.check(tx, person, crop, level, severity=Severity.UNKNOWN)
                shown = Shown(crop, 0, found.blob, "image/png", within=0)
                view = self._showing.write_down(
                    tx, person, [shown], level=level, reason=said, device=device
                )
        except (DatabaseUnavailable, DiskFull) as error:
            raise AuditUnavailable from error
        return self._showing.look(who, view, shown, level)
