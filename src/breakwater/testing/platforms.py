"""The contract of services that are acted on, and a stand-in for one that misbehaves on request.

Subclass `PlatformContract` in the tests of an adapter and return a `PlatformStage` from `stage`: the
adapter, and a service that says what it did. `Platform` is such a service, in memory, with every
fault a real one has. Kept by the signed webhook, to this stand-in and to the receiver that the
documentation shows, in `tests/integration/test_platforms.py`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Any, Protocol

from breakwater.enforcement.ports import PlatformAdapter
from breakwater.errors import Unavailable
from breakwater.model.act import TRIED_FOR, AckOutcome, Act, ActKind, ActState, ActWhy, Ask, Subject
from breakwater.model.ids import Id, new_id
from breakwater.testing.seams import hold


class Fault(StrEnum):
    """How a service misbehaves. `lost`: it does it, and nobody hears that it did."""

    NONE = "none"
    DOWN = "down"
    LOST = "lost"
    LATER = "later"
    OTHER = "other"
    CANNOT = "cannot"
    GARBAGE = "garbage"


@dataclass
class Platform:
    """A service in memory that fences, and misbehaves on request.

    Attributes:
        fault: what it does with the next acts.
        came: id of every act, as often as it came.
        did: what it carried out, in order.
        epochs: the largest epoch it carried out, by fence.
        state: what was done last, by fence.
    """

    fault: Fault = Fault.NONE
    came: list[str] = field(default_factory=list)
    did: list[str] = field(default_factory=list)
    epochs: dict[str, int] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    lock: Any = field(default_factory=Lock)

    def take(self, act: Mapping[str, Any]) -> tuple[int, dict[str, Any] | str]:
        """One act as it came; answers status and body."""
        with self.lock:
            self.came.append(act["act"])
            instead: dict[Fault, tuple[int, dict[str, Any] | str]] = {
                Fault.DOWN: (503, {}),
                Fault.CANNOT: (200, self._said(act, "impossible", "it is gone for good")),
                Fault.LATER: (202, {}),
                Fault.GARBAGE: (200, "<html>done</html>"),
            }
            if self.fault in instead:
                return instead[self.fault]
            if act["epoch"] > self.epochs.get(act["fence"], 0):
                self.epochs[act["fence"]] = act["epoch"]
                self.state[act["fence"]] = act["kind"]
                self.did.append(act["act"])
            other = {"act": str(new_id())} if self.fault is Fault.OTHER else {}
            return (500, {}) if self.fault is Fault.LOST else (200, self._said(act, "done") | other)

    def _said(self, act: Mapping[str, Any], outcome: str, detail: str = "") -> dict[str, Any]:
        return {"act": act["act"], "epoch": act["epoch"], "outcome": outcome, "detail": detail}


class PlatformStage(Protocol):
    """An adapter and the service behind it."""

    @property
    def adapter(self) -> PlatformAdapter:
        """Under test."""
        ...

    def away(self) -> None:
        """Have the service not answer from now on."""
        ...

    def cannot(self) -> None:
        """Have the service be unable from now on."""
        ...

    def state(self, fence: Id) -> str:
        """The kind of what was done last; empty: nothing."""
        ...

    def times(self, act: Id) -> int:
        """How often an act was carried out."""
        ...


class PlatformContract:
    """What every adapter must keep, together with a service behind it."""

    service = "photos"

    @abstractmethod
    def stage(self) -> PlatformStage:
        """A stage on which nothing was done yet."""

    def test_it_says_whom_it_reaches(self) -> None:
        """Acts are wanted of nobody else."""
        stage = self.stage()
        hold(stage.adapter.listens(self.service), "the service on the stage does not listen")
        hold(not stage.adapter.listens("nobody"), "a service that was never connected listens")

    def test_an_act_is_done_and_said_to_be(self) -> None:
        """Every kind."""
        stage = self.stage()
        for kind in ActKind:
            asked = ask(self.service, kind)
            said = stage.adapter.act(asked)
            hold(said.outcome is AckOutcome.DONE, f"{kind} is not done: {said.detail}")
            hold(stage.state(asked.act.fence) == kind.value, f"{kind} was not carried out")

    def test_an_act_asked_twice_is_done_once(self) -> None:
        """Who was killed before the answer came asks again."""
        stage = self.stage()
        asked = ask(self.service, ActKind.DELETE_SESSIONS)
        for _ in range(3):
            hold(stage.adapter.act(asked).outcome is AckOutcome.DONE, "asked again it is not done")
        hold(stage.times(asked.act.id) == 1, "it was carried out more than once")

    def test_a_late_older_act_undoes_nothing(self) -> None:
        """The newest epoch of a fence counts, in whatever order they come."""
        stage = self.stage()
        old = ask(self.service, ActKind.REMOVE)
        new = later(old, ActKind.RESTORE)
        stage.adapter.act(new)
        stage.adapter.act(old)
        hold(stage.state(old.act.fence) == ActKind.RESTORE.value, "an older act came after")

    def test_things_of_their_own_do_not_fence_one_another(self) -> None:
        """Epochs count within one fence."""
        stage = self.stage()
        first = later(ask(self.service, ActKind.HIDE), ActKind.REMOVE)
        second = ask(self.service, ActKind.HIDE)
        stage.adapter.act(first)
        stage.adapter.act(second)
        hold(stage.state(second.act.fence) == ActKind.HIDE.value, "another thing's epoch counted")

    def test_what_cannot_be_done_is_said(self) -> None:
        """With the service's words, so that a person can look."""
        stage = self.stage()
        stage.cannot()
        said = stage.adapter.act(ask(self.service, ActKind.RESTORE))
        hold(said.outcome is AckOutcome.IMPOSSIBLE and bool(said.detail), "it is not said")

    def test_a_service_that_is_away_is_no_answer(self) -> None:
        """It raises `Unavailable`, and the act is tried again."""
        stage = self.stage()
        stage.away()
        try:
            said = stage.adapter.act(ask(self.service, ActKind.HIDE))
        except Unavailable:
            return
        hold(kept=False, words=f"silence was taken for {said.outcome}")


def ask(service: str, kind: ActKind, *, name: str = "obj-1") -> Ask:
    """An act on something new, as a service is asked it."""
    at = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
    act = Act(
        new_id(), new_id(), kind, 1, service, ActWhy.DECISION, "policy", at, at + TRIED_FOR,
        ActState.SENT,
    )  # fmt: skip
    return Ask(act, Subject(kind.lane, service, name))


def later(before: Ask, kind: ActKind) -> Ask:
    """A newer act on the same thing."""
    act = replace(before.act, id=new_id(), kind=kind, epoch=before.act.epoch + 1)
    return replace(before, act=act)
