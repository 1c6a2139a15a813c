"""Pictures in, scores out: every classifier that is on, each in a jailed process of its own.

A classifier that cannot be loaded, is slow, dies or answers no number gives no score: it is
set aside, `on_trouble` tells it loudly, and it is tried again with back-off; watching goes on.
No score is ever made up for one that is missing. One picture is scored at a time, so that all
classifiers together are one core at most; `cost_s` says what a picture costs, measured. Used by
`live.watching.classifying` and `classifiers.casework`; tests: `tests/integration/test_scoring.py`.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, BinaryIO, Final

from breakwater.errors import BreakwaterError, Unfit
from breakwater.media import wire
from breakwater.media.zygote import Child, Gone, Zygote
from breakwater.model.classifier import Card, Classifier, Picture, Score, Trouble
from breakwater.model.clock import Clock
from breakwater.model.ids import Id
from breakwater.model.media import MediaLimits, MediaType

ENTRY: Final = "breakwater.recognition.score_task"
BACK_OFF_S: Final = (30.0, 60.0, 300.0, 600.0)
CPU_S: Final = 7 * 24 * 3600
STRIKES: Final = 3
"""Pictures in a row without an answer in shape, after which it is set aside; a death is enough."""

Opener = Callable[[Id], BinaryIO]
Told = Callable[[Classifier, Trouble | None, str], None]


@dataclass(frozen=True, slots=True)
class ScoreLimits:
    """What one classifier may use.

    Attributes:
        score_s: seconds for one picture.
        load_s: seconds to read it and run it once.
        memory: bytes of address space above the warm size.
        most_bytes: of a model.
    """

    score_s: float = 2.0
    load_s: float = 20.0
    memory: int = 1 << 30
    most_bytes: int = 256 << 20


@dataclass(frozen=True, slots=True)
class Tried:
    """What trying a model found: nothing wrong, or why it cannot be used."""

    trouble: Trouble | None
    detail: str = ""
    ms: float = 0.0
    nodes: int = 0


@dataclass(slots=True, eq=False)
class _Seat:
    """A classifier that shall give scores."""

    classifier: Classifier
    child: Child | None = None
    trouble: Trouble | None = None
    detail: str = ""
    again_at: float = 0.0
    failures: int = 0
    strikes: int = 0
    ms: float = 0.0


class _Wrong(Exception):
    """A child gave no answer that counts."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(detail)
        self.trouble, self.detail = trouble, detail


@dataclass(frozen=True, slots=True)
class Standing:
    """How a classifier does here: its trouble, and milliseconds for a picture."""

    trouble: Trouble | None
    detail: str
    ms: float


