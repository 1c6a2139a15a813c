"""What one process of `bench copies` does: print known videos, change a clip, look for it.

Runs in spawned workers that each hold the whole index. A query is another movie, a part of the
known clip, another movie; changed, coded by x264, decoded and hashed as the product does:
`upload` hashes four frames a second, `live` key frames (every 2 s and at cuts), cuts coded whole and, once a stretch
stands, as many (`copies_live`).
"""

import functools
import io
import os
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from benchmarks.copies_attacks import FAMILIES, NAMED, Attack, Frames
from benchmarks.copies_clips import FPS, KINDS, Filmed, Movie, Picture, known_clips
from benchmarks.copies_live import closer, watched
from breakwater import kernel
from breakwater.fingerprint.video import FrameHash
from breakwater.fingerprint.views import ReferenceMaker, ViewMaker
from breakwater.matching import align, tracks
from breakwater.matching.reels import ReelChange, ReelIndex
from breakwater.model.copies import ReelPrints, Segment, Zone
from breakwater.model.scene import Keypoints
from breakwater.recognition import grey
from breakwater.scenes import local

GOP_S = 2
STEP = FPS // 4
"""Frames between the query frames of an upload (`recognition.task_views.SHORT_STEP_S`)."""
LONG_STEP = FPS // 2

SEED = int(os.environ.get("COPIES_SEED", "41"))
"""Draws clips, cuts, parameters and rooms. Thresholds were set on 0; 41 was never tuned on."""
NEAR, GOOD = 31, 50
"""vPDQ: bits and quality (threatexchange.extensions.vpdq.vpdq_util)."""

TAIL_FROM = 0.15
"""Scores that are told of unrelated videos, far below what a person ever sees (0.6)."""


@dataclass(frozen=True, slots=True)
class Source:
    """A video by name: how it is made, `seconds` long."""

    family: str
    seed: int
    seconds: float = 40.0

    @property
    def name(self) -> str:
        return f"{self.family} {self.seed}"

    def movie(self) -> Movie | Filmed:
        if self.family == "clip":
            return clips()[self.seed]
        return KINDS[self.family](self.seed + 20_000 * SEED, self.seconds)


@functools.cache
def clips() -> list[Movie | Filmed]:
    """The clips that are hidden; how many, the parent says by the environment."""
    return [one for _, one in known_clips(int(os.environ.get("COPIES_CLIPS", "16")), SEED)]


@dataclass(frozen=True, slots=True)
class Print:
    """A known video: its views, key points of its shots, its plain hashes as vPDQ has them."""

    source: Source
    views: bytes
    kept: bytes
    plain: np.ndarray


@dataclass(frozen=True, slots=True)
class Outcome:
    """One query: what was found of what was hidden in it, and what else.

    Attributes:
        found: best zone of the true segment.
        looked: its zone after local features (`recognition.grey`), when it was unsure.
        ends: errors in seconds of its start and end.
        wrong: zones of segments of other videos or places; (after local features).
        tail: (family of the known video, score) of unrelated segments above TAIL_FROM.
        pairs: unrelated frame pairs by family of the known video.
        vpdq: whether vPDQ's rule holds; told: when it is told where the clip lies.
    """

    case: str
    attack: str
    way: str
    found: Zone = Zone.NOTHING
    looked: Zone = Zone.NOTHING
    score: float = 0.0
    ends: tuple[float, ...] = ()
    wrong: tuple[tuple[str, Zone, Zone], ...] = ()
    tail: tuple[tuple[str, float], ...] = ()
    pairs: dict[str, int] = field(default_factory=dict)
    minutes: float = 0.0
    vpdq: bool = False
    told: bool = False
    vpdq_wrong: tuple[str, ...] = ()


def grey_of(picture: Picture) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def once_a_second(movie: Movie | Filmed) -> range:
    return range(0, movie.count, FPS)


def reference(source: Source) -> Print:
    """Print one known video as `recognition.task_views` does, and key points of its shots."""
    movie = source.movie()
    step = 1 if source.family == "clip" else LONG_STEP
    maker, views, plain, hashes = ReferenceMaker(movie.seconds), [], [], []
    for number in range(0, movie.count, step):
        luma = grey_of(movie.frame(number))
        if (one := maker.feed(luma, number / FPS)) is not None:
            views.append(one)
        if number % FPS == 0:
            value, quality = kernel.pdq(luma)
            hashes.append(FrameHash(number, number / FPS, value, quality))
            if quality >= GOOD:
                plain.append(np.frombuffer(value, np.uint8))
    kept = [
        local.extract(grey_of(movie.frame(round(time_s * FPS))), time_s)
        for time_s in grey.moments(hashes)
    ]
    few = tuple(one.only(np.arange(len(one)) < grey.POINTS) for one in kept)
    table = np.array(plain, np.uint8).reshape(-1, 32)
    return Print(source, ReelPrints.of(views).pack(), grey.Known(few).pack(), table)


