"""Wires evidence packages: what makes them, who moves them, the job that seals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from breakwater.app.ground import Ground
from breakwater.app.mapping import limits_of
from breakwater.model.ids import Id
from breakwater.model.package import PackageFacts
from breakwater.model.scheme import Scheme
from breakwater.model.sending import Sendings
from breakwater.model.work import Beat, JobKind
from breakwater.records.audit import Checkpointer
from breakwater.records.packages import MAKE_JOB
from breakwater.reporting import papers
from breakwater.reporting.packages.making import Desk, Maker
from breakwater.reporting.packages.packages import Packages
from breakwater.reporting.vics.case import Context, contexts, of_package
from breakwater.reporting.vics.exports import VicsExports
from breakwater.review.grading.schemes import shipped
from breakwater.settings import Settings

LEASE: Final = timedelta(minutes=15)
"""A video of gigabytes is read in less between two beats."""


@dataclass(frozen=True, slots=True)
class Packaging:
    """Every part that hands evidence over.

    Attributes:
        desk: packages as people move them.
        maker: makes one; the worker does it by a job.
        vics: cases as investigators' programs read them.
    """

    desk: Packages
    maker: Maker
    vics: VicsExports
    jobs: tuple[JobKind, ...]


def wire_packages(
    settings: Settings, on: Ground, checkpointer: Checkpointer, sendings: Sendings
) -> Packaging:
    """Put the parts together."""
    limits = limits_of(settings)
    organisation = settings.reports_registered_as or settings.reports_platform
    maker = Maker(
        Desk(
            db=on.db, vault=on.vault, keys=on.keys, checkpointer=checkpointer, jail=on.pool,
            image=limits.image, video=limits.video, sendings=sendings, papers=_papers, organisation=organisation,
        )
    )  # fmt: skip

    def make(payload: Mapping[str, Any], attempt: int, beat: Beat) -> None:
        maker.run(Id(payload["package"]), attempt, beat)

    return Packaging(
        desk=Packages(db=on.db, vault=on.vault, sendings=sendings), maker=maker,
        vics=VicsExports(
            db=on.db, sendings=sendings, organisation=organisation, shipped=_schemes
        ),
        jobs=(JobKind(MAKE_JOB, make, lease_s=LEASE.total_seconds()),),
    )  # fmt: skip


def _schemes() -> dict[str, Scheme]:
    return {scheme.id: scheme for scheme in shipped()}


def _papers(facts: PackageFacts) -> dict[str, bytes]:
    """Papers for people, and the case for programs in every context."""
    found = papers.every(facts)
    for name in contexts():
        context = Context.named(name)
        scheme = _schemes()[context.scheme]
        found[f"case-{name.lower()}.vics.json"] = of_package(facts, context, scheme)
    return found
