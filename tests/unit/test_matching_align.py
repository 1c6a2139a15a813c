"""Alignment in time finds copies and leaves alone what only looks alike.

Frames are made of random hashes: a copy differs in some bits of each; a room is one hash in
which a few bits move.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from breakwater import kernel
from breakwater.matching import reels
from breakwater.matching.align import Follower
from breakwater.matching.reels import ReelChange, ReelIndex
from breakwater.model.copies import FramePrints, ReelPrints, Segment, Zone

Bits = NDArray[np.uint8]
FULL = np.zeros(1, np.uint8)
GOOD = np.full(1, 100, np.uint8)


def frame(bits: Bits, time_s: float) -> FramePrints:
    return FramePrints(time_s, FULL, np.packbits(bits)[None], GOOD)


def changing(seed: int, count: int, bits: int = 60, start: Bits | None = None) -> list[Bits]:
    """Frames each of which differs from the last in some bits."""
    random = np.random.default_rng(seed)
    now = random.integers(0, 2, 256, dtype=np.uint8) if start is None else start.copy()
    out = []
    for _ in range(count):
        now = now.copy()
        now[random.choice(256, bits, replace=False)] ^= 1
        out.append(now)
    return out


def noisy(frames: Iterable[Bits], bits: int, seed: int = 99) -> list[Bits]:
    random = np.random.default_rng(seed)
    out = []
    for one in frames:
        changed = one.copy()
        changed[random.choice(256, bits, replace=False)] ^= 1
        out.append(changed)
    return out


def known(*videos: Sequence[Bits], every_s: float = 0.5) -> ReelIndex:
    index = ReelIndex()
    index.apply(
        ReelChange(n, n, ReelPrints.of([frame(b, at * every_s) for at, b in enumerate(video)]))
        for n, video in enumerate(videos, 1)
    )
    return index


def followed(index: ReelIndex, query: Sequence[Bits], every_s: float = 0.5) -> tuple[Segment, ...]:
    follower = Follower(index)
    for at, bits in enumerate(query):
        follower.feed(frame(bits, at * every_s))
    return follower.finish()


def test_a_clip_inside_a_long_video_is_found_with_its_ends() -> None:
    clip = changing(1, 60)
    index = known(clip, changing(2, 60))
    query = [*changing(3, 40), *noisy(clip[20:28], 30), *changing(4, 40)]
    (found,) = followed(index, query)
    assert (found.reel, found.zone) == (1, Zone.LINK)
    assert found.start_s == pytest.approx(20.0, abs=0.5)
    assert found.end_s == pytest.approx(24.0, abs=0.5)
    assert found.reference_start_s == pytest.approx(10.0, abs=0.5)
    assert 5 <= len(found.pairs) <= 24
    assert all(abs(p.time_s - 10 - p.reference_s) <= 0.5 for p in found.pairs)


@pytest.mark.parametrize(("first", "before"), [(20, 0), (0, 40), (20, 40), (0, 0)])
def test_both_beginnings_of_a_stretch_are_the_same_moment(first: int, before: int) -> None:
    """Where it begins with the query, or with the known video, neither is moved alone."""
    clip = changing(1, 60)
    query = [*changing(3, before), *noisy(clip[first : first + 12], 30)]
    (found,) = followed(known(clip), query)
    shift = (first - before) * 0.5
    assert found.reference_start_s - found.start_s == pytest.approx(shift, abs=0.01)
    assert min(found.start_s, found.reference_start_s) >= 0


def test_nothing_is_found_in_another_video() -> None:
    assert followed(known(*(changing(n, 60) for n in range(20))), changing(77, 200)) == ()


@pytest.mark.parametrize("speed", [0.8, 0.9, 1.11, 1.25])
def test_another_speed_is_measured(speed: float) -> None:
    clip = changing(5, 80, bits=24)
    index = known(clip, every_s=0.25)
    query = [clip[round(at * 0.5 / speed / 0.25)] for at in range(int(19.5 * speed / 0.5))]
    found = followed(index, noisy(query, 20))[0]
    assert found.zone is Zone.LINK
    assert found.speed == pytest.approx(speed, abs=0.03)


def test_a_frozen_picture_does_not_score_by_repetition() -> None:
    clip = changing(6, 40)
    (found,) = followed(known(clip), noisy([clip[10]] * 60, 2)) or (None,)
    assert found is None or found.zone is not Zone.LINK


def test_a_still_known_video_never_links() -> None:
    room = changing(7, 1)[0]
    still = noisy([room] * 60, 3)
    query = noisy([room] * 60, 3, seed=5)
    assert all(one.zone is not Zone.LINK for one in followed(known(still), query))


def test_two_videos_of_one_room_do_not_link() -> None:
    room = changing(8, 1)[0]
    first, second = (
        [a ^ b for a, b in zip([room] * 80, moved(seed), strict=True)] for seed in (10, 11)
    )
    assert all(one.zone is not Zone.LINK for one in followed(known(first), second))


def test_a_copy_of_a_video_of_a_room_links() -> None:
    room = changing(8, 1)[0]
    first = [a ^ b for a, b in zip([room] * 80, moved(10), strict=True)]
    found = followed(known(first), noisy(first[10:60], 12))[0]
    assert found.zone is Zone.LINK


def moved(seed: int) -> list[Bits]:
    """Up to 40 bits that differ from frame to frame: somebody moves in a room."""
    random = np.random.default_rng(seed)
    out = []
    for _ in range(80):
        bits = np.zeros(256, np.uint8)
        bits[random.choice(256, 40, replace=False)] = 1
        out.append(bits)
    return out


def test_two_frames_are_a_look_and_one_is_nothing() -> None:
    clip = changing(12, 60)
    index = known(clip)
    query = [*changing(13, 20), *clip[10:12], *changing(14, 20)]
    (found,) = followed(index, query)
    assert found.zone is Zone.LOOK
    assert followed(index, [*changing(13, 20), clip[10], *changing(14, 20)]) == ()


def flipped(one: Bits, of_key: int, others: int, random: np.random.Generator) -> Bits:
    """A frame with so many bits of its key changed, and of the rest."""
    each = np.packbits(np.eye(256, dtype=np.uint8), axis=1)
    in_key = kernel.video_key(each).any(1)
    changed = one.copy()
    for which, count in ((in_key, of_key), (~in_key, others)):
        changed[random.choice(np.flatnonzero(which), count, replace=False)] ^= 1
    return changed


@pytest.mark.parametrize(("view", "within"), [(0, 13), (12, 13), (129, 13), (14, 11), (32, 11)])
@pytest.mark.parametrize("sealed", [False, True])
def test_views_that_see_past_a_bar_are_sought_farther(
    view: int, within: int, sealed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sealed:
        monkeypatch.setattr(reels, "MOST_DELTA", 4)
    clip, random = changing(44, 20), np.random.default_rng(45)
    index = known(clip)
    for bits in (within, within + 1):
        hashes = np.packbits(flipped(clip[3], bits, 20, random))[None]
        seen = index.search(FramePrints(0.0, np.full(1, view, np.uint8), hashes, GOOD))
        assert seen.frame.tolist() == ([3] if bits == within else [])


def test_what_two_sighted_frames_begin_is_borne_out_by_others_that_no_key_finds() -> None:
    clip, random = changing(40, 40), np.random.default_rng(41)
    index = known(clip)
    faint = [flipped(one, 4, 70, random) for one in clip[10:12]]
    unsighted = [flipped(one, 24, 36, random) for one in clip[12:30]]
    before = changing(42, 10)
    follower = Follower(index)
    for at, bits in enumerate([*before, *faint]):
        assert follower.feed(frame(bits, at * 0.5)) == (), "two such frames say too little"
    for at, bits in enumerate(unsighted, 12):
        follower.feed(frame(bits, at * 0.5))
        assert not follower.sighted
    (found,) = follower.finish()
    assert found.zone is Zone.LINK
    assert found.start_s == pytest.approx(5.0, abs=0.5)
    assert followed(index, [*before, *unsighted]) == (), "without a sighting there is no line"


def test_a_live_query_is_told_as_it_grows() -> None:
    clip = changing(15, 60)
    follower = Follower(known(clip))
    told: list[Segment] = []
    for at, bits in enumerate([*changing(16, 10), *clip[:20]]):
        told += follower.feed(frame(bits, at * 2.0 if at < 10 else 20 + (at - 10) * 0.5))
    links = [one for one in told if one.zone is Zone.LINK]
    assert links
    assert links[0].end_s <= 23.0
    assert [one.score for one in told] == sorted(one.score for one in told)


def test_a_withdrawn_video_is_found_no_more_and_a_new_one_at_once() -> None:
    clip, other = changing(17, 40), changing(18, 40)
    index = known(clip)
    assert followed(index, clip)
    index.apply([ReelChange(5, 1, None)])
    assert followed(index, clip) == ()
    index.apply([ReelChange(6, 2, ReelPrints.of([frame(b, n / 2) for n, b in enumerate(other)]))])
    assert followed(index, other)[0].reel == 2
    assert index.applied == 6


def test_sealed_and_scanned_rows_answer_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    videos = [changing(100 + n, 40) for n in range(30)]
    plain = known(*videos)
    monkeypatch.setattr(reels, "MOST_DELTA", 100)
    sealed = ReelIndex()
    for n, video in enumerate(videos, 1):
        made = ReelPrints.of([frame(b, at * 0.5) for at, b in enumerate(video)])
        sealed.apply([ReelChange(n, n, made)])
    sealed.apply([ReelChange(99, 3, None)])
    plain.apply([ReelChange(99, 3, None)])
    assert sealed.rows >= plain.rows - 40
    for video in (videos[2], videos[7], videos[29]):
        for one in noisy(video, 25):
            a, b = (index.search(frame(one, 0.0)) for index in (plain, sealed))
            assert triples(a) == triples(b)


def triples(found: reels.Sightings) -> set[tuple[int, int, int]]:
    return set(zip(found.reel.tolist(), found.frame.tolist(), found.distance.tolist(), strict=True))


def test_prints_survive_packing_and_damage_is_refused() -> None:
    prints = ReelPrints.of([frame(b, n / 2) for n, b in enumerate(changing(19, 5))])
    blob = prints.pack()
    again = ReelPrints.parse(blob)
    assert again.pack() == blob
    assert [one.time_s for one in again.frames()] == [0.0, 0.5, 1.0, 1.5, 2.0]
    for broken in (b"", blob[:-1], b"X" + blob[1:], blob + b"0"):
        with pytest.raises(Exception, match="packed prints"):
            ReelPrints.parse(broken)


def test_a_query_that_is_looked_at_more_closely_keeps_its_link() -> None:
    """Six frames a second against a known video of one: several lie on the same known frame."""
    slow = changing(5, 120, bits=10)
    index = known(slow[::6], every_s=1.0)
    close = noisy(slow, 20)
    sparse = [frame(bits, at / 6) for at, bits in enumerate(close)][:18:6]
    dense = [frame(bits, at / 6) for at, bits in enumerate(close)][18:]
    follower = Follower(index)
    for one in (*sparse, *dense):
        follower.feed(one)
    best = follower.finish()[0]
    assert best.zone is Zone.LINK
    assert best.end_s - best.start_s > 10.0


def test_frames_that_are_not_new_in_full_support_a_link_and_are_not_counted() -> None:
    """Each but the first is 23 bits from the one before; with 24 every one counts."""
    for bits, counted in ((23, 1), (24, 16)):
        clip = changing(12, 16, bits=bits)
        (found,) = followed(known(clip), clip)
        assert (found.zone, found.frames) == (Zone.LINK, counted)


def test_the_span_is_from_the_first_counted_frame_to_the_last() -> None:
    clip = changing(13, 16)
    (found,) = followed(known(clip), clip[:9])
    assert (found.frames, found.span_s) == (9, 4.0)
    assert found.end_s - found.start_s > found.span_s


def test_frames_between_support_a_stretch_and_are_not_counted() -> None:
    """Looking four times as often makes a stretch surer, and the frames of a cut no more."""
    slow = changing(14, 48, bits=12)
    index = known(slow, every_s=0.25)
    query = noisy(slow, 20)
    seldom, often = Follower(index), Follower(index)
    for at, bits in enumerate(query):
        one = frame(bits, at * 0.25)
        if at % 4 == 0:
            seldom.feed(one)
        often.feed(one, between=at % 4 != 0)
    (few,), (many,) = seldom.finish(), often.finish()
    assert many.score > few.score
    assert many.frames <= few.frames
    assert many.span_s <= few.span_s


def test_the_ends_lie_halfway_to_the_frames_beside_however_often_others_come() -> None:
    """Key frames until a stretch stands, then four times as many: its start lies between the first."""
    clip = changing(15, 80)
    index = known(clip, every_s=0.25)
    other = changing(16, 200)
    follower = Follower(index)
    follower.feed(frame(other[0], 0.0))
    follower.feed(frame(other[1], 2.0))
    for at in range(80):
        if at == 4 or at >= 12:  # seconds 4, and from 6 on four a second; it began at 3
            follower.feed(frame(clip[at], 3.0 + at * 0.25), between=at > 12)
    for at in range(8):
        follower.feed(frame(other[10 + at], 23.0 + at * 0.25))
    (found,) = follower.finish()
    assert found.start_s == pytest.approx(3.0, abs=0.2)
    assert found.reference_start_s == pytest.approx(0.0, abs=0.2)
    assert found.end_s == pytest.approx(22.9, abs=0.2)


def test_a_sighting_is_told_before_there_is_a_stretch() -> None:
    clip = changing(17, 20)
    follower = Follower(known(clip))
    assert follower.feed(frame(clip[3], 0.0)) == ()
    assert follower.sighted.keys() == {1}
    follower.feed(frame(changing(18, 1)[0], 2.0))
    assert not follower.sighted
