"""Faces of frames as tracks, and tracks of two media as leads.

Within a shot the same face in neighbouring frames must belong together; two faces of one frame
cannot. Between two media a track has at most one counterpart; where two that cannot be one
person look alike to the same track, nothing is said (models mix up children most of all).
Numbers in, leads out; no pixels. Read by `linking.likeness`. Source: reference linking, "Person".
Tests: `tests/unit/test_scenes_person.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from breakwater.model.likeness import Box, Face, Likeness, Metric, ProviderCard, Track

OVERLAP: Final = 0.3
"""Of two boxes of neighbouring frames, intersection over union, that one face moves by."""

MARGIN: Final = 0.05
"""Score by which a counterpart is ahead of the next one that cannot be the same person."""

SHOWN: Final = 8
"""Leads kept of one pair of media."""


def tracks_of(
    frames: Sequence[Sequence[Face]], shots: Sequence[int], card: ProviderCard
) -> tuple[Track, ...]:
    """Join faces of one medium.

    Args:
        frames: faces of each frame, in order of time.
        shots: of each frame, which shot it belongs to.
        card: of the model whose vectors these are.
    """
    runs: list[list[Face]] = []
    alive: dict[int, Face] = {}
    together: list[set[int]] = []
    last = None
    for faces, shot in zip(frames, shots, strict=True):
        if shot != last:
            alive = {}
        last, here = shot, {}
        for face in sorted(faces, key=lambda one: -one.score):
            known = _goes_on(face, {n: one for n, one in alive.items() if n not in here}, card)
            if known is None:
                known = len(runs)
                runs.append([])
            runs[known].append(face)
            here[known] = face
        together.append(set(here))
        alive = here
    return tuple(_track(n, run, together) for n, run in enumerate(runs))


def alike(
    ours: Sequence[Track], theirs: Sequence[Track], card: ProviderCard
) -> tuple[Likeness, ...]:
    """Leads between two media, the strongest first; none where it would be a guess.

    Args:
        ours: of the medium with the smaller number.
        theirs: of the other.
        card: of the one model that made all these vectors.
    """
    if not ours or not theirs:
        return ()
    scores = compared(_stacked(ours), _stacked(theirs), card.metric)
    found: list[Likeness] = []
    for i, j in zip(*np.nonzero(scores >= card.lead), strict=True):
        score = float(scores[i, j])
        if score < scores[i].max() or score < scores[:, j].max():
            continue
        if _rivalled(scores[i], theirs, int(j), score) or _rivalled(
            scores[:, j], ours, int(i), score
        ):
            continue
        one, other = ours[i], theirs[j]
        found.append(
            Likeness(one.time_s, one.box, other.time_s, other.box, round(score, 4), score >= card.strong)
        )  # fmt: skip
    return tuple(sorted(found, key=lambda one: -one.score)[:SHOWN])


def compared(
    one: NDArray[np.float32], other: NDArray[np.float32], metric: Metric
) -> NDArray[np.float32]:
    """Scores of all pairs, 0 to 1.

    Args:
        one: (n, dim) unit vectors.
        other: (m, dim) unit vectors of the same model.
        metric: as the card says.
    """
    products = one @ other.T
    if metric is Metric.COSINE:
        return np.asarray(np.clip(products, 0.0, 1.0), np.float32)
    apart = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * products))
    return np.asarray(np.clip(1.0 - apart / 2, 0.0, 1.0), np.float32)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(0.0, wide) * max(0.0, high)
    whole = one[2] * one[3] + other[2] * other[3] - shared
    return shared / whole if whole > 0 else 0.0


def touches(one: Box, other: Box) -> bool:
    """Whether two boxes share anything."""
    return (
        one[0] < other[0] + other[2] and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3] and other[1] < one[1] + one[3]
    )  # fmt: skip


def _goes_on(face: Face, alive: dict[int, Face], card: ProviderCard) -> int | None:
    """The run that a face of the next frame goes on: it moved little and looks alike."""
    best = max(alive, key=lambda n: overlap(alive[n].box, face.box), default=None)
    if best is None or overlap(alive[best].box, face.box) < OVERLAP:
        return None
    score = compared(face.vector[None], alive[best].vector[None], card.metric)[0, 0]
    return best if score >= card.lead else None


def _track(number: int, run: Sequence[Face], together: Sequence[set[int]]) -> Track:
    clearest = max(run, key=lambda one: one.score * one.box[2] * one.box[3])
    apart = frozenset().union(*(frame for frame in together if number in frame)) - {number}
    mean = np.asarray(np.mean([one.vector for one in run], axis=0), np.float32)
    length = float(np.linalg.norm(mean))
    vector = clearest.vector if length < 1e-6 else np.asarray(mean / length, np.float32)
    return Track(number, clearest.time_s, clearest.box, vector, frozenset(apart))


def _rivalled(row: NDArray[np.float32], tracks: Sequence[Track], at: int, score: float) -> bool:
    """Whether somebody who cannot be the one at `at` looks as much alike."""
    return any(
        n != at and tracks[n].number in tracks[at].apart and row[n] > score - MARGIN
        for n in range(len(tracks))
    )


def _stacked(tracks: Sequence[Track]) -> NDArray[np.float32]:
    return np.stack([one.vector for one in tracks]).astype(np.float32, copy=False)
