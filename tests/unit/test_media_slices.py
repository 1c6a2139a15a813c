"""A cut just after a key frame is coded whole and is no key frame: told from a packet's first bytes."""

from __future__ import annotations

from io import BytesIO

import av
import numpy as np
import pytest
from tests.builders_copies import texture

from breakwater.media.slices import MOST, Wholes, whole_picture

CUT = 28


def cast(form: str) -> bytes:
    """A key frame every second, and a cut just after the second of them."""
    scenes = [texture(np.random.default_rng(seed), 240, 320) for seed in (1, 2)]
    out = BytesIO()
    with av.open(out, "w", format=form) as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.options = {
            "preset": "veryfast",
            "x264-params": "keyint=25:min-keyint=20:scenecut=40",
        }  # fmt: skip
        for number in range(50):
            pixels = np.roll(scenes[number >= CUT], number, axis=1)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.parametrize("form", ["mpegts", "flv"])
def test_a_cut_after_a_key_frame_is_told_and_shown_alone(form: str) -> None:
    body = cast(form)
    with av.open(BytesIO(body)) as file:
        stream = file.streams.video[0]
        packets = [one for one in file.demux(stream) if one.size]
        stream.codec_context.flags |= int(av.codec.context.Flags.output_corrupt)
        lengths = form == "flv"
        whole = [one for one in packets if whole_picture(memoryview(one), lengths=lengths)]
        assert len(whole) == 1
        assert not whole[0].is_keyframe
        stream.codec_context.flush_buffers()
        (alone,) = [*stream.codec_context.decode(whole[0]), *stream.codec_context.decode(None)]
    with av.open(BytesIO(body)) as file:
        every = list(file.decode(video=0))
    shown = every[CUT]
    assert alone.pts == shown.pts
    assert np.array_equal(alone.to_ndarray(), shown.to_ndarray())


def test_only_so_many_are_told_between_two_key_frames() -> None:
    with av.open(BytesIO(cast("flv"))) as file:
        stream = file.streams.video[0]
        wholes = Wholes(stream.codec_context)
        packets = [one for one in file.demux(stream) if one.size]
        (whole,) = [one for one in packets if whole_picture(memoryview(one), lengths=True)]
    assert not wholes.tell(whole), "before the first key frame nothing can be told"
    for _ in range(2):
        wholes.begin()
        assert [wholes.tell(whole) for _ in range(MOST + 1)] == [True] * MOST + [False]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\0", b"\0\0\1", b"\0\0\0\1\x41", b"\xff" * 64, b"\0" * 64, b"\0\0\0\0\x41\0\0",
        b"\0\0\1\x09\xf0" * 40, b"\xff\xff\xff\xff\x06" + b"\0" * 20,
        b"\0\0\0\1\x41" + b"\0" * 9, b"\0\0\0\5\x41\x9a",
    ],
)  # fmt: skip
@pytest.mark.parametrize("lengths", [False, True])
def test_what_is_no_packet_holds_no_picture(body: bytes, lengths: bool) -> None:
    for cut in (body, body[:3]):
        assert not whole_picture(memoryview(cut), lengths=lengths)
