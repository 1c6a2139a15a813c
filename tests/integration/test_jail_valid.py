"""What is valid is never rejected, and comes out of the jail with the hashes that are known."""

import io
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pdqhash
import pytest
from PIL import Image

from breakwater import kernel
from breakwater.fingerprint.video import conforms, frame_hashes, read_text
from breakwater.media import golden, image
from breakwater.media.sandbox import JailPool
from breakwater.model.media import Level, MediaType, Undecodable
from breakwater.model.signal import View
from breakwater.testing import example_kind
from tests.builders_media import bits_apart, blobs, clip, encoded
from tests.jail import LIMITS, ask, good

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="module")
def pool() -> Iterator[JailPool]:
    with JailPool(size=2) as jail:
        yield jail


def test_one_golden_file_of_each_codec_decodes_to_what_is_known(pool: JailPool) -> None:
    results = pool.golden()
    assert [one for one in results if not one.ok] == []
    assert {one.codec for one in results} >= {
        "jpeg", "png", "gif", "webp", "bmp", "tiff", "avif", "heif",
        "libx264", "libx265", "libvpx", "libvpx-vp9", "libsvtav1", "flv", "mpeg2video",
    }  # fmt: skip
    assert {one.type for one in golden.files()} == {kind.value for kind in MediaType}


@pytest.mark.parametrize("folder", ["bridge", "dihedral"])
def test_hashes_of_the_reference_pictures_are_bit_for_bit_the_published(
    pool: JailPool, folder: str
) -> None:
    rows = (DATA / "images" / folder / "pdq.txt").read_text().split()
    assert len(rows) >= 8
    for row in rows:
        name, quality, value = row.split(",")
        with (DATA / "images" / folder / name).open("rb") as source:
            prints = good(pool.fingerprint(source, declared="image/jpeg", limits=LIMITS))
        originals = [one for one in prints.of("pdq") if one.view is View.ORIGINAL]
        assert [(o.signal.value.hex(), o.quality) for o in originals] == [(value, int(quality))]
        assert len(prints.of("pdq")) == 8
        assert [one.signal.kind for one in prints.items[:3]] == ["md5", "sha1", "sha256"]


@pytest.mark.parametrize("path", sorted((DATA / "videos").glob("*.mp4")), ids=lambda p: p.stem)
def test_frame_hashes_conform_to_vpdq(pool: JailPool, path: Path) -> None:
    every = replace(LIMITS, sample_fps=1000, max_wall_s=30)
    with path.open("rb") as source:
        prints = good(pool.fingerprint(source, declared="video/mp4", limits=every))
    theirs = read_text(path.with_suffix(".vpdq.txt").read_text())
    ours = frame_hashes(prints.items, compatible=True)
    assert conforms(ours, theirs)
    assert [one.time_s for one in ours] == pytest.approx([t.time_s for t in theirs], abs=0.002)
    assert prints.coverage == "all"


def variants() -> Iterator[tuple[str, str, bytes]]:
    """Valid files of every format, mode and odd size."""
    modes = {
        "JPEG": ("RGB", "L", "CMYK"), "PNG": ("RGB", "L", "P", "RGBA", "LA", "1", "I;16"),
        "GIF": ("P", "L"), "WEBP": ("RGB", "RGBA"), "BMP": ("RGB", "L", "P", "1"),
        "TIFF": ("RGB", "L", "P", "CMYK", "RGBA", "1", "F", "I", "I;16"),
        "AVIF": ("RGB", "RGBA", "L"), "HEIF": ("RGB", "RGBA", "L"),
    }  # fmt: skip
    for form, some in modes.items():
        for mode in some:
            for size in ((320, 240), (97, 61), (1, 1), (2, 300), (300, 7)):
                whole = Image.fromarray(blobs(zlib.crc32(f"{form} {mode}".encode()) % 99, *size))
                whole = whole.convert("I").convert(mode) if mode == "I;16" else whole.convert(mode)
                name = f"{form}-{mode}-{size[0]}x{size[1]}"
                yield name, f"image/{form.lower()}", encoded(whole, form)
    yield "JPEG-progressive", "image/jpeg", encoded(blobs(), "JPEG", progressive=True)
    yield "JPEG-arithmetic-free-422", "image/jpeg", encoded(blobs(), "JPEG", subsampling=1)
    yield "PNG-interlaced-16", "image/png", encoded(blobs(), "PNG", compress_level=1)
    for compression in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg", "raw"):
        yield compression, "image/tiff", encoded(blobs(), "TIFF", compression=compression)


def test_valid_pictures_of_every_kind_are_never_rejected(pool: JailPool) -> None:
    image.prepare()
    rejected = {}
    count = 0
    for name, declared, data in variants():
        count += 1
        outcome = ask(pool, data, declared)
        if isinstance(outcome, Undecodable):
            rejected[name] = outcome
    assert rejected == {}
    assert count > 150


