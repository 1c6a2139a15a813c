"""Builds the pages of figures: a period in plots and tables, and the measures of a code.

In comes a report as it is printed for everybody, small counts suppressed; out go views with words in
the reader's language. Every plot has a table that says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from breakwater.model.compliance import Compliance, MeasureState
from breakwater.model.transparency import Count, Period, Prevalence, Report, Share
from breakwater.transparency import plots
from breakwater.transparency.flat import matrix
from breakwater.transparency.plots import Plot
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_transparency import (
    Drawn,
    FigureTable,
    HowMuch,
    MeasureRow,
    MeasuresView,
    TransparencyView,
)
from breakwater.web.pages.read_people import KINDS
from breakwater.web.pages.read_viewers import country_name
from breakwater.web.pages.speech import Spoken, figure, later, say

KEYS: Final[Mapping[str, str]] = Spoken({
    "broadcast": later("Broadcasts"), "upload": later("Uploads"),
    "live": later("Live"), "public": later("Public"), "private": later("Private"),
    "profile": later("Profile"), "unknown": later("Unknown"),
    "allow": later("Passed"), "hold": later("Held"), "block": later("Blocked"),
    "stream": later("Chats of broadcasts"), "conversation": later("Conversations"),
    "list": later("Known images and files"), "video": later("Known videos"),
    "classifier": later("Classifiers"), "comments": later("Comments"),
    "spot_check": later("Spot checks"), "user_report": later("Reports of users"),
    "undo": later("Taken back here"), "appeal": later("On appeal"),
    "taken_back": later("decisions"), "overturned": later("The measure fell"),
    "upheld": later("The measure stays"),
    "draft": later("Drafts"), "second": later("Waiting for a second person"),
    "dead": later("Stopped"), "finished": later("Filed"), "dropped": later("Not sent"),
    "scan": later("Scanning"), "scanning_not_permitted": later("no legal basis"),
    "sending": later("Sending"), "not_allowed": later("not allowed from this seat"),
    "second_person": later("A second person refused"),
    "incoming": later("Asked of us"), "outgoing": later("Asked by us"),
    "open": later("to be decided"), "approved": later("to be answered"), "sent": later("sent"),
    "answered": later("answered"), "refused": later("refused"), "withdrawn": later("withdrawn"),
    "certain": later("certain"), "uncertain": later("uncertain"), "all": later("All countries"),
    "identified": later("Identified"), "safeguarded": later("Safeguarded"),
    "no_action": later("No action"), "children": later("All children"),
})  # fmt: skip

OFF: Final[Mapping[str, str]] = Spoken({
    "never_on": later(
        "Nothing was drawn for it. It is a purpose of its own: set prevalence_enabled, and state "
        "its lawful basis in prevalence_basis."
    ),
    "no_rounds": later("No spot checks were drawn for it in this period."),
})  # fmt: skip

DESIGN: Final = (
    later("Public broadcasts are drawn at random every ten minutes, each with a known chance."),
    later("Strata are viewers, and whether the account was seen before. Each counts by its size."),
    later("Within a stratum a draw weighs one over its chance (Horvitz and Thompson, Hájek)."),
    later("Intervals are exact (Clopper and Pearson), so they are finite where nothing was found."),
    later("What waits for a decision is nothing at the lower end and illegal at the upper."),
    later("Broadcasts that were stopped, or are not public, are not in it."),
)

MEASURES: Final[Mapping[str, str]] = Spoken({
    "hash_matching": later("Known material is found by perceptual hashes"),
    "hash_matching_live": later("Known material is found while it is broadcast"),
    "url_detection": later("Addresses of known material are found in posts"),
    "user_reports": later("Users can report, also live, and say that a child is in danger now"),
    "moderators_always": later("Somebody who can stop a broadcast is there at all times"),
    "moderation": later("People review what was flagged, and decide"),
    "priorities": later("What is worse and what more people see comes first"),
    "targets": later("Cases have a due time, and it is measured"),
    "appeals": later("Whoever is blocked can appeal, and another person answers"),
    "reporting": later("What was found is reported to an authority"),
    "records": later("What was done is written down so that nobody can change it unseen"),
})  # fmt: skip

PROVEN: Final = (
    later("alerts on broadcasts in 28 days"), later("keys that hand reports of users on"),
    later("reports of users in 28 days"),
    later("of them: a child is in danger now in 28 days"),
    later("share of the last 28 days with somebody on duty"),
    later("longest time without anybody"), later("people who may decide"),
    later("cases opened in 28 days"), later("decisions in 28 days"),
    later("version of the rules"), later("closed by their due time"),
    later("keys that hand appeals on"), later("appeals due in 28 days"),
    later("answered in 28 days"), later("recipients that are set up"),
    later("reports filed in 28 days"), later("entries are chained and signed"),
    later("No bank that matches has an active perceptual entry."),
    later("Broadcasts are not watched (live_watch)."),
    later("No bank that matches has an address of the web."),
    later("No key has the scope report:write."), later("No key has the scope appeal:write."),
    later("There were hours in which nobody was on duty."),
    later("Nobody may decide on cases."),
    later("No recipient is set up (reports_ncmec_user)."),
)  # fmt: skip
"""What proves a measure, and why one is off, as `transparency.checks` says it."""

ON: Final = Mark("ok", later("On"))
NOT_ON: Final = Mark("none", later("Off"))
SPOKEN: Final = {later("none"), later("none was closed"), later("always")}
"""Values of proofs that are words; the others are numbers and names."""


def view(report: Report, now: datetime) -> TransparencyView:
    """The page of a period."""
    period, whole = report.period, report.waits[0]
    here = f"?from={period.first.isoformat()}&to={period.last.isoformat()}"
    tables = report.tables
    return TransparencyView(
        first=period.first.isoformat(), last=period.last.isoformat(),
        made=words.at(report.made_at),
        numbers=(
            Number(_sum(tables["items"]), say("Items")),
            Number(_sum(tables["matches"]), say("Drew attention")),
            Number(length(whole.median_s), say("Until a person, median")),
            Number(length(whole.p95_s), say("Until a person, 95th percentile")),
        ),
        how_much=_how_much(report.prevalence), matches=_matches(tables["matches"]),
        waits=_waits(report), decisions=_decisions(tables["decisions"]),
        tables=tuple(_tables(tables)),
        files=tuple((form, f"/transparency/report{here}&form={form.lower()}") for form in ("CSV", "JSON", "PDF")),
        periods=tuple(_periods(now.date())),
    )  # fmt: skip


def measures(found: Compliance, now: datetime) -> MeasuresView:
    """The page of a code."""
    on = sum(one.checked.on for one in found.measures)
    rows = tuple(_measure(one, now) for one in found.measures)
    at = f"/transparency/measures/report?code={found.code.id}&form="
    return MeasuresView(
        title=found.code.title, edition=found.code.edition, source=found.code.source,
        numbers=(Number(figure(on), say("On")), Number(figure(len(rows) - on), say("Off"))),
        rows=rows, files=(("JSON", f"{at}json"), ("PDF", f"{at}pdf")),
    )  # fmt: skip


def length(seconds: float | None) -> str:
    """How long, in the largest unit that fits."""
    if seconds is None:
        return say("none")
    for size, said in (
        (86_400, later("%(n)s d")), (3_600, later("%(n)s h")), (60, later("%(n)s min")),
    ):  # fmt: skip
        if seconds >= size:
            return say(said, n=figure(round(seconds / size, 1), "#,##0.#"))
    return say("%(n)s s", n=figure(round(seconds)))


def share(value: float) -> str:
    """A share in per cent with three figures."""
    return say("%(n)s %%", n=figure(float(f"{100 * value:.3g}"), "#,##0.########"))


def _sum(counts: Iterable[Count]) -> str:
    return figure(sum(one.n or 0 for one in counts))


def _named(key: str) -> str:
    return KEYS[key] if key in KEYS else key.replace("_", " ")


def _count(n: int | None) -> str:
    return say("suppressed") if n is None else figure(n)


def _how_much(found: Prevalence) -> HowMuch:
    design = tuple(say(one) for one in DESIGN)
    if found.off:
        return HowMuch(OFF[found.off], design=design, basis=found.basis)
    shares = [(say("Of broadcasts"), found.streams), (say("Of views"), found.views)]
    told = [(name, one) for name, one in shares if one is not None]
    plot = plots.whiskers(
        [(name, one.value, one.low, one.high, _interval(one)) for name, one in told], share
    )
    said = (
        say("%(looked)s of %(drawn)s draws in %(rounds)s rounds were looked at.",
            looked=figure(found.looked), drawn=figure(found.drawn), rounds=figure(found.rounds)),
        say("%(found)s were found illegal, %(open)s wait for a decision.",
            found=figure(found.found), open=figure(found.undecided)),
    )  # fmt: skip
    table = FigureTable(
        "strata", say("Strata"),
        (say("Stratum"), say("Broadcasts"), say("Viewers"), say("Drawn"), say("Looked at"),
         say("Found")),
        tuple(
            (one.name, *map(figure, (one.streams, one.viewers, one.drawn, one.looked, one.n_found)))
            for one in found.strata
        ),
    )  # fmt: skip
    words_ = "; ".join(f"{name}: {_interval(one)}" for name, one in told)
    return HowMuch("", Drawn(words_, plot, table), said, design, found.basis)


def _interval(found: Share) -> str:
    if found.value is None:
        return say("Nothing was looked at")
    return say(
        "%(value)s, 95 %%: %(low)s to %(high)s", value=share(found.value), low=share(found.low),
        high=share(found.high),
    )  # fmt: skip


def _matches(counts: Sequence[Count]) -> Drawn:
    found = matrix(counts)
    surfaces = list(dict.fromkeys(one.keys[1] for one in counts))
    bars = [(_named(name), float(sum(row.values())), figure(sum(row.values())))
            for name, row in found.items()]  # fmt: skip
    table = FigureTable(
        "matches", say("Items that drew attention"), ("", *map(_named, surfaces)),
        tuple(
            (_named(name), *(figure(row.get(surface, 0)) for surface in surfaces))
            for name, row in found.items()
        ),
    )  # fmt: skip
    return Drawn(say("Bars: items by what drew attention"), plots.bars(bars), table)


def _waits(report: Report) -> Drawn:
    hours = [one for one in report.waits if one.hour is not None]
    plot: Plot = plots.hours([(one.median_s, one.p95_s) for one in hours], length)
    rows = tuple(
        (
            say("All day") if one.hour is None else f"{one.hour:02}:00", figure(one.flags),
            figure(one.waiting), length(one.median_s), length(one.p95_s),
        )
        for one in report.waits
        if one.flags or one.hour is None
    )  # fmt: skip
    head = (say("Hour, UTC"), say("Flags"), say("Waiting"), say("Median"), say("95th percentile"))
    return Drawn(
        say("Columns: time until a person, by hour of the day"), plot,
        FigureTable("waits", say("From a flag to a person"), head, rows),
    )  # fmt: skip


def _decisions(counts: Sequence[Count]) -> Drawn:
    rows = [(_decision(one.keys[0]), one.n or 0) for one in counts]
    return Drawn(
        say("Bars: decisions by kind"),
        plots.bars([(name, float(n), figure(n)) for name, n in rows]),
        FigureTable(
            "decisions", say("Decisions of people"), (say("Decision"), say("Count")),
            tuple((name, figure(n)) for name, n in rows),
        ),
    )  # fmt: skip


def _decision(kind: str) -> str:
    return next((say(word) for one, word in KINDS.items() if one.value == kind), kind)


def _tables(tables: Mapping[str, Sequence[Count]]) -> Iterable[FigureTable]:
    for name, title, note in (
        ("items", say("Items that came"), say("Also those whose rows are gone by now.")),
        ("verdicts", say("First verdicts on uploads"), ""),
        ("messages", say("Messages in chats"), ""),
        ("overturned", say("Overturned"), ""),
        ("filings", say("Reports to authorities"), say("Drafted in the period, as they stand.")),
        ("requests", say("Legal requests"), say("Of the period, as they stand.")),
        ("refusals", say("Refusals"), ""),
        ("countries", say("Viewers of cases, by country"),
         say("Counts below 5 are suppressed, and as many others as it takes to hide them.")),
        ("outcomes", say("Children of series, by what became of them"),
         say("Counts below 5 are suppressed, and as many others as it takes to hide them.")),
    ):  # fmt: skip
        rows = tuple((_row(name, one.keys), _count(one.n)) for one in tables[name])
        yield FigureTable(name, title, (say("What"), say("Count")), rows, note)


def _row(table: str, keys: Sequence[str]) -> str:
    if table == "countries":
        code, how = keys
        where = country_name(code) if len(code) == 2 else _named(code)
        return f"{where}, {_named(how)}"
    if table == "filings":
        return f"{keys[0].upper()}, {_named(keys[1])}"
    return ", ".join(_named(key) for key in keys)


def _periods(today: date) -> Iterable[tuple[str, str]]:
    """Periods that are one click away."""
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    for word, first, last in (
        (say("Last 30 days"), today - timedelta(days=29), today),
        (say("Last month"), before, month - timedelta(days=1)),
        (say("This year"), today.replace(month=1, day=1), today),
    ):
        period = Period(first, last)
        yield word, f"/transparency?from={period.first}&to={period.last}"


def _measure(one: MeasureState, now: datetime) -> MeasureRow:
    state = ON if one.checked.on else NOT_ON
    return MeasureRow(
        name=MEASURES.get(one.measure.id, one.measure.name),
        code=one.measure.code, mark=Mark(state.style, say(state.word)),
        since=None if one.since is None else words.ago(one.since, now), why=say(one.checked.why) if one.checked.why else "",
        proofs=tuple((say(proof.what), _value(proof.value), proof.rows) for proof in one.checked.proofs),
        turns=tuple(
            (say(ON.word if turned.on else NOT_ON.word), words.ago(turned.at, now))
            for turned in one.history[:5]
        ),
    )  # fmt: skip


def _value(told: str) -> str:
    """A proof's value in the reader's language."""
    return say(told) if told in SPOKEN else told
