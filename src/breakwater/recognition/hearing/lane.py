"""What one lane does with each frame: its engines, its texts, its sums. No I/O.

A service has an engine of its own, as accounts are a service's; all share one reader and one
calibration. A message that cannot be weighed is counted, and weighs nothing. Used by `process`;
tests: tests/integration/test_comment_lanes.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from breakwater.comments import lexicon, model
from breakwater.comments.calibrate import FORM, Budget, Calibration, Counts
from breakwater.comments.engine import Engine, Heard
from breakwater.comments.reader import MessageReader
from breakwater.errors import BreakwaterError
from breakwater.model import chat_form
from breakwater.model.chat_form import pack, unpack
from breakwater.model.comment import Alarm, Level, Message, MessageKind
from breakwater.recognition.hearing.beside import Beside, Pair
from breakwater.recognition.hearing.texts import Text, Texts

LOUD: Final = 1.0
"""Nats from which a message is told by itself; all are, so that a flood hides none to be held."""

EACH: Final = 0.01
"""Nats from which a message of a conversation is told: its sides are summed over days."""

FIRST: Final = Budget(pages=4.0, people=1.0, streams=10.0)
"""Until the owner says how many people there are."""

NO_SUMS: Final = (BreakwaterError, ArithmeticError, LookupError, TypeError, ValueError)
"""What a message or a snapshot may make of itself; any other fault ends the lane."""


class Lane:
    """Many chats of one process."""

    def __init__(self, said: Mapping[str, Any], kept: bytes) -> None:
        """Take what it stands on.

        Args:
            said: `secret` (hex), `package` (a folder; empty: none), `lexicons` (paths),
                `today` (for their expiry), what `Beside` takes, and `cells` (bytes).
            kept: counts of ordinary traffic as a snapshot left them, `cells` bytes long (empty:
                none), and what stood beside.

        Raises:
            NotFound, Unfit, BadInput: of the package or a list.
        """
        today = date.fromisoformat(said["today"])
        package = model.load(Path(said["package"])) if said["package"] else None
        lists = [lexicon.load(Path(one), today=today) for one in said["lexicons"]]
        cut = int(said["cells"])
        self._beside = Beside(said, package, lists, kept[cut:])
        self._reader = self._beside.reader(MessageReader(package, lists))
        positives = package.positives if package else {}
        self._calibration, lost = _calibration(positives, self._beside.cells(kept[:cut]))
        self._secret = bytes.fromhex(said["secret"])
        self._engines: dict[str, Engine | Pair] = {}
        self._texts = Texts()
        self._changed: dict[str, str] = {}
        self._telling: dict[str, str] = {}
        self.about = {
            "package": package.id if package else "",
            "surrogate": bool(package and package.card["surrogate"]),
            "lists": [one.id for one in lists], "lost": lost,
        }  # fmt: skip

    def budget(self, said: Mapping[str, Any]) -> None:
        """How many alarms the people of a service can answer."""
        self._of(said["service"]).set_budget(Budget(said["pages"], said["people"], said["streams"]))

    def restore(self, said: Mapping[str, Any], packed: bytes) -> dict[str, Any]:
        """Take up a chat, or what is known across chats, where a snapshot left it."""
        try:
            if said["what"] == "chat":
                self._of(said["service"]).restore(said["chat"], unpack(packed))
            else:
                for service, kept in unpack(packed).items():
                    self._of(service).restore_across(kept)
        except NO_SUMS:
            return {"told": "lost", "what": said["what"]}
        return {}

    def take(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Weigh a batch of one chat, in its order."""
        chat, service = said["chat"], said["service"]
        engine = self._of(service)
        sanctioned = frozenset(said["sanctioned"])
        tally = _Tally(each=bool(said["each"]))
        for one in map(_message, said["messages"]):
            try:
                heard = engine.take(chat, service, one, sanctioned=one.author in sanctioned)
            except NO_SUMS:
                tally.failed += one.kind.written
                continue
            tally.add(one, heard)
            if one.kind.written:
                text = Text(one.id, one.author, one.at, one.text)
                self._texts.add(chat, text, nats=heard.scored.nats)
        self._changed[chat] = service
        band = engine.band(chat)
        captured = self._captured(chat, tally.alarms)
        return tally.answer() | {"captured": captured, "band": "" if band is None else band.value}

    def texts(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """What was written lately in a chat."""
        since = None if said["since"] is None else _when(said["since"])
        ids = None if said["messages"] is None else frozenset(said["messages"])
        found = self._texts.find(said["chat"], ids, since)
        rows = [[one.message, one.author, one.at.timestamp(), one.text] for one in found]
        return {"texts": rows}

    def decided(self, said: Mapping[str, Any]) -> None:
        """People looked at a chat; what that taught goes to rows before it counts as told."""
        self._of(said["service"]).decided(said["chat"], found=bool(said["found"]))

    def ended(self, said: Mapping[str, Any]) -> None:
        """Nobody writes there any more."""
        self._of(said["service"]).ended(said["chat"])
        self._texts.forget(said["chat"])
        self._changed.pop(said["chat"], None)
        self._telling.pop(said["chat"], None)

    def sums(self, most: int, *, kept: bool) -> tuple[list[tuple[str, bytes]], bool]:
        """Sums of chats that changed since they were written; and whether more are waiting.

        Args:
            most: chats at a time.
            kept: those of the last time were written; else they are told again.
        """
        if not kept:
            self._changed = {**self._telling, **self._changed}
        self._telling = {}
        found = []
        for chat in list(self._changed)[:most]:
            service = self._telling[chat] = self._changed.pop(chat)
            held = self._of(service).snapshot(chat)
            if held is not None:
                found.append((chat, pack(held)))
        return found, bool(self._changed)

    def kept(self, _said: Mapping[str, Any]) -> None:
        """What was told last was written."""
        self._telling = {}

    def sums_of(self, chat: str, service: str) -> bytes | None:
        """Sums of one chat, packed."""
        kept = self._of(service).snapshot(chat)
        return None if kept is None else pack(kept)

    def shared(self) -> tuple[bytes, bytes, bytes]:
        """Sums across chats, counts of ordinary traffic, and what stands beside, packed."""
        across = {name: one.snapshot_across() for name, one in self._engines.items()}
        cells = pack(self._calibration.snapshot()["cells"])
        return pack(across), cells, self._beside.packed()

    def counts(self) -> dict[str, int]:
        """What is counted since the process began, by name, for figures of the installation."""
        plain, evidence = self._texts.let_go
        return {**self._beside.counts(), "plain": plain, "evidence": evidence}

    def rest(self, now: datetime) -> None:
        """Drop texts that are half an hour old."""
        self._texts.expire(now)

    def _captured(self, chat: str, alarms: Sequence[Alarm]) -> list[list[Any]]:
        """The messages of the alarms' explanations with what was written, in all their forms."""
        told = {(one.message, one.at): one for alarm in alarms for one in alarm.why.messages}
        forms: dict[str, list[Text]] = {}
        for text in self._texts.find(chat, frozenset(message for message, _ in told)):
            forms.setdefault(text.message, []).append(text)
        rows = []
        for message in dict.fromkeys(message for message, _ in told):
            mine = {key: one for key, one in told.items() if key[0] == message}
            for form in _ends(forms.get(message, []), mine):
                one = mine.get((message, form.at))
                nats, by = (one.nats, one.by) if one else (0.0, ())
                shares = chat_form.shares_written(by)
                rows.append(
                    [message, form.author, form.at.timestamp(), form.text, nats, shares, False]
                )
            seen = {form.at for form in forms.get(message, [])}
            rows += [
                [
                    message, one.author, one.at.timestamp(), "", one.nats,
                    chat_form.shares_written(one.by), False,
                ]
                for one in mine.values() if one.at not in seen
            ]  # fmt: skip
        return rows

    def _of(self, service: str) -> Engine | Pair:
        engine = self._engines.get(service)
        if engine is None:
            champion = Engine(
                reader=self._reader, calibration=self._calibration, budget=FIRST,
                secret=self._secret,
            )  # fmt: skip
            engine = self._engines[service] = self._beside.paired(champion, self._secret, FIRST)
        return engine


class _Tally:
    """What a batch came to."""

    def __init__(self, *, each: bool) -> None:
        self.least = EACH if each else LOUD
        self.scored = self.failed = 0
        self.nats = 0.0
        self.levels: dict[Level, tuple[float, float]] = {}
        self.alarms: list[Alarm] = []
        self.loud: list[list[Any]] = []
        self.abstained = 0
        self.langs: dict[str, int] = {}

    def add(self, one: Message, heard: Heard) -> None:
        """Count one message."""
        here = {level: (evidence, threshold) for level, evidence, threshold in heard.levels}
        self.levels |= here
        self.alarms += heard.alarms
        if not one.kind.written:
            return
        scored = heard.scored
        if not heard.again:
            self.scored += 1
            self.abstained += scored.abstained
            self.nats += max(0.0, scored.nats)
            self.langs[scored.lang] = self.langs.get(scored.lang, 0) + 1
        if scored.nats >= self.least:
            evidence, threshold = here.get(Level.MESSAGE, (0.0, 1.0))
            self.loud.append(
                [
                    one.id, one.author, one.at.timestamp(), one.text, scored.nats,
                    chat_form.shares_written(scored.by), evidence >= threshold,
                ]
            )  # fmt: skip

    def answer(self) -> dict[str, Any]:
        """As it is sent."""
        self.loud.sort(key=lambda one: float(one[4]), reverse=True)
        return {
            "scored": self.scored, "failed": self.failed, "nats": self.nats,
            "abstained": self.abstained, "loud": self.loud,
            "lang": max(self.langs, key=self.langs.__getitem__, default=""),
            "levels": [[level.value, *two] for level, two in self.levels.items()],
            "alarms": [
                [
                    one.level.value, one.evidence, one.threshold, one.at.timestamp(),
                    chat_form.written(one.why),
                ]
                for one in self.alarms
            ],
        }  # fmt: skip


def _ends(forms: Sequence[Text], told: Collection[tuple[str, datetime]]) -> list[Text]:
    """Of a message's forms: those that gave evidence, the first, and the last."""
    return [
        one
        for place, one in enumerate(forms)
        if place in {0, len(forms) - 1} or (one.message, one.at) in told
    ]


def _calibration(positives: Mapping[str, Counts], cells: bytes) -> tuple[Calibration, bool]:
    """As it was kept; and whether what was kept is lost."""
    if not cells:
        return Calibration(positives), False
    try:
        kept = {"form": FORM, "cells": unpack(cells)}
        return Calibration.restored(positives, kept), False
    except NO_SUMS:
        return Calibration(positives), True


def _message(told: Sequence[Any]) -> Message:
    name, author, at, text, lang, kind, amount, to = told
    return Message(name, author, _when(at), text, lang, MessageKind(kind), amount, to)


def _when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
