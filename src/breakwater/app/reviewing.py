"""The verbs of people, wired: what reviewers, graders and those on duty work with."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from breakwater.app.ground import Ground
from breakwater.app.oncall import OnCall, wire_on_call
from breakwater.review.duty import Duty
from breakwater.review.views import Views
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Reviewing:
    """What people do, each verb over the same ground."""

    views: Views
    duty: Duty
    on_call: OnCall


def wire_reviewing(settings: Settings, on: Ground, undo: ExitStack) -> Reviewing:
    """Put the verbs of people on the ground."""
    on_call = wire_on_call(settings, on, undo)
    return Reviewing(
        views=Views(db=on.db, vault=on.vault, pool=on.pool, clock=on.clock, metrics=on.metrics),
        duty=on_call.duty,
        on_call=on_call,
    )
