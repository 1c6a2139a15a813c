"""What the case page shows of a broadcast, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, When


@dataclass(frozen=True, slots=True)
class AckRow:
    """One answer of a media server: which step, whether it is so, how long it took."""

    word: str
    mark: Mark
    detail: str
    took: str


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order with every answer to it.

    Attributes:
        who: who broadcasts, as was said with a cut; empty for other orders.
    """

    word: str
    by: str
    at: When
    mark: Mark
    who: str = ""
    took: str = ""
    acks: tuple[AckRow, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A stretch of the broadcast that shows a stretch of a known video."""

    here: str
    there: str
    speed: str
    score: str
    pairs: tuple[str, ...] = ()
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class AlertRow:
    """What a watcher saw, and what supports it; `looks`: what closer looks found."""

    at: When
    words: str
    led: Mark
    segments: tuple[SegmentRow, ...] = ()
    matches: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SenderRow:
    """One who sends into a broadcast.

    Attributes:
        name: `Sender 2`; who it is stands nowhere on the wall.
        risk: their own, in words.
        roles: who they are, asked once they were cut: value and word; empty before.
        acts: what can be ordered of them alone: value and word.
        asked: nobody said yet who they are.
    """

    id: str
    name: str
    mark: Mark
    risk: str = ""
    acts: tuple[tuple[str, str], ...] = ()
    roles: tuple[tuple[str, str], ...] = ()
    asked: bool = False


@dataclass(frozen=True, slots=True)
class RoleAsk:
    """The question who broadcasts, while the account's sanction waits for it."""

    due: When
    choices: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class StreamView:
    """A broadcast within its case.

    Attributes:
        senders: who sends, with own risk and how far each is stopped.
        ask: who broadcasts, asked until somebody says it.
        more: alerts that are not listed.
    """

    label: str
    control: Mark
    facts: tuple[tuple[str, str], ...]
    orders: tuple[OrderRow, ...]
    alerts: tuple[AlertRow, ...]
    senders: tuple[SenderRow, ...]
    preserved: tuple[tuple[str, str], ...] = ()
    ask: RoleAsk | None = None
    more: int = 0
