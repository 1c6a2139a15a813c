"""Ordinary demo media made on the spot: originals for the banks, and uploads with known answers.

In: nothing but seeds. Out: `originals()` and `clip()` to fill two banks with, and `samples()`
to upload: untouched and edited copies, a video with a known part, files that cannot be read,
and fresh pictures, each with the verdict it must get. Read by `cli.demo` and the journey
tests; `tests/unit/test_demo_media.py` proves the expectations with the reference hasher.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import av
import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from breakwater.cli.demo_photos import photo
from breakwater.model.match import Action

KNOWN: Final = ("valley", "avenue", "breakfast", "ridge", "square", "supper")
"""Names of the pictures in the blocking bank; the position is the seed."""
UNSURE: Final = ("lake", "corner")
"""Names of the pictures in the holding bank; seeds follow on."""
FRESH: Final = tuple(range(9, 15))
"""Seeds of pictures that are in no bank."""
CLIP_SCENES: Final = (21, 22)
LEAD_SCENE: Final = 23
BROADCAST_SCENES: Final = (24, 25, 26, 27, 28)
BROADCAST_LEAD_S: Final = 5.0
QUIET_SCENE: Final = 31
QUIET_S: Final = 60.0
RATE: Final = 12


@dataclass(frozen=True, slots=True)
class Original:
    """A picture that goes into a bank."""

    name: str
    content: bytes
    action: Action


@dataclass(frozen=True, slots=True)
class Sample:
    """Something to upload, and what must come of it.

    Attributes:
        name: what a person sees in the list.
        content, type: the body and the Content-Type it is sent with.
        expect: the verdict it must get.
        rule: what the name of the deciding rule starts with.
    """

    name: str
    content: bytes
    type: str
    expect: Action
    rule: str


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    """As a camera writes it."""
    return _file(picture.convert("RGB"), "JPEG", quality=quality)


def _file(picture: Image.Image, form: str, **how: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **how)
    return out.getvalue()


def originals() -> Iterator[Original]:
    """The pictures of both banks."""
    for seed, name in enumerate(KNOWN + UNSURE):
        action = Action.BLOCK if seed < len(KNOWN) else Action.HOLD
        yield Original(f"{name}.jpg", jpeg(photo(seed)), action)


def _watermark(picture: Image.Image) -> Image.Image:
    marked = picture.copy()
    draw = ImageDraw.Draw(marked, "RGBA")
    width, height = picture.size
    for line in range(3):
        place = (width * 0.08 + line * 60, height * (0.3 + 0.2 * line))
        draw.text(place, "SAMPLE PICTURE", fill=(255, 255, 255, 90), font_size=width // 16)
    return marked


def _crop(picture: Image.Image, share: float) -> Image.Image:
    width, height = picture.size
    x, y = width * share / 2, height * share / 2
    return picture.crop((int(x), int(y), int(width - x), int(height - y)))


EDITS: Final[Sequence[tuple[str, int, str, Callable[[Image.Image], bytes]]]] = (
    ("half the size", 1, "image/jpeg", lambda p: jpeg(p.resize((640, 480)))),
    ("saved again at quality 40", 2, "image/jpeg", lambda p: jpeg(p, 40)),
    ("3 % cropped off", 3, "image/jpeg", lambda p: jpeg(_crop(p, 0.03))),
    ("with a thin border", 2, "image/jpeg", lambda p: jpeg(ImageOps.expand(p, 12))),
    ("mirrored", 4, "image/jpeg", lambda p: jpeg(ImageOps.mirror(p))),
    ("turned a quarter to the left", 5, "image/jpeg", lambda p: jpeg(p.rotate(90, expand=True))),
    (
        "a quarter brighter",
        0,
        "image/jpeg",
        lambda p: jpeg(ImageEnhance.Brightness(p).enhance(1.25)),
    ),
    ("in grey", 1, "image/jpeg", lambda p: jpeg(p.convert("L"))),
    ("as PNG", 4, "image/png", lambda p: _file(p.resize((800, 600)), "PNG")),
    ("as WebP", 5, "image/webp", lambda p: _file(p, "WEBP", quality=60)),
    ("with a watermark", 0, "image/jpeg", lambda p: jpeg(_watermark(p))),
)
"""What was done, to which known picture, as what type, and how."""


def copies() -> Iterator[Sample]:
    """Copies of known pictures: untouched, edited, and of one the bank is unsure about."""
    first = jpeg(photo(0))
    yield Sample(f"{KNOWN[0]}, untouched", first, "image/jpeg", Action.BLOCK, "bank.block")
    for words, seed, kind, edit in EDITS:
        name = f"{KNOWN[seed]}, {words}"
        yield Sample(name, edit(photo(seed)), kind, Action.BLOCK, "bank.block")
    for offset, name in enumerate(UNSURE):
        picture = photo(len(KNOWN) + offset).resize((960, 720))
        yield Sample(f"{name}, smaller", jpeg(picture), "image/jpeg", Action.HOLD, "bank.hold")


def unreadable() -> Iterator[Sample]:
    """Files that must wait for a person, never pass and never crash anything."""
    whole = jpeg(photo(FRESH[0]))
    png = _file(photo(FRESH[1], width=320, height=240), "PNG")
    text = b"This is a text file that says it is a picture.\n" * 20
    for name, content in (
        ("a picture cut off half way", whole[: len(whole) // 2]),
        ("a PNG that says it is a JPEG", png),
        ("a text that says it is a picture", text),
        ("an empty file", b""),
    ):
        yield Sample(name, content, "image/jpeg", Action.HOLD, "undecodable.")


def fresh() -> Iterator[Sample]:
    """Pictures that are in no bank; one has no features at all."""
    for seed in FRESH:
        name = f"a new picture of a {('valley', 'street', 'table')[seed % 3]}"
        yield Sample(name, jpeg(photo(seed)), "image/jpeg", Action.ALLOW, "no_match")
    flat = _file(Image.new("RGB", (640, 480), (128, 140, 150)), "PNG")
    yield Sample("a picture of one colour", flat, "image/png", Action.ALLOW, "")


def _pan(seed: int, seconds: float, size: tuple[int, int]) -> Iterator[Image.Image]:
    """A camera going slowly across one scene."""
    wide = photo(seed, width=size[0] * 3 // 2, height=size[1])
    frames = int(seconds * RATE)
    for number in range(frames):
        left = (wide.width - size[0]) * number // max(1, frames - 1)
        yield wide.crop((left, 0, left + size[0], size[1]))


def _mp4(
    frames: Iterator[Image.Image], size: tuple[int, int], crf: int, form: str = "mp4"
) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(crf), "preset": "veryfast", "g": str(RATE), "threads": "1"}
        if form == "flv":
            stream.options |= {"tune": "zerolatency", "preset": "ultrafast"}
        for picture in frames:
            frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return out.getvalue()


def clip(*, copy: bool = False, lead_s: float = 0.0) -> bytes:
    """The known video; as a copy it is smaller, compressed harder, and may start later."""
    size = (640, 480)

    def frames() -> Iterator[Image.Image]:
        if lead_s:
            yield from _pan(LEAD_SCENE, lead_s, size)
        for seed in CLIP_SCENES:
            yield from _pan(seed, 3.0, size)

    if not copy:
        return _mp4(frames(), size, 20)
    small = (480, 360)
    return _mp4((picture.resize(small) for picture in frames()), small, 30)


def broadcast() -> bytes:
    """What the demo broadcasts: ordinary scenes, then the known video, then others; FLV."""
    size = (640, 480)

    def frames() -> Iterator[Image.Image]:
        yield from _pan(LEAD_SCENE, BROADCAST_LEAD_S, size)
        for seed in CLIP_SCENES:
            yield from _pan(seed, 3.0, size)
        for seed in BROADCAST_SCENES:
            yield from _pan(seed, 4.0, size)

    return _mp4(frames(), size, 26, "flv")


def quiet() -> bytes:
    """A minute of one ordinary scene that is in no bank; FLV."""
    size = (320, 240)
    return _mp4(_pan(QUIET_SCENE, QUIET_S, size), size, 28, "flv")


def videos() -> Iterator[Sample]:
    """A copy of the known video behind two seconds of something else, and a new one."""
    copied = clip(copy=True, lead_s=2.0)
    name = "a video with a known part from second 2"
    yield Sample(name, copied, "video/mp4", Action.BLOCK, "bank.block")
    new = _mp4(_pan(FRESH[-1] + 2, 3.0, (480, 360)), (480, 360), 23)
    yield Sample("a new video", new, "video/mp4", Action.ALLOW, "no_match")


def samples() -> Iterator[Sample]:
    """Everything the demo uploads, in the order in which it does."""
    yield from copies()
    yield from videos()
    yield from unreadable()
    yield from fresh()
