"""Wires what comes into the hub and how it is kept good: files, feedback, curators, grades, stacks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from breakwater.app.ground import Ground
from breakwater.app.hub_vics import opened as vics_rows
from breakwater.banks.load import Loaded, Loader, Progress
from breakwater.banks.policy import Floods
from breakwater.hub import holding
from breakwater.hub.clusters import CLUSTER_JOB, Clusters
from breakwater.hub.contribute import Contribute
from breakwater.hub.curate import Curate
from breakwater.hub.feedback import Feedback
from breakwater.hub.graded import Graded, House
from breakwater.hub.scoring import Scoring
from breakwater.model.access import Principal
from breakwater.model.event import EventType
from breakwater.model.hub import GivenBy
from breakwater.model.hub_given import Given
from breakwater.model.work import JobKind, Subscription, Turn
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Batch:
    """How a file is given.

    Attributes:
        member: name of the member, where whoever sends it is not its key.
        category: of rows that have none of their own.
        kind: of a plain list without a header.
        vics: the file is VICS, not CSV.
        signed: the person who sends it vouches for it.
    """

    member: str = ""
    category: str = ""
    kind: str = ""
    vics: bool = False
    signed: bool = False


class HubFiles:
    """Files that members give, or that are given in their name."""

    def __init__(self, *, loader: Loader, contribute: Contribute) -> None:
        self._loader = loader
        self._contribute = contribute

    def load(
        self, who: Principal, name: str, path: Path, batch: Batch, *,
        progress: Progress | None = None,
    ) -> tuple[Loaded, Given]:  # fmt: skip
        """Give a file to a list; a second run goes on where the first stopped.

        Raises:
            NotAllowed: in another's name by a key, or the member is suspended.
            NotFound: no such open list, member or file.
            BadInput: nothing in it can be a hash.
        """
        way = GivenBy.VICS if batch.vics else GivenBy.CSV
        giving = self._contribute.for_file(
            who, name, member=batch.member, category=batch.category, way=way, signed=batch.signed
        )
        loaded = self._loader.load(
            name, path, who, kind=batch.kind, source=giving.source, signed=batch.signed,
            progress=progress, taker=giving, opening=vics_rows if batch.vics else None,
        )  # fmt: skip
        return loaded, giving.given


@dataclass(frozen=True, slots=True)
class Curating:
    """Every part that keeps the hub's entries good."""

    files: HubFiles
    feedback: Feedback
    curate: Curate
    clusters: Clusters
    jobs: tuple[JobKind, ...]
    turns: tuple[Turn, ...]
    subscriptions: tuple[Subscription, ...]


def limits_of(settings: Settings) -> holding.Limits:
    """What of the hub is too much."""
    return holding.Limits(
        entries_per_hour=settings.hub_entries_per_hour, matches=settings.hub_hold_matches,
        members=settings.hub_hold_members,
    )  # fmt: skip


def wire_curating(settings: Settings, on: Ground, contribute: Contribute) -> Curating:
    """Put the parts together."""
    limits = limits_of(settings)
    floods = Floods(settings.flood_entries_per_hour, settings.flood_matches_per_hour)
    clusters, scoring = Clusters(db=on.db, index=on.index), Scoring(db=on.db)
    graded = Graded(
        db=on.db, feed=on.feed, limits=limits, house=House(list=settings.hub_graded_list)
    )
    return Curating(
        files=HubFiles(
            loader=Loader(db=on.db, feed=on.feed, floods=floods), contribute=contribute
        ),
        feedback=Feedback(db=on.db, feed=on.feed, limits=limits),
        curate=Curate(db=on.db, feed=on.feed),
        clusters=clusters,
        jobs=(JobKind(CLUSTER_JOB, clusters.run, lease_s=300.0),),
        turns=(
            Turn("hub clusters", 30.0, clusters.turn), Turn("hub scores", 60.0, scoring.turn),
        ),
        subscriptions=(
            Subscription("hub.graded", frozenset({EventType.GRADE_SETTLED}), graded.on_settled),
        ),
    )  # fmt: skip
