"""Wires what takes reports of others and makes cases of them."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.app.ground import Ground
from breakwater.model.work import JobKind, Turn
from breakwater.reporting.receiving import handlers
from breakwater.reporting.receiving.ispws import Ispws


@dataclass(frozen=True, slots=True)
class Receiving:
    """Every part that receives reports.

    Attributes:
        ispws: the rules of NCMEC's interface.
    """

    ispws: Ispws
    jobs: tuple[JobKind, ...] = ()
    turns: tuple[Turn, ...] = ()


def wire_receiving(on: Ground) -> Receiving:
    """Put the parts together. They stand ready where nothing is mounted: open reports expire."""
    ispws = Ispws(db=on.db, vault=on.vault, clock=on.clock)
    return Receiving(ispws=ispws, jobs=(), turns=handlers.turns(ispws))
