"""Views of video frames: luma in, the hashes out by which copies are found in time.

A copy is cropped, bordered, mirrored, turned or set into another picture; so a frame is hashed
as several rectangles of itself. Known videos get `REFERENCE` views, queries `QUERY` views, the
same mirrored, and the inside of picture-in-picture rectangles (`fingerprint.inset`). These are
search keys, not list hashes. Runs in the jail; feeds `matching.align`. Source: reference
matching-and-hashing, "Copy detection in time", step 1, set B. Tests:
tests/unit/test_fingerprint_views.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater import kernel
from breakwater.fingerprint.borders import Box, inner_box
from breakwater.fingerprint.inset import InsetFinder
from breakwater.model.copies import FramePrints, ReelPrints

ROWS: Final = 135
COLUMNS: Final = 240
"""Size of the small picture all views are taken from, whatever the frame's shape."""

MIRRORED: Final = 128
"""Added to the number of a view that is seen mirrored."""

MIN_QUALITY: Final = 30
"""Views of less are dropped, but for the whole frame, which tells what is new in it."""

MOST_GAP_S: Final = 1.0
LEAST_GAP_S: Final = 0.125
DENSE_FRAMES: Final = 120
"""Frames of a known video that may lie closer than a second: 16 views of 69 bytes each."""
NEW_BITS: Final = 24
"""Bits by which a frame is another one: where the alignment counts it in full."""

LEAST_SIDE: Final = 16
"""Pixels; smaller frames have no views."""

Rect = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the picture."""

_Hashed = tuple[NDArray[np.uint8], NDArray[np.uint8]]
_Views = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class ViewPlan:
    """One way to look at a frame.

    Attributes:
        number: in `FramePrints.views`; never used for another view again.
        name: for people: `c90` is 90 % of each side in the centre, `tl80` at the top left.
        rect: what is seen.
        degrees: turned by, counterclockwise, about the middle.
    """

    number: int
    name: str
    rect: Rect = (0.0, 0.0, 1.0, 1.0)
    degrees: float = 0.0


def _part(number: int, name: str) -> ViewPlan:
    """A view from its name: where, and how large in percent."""
    where, side = name[:-2], int(name[-2:]) / 100
    rest = 1 - side
    left = {"l": 0.0, "r": rest}.get(where[-1], rest / 2)
    top = {"t": 0.0, "b": rest}.get(where[0], rest / 2)
    wide = where in {"t", "b"}
    high = where in {"l", "r"}
    return ViewPlan(
        number, name,
        (0.0 if wide else left, 0.0 if high else top,
         1.0 if wide else left + side, 1.0 if high else top + side),
    )  # fmt: skip


FULL: Final = ViewPlan(0, "full")
VIEWS: Final[tuple[ViewPlan, ...]] = (
    FULL,
    *(
        _part(number, name)
        for number, name in enumerate(
            ("c90", "c80", "c70", "tl80", "tr80", "bl80", "br80", "t80", "b80", "l80", "r80",
             "tl70", "br70"),
            1,
        )
    ),
    ViewPlan(14, "r+4", degrees=4.0),
    ViewPlan(15, "r-4", degrees=-4.0),
    *(
        _part(number, name)
        for number, name in enumerate(("t90", "b90", "l90", "r90", "tl90", "tr90", "bl90", "br90"), 16)
    ),
    ViewPlan(24, "c90 tl70", (0.05, 0.05, 0.68, 0.68)),
    ViewPlan(25, "c90 br70", (0.32, 0.32, 0.95, 0.95)),
)  # fmt: skip
REFERENCE: Final = (*VIEWS[:16], *VIEWS[24:])
QUERY: Final = (FULL, VIEWS[1], *VIEWS[12:24])
"""Beyond the reference's set B: corners of 90 % undo a crop at one corner (a known video's tl80
is the tl90 of its cropped copy); tl70 and br70 see past a bar or logo laid over one side, and in
what was cropped before they show a known video's c90 tl70 and c90 br70.
"""
INSET: Final = 32
"""Views of the first inset: whole 32, c90 33; of the second 34, 35; and so on."""

UNCUT: Final = (
    ViewPlan(40, "uncut"),
    ViewPlan(41, "uncut tl70", VIEWS[12].rect),
    ViewPlan(42, "uncut br70", VIEWS[13].rect),
)
"""Of a frame with borders, borders and all: a plain bar laid over one side looks like one, and
what is laid over a known video's own borders hides them."""
_UNCUT_REFERENCE: Final = (*UNCUT, ViewPlan(43, "uncut c90 tl70", VIEWS[24].rect))
_MOSTLY: Final = 0.7
"""Share of a known frame inside its borders from which it is hashed with them too: more border,
and it is the borders that are alike."""

