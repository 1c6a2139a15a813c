"""What classifiers do when a case opens, later, and regularly. Joined by `app`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from breakwater.classifiers.casework import JOB, Casework
from breakwater.classifiers.manage import Classifiers
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.work import Beat, JobKind, Subscription, Turn

REFRESH_S: Final = 2.0
FORGET_EVERY_S: Final = 3600.0


def subscriptions(casework: Casework) -> tuple[Subscription, ...]:
    """A case that opens is scored."""
    opened = frozenset({EventType.CASE_OPENED})
    return (Subscription("classifiers.case", opened, casework.on_opened),)


def job_kinds(casework: Casework) -> tuple[JobKind, ...]:
    """Scoring what a case is about."""

    def score(payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
        casework.run(Id(payload["case"]))

    return (JobKind(JOB, score, lease_s=900.0),)


def turns(classifiers: Classifiers) -> tuple[Turn, ...]:
    """What shall run runs; sums of what is forgotten go."""
    return (
        Turn("classifiers.refresh", REFRESH_S, classifiers.refresh),
        Turn("classifiers.forget", FORGET_EVERY_S, classifiers.forget),
    )
