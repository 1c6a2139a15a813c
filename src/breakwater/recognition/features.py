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
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Final, Self

import numpy as np

from breakwater.errors import BreakwaterError
from breakwater.media import wire
from breakwater.model.classifier import Picture
from breakwater.model.local_features import MOST_FRAMES, FeatureCard, Learned
from breakwater.model.scene import Keypoints
from breakwater.observe import logger
from breakwater.recognition.model_run import ModelRun
from breakwater.recognition.scoring import ScoreLimits

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
        self.card = card
        wish = {
            "form": asdict(card.input), "dim": card.dim, "most": card.most, "least": card.least,
            **asdict(card.output),
        }  # fmt: skip
        self._run = ModelRun(entry, limits, cpu_s=_CPU_S, files=[("load", model, wish)])

    def points(self, picture: Picture) -> Keypoints:
        """Points of one picture, in pixels of the card's input, the strongest first.

        Raises:
            Unfit: there is no answer that counts; the process is ended.
        """
        height, width = picture.pixels.shape[:2]
        args = {"width": width, "height": height}
        answer = self._run.ask("points", picture.pixels.tobytes(), args)
        try:
            return self._read(answer, picture.time_s)
        except wire.BadAnswer as error:
            raise self._run.refuse(error) from None

    def close(self) -> None:
        """End its process; idempotent."""
        self._run.close()

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
