"""Builds the lists of links: series, and links that wait for a person; and words that all their pages use.

In come rows of `records.link_lists`; out go frozen values of `models_links`. Used by `pages.links`.
"Same place" and "same décor" are two words everywhere (reference linking). Tests:
`tests/integration/test_console_links.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from breakwater.model.case import Priority
from breakwater.model.ids import parse_id
from breakwater.model.link import Edge, EdgeState, LinkKind, Outcome
from breakwater.records import link_lists
from breakwater.records.database import Tx
from breakwater.records.link_lists import NOTHING, MediumLine, SeriesLine, WaitingLink
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, Number, Option
from breakwater.web.pages.models_links import LinksView, SeriesItem, WaitingItem, WaitingView
from breakwater.web.pages.read_names import called
from breakwater.web.pages.speech import Spoken, figure, later, say, say_n

PAGE: Final = 50
NEW: Final = timedelta(days=1)
"""What came within a day is new."""

KINDS: Final[Mapping[LinkKind, str]] = Spoken({
    LinkKind.COPY: later("Same copy"),
    LinkKind.PLACE: later("Same place"),
    LinkKind.DECOR: later("Same décor"),
    LinkKind.PERSON: later("Likeness of a person"),
    LinkKind.SOUND: later("Same sound"),
    LinkKind.DEVICE: later("Same device"),
    LinkKind.ACCOUNT: later("Same account"),
})  # fmt: skip
STATES: Final[Mapping[EdgeState, Mark]] = Spoken({
    EdgeState.MACHINE: Mark("none", later("By a machine")),
    EdgeState.CONFIRMED: Mark("ok", later("Confirmed by a person")),
    EdgeState.REJECTED: Mark("bad", later("Rejected by a person")),
})  # fmt: skip
OUTCOMES: Final[Mapping[Outcome, str]] = Spoken({
    Outcome.IDENTIFIED: later("Identified"),
    Outcome.SAFEGUARDED: later("Safeguarded"),
    Outcome.NO_ACTION: later("No action"),
})  # fmt: skip


def links(
    tx: Tx, *, text: str = "", priority: str = "", after: str = "", seen: frozenset[str] = NOTHING
) -> LinksView:  # fmt: skip
    """The list of series.

    Args:
        tx: a snapshot.
        text: a number, or part of a name.
        priority: of these only; empty or unknown: all.
        after: where the page before ended, as its address says.
        seen: likenesses that the reader's gate is open for.
    """
    chosen = Priority(priority) if priority in set(Priority) else None
    since = tx.now - NEW
    rows = link_lists.series(
        tx, after=_cursor(after), limit=PAGE + 1, text=text.strip(), priority=chosen, since=since
    )
    waiting, by_series = link_lists.count_waiting(tx, seen=seen)
    asked = {"q": text, "priority": priority}
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return LinksView(
        numbers=(
            Number(figure(link_lists.changed_since(tx, since)), say("series with something new")),
            Number(_at_most(waiting), say("links wait for a person")),
        ),
        rows=tuple(_item(one, by_series.get(one.number, 0), tx.now) for one in rows[:PAGE]),
        priorities=priorities(chosen), waiting=_at_most(waiting),
        filtered=bool(text or chosen),
        next_url=_url("/links", asked, f"{last.changed_at.isoformat()}~{last.number}") if last else "",
        first_url=_url("/links", asked) if after else "",
    )  # fmt: skip


def waits(tx: Tx, *, kind: str = "", after: int = 0, seen: frozenset[str] = NOTHING) -> WaitingView:
    """Links that wait for a person, the first found first."""
    chosen = LinkKind(kind) if kind in set(LinkKind) else None
    rows = link_lists.waiting(tx, after=after, limit=PAGE + 1, kind=chosen, seen=seen)
    count, _ = link_lists.count_waiting(tx, seen=seen)
    asked = {"kind": kind}
    last = rows[PAGE - 1].edge.number if len(rows) > PAGE else 0
    return WaitingView(
        numbers=(Number(_at_most(count), say("links wait for a person")),),
        rows=tuple(map(item, rows[:PAGE])),
        kinds=(
            Option("", say("Every kind"), chosen is None),
            *(Option(one.value, KINDS[one], one is chosen) for one in LinkKind),
        ),
        filtered=chosen is not None,
        next_url=_url("/links/waiting", asked, str(last)) if last else "",
        first_url=_url("/links/waiting", asked) if after else "",
        likenesses=tuple(
            one.edge.number for one in rows[:PAGE] if one.edge.kind is LinkKind.PERSON
        ),
    )  # fmt: skip


def item(one: WaitingLink) -> WaitingItem:
    """One link that waits, in words."""
    return WaitingItem(
        one.edge.number, f"/links/edges/{one.edge.number}", KINDS[one.edge.kind],
        why_waits(one), joins(one), score(one.edge),
    )  # fmt: skip


def why_waits(one: WaitingLink) -> str:
    """Why a machine does not settle it."""
    if one.conflict:
        return say("One person said together, another apart.")
    if one.edge.kind is LinkKind.DECOR:
        return say("Furnishing repeats: it is no proof of one room.")
    if one.edge.kind is LinkKind.PERSON:
        return say("A likeness is a lead. It joins nothing by itself.")
    if one.weak:
        return say("Its method is not sure enough to join anything by itself.")
    return say("It alone would join the two.")


def joins(one: WaitingLink) -> str:
    """What would be one, in words."""
    return say(
        "%(a)s and %(b)s", a=_part(one.series_a, one.edge.a), b=_part(one.series_b, one.edge.b)
    )


def score(edge: Edge) -> str:
    """How sure its method is, of 100."""
    return figure(round(100 * min(1.0, max(0.0, edge.score))))


def name_of(tx: Tx, by: str) -> str:
    """Who said something: a person's name, or that a machine did it."""
    whose = parse_id(by)
    return say("the program") if whose is None else called(tx, whose)


