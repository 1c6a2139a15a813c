"""Learn the vocabulary that is shipped: src/breakwater/scenes/data/places.words and places.json.

From ordinary pictures alone: those of tests/data (BSD-3-Clause, facebook/ThreatExchange), rooms and
photos that breakwater makes itself. None of the places that are measured on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from breakwater.cli.demo_photos import photo
from breakwater.cli.demo_rooms import cameras, room, seen
from breakwater.model.scene import Keypoints
from breakwater.scenes.local import extract_place
from breakwater.scenes.vocabulary import SHIPPED, Vocabulary

DATA = Path(__file__).parent.parent / "tests" / "data"
ROOMS = range(50_000, 50_024)
PHOTOS = range(70_000, 70_060)
EVERY_S = 2.0


def _points(picture: NDArray[np.uint8]) -> Keypoints:
    return extract_place(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8))


def photographs() -> Iterator[Keypoints]:
    """One photograph and its variants."""
    for path in sorted(DATA.glob("images/*/*.jpg")):
        picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if picture is not None:
            yield extract_place(np.asarray(picture, np.uint8))


def clips() -> Iterator[Keypoints]:
    """A frame every two seconds of eight short clips."""
    for path in sorted(DATA.glob("videos/*.mp4")):
        with av.open(str(path)) as file:
            last = -EVERY_S
            for frame in file.decode(video=0):
                if frame.time is not None and frame.time - last >= EVERY_S:
                    last = frame.time
                    yield _points(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))


def made() -> Iterator[Keypoints]:
    """Rooms and photos from seeds that nothing else uses."""
    for seed in ROOMS:
        for camera in cameras(seed, 2, apart=40):
            yield _points(seen(room(seed), camera, light=seed))
    for seed in PHOTOS:
        yield _points(np.asarray(photo(seed, width=640, height=480).convert("RGB"), np.uint8))


def main() -> None:
    """Learn, and write both files."""
    sources = [list(one()) for one in (photographs, clips, made)]
    frames = [frame for source in sources for frame in source]
    words = Vocabulary.learn(frames)
    SHIPPED.parent.mkdir(exist_ok=True)
    SHIPPED.write_bytes(words.pack())
    bsd = "BSD-3-Clause, facebook/ThreatExchange"
    own = "breakwater's own licence"
    said = {
        "sha256": words.sha256,
        "words": len(words.words),
        "points": sum(map(len, frames)),
        "learnt": "k-means, 12 rounds, seed 1, rounded to bytes; tools/make_words.py",
        "pictures": [
            {"what": "tests/data/images", "frames": len(sources[0]), "licence": bsd},
            {
                "what": "tests/data/videos, a frame every two seconds",
                "frames": len(sources[1]),
                "licence": bsd,
            },
            {"what": "rooms and photos made from seeds", "frames": len(sources[2]), "licence": own},
        ],
        "left_out": "every picture of places: what is measured on is not learnt from",
    }
    SHIPPED.with_suffix(".json").write_text(json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    main()
