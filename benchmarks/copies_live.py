"""How a broadcast is looked at, as `live.watching` does it: which frames, and which are compared.

Key frames, and cuts that are coded whole between them (`media.slices`); after a sighting for seconds, and once a stretch stands for half a minute, eight frames
a second, of which up to six are aligned. Only frames that were looked at can be
compared closer. `Spotter` itself needs a database; its limits are read from it.
"""

from collections.abc import Sequence

import numpy as np

from benchmarks.copies_clips import FPS
from breakwater.fingerprint.views import ViewMaker
from breakwater.live.watching.spotting import (
    BETWEEN_S,
    CLOSELY_S,
    FOLLOW_OTHERS_S,
    FOLLOW_S,
    NOVEL,
)
from breakwater.matching import align
from breakwater.matching.reels import ReelIndex
from breakwater.model.copies import Segment
from breakwater.model.live import Sampling
from breakwater.model.scene import Keypoints
from breakwater.recognition import grey
from breakwater.recognition.hunches import Hunches
from breakwater.recognition.watch_look import NEAR_S
from breakwater.scenes import local

AROUND = 8


def watched(
    lumas: Sequence[np.ndarray], keys: Sequence[bool], index: ReelIndex
) -> tuple[align.Follower, list[int]]:
    """Follow a broadcast through all known videos; also the numbers of frames looked at."""
    follower, views = align.Follower(index), ViewMaker()
    looked: list[int] = []
    followed_s = fed_s = closely_until = -CLOSELY_S
    hunches, curious, last = Hunches(), False, None
    for number, (luma, key) in enumerate(zip(lumas, keys, strict=True)):
        time_s = number / FPS
        if not key:
            since_s = time_s - looked[-1] / FPS if looked else 0.0
            sooner = time_s <= closely_until or time_s <= hunches.until_s
            if not sooner or since_s < Sampling.FULL.every_s:
                continue
        looked.append(number)
        prints = views.feed(luma, time_s)
        whole = prints.hashes[0] if len(prints.views) else last
        novel = last is None or int(np.bitwise_count(whole ^ last).sum()) >= NOVEL
        last = whole
        between = time_s - followed_s < (FOLLOW_S if key else FOLLOW_OTHERS_S)
        closely = key or time_s <= closely_until or curious
        early = time_s - fed_s < BETWEEN_S and not (key and novel)
        if early or (between and not closely):
            continue
        fed_s = time_s
        followed_s = followed_s if between else time_s
        found = follower.feed(prints, between=between)
        if found:
            closely_until = time_s + CLOSELY_S
        curious = hunches.take(time_s, follower.sighted, {one.reel for one in found})
    return follower, looked


def closer(
    lumas: Sequence[np.ndarray], looked: Sequence[int], segment: Segment, known: grey.Known
) -> Segment:
    """A closer look by the frames that were looked at."""
    inside = grey.plan(segment, known)
    room = grey.LOOKS - len(inside)
    looks = inside + grey.beyond(segment, known, len(lumas) / FPS, room)
    around = np.unique(np.linspace(0, len(looked) - 1, AROUND).round().astype(int))
    moments = [look.time_s for look in looks] + [looked[at] / FPS for at in around]
    return grey.weigh(segment, looks, [_near(lumas, looked, at) for at in moments], known)[0]


def _near(lumas: Sequence[np.ndarray], looked: Sequence[int], time_s: float) -> Keypoints:
    number = min(looked, key=lambda n: abs(n / FPS - time_s))
    if abs(number / FPS - time_s) > NEAR_S:
        none = np.zeros((0, 2), np.float32), np.zeros((0, 128), np.uint8)
        return Keypoints(time_s, 1, 1, *none)
    return local.extract(np.ascontiguousarray(lumas[number]), number / FPS)
