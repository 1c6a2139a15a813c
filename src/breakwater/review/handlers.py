"""What review does when something happened elsewhere, later, and regularly. Joined by `app`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from breakwater.model.ids import Id
from breakwater.model.work import Beat, JobKind, Subscription, Turn
from breakwater.records.database import Database
from breakwater.review import decide
from breakwater.review import escalate as escalating
from breakwater.review import pager as paging
from breakwater.review import routing as placing
from breakwater.review import watch as watching
from breakwater.review.effects import RELEASE_JOB, SETTLE_JOB
from breakwater.review.escalate import Escalation
from breakwater.review.pager import Pager
from breakwater.review.routing import Routing
from breakwater.review.watch import Watch


def subscriptions(*, watch: Watch, routing: Routing) -> tuple[Subscription, ...]:
    """Reactions to cases that open and decisions that are taken."""
    return (
        Subscription("review.routing", placing.HEARD, routing.heard),
        Subscription("review.duty", watching.HEARD, watch.on_case),
    )


def job_kinds(*, db: Database) -> tuple[JobKind, ...]:
    """What takes longer than a request, or happens when a decision can no longer be undone."""

    def release(payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
        decide.release_rest(db, Id(payload["decision"]))

    def settle(payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
        decide.settle(db, Id(payload["decision"]))

    return (JobKind(RELEASE_JOB, release, lease_s=900.0), JobKind(SETTLE_JOB, settle))


def turns(*, watch: Watch, pager: Pager | None, escalation: Escalation) -> tuple[Turn, ...]:
    """What is looked at regularly."""
    return (
        Turn("queue.clock", escalating.EVERY_S, escalation.run),
        Turn("duty", watching.EVERY_S, watch.turn),
        *((Turn("pager", paging.EVERY_S, pager.turn),) if pager else ()),
    )