def test_odd_sizes_hash_bit_for_bit_as_pdqhash_does(pool: JailPool) -> None:
    rng = np.random.default_rng(11)
    for number in range(60):
        width, height = (int(side) for side in rng.integers(1, 400, 2))
        pixels = blobs(number, width, height)
        (first, *_) = good(ask(pool, encoded(pixels, "PNG"), "image/png")).of("pdq")
        bits, quality = pdqhash.compute(pixels)
        assert (first.signal.value, first.quality) == (np.packbits(bits).tobytes(), quality)


@pytest.mark.parametrize("form", ["mp4", "mov", "matroska", "webm", "mpegts", "flv"])
def test_valid_videos_of_every_container_are_never_rejected(pool: JailPool, form: str) -> None:
    codecs = {"webm": ("libvpx", "libvpx-vp9", "libsvtav1"), "flv": ("libx264", "flv")}
    for codec in codecs.get(form, ("libx264", "libx265", "mpeg4")):
        for size in ((160, 120), (130, 74)):
            prints = good(ask(pool, clip(form, codec, size=size)))
            assert (prints.width, prints.height, prints.frames) == (*size, 20)
            assert prints.duration_s == pytest.approx(2, abs=0.3)


ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,16
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def with_tracks(form: str, *codecs: str) -> bytes:
    """A clip with sound and subtitle tracks beside the picture."""
    out = io.BytesIO()
    with av.open(io.BytesIO(clip(frames=10))) as source, av.open(out, "w", format=form) as target:
        picture = target.add_stream_from_template(source.streams.video[0])
        others: list[Any] = [target.add_stream(codec) for codec in codecs]
        for other in others:
            if other.type == "subtitle":
                other.codec_context.subtitle_header = ASS_HEADER
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                target.mux(packet)
    return out.getvalue()


@pytest.mark.parametrize(
    ("form", "codecs"),
    [("mp4", ("aac", "mov_text")), ("mp4", ("mp3",)), ("matroska", ("ass", "aac")),
     ("matroska", ("subrip", "flac")), ("mpegts", ("aac",))],
)  # fmt: skip
def test_other_tracks_beside_the_picture_do_not_reject_it(
    pool: JailPool, form: str, codecs: tuple[str, ...]
) -> None:
    prints = good(ask(pool, with_tracks(form, *codecs)))
    assert prints.frames == 10


def test_a_hundred_megapixels_fit(pool: JailPool) -> None:
    whole = Image.fromarray(blobs()).resize((10_000, 10_000), Image.Resampling.NEAREST)
    prints = good(ask(pool, encoded(whole, "JPEG"), "image/jpeg", replace(LIMITS, max_wall_s=30)))
    assert (prints.width, prints.height) == (10_000, 10_000)


@pytest.mark.parametrize("level", list(Level))
def test_stills_of_pictures_and_videos(pool: JailPool, level: Level) -> None:
    for data, frame in ((encoded(blobs(), "JPEG"), 0), (clip(), 13)):
        still = pool.still(
            io.BytesIO(data), declared="", limits=LIMITS, frame=frame, level=level,
            watermark="a. person 12:00",
        )  # fmt: skip
        assert isinstance(still, bytes)
        shown = Image.open(io.BytesIO(still), formats=("WEBP",))
        assert shown.width <= level.box[0]
        assert shown.height <= level.box[1]
    missing = pool.still(io.BytesIO(encoded(blobs(), "PNG")), declared="", limits=LIMITS,
                         frame=3, level=level)  # fmt: skip
    assert isinstance(missing, Undecodable)


def test_the_luma_gives_the_hash_again(pool: JailPool) -> None:
    data = clip(frames=30)
    prints = good(ask(pool, data)).of("pdq")
    tables = pool.luma(io.BytesIO(data), declared="", limits=LIMITS,
                       frames=[one.frame for one in prints],
                       times=[one.time_s for one in prints])  # fmt: skip
    assert not isinstance(tables, Undecodable)
    for one, table in zip(prints, tables, strict=True):
        assert kernel.pdq_from_luma64(table)[0] == one.signal.value


def test_a_turned_video_has_the_hash_a_player_shows_and_the_one_tools_make(pool: JailPool) -> None:
    prints = good(ask(pool, clip(rotation=90, frames=3), limits=replace(LIMITS, sample_fps=1000)))
    assert (prints.width, prints.height) == (120, 160)
    seen = [one for one in prints.of("pdq") if not one.compatible]
    unturned = [one for one in prints.of("pdq") if one.compatible]
    assert len(seen) == len(unturned) == 3
    upright = good(ask(pool, clip(frames=3), limits=replace(LIMITS, sample_fps=1000))).of("pdq")
    assert bits_apart(unturned[0].signal.value, upright[0].signal.value) <= 8


def test_a_plug_ins_hasher_runs_inside_the_jail() -> None:
    with JailPool(size=1, entry="breakwater.testing.example_kind") as jail:
        example_kind.Registry.of([example_kind.plugin()])  # the parent knows the kind too
        (one,) = good(ask(jail, encoded(blobs(), "PNG"))).of("example_tiles")
    assert (one.signal.value, one.quality) == example_kind.tiles(blobs())
