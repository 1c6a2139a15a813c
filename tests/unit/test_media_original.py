"""A transport stream is kept byte for byte, and its pieces begin where key frames begin."""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass

import av
import numpy as np
import pytest
from tests.builders_media import blobs

from breakwater.media.original import Original

SECONDS = 6


def cast(*, sound: bool = True) -> bytes:
    """A transport stream whose first key frame is larger than what FFmpeg looks into."""
    out = io.BytesIO()
    noise = np.random.default_rng(1)
    with av.open(out, "w", format="mpegts") as file:
        video = file.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt, video.gop_size = 640, 360, "yuv420p", 10
        video.options = {"preset": "ultrafast", "tune": "zerolatency", "qp": "10"}
        audio = file.add_stream("aac", rate=44_100, layout="mono") if sound else None
        for number in range(SECONDS * 10):
            pixels = np.ascontiguousarray(blobs(1, 640, 360, number))
            pixels = pixels + noise.integers(0, 40, pixels.shape, dtype=np.uint8) // 2
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            file.mux(video.encode(frame))
            if audio is not None:
                tone = np.sin(np.arange(4_410) / 8.0)[None].astype(np.float32)
                heard = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
                heard.sample_rate, heard.pts = 44_100, number * 4_410
                file.mux(audio.encode(heard))
        for stream in filter(None, (video, audio)):
            file.mux(stream.encode(None))
    return out.getvalue()


@dataclass
class Slow:
    """A connection that gives what it has in small parts, as `live.Pipe` does."""

    body: bytes
    kept: Original
    size: int
    at: int = 0

    def read(self, size: int) -> bytes:
        part = self.body[self.at : self.at + min(size, self.size)]
        self.at += len(part)
        self.kept.feed(part)
        return part


def pieces(body: bytes, size: int) -> list[tuple[bytes, bool]]:
    kept = Original()
    found = []
    with av.open(Slow(body, kept, size), format="mpegts", buffer_size=size) as pulled:
        video = pulled.streams.video[0]
        for packet in pulled.demux():
            if not packet.size:
                continue
            seen = packet.stream_index == video.index
            key = seen and packet.is_keyframe
            kept.put(packet, video=seen)
            now = float((packet.dts or 0) * packet.time_base)
            found.append(kept.take(now, key=key))
    return [one for one in (*found, kept.close()) if one[0]]


@pytest.mark.parametrize("size", [1_000, 30_000, 200_000])
def test_every_byte_is_kept_and_pieces_begin_with_key_frames(size: int) -> None:
    body = cast()
    found = pieces(body, size)
    assert b"".join(part for part, _ in found) == body
    keys = [at for at, (_, key) in enumerate(found) if key]
    assert len(keys) >= SECONDS - 1
    for begin, end in itertools.pairwise([*keys, len(found)]):
        alone = b"".join(part for part, _ in found[begin:end])
        with av.open(io.BytesIO(alone), format="mpegts") as film:
            first = next(film.demux(video=0))
            assert first.is_keyframe
            film.seek(0)
            assert len(list(film.decode(video=0))) >= 9


def test_a_ring_that_rolled_keeps_its_sound() -> None:
    found = pieces(cast(), 30_000)
    keys = [at for at, (_, key) in enumerate(found) if key]
    rest = b"".join(part for part, _ in found[keys[1] :])
    with av.open(io.BytesIO(rest), format="mpegts") as film:
        samples = sum(frame.samples for frame in film.decode(audio=0))
    assert samples >= (SECONDS - 2.5) * 44_100


def test_what_is_no_transport_stream_is_kept_too_and_never_grows_without_end() -> None:
    kept = Original()
    noise = np.random.default_rng(2).bytes(1 << 20)
    given = 0

    @dataclass
    class Packet:
        pos: int | None

    for at in range(24):
        kept.feed(noise)
        kept.put(Packet(None if at % 2 else 0), video=True)
        given += len(kept.take(at / 10, key=at % 5 == 0)[0])
    rest = len(kept.close()[0])
    assert given + rest == 24 << 20
    assert rest <= 9 << 20
