"""Wires what people write: lanes, chats, and what becomes of captured comments."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from breakwater.app.enforcing import Voices, policy_of
from breakwater.app.ground import Ground
from breakwater.comments.calibrate import Budget
from breakwater.comments.model import SHIPPED
from breakwater.live.hearing.captured import Captured
from breakwater.live.hearing.chats import END_EVERY_S, Chats
from breakwater.live.hearing.hooked import Hooked
from breakwater.live.hearing.irc import Irc, IrcRules
from breakwater.live.hearing.irc_control import IrcControl
from breakwater.live.hearing.measures import Policies
from breakwater.live.hearing.policy import Policy as CommentsPolicy
from breakwater.model.ids import new_id
from breakwater.model.stream import Stream
from breakwater.model.work import JobKind, Subscription, Turn
from breakwater.recognition.hearing.drift import EVERY_S as DRIFT_EVERY_S
from breakwater.recognition.hearing.drift import Drift
from breakwater.recognition.hearing.lanes import LaneRules, Lanes
from breakwater.records import chats, duty
from breakwater.records.database import Tx
from breakwater.settings import Settings

SUMS_EVERY_S: Final = 60.0
IRC_EVERY_S: Final = 5.0
SURROGATE: Final = "surrogate"
"""What `comments_package` says for the shipped model, which only shows how it works."""

RUNS: Final = timedelta(hours=1)
"""A chat in which somebody wrote within this is one of those that share people's time."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Every part that hears what people write.

    Attributes:
        lanes: weigh it; conversations use them too.
        chats: takes messages of broadcasts, uploads, posts and profiles.
        captured: keeps or empties what was evidence.
        hooked: takes messages that media servers and services send by hook.
        voices: who besides its media server carries a broadcast's chat.
        irc: reads chats of an IRC server; None: none is named.
    """

    lanes: Lanes
    chats: Chats
    captured: Captured
    hooked: Hooked
    voices: Voices
    irc: Irc | None
    subscriptions: tuple[Subscription, ...]
    jobs: tuple[JobKind, ...]
    turns: tuple[Turn, ...]


def wire_hearing(settings: Settings, on: Ground, undo: ExitStack) -> Hearing:
    """Put the parts together; no process is started before somebody writes."""
    policies = Policies(CommentsPolicy.read(settings.comments_policy), policy_of(settings))
    lanes = Lanes(
        db=on.db, clock=on.clock, secret=on.keys.mac("comments", b"engine"),
        rules=lane_rules_of(settings), budget_of=lambda _service: budget_of(settings, on),
        metrics=on.metrics,
    )  # fmt: skip
    undo.callback(lanes.close)
    heard = Chats(
        db=on.db, lanes=lanes, policies=policies, metrics=on.metrics, on=settings.comments_enabled
    )
    captured = Captured(db=on.db, policies=policies, told=heard.told)
    hooked = Hooked(db=on.db, clock=on.clock, chats=heard)
    drift = Drift(db=on.db, lanes=lane_rules_of(settings).count, metrics=on.metrics)
    irc = _irc(settings, on, hooked)
    if irc is not None:
        undo.callback(irc.close)
    return Hearing(
        lanes=lanes,
        chats=heard,
        captured=captured,
        hooked=hooked,
        voices=partial(_voices, irc),
        irc=irc,
        subscriptions=captured.subscriptions(),
        jobs=captured.job_kinds(),
        turns=(
            *captured.turns(),
            Turn("comments.sums", SUMS_EVERY_S, lanes.snapshot),
            Turn("comments.end", END_EVERY_S, heard.end),
            Turn("comments.drift", DRIFT_EVERY_S, drift.turn),
            *(() if irc is None else (Turn("comments.irc", IRC_EVERY_S, irc.turn),)),
        ),
    )


def _irc(settings: Settings, on: Ground, hooked: Hooked) -> Irc | None:
    """Reads chats of an IRC server, where one is named; connected by the worker."""
    if not (settings.comments_enabled and settings.comments_irc_url):
        return None
    by = new_id()
    return Irc(
        rules=irc_rules_of(settings), clock=on.clock, metrics=on.metrics,
        take=lambda server, name, told: hooked.take(server, by, name, told),
        count=hooked.untaken,
    )  # fmt: skip


def irc_rules_of(settings: Settings) -> IrcRules:
    """Where chats of an IRC server are read.

    Raises:
        BadSettings: it cannot be understood.
    """
    return IrcRules.read(
        settings.comments_irc_url, settings.comments_irc_nick,
        settings.comments_irc_password.get_secret_value(), settings.comments_irc_channels,
    )  # fmt: skip


def _voices(irc: Irc | None, stream: Stream) -> tuple[IrcControl, ...]:
    """Channels that are the chat of a broadcast."""
    if irc is None:
        return ()
    place = (stream.server, stream.name)
    return tuple(IrcControl(irc, one) for one, at in irc.rules.channels.items() if at == place)


def lane_rules_of(settings: Settings) -> LaneRules:
    """How many lanes, and what they weigh with."""
    cores = os.cpu_count() or 1
    named = settings.comments_package
    return LaneRules(
        count=min(settings.comments_lanes or cores, cores),
        package=str(SHIPPED) if named == SURROGATE else named,
        lexicons=settings.comments_lexicons,
        encoder=settings.comments_encoder,
        challenger=settings.comments_challenger,
    )


def budget_of(settings: Settings, on: Ground) -> Budget:
    """How many alarms people can answer now."""
    with on.db.read() as tx:
        return budget_in(settings, tx)


def budget_in(settings: Settings, tx: Tx) -> Budget:
    """How many alarms people can answer, over all chats that run.

    Nobody on shift counts as one: an alarm that nobody answers in time is said elsewhere, and a
    threshold of nobody would be one that never alarms.
    """
    people = settings.comments_people or len(duty.on_now(tx))
    running = chats.active(tx, tx.now - RUNS)
    return Budget(settings.comments_pages_per_hour, max(1, people), max(1, running))