@dataclass(slots=True)
class World:
    """What a worker holds: the index and all known videos by number."""

    index: ReelIndex
    prints: list[Print]
    frames: dict[str, int]

    @classmethod
    def load(cls, path: str) -> "World":
        prints: list[Print] = pickle.loads(Path(path).read_bytes())
        index = ReelIndex()
        views = [ReelPrints.parse(one.views) for one in prints]
        index.apply(ReelChange(n + 1, n, one) for n, one in enumerate(views))
        counts: dict[str, int] = {}
        for one, seen in zip(prints, views, strict=True):
            family = one.source.family
            counts[family] = counts.get(family, 0) + len(seen.times)
        return cls(index, prints, counts)


_world: list[World] = []


def start(path: str) -> None:
    """Make a worker ready."""
    cv2.setNumThreads(1)
    _world.append(World.load(path))


def coded(frames: Frames, kbit: int) -> bytes:
    """As x264 sends it at that rate: a key frame every 2 s and at cuts."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=FPS)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", kbit * 1000
        stream.codec_context.thread_count = 1
        stream.options = {
            "preset": "superfast",
            "g": str(GOP_S * FPS),
            "maxrate": f"{kbit}k",
            "bufsize": f"{2 * kbit}k",
        }
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


def decoded(data: bytes) -> Iterator[tuple[float, bool, np.ndarray]]:
    """Time, whether it is coded whole as key frames are, and luma of every frame."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for frame in container.decode(stream):
            yield float(frame.time), frame.pict_type == av.video.frame.PictureType.I, luma_of(frame)


def luma_of(frame: Any) -> np.ndarray:
    """The decoder's Y plane, without its padding."""
    plane = frame.planes[0]
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[
        : frame.height, : frame.width
    ]


@dataclass(slots=True)
class Query:
    """A query after coding: every frame's luma by number, which were hashed, and the truth."""

    lumas: list[np.ndarray]
    keys: list[bool]
    source: Source | None = None
    truth: tuple[float, float, float] = (0.0, 0.0, 1.0)
    """Start and end in the query, and where the known video's second 0 lies."""

    speed: float = 1.0


def hidden(clip: int) -> tuple[Frames, Source, tuple[float, float, float]]:
    """A part of a clip between two other movies, 0.25 s off the known video's frames."""
    random = np.random.default_rng((clip, 9, SEED))
    source = Source("clip", clip)
    movie = source.movie()
    length = min(movie.count - 4, int(random.uniform(10, 16) * FPS))
    first = int(random.integers(0, movie.count - length)) // FPS * FPS + 3
    first = min(first, movie.count - length)
    sides = [int(random.uniform(4, 6) * FPS) for _ in range(2)]
    frames: Frames = []
    for number, count in enumerate(sides):
        if number == 1:
            frames += [movie.frame(n) for n in range(first, first + length)]
        other = Movie(5_000_000 + 10_000 * SEED + 2 * clip + number, count / FPS + 1)
        frames += [other.frame(n) for n in range(count)]
    begin = sides[0] / FPS
    return frames, source, (begin, begin + length / FPS, begin - first / FPS)


def attacked(
    frames: Frames, source: Source, truth: tuple[float, ...], attack: Attack, seed: int
) -> Query:
    """The query as it arrives."""
    changed = attack.change(frames, np.random.default_rng((seed, 4, SEED)))
    seen = list(decoded(coded(changed, attack.kbit)))
    begin, end, zero = (value * attack.speed for value in truth)
    return Query(
        [luma for *_, luma in seen],
        [key for _, key, _ in seen],
        source,
        (begin, end, zero),
        attack.speed,
    )


def clip_task(clip: int, names: Sequence[str]) -> list[Outcome]:
    """One clip through all attacks, both ways."""
    frames, source, truth = hidden(clip)
    found = []
    for number, attack in enumerate(NAMED + FAMILIES):
        if attack.name in names:
            query = attacked(frames, source, truth, attack, 100 * clip + number)
            found += [judged(query, attack.name, way) for way in ("upload", "live")]
    return found


def unrelated_task(source: Source) -> list[Outcome]:
    """A whole video that shows nothing known; scores are told from far below a look on."""
    movie = source.movie()
    numbers = range(0, movie.count, STEP)
    query = Query([grey_of(movie.frame(n)) for n in numbers], [True] * len(numbers))
    kept = align.LOOK_SCORE
    align.LOOK_SCORE = tracks.LOOK_SCORE = TAIL_FROM
    try:
        return [judged(query, source.family, "upload", step=STEP)]
    finally:
        align.LOOK_SCORE = tracks.LOOK_SCORE = kept


