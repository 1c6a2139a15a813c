"""The page of spot checks from records: the first strip that waits, and how they stand.

Oldest first, so that nothing is purged unseen; one that somebody else looks at is passed over.
Read by `pages.spots`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from breakwater.live.spots.rules import EVERY_S, MOST_PARTS, SpotRules
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id
from breakwater.model.media import Level
from breakwater.model.spot import SpotAnswer, Strip
from breakwater.model.stream import Stream, StreamState
from breakwater.records import spot_figures, spots, streams
from breakwater.records.database import Tx
from breakwater.web.pages import words
from breakwater.web.pages.models import Number
from breakwater.web.pages.models_spots import SpotChoice, SpotFrame, SpotStrip, SpotsView
from breakwater.web.pages.speech import Spoken, later, say, say_n

DAY: Final = timedelta(days=1)

WORD: Final = Spoken({
    SpotAnswer.NOTHING: later("Nothing here"),
    SpotAnswer.CLOSER: later("Look closer"),
    SpotAnswer.CASE: later("Open a case"),
})  # fmt: skip

FOLLOWS: Final = Spoken({
    SpotAnswer.NOTHING: later("The strip is done. Look at one of its pictures before you say so."),
    SpotAnswer.CLOSER: later("The stream is watched more closely, and another strip is taken."),
    SpotAnswer.CASE: later("The stream's case opens. These pictures are kept with it."),
})  # fmt: skip


def view(tx: Tx, who: Principal, rules: SpotRules, *, at: Id | None = None) -> SpotsView:
    """The page for one person.

    Args:
        tx: a snapshot.
        who: the viewer.
        rules: whether and how broadcasts are drawn here.
        at: the strip they were at; None, or one that is gone: the first that waits.
    """
    now = spot_figures.figures(tx)
    day = spot_figures.figures(tx, since=tx.now - DAY)
    waiting = [one for one in spots.waiting(tx) if _free(tx, one, who)]
    mine = [one for one in waiting if one.draw == at] or waiting
    shown = _strip(tx, mine[0]) if mine else None
    return SpotsView(
        title=say_n("%(n)s strip waits", "%(n)s strips wait", now.waiting),
        none=_none(rules),
        numbers=(
            Number(words.count(day.drawn), say("drawn in 24 hours")),
            Number(words.count(day.looked), say("looked at")),
            Number(words.count(day.missed), say("missed")),
        ),
        strip=shown,
    )


def waiting(tx: Tx, who: Principal) -> int:
    """Strips that wait for somebody like the viewer; none for who may not look at pictures."""
    if not (who.may(Permission.STREAM_CONTROL) and who.may(Permission.MEDIA_VIEW)):
        return 0
    return sum(_free(tx, one, who) for one in spots.waiting(tx))


def _none(rules: SpotRules) -> str:
    if not rules.on:
        return say("Spot checks are off. Who runs this installation turns them on in its settings.")
    if not rules.jurisdictions:
        return say("No jurisdiction is named, so nothing is drawn.")
    return say(
        "Nothing is waiting. %(n)s public streams an hour are drawn at random.",
        n=words.count(rules.per_hour),
    )


def _free(tx: Tx, strip: Strip, who: Principal) -> bool:
    other = strip.held_by not in {None, who.person}
    return not (other and strip.held_until is not None and strip.held_until > tx.now)


def _strip(tx: Tx, strip: Strip) -> SpotStrip:
    stream = streams.get(tx, strip.stream)
    draw = spot_figures.record(tx, strip.draw).draw
    taken = strip.taken_at or strip.asked_at
    return SpotStrip(
        draw=strip.draw,
        label=stream.label,
        level=Level.S3.value,
        frames=tuple(
            SpotFrame(place, say("%(n)s s", n=f"{place * EVERY_S:g}"))
            for place in range(len(strip.stills))
        ),
        facts=(
            (say("Stream"), stream.label),
            (say("Taken"), words.ago(taken, tx.now).words),
            (say("Viewers at the draw"), words.count(draw.viewers)),
            (say("Now"), say("Ended") if _over(stream) else say("It runs")),
        ),
        purged=words.due(strip.expires_at, tx.now),
        choices=_choices(strip, stream),
        closer=strip.part > 1,
    )


def _choices(strip: Strip, stream: Stream) -> tuple[SpotChoice, ...]:
    """What may be answered; looking closer only while there is something to look at."""
    more = strip.part < MOST_PARTS and not _over(stream)
    return tuple(
        SpotChoice(one.value, WORD[one], f"spots.{one.value}", FOLLOWS[one])
        for one in SpotAnswer
        if more or one is not SpotAnswer.CLOSER
    )


def _over(stream: Stream) -> bool:
    return stream.state is StreamState.ENDED
