"""Wires what comes from outside to series and goes out again: exhibits, leads, outcomes."""

from __future__ import annotations

import os
from dataclasses import dataclass

from breakwater.app.ground import Ground
from breakwater.app.mapping import limits_of
from breakwater.linking.deconflicting import Deconflicting
from breakwater.linking.exhibit_reading import Limits, Reader
from breakwater.linking.exhibits import Exhibits
from breakwater.linking.leads import Leads
from breakwater.model.event import EventType
from breakwater.model.work import JobKind, Subscription, Turn
from breakwater.settings import Settings

EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Exhibiting:
    """Every part that investigators and other organisations deal with.

    Attributes:
        exhibits: takes in what was seized.
        deconflicting: who else works on the same file.
    """

    exhibits: Exhibits
    deconflicting: Deconflicting
    jobs: tuple[JobKind, ...] = ()
    turns: tuple[Turn, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()


def wire_exhibits(settings: Settings, on: Ground) -> Exhibiting:
    """Put the parts together."""
    limits = limits_of(settings)
    reader = Reader(screener=on.screener, clock=on.clock, limits=Limits(limits.image, limits.video))
    exhibits = Exhibits(
        db=on.db, vault=on.vault, reader=reader,
        threads=settings.jail_children or os.cpu_count() or 1,
    )  # fmt: skip
    leads = Leads(db=on.db)
    return Exhibiting(
        exhibits, Deconflicting(db=on.db, organisation=settings.reports_registered_as or settings.reports_platform),
        turns=(Turn("exhibits.take", EVERY_S, exhibits.turn),),
        subscriptions=(
            Subscription("leads.series", frozenset({EventType.SERIES_CHANGED}), leads.on_series),
            Subscription("leads.media", frozenset({EventType.MEDIUM_LINKED}), leads.on_linked),
        ),
    )  # fmt: skip
