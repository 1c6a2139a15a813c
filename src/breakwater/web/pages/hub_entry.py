"""One entry of the hub for curators: contributors, what was said, its score by terms, its history.

No picture and no member's key; the look is audited. Thin over `hub.curate.look`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import Path
from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.hub.curate import Look
from breakwater.model.access import Permission, Principal
from breakwater.model.bank import EntryStatus
from breakwater.model.hub import FeedbackKind
from breakwater.model.hub_given import Happening, Outcome, QueueWhy
from breakwater.model.ids import Id, parse_id
from breakwater.model.signal import kind_named
from breakwater.records import hub_feeds
from breakwater.records.database import Tx
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages import words
from breakwater.web.pages.context import Pages, show
from breakwater.web.pages.hub_queue import OUTCOMES, WHY
from breakwater.web.pages.models import Mark, When
from breakwater.web.pages.read_names import called
from breakwater.web.pages.speech import Spoken, figure, later, say

P = Permission
router = Router(include_in_schema=False)
MOST: Final = 60
"""Lines of a history on the page, the newest; all of them stand in the interface for programs."""
STATUS: Final[Mapping[EntryStatus, Mark]] = Spoken({
    EntryStatus.ACTIVE: Mark("ok", later("In force")),
    EntryStatus.PROPOSED: Mark("wait", later("It waits for publication")),
    EntryStatus.QUARANTINED: Mark("held", later("It is held")),
    EntryStatus.WITHDRAWN: Mark("none", later("It was withdrawn")),
})  # fmt: skip
TERMS: Final[Mapping[str, str]] = Spoken({
    "base": later("Somebody gave it"),
    "givers": later("Others give it too"),
    "trust": later("A trusted member gives it"),
    "affirmed": later("Members confirm it"),
    "reviewed": later("Curators or graders kept it"),
    "agreed": later("Contributors grade it alike, or not"),
    "denied": later("Members speak against it"),
    "wrong": later("Its matches were wrong"),
})  # fmt: skip
CONFLICTS: Final[Mapping[str, str]] = Spoken({
    "harmless": later("Known harmless elsewhere"),
    "categories": later("Contributors grade it differently"),
    "opinions": later("Members disagree"),
    "cluster": later("What looks like it is known harmless"),
})  # fmt: skip
WHAT: Final[Mapping[str, str]] = Spoken({
    "came": later("Came here"),
    "moved": later("Changed its state"),
    "given": later("A further member gave it"),
    "taken_back": later("A member took it back"),
    "feedback": later("A member said"),
    "asked": later("Became a question"),
    "settled": later("Was settled"),
})  # fmt: skip
OPINIONS: Final[Mapping[str, str]] = Spoken({
    FeedbackKind.AFFIRMATIVE: later("confirms"),
    FeedbackKind.NEGATIVE: later("contradicts"),
    "": later("took its word back"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class EntryView:
    """The page.

    Attributes:
        value: the hash as printed; empty: not for this role.
        terms: name and what it adds, as shown.
        alike: numbers of entries that look alike, without this one.
        happened: when, what, who, in words; the newest first.
        more: lines that are not shown.
    """

    number: int
    list: str
    kind: str
    value: str
    status: Mark
    labels: tuple[str, ...]
    source: str
    permitted_use: str
    gave: tuple[str, ...]
    said: tuple[str, ...]
    score: str
    terms: tuple[tuple[str, str], ...]
    alike: tuple[int, ...]
    conflicts: tuple[str, ...]
    open: tuple[Mark, ...]
    happened: tuple[tuple[When | None, str, str, str], ...]
    more: int


@router.get("/hub/entries/{number}")
@needs(P.HUB_READ)
def entry(
    request: Request, app: Parts, pages: Pages, who: Who,
    number: Annotated[int, Path(ge=1, lt=1 << 53)],
) -> HTMLResponse:  # fmt: skip
    """Everything that is known of an entry."""
    look = app.hub.curating.curate.look(who, number)
    with app.db.read() as tx:
        shown = view(tx, who, look, app.clock.now())
    return show(request, pages, who, "hub_entry", view=shown)


def view(tx: Tx, who: Principal, look: Look, now: datetime) -> EntryView:
    """The page, as far as this person may see it."""
    entry = look.entry
    names = {str(one): name for one, (_, name) in hub_feeds.names(tx).items()}
    terms = ((TERMS.get(name, name), _term(term)) for name, term in look.score.terms.items())
    newest = list(reversed(look.history))
    return EntryView(
        number=entry.number, list=look.bank, kind=entry.kind,
        value=kind_named(entry.kind).print(entry.value) if who.may(P.HASH_READ) else "",
        status=STATUS[entry.status], labels=tuple(entry.labels), source=entry.source,
        permitted_use=entry.permitted_use,
        gave=tuple(f"{names.get(one.member, '')} {one.category}".strip() for one in look.givers),
        said=tuple(
            f"{names.get(one.member, '')} {OPINIONS[one.opinion or '']}" for one in look.feedback
        ),
        score=figure(round(look.score.value * 100)), terms=tuple(terms),
        alike=tuple(one for one in look.cluster if one != entry.number),
        conflicts=tuple(CONFLICTS.get(one, one) for one in look.conflicts),
        open=tuple(WHY[one.why] for one in look.open),
        happened=tuple(_line(tx, one, names, now) for one in newest[:MOST]),
        more=max(0, len(newest) - MOST),
    )  # fmt: skip


def _term(term: float) -> str:
    """With its sign; nothing is said of nothing."""
    return "0" if abs(term) < 0.005 else f"{term:+.2f}".replace("-", "−")


def _line(
    tx: Tx, one: Happening, names: Mapping[str, str], now: datetime
) -> tuple[When | None, str, str, str]:
    at = None if one.at is None else words.ago(one.at, now)
    return at, WHAT[one.what], _by(tx, one.by, names), _told(one)


def _by(tx: Tx, by: str, names: Mapping[str, str]) -> str:
    """A member, a person, or the name of a part."""
    if by in names:
        return names[by]
    known = parse_id(by)
    return by if known is None else called(tx, Id(known))


def _told(one: Happening) -> str:
    """What a line says beside its word."""
    said = one.facts
    parts: list[str] = []
    if one.what == "moved" and said["after"] in set(EntryStatus):
        parts.append(STATUS[EntryStatus(said["after"])].word)
    if one.what == "feedback":
        parts.append(OPINIONS.get(said["opinion"], ""))
    if one.what in {"asked", "settled"}:
        parts.append(WHY[QueueWhy(said["why"])].word)
    if one.what == "settled":
        parts.append(OUTCOMES[Outcome(said["outcome"])])
    if said.get("import"):
        parts.append(say("Batch %(n)s", n=said["import"]))
    parts += [str(said.get(name) or "") for name in ("category", "source", "reason", "note")]
    parts += [*said.get("labels", ()), *said.get("reasons", ())]
    return " · ".join(dict.fromkeys(filter(None, parts)))
