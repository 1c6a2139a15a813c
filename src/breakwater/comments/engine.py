"""The chats of a service: what comes in as messages goes out as levels, and now and then an alarm.

Each message is read (`Reader`), weighed against its own traffic (`Calibration`), summed
(`ChatSums`, `Across`) and held against thresholds solved from people's time. Chats are
independent: a deployment partitions them by stream, one engine a process. Nothing written is
kept. Source: reference chat. Tests: tests/unit/test_comments_engine.py.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from breakwater.comments.across import Across
from breakwater.comments.calibrate import Band, Budget, Calibration
from breakwater.comments.chat import LANGS, ChatState
from breakwater.comments.limits import Limits
from breakwater.comments.peaks import BLOCK_S
from breakwater.comments.recent import Keys
from breakwater.comments.sequential import Seen, Sums
from breakwater.comments.waiting import Block, Waiting
from breakwater.errors import BadInput
from breakwater.model.comment import (
    Alarm,
    Cue,
    Level,
    Message,
    MessageKind,
    Scored,
    Share,
    Source,
    Step,
)

CHATS: Final = 20_000
ABSTAINED: Final = 0.2
"""Of a block's messages: with more that the model did not weigh, it does not teach."""

SETTLED: Final = 200
"""A cell is solved anew after this part of its blocks, or when a limit rang for nothing."""

_LONG: Final = 1e18

Told = tuple[int, int]
"""Keys of a message's text and of its account."""

NOBODY: Final[Told] = 0, 0


@dataclass(frozen=True, slots=True)
class Read:
    """What reading one message gave.

    Attributes:
        scored: its evidence with parts; that of the model is replaced by what calibration says.
        key: 64 bits, equal for equal skeletons.
        raw: the model's score before calibration; None: it does not know the language.
        cues: what the message does.
    """

    scored: Scored
    key: int
    raw: float | None = None
    cues: tuple[Cue, ...] = ()


class Reader(Protocol):
    """Reads messages: normaliser, model, lists and cues."""

    def read(
        self, text: str, lang: str | None = None, ago: Mapping[Cue, float] | None = None
    ) -> Read:
        """One message; `ago`: seconds since each cue was last seen in its chat."""
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """What one message came to.

    Attributes:
        scored: its evidence as counted.
        levels: evidence by level, and the threshold of each.
        alarms: levels that reached their threshold now, each at most once in ten minutes.
        flood: nats of surprise at this minute's speed.
        again: it was counted before, and is not counted twice.
    """

    scored: Scored
    levels: tuple[tuple[Level, float, float], ...] = ()
    alarms: tuple[Alarm, ...] = ()
    flood: float = 0.0
    again: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """Where each level stands; made when somebody asks, for hardly anybody does."""
        return tuple(Step(*one) for one in self.levels)


