"""Pictures in, learned points out: one operator's model of local features, in a jailed process.

`FeatureRun` is the process: a model that cannot be loaded, is slow, dies or answers anything but
points of its picture and descriptors of its card's length is `Unfit` with the reason. `Features` is
what a look asks: it begins the process when it is needed, and once three pictures in a row got no
answer it asks no more until the next start, so that looks go on without it; no point is ever made
up. One picture at a time, one core. Decisions 0022 and 0046. Tests:
`tests/integration/test_links_features.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, BinaryIO, Final, Self

import numpy as np

from breakwater.errors import BreakwaterError, Unfit
from breakwater.media import wire
from breakwater.media.zygote import Child, Gone, Zygote
from breakwater.model.classifier import Picture, Trouble
from breakwater.model.local_features import MOST_FRAMES, FeatureCard, Learned
from breakwater.model.media import MediaLimits, MediaType
from breakwater.model.scene import Keypoints
from breakwater.observe import logger
from breakwater.recognition.scoring import ScoreLimits, in_memory

ENTRY: Final = "breakwater.recognition.features_task"
LIMITS: Final = ScoreLimits(score_s=10.0, load_s=30.0)
STRIKES: Final = 3
_CPU_S: Final = 7 * 24 * 3600
_log = logger("linking")


class FeatureRun:
    """One model that runs. Thread-safe; close it."""

    def __init__(
        self, card: FeatureCard, model: bytes, *, limits: ScoreLimits = LIMITS, entry: str = ENTRY
    ) -> None:
        """Start it, load it and run it once.

        Args:
            card: of the model.
            model: bytes of `model.onnx`, summed before.
            limits: of one picture.
            entry: module that runs in the jail.

        Raises:
            Unfit: it cannot be used; the words say why.
        """
        self.card, self._limits = card, limits
        self._lock = threading.Lock()
        self._zygote = Zygote(entry)
        self._child: Child | None = None
        wish = {
            "form": asdict(card.input), "dim": card.dim, "most": card.most, "least": card.least,
            **asdict(card.output),
        }  # fmt: skip
        try:
            self._child = self._zygote.fork(memory=limits.memory, cpu_s=_CPU_S)
            with in_memory(model) as file:
                self._ask("load", file, wish, limits.load_s)
        except Gone:
            self.close()
            raise Unfit("The model's process died.") from None
        except BaseException:  # whatever it was, no process stays behind
            self.close()
            raise

    def points(self, picture: Picture) -> Keypoints:
        """Points of one picture, in pixels of the card's input, the strongest first.

        Raises:
            Unfit: there is no answer that counts; the process is ended.
        """
        height, width = picture.pixels.shape[:2]
        with in_memory(picture.pixels.tobytes()) as file:
            answer = self._ask(
                "points", file, {"width": width, "height": height}, self._limits.score_s
            )
        try:
            return self._read(answer, picture.time_s)
        except wire.BadAnswer as error:
            self.close()
            raise Unfit(f"{Trouble.WRONG_SHAPE.words} {error.detail}") from None

    def close(self) -> None:
        """End its process; idempotent."""
        child, self._child = self._child, None
        if child is not None:
            child.end()
        self._zygote.close()

    def __enter__(self) -> Self:
        """As itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End its process."""
        self.close()

    def _read(self, answer: wire.Answer, time_s: float) -> Keypoints:
        """Points and descriptors, checked: the child is untrusted."""
        card, count = self.card, answer.header.get("count")
        if type(count) is not int or not 0 <= count <= card.most:
            raise wire.BadAnswer("It answers too many points, or no number of them.")
        if len(answer.block) != count * (8 + card.dim):
            raise wire.BadAnswer("Its points have another length.")
        points = np.frombuffer(answer.block[: 8 * count], "<f4").reshape(count, 2)
        inside = (points >= 0).all() and (points < (card.input.width, card.input.height)).all()
        if count and not inside:
            raise wire.BadAnswer("A point is outside of its picture.")
        values = np.frombuffer(answer.block[8 * count :], np.int8).reshape(count, card.dim)
        size = card.input.width, card.input.height
        return Keypoints(time_s, *size, points.astype(np.float32), values)

    def _ask(
        self, op: str, file: BinaryIO, args: Mapping[str, Any], wall_s: float
    ) -> wire.Answer:  # fmt: skip
        """One question; what is no answer ends the process."""
        body = wire.request(op, MediaType.PNG, MediaLimits(), args)
        file.seek(0)
        with self._lock:
            if self._child is None:
                raise Unfit("The model's process has ended.")
            try:
                answer = self._child.ask(body, file.fileno(), wall_s)
                failed = wire.read_failure(answer, MediaType.PNG)
            except TimeoutError:
                words = Trouble.TOO_SLOW.words
            except (Gone, wire.BadAnswer):
                words = Trouble.CRASHED.words
            else:
                words = Trouble.CRASHED.words if failed is not None else _trouble(answer.header)
        if words:
            self.close()
            raise Unfit(words)
        return answer


class Features:
    """What a look asks of the operator's model. Thread-safe; close it."""

    def __init__(
        self, card: FeatureCard, read: Callable[[], bytes], *,
        runs: Callable[[FeatureCard, bytes], FeatureRun] = FeatureRun,
    ) -> None:  # fmt: skip
        """Nothing is started before the first picture.

        Args:
            card: of the model.
            read: reads `model.onnx`, and sums it anew.
            runs: starts it.
        """
        self.card, self._read, self._runs = card, read, runs
        self._lock = threading.Lock()
        self._run: FeatureRun | None = None
        self._strikes = 0

    @property
    def side(self) -> int:
        """Pixels of a picture's shorter side that it wants."""
        return min(self.card.input.width, self.card.input.height)

    def of(self, pictures: Sequence[Picture]) -> Learned | None:
        """Points of some pictures of one medium; None: the model gave no answer."""
        with self._lock:
            if self._strikes >= STRIKES or not pictures:
                return None
            try:
                if self._run is None:
                    self._run = self._runs(self.card, self._read())
                found = tuple(self._run.points(one) for one in pictures[:MOST_FRAMES])
            except (BreakwaterError, OSError) as error:
                self._strikes += 1
                _log.error("features_failed", model=self.card.name, why=type(error).__name__)
                self._end()
                return None
            self._strikes = 0
            return Learned(self.card.sha256, found)

    def close(self) -> None:
        """End its process; idempotent."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.close()


def _trouble(header: Mapping[str, Any]) -> str:
    if "trouble" not in header:
        return ""
    known = {one.value: one for one in Trouble}
    trouble = known.get(str(header["trouble"]), Trouble.CRASHED)
    return f"{trouble.words} {str(header.get('detail', ''))[:300]}".strip()
