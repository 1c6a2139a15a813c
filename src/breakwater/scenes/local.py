"""Key points of a frame, and whether two frames show the same by geometry.

`extract` runs inside the jail (pixels in, `Keypoints` out); `same` compares two frames'
key points outside. RootSIFT (Arandjelović and Zisserman, CVPR 2012), mutual nearest
neighbours with Lowe's ratio, MAGSAC (Barath et al., CVPR 2020; `cv2.USAC_MAGSAC`). A copy is
a flat picture of a flat picture, so a homography must explain it; a place seen from two sides
needs the fundamental matrix and more inliers (> 18: no false link in 7,765 unrelated pairs,
reference linking). What both sources lay over every frame is masked first (`overlay`), and
inliers must be spread over the picture: a logo never links. Tests:
`tests/unit/test_scenes_local.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from breakwater.model.scene import NO_LOCAL_MATCH, Keypoints, LocalMatch, LocalModel
from breakwater.scenes.overlay import Mask

SIDE: Final = 512
"""Longest side in pixels that key points are sought in."""

COUNT: Final = 600
"""Key points kept of a frame, the strongest: 82 kB."""

PLACE_SIDE: Final = 800
"""Longest side in pixels for places: a room from another side needs finer points than a copy."""

PLACE_COUNT: Final = 2000
"""Key points kept of a picture for places: 272 kB. Half of them miss a third of wide pairs."""

PLACE_COUNT_VIDEO: Final = 1000
"""Key points kept of each frame of a video for places: a camera that moves sees a thing often."""

STEP: Final = 1 / 512
"""Of a quantised descriptor: 255 is one half; larger parts of a unit vector are rare."""

RATIO: Final = 0.85
"""Nearest against second nearest neighbour; above Lowe's 0.8 because geometry decides."""

SAME: Final = 0.5
"""Score from which two frames show the same."""

_GRID: Final = 8
_DARK: Final = 12.0
_SHOWN: Final = 64
_LEAST_SHARE: Final = 5
"""Inliers of a frame without which it has no part in what several frames show together."""
_NEEDED_TOGETHER: Final = 20
_NEEDED: Final = {LocalModel.HOMOGRAPHY: 14, LocalModel.FUNDAMENTAL: 19}
_NEEDED_AREA: Final = {LocalModel.HOMOGRAPHY: 8 / 64, LocalModel.FUNDAMENTAL: 10 / 64}
_TOLERANCE: Final = {LocalModel.HOMOGRAPHY: 4.0, LocalModel.FUNDAMENTAL: 1.5}


@functools.cache
def _detector(count: int) -> Any:
    """The one detector of a process; OpenCV starts no threads (the jail allows none)."""
    cv2.setNumThreads(1)
    return cv2.SIFT.create(nfeatures=count, contrastThreshold=0.02)


def extract(
    luma: NDArray[np.uint8], time_s: float = 0.0, *, side: int = SIDE, count: int = COUNT
) -> Keypoints:
    """Find the key points of one frame.

    Args:
        luma: (h, w) grey pixels.
        time_s: of the frame.
        side: longest side in pixels that they are sought in.
        count: how many are kept, the strongest.

    Returns:
        None of them where the picture is dark or has no structure.
    """
    height, width = luma.shape
    scale = min(1.0, side / max(height, width))
    if scale < 1.0:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        luma = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    height, width = luma.shape
    found, raw = (
        ((), None) if luma.std() < _DARK / 4 else _detector(count).detectAndCompute(luma, None)
    )
    if raw is None or not len(found):
        empty = np.zeros((0, 2), np.float32)
        return Keypoints(time_s, width, height, empty, np.zeros((0, 128), np.uint8))
    order = np.argsort([-one.response for one in found], kind="stable")[:count]
    points = np.array([found[place].pt for place in order], np.float32)
    return Keypoints(time_s, width, height, points, _root(raw[order]))


def extract_place(
    luma: NDArray[np.uint8], time_s: float = 0.0, *, count: int = PLACE_COUNT
) -> Keypoints:
    """Find the key points of one frame as places are told by; see `extract`."""
    return extract(luma, time_s, side=PLACE_SIDE, count=count)