def media_words(one: MediumLine) -> str:
    """What a medium is, without describing it."""
    if one.media_type.startswith("image/"):
        return say("Picture %(n)s", n=one.number)
    if one.media_type.startswith("audio/"):
        return say("Sound %(n)s", n=one.number)
    seconds = _seconds(one)
    if seconds:
        return say("Video %(n)s, %(length)s", n=one.number, length=words.timecode(seconds))
    return say("Video %(n)s", n=one.number)


def moment_of(one: MediumLine) -> int:
    """Milliseconds of the still that stands for a medium: the middle of a video."""
    still = one.media_type.startswith("image/")
    return 0 if still else round(500 * _seconds(one))


def priorities(chosen: Priority | None) -> tuple[Option, ...]:
    """Priorities to choose from."""
    return (
        Option("", say("Every priority"), chosen is None),
        *(Option(one.value, words.PRIORITY[one].word, one is chosen) for one in Priority),
    )


def _item(one: SeriesLine, waiting: int, now: datetime) -> SeriesItem:
    return SeriesItem(
        number=one.number, url=f"/links/{one.number}", name=one.name,
        priority=words.PRIORITY[one.priority], media=figure(one.media),
        joined=say_n("%(n)s new", "%(n)s new", one.joined) if one.joined else "",
        newest=words.ago(one.changed_at, now),
        kinds=", ".join(KINDS[kind] for kind in one.kinds),
        waiting=figure(waiting) if waiting else "", outcome=_outcome(one),
    )  # fmt: skip


def _outcome(one: SeriesLine) -> str:
    said = [
        f"{OUTCOMES[outcome]} {figure(one.outcomes[outcome])}"
        for outcome in Outcome if one.outcomes.get(outcome)
    ]  # fmt: skip
    left = one.children - sum(one.outcomes.values())
    if left > 0:
        said.append(say_n("%(n)s child open", "%(n)s children open", left))
    return ", ".join(said)


def _part(series: int | None, medium: int) -> str:
    if series is None:
        return say("medium %(n)s", n=medium)
    return say("series %(n)s", n=series)


def _seconds(one: MediumLine) -> float:
    found: Any = one.facts.get("seconds", 0)
    return float(found) if isinstance(found, int | float) else 0.0


def _at_most(count: int) -> str:
    most = link_lists.MOST_WAITING
    return f"{figure(most)}+" if count >= most else figure(count)


def _cursor(text: str) -> tuple[datetime, int] | None:
    """Where a page begins, from its address; what cannot be read begins at the top."""
    at, _, number = text.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, int(number)) if moment.tzinfo is not None else None
    except ValueError:
        return None


def _url(path: str, asked: Mapping[str, str], after: str = "") -> str:
    query = {name: value for name, value in (*asked.items(), ("after", after)) if value}
    return f"{path}?{urlencode(query)}" if query else path