_THIN: Final = np.array(
    [n + m for n in (0, 1, 14, 15, 16, 17, INSET, INSET + 2, INSET + 4, 40) for m in (0, MIRRORED)],
    np.uint8,
)
_THIN_S: Final = 1.0
_THIN_FRAMES: Final = 3600

_OWN_SHAPE: Final = ROWS / COLUMNS


def _affine(rect: Rect, degrees: float = 0.0, *, mirrored: bool = False) -> list[float]:
    """Where a view's unit square lies in the small picture, in its pixels.

    A turn is one of the frame as it was, of 16:9, not of the small picture's own squares.
    """
    left, top, right, bottom = rect
    wide, high = right - left, bottom - top
    turn = math.radians(degrees)
    cos, sin = math.cos(turn), math.sin(turn)
    aspect = _OWN_SHAPE * high / wide if wide else 1.0
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    a, b = wide * cos, -wide * sin * aspect
    d, e = high * sin / aspect, high * cos
    if mirrored:
        a, d = -a, -d
    return [
        a * COLUMNS, b * COLUMNS, (middle_x - a / 2 - b / 2) * COLUMNS,
        d * ROWS, e * ROWS, (middle_y - d / 2 - e / 2) * ROWS,
    ]  # fmt: skip


def _maps(plans: tuple[ViewPlan, ...], *, mirrored: bool) -> NDArray[np.float32]:
    """Maps of the views; mirrored, those of the frame turned over."""
    rects = [
        (1 - p.rect[2], p.rect[1], 1 - p.rect[0], p.rect[3]) if mirrored else p.rect for p in plans
    ]
    found = [
        _affine(rect, p.degrees, mirrored=mirrored) for p, rect in zip(plans, rects, strict=True)
    ]
    return np.array(found, np.float32)


_REFERENCE_MAPS: Final = _maps(REFERENCE, mirrored=False)
_QUERY_MAPS: Final = np.concatenate([_maps(QUERY, mirrored=m) for m in (False, True)])
_REFERENCE_VIEWS: Final = np.array([p.number for p in REFERENCE], np.uint8)
_QUERY_VIEWS: Final = np.array(
    [p.number + m for m in (0, MIRRORED) for p in QUERY], np.uint8
)  # fmt: skip
_QUERIED: Final = [p.number for p in QUERY]
_FURTHER: Final = tuple(p for p in REFERENCE if p.number not in _QUERIED)
_BOTH_MAPS: Final = np.concatenate([_QUERY_MAPS, _maps(_FURTHER, mirrored=False)])
_REFERENCE_ROWS: Final = np.array(
    [_QUERIED.index(p.number) if p.number in _QUERIED else len(_QUERY_MAPS) + _FURTHER.index(p)
     for p in REFERENCE]
)  # fmt: skip
"""Where the reference's views stand among the hashes of `_BOTH_MAPS`."""
_UNCUT_MAPS: Final = np.concatenate([_maps(UNCUT, mirrored=m) for m in (False, True)])
_UNCUT_VIEWS: Final = np.array([p.number + m for m in (0, MIRRORED) for p in UNCUT], np.uint8)
_UNCUT_REFERENCE_MAPS: Final = _maps(_UNCUT_REFERENCE, mirrored=False)
_UNCUT_REFERENCE_VIEWS: Final = np.array([p.number for p in _UNCUT_REFERENCE], np.uint8)
_INNER: Final = 0.05