class Scorers:
    """The classifiers that are on. Thread-safe."""

    def __init__(
        self,
        *,
        clock: Clock,
        opener: Opener,
        limits: ScoreLimits | None = None,
        on_trouble: Told | None = None,
        entry: str = ENTRY,
    ) -> None:
        """Take what it stands on; nothing is started before there is a model.

        Args:
            clock: of expiry and back-off.
            opener: opens a kept model by its blob.
            limits: of one classifier.
            on_trouble: told when one stops giving scores, and when it gives some again.
            entry: module that runs in the jail.
        """
        self._clock, self._opener = clock, opener
        self.limits = limits or ScoreLimits()
        self._told, self._entry = on_trouble, entry
        self._lock, self._starting = threading.Lock(), threading.Lock()
        self._zygote: Zygote | None = None
        self._seats: dict[Id, _Seat] = {}
        self._closed = False

    @property
    def any(self) -> bool:
        """Whether one gives scores now."""
        return any(seat.child is not None for seat in self._seats.values())

    @property
    def cost_s(self) -> float:
        """Seconds that one picture costs, by what was measured."""
        seats = list(self._seats.values())
        return sum(seat.ms for seat in seats if seat.child is not None) / 1000

    @property
    def side(self) -> int:
        """The longest side that any of them takes in."""
        forms = [seat.classifier.card.input for seat in list(self._seats.values())]
        return max((max(form.width, form.height) for form in forms), default=0)

    def standing(self) -> Mapping[Id, Standing]:
        """How each does."""
        seats = list(self._seats.items())
        return {key: Standing(seat.trouble, seat.detail, seat.ms) for key, seat in seats}

    def refresh(self, wanted: Sequence[Classifier]) -> None:
        """Hold exactly these; one that failed is loaded again when its time has come."""
        with self._lock:
            if self._closed:
                return
            keep = {one.id: one for one in wanted}
            for key in [key for key in self._seats if key not in keep]:
                self._empty(self._seats.pop(key))
            for one in wanted:
                seat = self._seats.setdefault(one.id, _Seat(one))
                seat.classifier = one
                if one.card.expired(self._clock.now()):
                    self._set_aside(seat, _Wrong(Trouble.EXPIRED))
                elif seat.child is None and self._clock.monotonic() >= seat.again_at:
                    self._seat(seat)

    def score(self, picture: Picture, jurisdiction: str) -> list[Score]:
        """What every classifier says of a picture, the cheapest first."""
        with self._lock:
            seats = sorted(self._seats.values(), key=lambda seat: seat.ms)
            return [self._score(seat, picture, jurisdiction) for seat in seats]

    def attempt(self, card: Card, model: BinaryIO) -> Tried:
        """Load a model in a child of its own and run it once; for `add` and `check`."""
        try:
            child, answer = self._loaded(card, model)
        except _Wrong as wrong:
            return Tried(wrong.trouble, wrong.detail)
        child.end()
        return Tried(None, "", float(answer.get("ms", 0.0)), int(answer.get("nodes", 0)))

    def close(self) -> None:
        """End every process; idempotent."""
        with self._lock:
            self._closed = True
            for seat in self._seats.values():
                self._empty(seat)
            self._seats.clear()
            if self._zygote is not None:
                self._zygote.close()
                self._zygote = None

    def _score(self, seat: _Seat, picture: Picture, jurisdiction: str) -> Score:
        card = seat.classifier.card
        mine = Score(seat.classifier.id, card, picture.time_s)
        if card.expired(self._clock.now()):
            self._set_aside(seat, _Wrong(Trouble.EXPIRED))
        if seat.child is None:
            return replace(mine, trouble=seat.trouble or Trouble.UNREADABLE)
        if not card.allowed(jurisdiction):
            return replace(mine, trouble=Trouble.NOT_HERE)
        height, width = picture.pixels.shape[:2]
        started = time.monotonic()
        try:
            with in_memory(picture.pixels.tobytes()) as file:
                answer = self._ask(
                    seat.child, "score", file, self.limits.score_s,
                    {"width": width, "height": height},
                )  # fmt: skip
            value = _number(answer)
        except _Wrong as wrong:
            seat.strikes += 1
            if wrong.trouble not in _STAYS or seat.strikes >= STRIKES:
                self._set_aside(seat, wrong)
            return replace(mine, trouble=wrong.trouble)
        seat.strikes = seat.failures = 0
        took = (time.monotonic() - started) * 1000
        seat.ms = took if not seat.ms else 0.9 * seat.ms + 0.1 * took
        return replace(mine, value=value, ms=took)

    def _seat(self, seat: _Seat) -> None:
        """Load a model for good."""
        one = seat.classifier
        try:
            with self._opener(one.blob) as file:
                seat.child, answer = self._loaded(one.card, file)
        except _Wrong as wrong:
            self._set_aside(seat, wrong)
            return
        except (BreakwaterError, OSError) as error:
            self._set_aside(seat, _Wrong(Trouble.UNREADABLE, type(error).__name__))
            return
        seat.ms = float(answer.get("ms", 0.0))
        was, seat.trouble, seat.detail, seat.strikes = seat.trouble, None, "", 0
        if self._told and (was is not None or one.trouble):
            self._told(one, None, "")

    def _loaded(self, card: Card, model: BinaryIO) -> tuple[Child, Mapping[str, Any]]:
        """A child that holds the model, and what it said of it.

        Raises:
            _Wrong: it cannot be used.
        """
        with in_memory(b"") as file:
            _copy(model, file, self.limits.most_bytes, card.sha256)
            try:
                child = self._warm().fork(memory=self.limits.memory, cpu_s=CPU_S)
            except (Unfit, Gone) as error:
                raise _Wrong(Trouble.NO_JAIL, str(error)[:200]) from None
            form = {**asdict(card.input), **asdict(card.output)}
            try:
                answer = self._ask(child, "load", file, self.limits.load_s, {"form": form})
                _number(answer)
            except _Wrong:
                child.end()
                raise
        return child, answer

    def _warm(self) -> Zygote:
        """The process that children are forked from; started when the first model comes.

        Raises:
            Unfit: the jail cannot be built here.
        """
        with self._starting:
            if self._zygote is None or not self._zygote.alive:
                self._zygote = Zygote(self._entry)
            return self._zygote

    def _ask(
        self, child: Child, op: str, file: BinaryIO, wall_s: float, args: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """One question to a child.

        Raises:
            _Wrong: it died, is late, or says that it cannot.
        """
        body = wire.request(op, MediaType.PNG, MediaLimits(), args)
        file.seek(0)
        try:
            answer = child.ask(body, file.fileno(), wall_s)
            failed = wire.read_failure(answer, MediaType.PNG)
        except TimeoutError:
            raise _Wrong(Trouble.TOO_SLOW, f"over {wall_s:g} s") from None
        except Gone:
            raise _Wrong(Trouble.CRASHED) from None
        except wire.BadAnswer as error:
            raise _Wrong(Trouble.CRASHED, error.detail) from None
        if failed is not None:
            memory = "Memory" in failed.detail or failed.reason.value == "too_much_memory"
            raise _Wrong(Trouble.TOO_MUCH_MEMORY if memory else Trouble.CRASHED, failed.detail)
        said = answer.header
        if "trouble" in said:
            known = {one.value: one for one in Trouble}
            trouble = known.get(str(said["trouble"]), Trouble.CRASHED)
            raise _Wrong(trouble, str(said.get("detail", ""))[:300])
        return said

    def _set_aside(self, seat: _Seat, wrong: _Wrong) -> None:
        """It gives no scores until it is loaded again, and everybody is told."""
        self._empty(seat)
        wait = BACK_OFF_S[min(seat.failures, len(BACK_OFF_S) - 1)]
        seat.failures += 1
        seat.again_at = self._clock.monotonic() + wait
        was = seat.trouble
        seat.trouble, seat.detail = wrong.trouble, wrong.detail
        if self._told and was is not wrong.trouble:
            self._told(seat.classifier, wrong.trouble, wrong.detail)

    @staticmethod
    def _empty(seat: _Seat) -> None:
        child, seat.child = seat.child, None
        if child is not None:
            child.end()


_STAYS: Final = frozenset({Trouble.NO_NUMBER, Trouble.WRONG_SHAPE})
"""One picture may make nonsense; a process that hangs or dies is set aside at once."""


def _number(answer: Mapping[str, Any]) -> float:
    value = answer.get("value")
    if not isinstance(value, float) or not 0.0 <= value <= 1.0:
        raise _Wrong(Trouble.NO_NUMBER)
    return value


def in_memory(body: bytes) -> BinaryIO:
    """A nameless file in memory that a jailed child can be given."""
    file = os.fdopen(os.memfd_create("score"), "w+b")
    file.write(body)
    file.flush()
    return file


def _copy(model: BinaryIO, into: BinaryIO, most: int, sha256: str) -> None:
    """Copy a model, and compare it with its card."""
    digest, size = hashlib.sha256(), 0
    while part := model.read(1 << 20):
        size += len(part)
        if size > most:
            raise _Wrong(Trouble.TOO_LARGE, f"At most {most} bytes.")
        digest.update(part)
        into.write(part)
    into.flush()
    if digest.hexdigest() != sha256:
        raise _Wrong(Trouble.BAD_SUM)
