"""Comments: what somebody wrote to a broadcast or a person, and what it weighs.

A `Message` comes in from a service; `comments` makes a `Skeleton` of it (for comparing only, never
for display) and a `Scored`: natural-log likelihood ratios ("nats") with who gave them. Sums of
these over an author, a stream and across streams are `Step`s; one over its threshold is an
`Alarm` with its `Explanation`. What was written never stands in a repr: a log line or a
traceback that prints one of these shows ids and numbers. Source: reference chat, "Levels" and
"Forms". Tests: tests/unit/test_comment.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from breakwater.model.conversation import Party


class MessageKind(StrEnum):
    """What happened. All but comments and edits have no text."""

    COMMENT = "comment"
    EDIT = "edit"
    DELETE = "delete"
    GIFT = "gift"
    JOIN = "join"
    LEAVE = "leave"
    REPORT = "report"

    @property
    def written(self) -> bool:
        """Somebody wrote something that is scored."""
        return self in {MessageKind.COMMENT, MessageKind.EDIT}


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that somebody did in a chat.

    Attributes:
        id: the service's own; an edit or deletion has the id of the message it changes.
        author: the service's own name of the account.
        at: when it was sent, by the service's clock.
        text: as written; may hold anything a decoder lets through, lone surrogates too.
        lang: two letters of ISO 639-1 (`tl` for Tagalog) as the service says; None: unknown.
        amount: of a gift, in the service's own unit.
        to: the account it is addressed to; None: everybody.
    """

    id: str
    author: str = field(repr=False)
    at: datetime
    text: str = field(default="", repr=False)
    lang: str | None = None
    kind: MessageKind = MessageKind.COMMENT
    amount: float | None = None
    to: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Obfuscation:
    """What the normaliser had to undo, counted; itself evidence.

    Attributes:
        invisible: characters that show nothing (zero-width, direction, variation, tags).
        marks: combining marks beyond what any script stacks.
        confusable: characters that only look like letters of the text's own script.
        forms: letters in another form (full-width, mathematical, circled, ...).
        joined: letters that stood apart by blanks or dots.
        leet: digits and signs inside words that stood for letters.
        squeezed: characters of runs that were shortened.
        mixed: words of letters from more than one script.
        broken: lone surrogates and other things that are no characters.
        uncounted: characters beyond the cap, which were counted and not read.
    """

    invisible: int = 0
    marks: int = 0
    confusable: int = 0
    forms: int = 0
    joined: int = 0
    leet: int = 0
    squeezed: int = 0
    mixed: int = 0
    broken: int = 0
    uncounted: int = 0

    @property
    def counts(self) -> tuple[int, ...]:
        """All counts, in the order of the attributes."""
        return (
            self.invisible, self.marks, self.confusable, self.forms, self.joined, self.leet,
            self.squeezed, self.mixed, self.broken, self.uncounted,
        )  # fmt: skip

    def __bool__(self) -> bool:
        return any(self.counts)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A text as it is compared.

    Attributes:
        text: normalised; never displayed, logged or stored.
        key: 64 bits that are equal for equal skeletons, for counting repeats.
    """

    text: str = field(repr=False)
    key: int
    obfuscation: Obfuscation = Obfuscation()


class Source(StrEnum):
    """Who gave evidence."""

    MODEL = "model"
    LEXICON = "lexicon"
    CUE = "cue"
    ENCODER = "encoder"
    BEHAVIOUR = "behaviour"


class Cue(StrEnum):
    """What a message does, in neutral words; the eight kinds that are looked for."""

    ASKS_AGE = "asks_age"
    ASKS_ALONE = "asks_alone"
    MOVE_SERVICE = "move_service"
    PAYMENT = "payment"
    DIRECTIVE = "directive"
    SECRECY = "secrecy"
    CONTACT = "contact"
    SPECIFIES = "specifies"


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a message's evidence.

    Attributes:
        nats: natural-log likelihood ratio; below zero speaks for harmless.
        ref: what exactly: `list-id/entry-id`, the name of a cue, the model's id; never a term.
    """

    source: Source
    nats: float
    ref: str


@dataclass(frozen=True, slots=True)
class Scored:
    """What one message weighs.

    Attributes:
        nats: the sum.
        by: its parts.
        lang: as used; `und` when it is not known.
        abstained: the model was not used, as it is not calibrated for this language.
    """

    nats: float
    by: tuple[Share, ...] = ()
    obfuscation: Obfuscation = Obfuscation()
    lang: str = "und"
    abstained: bool = False


class Level(StrEnum):
    """Over what evidence is summed; each has its own share of the budget of alarms."""

    MESSAGE = "message"
    AUTHOR = "author"
    STREAM = "stream"
    ACROSS = "across"


@dataclass(frozen=True, slots=True)
class Step:
    """Where one level stands after a message.

    Attributes:
        evidence: nats summed by this level's rule.
        threshold: at which it alarms; infinite while it abstains.
    """

    level: Level
    evidence: float
    threshold: float

    @property
    def alarms(self) -> bool:
        """Whether the threshold is reached."""
        return self.evidence >= self.threshold


@dataclass(frozen=True, slots=True)
class Contribution:
    """A message that gave evidence, by id; its text is looked up where people may see it."""

    message: str
    author: str = field(repr=False)
    at: datetime
    nats: float
    by: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class AuthorEvidence:
    """How much one author gave, from how many messages."""

    author: str = field(repr=False)
    messages: int
    evidence: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an alarm now, and what would clear it.

    Attributes:
        alarms_per_hour: benign streams of this speed alarm so often at this threshold.
        messages: at most ten, heaviest first.
        authors: heaviest first.
        clears_in_s: seconds of silence after which the evidence is under the threshold; 0: of a
            message it never is, and of what lies across broadcasts nobody knows.
        lang, band: of the calibration, e.g. `en`, `10-100`.
        benign_hours: that the calibration has seen; 0: uncalibrated.
        abstained: the model was not used.
        notes: sentences for people, e.g. what a restart lost.
        sides: of a conversation, who writes to whom, with the ages that the service knows.
    """

    alarms_per_hour: float = 0.0
    messages: tuple[Contribution, ...] = ()
    authors: tuple[AuthorEvidence, ...] = ()
    clears_in_s: float = 0.0
    lang: str = "und"
    band: str = ""
    benign_hours: float = 0.0
    abstained: bool = False
    notes: tuple[str, ...] = ()
    sides: tuple[tuple[Party, Party], ...] = ()


@dataclass(frozen=True, slots=True)
class Alarm:
    """A level reached its threshold.

    Attributes:
        subject: what alarmed: id of the stream, conversation or author's row.
    """

    subject: str
    level: Level
    evidence: float
    threshold: float
    at: datetime
    why: Explanation = Explanation()
