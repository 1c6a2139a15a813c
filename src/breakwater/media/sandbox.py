"""`JailPool`: untrusted files in, fingerprints, small stills or a reason out.

Every decode runs in a child that is forked from a warm single-threaded zygote and locked up.
A child serves one lane (one sender's key) and dies at its first fault; the parent's clock ends
it when it is slow. The pool never raises for bad media. It implements `model.ports.Pool`;
`intake`, `review` and `doctor` call it. Promises: reference "reliability", S1: no crash of the
parent, no valid file rejected. Tests: `tests/integration/test_jail.py`, `test_hostile.py`.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import DecoderFault, Unfit
from breakwater.media import (
    golden,
    magic,
    wire,
    wire_exif,
    wire_links,
    wire_pixels,
    wire_scene,
    wire_stills,
    wire_views,
)
from breakwater.media.failures import Unreadable, undecodable
from breakwater.media.loan import Loan, signal_name
from breakwater.media.proof import ACTS, JailProof
from breakwater.media.source import Source
from breakwater.media.zygote import Child, Gone, Zygote
from breakwater.model.classifier import Picture
from breakwater.model.copies import ReelPrints
from breakwater.model.link_signals import LinkSignals
from breakwater.model.media import Fault, Level, MediaLimits, MediaType, Reason, Undecodable
from breakwater.model.scene import Keypoints, SoundPrint
from breakwater.model.signal import Fingerprints

_Result = TypeVar("_Result")

MAX_USES: Final = 2000
"""Requests after which a child is renewed, so that nothing small grows for ever."""

CPU_BUDGET_S: Final = 300
"""Processor seconds of one child's life; it is renewed before, so only a spin meets it."""

_PROOF_WALL_S: Final = 0.25
_PROOF_MEMORY: Final = 128 << 20
_ERRORS_TO_WAIT_FOR: Final = 3


@dataclass(frozen=True, slots=True)
class _Task(Generic[_Result]):
    """What to ask a child, and how to read what it answers."""

    op: str
    declared: str
    limits: MediaLimits
    lane: str
    args: Mapping[str, Any]
    read: Callable[[wire.Answer, MediaType, Source], _Result]