class Engine:
    """Every chat of one process. Not for several threads at once."""

    def __init__(
        self, *, reader: Reader, calibration: Calibration, budget: Budget, secret: bytes
    ) -> None:
        """Take what it stands on.

        Args:
            reader: reads messages.
            calibration: nulls and peaks; taught by what comes in.
            budget: people's.
            secret: 16 to 64 bytes that key the hashes of ids and accounts.
        """
        if not 16 <= len(secret) <= 64:
            raise BadInput("The secret of an engine has 16 to 64 bytes.")
        self._reader = reader
        self._calibration = calibration
        self._budget = budget
        self._streams = Keys(secret, "stream", 0)
        self._authors = Keys(secret, "author")
        self._messages = Keys(secret, "message", 0)
        self._sources = Keys(secret, "source", 0)
        self._across = Across()
        self._limits: dict[tuple[str, str, Band], Limits] = {}
        self._chats: OrderedDict[str, ChatState] = OrderedDict()
        self._waiting = Waiting()

    def set_budget(self, budget: Budget) -> None:
        """People or streams changed: thresholds follow at once."""
        self._budget = budget
        self._limits.clear()

    def take(
        self, stream: str, service: str, message: Message, *, sanctioned: bool = False
    ) -> Heard:
        """Count one event of a chat.

        Args:
            stream: id of the broadcast or conversation.
            service: whose.
            message: what happened.
            sanctioned: its account was stopped before, or evades a ban.
        """
        chat = self._chat(stream, service)
        at = message.at.timestamp()
        who = self._authors.of(message.author)
        kind = message.kind
        if kind is not MessageKind.COMMENT and kind is not MessageKind.EDIT:
            self._done(chat, message, who, at, sanctioned=sanctioned)
            return self._stand(stream, chat, at, None, Scored(0.0))
        self._across.arrived(chat.where, who, at, sanctioned=sanctioned)
        ago = {cue: at - when for cue, when in chat.cues.items()}
        read = self._reader.read(message.text, message.lang, ago)
        for cue in read.cues:
            chat.cues[cue] = at
        if Cue.DIRECTIVE in read.cues:
            self._across.directive(chat.where, who, at)
        told = message.id if kind is MessageKind.COMMENT else f"{message.id}\0{read.key}"
        key = self._messages.of(told)
        scored = self._weighed(chat, read, at, again=chat.sums.knows(key))
        sums = chat.sums.take(Seen(key, who, read.key, at, scored.nats))
        if sums.new:
            chat.ring.add(message, who, scored.nats, scored.by)
        return self._stand(stream, chat, at, sums, scored, told=(read.key, who))

    def _done(
        self, chat: ChatState, message: Message, who: int, at: float, *, sanctioned: bool
    ) -> None:
        """Count what somebody did without writing."""
        if message.kind is MessageKind.GIFT:
            self._across.gift(chat.where, who, at)
        elif message.kind is MessageKind.REPORT:
            self._across.reported(chat.where, who, at)
        elif message.kind is MessageKind.JOIN:
            self._across.arrived(chat.where, who, at, sanctioned=sanctioned)

    def decided(self, stream: str, *, found: bool) -> None:
        """People looked at a chat's alarms: ordinary ones teach, the others do not.

        That holds for the ten minutes that run, too: they may have been shown already.
        """
        for block in self._waiting.of(stream):
            if not found:
                self._learn(block)
        chat = self._chats.get(stream)
        if chat is not None and chat.rang_now:
            chat.rang_now, chat.found_now = False, found

    def ended(self, stream: str) -> None:
        """A broadcast ended: its sums go."""
        self._chats.pop(stream, None)
        self._across.ended(self._streams.of(stream))

    def band(self, stream: str) -> Band | None:
        """How fast a chat is now; None: there is no such chat."""
        chat = self._chats.get(stream)
        return None if chat is None else chat.band

    def snapshot(self, stream: str) -> dict[str, Any] | None:
        """Sums of one chat, for JSON: numbers under keyed hashes; None: there is no such chat."""
        chat = self._chats.get(stream)
        if chat is None:
            return None
        return chat.snapshot()

    def snapshot_across(self) -> dict[str, Any]:
        """Sums across streams, and what waits for a decision, for JSON."""
        return {**self._across.snapshot(), "waiting": self._waiting.snapshot()}

    def restore_across(self, kept: Mapping[str, Any]) -> None:
        """Take up the sums across streams where a snapshot left them.

        Raises:
            BadInput: not a snapshot of this form.
        """
        across, waiting = Across.restored(kept), Waiting()
        try:
            waiting.restore(kept.get("waiting", ()))
        except (AttributeError, TypeError, ValueError):
            raise BadInput("These are not the alarms that wait for a decision.") from None
        self._across, self._waiting = across, waiting

    def restore(self, stream: str, kept: Mapping[str, Any]) -> None:
        """Take up a chat where a snapshot left it.

        Raises:
            BadInput: not a snapshot of this form.
        """
        chat = ChatState.restored(kept, self._streams.of(stream))
        chat.ring.restored = True
        self._chats[stream] = chat

    def _chat(self, stream: str, service: str) -> ChatState:
        chat = self._chats.get(stream)
        if chat is None:
            chat = self._chats[stream] = ChatState(service, self._streams.of(stream))
            if len(self._chats) > CHATS:
                self._chats.popitem(last=False)
        self._chats.move_to_end(stream)
        return chat

    def _weighed(self, chat: ChatState, read: Read, at: float, *, again: bool) -> Scored:
        """The model's part as calibration has it; none where it abstains.

        What is sent again is weighed again and teaches nothing.
        """
        was = read.scored
        lang = was.lang if was.lang in chat.langs or len(chat.langs) < LANGS else "und"
        said = None
        if read.raw is not None:
            said = self._calibration.nats(chat.service, lang, chat.band, read.raw)
        if not again:
            chat.langs[lang] = chat.langs.get(lang, 0.0) + 1.0
            chat.messages += 1
            chat.abstained += said is None
            if read.raw is not None:
                self._calibration.observe(chat.service, lang, chat.band, read.raw, at)
        nats, model = said or 0.0, "model"
        by: tuple[Share, ...] = ()
        for one in was.by:
            if one.source is Source.MODEL:
                model = one.ref
            else:
                by += (one,)
                nats += one.nats
        if said is None:
            return Scored(nats, by, was.obfuscation, was.lang, abstained=True)
        return Scored(nats, (Share(Source.MODEL, said, model), *by), was.obfuscation, was.lang)

    def _stand(
        self, stream: str, chat: ChatState, at: float, sums: Sums | None, scored: Scored,
        *, told: Told = NOBODY,
    ) -> Heard:  # fmt: skip
        """Levels, peaks and alarms after an event."""
        across = self._across.total(chat.where, at)
        levels: tuple[tuple[Level, float], ...]
        if sums is None:
            levels = ((Level.ACROSS, across + chat.sums.stream(chat.sums.at(at))),)
        else:
            chat.band = Band.of(sums.per_minute)
            levels = (
                (Level.ACROSS, across + sums.stream), (Level.MESSAGE, sums.message),
                (Level.AUTHOR, sums.author), (Level.STREAM, sums.stream),
            )  # fmt: skip
        self._count_block(stream, chat, at, levels, told)
        limits = self._limits_of(chat)
        held = tuple([(one, nats, limits.at_least[one]) for one, nats in levels])
        alarms: tuple[Alarm, ...] = ()
        for one, nats, at_least in held:
            if nats >= at_least and at - chat.rang.get(one, -_LONG) >= BLOCK_S:
                chat.rang[one], chat.rang_now = at, True
                alarms += (self._alarm(stream, chat, at, Step(one, nats, at_least), limits),)
        flood, again = (sums.flood, not sums.new) if sums else (0.0, False)
        return Heard(scored, held, alarms, flood, again)

    def _alarm(self, stream: str, chat: ChatState, at: float, step: Step, limits: Limits) -> Alarm:
        peaks = self._calibration.cell(chat.service, chat.lang, chat.band).peaks[step.level]
        solved = limits.solved[step.level]
        unused = chat.ring.unweighed()
        why = chat.ring.explain(
            sums=chat.sums, at=chat.sums.at(at), level=step.level,
            solved=replace(solved, threshold=step.threshold), rate=peaks.rate, lang=chat.lang,
            band=chat.band.value,
            fixed=solved.abstains,
            abstained=solved.abstains if unused is None else unused,
        )  # fmt: skip
        when = datetime.fromtimestamp(at, UTC)
        return Alarm(stream, step.level, step.evidence, step.threshold, when, why)

    def _count_block(
        self, stream: str, chat: ChatState, at: float, levels: tuple[tuple[Level, float], ...],
        told: Told,
    ) -> None:  # fmt: skip
        """Every ten minutes the peaks teach; those of an alarm wait for who looks at it."""
        if chat.block_at is None:
            chat.block_at = at
        if at - chat.block_at >= BLOCK_S:
            by = {level: self._sources.of(f"{key}") for level, key in chat.sources.items()}
            block = Block(chat.service, chat.lang, chat.band, chat.peaks, at, by)
            if chat.abstained > ABSTAINED * chat.messages or chat.found_now:
                pass  # peaks of another evidence than the thresholds are for
            elif chat.rang_now:
                self._waiting.add(stream, chat.block_at, block)
            else:
                self._learn(block)
            chat.begin(at)
            for one in self._waiting.settled(at):
                self._learn(one)
        peaks = chat.peaks
        for level, evidence in levels:
            if evidence > peaks.get(level, 0.0):
                peaks[level], chat.sources[level] = evidence, chat.source(level, *told)
            elif level not in peaks:
                peaks[level] = 0.0

    def _learn(self, block: Block) -> None:
        """Ordinary: limits follow at once where one of them rang."""
        cell = block.service, block.lang, block.band
        self._calibration.block(*cell, block.peaks, block.sources)
        known = self._limits.get(cell)
        if known and any(peak >= known.at_least[one] for one, peak in block.peaks.items()):
            del self._limits[cell]

    def _limits_of(self, chat: ChatState) -> Limits:
        """Thresholds of a chat's cell, solved anew when it learned enough to move them."""
        cell = chat.service, chat.lang, chat.band
        blocks = self._calibration.cell(*cell).blocks
        known = self._limits.get(cell)
        if known is None or blocks - known.blocks > known.blocks // SETTLED:
            known = self._limits[cell] = Limits.of(self._calibration, cell, self._budget)
        return known
