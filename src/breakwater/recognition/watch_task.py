"""What runs in the jail for a broadcast: pull, look at frames, hash, pass the originals on.

`media.child` imports this module for the zygote of a watcher and runs `watch` in one child for
each broadcast, whose source is the socket to its watcher: messages go out (`wire.Answer`s, kinds
in `Told`), words of one line come in (`sample full`, `still s2`). Nothing here can open or
connect to anything. Read by `live.watching.childwire`. Tests: `tests/integration/test_live_pull.py`.
"""

from __future__ import annotations

import json
import os
import select
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from breakwater import kernel
from breakwater.fingerprint import audio
from breakwater.fingerprint.borders import Box, inner_box
from breakwater.fingerprint.views import ViewMaker
from breakwater.media import golden, live_proof, stills
from breakwater.media.live import Piece, Pull, PullEnded, Seen, luma
from breakwater.media.preload import load_lazy_parts
from breakwater.media.video import Video
from breakwater.media.wire import LENGTHS, Answer, Job
from breakwater.model.copies import FramePrints
from breakwater.model.live import Ending, LiveShape, Sampling
from breakwater.model.media import Level, MediaLimits, MediaType
from breakwater.recognition import watch_look, watch_pixels, watch_strip

PULSE_S: Final = 1.0
STILL_S: Final = 0.9
"""Least seconds between two small stills: a wall refreshes once a second."""


def watch(job: Job) -> Answer:
    """Watch one broadcast until it ends; the answer says why."""
    teller = _Teller(job.source)
    try:
        pull = Pull(
            str(job.args["url"]), str(job.args["form"]), max_pixels=job.limits.max_pixels,
            patience=int(job.args.get("patience", 1)), extra=dict(job.args.get("options", {})),
            sound_rate=audio.RATE,
        )  # fmt: skip
    except PullEnded as ended:
        return Answer({"t": "end", "why": ended.why, "detail": ended.detail})
    pull.sampling = Sampling(job.args.get("sampling", Sampling.KEY))
    one = _Watch(pull, teller)
    try:
        return one.run()
    finally:
        pull.close()


HANDLERS: Final[Mapping[str, Callable[[Job], Answer]]] = {"watch": watch, **live_proof.HANDLERS}


def versions() -> Mapping[str, str]:
    """Of the kernel; the file jail says the rest."""
    return {"kernel": kernel.variant()}


def warm() -> None:
    """Load and run everything once: in the jail it is too late."""
    load_lazy_parts()
    maker = ViewMaker()
    for one in golden.files():
        if not one.type.startswith("video/"):
            continue
        with tempfile.TemporaryFile() as file:
            file.write(one.open().read())
            file.seek(0)
            with os.fdopen(os.dup(file.fileno()), "rb") as source:
                video = Video(source, MediaType(one.type), MediaLimits())
                shot = next(iter(video.shots()))
                video.close()
        grey = np.ascontiguousarray(shot.pixels[..., 1])
        maker.both(grey, 0.0)
        _prints(grey, inner_box(grey))
        smallest(grey)
        for level in Level:
            stills.render(grey, level)
    watch_look.warm()


class _Teller:
    """The socket to the watcher."""

    def __init__(self, socket: BinaryIO) -> None:
        self._number = socket.fileno()
        self._poll = select.poll()
        self._poll.register(self._number, select.POLLIN)
        self._heard = b""

    def tell(self, header: Mapping[str, Any], block: bytes = b"") -> None:
        """Send one message; blocks while the watcher is behind."""
        spelled = json.dumps(dict(header)).encode()
        head = LENGTHS.pack(len(spelled), len(block)) + spelled
        sent = os.writev(self._number, (head, block))  # originals are large: no copy of them
        for part in (head, block):
            left = memoryview(part)[sent:]
            sent = max(0, sent - len(part))
            while left:
                left = left[os.write(self._number, left) :]

    def wait(self, seconds: float) -> None:
        """Until the watcher says something, so many seconds at most."""
        self._poll.poll(seconds * 1000)

    def hear(self) -> list[list[str]]:
        """Lines that came, as words."""
        if not self._poll.poll(0):
            return []
        body = os.read(self._number, 4096)
        if not body:
            raise PullEnded(Ending.ASKED, "the watcher has gone")
        *lines, self._heard = (self._heard + body).split(b"\n")
        return [line.decode().split() for line in lines if line.strip()]


