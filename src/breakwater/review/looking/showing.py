"""The one way a picture reaches a person: written down, then made small in the jail.

`write_down` is called in the transaction that decides whether a look may be; when it cannot be
kept, nothing is shown. `render` makes the WebP outside of it. Shared by `review.looking.views` (within a
case) and `review.looking.grade_views` (within a set). Tests: `tests/integration/test_review_views.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from breakwater.errors import BadInput, NotAllowed, NotFound
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Permission, Principal
from breakwater.model.clock import Clock, iso
from breakwater.model.ids import Id
from breakwater.model.media import Level, MediaLimits, Undecodable
from breakwater.model.viewing import CAP_MS
from breakwater.records import views
from breakwater.records.database import Database, Tx
from breakwater.records.vault import Vault
from breakwater.review.looking.exposure import ExposureClock

MOST_STILLS: Final = 24
"""Stills of one page (console specification §5, video strip)."""


@dataclass(frozen=True, slots=True)
class Look:
    """One frame on its way to one screen."""

    view: Id
    picture: bytes
    cap_ms: int = CAP_MS


@dataclass(frozen=True, slots=True)
class Still:
    """One small grey still, or why there is none."""

    item: Id
    frame: int
    picture: bytes = b""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is made into a picture.

    Attributes:
        blob: its bytes in the vault; None when they are gone.
        type: as it was declared or found.
        time_s: where a video's frame is, when that is known.
        within: number of the frame in its bytes, where they are not those of the whole item.
    """

    item: Id
    frame: int
    blob: Id | None
    type: str
    time_s: float | None = None
    within: int | None = None


class Showing:
    """Writes looks down and makes pictures."""

    def __init__(
        self, *, db: Database, vault: Vault, pool: JailPool, clock: Clock,
        limits: MediaLimits | None = None,
    ) -> None:  # fmt: skip
        self._db = db
        self._vault = vault
        self._pool = pool
        self._clock = clock
        self._limits = limits or MediaLimits(max_wall_s=20.0)

    def write_down(
        self, tx: Tx, person: Id, shown: Sequence[Shown], *, level: Level, reason: str,
        case: Id | None = None, **facts: Any,
    ) -> Id:  # fmt: skip
        """Keep who is about to see what, and answer the id of the look.

        Args:
            tx: committed before the first byte leaves.
            person: who.
            shown: one frame, or the stills of one page.
            level: how large.
            reason: why.
            case: in which case, where there is one.
            facts: for the audit log: where, on which workstation.
        """
        first = shown[0]
        others = tuple(dict.fromkeys(one.item for one in shown))[1:]
        view = views.start(
            tx, person=person, item=first.item, case=case, others=others, frame=first.frame,
            level=level, reason=reason, cap_ms=CAP_MS if level.watermarked else 0,
        )  # fmt: skip
        tx.audit(
            person,
            "view.start" if level.watermarked else "view.stills",
            view.id,
            level=level.value,
            reason=reason,
            items=[f"{one.item} {one.frame}" for one in shown],
            **facts,
        )
        return view.id

    def look(self, who: Principal, view: Id, shown: Shown, level: Level) -> Look:
        """Make the one picture of a look.

        Raises:
            NotFound: its bytes are gone, or cannot be read; the look costs nothing then.
        """
        picture = self._render(who, shown, level)
        if isinstance(picture, Undecodable):
            with self._db.transaction() as tx:
                views.end(tx, view, ms=0)
                tx.audit(who.id, "view.end", view, ms=0)
            raise NotFound(picture.reason.words)
        return Look(view, picture)

    def stills(self, who: Principal, shown: Sequence[Shown]) -> list[Still]:
        """Make the stills of a page; one that cannot be read says so and keeps its place."""
        made = []
        for one in shown:
            picture = self._render(who, one, Level.S1)
            if isinstance(picture, Undecodable):
                made.append(Still(one.item, one.frame, words=picture.reason.words))
            else:
                made.append(Still(one.item, one.frame, picture))
        return made

    def _render(self, who: Principal, shown: Shown, level: Level) -> bytes | Undecodable:
        if shown.blob is None:
            raise NotFound("The bytes of this item are not kept.")
        frame = shown.frame if shown.within is None else shown.within
        mark = f"{who.name} {iso(self._clock.now())}"
        with self._vault.open(shown.blob) as source:
            return self._pool.still(
                source, declared=shown.type, limits=self._limits, frame=frame,
                level=level, watermark=mark, time_s=shown.time_s, lane=f"view {who.id}",
            )  # fmt: skip


class Room:
    """What each place stands on where people look: the one way to show, and the clock of exposure."""

    def __init__(
        self, *, db: Database, vault: Vault, pool: JailPool, clock: Clock,
        exposure: ExposureClock, limits: MediaLimits | None = None,
    ) -> None:  # fmt: skip
        self._db = db
        self._exposure = exposure
        self._showing = Showing(db=db, vault=vault, pool=pool, clock=clock, limits=limits)


def permitted(who: Principal, level: Level) -> Id:
    """The person, if their role shows pictures of this size.

    Raises:
        NotAllowed: it does not.
    """
    if who.person is None or not who.may(Permission.MEDIA_VIEW):
        raise NotAllowed("Your role works without pictures.")
    if level.colour and not who.may(Permission.MEDIA_COLOUR):
        raise NotAllowed("Colour and full size need a permission of their own.")
    return who.person


def of_page(frames: Sequence[tuple[Id, int]]) -> None:
    """Refuse a page of stills that is none.

    Raises:
        BadInput: too many, none, or a negative frame.
    """
    if not 0 < len(frames) <= MOST_STILLS or any(frame < 0 for _, frame in frames):
        raise BadInput(f"A page has 1 to {MOST_STILLS} stills.")


def of_one(frame: int, reason: str) -> str:
    """The reason of a look as it is kept.

    Raises:
        BadInput: a negative frame, or no reason.
    """
    if frame < 0 or not reason.strip():
        raise BadInput("A look names a frame from 0 and a reason.")
    return reason.strip()[:200]