def _root(raw: NDArray[np.float32]) -> NDArray[np.uint8]:
    """RootSIFT of SIFT: the square root of its shares, so that products compare histograms."""
    shares = raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-9)
    steps = np.clip(np.rint(np.sqrt(shares) / STEP), 0, 255)
    return np.asarray(steps, np.uint8)


def mirrored(one: Keypoints) -> Keypoints:
    """Key points as the mirrored frame has them, without its pixels.

    A mirror turns the handedness of each point's own axes: rows of the 4 x 4 field change
    places and each of the 8 directions becomes its negative.
    """
    field = one.descriptors.reshape(-1, 4, 4, 8)[:, ::-1, :, (-np.arange(8)) % 8]
    points = one.points.copy()
    points[:, 0] = one.width - 1 - points[:, 0]
    return Keypoints(
        one.time_s, one.width, one.height, points, np.ascontiguousarray(field).reshape(-1, 128)
    )


def same(
    one: Keypoints,
    other: Keypoints,
    masks: tuple[Mask | None, Mask | None] = (None, None),
    *,
    parallax: bool = False,
) -> LocalMatch:
    """Compare two frames.

    Args:
        one: a frame of the query.
        other: a frame of the known video.
        masks: what lies over every frame of each source; None where none is known.
        parallax: the camera may have moved (a place), not only the picture (a copy).
    """
    kept = [
        mask.uncovered(frame) if mask else frame
        for mask, frame in zip(masks, (one, other), strict=True)
    ]
    pairs = _pairs(kept[0].descriptors, kept[1].descriptors)
    model = LocalModel.FUNDAMENTAL if parallax else LocalModel.HOMOGRAPHY
    if len(pairs) < _NEEDED[model] // 2:
        return NO_LOCAL_MATCH
    here, there = kept[0].points[pairs[:, 0]], kept[1].points[pairs[:, 1]]
    good = _inliers(here, there, model)
    if not good.any():
        return NO_LOCAL_MATCH
    return _judged(here[good] / _sides(one), there[good] / _sides(other), model)


def together(pairs: Sequence[tuple[Keypoints, Keypoints]]) -> tuple[LocalMatch, ...]:
    """Compare several moments of two videos at once: one movement of the picture explains all.

    A copy is moved alike in every frame, so a few points of each of several blurred frames say
    what none of them says alone.

    Args:
        pairs: a frame of the query and one of the known video, overlays left out.

    Returns:
        For each pair what it has of the common movement: at `SAME` where at least two have a
        part in it that is large enough together; nothing for the others.
    """
    nothing = (NO_LOCAL_MATCH,) * len(pairs)
    if len(pairs) < 2:
        return nothing
    matched = [_pairs(one.descriptors, other.descriptors) for one, other in pairs]
    own = np.repeat(np.arange(len(pairs)), [len(rows) for rows in matched])
    here, there = (
        np.concatenate([
            pair[side].points[rows[:, side]] / _sides(pair[side])
            for pair, rows in zip(pairs, matched, strict=True)
        ])
        for side in (0, 1)
    )  # fmt: skip
    good = _inliers(here * _sides(pairs[0][0]), there * _sides(pairs[0][1]), LocalModel.HOMOGRAPHY)
    counts = [
        _distinct(here[good & (own == n)], there[good & (own == n)]) for n in range(len(pairs))
    ]
    parts = [n for n, count in enumerate(counts) if count >= _LEAST_SHARE]
    good &= np.isin(own, parts)
    enough = _distinct(here[good], there[good]) >= _NEEDED_TOGETHER
    area = min(_covered(here[good]), _covered(there[good]))
    if len(parts) < 2 or not enough or area < _NEEDED_AREA[LocalModel.HOMOGRAPHY]:
        return nothing
    found = []
    for n in range(len(pairs)):
        rows = good & (own == n)
        one = _judged(here[rows], there[rows], LocalModel.HOMOGRAPHY)
        found.append(replace(one, score=max(one.score, SAME)) if n in parts else NO_LOCAL_MATCH)
    return tuple(found)


def _sides(frame: Keypoints) -> NDArray[np.float32]:
    return np.array((frame.width, frame.height), np.float32)


