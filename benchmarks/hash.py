"""From JPEG bytes to PDQ, beside python-threatexchange's `pdq_from_bytes`.

The pictures are crops and turns of one photograph scaled to 1, 4 and 12 megapixels, with sensor
noise so that enlarging does not make their JPEG files easier than a camera's. RGB must give
the same hash and quality bit for bit; the grey decode may differ by two bits.
"""

import io
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

from benchmarks.harness import Result, Row, Target, quick, times
from breakwater import kernel

PHOTO = Path(__file__).parents[1] / "tests/data/images/bridge/aaa-orig.jpg"
SIZES = {"1 MP": (1152, 864), "4 MP": (2304, 1728), "12 MP": (4000, 3000)}
OURS, OURS_GREY, THEIRS = "breakwater RGB", "breakwater grey", "threatexchange"


def pictures(width: int, height: int) -> list[bytes]:
    """Eight JPEG files of that size: crops and turns of one photograph, with sensor noise."""
    random = np.random.default_rng(width)
    files = []
    with Image.open(PHOTO) as opened:
        photo = opened.convert("RGB")
    for number in range(8):
        left, top = 60 * (number % 4), 40 * (number // 4)
        crop = photo.crop((left, top, left + 1200, top + 900)).resize((width, height))
        crop = crop.transpose(Image.Transpose(number % 5)).resize((width, height))
        noisy = np.asarray(crop, np.int16) + random.normal(0, 3, (height, width, 1)).astype(
            np.int16
        )
        file = io.BytesIO()
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
        files.append(file.getvalue())
    return files


def ours(data: bytes) -> tuple[bytes, int]:
    """Decode to RGB and hash."""
    return kernel.pdq(simplejpeg.decode_jpeg(data))


def decode_grey(data: bytes) -> np.ndarray:
    """What no grey hash can be faster than, whatever stands behind it."""
    return simplejpeg.decode_jpeg(data, "GRAY")


def ours_grey(data: bytes) -> tuple[bytes, int]:
    """Decode the luma only and hash."""
    return kernel.pdq(simplejpeg.decode_jpeg(data, "GRAY")[..., 0])


def run() -> Result:
    """Hash every picture by all three, in turns, and compare hashes."""
    rows: list[Row] = []
    speed: dict[str, tuple[float, float]] = {}
    bounds: dict[str, tuple[float, float]] = {}
    different = grey_bits = 0
    for case, size in list(SIZES.items())[: 1 if quick() else 3]:
        files = pictures(*size)
        for data in files:
            exact, quality = ours(data)
            text, their_quality = pdq_from_bytes(data)
            different += (exact.hex(), quality) != (text, their_quality)
            grey, _ = ours_grey(data)
            apart = int.from_bytes(exact) ^ int.from_bytes(grey)
            grey_bits = max(grey_bits, apart.bit_count())
        medians = []
        pixels = [simplejpeg.decode_jpeg(data) for data in files]
        planes = [
            np.ascontiguousarray(simplejpeg.decode_jpeg(data, "GRAY")[..., 0]) for data in files
        ]
        repeats = 3 if size[0] > 2000 else 5
        for name, call, inputs in (
            (THEIRS, pdq_from_bytes, files),
            (OURS, ours, files),
            (OURS_GREY, ours_grey, files),
            ("JPEG decoder alone, RGB", simplejpeg.decode_jpeg, files),
            ("JPEG decoder alone, grey", decode_grey, files),
            ("kernel RGB, pixels given", kernel.pdq, pixels),
            ("kernel grey, pixels given", kernel.pdq, planes),
        ):
            taken = np.array([times(call, inputs) for _ in range(repeats)]).min(axis=0)
            rows.append(Row(case, name, "a picture, mean of 8", float(taken.mean()) * 1e3, "ms"))
            rows.append(Row(case, name, "a picture, slowest of 8", float(taken.max()) * 1e3, "ms"))
            medians.append(float(taken.mean()))
        speed[case] = (medians[0] / medians[1], medians[0] / medians[2])
        bounds[case] = (medians[0] / medians[3], medians[0] / medians[4])
    rows.append(Row("all", OURS, "hashes that differ", different, ""))
    rows.append(Row("all", OURS_GREY, "most bits apart", grey_bits, "bits"))
    targets = [Target.at_most("RGB hashes that differ from pdqhash", different, 0)]
    targets.append(Target.at_most("grey: most bits apart", grey_bits, 2))
    for case, (exact_ratio, grey_ratio) in speed.items():
        targets.append(Target.at_least(f"{case}: RGB, times threatexchange", exact_ratio, 8))
        targets.append(Target.at_least(f"{case}: grey, times threatexchange", grey_ratio, 11))
    bound = ", ".join(f"{case} {rgb:.1f} and {grey:.1f}" for case, (rgb, grey) in bounds.items())
    notes = (
        f"kernel variant: {kernel.variant()}",
        (
            "With a hash that took no time, the JPEG decoder alone (the same libjpeg-turbo on both "
            f"sides) would bound the ratio, RGB and grey, at: {bound}"
        ),
    )
    return Result("hash", tuple(rows), tuple(targets), notes)
