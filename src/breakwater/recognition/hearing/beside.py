"""What stands beside a lane's model: a challenger that is only counted, an encoder that only adds.

Neither stops the other nor the lane: what cannot be loaded, hangs or fails is said and counted,
and messages weigh as without it. Of a challenger sums and counts are kept, never what was
written. Fed by `lane`. Tests: tests/integration/test_comment_beside.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from breakwater.comments import encoder, model
from breakwater.comments.calibrate import FORM, Budget, Calibration
from breakwater.comments.encoder import EncodedReader
from breakwater.comments.engine import Engine, Reader
from breakwater.comments.lexicon import Lexicon
from breakwater.comments.model import Package
from breakwater.comments.promote import Shadow
from breakwater.comments.reader import MessageReader
from breakwater.comments.traffic import fingerprint
from breakwater.errors import BreakwaterError
from breakwater.model.chat_form import pack, unpack
from breakwater.recognition.hearing.patient import Patient

LOST: Final = (BreakwaterError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a snapshot of another form may make of itself."""


class Pair(Shadow):
    """Two engines that are used as one; the sums of both stand in one snapshot."""

    def set_budget(self, budget: Budget) -> None:
        """People or streams changed."""
        self._champion.set_budget(budget)
        self._challenger.set_budget(budget)

    def band(self, stream: str) -> Any:
        """How fast a chat is."""
        return self._champion.band(stream)

    def snapshot(self, stream: str) -> dict[str, Any] | None:
        """Sums of a chat."""
        kept = self._champion.snapshot(stream)
        return None if kept is None else {**kept, "challenger": self._challenger.snapshot(stream)}

    def restore(self, stream: str, kept: Mapping[str, Any]) -> None:
        """Take up a chat; a challenger that has no sums of it begins anew."""
        self._champion.restore(stream, kept)
        try:
            if kept.get("challenger"):
                self._challenger.restore(stream, kept["challenger"])
        except LOST:
            self.tally["failed"] += 1

    def snapshot_across(self) -> dict[str, Any]:
        """Sums across chats."""
        return {
            **self._champion.snapshot_across(), "challenger": self._challenger.snapshot_across()
        }  # fmt: skip

    def restore_across(self, kept: Mapping[str, Any]) -> None:
        """Take them up."""
        self._champion.restore_across(kept)
        try:
            if kept.get("challenger"):
                self._challenger.restore_across(kept["challenger"])
        except LOST:
            self.tally["failed"] += 1


class Beside:
    """The challenger and the encoder of one lane.

    Attributes:
        faults: what cannot be used, by `challenger` and `encoder`, with why.
    """

    def __init__(
        self, said: Mapping[str, Any], package: Package | None, lists: Sequence[Lexicon],
        kept: bytes,
    ) -> None:  # fmt: skip
        """Load what is named; what cannot be is left out, and said.

        Args:
            said: `challenger` and `encoder` (folders; empty: none).
            package: the model that answers.
            lists: of both.
            kept: as `packed` gave it before; empty: nothing.
        """
        self.faults: dict[str, str] = {}
        self._package, self._lists = package, lists
        self._challenger = self._load(said.get("challenger", ""))
        self._ids = fingerprint(package), fingerprint(self._challenger)
        self._kept = _unpacked(kept)
        same = (self._kept.get("champion"), self._kept.get("challenger")) == self._ids
        self._tally: Counter[str] = Counter(self._kept.get("tally", {}) if same else {})
        self._calibration = self._counts(self._kept.get("cells", []) if same else [])
        self._encoded: EncodedReader | None = None
        self._patient: Patient | None = None
        self._encoder = str(said.get("encoder", ""))

    def reader(self, plain: Reader) -> Reader:
        """The reader of the model that answers, with the encoder where there is one."""
        if not self._encoder:
            return plain
        try:
            if self._package is None:
                self.faults["encoder"] = "An encoder needs the model it was counted beside."
                return plain
            folder = Path(self._encoder)
            held = encoder.load(folder, self._package)
            body = (folder / encoder.MODEL).read_bytes()
        except (BreakwaterError, OSError) as error:
            self.faults["encoder"] = getattr(error, "detail", "") or "It cannot be read."
            return plain
        self._patient = Patient(held, body)
        self._encoded = EncodedReader(plain, held, self._patient.weigh)
        return self._encoded

    def cells(self, kept: bytes) -> bytes:
        """Counts of ordinary traffic that fit the model that answers; others say nothing of it.

        A challenger that was promoted brings those it counted in shadow.
        """
        was = self._kept.get("champion")
        if was is None or was == self._ids[0]:
            return kept
        if self._ids[0] and self._kept["challenger"] == self._ids[0]:
            return pack(self._kept["cells"])
        return b""

    def paired(self, champion: Engine, secret: bytes, budget: Budget) -> Engine | Pair:
        """An engine, with its challenger where there is one."""
        if self._challenger is None:
            return champion
        other = Engine(
            reader=MessageReader(self._challenger, self._lists), calibration=self._calibration,
            budget=budget, secret=secret,
        )  # fmt: skip
        return Pair(champion, other, self._tally)

    def packed(self) -> bytes:
        """Counts, for a row: numbers, names of models, and what is wrong; no text."""
        return pack(
            {
                "champion": self._ids[0], "challenger": self._ids[1],
                "names": [_name(self._package), _name(self._challenger)],
                "tally": dict(self._tally), "faults": self.faults,
                "cells": self._calibration.snapshot()["cells"] if self._challenger else [],
                **self.counts(),
                "trouble": self._patient.trouble if self._patient else "",
            }
        )  # fmt: skip

    def counts(self) -> dict[str, int]:
        """Messages the encoder was asked about, and those it gave no number for."""
        one = self._encoded
        return {"asked": one.asked, "missed": one.missed} if one else {"asked": 0, "missed": 0}

    def _load(self, folder: str) -> Package | None:
        try:
            return model.load(Path(folder)) if folder else None
        except (BreakwaterError, OSError) as error:
            self.faults["challenger"] = getattr(error, "detail", "") or "It cannot be read."
            return None

    def _counts(self, cells: Sequence[Any]) -> Calibration:
        positives = self._challenger.positives if self._challenger else {}
        try:
            return Calibration.restored(positives, {"form": FORM, "cells": cells})
        except LOST:
            return Calibration(positives)


def _unpacked(kept: bytes) -> dict[str, Any]:
    try:
        return unpack(kept) if kept else {}
    except LOST:
        return {}


def _name(package: Package | None) -> str:
    return package.id if package else ""
