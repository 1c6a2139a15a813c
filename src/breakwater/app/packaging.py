"""Wires evidence packages: what makes them, who moves them, the job that seals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from breakwater.app.ground import Ground
from breakwater.app.mapping import limits_of
from breakwater.model.ids import Id
from breakwater.model.sending import Sendings
from breakwater.model.work import Beat, JobKind
from breakwater.records.audit import Checkpointer
from breakwater.records.packages import MAKE_JOB
from breakwater.reporting import papers
from breakwater.reporting.packages.making import Desk, Maker
from breakwater.reporting.packages.packages import Packages
from breakwater.settings import Settings

LEASE: Final = timedelta(minutes=15)
"""A video of gigabytes is read in less between two beats."""


@dataclass(frozen=True, slots=True)
class Packaging:
    """Every part that hands evidence over.

    Attributes:
        desk: packages as people move them.
        maker: makes one; the worker does it by a job.
    """

    desk: Packages
    maker: Maker
    jobs: tuple[JobKind, ...]


def wire_packages(
    settings: Settings, on: Ground, checkpointer: Checkpointer, sendings: Sendings
) -> Packaging:
    """Put the parts together."""
    limits = limits_of(settings)
    maker = Maker(
        Desk(
            db=on.db, vault=on.vault, keys=on.keys, checkpointer=checkpointer, jail=on.pool,
            image=limits.image, video=limits.video, sendings=sendings, papers=papers.every,
            organisation=settings.reports_registered_as or settings.reports_platform,
        )
    )  # fmt: skip

    def make(payload: Mapping[str, Any], attempt: int, beat: Beat) -> None:
        maker.run(Id(payload["package"]), attempt, beat)

    return Packaging(
        desk=Packages(db=on.db, vault=on.vault, sendings=sendings), maker=maker,
        jobs=(JobKind(MAKE_JOB, make, lease_s=LEASE.total_seconds()),),
    )  # fmt: skip
