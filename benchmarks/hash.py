"""From JPEG bytes to PDQ, beside python-threatexchange's `pdq_from_bytes`.

The pictures are eight photographs scaled to 1, 4 and 12 megapixels, some upright, and saved at
quality 85; what is enlarged by more than a quarter has sensor noise, so that its JPEG file is no
easier than a camera's. RGB must give the same hash and quality bit for bit; the grey decode may
differ by two bits. Ours decodes as `media.image` does: by the kernel, and what that leaves alone by
libjpeg-turbo, which is also measured by itself. Each program has a process of its own, so that what one of them, or the making
of the files, leaves behind in the allocator neither helps nor slows another.
"""

import io
import multiprocessing
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageOps
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

from benchmarks.harness import Result, Row, Target, quick, times
from breakwater import kernel

DATA = Path(__file__).parents[1] / "tests" / "data"
PHOTOS = (DATA / "images/bridge/aaa-orig.jpg", *sorted((DATA / "places").glob("*.jpg")))
ENLARGED = 1.25
SIZES = {"1 MP": (1152, 864), "4 MP": (2304, 1728), "12 MP": (4000, 3000)}
TURNS = {"1 MP": 12, "4 MP": 5, "12 MP": 3}
OURS, OURS_GREY, THEIRS = "breakwater RGB", "breakwater grey", "threatexchange"


def pictures(width: int, height: int) -> list[bytes]:
    """A JPEG file of that size from each photograph; every third stands upright."""
    random = np.random.default_rng(width)
    files = []
    for number, path in enumerate(PHOTOS):
        size = (height, width) if number % 3 == 2 else (width, height)
        with Image.open(path) as opened:
            scale = max(size[0] / opened.width, size[1] / opened.height)
            photo = ImageOps.fit(opened.convert("RGB"), size, Image.Resampling.LANCZOS)
        if scale > ENLARGED:
            noise = random.normal(0, 3, (size[1], size[0], 1)).astype(np.int16)
            noisy = np.asarray(photo, np.int16) + noise
            photo = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
        file = io.BytesIO()
        photo.save(file, "JPEG", quality=85)
        files.append(file.getvalue())
    return files


def decoded(data: bytes) -> NDArray[np.uint8]:
    """The pixels in RGB."""
    plain = kernel.jpeg_pixels(data)
    return simplejpeg.decode_jpeg(data) if plain is None else plain


def decoded_grey(data: bytes) -> NDArray[np.uint8]:
    """The luma only."""
    plain = kernel.jpeg_pixels(data, grey=True)
    return simplejpeg.decode_jpeg(data, "GRAY")[..., 0] if plain is None else plain


def turbo_grey(data: bytes) -> object:
    """The luma only, by libjpeg-turbo."""
    return simplejpeg.decode_jpeg(data, "GRAY")


def ours(data: bytes) -> tuple[bytes, int]:
    """Decode to RGB and hash."""
    return kernel.pdq(decoded(data))


def ours_grey(data: bytes) -> tuple[bytes, int]:
    """Decode the luma only and hash."""
    return kernel.pdq(decoded_grey(data))


PROGRAMS: dict[str, tuple[Callable[[bytes], Any], Callable[[Any], object]]] = {
    THEIRS: (bytes, pdq_from_bytes),
    OURS: (bytes, ours),
    OURS_GREY: (bytes, ours_grey),
    "libjpeg-turbo alone, RGB": (bytes, simplejpeg.decode_jpeg),
    "libjpeg-turbo alone, grey": (bytes, turbo_grey),
    "our decoder alone, RGB": (bytes, decoded),
    "our decoder alone, grey": (bytes, decoded_grey),
    "PDQ of RGB, pixels given": (decoded, kernel.pdq),
    "PDQ of grey, pixels given": (decoded_grey, kernel.pdq),
}
"""What is made of each file beforehand, and what is measured."""


def work(asked: Connection, name: str, files: list[bytes]) -> None:
    """One program in its own process: a turn over the files whenever it is asked for one."""
    prepare, call = PROGRAMS[name]
    inputs = [prepare(data) for data in files]
    times(call, inputs)
    while asked.recv():
        asked.send(times(call, inputs))


def least_times(files: list[bytes], turns: int) -> list[np.ndarray]:
    """The least seconds of each program for each file, the programs in turns.

    A shared machine changes its speed from minute to minute: in turns, all meet the same.
    """
    fresh = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        ends = []
        for name in PROGRAMS:
            mine, theirs = fresh.Pipe()
            process = fresh.Process(target=work, args=(theirs, name, files), daemon=True)
            process.start()
            stack.callback(process.join)
            stack.callback(mine.send, False)
            ends.append(mine)
        taken: list[list[np.ndarray]] = []
        for _ in range(turns):
            taken.append([])
            for end in ends:
                end.send(True)
                taken[-1].append(end.recv())
    return [np.min(of_one, axis=0) for of_one in zip(*taken, strict=True)]


def agreement(data: bytes) -> tuple[bool, int]:
    """Whether hash and quality are the peer's; how many bits the grey hash is apart."""
    exact, quality = ours(data)
    apart = int.from_bytes(exact) ^ int.from_bytes(ours_grey(data)[0])
    return (exact.hex(), quality) == pdq_from_bytes(data), apart.bit_count()


def run() -> Result:
    """Hash every picture by all three, in turns, and compare hashes."""
    rows: list[Row] = []
    speed: dict[str, tuple[float, float]] = {}
    bounds: dict[str, tuple[float, float]] = {}
    different = grey_bits = left = 0
    for case, size in list(SIZES.items())[: 1 if quick() else 3]:
        files = pictures(*size)
        for data in files:
            same, apart = agreement(data)
            different += not same
            left += kernel.jpeg_pixels(data) is None
            grey_bits = max(grey_bits, apart)
        means = []
        for name, taken in zip(PROGRAMS, least_times(files, TURNS[case]), strict=True):
            for words, value in (("mean", taken.mean()), ("slowest", taken.max())):
                measure = f"a picture, {words} of {len(files)}"
                rows.append(Row(case, name, measure, float(value) * 1e3, "ms"))
            means.append(float(taken.mean()))
        speed[case] = (means[0] / means[1], means[0] / means[2])
        bounds[case] = (means[0] / means[3], means[0] / means[4])
    rows.append(Row("all", OURS, "hashes that differ", different, ""))
    rows.append(Row("all", OURS_GREY, "most bits apart", grey_bits, "bits"))
    rows.append(Row("all", OURS, "files left to libjpeg-turbo", left, ""))
    targets = [Target.at_most("RGB hashes that differ from pdqhash", different, 0)]
    targets.append(Target.at_most("grey: most bits apart", grey_bits, 2))
    for case, (exact_ratio, grey_ratio) in speed.items():
        targets.append(Target.at_least(f"{case}: RGB, times threatexchange", exact_ratio, 8))
        targets.append(Target.at_least(f"{case}: grey, times threatexchange", grey_ratio, 11))
    bound = ", ".join(f"{case} {rgb:.1f} and {grey:.1f}" for case, (rgb, grey) in bounds.items())
    notes = (
        f"kernel variant: {kernel.variant()}",
        (
            "With libjpeg-turbo as the decoder, which the peer uses too, a hash that took no time would "
            f"bound the ratio, RGB and grey, at: {bound}"
        ),
    )
    return Result("hash", tuple(rows), tuple(targets), notes)
