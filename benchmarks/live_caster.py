"""A broadcaster and a viewer that measure: the time of day is burnt into every frame.

`python -m benchmarks.live_caster cast URL [KNOWN AT_S]` sends 640 x 360 at 25 frames/s, a key
frame each second, until it is cut off; from its AT_S-th second on it shows a picture or a video.
`watch URL` plays until it ends; `hls URL` asks for a playlist and its newest segment again and
again until both are refused. Each prints one JSON line at its end. A code is 48 bits of
milliseconds since 1970 as blocks of 16 x 16 pixels, two rows of 24, so that it survives x264.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from zlib import crc32

import av
import httpx
import numpy as np
from PIL import Image

WIDTH, HEIGHT, RATE, BLOCK, ACROSS = 640, 360, 25, 16, 24
BITS = 48
MOST_S = 60.0
POLL_S = 0.1
REFUSED = 5
"""Looks of an HLS viewer in which nothing answered any more."""
VIDEOS = {".mp4"}


def burn(luma: np.ndarray, milliseconds: int) -> None:
    """Write a code into the top of a plane."""
    bits = (milliseconds >> np.arange(BITS)) & 1
    rows = np.where(bits, 235, 16).astype(np.uint8).reshape(-1, ACROSS)
    luma[: BLOCK * len(rows), : BLOCK * ACROSS] = rows.repeat(BLOCK, 0).repeat(BLOCK, 1)


def read(luma: np.ndarray) -> int:
    """The code of a plane, in milliseconds since 1970."""
    rows = BITS // ACROSS
    part = luma[: BLOCK * rows, : BLOCK * ACROSS].reshape(rows, BLOCK, ACROSS, BLOCK)
    bits = part[:, 4:12, :, 4:12].mean((1, 3)).reshape(-1) > 125
    return int((bits.astype(np.int64) << np.arange(BITS)).sum())


def shown_by(file: Path) -> list[np.ndarray]:
    """The planes of what is known, one for each frame that is sent: a picture has one."""
    if file.suffix not in VIDEOS:
        return [np.asarray(Image.open(file).convert("L").resize((WIDTH, HEIGHT)))]
    planes: list[np.ndarray] = []
    with av.open(str(file)) as video:
        for frame in video.decode(video=0):
            plane = frame.reformat(WIDTH, HEIGHT, "gray").to_ndarray()
            due = int((frame.time or 0.0) * RATE) + 1
            planes += [plane] * max(0, due - len(planes))
    return planes


def cast(url: str, picture: str, at_s: float) -> dict[str, float]:
    """Send until it is cut off: when, and the codes of the last frame and of the first known one."""
    ground = np.random.default_rng(crc32(url.encode())).integers(
        60, 190, (HEIGHT // 40, WIDTH // 40), np.uint8
    )
    ground = np.asarray(Image.fromarray(ground).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    known = shown_by(Path(picture)) if picture else []
    begins = int(at_s) * RATE
    last = shown = 0.0
    begun, number = time.monotonic(), 0
    at_once = {"flush_packets": "1"}  # else small frames wait for the next large one
    with (
        suppress(OSError, av.error.FFmpegError),
        av.open(url, "w", format="flv", options=at_once) as out,
    ):
        stream = out.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.gop_size = RATE
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "threads": "1",
                          "sc_threshold": "0"}  # fmt: skip
        stream.time_base = Fraction(1, RATE)
        while time.monotonic() - begun < MOST_S:
            time.sleep(max(0.0, begun + number / RATE - time.monotonic()))
            due = bool(known) and number >= begins
            plane = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
            at = (number - begins) % max(1, len(known))
            plane[:HEIGHT] = known[at] if due else np.roll(ground, number * 3, axis=1)
            code = time.time_ns() // 1_000_000
            if not due:  # over what is known it would be another picture
                burn(plane, code)
            shown = shown or (code / 1000 if due else 0.0)
            frame = av.VideoFrame.from_ndarray(plane, format="yuv420p")
            frame.pts = number
            for packet in stream.encode(frame):
                out.mux(packet)
            last, number = code / 1000, number + 1
    return {"ended": time.time(), "last_code": last, "shown": shown}


def watch(url: str) -> dict[str, float]:
    """Play until it ends: when the last frame came, its code, and the greatest delay on the way."""
    came = code = delay = first = 0.0
    options = {"fflags": "nobuffer", "probesize": "50000", "analyzeduration": "300000"}
    with suppress(OSError, av.error.FFmpegError), av.open(url, options=options) as played:
        played.streams.video[0].thread_type = "NONE"
        for frame in played.decode(video=0):
            came = time.time()
            if not first:
                first = came
                print("playing", flush=True)
            code = read(frame.to_ndarray(format="gray")) / 1000
            if 0 < came - code < MOST_S:
                delay = max(delay, came - code)
    return {"came": came, "last_code": code, "delay": delay, "first": first}


def watch_hls(url: str) -> dict[str, float]:
    """Ask for a playlist and its newest segment until nothing answers: when a last byte came."""
    came = first = 0.0
    refused, begun, newest = 0, time.monotonic(), ""
    with httpx.Client(timeout=5) as client:
        while time.monotonic() - begun < MOST_S and (not first or refused < REFUSED):
            got = 0
            with suppress(httpx.HTTPError):
                playlist = client.get(url)
                if playlist.is_success:
                    got = len(playlist.content)
                    files = [one for one in playlist.text.split() if not one.startswith("#")]
                    newest = files[-1] if files else newest
                segment = client.get(httpx.URL(url).join(newest)) if newest else None
                if segment is not None and segment.is_success:
                    got += len(segment.content)
                    if not first:
                        first = time.time()
                        print("playing", flush=True)
            came = time.time() if got else came
            refused = 0 if got else refused + 1
            time.sleep(POLL_S)
    return {"came": came, "first": first}


if __name__ == "__main__":
    what, url, *rest = sys.argv[1:]
    if what == "cast":
        asked = rest if len(rest) == 2 and Path(rest[0]).exists() else ["", "0"]
        print(json.dumps(cast(url, asked[0], float(asked[1]))), flush=True)
    else:
        print(json.dumps(watch_hls(url) if what == "hls" else watch(url)), flush=True)
