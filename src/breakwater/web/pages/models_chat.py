"""What pages show of a chat, as frozen values: why it alarmed, by whom, what is done in it.

See `models` for the rule they keep. What was written stands here only once somebody asked for it.
Built by `pages.read_chat`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, When


@dataclass(frozen=True, slots=True)
class ChatCard:
    """A chat on its case's page, in one look.

    Attributes:
        why: in one sentence; empty when nothing alarmed.
        facts: how many messages, how many of them were not weighed.
    """

    why: str
    measure: Mark
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ChatAlarmRow:
    """One alarm.

    Attributes:
        why: in one sentence.
        facts: evidence, limit, how often ordinary chats ring so, calibration, what clears it.
        notes: what the engine says of itself.
    """

    at: When
    why: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommentRow:
    """One message that gave evidence or is held.

    Attributes:
        id: here, for what is said of it.
        author: `Author 2`; who it is stands nowhere on the page.
        by: what it weighs, source by source.
        said: as written; empty while it is covered, and when it is removed.
        removed: a person found nothing, and it is gone.
        counts: what people said of it; empty: nobody said anything.
    """

    id: str
    author: str
    at: When
    nats: str
    by: tuple[str, ...]
    held: bool
    removed: bool
    said: str = ""
    counts: str = ""


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One message that is held and belongs to no case.

    Attributes:
        where: what it was written to; a broadcast by its label.
        url: of the broadcast on the live wall; empty for anything else.
    """

    comment: CommentRow
    where: str
    service: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class HeldView:
    """Every message that is held and belongs to no case.

    Attributes:
        more: how many are not drawn.
        shown: their words are on the page.
        may: the viewer may ask for them, and make cases of them.
        lets_go: the viewer may show them again.
    """

    rows: tuple[HeldRow, ...]
    more: int = 0
    shown: bool = False
    may: bool = False
    lets_go: bool = False


@dataclass(frozen=True, slots=True)
class AuthorRow:
    """What one account gave."""

    name: str
    messages: int
    evidence: str


@dataclass(frozen=True, slots=True)
class StageRow:
    """What one side of a conversation showed of one kind, and from when to when."""

    word: str
    messages: int
    first: When
    last: When
    nats: str


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One order to a chat, and its newest answer."""

    word: str
    by: str
    at: When
    mark: Mark
    answer: str = ""


@dataclass(frozen=True, slots=True)
class ChatView:
    """A chat on its own page.

    Attributes:
        shown: the messages' words are on the page.
        may: the viewer may ask for them.
        acts: what can be ordered: value, word, whether it is in force.
        lets_go: the viewer may show held messages again.
        seen: id of the order in force; letting go of a newer one is refused.
        surrogate: the shipped surrogate weighs, which tells only polite advertising.
        stages: of a conversation, what its heaviest side showed towards the other.
        law: of a conversation, under which it is weighed.
    """

    case: str
    number: int
    stream: str
    card: ChatCard
    alarms: tuple[ChatAlarmRow, ...]
    comments: tuple[CommentRow, ...]
    authors: tuple[AuthorRow, ...]
    orders: tuple[MeasureRow, ...]
    acts: tuple[tuple[str, str, bool], ...] = ()
    lets_go: bool = False
    seen: str = ""
    shown: bool = False
    may: bool = False
    surrogate: bool = False
    stages: tuple[StageRow, ...] = ()
    law: str = ""
