"""What is read of media for links, made up for tests: no file behind it."""

from __future__ import annotations

import numpy as np

from breakwater.fingerprint.audio import STEP_S
from breakwater.model.copies import FramePrints, ReelPrints
from breakwater.model.link import Trait, TraitKind
from breakwater.model.link_signals import LinkSignals, Print
from breakwater.model.scene import Keypoints, SoundPrint


def points(seed: int, count: int = 40, time_s: float = 0.0) -> Keypoints:
    """Key points of no picture."""
    random = np.random.default_rng(seed)
    places = random.uniform(0, 300, (count, 2)).astype(np.float32)
    return Keypoints(time_s, 320, 300, places, random.integers(0, 256, (count, 128), np.uint8))


def reel(seed: int, frames: int = 4) -> ReelPrints:
    """Prints of no video."""
    random = np.random.default_rng(seed)
    views, good = np.zeros(2, np.uint8), np.full(2, 90, np.uint8)
    return ReelPrints.of([
        FramePrints(at / 2, views, random.integers(0, 256, (2, 32), np.uint8), good)
        for at in range(frames)
    ])  # fmt: skip


def hashed(seed: int, time_s: float = 0.0, quality: int = 100) -> Print:
    """A picture hash of nothing."""
    return time_s, np.random.default_rng(seed).bytes(32), quality


def sound(seed: int, seconds: float = 30.0) -> SoundPrint:
    """Sound items of no sound."""
    items = np.random.default_rng(seed).integers(0, 1 << 32, int(seconds / STEP_S), np.uint32)
    return SoundPrint(items, 0.0, STEP_S, (items & 0xFF).astype(np.uint8).tobytes())


def signals(seed: int = 1) -> LinkSignals:
    """All that can be read of a video."""
    return LinkSignals(
        (points(seed), points(seed + 1, 0, 4.0)), (0, 3), (hashed(seed), hashed(seed + 1, 4.0)),
        sound(seed, 5.0), (Trait(TraitKind.CAMERA_MODEL, "heron h 1", "Heron H-1"),),
        12.5, 640, 360, "", reel(seed), reel(seed + 1),
    )  # fmt: skip