class JailPool:
    """A pool of jailed children. Thread-safe; blocks until a child may be used."""

    def __init__(
        self,
        *,
        entry: str = "breakwater.recognition.task",
        size: int | None = None,
        outer: str = "auto",
        on_fault: Callable[[Undecodable], None] | None = None,
        directory: Path | None = None,
    ) -> None:
        """Start the zygote and the first children.

        Args:
            entry: module whose `HANDLERS` run in the jail.
            size: children that work at the same time; one per processor by default.
            outer: `auto`, `bubblewrap` or `none`: the wall around the whole jail.
            on_fault: called with every outcome that is our fault, for the alarm.
            directory: where large files without a descriptor are copied; never with a name.

        Raises:
            Unfit: the jail cannot be built here.
        """
        self.size = size or os.cpu_count() or 1
        self._entry, self._outer_wish, self._on_fault = entry, outer, on_fault
        self._directory = directory
        self._free = threading.Condition()
        self._busy = 0
        self._idle: deque[Child] = deque()
        self._closed = False
        self._zygote = Zygote(entry, outer=outer)
        self._starting = threading.Lock()
        self._idle.extend(self._fork(MediaLimits().max_memory) for _ in range(self.size))

    @property
    def outer(self) -> str:
        """The outer wall in use: `bubblewrap` or `none`."""
        return self._zygote.outer

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the zygote said when it was warm: versions of the decoders."""
        return self._zygote.facts

    def fingerprint(
        self,
        source: BinaryIO,
        *,
        declared: str,
        limits: MediaLimits,
        lane: str = "",
        views: bool = False,
    ) -> Fingerprints | Undecodable:
        """Decode and hash one file; a reason when it cannot be read.

        Args:
            source: seekable binary file; read from its start.
            declared: content type as the sender gave it; empty when not given.
            limits: caps of this decode.
            lane: keeps senders apart: a child never serves two lanes.
            views: of a video the prints too by which known videos are found in it.
        """

        def read(answer: wire.Answer, kind: MediaType, file: Source) -> Fingerprints:
            rest, seen = wire_views.split_views(answer)
            prints = replace(wire.read_fingerprints(rest, kind), views=seen)
            return wire.with_exact(prints, file.digests())

        args = {"views": True} if views else {}
        return self._run(source, _Task("fingerprint", declared, limits, lane, args, read))

    def prints(
        self, source: BinaryIO, *, declared: str, limits: MediaLimits, lane: str = ""
    ) -> tuple[ReelPrints, float] | Undecodable:
        """The reference prints of a known video, and its length in seconds."""

        def read(answer: wire.Answer, _kind: MediaType, _file: Source) -> tuple[ReelPrints, float]:
            rest, found = wire_views.split_views(answer)
            if found is None:
                raise wire.BadAnswer("It has no prints.")
            return found, wire.seconds(rest.header.get("duration_s"))

        return self._run(source, _Task("prints", declared, limits, lane, {}, read))

    def still(
        self,
        source: BinaryIO,
        *,
        declared: str,
        limits: MediaLimits,
        frame: int,
        level: Level,
        watermark: str = "",
        time_s: float | None = None,
        lane: str = "",
    ) -> bytes | Undecodable:
        """One frame as a WebP picture of the level's size.

        Args:
            source: seekable binary file; read from its start.
            declared: content type as the sender gave it; empty when not given.
            limits: caps of this decode.
            lane: keeps senders apart.
            frame: its number, from 0.
            level: how much is shown.
            watermark: words drawn into S3 and S4.
            time_s: of a video frame as its fingerprint says, to find it without counting.
        """
        args = {"frame": frame, "level": level, "watermark": watermark, "time_s": time_s}
        return self._run(
            source, _Task("still", declared, limits, lane, args, wire_stills.read_still)
        )

    def luma(
        self,
        source: BinaryIO,
        *,
        declared: str,
        limits: MediaLimits,
        frames: Sequence[int],
        times: Sequence[float | None] = (),
        compatible: bool = False,
        lane: str = "",
    ) -> tuple[NDArray[np.float32], ...] | Undecodable:
        """The 64 × 64 luma that PDQ is computed from, per frame, for the evidence package."""
        args = {"frames": list(frames), "times": list(times), "compatible": compatible}
        read = wire_stills.luma_of(len(frames))
        return self._run(source, _Task("luma", declared, limits, lane, args, read))

    def local(
        self,
        source: BinaryIO,
        *,
        declared: str,
        limits: MediaLimits,
        times: Sequence[float],
        lane: str = "",
    ) -> tuple[Keypoints, ...] | Undecodable:
        """Key points of the frames at these times, in their order (`scenes.local`)."""
        args = {"times": list(times)}
        task = _Task("local", declared, limits, lane, args, wire_scene.read_keypoints)
        return self._run(source, task)

    def sound(
        self, source: BinaryIO, *, declared: str, limits: MediaLimits, lane: str = ""
    ) -> SoundPrint | Undecodable:
        """The sound of a video as Chromaprint items; none where it is silent by having no track.

        Where the library is not installed (`facts["chromaprint"]` is empty) nothing may be asked.
        """
        return self._run(source, _Task("sound", declared, limits, lane, {}, wire_scene.read_sound))

    def pixels(
        self, source: BinaryIO, *, declared: str, limits: MediaLimits, side: int, most: int,
        lane: str = "", **more: Any,
    ) -> tuple[Picture, ...] | Undecodable:  # fmt: skip
        """Some frames in colour; `more`: `near_s`, `at_s`, `box` of `recognition.task_pixels`."""
        args = {"side": side, "most": most, **more}
        return self._run(source, _Task("pixels", declared, limits, lane, args, wire_pixels.taken))

    def exif(
        self, source: BinaryIO, *, declared: str, limits: MediaLimits, lane: str = ""
    ) -> dict[str, str] | Undecodable:
        """A few facts of a picture's EXIF or a video's tags (`media.exif`)."""
        return self._run(source, _Task("exif", declared, limits, lane, {}, wire_exif.taken))

    def links(
        self, source: BinaryIO, *, declared: str, limits: MediaLimits, lane: str = ""
    ) -> LinkSignals | Undecodable:
        """What links are sought by: key frames, prints, traits (`recognition.task_links`)."""
        return self._run(source, _Task("links", declared, limits, lane, {}, wire_links.taken))

    def prove(self) -> list[JailProof]:
        """Try every forbidden act in a fresh child and say what became of it."""
        return [self._prove(act) for act in ACTS]

    def golden(self) -> list[golden.GoldenResult]:
        """Decode one known file of each codec and compare with what is known of it."""
        limits = MediaLimits()
        results = []
        for one in golden.files():
            with one.open() as source:
                outcome = self.fingerprint(source, declared=one.type, limits=limits, lane="golden")
            results.append(golden.judge(one, outcome))
        return results

    def close(self) -> None:
        """End every child and the zygote; idempotent."""
        with self._free:
            if self._closed:
                return
            self._closed = True
            idle, self._idle = list(self._idle), deque()
            self._free.notify_all()
        for child in idle:
            child.end()
        self._zygote.close()

    def __enter__(self) -> JailPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, source: BinaryIO, task: _Task[_Result]) -> _Result | Undecodable:
        """Check, ask a child, read its answer; every failure becomes a value."""
        try:
            with Source(source, task.limits.max_bytes, self._directory) as file:
                kind = magic.sniff(file.head(magic.HEAD))
                magic.agree(task.declared, kind)
                outcome = self._ask(file, kind, task)
        except Unreadable as error:
            outcome = undecodable(error)
        if isinstance(outcome, Undecodable) and outcome.fault is Fault.OUR_FAULT and self._on_fault:
            self._on_fault(outcome)
        return outcome

    def _ask(self, file: Source, kind: MediaType, task: _Task[_Result]) -> _Result | Undecodable:
        """Ask a child; ask another when the first went down with its zygote."""
        body = wire.request(task.op, kind, task.limits, task.args)
        while True:
            with self._child(task.lane, task.limits.max_memory) as loan:
                outcome = loan.ask(body, file.descriptor, task.limits.max_wall_s, kind)
                if isinstance(outcome, wire.Answer):
                    return self._read(loan, outcome, kind, file, task)
            if not loan.orphaned:
                return outcome

    @staticmethod
    def _read(
        loan: Loan, answer: wire.Answer, kind: MediaType, file: Source, task: _Task[_Result]
    ) -> _Result:
        """Read an answer; one that is not well formed ends the child."""
        try:
            return task.read(answer, kind, file)
        except wire.BadAnswer as error:
            loan.spent = True
            raise Unreadable(
                Reason.FORBIDDEN_ACT, error.detail, fault=Fault.OUR_FAULT, kind=kind
            ) from None

    @contextlib.contextmanager
    def _child(self, lane: str | None, memory: int) -> Iterator[Loan]:
        """Lend a child; it comes back unless it is spent."""
        with self._free:
            while self._busy >= self.size and not self._closed:
                self._free.wait()
            if self._closed:
                raise Unfit("The jail is closed.")
            self._busy += 1
            child, surplus = self._pick(lane, memory)
        loan = None
        try:
            if surplus is not None:
                surplus.end()
            loan = Loan(child or self._fork(memory))
            loan.child.lane = lane
            yield loan
        except BaseException:  # whatever it was, the child may be in the middle of it
            if loan is not None:
                loan.spent = True
            raise
        finally:
            self._give_back(loan)

    def _give_back(self, loan: Loan | None) -> None:
        """Take a child back, or bury it, and let the next one in."""
        keep = loan is not None and not loan.spent and loan.child.uses < MAX_USES
        keep = keep and loan is not None and loan.child.busy_s < CPU_BUDGET_S / 3
        with self._free:
            if keep and not self._closed and loan is not None:
                self._idle.append(loan.child)
                loan = None
            self._busy -= 1
            self._free.notify()
        if loan is not None:
            loan.end()

    def _pick(self, lane: str | None, memory: int) -> tuple[Child | None, Child | None]:
        """An idle child of this lane, or a fresh one; and one too many, if there is."""
        fits = [one for one in self._idle if one.memory == memory]
        own = [one for one in fits if one.lane == lane and lane is not None]
        fresh = [one for one in fits if one.lane is None]
        if found := own or fresh:
            self._idle.remove(found[-1])
            return found[-1], None
        surplus = self._idle.popleft() if len(self._idle) >= 2 * self.size else None
        return None, surplus

    def _fork(self, memory: int) -> Child:
        """A fresh child; a dead zygote is started again."""
        for _ in range(_ERRORS_TO_WAIT_FOR):
            zygote = self._zygote
            try:
                return zygote.fork(memory=memory, cpu_s=CPU_BUDGET_S)
            except Gone:
                with self._starting:
                    if self._zygote is zygote and not self._closed:
                        zygote.close()
                        self._zygote = Zygote(self._entry, outer=self._outer_wish)
        raise DecoderFault("The decoder's process dies again and again.")

    def _prove(self, act: str) -> JailProof:
        """Try one act in a child of its own."""
        limits = MediaLimits()
        body = wire.request("prove", MediaType.PNG, limits, {"act": act})
        child = self._fork(_PROOF_MEMORY)
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a device
            try:
                answer = child.ask(body, nothing.fileno(), _PROOF_WALL_S)
            except TimeoutError:
                child.end()
                return JailProof(act, "killed", "by the clock")
            except Gone:
                return JailProof(act, "killed", signal_name(child.bury()))
        child.end()
        outcome = str(answer.header.get("outcome", "untried"))
        return JailProof(act, outcome, str(answer.header.get("detail", "")))
