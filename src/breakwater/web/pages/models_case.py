"""What the case page shows, as frozen values: evidence, what is around it, and the decision bar.

See `models` for the rule they keep: a template sees nothing else. Built by `pages.read_case`
and `pages.read_deciding`.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, QueueRow, When
from breakwater.web.pages.models_chat import ChatCard
from breakwater.web.pages.models_classifiers import ScoreRow
from breakwater.web.pages.models_received import ReceivedView
from breakwater.web.pages.models_stream import StreamView
from breakwater.web.pages.read_reports import ReportRow
from breakwater.web.pages.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Bits:
    """Two perceptual hashes as SVG paths over a square grid of `side` cells."""

    side: int
    known: str
    differ: str


@dataclass(frozen=True, slots=True)
class EvidencePair:
    """This item beside one known entry.

    Attributes:
        item, frame: what a view request names.
        at: time of the frame in words; empty for stills.
        words: distance in words.
        turn: SVG transform that shows how this item was turned against the known one.
        turn_words: the same in words; empty when it is as it is.
        share: distance as a share of the limit, 0..1.
        refusal: why the known side shows no picture.
        acting: counts towards the verdict; otherwise `why_not` says why it does not.
        no_still: why this side shows no picture, where that is only of this evidence.
    """

    item: str
    frame: int
    at: str
    words: str
    bank: str
    bank_url: str
    entry: int
    kind: str
    value: str
    distance: int
    limit: int
    bits_total: int
    refusal: str
    own_value: str = ""
    turn: str = ""
    turn_words: str = ""
    acting: bool = True
    why_not: str = ""
    negative: bool = False
    verified: bool = False
    labels: tuple[str, ...] = ()
    source: str = ""
    permitted_use: str = ""
    bits: Bits | None = None
    no_still: str = ""

    @property
    def share(self) -> float:
        """Where the distance lies between 0 and the limit."""
        return self.distance / self.limit if self.limit else 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a video that matches known material, in percent of its length."""

    x: float
    width: float
    words: str
    pair: int


@dataclass(frozen=True, slots=True)
class StripFrame:
    """One frame of the strip under the pair: which evidence it belongs to, and its time."""

    pair: int
    frame: int
    at: str
    words: str = ""
    span: bool = False


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line of a case's history.

    Attributes:
        note: what the person wrote; never marked up.
        mark: `decision`, `verdict`, `comment`, or empty for what the program noted.
        undo: id of the decision that can be taken back here.
    """

    at: When
    who: str
    words: str
    note: str = ""
    mark: str = ""
    undo: str = ""


@dataclass(frozen=True, slots=True)
class RelatedRow:
    """Another upload that has to do with this case.

    Attributes:
        url: of its case; empty when it has none.
        later: it passed first and was found by a newer entry.
    """

    title: str
    words: str
    action: Mark
    at: When
    url: str = ""
    later: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a question of a decision, with the digit that gives it."""

    value: str
    word: str
    digit: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a decision asks besides."""

    name: str
    word: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision: its word, its key, what it does and what it asks.

    Attributes:
        key: id in the key table.
        effect: what it does and the way back, in a sentence.
        questions: answered before it can be saved.
    """

    kind: str
    word: str
    key: str
    effect: str
    questions: tuple[Question, ...] = ()
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Deciding:
    """The decision bar.

    Attributes:
        choices: what may be said of this case.
        stack: cases of the same file or picture that one decision can cover.
        refusal: why this viewer decides nothing here; then there are no choices.
    """

    choices: tuple[Choice, ...] = ()
    stack: tuple[QueueRow, ...] = ()
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class SecondPerson:
    """A decision that waits for another person.

    Attributes:
        facts: what the first person said besides, by name.
        rows: what becomes of each upload; `more` are not listed.
        method: what the viewer signs with: `passkey`, `password`, or empty for neither.
        mine: the viewer proposed it, and can only take it back.
        until: when it lapses.
    """

    words: str
    reason: str
    effect: str
    by: str
    until: When
    facts: tuple[tuple[str, str], ...] = ()
    rows: tuple[EffectRow, ...] = ()
    more: int = 0
    method: str = ""
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What was just decided, with the way back: the toast.

    Attributes:
        back: it tells that a decision was taken back; there is no way back from that.
    """

    decision: str
    case: str
    words: str
    until: When
    back: bool = False


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One upload that a decision would reach."""

    case: str
    case_number: int
    where: str
    account: str
    outcome: Mark
    why: str = ""


@dataclass(frozen=True, slots=True)
class EffectView:
    """What a decision would do, before it is taken.

    Attributes:
        fields: of the form that is sent once more, name and value.
        more: uploads that are not listed.
    """

    case: str
    number: int
    title: str
    words: str
    button: str
    rows: tuple[EffectRow, ...]
    fields: tuple[tuple[str, str], ...]
    more: int = 0
    second: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LeadView:
    """Where a lead leads: words, every reason that came, and the page, for those who may see it."""

    words: str
    reasons: tuple[str, ...]
    url: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything about one case that its viewer may see.

    Attributes:
        reports: why a reported case exists, in the reporters' words.
        reports_note: what stands beside them, or in their place.
        chat: what is written there, in one look; its own page has the rest.
        scores: what operators' classifiers said; they decide nothing.
        received: the report that another service sent.
        lead: what a lead leads to.
    """

    id: str
    number: int
    priority: Mark
    state: Mark
    why: str
    due: When
    opened: When
    version: int
    kind: str
    rule: str
    verdict: Mark
    item: str = ""
    pairs: tuple[EvidencePair, ...] = ()
    more_pairs: int = 0
    strip: tuple[StripFrame, ...] = ()
    spans: tuple[Span, ...] = ()
    reports: tuple[ReportRow, ...] = ()
    reports_note: str = ""
    file: tuple[tuple[str, str], ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    account: tuple[tuple[str, str], ...] = ()
    earlier: tuple[QueueRow, ...] = ()
    series: tuple[tuple[str, str], ...] = ()
    same: tuple[QueueRow, ...] = ()
    similar: tuple[RelatedRow, ...] = ()
    uploads: tuple[RelatedRow, ...] = ()
    history: tuple[LogRow, ...] = ()
    timeline: Timeline | None = None
    deciding: Deciding | None = None
    waits: SecondPerson | None = None
    warning: str = ""
    held_by: str = ""
    closed: When | None = None
    closed_by: str = ""
    may_view: bool = False
    no_view: str = ""
    level: str = "s3"
    stream: StreamView | None = None
    chat: ChatCard | None = None
    scores: tuple[ScoreRow, ...] = ()
    received: ReceivedView | None = None
    lead: LeadView | None = None
