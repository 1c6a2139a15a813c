"""Synthetic grey scenes for tests: polygons and discs over clouds, and what lies over them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def scene(seed: int, width: int = 480, height: int = 270) -> NDArray[np.uint8]:
    """Grey pixels of random polygons and discs over clouds."""
    random = np.random.default_rng(seed)
    cloud = cv2.resize(
        random.integers(40, 200, (9, 16), np.uint8), (width, height), interpolation=2
    )
    for _ in range(60):
        points = random.integers(-30, 30, (5, 2)) + random.integers(0, (width, height), 2)
        cv2.fillPoly(cloud, [points.astype(np.int32)], int(random.integers(0, 256)))
        at = tuple(int(v) for v in random.integers(0, (width, height), 2))
        cv2.circle(cloud, at, int(random.integers(2, 14)), int(random.integers(0, 256)), -1)
    return cloud


def logo(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """With one platform's logo and chat bar over it."""
    marked = picture.copy()
    width = marked.shape[1]
    marked[-50:, : width // 3] = scene(999)[:50, : width // 3]
    marked[:, -width // 4 :] = scene(998)[:, : width // 4]
    return marked
