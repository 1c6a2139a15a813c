"""Wires what takes reports of others and makes cases of them."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.app.ground import Ground
from breakwater.app.mapping import limits_of
from breakwater.model.work import JobKind, Turn
from breakwater.reporting.receiving import handlers
from breakwater.reporting.receiving.ispws import Ispws
from breakwater.reporting.receiving.referring import Referring
from breakwater.reporting.receiving.screening import DecodeLimits, Screening
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Receiving:
    """Every part that receives reports.

    Attributes:
        ispws: the rules of NCMEC's interface.
        screening: looks through their files.
        referring: marks to whom they went on.
    """

    ispws: Ispws
    screening: Screening
    referring: Referring
    jobs: tuple[JobKind, ...]
    turns: tuple[Turn, ...]


def wire_receiving(settings: Settings, on: Ground) -> Receiving:
    """Put the parts together. They stand ready where nothing is mounted: open reports expire."""
    ispws = Ispws(db=on.db, vault=on.vault, clock=on.clock)
    limits = limits_of(settings)
    screening = Screening(
        db=on.db, vault=on.vault, screener=on.screener, copies=on.copies,
        limits=DecodeLimits(limits.image, limits.video), spool=settings.spool_dir,
        atlas=on.atlas,
    )  # fmt: skip
    return Receiving(
        ispws=ispws, screening=screening, referring=Referring(db=on.db),
        jobs=handlers.job_kinds(screening), turns=handlers.turns(ispws),
    )  # fmt: skip
