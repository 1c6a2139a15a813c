"""A person's time with pictures, in words: the meter of every page, the break, and Wellbeing.

Own figures for whoever they are about; for those who look after the team only what is true of
several people together (`review.looking.wellbeing`). Read by `reader.Reader` and `pages.wellbeing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from breakwater.model.access import Permission
from breakwater.model.approval import Approval
from breakwater.model.case import CaseKind
from breakwater.model.decision import DecisionKind, Outcome
from breakwater.model.exposure import LIMITS, Limits, Rest, Unit, Why
from breakwater.model.ids import Id
from breakwater.model.media import Level
from breakwater.records import cases, people
from breakwater.records.database import Tx
from breakwater.review.looking.exposure import EVERYBODY, ExposureClock
from breakwater.review.looking.policy import Closed, Exposure
from breakwater.review.looking.wellbeing import FEWEST, TEAM_DAYS, Day, Own, Team
from breakwater.web.pages import models, words
from breakwater.web.pages.models import Mark, Number, Option
from breakwater.web.pages.models_wellbeing import (
    BreakView,
    DayBar,
    LimitRow,
    LiveCase,
    OwnView,
    TeamView,
    Waits,
)
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.read_shift import between, pauses, strip
from breakwater.web.pages.speech import Spoken, figure, later, say, say_n

NEAR: Final = timedelta(minutes=15)
"""So long before a limit the meter stands out (console specification §5)."""

LIMIT_WORDS: Final[Mapping[str, str]] = Spoken({
    "daily": later("Time with pictures in a shift"),
    "stretch": later("Work with pictures before a break"),
    "pause": later("Length of a break"),
    "cut_off": later("Pictures close this long after the first"),
    "cool_down": later("Pause after severe items"),
    "severe_run": later("Severe items before that pause"),
    "severe_hour": later("Severe items within an hour"),
})  # fmt: skip

CLOSED_WORDS: Final[Mapping[Closed, str]] = Spoken({
    Closed.CAP: later("You saw as much as one shift may have."),
    Closed.SHIFT: later("The end of your shift is without pictures."),
    Closed.BREAK: later("You are on a break."),
    Closed.COOL_DOWN: later("After severe items there is a pause."),
})  # fmt: skip


def meter(stands: Exposure, now: datetime) -> models.Exposure:
    """The meter in the head of every page."""
    used, cap = words.span(stands.used), words.span(stands.cap)
    text = say("%(used)s of %(cap)s", used=used, cap=cap)
    seconds = int(stands.used.total_seconds()), int(stands.cap.total_seconds())
    if stands.closed is not None:
        return models.Exposure(*seconds, f"{text} · {_back(stands, now)}", near=True)
    near = stands.left <= NEAR
    ends = _ends(stands)
    if ends is not None:
        near = near or ends - now <= NEAR
        text = f"{text} · {_ahead(stands, ends, now)}"
    return models.Exposure(*seconds, text, near=near)


def _ends(stands: Exposure) -> datetime | None:
    """When pictures close next by the clock, if looking goes on."""
    if stands.break_at is None or stands.cut_off_at is None:
        return None
    return min(stands.break_at, stands.cut_off_at)


def _ahead(stands: Exposure, ends: datetime, now: datetime) -> str:
    left = words.span(ends - now)
    if ends == stands.break_at:
        return say("break in %(span)s", span=left)
    return say("closes in %(span)s", span=left)


def _back(stands: Exposure, now: datetime) -> str:
    if stands.closed is None or stands.until is None or stands.closed.over_cap:
        return say("no more pictures in this shift")
    return say("break, back in %(span)s", span=words.span(stands.until - now))


def own(figures: Own, waits: Approval | None, now: datetime, *, tx: Tx, who: Id) -> OwnView:
    """One's own part of the page."""
    stands = figures.stands
    longest = max([stands.cap, *(day.total for day in figures.days)], default=stands.cap)
    scale = max(longest * 1.1, timedelta(minutes=30))
    newest = max(figures.rests, key=_made, default=None)
    return OwnView(
        state=_state(stands),
        state_words=_state_words(stands, now),
        numbers=_numbers(figures),
        days=tuple(_bar(day, scale) for day in figures.days),
        cap_height=_height(figures.limits.of("daily"), scale),
        scale=words.span(figures.limits.of("daily")),
        limits=rows(figures.limits, figures.everybodys),
        rests=tuple(_rest(figures, *pause) for pause in pauses(figures, now)),
        lengths=_lengths(figures.limits),
        strip=strip(figures, now),
        came=_came(figures),
        waits=None if waits is None else waiting(waits, tx, who),
        may_end=newest is not None and newest.why is Why.TAKEN and newest.on(now),
        closed=stands.closed is not None,
    )


