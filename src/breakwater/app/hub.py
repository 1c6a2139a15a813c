"""Wires how the hub is run: members, lists, rules, what is given, published and curated."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.access.door import Access
from breakwater.app.curating import Curating, limits_of, wire_curating
from breakwater.app.ground import Ground
from breakwater.hub.contribute import Contribute
from breakwater.hub.lists import Lists
from breakwater.hub.members import Members
from breakwater.hub.publishing import JOB, Publishing
from breakwater.hub.rules import Rules
from breakwater.hub.simulate import Simulator
from breakwater.model.work import JobKind, Subscription, Turn
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Hub:
    """Every part that people who run the hub, and members who give to it, deal with.

    Attributes:
        members: who takes part.
        lists: what is shared.
        rules: what may go to whom.
        simulator: what a member would see.
        contribute: what members give.
        publishing: how it goes out.
        curating: how it is kept good.
    """

    members: Members
    lists: Lists
    rules: Rules
    simulator: Simulator
    contribute: Contribute
    publishing: Publishing
    curating: Curating
    jobs: tuple[JobKind, ...]
    turns: tuple[Turn, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()


def wire_hub(settings: Settings, on: Ground, access: Access) -> Hub:
    """Put the parts together."""
    contribute = Contribute(db=on.db, feed=on.feed, limits=limits_of(settings))
    curating = wire_curating(settings, on, contribute)
    publishing = Publishing(db=on.db, publish=contribute.publish, caught_up=on.feed.catch_up)
    return Hub(
        members=Members(db=on.db, keys=access.keys), lists=Lists(db=on.db), rules=Rules(db=on.db),
        simulator=Simulator(db=on.db), contribute=contribute, publishing=publishing,
        curating=curating, jobs=(JobKind(JOB, publishing.run, lease_s=300.0), *curating.jobs),
        turns=curating.turns, subscriptions=curating.subscriptions,
    )  # fmt: skip
