"""The demo's expectations are the reference hasher's, not ours: photo-like, far apart, edits near."""

from __future__ import annotations

import io
from itertools import combinations

import av
import numpy as np
import pdqhash
import pytest
from PIL import Image

from breakwater.cli import demo_media
from breakwater.cli.demo_photos import photo
from breakwater.model.match import Action

LIMIT = 31


def pdq(picture: Image.Image) -> tuple[np.ndarray, int]:
    bits, quality = pdqhash.compute(np.asarray(picture.convert("RGB")))
    return np.asarray(bits, bool), quality


def looks(picture: Image.Image) -> list[np.ndarray]:
    bits, _ = pdqhash.compute_dihedral(np.asarray(picture.convert("RGB")))
    return [np.asarray(one, bool) for one in bits]


def distance(one: np.ndarray, other: np.ndarray) -> int:
    return int((one ^ other).sum())


def read(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.fixture(scope="module")
def known() -> dict[str, np.ndarray]:
    return {o.name.removesuffix(".jpg"): pdq(read(o.content))[0] for o in demo_media.originals()}


def test_photos_hash_like_photographs_and_are_far_apart():
    hashes = [pdq(photo(seed, width=640, height=480)) for seed in range(18)]
    assert min(quality for _, quality in hashes) >= 80
    assert min(distance(a, b) for (a, _), (b, _) in combinations(hashes, 2)) > 80


def test_the_same_seed_gives_the_same_file():
    assert demo_media.jpeg(photo(4, width=320, height=240)) == demo_media.jpeg(
        photo(4, width=320, height=240)
    )


def test_every_copy_is_within_the_limit_of_its_original_with_room(known):
    for sample in demo_media.copies():
        original = known[sample.name.partition(",")[0]]
        picture = read(sample.content)
        turned = "mirrored" in sample.name or "turned" in sample.name
        views = looks(picture) if turned else [pdq(picture)[0]]
        near = min(distance(view, original) for view in views)
        assert near <= LIMIT - 5, sample.name
        assert sample.expect in {Action.BLOCK, Action.HOLD}


def test_fresh_pictures_are_far_from_every_known_one(known):
    for sample in demo_media.fresh():
        bits, quality = pdq(read(sample.content))
        near = min(distance(bits, other) for other in known.values())
        assert near > 80 or quality < 50, sample.name


def test_the_copied_clip_shows_the_known_frames_two_seconds_later():
    with av.open(io.BytesIO(demo_media.clip())) as video:
        bank = [pdq(frame.to_image())[0] for frame in video.decode(video=0)][:: demo_media.RATE]
    with av.open(io.BytesIO(demo_media.clip(copy=True, lead_s=2.0))) as video:
        frames = [(frame.time, pdq(frame.to_image())[0]) for frame in video.decode(video=0)]
    lead = [min(distance(bits, other) for other in bank) for time, bits in frames if time < 2]
    part = [
        min(distance(bits, other) for other in bank)
        for time, bits in frames
        if time >= 2 and round(time * demo_media.RATE) % demo_media.RATE == 0
    ]
    assert min(lead) > 60
    assert len(part) == 6
    assert max(part) <= LIMIT - 5


def test_unreadable_files_are_what_their_names_say():
    cut, png, text, empty = demo_media.unreadable()
    with pytest.raises(OSError, match="truncated"):
        read(cut.content).load()
    assert read(png.content).format == "PNG"
    assert text.content.isascii()
    assert empty.content == b""