def _made(rest: Rest) -> datetime:
    return rest.made_at


def _state(stands: Exposure) -> Mark:
    if stands.closed is None:
        return Mark("ok", say("Pictures are open"))
    return Mark("held", say("Pictures are closed"))


def _state_words(stands: Exposure, now: datetime) -> str:
    if stands.closed is None:
        ends = _ends(stands)
        if ends is None:
            return say("The hour begins with your first picture.")
        due = words.due(ends, now).words
        if ends == stands.break_at:
            return say("Your next break is due %(when)s.", when=due)
        return say("Pictures close %(when)s, before your shift ends.", when=due)
    told = CLOSED_WORDS[stands.closed]
    if stands.until is None:
        return told
    back = words.due(stands.until, now).words
    return say("%(why)s Pictures are back %(when)s.", why=told, when=back)


def _numbers(figures: Own) -> tuple[Number, ...]:
    stands = figures.stands
    left = Number(words.span(stands.left), say("left in this shift"))
    seen = Number(words.span(stands.used), say("with pictures"), running=True)
    found = [seen, left]
    if stands.cut_off_at is not None and stands.closed is None:
        closes = words.at(stands.cut_off_at).words[:5]
        found.append(Number(closes, say("pictures close")))
    if figures.overtime:
        note = say("given back by your next shift") if stands.owed == timedelta() else ""
        found.append(Number(words.span(figures.overtime), say("overtime in 14 days"), note=note))
    return tuple(found)


def _bar(day: Day, scale: timedelta) -> DayBar:
    grey = day.time.get(Level.S3, timedelta())
    colour = day.time.get(Level.S4, timedelta())
    return DayBar(
        day=day.starts.strftime("%-d"),
        full=words.full(day.starts).split(",", maxsplit=1)[0],
        grey=_height(grey, scale),
        colour=_height(colour, scale),
        minutes_grey=words.span(grey),
        minutes_colour=words.span(colour),
        total=words.span(day.total),
        small=figure(day.small),
    )


def _height(length: timedelta, scale: timedelta) -> float:
    return round(100 * length / scale, 2)


def rows(held: Limits, everybodys: Limits) -> tuple[LimitRow, ...]:
    """Limits as fields of a form."""
    now, all_ = held.values(), everybodys.values()
    return tuple(
        LimitRow(
            name=k.name,
            words=LIMIT_WORDS[k.name],
            value=now[k.name],
            low=min(k.tightest, k.loosest),
            high=max(k.tightest, k.loosest),
            unit=say("minutes") if k.unit is Unit.MINUTES else say("items"),
            note="" if now[k.name] == all_[k.name] else say(
                "everybody: %(n)s", n=figure(all_[k.name])
            ),
        )
        for k in LIMITS.values()
    )  # fmt: skip


def _lengths(limits: Limits) -> tuple[Option, ...]:
    lengths = sorted({limits.pause, 20, 30, 60} - set(range(limits.pause)))
    return tuple(Option(str(n), say("%(n)s min", n=n)) for n in lengths)


def _rest(figures: Own, first: datetime, last: datetime) -> tuple[str, str]:
    """A break with its length, and whether the server moved it."""
    moved = any(r.why is Why.STAGGERED and first <= r.until <= last for r in figures.rests)
    said = say("moved forward, so that somebody is there") if moved else words.span(last - first)
    return between(first, last), said