def reference_prints(luma: NDArray[np.uint8], time_s: float, box: Box | None = None) -> FramePrints:
    """The views by which a frame of a known video is found.

    Args:
        luma: (h, w), as a player shows it.
        time_s: from the start of the video.
        box: `inner_box(luma)`, by who has it already.
    """
    if min(luma.shape) < LEAST_SIDE:
        return _nothing(time_s)
    box = box or inner_box(luma)
    return _reference(time_s, luma, box, _small(luma, box))


class ReferenceMaker:
    """The prints of a known video: more frames where more happens.

    A frame is kept a second after the last kept, or as soon as it differs from it; the shorter
    the video, the closer frames may lie, because a short one has few.
    """

    def __init__(self, duration_s: float) -> None:
        self._gap_s = min(MOST_GAP_S, max(LEAST_GAP_S, duration_s / DENSE_FRAMES))
        self._last: NDArray[np.uint8] | None = None
        self._last_s = -math.inf

    def feed(self, luma: NDArray[np.uint8], time_s: float) -> FramePrints | None:
        """The prints of the next frame; None when it adds nothing.

        Args:
            luma: (h, w), as a player shows it.
            time_s: from the start of the video.
        """
        since = time_s - self._last_s
        if since < self._gap_s - 1e-3 or min(luma.shape) < LEAST_SIDE:
            return None
        box = inner_box(luma)
        small = _small(luma, box)
        if since < MOST_GAP_S and self._last is not None:
            whole = kernel.view_hashes(small, _REFERENCE_MAPS[:1])[0][0]
            if int(np.bitwise_count(whole ^ self._last).sum()) < NEW_BITS:
                return None
        prints = _reference(time_s, luma, box, small)
        self._last, self._last_s = prints.hashes[0], time_s
        return prints


class ViewMaker:
    """The views of a query's frames, one after another; it remembers the last 24 frames.

    One for each file or broadcast, in the order of time.
    """

    def __init__(self) -> None:
        self._insets = InsetFinder()

    def feed(self, luma: NDArray[np.uint8], time_s: float, box: Box | None = None) -> FramePrints:
        """Views of the next frame: as it is, mirrored, and of the insets seen so far.

        Args:
            luma: (h, w), as a player shows it; the size may change from frame to frame.
            time_s: from the start of the file or broadcast.
            box: `inner_box(luma)`, by who has it already.
        """
        if min(luma.shape) < LEAST_SIDE:
            return _nothing(time_s)
        (hashes, qualities), more = self._seen(luma, box or inner_box(luma), _QUERY_MAPS)
        return _joined(time_s, [(_QUERY_VIEWS, hashes, qualities), *more])

    def both(
        self, luma: NDArray[np.uint8], time_s: float, box: Box | None = None
    ) -> tuple[FramePrints, FramePrints]:
        """What `feed` and `reference_prints` give of the next frame, for two thirds of the work."""
        if min(luma.shape) < LEAST_SIDE:
            return _nothing(time_s), _nothing(time_s)
        box = box or inner_box(luma)
        (hashes, qualities), more = self._seen(luma, box, _BOTH_MAPS)
        count = len(_QUERY_VIEWS)
        rows = _REFERENCE_ROWS
        known = [(_REFERENCE_VIEWS, hashes[rows], qualities[rows]), *_uncut(luma, box)]
        return (
            _joined(time_s, [(_QUERY_VIEWS, hashes[:count], qualities[:count]), *more]),
            _joined(time_s, known),
        )

    def _seen(
        self, luma: NDArray[np.uint8], box: Box, maps: NDArray[np.float32]
    ) -> tuple[_Hashed, list[_Views]]:
        """What lies inside the borders through some maps; then the views that a frame may have."""
        whole = _small(luma, (0, luma.shape[0], 0, luma.shape[1]))
        bordered = box != (0, luma.shape[0], 0, luma.shape[1])
        small = _small(luma, box) if bordered else whole
        first, more = kernel.view_hashes(small, maps), []
        if bordered:
            more.append((_UNCUT_VIEWS, *kernel.view_hashes(whole, _UNCUT_MAPS)))
        rects = self._insets.feed(whole)
        if rects:
            numbers, inset_maps = _inset_plan(rects)
            more.append((numbers, *kernel.view_hashes(whole, inset_maps)))
        return first, more


