"""Looking within a set that is graded: like `review.looking.views`, for an item one was given.

Nobody browses a set: a grader sees the items they hold or have answered, at S1 the next one
too, because it is given to them ahead. Exposure, with how severe the item is known to be, and
audit row are committed before the first byte. Fed by `web.pages.grade`. Tests: `tests/integration/test_grade_views.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from breakwater.errors import AuditUnavailable, DatabaseUnavailable, DiskFull, NotAllowed, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.grading import GradeItem, item_number
from breakwater.model.ids import Id
from breakwater.model.media import Level
from breakwater.records import gradesets, grading
from breakwater.records.database import Tx
from breakwater.review.looking import severity
from breakwater.review.looking.showing import (
    Look,
    Room,
    Shown,
    Still,
    of_one,
    of_page,
    permitted,
)


class GradeViews(Room):
    """Shows graders what they were given, and nothing that is not written down."""

    def look(
        self, who: Principal, *, set_number: int, item: Id, frame: int, level: Level,
        reason: str, device: str = "",
    ) -> Look:  # fmt: skip
        """Show one frame of an item.

        Args:
            who: a grader.
            set_number: of the set the item belongs to.
            item: one they were given.
            frame: which one, from 0.
            level: how large.
            reason: why.
            device: id of the workstation it is shown on.

        Raises:
            NotAllowed: not by this role, or they were not given this item.
            ExposureLimit: it is time for a break, or the day is done.
            AuditUnavailable: it cannot be written down, so it is not shown.
            NotFound: no such item, or its bytes are gone.
        """
        person = _grader(who, level)
        shown, view = self._commit(
            person, set_number, items=((item, frame),), level=level,
            reason=of_one(frame, reason), device=device,
        )  # fmt: skip
        return self._showing.look(who, view, shown[0], level)

    def stills(
        self, who: Principal, *, set_number: int, frames: Sequence[tuple[Id, int]],
        device: str = "",
    ) -> list[Still]:  # fmt: skip
        """Show up to 24 grey 32 × 18 stills of items; one row for all of them.

        Raises:
            NotAllowed: not by this role, or they were not given one of them.
            ExposureLimit: it is time for a break.
            AuditUnavailable: it cannot be written down, so nothing is shown.
        """
        person = _grader(who, Level.S1)
        of_page(frames)
        shown, _ = self._commit(
            person, set_number, items=tuple(frames), level=Level.S1,
            reason="stills of the set", device=device,
        )  # fmt: skip
        return self._showing.stills(who, shown)

    def _commit(
        self, person: Id, set_number: int, *, items: tuple[tuple[Id, int], ...], level: Level,
        reason: str, device: str,
    ) -> tuple[list[Shown], Id]:  # fmt: skip
        """Exposure and audit row, durable when this returns."""
        try:
            with self._db.transaction() as tx:
                one = gradesets.get(tx, set_number)
                found = [_given(tx, set_number, item, person) for item, _ in items]
                shown = [_shown(item, frame) for item, (_, frame) in zip(found, items, strict=True)]
                self._exposure.check(
                    tx, person, found[0].id, level, severity=severity.of_items(tx, found)
                )
                view = self._showing.write_down(
                    tx, person, shown, level=level, reason=reason, set=one.id, device=device
                )
                return shown, view
        except (DatabaseUnavailable, DiskFull) as error:
            raise AuditUnavailable from error


def _grader(who: Principal, level: Level) -> Id:
    person = permitted(who, level)
    if not who.may(Permission.GRADE_WRITE):
        raise NotAllowed("Pictures of a set are shown to its graders.")
    return person


def _given(tx: Tx, set_number: int, item: Id, person: Id) -> GradeItem:
    """The item, if it is of this set and was given to this person."""
    number = item_number(item)
    if number is None:
        raise NotFound("There is no item of this id.")
    found = gradesets.item(tx, number)
    given = grading.part_of(tx, number, person) is not None or _leads(tx, number, person)
    if found.set != set_number or not given:
        raise NotAllowed("This item was not given to you; take the next one.")
    return found


def _leads(tx: Tx, number: int, person: Id) -> bool:
    """Whether near copies of this item were given to somebody, who compares them with it."""
    members = gradesets.stack(tx, number).members
    return any(grading.part_of(tx, one.number, person) is not None for one in members)


def _shown(item: GradeItem, frame: int) -> Shown:
    """The frame, with its place by the clock of the file where frames are evenly spaced."""
    if frame >= max(1, item.frames):
        raise NotFound(f"This item has {max(1, item.frames)} frames.")
    every = item.duration_s / item.frames if item.frames and item.duration_s else None
    return Shown(item.id, frame, item.blob, item.type, None if every is None else frame * every)
