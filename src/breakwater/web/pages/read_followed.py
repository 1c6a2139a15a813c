"""Builds the pages of feeds that this installation follows: how each does, what it was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from breakwater.exchange.manage import Shown
from breakwater.model.exchange import Health, Pull
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_followed import FeedView, FollowedRow, FollowedView, OnePull
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, figure, later, say

PULLS: Final = 22
"""Pulls on the page of a feed, in its table and its plot."""
BAD: Final = 10
"""Rows that could not be read, on the same page."""
PACKS: Final = "pack"
"""Kind of feeds whose lists are carried here."""
STATES: Final[Mapping[Health, Mark]] = Spoken({
    Health.WELL: Mark("ok", later("Follows")),
    Health.NEW: Mark("none", later("Nothing taken yet")),
    Health.LATE: Mark("held", later("Late")),
    Health.FAILING: Mark("bad", later("Fails")),
    Health.PAUSED: Mark("none", later("Paused")),
})  # fmt: skip
TROUBLE: Final = frozenset({Health.LATE, Health.FAILING})


def every(feeds: Sequence[Shown], now: datetime) -> FollowedView:
    """The page of all feeds."""
    return FollowedView(
        numbers=(
            Number(figure(len(feeds)), say("feeds followed")),
            Number(figure(sum(one.health in TROUBLE for one in feeds)), say("feeds with trouble")),
            Number(figure(sum(one.entries for one in feeds)), say("entries act here")),
        ),
        rows=tuple(_row(one, now) for one in feeds),
    )  # fmt: skip


def one(shown: Shown, now: datetime) -> FeedView:
    """The page of one feed."""
    return FeedView(
        row=_row(shown, now),
        numbers=(
            Number(figure(shown.entries), say("entries act here")),
            Number(figure(shown.signals), say("hashes")),
            Number(figure(shown.state.bad), say("rows could not be read")),
        ),
        facts=_facts(shown),
        pulls=tuple(_pull(each, behind, now) for each, behind in _course(shown, now)),
        bad=tuple((words.ago(at, now), row.place, retold(row.reason)) for at, row in shown.bad),
        enabled=shown.feed.enabled,
    )  # fmt: skip


def _row(shown: Shown, now: datetime) -> FollowedRow:
    feed, state = shown.feed, shown.state
    return FollowedRow(
        feed.name, feed.kind, feed.bank, STATES[shown.health],
        "" if shown.lag_s is None else words.span(timedelta(seconds=shown.lag_s)),
        None if state.pulled_at is None else words.ago(state.pulled_at, now),
        words.due(max(state.due_at, now), now) if state.due_at is not None and feed.enabled else None,
        figure(state.rows), figure(state.errors), retold(state.fault),
    )  # fmt: skip


def _facts(shown: Shown) -> tuple[tuple[str, str], ...]:
    """What is said of it, and what went back to its peer."""
    feed, state = shown.feed, shown.state
    pairs = (
        (say("Protocol"), feed.kind),
        (say("Bank"), feed.bank),
        (say("Address"), feed.url),
        (say("Who gives it"), feed.source),
        (say("Permitted use"), feed.permitted_use),
        (say("Pulled every"), words.span(timedelta(seconds=feed.every_s))),
        (say("A flood"), say("is taken: a person vouches for the list") if feed.vouched_by else say("is held until somebody has looked")),
        (say("Values added"), figure(state.added)),
        (say("Entries withdrawn"), figure(state.gone)),
        (say("Told its peer"), _told(shown)),
    )  # fmt: skip
    return tuple((name, value) for name, value in pairs if value)


def _told(shown: Shown) -> str:
    """What went back, and what the peer made of it."""
    taken, refused = shown.told.get("taken", 0), shown.told.get("refused", 0)
    if not (shown.feed.feedback or shown.feed.counts or taken or refused):
        return say("nothing: it is not asked to")
    return say("%(taken)s opinions taken, %(refused)s refused", taken=figure(taken), refused=figure(refused))  # fmt: skip


def _course(shown: Shown, now: datetime) -> list[tuple[Pull, timedelta | None]]:
    """Pulls, the newest first, with how far behind the feed was when each ended.

    That is the time since the one before that came to its end: what the peer changed meanwhile was
    not here. Of packs a turn that found none brings nothing up to date.
    """
    out: list[tuple[Pull, timedelta | None]] = []
    good: datetime | None = None
    for pull in reversed(shown.pulls):
        ended = pull.ended_at or now
        out.append((pull, None if good is None else ended - good))
        if pull.ended_at and not pull.fault and (pull.pages or shown.feed.kind != PACKS):
            good = pull.ended_at
    return out[::-1]


def _pull(pull: Pull, behind: timedelta | None, now: datetime) -> OnePull:
    mark = Mark("ok", say("Came to its end")) if pull.ended_at else Mark("none", say("Goes on"))
    if pull.fault:
        mark = Mark("bad", say("Had an error"))
    return OnePull(
        words.ago(pull.started_at, now), mark, figure(pull.pages), figure(pull.offered),
        figure(pull.added), figure(pull.gone), figure(pull.bad), retold(pull.fault),
        "" if behind is None else words.span(behind),
        (
            f"{(pull.ended_at or now).timestamp():.0f}",
            "" if behind is None else f"{behind.total_seconds():.0f}", str(pull.offered), mark.style,
        ),
    )  # fmt: skip