def _judged(here: NDArray[np.float32], there: NDArray[np.float32], model: LocalModel) -> LocalMatch:
    """What inliers at these places (0 to 1 of each side) are worth."""
    area = min(_covered(here), _covered(there))
    spread = _distinct(here, there)
    score = 0.5 * min(spread / _NEEDED[model], area / _NEEDED_AREA[model])
    shown = np.hstack([here, there])[:_SHOWN].round(4)
    return LocalMatch(
        len(here), round(area, 4), model, round(min(1.0, score), 4),
        tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in shown),
    )  # fmt: skip


def _pairs(
    one: NDArray[np.uint8 | np.int8], other: NDArray[np.uint8 | np.int8]
) -> NDArray[np.intp]:
    """(n, 2) rows of mutual nearest neighbours that pass the ratio."""
    if len(one) < 2 or len(other) < 2:
        return np.zeros((0, 2), np.intp)
    units = [values.astype(np.float32) for values in (one, other)]
    units = [u / np.maximum(np.linalg.norm(u, axis=1, keepdims=True), 1e-6) for u in units]
    products = units[0] @ units[1].T
    best, back = products.argmax(axis=1), products.argmax(axis=0)
    rows = np.arange(len(one))
    second = np.partition(products, -2, axis=1)[:, -2]
    apart = np.sqrt(np.maximum(0.0, 2 - 2 * products[rows, best]))
    apart_second = np.sqrt(np.maximum(1e-9, 2 - 2 * second))
    good = (back[best] == rows) & (apart <= RATIO * apart_second)
    return np.stack([rows[good], best[good]], axis=1)


def _inliers(
    here: NDArray[np.float32], there: NDArray[np.float32], model: LocalModel
) -> NDArray[np.bool_]:
    """Which pairs one geometry explains; none where it is not possible for pictures."""
    none = np.zeros(len(here), bool)
    if len(here) < 8:
        return none
    cv2.setNumThreads(1)
    find: Any = cv2.findFundamentalMat if model is LocalModel.FUNDAMENTAL else cv2.findHomography
    if model is LocalModel.FUNDAMENTAL:
        matrix, found = find(here, there, cv2.USAC_MAGSAC, _TOLERANCE[model], 0.999, 4000)
    else:
        matrix, found = find(here, there, cv2.USAC_MAGSAC, _TOLERANCE[model], None, 4000, 0.999)
    if matrix is None or found is None:
        return none
    good = np.asarray(found, bool).ravel()
    if model is LocalModel.HOMOGRAPHY and not _possible(matrix, here[good]):
        return none
    return good


def _possible(matrix: NDArray[np.float64], here: NDArray[np.float32]) -> bool:
    """Whether a homography is one that copying makes: not folded, not squeezed to a line."""
    if len(here) < 4:
        return False
    homogeneous = np.hstack([here, np.ones((len(here), 1), np.float32)]) @ matrix.T
    depth = homogeneous[:, 2]
    if depth.min() <= 0 < depth.max() or np.abs(depth).min() < 1e-6:
        return False
    if np.abs(depth).max() > 3 * np.abs(depth).min():
        return False
    centre = np.append(here.mean(axis=0), 1.0)
    x, y, w = matrix @ centre
    jacobian = (matrix[:2, :2] - np.outer((x / w, y / w), matrix[2, :2])) / w
    large, small = np.linalg.svd(jacobian, compute_uv=False)
    folded = np.linalg.det(jacobian) <= 0
    return bool(not folded and small > 0.15 and large < 7 and large < 3 * small)


def _covered(places: NDArray[np.float32]) -> float:
    """Share of the cells of a grid that hold an inlier."""
    cells = np.clip((places * _GRID).astype(int), 0, _GRID - 1)
    return len(np.unique(cells[:, 0] * _GRID + cells[:, 1])) / _GRID**2


def _distinct(here: NDArray[np.float32], there: NDArray[np.float32]) -> int:
    """Inliers that are not the same point twice (SIFT gives a place several directions)."""
    places = np.rint(np.hstack([here, there]) * 128).astype(int)
    return len(np.unique(places, axis=0))


def best(found: Sequence[LocalMatch]) -> LocalMatch:
    """The strongest of several."""
    return max(found, key=lambda one: one.score, default=NO_LOCAL_MATCH)
