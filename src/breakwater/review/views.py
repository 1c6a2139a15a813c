"""Looking: one frame of one item on one screen, written down before its first byte.

In comes who, which item and frame of which case, how large, and why; out goes a small WebP
picture made in the jail. Lease, exposure and audit row are committed first (console
specification §10): if any of them cannot be, nothing is shown. A look whose end nobody tells
is charged in full at its cap. An admin never sees media (law, "who may see what"). Fed by
`web.pages.looking`; tested by `tests/contract/test_review_views.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Case, CaseState
from breakwater.model.clock import Clock, iso
from breakwater.model.ids import Id
from breakwater.model.media import Level, MediaLimits, Undecodable
from breakwater.model.upload import Upload
from breakwater.model.viewing import CAP_MS
from breakwater.observe import Metrics
from breakwater.records import cases, people, uploads, views
from breakwater.records.database import Database, Tx
from breakwater.records.vault import Vault
from breakwater.review import policy
from breakwater.review.exposure import ExposureClock

LEASE: Final = timedelta(minutes=10)
"""How long a look keeps a case for the one who looks."""

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


class Views:
    """Shows frames, and nothing that is not written down."""

    def __init__(
        self, *, db: Database, vault: Vault, pool: JailPool, clock: Clock, metrics: Metrics,
        exposure: ExposureClock, limits: MediaLimits | None = None,
    ) -> None:  # fmt: skip
        self._db = db
        self._vault = vault
        self._pool = pool
        self._clock = clock
        self._metrics = metrics
        self._exposure = exposure
        self._limits = limits or MediaLimits(max_wall_s=20.0)

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
        if frame < 0 or not reason.strip():
            raise BadInput("A look names a frame from 0 and a reason.")
        upload, view = self._commit(
            person, case=case, items=((item, frame),), level=level,
            reason=reason.strip()[:200], device=device,
        )  # fmt: skip
        picture = self._render(upload[0], frame, level, who)
        if isinstance(picture, Undecodable):
            self.end(who, view, 0)
            raise NotFound(picture.reason.words)
        return Look(view, picture)

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
        if not 0 < len(frames) <= MOST_STILLS or any(frame < 0 for _, frame in frames):
            raise BadInput(f"A page has 1 to {MOST_STILLS} stills.")
        found, _ = self._commit(
            person, case=case, items=tuple(frames), level=Level.S1,
            reason="stills of the case", device=device,
        )  # fmt: skip
        shown = []
        for upload, (item, frame) in zip(found, frames, strict=True):
            picture = self._render(upload, frame, Level.S1, who)
            if isinstance(picture, Undecodable):
                shown.append(Still(item, frame, words=picture.reason.words))
            else:
                shown.append(Still(item, frame, picture))
        return shown

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
    ) -> tuple[list[Upload], Id]:  # fmt: skip
        """Lease, exposure and audit row, durable when this returns."""
        try:
            with self._db.transaction() as tx:
                held = cases.get(tx, case)
                found = [_of_case(tx, held, item) for item, _ in items]
                self._exposure.check(tx, person, case, level, severe=_severe(found))
                _lease(tx, held, person, level)
                others = tuple(dict.fromkeys(item for item, _ in items))[1:]
                item, frame = items[0]
                view = views.start(
                    tx, person=person, item=item, case=case, others=others, frame=frame,
                    level=level, reason=reason, cap_ms=CAP_MS if level.watermarked else 0,
                )  # fmt: skip
                tx.audit(
                    person,
                    "view.start" if level.watermarked else "view.stills",
                    view.id,
                    case=case,
                    level=level.value,
                    reason=reason,
                    device=device,
                    items=[f"{name} {number}" for name, number in items],
                )
                return found, view.id
        except (DatabaseUnavailable, DiskFull) as error:
            raise AuditUnavailable from error

    def _render(
        self, upload: Upload, frame: int, level: Level, who: Principal
    ) -> bytes | Undecodable:
        if upload.blob is None:
            raise NotFound("The bytes of this item are not kept.")
        mark = f"{who.name} {iso(self._clock.now())}"
        with self._vault.open(upload.blob) as source:
            return self._pool.still(
                source, declared=upload.type or upload.declared_type, limits=self._limits,
                frame=frame, level=level, watermark=mark, time_s=_time_of(upload, frame),
                lane=f"view {who.id}",
            )  # fmt: skip


def _permitted(who: Principal, level: Level) -> Id:
    if who.person is None or not who.may(Permission.MEDIA_VIEW):
        raise NotAllowed("Your role works without pictures.")
    if not who.may(Permission.CASE_READ):
        raise NotAllowed("Pictures are shown within a case, and your role opens none.")
    if level.colour and not who.may(Permission.MEDIA_COLOUR):
        raise NotAllowed("Colour and full size need a permission of their own.")
    return who.person


def _of_case(tx: Tx, case: Case, item: Id) -> Upload:
    """The item, if it belongs to the case: nobody browses the vault by way of another case."""
    upload = uploads.get(tx, item)
    if upload.case != case.id and case.subject != item:
        raise NotAllowed("This item does not belong to the case.")
    return upload


def _lease(tx: Tx, case: Case, person: Id, level: Level) -> None:
    """Keep the case for whoever looks; small stills ask for none."""
    theirs = case.held_by not in {None, person}
    if theirs and case.held_until is not None and case.held_until > tx.now:
        holder = people.get(tx, Id(str(case.held_by)))
        raise Conflict(f"This case is not yours. {holder.name} holds it.", held_by=holder.name)
    if level.watermarked and case.state is not CaseState.CLOSED:
        cases.hold(tx, case.id, by=person, until=tx.now + LEASE)


def _severe(found: Sequence[Upload]) -> bool:
    """Whether an item's matches announce something severe."""
    return any(
        match.acting and not match.negative and policy.severe(match.labels)
        for upload in found
        for match in (upload.verdict.matches if upload.verdict else ())
    )


def _time_of(upload: Upload, frame: int) -> float | None:
    """Where a video's frame is, as its match says, so that the jail need not count to it."""
    for match in upload.verdict.matches if upload.verdict else ():
        if match.frame == frame:
            return match.time_s
        for number, seconds in match.moments:
            if number == frame:
                return seconds
    return None