class _Watch:
    """One broadcast while it is watched."""

    def __init__(self, pull: Pull, teller: _Teller) -> None:
        self._pull, self._teller = pull, teller
        self._maker = ViewMaker()
        self._asked = watch_pixels.Asked()
        self._shown = watch_look.Shown()
        self._strip = watch_strip.Strip()
        self._sound = watch_look.Sound(pull.ear) if pull.ear is not None else None
        self._opened = time.monotonic()
        self._last: NDArray[np.uint8] | None = None
        self._next_pulse = self._next_still = 0.0
        pull.rest = self._rest

    def run(self) -> Answer:
        """Until the end."""
        try:
            for event in self._pull.events():
                if isinstance(event, Seen):
                    self._look(event)
                elif isinstance(event, Piece):
                    self._teller.tell(
                        {"t": "piece", "time": event.time_s, "key": event.key}, event.body
                    )
                elif isinstance(event, LiveShape):
                    self._shape(event)
                else:
                    self._between()
        except PullEnded as ended:
            return Answer({"t": "end", "why": ended.why, "detail": ended.detail, **self._pulse()})
        raise AssertionError("a pull ends by saying so")  # pragma: no cover

    def _shape(self, shape: LiveShape) -> None:
        self._teller.tell({
            "t": "shape", "video": shape.video, "width": shape.width, "height": shape.height,
            "audio": shape.audio, "container": shape.container,
        })  # fmt: skip

    def _look(self, seen: Seen) -> None:
        """Hash a frame in every way and tell."""
        grey = luma(seen.frame)
        self._last = grey
        box = inner_box(grey)
        prints, quality, inner = _prints(grey, box)
        query, reference = self._maker.both(grey, seen.time_s, box)
        small = np.zeros((0, 0), np.uint8)
        if seen.time_s >= self._next_still:
            small = smallest(grey)
            self._next_still = seen.time_s + STILL_S
        views = [_packed(query), _packed(reference)]
        self._teller.tell(
            {
                "t": "frame", "n": self._pull.looked - 1, "time": seen.time_s, "key": seen.key,
                "width": grey.shape[1], "height": grey.shape[0], "quality": quality,
                "inner": inner, "query": len(query.views), "reference": len(reference.views),
                "still": small.shape, "ms": (time.monotonic() - seen.started) * 1000,
            },
            b"".join([prints, *views, small.tobytes()]),
        )  # fmt: skip
        coloured = self._asked.answer(seen.frame, seen.time_s)
        if coloured is not None:
            self._teller.tell(coloured.header, coloured.block)
        self._shown.keep(grey, seen.time_s)
        if (still := self._strip.look(grey, seen.time_s)) is not None:
            self._teller.tell(still.header, still.block)

    def _between(self) -> None:
        """What the watcher wants, and how it goes."""
        now = time.monotonic()
        for words in self._teller.hear():
            self._obey(words)
        self._answer()
        if now >= self._next_pulse:
            self._next_pulse = now + PULSE_S
            self._teller.tell({"t": "pulse", **self._pulse()})

    def _rest(self, seconds: float) -> None:
        """Packets gather; not while an answer is being worked on."""
        if not (self._shown.asked or (self._sound is not None and self._sound.behind)):
            self._teller.wait(seconds)

    def _obey(self, words: list[str]) -> None:
        """One line of the watcher."""
        match words:
            case ["sample", what]:
                self._pull.sampling = Sampling(what)
            case ["still", what] if self._last is not None:
                level = Level(what)
                self._teller.tell({"t": "still", "level": level}, stills.render(self._last, level))
            case ["pixels", side]:
                self._asked.ask(int(side))
            case ["listen", what] if self._sound is not None:
                self._sound.listen(on=what == "on")
            case ["strip", name, count, every_s]:
                self._strip.ask(name, int(count), float(every_s))
            case ["look", number, *times]:
                self._shown.ask(int(number), [float(one) for one in times])
            case ["shots", *times]:
                made = self._shown.pictures([float(one) for one in times])
                self._teller.tell(made.header, made.block)

    def _answer(self) -> None:
        """Some work on what was asked; sound first, so that a look finds it told."""
        made = None
        if self._sound is not None:
            made = self._sound.answer()
        if made is None and not (self._sound is not None and self._sound.behind):
            made = self._shown.answer()
        if made is not None:
            self._teller.tell(made.header, made.block)

    def _pulse(self) -> dict[str, float]:
        return {
            "packets": self._pull.packets, "bytes": self._pull.bytes, "bad": self._pull.bad,
            "media": self._pull.media_s, "wall": time.monotonic() - self._opened,
            "looked": self._pull.looked, "cpu": time.process_time(),
            "refused": self._pull.original.refused,
        }  # fmt: skip


def _prints(grey: NDArray[np.uint8], box: Box) -> tuple[bytes, list[int], bool]:
    """PDQ in eight views of the whole, and of what is inside borders where there are any."""
    hashes, quality = kernel.pdq_dihedral(grey)
    top, bottom, left, right = box
    if (bottom - top, right - left) == grey.shape:
        return b"".join(hashes), [quality], False
    inside, better = kernel.pdq_dihedral(np.ascontiguousarray(grey[top:bottom, left:right]))
    return b"".join([*hashes, *inside]), [quality, better], True


def smallest(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The (h, w) means that a still of level S1 shows, of every n-th pixel: enough for 32 x 18."""
    step = max(1, min(grey.shape[0] // 90, grey.shape[1] // 160))
    sparse = np.ascontiguousarray(grey[::step, ::step])
    height, width = sparse.shape
    most_wide, most_high = Level.S1.box
    scale = min(most_wide / width, most_high / height, 1.0)
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    return kernel.shrink(sparse, (0, height, 0, width), rows, columns)


def _packed(prints: FramePrints) -> bytes:
    return prints.views.tobytes() + prints.hashes.tobytes() + prints.qualities.tobytes()
