"""Wires the door for the person in the picture."""

from __future__ import annotations

from functools import partial
from typing import Final

from breakwater.access.challenges import Challenges
from breakwater.access.limits import Limits
from breakwater.app.ground import Ground
from breakwater.app.mapping import floods_of
from breakwater.banks.policy import status_of_new
from breakwater.own_pictures.hearing import Answers
from breakwater.own_pictures.taking import SEND, OwnPictures
from breakwater.settings import Settings

BURST: Final = 30.0
"""Requests at once, when a class or a news report sends many people here."""
ASKED: Final = 20.0
"""Questions for each request: work, and how it stands."""


def wire_own_pictures(
    settings: Settings, on: Ground, limits: Limits
) -> tuple[OwnPictures, Answers]:
    """Put the parts together; one bucket for everybody, since nobody is told apart."""
    rate = settings.own_pictures_per_hour / 3600

    def door(name: str) -> float:
        times = 1.0 if name == SEND else ASKED
        return limits.take(name, per_second=rate * times, burst=BURST * times)

    own = OwnPictures(
        db=on.db, feed=on.feed, door=door, enabled=settings.own_pictures,
        challenges=Challenges(keyring=on.keys, clock=on.clock),
        starting=partial(
            status_of_new, negative=False, signed=False, floods=floods_of(settings)
        ),
    )  # fmt: skip
    return own, Answers(db=on.db, feed=on.feed)
