"""A served installation with strips that wait, without a media server: for the desk and its page."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from breakwater.app import App
from breakwater.live.spots.drawing import draw
from breakwater.live.spots.rules import SpotRules
from breakwater.model.access import Person, Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.ids import Id, new_id
from breakwater.model.spot import Round, Strip
from breakwater.model.stream import Stream
from breakwater.records import spots, streams
from tests.integration.served import OPERATOR, Served, serving

RULES = SpotRules(on=True, per_hour=6, jurisdictions=("*",))
ON = {"spot_checks_enabled": True, "spot_checks_jurisdictions": "*"}


def still(number: int) -> bytes:
    """An ordinary picture that is another one for each number."""
    made = Image.linear_gradient("L").resize((480, 270))
    ImageDraw.Draw(made).ellipse((60 * number, 60, 60 * number + 120, 180), fill=230)
    out = io.BytesIO()
    made.save(out, "WEBP")
    return out.getvalue()


@dataclass
class SpotHouse:
    """Everything that runs."""

    served: Served
    slot: int = 0

    @property
    def app(self) -> App:
        return self.served.app

    def principal(self, *roles: Role) -> Principal:
        """Somebody new who may look at strips."""
        return self.of(self.served.person(*(roles or (Role.LIVE_MODERATOR,))), *roles)

    def of(self, person: Person, *roles: Role) -> Principal:
        wanted = roles or (Role.LIVE_MODERATOR,)
        permissions = frozenset().union(*(role.permissions for role in wanted))
        return Principal(person.id, person.name, permissions, person=person.id)

    def stream(self, viewers: int = 40, **facts: Any) -> Stream:
        """A broadcast that runs."""
        told = Sender(account=f"acct-{new_id()}", pull_url="https://cdn.example/x.m3u8", **facts)
        by = Principal(new_id(), "clips", OPERATOR.permissions, service="clips")
        made = self.app.live.streams.begin(by, "", f"live/{new_id()}", told)
        with self.app.db.transaction() as tx:
            streams.set_viewers(tx, made.id, viewers)
            return streams.get(tx, made.id)

    def strip(self, stream: Stream | None = None) -> Strip:
        """A strip of a broadcast that waits for somebody to look."""
        stream = stream or self.stream()
        self.slot += 1
        with self.app.db.transaction() as tx:
            frame = [
                one.candidate for one in spots.running(tx) if one.candidate.stream == stream.id
            ]
            drawn = draw(RULES, frame, 1, b"seed")
            made = Round(self.slot, spots.design(tx, RULES.plain), "00", tx.now, 1, drawn.strata)
            (one,) = spots.add_round(tx, made, drawn.picked, kept=timedelta(hours=72))
        return self.take(one.id)

    def take(self, draw: Id) -> Strip:
        """What a watcher would have taken."""
        with self.app.db.read() as tx:
            wanted = spots.strip(tx, draw)
        blobs = [self.app.vault.put(io.BytesIO(still(n)), purpose="spots") for n in range(6)]
        with self.app.db.transaction() as tx:
            spots.take(tx, wanted, blobs)
            return spots.strip(tx, draw)


@contextmanager
def spot_house(directory: Path, **settings: Any) -> Iterator[SpotHouse]:
    """Serve until the block ends; nothing is watched, so nothing is drawn by itself."""
    known = {"live_watch": False, "unsafe_fast_disk": True} | ON
    with serving(directory, **known | settings) as served:
        yield SpotHouse(served)
