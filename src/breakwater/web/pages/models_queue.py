"""What the queue offers beyond reading, as frozen values: acts on one case, and on many.

Built by `pages.read_queue` and `pages.read_bulk`; a viewer who decides no cases gets none.
Free of other models, so that those may name these.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody a case may be handed to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class PreviewActs:
    """What may be done with the chosen case from the queue.

    Attributes:
        version: row version it was read at.
        colleagues: to whom it may be handed.
        higher: its next priority in words; empty at the top.
        mine: the viewer holds it.
    """

    version: int
    colleagues: tuple[Colleague, ...]
    higher: str
    mine: bool = False


@dataclass(frozen=True, slots=True)
class BulkOption:
    """One thing that can be done to many cases: `priority:high`, `queue:live`."""

    value: str
    word: str


@dataclass(frozen=True, slots=True)
class BulkChoice:
    """What can be done to chosen cases.

    Attributes:
        matching: how many cases the filter means; empty when it names one case or account.
        matching_many: there are more than one act changes.
        groups: options under their heading.
        fields: the filter, to be sent with "all that match".
    """

    matching: str
    matching_many: bool
    groups: tuple[tuple[str, tuple[BulkOption, ...]], ...]
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BulkLine:
    """One case of a preview: before and after in words."""

    number: int
    id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class BulkView:
    """A preview of a bulk act, to be confirmed or left.

    Attributes:
        words: what would happen, in a sentence.
        lines: the first hundred changes.
        more: how many further ones there are.
        left: cases that stay as they are: number and reason.
        fields: what was chosen, to be sent once more.
    """

    words: str
    token: str
    lines: tuple[BulkLine, ...]
    more: int
    left: tuple[tuple[int, str], ...]
    fields: tuple[tuple[str, str], ...]
    count: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """What was just done, and the way back.

    Attributes:
        words: in a sentence.
        undo: address that undoes it; empty when it cannot be undone as a whole.
        until: until when, as a clock time.
        wrong: it was refused; `words` say why.
    """

    words: str
    undo: str = ""
    until: str = ""
    wrong: bool = False
