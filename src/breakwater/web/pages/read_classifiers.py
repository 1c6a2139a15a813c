"""Operators' classifiers and watcher processes as people read them.

Scores are told in words wherever they stand: whose classifier, which version, its threshold, and
that they decide nothing; one that is missing is said too, for it clears nothing. Read by
`pages.classifiers`, `pages.live` and `read_case`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from breakwater.classifiers.manage import Known
from breakwater.live.watching.listing import Watched, WatcherLine, unplaced, watchers
from breakwater.model.classifier import TROUBLES, Classifier, ClassifierState, Tally, Trouble
from breakwater.model.ids import Id
from breakwater.records import classifiers
from breakwater.records.database import Tx
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_classifiers import (
    ClassifierRow,
    ClassifierSettings,
    ScoreRow,
    WatcherRow,
    Watchers,
)
from breakwater.web.pages.speech import Spoken, figure, later, say, say_n

SHOWN: Final = 12
"""Broadcasts of one watcher on the page; the rest is counted."""

STATES: Final[Mapping[ClassifierState, tuple[str, str]]] = {
    ClassifierState.WAITING: ("wait", later("Waits for a second person")),
    ClassifierState.ON: ("ok", later("Gives scores")),
    ClassifierState.OFF: ("none", later("Off")),
    ClassifierState.FAILED: ("bad", later("No scores")),
    ClassifierState.REMOVED: ("none", later("Removed")),
}
WHY: Final[Mapping[str, str]] = Spoken({
    Trouble.BAD_SUM: later("The kept model is not the one its card names."),
    Trouble.UNREADABLE: later("The model cannot be read here."),
    Trouble.TOO_LARGE: later("The model is larger than may be."),
    Trouble.TOO_SLOW: later("It did not answer in time."),
    Trouble.TOO_MUCH_MEMORY: later("It wants more memory than it may have."),
    Trouble.CRASHED: later("Its process died."),
    Trouble.NO_NUMBER: later("What it answered is no number from 0 to 1."),
    Trouble.WRONG_SHAPE: later("What it answered has another shape than its card says."),
    Trouble.EXPIRED: later("Its card has expired."),
    Trouble.NOT_HERE: later("Its card does not allow it in this jurisdiction."),
    Trouble.NO_JAIL: later("The jail it runs in cannot be built."),
})  # fmt: skip
SAMPLING: Final[Mapping[str, str]] = Spoken({
    "key": later("key frames"),
    "fast": later("more frames"),
    "full": later("every frame"),
})  # fmt: skip


def view(app: Any, now: datetime) -> ClassifierSettings:
    """The page."""
    found = app.scoring.classifiers
    rows = tuple(_row(one, now, on=found.on) for one in found.every())
    broken = sum(row.wanted and row.state.style == "bad" for row in rows)
    running = sum(row.state.style == "ok" for row in rows)
    return ClassifierSettings(
        numbers=(
            Number(words.count(running), say_n("gives scores", "give scores", running)),
            Number(words.count(broken), say_n("gives none", "give none", broken), late=broken > 0),
        ),
        on=found.on,
        rows=rows,
    )


def _row(known: Known, now: datetime, *, on: bool) -> ClassifierRow:
    one, card = known.classifier, known.classifier.card
    trouble = known.here.trouble.value if known.here and known.here.trouble else one.trouble
    if card.expired(now):
        trouble = Trouble.EXPIRED.value
    style, word = STATES[ClassifierState.FAILED if trouble and one.wanted else one.state]
    if not on and one.wanted:
        style, word = "none", later("Would be on")
    cost = say("%(n)s ms", n=figure(known.here.ms, "0.0")) if known.here else say("Not measured")
    return ClassifierRow(
        name=card.id,
        words=say("%(name)s, version %(version)s", name=card.name, version=card.version),
        purpose=card.purpose,
        state=Mark(style, say(word)),
        trouble=WHY[trouble] if trouble and one.wanted else "",
        facts=(
            (say("Answers for it"), f"{card.owner}, {card.licence}"),
            (say("Threshold"), figure(card.threshold, "0.00")),
            (say("Where"), ", ".join(card.jurisdictions).replace("*", say("everywhere"))),
            (say("Expires"), card.expires.isoformat()),
            (say("A picture takes"), cost),
        ),
        waits=one.state is ClassifierState.WAITING,
        wanted=one.wanted,
    )


def said(tx: Tx, subject: Id) -> tuple[ScoreRow, ...]:
    """What classifiers said of a broadcast or an upload, and which of them said nothing."""
    known = classifiers.tallies(tx, subject)
    heard = {one.id for one, _ in known}
    silent = [
        (one, Tally(one.id, subject, trouble=one.trouble))
        for one in classifiers.wanted(tx)
        if one.trouble and one.id not in heard
    ]
    return tuple(row for one, tally in (*known, *silent) for row in _said(one, tally))


def _said(one: Classifier, tally: Tally) -> Iterator[ScoreRow]:
    card = one.card
    if tally.frames:
        over = tally.best >= card.threshold
        mark = Mark("held", say("Raises the priority")) if over else Mark("none", say("Below"))
        yield ScoreRow(
            say(
                "A classifier of yours, %(name)s, version %(version)s, gave %(value)s "
                "(threshold %(threshold)s); scores alone decide nothing.",
                name=card.name, version=card.version, value=figure(tally.best, "0.00"),
                threshold=figure(card.threshold, "0.00"),
            ),
            mark,
        )  # fmt: skip
    if tally.trouble in TROUBLES:
        yield ScoreRow(
            say(
                "No score from %(name)s, version %(version)s: %(why)s Nothing is cleared by that.",
                name=card.name, version=card.version, why=WHY[tally.trouble],
            ),
            Mark("bad", say("No score")),
        )  # fmt: skip


def watching(app: Any, now: datetime) -> Watchers:
    """Which process watches which broadcasts."""
    found = watchers(app.live.watching, now)
    return Watchers(tuple(_watcher(one, now) for one in found), unplaced(app.live.watching))


def _watcher(one: WatcherLine, now: datetime) -> WatcherRow:
    state = Mark("ok", say("Runs")) if one.alive else Mark("bad", say("Has died"))
    if one.lost:
        state = Mark("held", say("Behind: %(n)s lost", n=words.count(one.lost)))
    return WatcherRow(
        name=say("Watcher %(n)s, process %(pid)s", n=one.number + 1, pid=one.process),
        state=state,
        since=words.since(one.since, now).words,
        load=say("%(share)s of 100", share=round(one.cpu * 100)),
        streams=tuple((stream.label, _how(stream, now)) for stream in one.streams[:SHOWN]),
        more=max(0, len(one.streams) - SHOWN),
    )


def _how(one: Watched, now: datetime) -> str:
    return say(
        "%(what)s, for %(time)s", what=SAMPLING[one.sampling],
        time=words.since(one.since, now).words,
    )  # fmt: skip
