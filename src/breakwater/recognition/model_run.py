"""One operator's model in a jailed process: files go in once, then questions one at a time.

What is no answer (too slow, dead, not well formed, or a trouble that the child names) ends the
process and is `Unfit` with the reason; what an answer means is checked by who asks. Used by
`recognition.features` and `recognition.likeness`, whose tests are its own:
`tests/integration/test_links_features.py`, `tests/integration/test_likeness_jail.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from breakwater.errors import Unfit
from breakwater.media import wire
from breakwater.media.zygote import Child, Gone, Zygote
from breakwater.model.classifier import Trouble
from breakwater.model.media import MediaLimits, MediaType
from breakwater.recognition.scoring import ScoreLimits, in_memory

LoadedFile = tuple[str, bytes, Mapping[str, Any]]
"""A file that is read once: the question that hands it over, its bytes, what is said with it."""


class ModelRun:
    """One model that runs. Thread-safe; close it."""

    def __init__(
        self, entry: str, limits: ScoreLimits, *, cpu_s: int, files: Sequence[LoadedFile]
    ) -> None:
        """Start it, load its files and run each once.

        Args:
            entry: module that runs in the jail.
            limits: of memory, of loading and of one question.
            cpu_s: seconds of processor time until it is ended, come what may.
            files: in the order in which they are handed over.

        Raises:
            Unfit: it cannot be used; the words say why.
        """
        self._limits = limits
        self._lock = threading.Lock()
        self._zygote = Zygote(entry)
        self._child: Child | None = None
        try:
            self._child = self._zygote.fork(memory=limits.memory, cpu_s=cpu_s)
            for op, body, args in files:
                self._ask(op, body, args, limits.load_s)
        except Gone:
            self.close()
            raise Unfit("The model's process died.") from None
        except BaseException:  # whatever it was, no process stays behind
            self.close()
            raise

    def ask(self, op: str, body: bytes, args: Mapping[str, Any]) -> wire.Answer:
        """One question about some bytes.

        Raises:
            Unfit: there is no answer; the process is ended.
        """
        return self._ask(op, body, args, self._limits.score_s)

    def refuse(self, error: wire.BadAnswer) -> Unfit:
        """What an answer that cannot be is told as; the process is ended."""
        self.close()
        return Unfit(f"{Trouble.WRONG_SHAPE.words} {error.detail}")

    def close(self) -> None:
        """End its process; idempotent."""
        child, self._child = self._child, None
        if child is not None:
            child.end()
        self._zygote.close()

    def _ask(self, op: str, body: bytes, args: Mapping[str, Any], wall_s: float) -> wire.Answer:
        asked = wire.request(op, MediaType.PNG, MediaLimits(), args)
        with in_memory(body) as file, self._lock:
            file.seek(0)
            if self._child is None:
                raise Unfit("The model's process has ended.")
            try:
                answer = self._child.ask(asked, file.fileno(), wall_s)
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


def _trouble(header: Mapping[str, Any]) -> str:
    """What the child says is wrong; empty: nothing."""
    if "trouble" not in header:
        return ""
    known = {one.value: one for one in Trouble}
    trouble = known.get(str(header["trouble"]), Trouble.CRASHED)
    return f"{trouble.words} {str(header.get('detail', ''))[:300]}".strip()
