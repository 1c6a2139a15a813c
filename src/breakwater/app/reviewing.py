"""The verbs of people, wired: what reviewers, graders and those on duty work with."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.app.ground import Ground
from breakwater.review.views import Views
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Reviewing:
    """What people do, each verb over the same ground."""

    views: Views


def wire_reviewing(settings: Settings, on: Ground) -> Reviewing:  # noqa: ARG001 - limits and profile come from it
    """Put the verbs of people on the ground."""
    return Reviewing(
        views=Views(db=on.db, vault=on.vault, pool=on.pool, clock=on.clock, metrics=on.metrics),
    )
