"""What receiving does later and regularly. Joined by `app`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from breakwater.model.ids import Id
from breakwater.model.work import Beat, JobKind, Turn
from breakwater.reporting.receiving.casework import SCREEN_JOB
from breakwater.reporting.receiving.ispws import Ispws
from breakwater.reporting.receiving.screening import Screening

SWEEP_EVERY_S: Final = 60.0
SCREEN_LEASE_S: Final = 900.0
"""One file may take as long as the jail may; a beat follows each."""


def job_kinds(screening: Screening) -> tuple[JobKind, ...]:
    """The files of a finished report are screened."""

    def screen(payload: Mapping[str, Any], _attempt: int, beat: Beat) -> None:
        screening.run(Id(payload["report"]), beat)

    return (JobKind(SCREEN_JOB, screen, lease_s=SCREEN_LEASE_S),)


def turns(ispws: Ispws) -> tuple[Turn, ...]:
    """Unfinished reports are forgotten when their time is over."""

    def sweep() -> None:
        ispws.sweep()

    return (Turn("received.sweep", SWEEP_EVERY_S, sweep),)
