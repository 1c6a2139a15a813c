"""JPEG files of every plain kind, damaged copies of them, and what libjpeg-turbo makes of both."""

import io

import numpy as np
import simplejpeg
from PIL import Image

SIZES = [(8, 1), (9, 33), (16, 16), (17, 15), (31, 47), (64, 50), (95, 130)]
KINDS = [
    {"quality": 85}, {"quality": 100, "subsampling": 0}, {"quality": 40, "subsampling": 1},
    {"quality": 1}, {"quality": 92, "optimize": True}, {"restart_marker_blocks": 3},
    {"quality": 75, "subsampling": 1, "restart_marker_rows": 1}, {"quality": 60, "grey": True},
]  # fmt: skip
"""What `Image.save` is asked for; `grey` is a file with luma only."""


def drawn(columns, rows, content):
    """Soft colours, saturated stripes, or noise."""
    random = np.random.default_rng(columns * 1009 + rows)
    y, x = np.mgrid[:rows, :columns]
    if content == 0:
        planes = [128 + 127 * np.sin(x / (9 + i) + i) * np.cos(y / (7 - i)) for i in range(3)]
        return np.stack(planes, axis=2).astype(np.uint8)
    if content == 1:
        stripes = np.array([[255, 0, 0], [0, 0, 255], [255, 255, 0], [0, 0, 0]], np.uint8)
        return stripes[(x // 5 + y // 3) % 4]
    return np.clip(random.normal(128, 40, (rows, columns, 3)), 0, 255).astype(np.uint8)


def saved(pixels, *, grey=False, **how):
    """A JPEG file."""
    file = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert("L") if grey else image).save(file, "JPEG", **how)
    return file.getvalue()


def jpegs():
    """Files that are read, with the words for a failure."""
    for columns, rows in SIZES:
        for number, how in enumerate(KINDS):
            pixels = drawn(columns, rows, (number + columns) % 3)
            yield saved(pixels, **how), f"{columns} x {rows}, {how}"


def damages(data, count=12):
    """Copies that are cut, changed in a byte or a bit, or miss a few bytes."""
    random = np.random.default_rng(len(data))
    for number in range(count):
        bad = bytearray(data)
        at = int(random.integers(2, len(bad)))
        if number % 4 == 0:
            del bad[at:]
        elif number % 4 == 1:
            bad[at] = int(random.integers(256))
        elif number % 4 == 2:
            bad[at] ^= 1 << int(random.integers(8))
        else:
            del bad[at : at + int(random.integers(1, 5))]
        yield bytes(bad)


def greedy():
    """A file of one MCU in 4:2:0 whose scan is four bytes, and whose codes take the most bits.

    Every code is sixteen noughts; each coefficient of the chroma and luma has ten bits more.
    """

    def segment(marker, body):
        return b"\xff" + bytes([marker]) + (len(body) + 2).to_bytes(2, "big") + body

    def codes(number, symbol):
        return segment(0xC4, bytes([number, *[0] * 15, 1, symbol]))

    frame = b"\x08\x00\x10\x00\x10\x03" + b"\x01\x22\x00\x02\x11\x00\x03\x11\x00"
    scan = b"\x03\x01\x00\x02\x00\x03\x00\x00\x3f\x00"
    return b"".join([
        b"\xff\xd8", segment(0xDB, b"\x00" + b"\x01" * 64), segment(0xC0, frame),
        codes(0x00, 0x00), codes(0x10, 0x0A), segment(0xDA, scan), bytes(4), b"\xff\xd9",
    ])  # fmt: skip


def decoded(data, *, grey=False):
    """What libjpeg-turbo makes of a file: (rows, columns[, 3]); None where it warns or refuses."""
    try:
        _, _, colours, _ = simplejpeg.decode_jpeg_header(data)
        made = simplejpeg.decode_jpeg(data, "GRAY" if grey or colours == "Gray" else "RGB")
    except ValueError:
        return None
    return made[..., 0] if made.shape[2] == 1 else made
