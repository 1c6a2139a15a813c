"""Settings of comments from records: people's time, limits of what is calibrated, what weighs.

Limits are solved here from the counts in rows, by the same code as in the processes that weigh;
so what other numbers would change is said before anybody changes them. Read by `comments`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from breakwater.app.hearing import budget_in, lane_rules_of
from breakwater.comments import lexicon, model
from breakwater.comments.calibrate import LEAST_MESSAGES, Band, Budget, Calibration
from breakwater.comments.limits import limit
from breakwater.comments.peaks import Solved
from breakwater.errors import BreakwaterError
from breakwater.model.comment import Level
from breakwater.recognition.hearing.drift import counted
from breakwater.records import chat_alarms, chat_sums, duty
from breakwater.records.chat_sums import CellFigure
from breakwater.records.database import Tx
from breakwater.settings import Settings
from breakwater.settings_comments import CommentsSettings
from breakwater.web.pages import chat_words
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_comments import (
    BudgetRow,
    CellRow,
    CommentsView,
    Drift,
    Tried,
    Weighs,
)
from breakwater.web.pages.models_settings import SettingRow
from breakwater.web.pages.read_settings import in_force
from breakwater.web.pages.speech import Spoken, figure, later, say

NIGHT_H: Final = 8
CELLS: Final = 24
"""On one page, those of the most hours."""

LEVELS: Final[Mapping[Level, str]] = Spoken({
    Level.MESSAGE: later("One message"),
    Level.AUTHOR: later("One account"),
    Level.STREAM: later("One chat"),
    Level.ACROSS: later("Across chats"),
})  # fmt: skip

LISTS: Final = "comments_lexicons"
"""Lists are named by id, and by no path."""

Key = tuple[str, str, Band]


def budget(tx: Tx, settings: Settings) -> Budget:
    """The budget in force: what the processes that weigh are given."""
    return budget_in(settings, tx)


def weighs(settings: Settings, today: date) -> Weighs:
    """What weighs comments; a package or list that cannot be used is said, not raised."""
    rules = lane_rules_of(settings)
    try:
        package = model.load(Path(rules.package)) if rules.package else None
        lists = tuple(lexicon.load(Path(one), today=today).id for one in rules.lexicons)
    except BreakwaterError:
        return Weighs(trouble=say("The model or a list cannot be used: nothing is weighed."))
    if package is None:
        return Weighs(lists=lists)
    return Weighs(
        model=package.id,
        title=str(package.card["title"]),
        surrogate=bool(package.card["surrogate"]),
        langs=", ".join(map(chat_words.language, package.languages)),
        lists=lists,
    )


def view(
    tx: Tx, settings: Settings, weighing: Weighs, now: Budget, tried: Budget | None
) -> CommentsView:
    """The page.

    Args:
        tx: a snapshot.
        settings: in force.
        weighing: what weighs.
        now: the budget in force.
        tried: another one, to compare; None: none.
    """
    lanes = lane_rules_of(settings).count
    known = sorted(chat_sums.figures(tx), key=lambda one: (-one.hours, one.service, one.lang))
    counts = counted(tx, lanes)
    form = tried or now
    rang = chat_alarms.counted(tx, tx.now - timedelta(hours=NIGHT_H))
    return CommentsView(
        numbers=(
            Number(_short(now.pages * now.people), say("alarms an hour, whole service")),
            Number(_short(now.pages * now.people * NIGHT_H), say("pages a night of 8 hours")),
            Number(figure(rang), say("rang in the last 8 hours")),
        ),
        budget=tuple(_budget(now, tried)),
        form=Tried(f"{form.pages:g}", f"{form.people:g}", f"{form.streams:g}"),
        tried=tried is not None,
        levels=tuple(LEVELS[one] for one in Level),
        cells=tuple(_cell(one, counts, now, tried) for one in known[:CELLS]),
        more=max(0, len(known) - CELLS),
        drifts=tuple(_drift(*one) for one in counts.drifted()),
        weighs=weighing,
        settings=tuple(_set(settings)),
        nobody=not settings.comments_people and not duty.on_now(tx),
        several=lanes,
        off=not settings.comments_enabled,
    )


def _budget(now: Budget, tried: Budget | None) -> Iterator[BudgetRow]:
    def row(name: str, form: str, of: Any) -> BudgetRow:
        return BudgetRow(name, figure(of(now), form), figure(of(tried), form) if tried else "")

    yield row(say("Pages that one person answers in an hour"), "0.##", lambda one: one.pages)
    yield row(say("People on shift"), "#,##0", lambda one: one.people)
    yield row(say("Chats that run now"), "#,##0", lambda one: one.streams)
    yield row(say("Alarms an hour, whole service"), "#,##0.##", lambda one: one.pages * one.people)
    yield row(
        say("Pages a night of 8 hours"), "#,##0.#", lambda one: one.pages * one.people * NIGHT_H
    )
    yield row(say("Alarms in an hour of one chat"), "#,##0.####", lambda one: one.per_stream_hour)
    yield row(say("Hours of one chat to an alarm"), "#,##0.#", lambda one: 1 / one.per_stream_hour)


def _cell(found: CellFigure, counted: Calibration, now: Budget, tried: Budget | None) -> CellRow:
    key: Key = (found.service, found.lang, Band(found.band))
    before = counted.solve(*key, now)
    after = counted.solve(*key, tried) if tried else None
    return CellRow(
        service=found.service or say("None"),
        lang=chat_words.language(found.lang),
        band=chat_words.BANDS.get(found.band, found.band),
        hours=_short(found.hours),
        mark=_mark(found, before),
        limits=tuple(
            (_limit(level, before[level]), _limit(level, after[level]) if after else "")
            for level in Level
        ),
        note=_note(before),
    )


def _mark(found: CellFigure, solved: Mapping[Level, Solved]) -> Mark:
    if all(one.abstains for one in solved.values()):
        return Mark("wait", say("Fixed limits: no hours yet"))
    if found.messages < LEAST_MESSAGES:
        least = figure(LEAST_MESSAGES)
        got = figure(int(found.messages))
        return Mark("wait", say("Model waits: %(n)s of %(least)s messages", n=got, least=least))
    return Mark("ok", say("Calibrated"))


def _note(solved: Mapping[Level, Solved]) -> str:
    if any(one.cautious for one in solved.values()):
        return say("Few hours: limits are set higher than the budget asks")
    return ""


def _limit(level: Level, solved: Solved) -> str:
    return figure(limit(solved, level), "0.0")


def _drift(service: str, lang: str, band: Band, by: float) -> Drift:
    return Drift(
        say(
            "%(service)s, %(lang)s, %(band)s: traffic changed (stability index %(n)s)",
            service=service or say("no service"), lang=chat_words.language(lang),
            band=chat_words.BANDS[band.value], n=figure(by, "0.00"),
        )
    )  # fmt: skip


def _set(settings: Settings) -> Iterator[SettingRow]:
    for name, row in in_force(settings):
        if name == LISTS:
            yield replace(row, value=say("set") if settings.comments_lexicons else say("not set"))
        elif name in CommentsSettings.model_fields:
            yield row


def _short(number: float) -> str:
    return figure(number, "#,##0.#")
