"""Looking at the strip of a spot check: six stills, written down before their first byte.

In comes who, which draw and which still; out goes a small WebP picture made in the jail. Only a
strip that waits is shown, to whoever has it now, within their exposure limits, and never one of
a broadcast that is private by now. Stills are grey, 480 pixels at most: there is nothing larger.
Fed by `web.pages.spots`. Tests: `tests/integration/test_spots.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from breakwater.errors import (
    AuditUnavailable,
    BadInput,
    Conflict,
    DatabaseUnavailable,
    DiskFull,
    NotAllowed,
    NotFound,
)
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id
from breakwater.model.media import Level
from breakwater.model.spot import Strip
from breakwater.model.upload import Surface
from breakwater.records import spots, streams
from breakwater.records.database import Tx
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

HELD: Final = timedelta(minutes=5)
"""How long a look keeps a strip for the one who looks."""

TYPE: Final = "image/webp"
PRIVATE: Final = frozenset({Surface.PRIVATE.value, Surface.PROFILE.value})


class SpotViews(Room):
    """Shows strips, and nothing that is not written down."""

    def look(
        self, who: Principal, *, item: Id, frame: int, level: Level, reason: str,
        device: str = "",
    ) -> Look:  # fmt: skip
        """Show one still of a strip.

        Args:
            who: a person whose role looks at strips.
            item: the draw.
            frame: which still, from 0.
            level: how large; S3 at most.
            reason: why.
            device: id of the workstation it is shown on.

        Raises:
            NotAllowed: not by this role.
            NotFound: it was answered, or is gone.
            Conflict: somebody else looks at it.
            ExposureLimit: it is time for a break, or the day is done.
            AuditUnavailable: it cannot be written down, so it is not shown.
        """
        person = _spotter(who, level)
        shown, view = self._commit(
            person, frames=((item, frame),), level=level, reason=of_one(frame, reason),
            device=device,
        )  # fmt: skip
        return self._showing.look(who, view, shown[0], level)

    def stills(
        self, who: Principal, *, frames: Sequence[tuple[Id, int]], device: str = ""
    ) -> list[Still]:
        """Show the grey 32 × 18 stills of a strip; one row for all of them.

        Raises:
            NotAllowed: not by this role.
            Conflict: somebody else looks at it.
            ExposureLimit: it is time for a break.
            AuditUnavailable: it cannot be written down, so nothing is shown.
        """
        person = _spotter(who, Level.S1)
        of_page(frames)
        shown, _ = self._commit(
            person, frames=tuple(frames), level=Level.S1, reason="stills of a spot check",
            device=device,
        )  # fmt: skip
        made = self._showing.stills(who, shown)
        return [replace(one, frame=at) for one, (_, at) in zip(made, frames, strict=True)]

    def _commit(
        self, person: Id, *, frames: tuple[tuple[Id, int], ...], level: Level, reason: str,
        device: str,
    ) -> tuple[list[Shown], Id]:  # fmt: skip
        """Hold, exposure and audit row, durable when this returns."""
        try:
            with self._db.transaction() as tx:
                found = {item: _public(tx, item) for item, _ in frames}
                said = [_shown(found[item], frame) for item, frame in frames]
                for strip in found.values():
                    self._exposure.check(tx, person, strip.draw, level, severity=Severity.UNKNOWN)
                    _hold(tx, strip, person)
                view = self._showing.write_down(
                    tx, person, said, level=level, reason=reason, device=device
                )
        except (DatabaseUnavailable, DiskFull) as error:
            raise AuditUnavailable from error
        return [replace(one, frame=0) for one in said], view


def _spotter(who: Principal, level: Level) -> Id:
    person = permitted(who, level)
    if not who.may(Permission.STREAM_CONTROL):
        raise NotAllowed("Spot checks are for people who look at pictures and stop broadcasts.")
    if level.colour:
        raise BadInput("The stills of a spot check are grey and small.")
    return person


def _public(tx: Tx, item: Id) -> Strip:
    strip = spots.shown(tx, item)
    if streams.get(tx, strip.stream).surface in PRIVATE:
        raise NotFound("This stream is private now; its spot check is gone.")
    return strip


def _hold(tx: Tx, strip: Strip, person: Id) -> None:
    """Keep it for whoever looks, so that two people do not see what one is enough for."""
    other = strip.held_by is not None and strip.held_by != person
    if other and strip.held_until is not None and strip.held_until > tx.now:
        raise Conflict("Somebody else looks at this spot check. Take the next one.")
    spots.hold(tx, strip, by=person, until=tx.now + HELD)


def _shown(strip: Strip, frame: int) -> Shown:
    """A still by its place in the strip; each is a file of its own."""
    if frame >= len(strip.stills):
        raise NotFound(f"This strip has {len(strip.stills)} stills.")
    return Shown(strip.draw, frame, strip.stills[frame], TYPE)
