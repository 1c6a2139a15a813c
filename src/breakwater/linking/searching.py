"""Search by example: a picture or clip, or a box drawn in it, and what of the kept is like it.

In: bytes of somebody at a desk, a reason, a box. The example is read in the jail like all that is
kept, compared by the same finders, and forgotten: only its hash is written down, with who asked, why
and what was found. Within a box key points alone are compared: a poster, a curtain, a view. Out: hits,
each with its reason. Fed by `web.api.link_search`; tests: `tests/contract/test_link_searches.py`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import BinaryIO, Final, Protocol

import numpy as np

from breakwater.errors import BadInput, NotAllowed, TooManyRequests, Unavailable
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import new_id
from breakwater.model.link import Found, LinkKind, Medium, MediumState, Origin
from breakwater.model.link_crop import Box
from breakwater.model.link_search import Hit, Searched
from breakwater.model.link_signals import LinkSignals
from breakwater.model.media import Undecodable
from breakwater.model.scene import Keypoints
from breakwater.records import link_media, link_searches, link_series
from breakwater.records.database import Database
from breakwater.scenes.place_check import LEAST_POINTS

A_HOUR: Final = 60
"""Searches of one person: more is browsing what is kept."""
MOST: Final = 50
NOBODY: Final = 1 << 53
"""Number that stands for the example: above every medium's."""

_ORDER: Final = (
    LinkKind.COPY, LinkKind.PLACE, LinkKind.DECOR, LinkKind.SOUND, LinkKind.DEVICE,
    LinkKind.ACCOUNT, LinkKind.PERSON,
)  # fmt: skip
"""What says most first; a person is never sought by example."""

Seek = Callable[[Medium, LinkSignals], Sequence[Found]]
"""Asks every finder of something that is not kept (`linking.taking.Taking.seek`)."""


class Looker(Protocol):
    """Reads bytes in the jail; `recognition.links.LinkLooker`."""

    def look(self, source: BinaryIO, media_type: str = "") -> LinkSignals | Undecodable:
        """What links are sought by, or why it cannot be read."""
        ...


class Searching:
    """Finds what is kept by an example."""

    def __init__(self, *, db: Database, looker: Looker, seek: Seek | None) -> None:
        """Take what it stands on; `seek` is None where another process owns the places."""
        self._db, self._looker, self._seek = db, looker, seek

    def search(
        self, by: Principal, source: BinaryIO, *, reason: str, box: Box | None = None,
        time_s: float = 0.0,
    ) -> Searched:  # fmt: skip
        """Find what is like an example.

        Args:
            by: a person who judges links.
            source: seekable bytes of a picture or clip.
            reason: why, in their words.
            box: only what lies in it; 0 to 1 of the picture's sides.
            time_s: of a clip, where the box was drawn.

        Raises:
            NotAllowed: not by a person who judges links.
            BadInput: no reason, a box with nothing in it, or a file that cannot be read.
            TooManyRequests: more than an hour may have.
            Unavailable: another process owns the places.
        """
        if by.person is None or not by.may(Permission.LINK_WRITE):
            raise NotAllowed("Who judges links searches by example; a key cannot.")
        words = reason.strip()
        if not 3 <= len(words) <= 500:
            raise BadInput("Say why you search; it is written down.")
        _check(box, time_s)
        seek = self._seek
        if seek is None:
            raise Unavailable("Another process owns the index of places. Ask that one.")
        self._in_time(by)
        sha256 = _hash(source)
        seen = self._looker.look(source)
        if isinstance(seen, Undecodable):
            raise BadInput(f"The example cannot be read. {seen.reason.words}")
        wanted = seen if box is None else within(seen, box, time_s)
        found = [] if wanted.abstained else seek(_example(by, self._db.clock.now()), wanted)
        return self._write(by, sha256, wanted, found, reason=words, box=box)

    def newest(self) -> list[link_searches.Search]:
        """What was searched for, the newest first."""
        with self._db.read() as tx:
            return link_searches.newest(tx)

    def _in_time(self, by: Principal) -> None:
        with self._db.read() as tx:
            if link_searches.since(tx, by.id, tx.now - timedelta(hours=1)) >= A_HOUR:
                raise TooManyRequests(f"{A_HOUR} searches an hour are enough. Wait a while.")

    def _write(
        self, by: Principal, sha256: str, signals: LinkSignals, found: Sequence[Found], *,
        reason: str, box: Box | None,
    ) -> Searched:  # fmt: skip
        """The row, the audit entry, and the hits of what is still there."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            media = link_media.many(tx, {one.a for one in found})
            series = link_series.of_media(tx, media)
            hits = []
            for one in found:
                medium = media.get(one.a)
                if medium is None or medium.gone_at is not None or one.kind is LinkKind.PERSON:
                    continue
                hits.append(Hit(
                    one.a, medium.id, one.kind, one.score, one.method, series.get(one.a),
                    one.evidence,
                ))  # fmt: skip
            hits.sort(key=lambda one: (_ORDER.index(one.kind), -one.score, one.medium))
            made = Searched(
                new_id(), sha256, tuple(hits[:MOST]), len(signals.frames), signals.seconds,
                signals.abstained,
            )  # fmt: skip
            link_searches.add(tx, made, box=box or (), reason=reason, by=by.id)
            tx.audit(by.id, "links.search", made.id, sha256=sha256, reason=reason[:200],
                     box=list(box or ()), found=len(made.hits))  # fmt: skip
            return made


def within(seen: LinkSignals, box: Box, time_s: float) -> LinkSignals:
    """What lies in a box of one frame: key points alone; hashes and sound are of the whole.

    Raises:
        BadInput: there is too little in it to compare by.
    """
    if not seen.frames:
        raise BadInput("There is nothing to compare by in this picture.")
    frame = min(seen.frames, key=lambda one: abs(one.time_s - time_s))
    part = _inside(frame, box)
    if len(part) < LEAST_POINTS:
        raise BadInput("There is too little in this box to compare by. Draw a larger one.")
    return replace(
        seen, frames=(part,), shots=(0,), prints=(), sound=None, traits=(), reel=None, views=None
    )


def _inside(frame: Keypoints, box: Box) -> Keypoints:
    """Key points in a box, as if it were the picture: a thing stands elsewhere in what is kept."""
    sides = np.array((frame.width, frame.height), np.float32)
    corner, size = np.array(box[:2], np.float32) * sides, np.array(box[2:], np.float32) * sides
    inside = (frame.points >= corner) & (frame.points <= corner + size)
    keep = np.asarray(inside.all(axis=1), bool)
    wide, high = (max(1, round(float(one))) for one in size)
    part = frame.only(keep)
    return replace(part, width=wide, height=high, points=part.points - corner)


def _example(by: Principal, now: datetime) -> Medium:
    """What stands for the example while it is compared; it is kept nowhere."""
    return Medium(NOBODY, new_id(), Origin.EXHIBIT, by.id, MediumState.WAITING, "", "", now)


def _hash(source: BinaryIO) -> str:
    digest = hashlib.sha256()
    source.seek(0)
    while part := source.read(1 << 20):
        digest.update(part)
    source.seek(0)
    return digest.hexdigest()


def _check(box: Box | None, time_s: float) -> None:
    numbers = (*(box or ()), time_s)
    if not all(math.isfinite(one) for one in numbers) or not 0 <= time_s < 1e6:
        raise BadInput("A box and a moment are numbers.")
    if box is not None:
        x, y, w, h = box
        if min(x, y) < 0 or min(w, h) <= 0 or max(x + w, y + h) > 1.0001:
            raise BadInput("A box lies within the picture: x, y, width and height from 0 to 1.")
