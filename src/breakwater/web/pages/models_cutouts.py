"""What the pages of cut-outs and of likeness models show, as frozen values. See `models`."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.web.pages.models import Mark, Number, Option, When

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CutoutRow:
    """One cut-out of the list."""

    url: str
    purpose: str
    state: Mark
    by: str
    second: str
    at: When
    left: When | None


@dataclass(frozen=True, slots=True)
class CutoutsView:
    """Cut-outs, the newest first."""

    numbers: tuple[Number, ...]
    rows: tuple[CutoutRow, ...]


@dataclass(frozen=True, slots=True)
class CutoutView:
    """One cut-out, or the medium that one is made of.

    Attributes:
        item, frame: what its picture is asked for by, at `looks`.
        crop: id of the cut-out; empty: it is to be made.
        place: where the picture lies in 160 by 90: x, y, width, height.
        box: what was given, in hundredths of the picture; empty fields at first.
        may_agree, may_refuse, may_export: what this person can do now.
        gone: why there is no picture.
    """

    title: str
    looks: str
    reason: str
    item: str
    frame: int
    level: str
    medium: int
    time_s: str
    moving: bool
    place: tuple[float, float, float, float]
    crop: str = ""
    state: Mark | None = None
    facts: Facts = ()
    purpose: str = ""
    box: tuple[str, str, str, str] = ("", "", "", "")
    may_agree: bool = False
    may_refuse: bool = False
    may_export: bool = False
    mine: bool = False
    gone: str = ""


@dataclass(frozen=True, slots=True)
class GateRow:
    """One gate: a model, for a role, in a place, by a law."""

    id: str
    words: str
    law: str
    state: Mark
    who: str
    at: When
    may_agree: bool
    may_close: bool
    close: str


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model whose card and files are whole."""

    name: str
    state: Mark
    facts: Facts


@dataclass(frozen=True, slots=True)
class GatesView:
    """Likeness models and their gates.

    Attributes:
        off: why nobody is compared; empty: something is open.
        broken: models that are off, and why.
        seat: country of the service; empty: none is set, no gate can be used.
    """

    numbers: tuple[Number, ...]
    off: str
    models: tuple[ModelRow, ...]
    broken: Facts
    gates: tuple[GateRow, ...]
    names: tuple[Option, ...]
    roles: tuple[Option, ...]
    seat: str
    role: str = ""
    law: str = ""
