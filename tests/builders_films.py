"""Clips of pictures: one after another, or one for very long. Encoded as they are asked for."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray


def film(frames: list[NDArray[np.uint8]], *, each: int = 10, rate: int = 5) -> bytes:
    """Pictures one after another, each shown for some frames."""
    height, width = frames[0].shape[:2]
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.thread_count = 10, 1
        stream.options = {"preset": "ultrafast"}
        for pixels in frames:
            for _ in range(each):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
                container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


def endless(shown: NDArray[np.uint8], frames: int, gop: int = 250) -> bytes:
    """One picture for very long: one group of pictures again and again, encoded once."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = shown.shape[1], shown.shape[0], "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.thread_count = gop, 1
        stream.options = {"preset": "ultrafast", "tune": "zerolatency"}
        frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
        group = [one for _ in range(gop) for one in stream.encode(frame)]
        held = [(bytes(one), one.is_keyframe) for one in group]
        for number in range(frames):
            body, key = held[number % gop]
            packet = av.Packet(body)
            packet.stream, packet.is_keyframe = stream, key
            packet.time_base = stream.codec_context.time_base
            packet.pts = packet.dts = number
            container.mux(packet)
    return out.getvalue()
