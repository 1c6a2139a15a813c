"""Looking at media that links are sought for: written down before the first byte.

In comes who, which medium, which moment of it and how large; out goes a small WebP picture made in
the jail. Nobody needs a case to compare two media, so the right is that of links (law, "who may see
what"), the clock of exposure and the audit row are the same as everywhere. What is held by nobody
else stays with its case: a look takes no lease. Fed by `web.pages.link_looks`. Tests:
`tests/integration/test_link_views.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from breakwater.errors import (
    AuditUnavailable,
    BadInput,
    DatabaseUnavailable,
    DiskFull,
    NotAllowed,
    NotFound,
)
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id
from breakwater.model.media import Level
from breakwater.records import cases, link_lists
from breakwater.records.database import Tx
from breakwater.records.link_lists import MediumLine
from breakwater.review.looking import severity
from breakwater.review.looking.policy import Severity
from breakwater.review.looking.showing import (
    Look,
    Room,
    Shown,
    Still,
    of_one,
    of_page,
    permitted,
)

REASON: Final = "stills of links"


class LinkViews(Room):
    """Shows media of links, and nothing that is not written down."""

    def look(
        self, who: Principal, *, item: Id, frame: int, level: Level, reason: str,
        device: str = "",
    ) -> Look:  # fmt: skip
        """Show one moment of a medium.

        Args:
            who: a person whose role looks at links and at pictures.
            item: the medium.
            frame: milliseconds from its start; 0 for a picture.
            level: how large; S3 at most.
            reason: why.
            device: id of the workstation it is shown on.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such medium, or its bytes are gone.
            ExposureLimit: it is time for a break, or the day is done.
            AuditUnavailable: it cannot be written down, so it is not shown.
        """
        person = _seeker(who, level)
        made = self._commit(
            person, frames=((item, frame),), level=level, reason=of_one(frame, reason),
            device=device,
        )  # fmt: skip
        if made is None:
            raise NotFound("The bytes of this medium are not kept any more.")
        return self._showing.look(who, made[1], made[0][0], level)

    def stills(
        self, who: Principal, *, frames: Sequence[tuple[Id, int]], device: str = ""
    ) -> list[Still]:
        """Show the grey 32 × 18 stills of a page; one row for all of them.

        What is not kept any more has none.

        Raises:
            NotAllowed: not by this role.
            NotFound: one of them is no medium.
            ExposureLimit: it is time for a break.
            AuditUnavailable: it cannot be written down, so nothing is shown.
        """
        person = _seeker(who, Level.S1)
        of_page(frames)
        made = self._commit(
            person, frames=tuple(frames), level=Level.S1, reason=REASON, device=device
        )
        return [] if made is None else self._showing.stills(who, made[0])

    def _commit(
        self, person: Id, *, frames: tuple[tuple[Id, int], ...], level: Level, reason: str,
        device: str,
    ) -> tuple[list[Shown], Id] | None:  # fmt: skip
        """Exposure and audit row, durable when this returns; None: nothing of it is kept."""
        try:
            with self._db.transaction() as tx:
                found = {item: _kept(tx, item) for item, _ in frames}
                shown = [
                    _shown(found[item], frame) for item, frame in frames if _there(found[item])
                ]
                if not shown:
                    return None
                for one in (found[item] for item in dict.fromkeys(one.item for one in shown)):
                    self._exposure.check(
                        tx, person, one.case or one.id, level, severity=_severity(tx, one)
                    )
                view = self._showing.write_down(
                    tx, person, shown, level=level, reason=reason, device=device
                )
        except (DatabaseUnavailable, DiskFull) as error:
            raise AuditUnavailable from error
        return shown, view


def _seeker(who: Principal, level: Level) -> Id:
    person = permitted(who, level)
    if not who.may(Permission.LINK_READ):
        raise NotAllowed("Links are for people who look for what belongs together.")
    if level.colour:
        raise BadInput("Media of links are shown grey and small. Open the case for more.")
    return person


def _kept(tx: Tx, item: Id) -> MediumLine:
    found = link_lists.medium_of(tx, item)
    if found is None:
        raise NotFound("There is no medium of this id.")
    return found


def _there(one: MediumLine) -> bool:
    return one.blob is not None and one.gone_at is None


def _severity(tx: Tx, one: MediumLine) -> Severity:
    """As its case says; what belongs to none may be severe."""
    return (
        Severity.UNKNOWN if one.case is None else severity.of_look(tx, cases.get(tx, one.case), ())
    )


def _shown(one: MediumLine, frame: int) -> Shown:
    """A moment by its milliseconds; a picture has one frame."""
    still = one.media_type.startswith("image/")
    shown = Shown(one.id, frame, one.blob, one.media_type, within=0)
    return shown if still else replace(shown, time_s=frame / 1000)
