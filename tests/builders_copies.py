"""Ordinary moving scenes, and what people do to a video before they show it again.

`scene` paints shots of panned textures with moving shapes; `encode` and `altered` go through
real x264. Everything is synthetic and follows from its seed.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

import av
import av.filter
import numpy as np
from numpy.typing import NDArray

from breakwater.fingerprint.views import ReferenceMaker, ViewMaker
from breakwater.model.copies import FramePrints

Frame = NDArray[np.uint8]
FPS = 12


def texture(rng: np.random.Generator, height: int, width: int) -> Frame:
    """A smooth random picture in colour, of several scales."""
    total = np.zeros((height, width, 3), np.float32)
    for cell, share in ((8, 0.2), (24, 0.35), (64, 0.6), (160, 1.0)):
        field = rng.random((height // cell + 3, width // cell + 3, 3), np.float32) - 0.5
        y = np.linspace(0, field.shape[0] - 1.001, height, dtype=np.float32)
        x = np.linspace(0, field.shape[1] - 1.001, width, dtype=np.float32)
        y0, x0 = y.astype(int), x.astype(int)
        fy, fx = (y - y0)[:, None, None], (x - x0)[None, :, None]
        upper = field[y0][:, x0] * (1 - fx) + field[y0][:, x0 + 1] * fx
        lower = field[y0 + 1][:, x0] * (1 - fx) + field[y0 + 1][:, x0 + 1] * fx
        total += share * (upper * (1 - fy) + lower * fy)
    return np.clip(total * 150 + rng.integers(70, 180, 3), 0, 255).astype(np.uint8)


def shot(rng: np.random.Generator, frames: int, height: int, width: int) -> Iterator[Frame]:
    """One shot: a panned background and shapes that cross it."""
    ground = texture(rng, height * 2, width * 2)
    start, end = rng.integers(0, [height, width], (2, 2))
    shapes = []
    for _ in range(rng.integers(2, 6)):
        size = rng.integers(height // 8, height // 2, 2)
        patch = texture(rng, int(size[0]), int(size[1]))
        shapes.append((patch, rng.uniform(-0.1, 0.9, (2, 2)) * [height, width]))
    for at in np.linspace(0, 1, frames):
        y, x = (start + (end - start) * at * 0.5).astype(int)
        picture = ground[y : y + height, x : x + width].copy()
        for patch, (begin, finish) in shapes:
            py, px = (begin + (finish - begin) * at).astype(int)
            top, left = max(0, py), max(0, px)
            part = patch[top - py : height - py, left - px : width - px]
            picture[top : top + len(part), left : left + part.shape[1]] = part
        yield picture


def scene(seed: int, seconds: float, *, height: int = 360, width: int = 640) -> Iterator[Frame]:
    """Several shots of 2 to 5 seconds."""
    rng = np.random.default_rng(seed)
    left = round(seconds * FPS)
    while left > 0:
        frames = min(left, int(rng.integers(2 * FPS, 5 * FPS)))
        yield from shot(rng, frames, height, width)
        left -= frames


def encode(
    frames: Iterable[Frame], *, bit_rate: int = 0, gop: int = FPS, rate: Fraction | int = FPS
) -> bytes:
    """An MP4 by x264; without a bit rate at a good constant quality."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = None
        for picture in frames:
            if stream is None:
                stream = container.add_stream("libx264", rate=rate)
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.gop_size = gop
                stream.options = {"preset": "veryfast"} | ({} if bit_rate else {"crf": "23"})
                if bit_rate:
                    stream.bit_rate = bit_rate
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        if stream is not None:
            container.mux(stream.encode())
    return out.getvalue()


def decoded(data: bytes) -> Iterator[tuple[float, av.VideoFrame]]:
    """Frames with their times."""
    with av.open(io.BytesIO(data)) as container:
        for frame in container.decode(video=0):
            yield float(frame.time or 0.0), frame


def altered(data: bytes, *filters: tuple[str, str], bit_rate: int = 0, gop: int = FPS) -> bytes:
    """A video through ffmpeg's filters and x264 again."""

    def frames() -> Iterator[Frame]:
        graph: av.filter.Graph | None = None
        with av.open(io.BytesIO(data)) as container:
            stream = container.streams.video[0]
            graph = av.filter.Graph()
            last = graph.add_buffer(template=stream)
            for name, args in filters:
                step = graph.add(name, args)
                last.link_to(step)
                last = step
            end = graph.add("buffersink")
            last.link_to(end)
            graph.configure()
            for frame in container.decode(stream):
                graph.push(frame)
                yield from _pulled(graph)
            graph.push(None)
            yield from _pulled(graph)

    return encode(frames(), bit_rate=bit_rate, gop=gop)


def _pulled(graph: av.filter.Graph) -> Iterator[Frame]:
    while True:
        try:
            yield graph.pull().to_ndarray(format="rgb24")
        except (BlockingIOError, EOFError, av.error.FFmpegError):
            return


ATTACKS: dict[str, tuple[tuple[str, str], ...]] = {
    "mirrored": (("hflip", ""),),
    "bordered": (("scale", "480:270"), ("pad", "640:360:80:45:black")),
    "pillarbox": (("scale", "384:360"), ("pad", "640:360:128:0:black")),
    "chat bar": (
        ("drawbox", "x=480:y=0:w=160:h=360:c=0x202028:t=fill"),
        ("drawbox", "x=16:y=16:w=90:h=40:c=0xd04040:t=fill"),
        ("drawbox", "x=492:y=40:w=130:h=10:c=white:t=fill"),
        ("drawbox", "x=492:y=70:w=100:h=10:c=white:t=fill"),
        ("drawbox", "x=492:y=140:w=120:h=10:c=white:t=fill"),
    ),
    "faster": (("setpts", "PTS/1.25"), ("fps", str(FPS))),
    "cropped": (("crop", "iw*0.9:ih*0.9:0:0"),),
    "downscaled": (("scale", "160:90"),),
    "grey gamma": (("hue", "s=0"), ("lutyuv", "y=gammaval(0.66)")),
    "turned": (("rotate", "4*PI/180"),),
}  # fmt: skip
LOW_RATE = 50_000


def sampled(data: bytes, every_s: float, start_s: float = 0.0) -> Iterator[tuple[float, Frame]]:
    """Luma planes at about these times."""
    due = start_s
    for time_s, frame in decoded(data):
        if time_s >= due - 1e-6:
            due = max(due + every_s, time_s)
            plane = frame.reformat(format="gray").to_ndarray()
            yield time_s, np.ascontiguousarray(plane)


def reel_prints(data: bytes) -> list[FramePrints]:
    """Reference prints of a video."""
    planes = list(sampled(data, 0.0))
    maker = ReferenceMaker(planes[-1][0])
    made = (maker.feed(luma, at) for at, luma in planes)
    return [one for one in made if one is not None]


def query_prints(data: bytes, *, every_s: float = 0.5, start_s: float = 0.25) -> list[FramePrints]:
    """A query's prints, off the reference's frames."""
    maker: Callable[[Frame, float], FramePrints] = ViewMaker().feed
    return [maker(luma, at) for at, luma in sampled(data, every_s, start_s)]