def _came(figures: Own) -> tuple[Number, ...]:
    """What became of one's work, without praise and without blame."""
    decided, became = figures.decided, figures.became
    kept, confirmed = became.get(Outcome.KEPT, 0), became.get(Outcome.CONFIRMED, 0)
    freed, held = became.get(Outcome.RELEASED, 0), became.get(Outcome.HELD, 0)
    found, wrong = sum(decided.values()), decided.get(DecisionKind.WRONG_MATCH, 0)
    urgent = decided.get(DecisionKind.DANGER_NOW, 0)
    told = (
        (found, say_n("case decided", "cases decided", found)),
        (kept, say_n("upload stays blocked", "uploads stay blocked", kept)),
        (confirmed, say_n("upload was confirmed", "uploads were confirmed", confirmed)),
        (freed, say_n("upload was released", "uploads were released", freed)),
        (held, say_n("upload waits for another look", "uploads wait for another look", held)),
        (wrong, say_n("wrong match put right", "wrong matches put right", wrong)),
        (urgent, say_n("danger passed on at once", "dangers passed on at once", urgent)),
    )
    return tuple(Number(figure(n), said) for n, said in told if n)


def team(
    figures: Team, proposals: list[Approval], everybodys: Limits, *,
    tx: Tx, who: Id, may_set: bool,
) -> TeamView:  # fmt: skip
    """The part for those who look after the team."""
    return TeamView(
        numbers=_team_numbers(figures),
        words=say(
            "Of the last %(days)s days. No figure is of fewer than %(fewest)s people.",
            days=TEAM_DAYS, fewest=FEWEST,
        ),
        waiting=tuple(waiting(one, tx, who) for one in proposals),
        limits=rows(everybodys, everybodys) if may_set else (),
        may_set=may_set,
    )  # fmt: skip


def _team_numbers(figures: Team) -> tuple[Number, ...]:
    if figures.people is None or figures.median_daily is None or figures.at_cap is None:
        return ()
    found = [
        Number(figure(figures.people), say("people with pictures")),
        Number(words.span(figures.median_daily), say("median time a day")),
        Number(figure(figures.at_cap * 100, "0.#") + " %", say("of days at the cap")),
    ]
    if figures.moved is not None:
        found.append(Number(figure(figures.moved), say("breaks moved forward")))
    if figures.overtime is not None:
        found.append(Number(words.span(figures.overtime), say("overtime")))
    return tuple(found)


def waiting(one: Approval, tx: Tx, who: Id) -> Waits:
    """A proposal in words."""
    everybody = one.subject == EVERYBODY
    return Waits(
        subject=one.subject,
        who=say("Everybody") if everybody else people.get(tx, one.by).name,
        reason=one.reason,
        changes=tuple(_change(name, pair) for name, pair in one.facts.items()),
        until=words.due(one.lapses_at, tx.now),
        mine=one.by == who,
    )


def _change(name: str, pair: list[int]) -> str:
    before, after = pair
    unit = LIMITS[name].unit
    if unit is Unit.MINUTES:
        many = say_n("%(n)s minute", "%(n)s minutes", after)
    else:
        many = say_n("%(n)s item", "%(n)s items", after)
    return say(
        "%(limit)s: from %(before)s to %(after)s",
        limit=LIMIT_WORDS[name], before=figure(before), after=many,
    )  # fmt: skip


def rest(look: Look, clock: ExposureClock, support: str) -> BreakView:
    """The break page; beyond the cap it names the live cases that wait, and nothing else."""
    tx, who = look.tx, look.who
    stands = clock.of(tx, who.person or who.id)
    over = stands.closed is not None and stands.closed.over_cap
    if stands.closed is None:
        title, told = say("Pictures are open"), say("There is no break now.")
    else:
        title = say("Enough for this shift") if over else say("Time for a break")
        told = CLOSED_WORDS[stands.closed]
    return BreakView(
        title=title,
        words=told,
        until=None if stands.until is None else words.due(stands.until, tx.now),
        support=support,
        may_end=clock.may_end(tx, who),
        live=_live(tx) if over and look.may(Permission.CASE_DECIDE) else (),
    )


def _live(tx: Tx) -> tuple[LiveCase, ...]:
    """Live cases that wait, the most urgent first."""
    found = cases.page(tx, kind=CaseKind.STREAM, limit=3)
    return tuple(LiveCase(case.id, case.number, case.why) for case in found)
