"""Looking within a case: one frame of one item on one screen, written down before its first byte.

In comes who, which item and frame of which case, how large, and why; out goes a small WebP
picture made in the jail. Lease, exposure and audit row are committed first (console
specification §10): if any of them cannot be, nothing is shown. A look whose end nobody tells
is charged in full at its cap. An admin never sees media (law, "who may see what"). Fed by
`web.pages.looking`; tested by `tests/integration/test_review_views.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from breakwater.errors import (
    AuditUnavailable,
    Conflict,
    DatabaseUnavailable,
    DiskFull,
    NotAllowed,
)
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Case, CaseKind, CaseState
from breakwater.model.ids import Id
from breakwater.model.media import Level
from breakwater.model.upload import Upload
from breakwater.records import cases, people, uploads, views
from breakwater.records.database import Tx
from breakwater.review.looking import live_stills, policy, severity
from breakwater.review.looking.showing import (
    MOST_STILLS,
    Look,
    Room,
    Shown,
    Still,
    of_one,
    of_page,
    permitted,
)

__all__ = ["LEASE", "MOST_STILLS", "Look", "Still", "Views"]

LEASE: Final = timedelta(minutes=10)
"""How long a look keeps a case for the one who looks."""


class Views(Room):
    """Shows frames, and nothing that is not written down."""

    def look(
        self, who: Principal, *, case: Id, item: Id, frame: int, level: Level, reason: str,
        device: str = "",
    ) -> Look:  # fmt: skip
        """Show one frame.

        Args:
            who: a person whose role shows pictures.
            case: that the item belongs to; it is kept for whoever looks.
            item: what of it.
            frame: which one, from 0.
            level: how large.
            reason: why, in their words.
            device: id of the workstation it is shown on.

        Raises:
            NotAllowed: not by this role, or not of this case.
            Conflict: somebody else holds the case.
            ExposureLimit: it is time for a break, or the day is done.
            AuditUnavailable: it cannot be written down, so it is not shown.
            NotFound: no such item, or its bytes are gone.
        """
        person = _permitted(who, level)
        shown, view = self._commit(
            person, case=case, items=((item, frame),), level=level,
            reason=of_one(frame, reason), device=device,
        )  # fmt: skip
        return self._showing.look(who, view, shown[0], level)

    def stills(
        self, who: Principal, *, case: Id, frames: Sequence[tuple[Id, int]], device: str = ""
    ) -> list[Still]:
        """Show up to 24 grey 32 × 18 stills of one case; one row for all of them.

        Raises:
            NotAllowed: not by this role, or not of this case.
            ExposureLimit: it is time for a break.
            AuditUnavailable: it cannot be written down, so nothing is shown.
        """
        person = _permitted(who, Level.S1)
        of_page(frames)
        shown, _ = self._commit(
            person, case=case, items=tuple(frames), level=Level.S1,
            reason="stills of the case", device=device,
        )  # fmt: skip
        return self._showing.stills(who, shown)

    def end(self, who: Principal, view: Id, ms: int) -> None:
        """Say how long a frame was on screen; the first end counts.

        Raises:
            NotFound: no look of this person.
            BadInput: a negative time.
        """
        with self._db.transaction() as tx:
            before = views.get(tx, view)
            looked = views.end(tx, view, person=who.person or who.id, ms=ms)
            if before.ms is None:
                tx.audit(who.id, "view.end", view, ms=looked.charged_ms)

    def exposure(self, who: Principal) -> policy.Exposure:
        """Where a person stands."""
        return self._exposure.status(who)

    def _commit(
        self, person: Id, *, case: Id, items: tuple[tuple[Id, int], ...], level: Level,
        reason: str, device: str,
    ) -> tuple[list[Shown], Id]:  # fmt: skip
        """Lease, exposure and audit row, durable when this returns."""
        try:
            with self._db.transaction() as tx:
                held = cases.get(tx, case)
                found = [_of_case(tx, held, item, frame) for item, frame in items]
                uploaded = [upload for upload, _ in found if upload is not None]
                self._exposure.check(
                    tx, person, case, level, severity=severity.of_look(tx, held, uploaded)
                )
                _lease(tx, held, person, level)
                shown = [one for _, one in found]
                view = self._showing.write_down(
                    tx, person, shown, level=level, reason=reason, case=case, device=device
                )
                return shown, view
        except (DatabaseUnavailable, DiskFull) as error:
            raise AuditUnavailable from error


def _permitted(who: Principal, level: Level) -> Id:
    person = permitted(who, level)
    if not who.may(Permission.CASE_READ):
        raise NotAllowed("Pictures are shown within a case, and your role opens none.")
    return person


def _of_case(tx: Tx, case: Case, item: Id, frame: int) -> tuple[Upload | None, Shown]:
    """The item, if it belongs to the case: nobody browses the vault by way of another case."""
    if case.kind is CaseKind.STREAM and case.subject == item:
        return None, live_stills.of_pair(tx, item, frame)
    upload = uploads.get(tx, item)
    if upload.case != case.id and case.subject != item:
        raise NotAllowed("This item does not belong to the case.")
    return upload, _shown(upload, frame)


def _lease(tx: Tx, case: Case, person: Id, level: Level) -> None:
    """Keep the case for whoever looks; small stills ask for none."""
    theirs = case.held_by not in {None, person}
    if theirs and case.held_until is not None and case.held_until > tx.now:
        holder = people.get(tx, Id(str(case.held_by)))
        raise Conflict(f"This case is not yours. {holder.name} holds it.", held_by=holder.name)
    if level.watermarked and case.state is not CaseState.CLOSED:
        cases.hold(tx, case.id, by=person, until=tx.now + LEASE)


def _shown(upload: Upload, frame: int) -> Shown:
    return Shown(
        upload.id, frame, upload.blob, upload.type or upload.declared_type,
        _time_of(upload, frame),
    )  # fmt: skip


def _time_of(upload: Upload, frame: int) -> float | None:
    """Where a video's frame is, as its match says, so that the jail need not count to it."""
    for match in upload.verdict.matches if upload.verdict else ():
        if match.frame == frame:
            return match.time_s
        for number, seconds in match.moments:
            if number == frame:
                return seconds
    return None
