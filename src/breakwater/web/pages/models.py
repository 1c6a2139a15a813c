"""What each console page shows, as frozen values: the only thing a template ever sees.

Built by `pages.reader` from records with the viewer's own rights already applied, so that a
template cannot show what its viewer may not open: what is withheld is an empty string and a
sentence that says why. Words are ready to read; times keep their absolute form beside them.
Tests render the same values from `tests/console_samples.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from breakwater.model.access import Permission
from breakwater.web.pages.models_queue import BulkChoice, PreviewActs


@dataclass(frozen=True, slots=True)
class When:
    """A moment: relative words, absolute words, and the machine's form for `<time>`."""

    words: str
    full: str
    iso: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A shape and a word that always stand together (WCAG 1.4.1): class name and text."""

    style: str
    word: str


@dataclass(frozen=True, slots=True)
class Link:
    """One page of the rail, for those who hold either permission; None is for everybody."""

    id: str
    word: str
    url: str
    group: str
    permission: Permission | None = None
    otherwise: Permission | None = None


@dataclass(frozen=True, slots=True)
class Exposure:
    """How long pictures were on screen today, and how much is allowed."""

    used_s: int
    limit_s: int
    words: str
    near: bool = False


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and what the shell shows them.

    Attributes:
        name: for the menu.
        roles: in words.
        permissions: what decides which links, panels and keys exist.
        exposure: None for those who never see pictures.
        waiting_now: open cases of priority Now.
        now_cases: numbers of the first of them, so that a new one can be told by a tone.
        called: why they are asked to open the page "On call"; None when they are not.
    """

    name: str
    roles: str
    permissions: frozenset[Permission]
    exposure: Exposure | None = None
    waiting_now: int = 0
    now_cases: tuple[int, ...] = ()
    called: Mark | None = None

    def may(self, permission: str) -> bool:
        """Whether it is allowed; templates name permissions as the wire does."""
        return Permission(permission) in self.permissions


@dataclass(frozen=True, slots=True)
class Number:
    """One number that matters, with the word under it."""

    value: str
    word: str
    note: str = ""
    running: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One signal kind in the index."""

    kind: str
    words: str
    size: str
    waiting: str
    lag: str
    state: Mark


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One recent verdict. No account and no address: this page is for those who run it too."""

    at: When
    action: Mark
    reason: str
    service: str
    surface: str
    case: str = ""
    case_number: int = 0


@dataclass(frozen=True, slots=True)
class PriorityCount:
    """How many cases wait at one priority, and how long the oldest has."""

    mark: Mark
    count: int
    note: str
    url: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the installation and whether it works; `url`: where more is said."""

    name: str
    state: Mark
    words: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class OverviewView:
    """The first page: is it working, how much comes in, who waits."""

    headline: str
    numbers: tuple[Number, ...]
    queue: tuple[PriorityCount, ...]
    index: tuple[IndexRow, ...]
    parts: tuple[Part, ...]
    recent: tuple[VerdictRow, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Verdicts per step, newest last: seconds of the epoch, then one column an action."""

    at: tuple[int, ...]
    allow: tuple[float, ...]
    hold: tuple[float, ...]
    block: tuple[float, ...]
    step_s: int = 5


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One case that waits."""

    id: str
    number: int
    priority: Mark
    why: str
    due: When
    waiting: When
    where: str
    held_by: str = ""
    queue: str = ""
    closed: When | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a filter."""

    value: str
    word: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class QueueView:
    """The queue: three numbers, filters, fifty rows in a fixed order, a preview of words.

    Attributes:
        held: messages that are held and belong to no case.
    """

    numbers: tuple[Number, ...]
    rows: tuple[QueueRow, ...]
    priorities: tuple[Option, ...]
    kinds: tuple[Option, ...]
    states: tuple[Option, ...]
    filtered: bool = False
    next_url: str = ""
    first_url: str = ""
    preview: CasePreview | None = None
    queues: tuple[Option, ...] = ()
    bulk: BulkChoice | None = None
    change: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class CasePreview:
    """Why a case waits, without any picture."""

    id: str
    number: int
    priority: Mark
    why: str
    due: When
    facts: tuple[tuple[str, str], ...]
    matches: tuple[str, ...] = ()
    acts: PreviewActs | None = None
    held: str = ""
    closed: When | None = None
    closed_by: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error page: what happened, what was kept, what to do, and a reference to copy."""

    status: int
    title: str
    happened: str
    kept: str
    do: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One answer of the palette."""

    word: str
    url: str
    kind: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class SignInView:
    """The door: sign in, follow a one-time link, or set a password or passkey.

    Attributes:
        account: what people call their organisation's sign-in service; empty without one.
    """

    name: str = ""
    wrong: str = ""
    token: str = ""
    passkeys: bool = True
    account: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
