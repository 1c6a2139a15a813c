"""Pictures in, faces out: one operator's likeness model, in a jailed process of its own.

A model that cannot be loaded, is slow, dies or answers anything but boxes and finite vectors of
its card's length is `Unfit` with the reason: no face is ever made up, and none is left out in
silence. One picture at a time, one core. Used by `linking.likeness`, which asks the legal gate
first. Decisions 0022 and 0047. Tests: `tests/integration/test_likeness_jail.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.media import wire
from breakwater.model.classifier import Picture
from breakwater.model.likeness import Face, ProviderCard
from breakwater.recognition.likeness_task import MOST_FACES
from breakwater.recognition.model_run import ModelRun
from breakwater.recognition.scoring import ScoreLimits

ENTRY: Final = "breakwater.recognition.likeness_task"
LIMITS: Final = ScoreLimits(score_s=5.0, load_s=30.0)
_CPU_S: Final = 24 * 3600


class LikenessRun:
    """One model that runs. Thread-safe; close it."""

    def __init__(
        self, card: ProviderCard, detector: bytes, model: bytes, *,
        limits: ScoreLimits = LIMITS, entry: str = ENTRY,
    ) -> None:  # fmt: skip
        """Start it, load both files and run each once.

        Args:
            card: of the model.
            detector: bytes of `detector.onnx`, summed before.
            model: bytes of `model.onnx`, summed before.
            limits: of one picture.
            entry: module that runs in the jail.

        Raises:
            Unfit: it cannot be used; the words say why.
        """
        self.card = card
        files = [("detector", detector, asdict(card.detector)), ("model", model, _wish(card))]
        self._run = ModelRun(entry, limits, cpu_s=_CPU_S, files=files)

    def faces(self, picture: Picture, *, vectors: bool = True) -> tuple[Face, ...]:
        """Faces of one picture, the surest first.

        Args:
            picture: RGB pixels.
            vectors: False: boxes alone are wanted; nothing that names anybody is made.

        Raises:
            Unfit: there is no answer that counts; the process is ended.
        """
        height, width = picture.pixels.shape[:2]
        args = {"width": width, "height": height, "vectors": vectors}
        answer = self._run.ask("faces", picture.pixels.tobytes(), args)
        try:
            rows = _rows(answer.header.get("faces"))
            made = _made(answer.block, len(rows), self.card.dim) if vectors else None
        except wire.BadAnswer as error:
            raise self._run.refuse(error) from None
        nothing = np.zeros(0, np.float32)
        return tuple(
            Face(picture.time_s, (x, y, w, h), score, nothing if made is None else made[n])
            for n, (x, y, w, h, score) in enumerate(rows)
        )

    def close(self) -> None:
        """End its process; idempotent."""
        self._run.close()

    def __enter__(self) -> Self:
        """As itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End its process."""
        self.close()


def _wish(card: ProviderCard) -> dict[str, Any]:
    said: dict[str, Any] = {"recogniser": card.recogniser.value, "dim": card.dim}
    if card.preprocess is not None:
        said |= {"form": asdict(card.preprocess.form), "output": card.preprocess.output,
                 "margin": card.preprocess.margin}  # fmt: skip
    return said


def _rows(said: Any) -> Sequence[tuple[float, float, float, float, float]]:
    """Boxes and scores, checked: the child is untrusted."""
    if not isinstance(said, list) or len(said) > MOST_FACES:
        raise wire.BadAnswer("Its faces are not well formed.")
    rows = []
    for row in said:
        fits = isinstance(row, list) and len(row) == 5
        if not fits or not all(isinstance(one, float) and 0 <= one <= 1.001 for one in row):
            raise wire.BadAnswer("A face is out of its range.")
        x, y, w, h, score = row
        rows.append((x, y, w, h, score))
    return rows


def _made(block: bytes, count: int, dim: int) -> NDArray[np.float32]:
    """(count, dim) vectors, made unit length."""
    if len(block) != count * dim * 4:
        raise wire.BadAnswer("Its vectors have another length.")
    found = np.frombuffer(block, "<f4").reshape(count, dim).astype(np.float32)
    lengths = np.linalg.norm(found, axis=1, keepdims=True) if count else np.ones((0, 1))
    if not np.isfinite(found).all() or not (lengths > 1e-6).all():
        raise wire.BadAnswer("A vector is no direction.")
    return np.asarray(found / lengths, np.float32)
