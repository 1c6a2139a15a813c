"""What the settings of comments show, as frozen values: people's time, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_settings import SettingRow


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """One figure of the budget, as it is and as it would be.

    Attributes:
        then: with the numbers of the form; empty: nothing is tried.
    """

    name: str
    now: str
    then: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """Numbers in the form: as a field wants them, whatever the language."""

    pages: str
    people: str
    chats: str


@dataclass(frozen=True, slots=True)
class CellRow:
    """One service, language and speed of chat.

    Attributes:
        hours: of ordinary traffic.
        limits: nats from which each level alarms, as they are and would be; in the order of
            `CommentsView.levels`.
        note: what the limits rest on; empty: on what was counted.
    """

    service: str
    lang: str
    band: str
    hours: str
    mark: Mark
    limits: tuple[tuple[str, str], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drift:
    """A cell whose traffic changed."""

    words: str


@dataclass(frozen=True, slots=True)
class Weighs:
    """What weighs comments.

    Attributes:
        model: id and title; empty: none.
        surrogate: it only shows how a model works.
        lists: ids of operators' lists; their terms are on no page.
        trouble: it cannot be used.
    """

    model: str = ""
    title: str = ""
    surrogate: bool = False
    langs: str = ""
    lists: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Aside:
    """What stands beside the model.

    Attributes:
        words: what it did.
        wrong: why it does nothing, as the program says it.
        id: of the model.
    """

    name: str
    words: str
    wrong: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class CommentsView:
    """The settings of comments.

    Attributes:
        tried: the form's numbers are shown beside those in force.
        more: cells that are not drawn.
        nobody: nobody is on shift, and one person is counted.
        several: processes of which each solves its own limits; 1: one does.
    """

    numbers: tuple[Number, ...]
    budget: tuple[BudgetRow, ...]
    form: Tried
    levels: tuple[str, ...]
    cells: tuple[CellRow, ...]
    weighs: Weighs
    settings: tuple[SettingRow, ...]
    tried: bool = False
    more: int = 0
    drifts: tuple[Drift, ...] = ()
    nobody: bool = False
    several: int = 1
    off: bool = False