def judged(query: Query, case: str, way: str, step: int = 1) -> Outcome:
    """Follow a query through all known videos and compare with the truth."""
    world = _world[0]
    if way == "live":
        follower, numbers = watched(query.lumas, query.keys, world.index)
    else:
        follower, views = align.Follower(world.index), ViewMaker()
        numbers = list(range(0, len(query.lumas), STEP // step))
        for n in numbers:
            follower.feed(views.feed(query.lumas[n], n * step / FPS))
    looked = numbers if way == "live" else None
    own, others = [], []
    for segment in follower.finish():
        (own if _true(query, segment, world) else others).append(segment)
    best = max(own, key=lambda s: s.score, default=None)
    zone = best.zone if best else Zone.NOTHING
    wrong = [s for s in others if s.score >= 0.6]
    seconds = range(0, len(query.lumas), FPS // step)
    plain = [_plain(query.lumas[n]) for n in seconds]
    return Outcome(
        case=query.source.name if query.source else case,
        attack=case, way=way, found=zone,
        looked=_closer(query, best, step, looked) if best else zone,
        score=best.score if best else 0.0,
        ends=_ends(query, best) if best and zone is Zone.LINK else (),
        wrong=tuple((_family(world, s), s.zone, _closer(query, s, step, looked)) for s in wrong),
        tail=tuple((_family(world, s), s.score) for s in others),
        pairs={f: len(numbers) * count for f, count in world.frames.items()},
        minutes=len(query.lumas) * step / FPS / 60,
        **_vpdq(query, [n * step for n in seconds], plain, world),
    )  # fmt: skip


def _family(world: World, segment: Segment) -> str:
    return world.prints[segment.reel].source.family


def _true(query: Query, segment: Segment, world: World) -> bool:
    """The hidden clip, at its own time line within 1.5 s at the segment's middle."""
    if query.source is None or world.prints[segment.reel].source != query.source:
        return False
    begin, end, zero = query.truth
    shared = min(segment.end_s, end) - max(segment.start_s, begin)
    middle = (segment.start_s + segment.end_s) / 2
    here = (segment.reference_start_s + segment.reference_end_s) / 2
    return shared > 0 and abs((middle - zero) / query.speed - here) <= 1.5


def _ends(query: Query, segment: Segment) -> tuple[float, ...]:
    begin, end, _ = query.truth
    return abs(segment.start_s - begin), abs(segment.end_s - end)


def _closer(query: Query, segment: Segment, step: int, looked: list[int] | None) -> Zone:
    """What local features say of a look, or of a link by little."""
    if not grey.unsure(segment):
        return segment.zone
    known = grey.Known.parse(_world[0].prints[segment.reel].kept)
    if looked is not None:
        return closer(query.lumas, looked, segment, known).zone

    def at(time_s: float) -> Keypoints:
        place = min(len(query.lumas) - 1, max(0, round(time_s * FPS / step)))
        return local.extract(np.ascontiguousarray(query.lumas[place]), time_s)

    length = len(query.lumas) * step / FPS
    inside = grey.plan(segment, known)
    outside = grey.beyond(segment, known, length, grey.LOOKS - len(inside))
    pairs, beside = (
        [(at(look.time_s), known.frames[look.kept]) for look in looks]
        for looks in (inside, outside)
    )
    around = [at(length * share) for share in np.linspace(0.02, 0.98, 8)]
    return grey.decide(segment, pairs, (around, known.frames), outside=beside)[0].zone


def _plain(luma: np.ndarray) -> tuple[np.ndarray, int]:
    value, quality = kernel.pdq(np.ascontiguousarray(luma))
    return np.frombuffer(value, np.uint8), quality


def _vpdq(
    query: Query, numbers: list[int], plain: list[tuple[np.ndarray, int]], world: World
) -> dict[str, Any]:
    """vPDQ's rule: 80 % of the query's frames of quality lie within 31 bits of known ones."""
    begin, end, _ = query.truth
    good = [
        (n / FPS, value)
        for n, (value, quality) in zip(numbers, plain, strict=True)
        if quality >= GOOD
    ]
    if not good:
        return {}
    asked = np.array([value for _, value in good]).view(np.uint64)
    inside = np.array([begin <= time_s <= end for time_s, _ in good])
    whole, told, wrong = False, False, []
    for one in world.prints:
        if not len(one.plain):
            continue
        apart = np.bitwise_count(asked[:, None] ^ one.plain.view(np.uint64)[None]).sum(2)
        near = (apart <= NEAR).any(1)
        if one.source == query.source:
            whole = bool(near.mean() >= 0.8)
            told = bool(inside.any() and near[inside].mean() >= 0.8)
        elif near.mean() >= 0.8:
            wrong.append(one.source.family)
    return {"vpdq": whole, "told": told, "vpdq_wrong": tuple(wrong)}
