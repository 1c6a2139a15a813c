"""Runs an operator's encoder of comments where classifiers run: in the jail, by OpenCV.

In: an encoder's package (`comments.encoder`). Out: a number for a drawn text, or None, with the
reason told once. Nothing of a text but its drawing enters the jail, and nothing but one number
leaves it. A model that hangs, dies or has expired gives no number and is tried again with back-off
(`recognition.scoring`). Used by whoever reads comments with an encoder. Decision 0022.
Tests: tests/integration/test_comments_encoding.py.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, Final, Self

from breakwater.comments.encoder import Encoder, Pixels
from breakwater.errors import Unfit
from breakwater.model.classifier import Classifier, ClassifierState, Picture, Trouble
from breakwater.model.clock import Clock
from breakwater.model.ids import Id, new_id
from breakwater.recognition.scoring import ScoreLimits, Scorers

LIMITS: Final = ScoreLimits(score_s=0.5, load_s=20.0)
"""A message waits for it: half a second, and it is set aside."""


class EncoderRun:
    """One encoder that runs. Thread-safe; close it."""

    def __init__(
        self, encoder: Encoder, model: bytes, *, clock: Clock, jurisdiction: str = "",
        on_trouble: Callable[[Trouble | None], None] | None = None,
        limits: ScoreLimits = LIMITS,
    ) -> None:  # fmt: skip
        """Start it.

        Args:
            encoder: its package.
            model: bytes of the model.
            clock: of expiry and back-off.
            jurisdiction: where it is used; nothing: its card must say `*`.
            on_trouble: told when it stops giving numbers, and (None) when it gives some again.
            limits: of one drawing.

        Raises:
            Unfit: it gives no number at all.
        """
        now = clock.now()
        self._one = Classifier(
            new_id(), encoder.card, encoder.card_text, len(model), new_id(), new_id(), None, 1, now,
            ClassifierState.ON, now,
        )  # fmt: skip
        self._place = jurisdiction
        self.trouble: Trouble | None = None
        self._tell = on_trouble

        def opened(_: Id) -> BinaryIO:
            return io.BytesIO(model)

        self._scorers = Scorers(clock=clock, opener=opened, limits=limits, on_trouble=self._told)
        self._scorers.refresh([self._one])
        if self.weigh(encoder.picture("")) is None:
            self.close()
            trouble = self.trouble or Trouble.NOT_HERE
            raise Unfit(f"The encoder cannot be used: {trouble.words}")

    def weigh(self, pixels: Pixels) -> float | None:
        """One drawing's number; None: there is none."""
        if self.trouble is not None:
            self._scorers.refresh([self._one])
        (score,) = self._scorers.score(Picture(pixels), self._place)
        return None if score.trouble is not None else score.value

    def close(self) -> None:
        """End its process; idempotent."""
        self._scorers.close()

    def __enter__(self) -> Self:
        """As itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End its process."""
        self.close()

    def _told(self, _one: Classifier, trouble: Trouble | None, _detail: str) -> None:
        self.trouble = trouble
        if self._tell:
            self._tell(trouble)