def thin(prints: ReelPrints) -> ReelPrints:
    """What is kept of a video that passed: a frame a second, in the views that find most.

    Whole, c90, t90, b90, turned a little, the insets, each mirrored besides: 25 to 40 kB a minute.
    Of more than an hour the frames lie farther apart.
    """
    frames = list(prints.frames())
    length_s = frames[-1].time_s - frames[0].time_s if frames else 0.0
    gap_s = max(_THIN_S, length_s / _THIN_FRAMES)
    kept: list[FramePrints] = []
    for one in frames:
        if not kept or one.time_s - kept[-1].time_s >= gap_s - 1e-3:
            rows = np.isin(one.views, _THIN)
            kept.append(
                FramePrints(one.time_s, one.views[rows], one.hashes[rows], one.qualities[rows])
            )
    return ReelPrints.of(kept)


def _small(luma: NDArray[np.uint8], box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    return kernel.shrink(luma, box, ROWS, COLUMNS)


def _inset_plan(rects: tuple[Rect, ...]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Numbers and maps of the views of insets: whole and c90, each mirrored besides."""
    numbers, maps = [], []
    for at, rect in enumerate(rects):
        left, top, right, bottom = rect
        dx, dy = (right - left) * _INNER, (bottom - top) * _INNER
        for inner, seen in enumerate((rect, (left + dx, top + dy, right - dx, bottom - dy))):
            for mirrored in (False, True):
                numbers.append(INSET + 2 * at + inner + MIRRORED * mirrored)
                maps.append(_affine(seen, mirrored=mirrored))
    return np.array(numbers, np.uint8), np.array(maps, np.float32)


def _reference(
    time_s: float, luma: NDArray[np.uint8], box: Box, small: NDArray[np.uint8]
) -> FramePrints:
    """The views of a known frame, `small` being what is inside its borders."""
    inside = (_REFERENCE_VIEWS, *kernel.view_hashes(small, _REFERENCE_MAPS))
    return _joined(time_s, [inside, *_uncut(luma, box)])


def _uncut(luma: NDArray[np.uint8], box: Box) -> list[_Views]:
    """The views of a known frame with its borders, where it has some and they are narrow."""
    height, width = luma.shape
    top, bottom, left, right = box
    share = (bottom - top) * (right - left) / (height * width)
    if not _MOSTLY <= share < 1:
        return []
    whole = _small(luma, (0, height, 0, width))
    return [(_UNCUT_REFERENCE_VIEWS, *kernel.view_hashes(whole, _UNCUT_REFERENCE_MAPS))]


def _kept(
    time_s: float,
    views: NDArray[np.uint8],
    hashes: NDArray[np.uint8],
    qualities: NDArray[np.uint8],
) -> FramePrints:
    """Without the views too poor to search with; the whole frame always stays."""
    keep = (qualities >= MIN_QUALITY) | (views == FULL.number)
    return FramePrints(time_s, views[keep], hashes[keep], qualities[keep])


def _joined(time_s: float, parts: list[_Views]) -> FramePrints:
    return _kept(time_s, *(np.concatenate(some) for some in zip(*parts, strict=True)))


def _nothing(time_s: float) -> FramePrints:
    none = np.zeros(0, np.uint8)
    return FramePrints(time_s, none, np.zeros((0, kernel.HASH_BYTES), np.uint8), none)
