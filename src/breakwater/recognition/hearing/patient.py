"""An encoder that a lane asks and never waits long for: the rest of the chat goes on.

The encoder runs in its jail; a thread of its own speaks with it, also while it is loaded. Whoever
asks waits a twentieth of a second at most, and all who ask together a fifth of the time: beyond
that there is no number. Used by `beside`. Tests: tests/integration/test_comment_beside.py.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import Final

from breakwater.comments.encoder import Encoder, Pixels
from breakwater.errors import BreakwaterError
from breakwater.model.classifier import Trouble
from breakwater.model.clock import SystemClock
from breakwater.recognition.encoding import EncoderRun

WAIT_S: Final = 0.05
SHARE: Final = 0.2
"""Of a lane's time, what it may wait for its encoder."""

BURST_S: Final = 0.25
"""Seconds of waiting that a quiet time saves up."""

STARTS: Final = "It is being started."
FAILED: Final = "It ended with a fault."


class Patient:
    """Asks one encoder. For one thread.

    Attributes:
        trouble: why there are no numbers; empty: there are.
    """

    def __init__(
        self, encoder: Encoder, model: bytes, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin to start it; nobody waits for that."""
        self.trouble = STARTS
        self._monotonic = monotonic
        self._credit, self._at = BURST_S, monotonic()
        self._asked: queue.SimpleQueue[tuple[Pixels, Future[float | None]]] = queue.SimpleQueue()
        self._busy = threading.Event()
        self._busy.set()
        threading.Thread(
            target=self._serve, args=(encoder, model), name="encoder", daemon=True
        ).start()

    def weigh(self, pixels: Pixels) -> float | None:
        """One drawing's number; None: there is none, or none in time."""
        began = self._monotonic()
        self._credit = min(BURST_S, self._credit + SHARE * (began - self._at))
        self._at = began
        if self._credit <= 0.0 or self._busy.is_set():
            return None
        self._busy.set()
        answer: Future[float | None] = Future()
        self._asked.put((pixels, answer))
        try:
            return answer.result(timeout=WAIT_S)
        except Late:
            return None
        finally:
            self._credit -= self._monotonic() - began

    def _serve(self, encoder: Encoder, model: bytes) -> None:
        try:
            run = EncoderRun(encoder, model, clock=SystemClock(), on_trouble=self._told)
        except (BreakwaterError, OSError) as error:
            self.trouble = getattr(error, "detail", "") or FAILED
            return
        self.trouble = ""
        self._busy.clear()
        with run:
            while True:
                pixels, answer = self._asked.get()
                value = None
                try:
                    value = run.weigh(pixels)
                except Exception:  # noqa: BLE001 - whatever it is, there is no number
                    self.trouble = FAILED
                self._busy.clear()
                answer.set_result(value)

    def _told(self, trouble: Trouble | None) -> None:
        self.trouble = trouble.words if trouble else ""
