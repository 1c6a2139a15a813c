"""What review does when something happened elsewhere, later, and regularly. Joined by `app`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.work import Beat, JobKind, Subscription, Turn
from breakwater.records.database import Database
from breakwater.review.deciding import decide
from breakwater.review.deciding.appeals import Appeals
from breakwater.review.deciding.effects import RELEASE_JOB, SETTLE_JOB
from breakwater.review.duty import pager as paging
from breakwater.review.duty import watch as watching
from breakwater.review.duty.pager import Pager
from breakwater.review.duty.watch import Watch
from breakwater.review.grading import sets as importing
from breakwater.review.grading.derive import Schemes
from breakwater.review.grading.doubted import Doubted
from breakwater.review.grading.rehash import Rehash
from breakwater.review.grading.sets import GradeSets
from breakwater.review.looking import cover as covering
from breakwater.review.looking.cover import Staggering
from breakwater.review.looking.exposure import ExposureClock
from breakwater.review.quality import quality as measuring
from breakwater.review.quality.quality import Quality
from breakwater.review.queueing import broadcasts as live
from breakwater.review.queueing import escalate as escalating
from breakwater.review.queueing import routing as placing
from breakwater.review.queueing.broadcasts import Broadcasts
from breakwater.review.queueing.escalate import Escalation
from breakwater.review.queueing.reports import Reports
from breakwater.review.queueing.routing import Routing


def subscriptions(
    *,
    watch: Watch,
    routing: Routing,
    appeals: Appeals,
    reports: Reports,
    exposure: ExposureClock,
    broadcasts: Broadcasts,
    doubted: Doubted,
) -> tuple[Subscription, ...]:
    """Reactions to cases that open and decisions that are taken."""
    return (
        Subscription("review.routing", placing.HEARD, routing.heard),
        Subscription("review.broadcasts", live.HEARD, broadcasts.heard),
        Subscription("review.duty", watching.HEARD, watch.on_case),
        Subscription("review.exposure", frozenset({EventType.CASE_DECIDED}), exposure.on_decided),
        Subscription("review.appeals", frozenset({EventType.CASE_DECIDED}), appeals.on_decided),
        Subscription("review.fallen", frozenset({EventType.VERDICT_CHANGED}), appeals.on_verdict),
        Subscription("review.doubted", frozenset({EventType.HUB_DOUBTED}), doubted.on_doubted),
        Subscription("review.reports", frozenset({EventType.CASE_DECIDED}), reports.on_decided),
    )


def job_kinds(*, db: Database, rehash: Rehash) -> tuple[JobKind, ...]:
    """What takes longer than a request, or happens when a decision can no longer be undone."""

    def release(payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
        decide.release_rest(db, Id(payload["decision"]))

    def settle(payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
        decide.settle(db, Id(payload["decision"]))

    return (
        JobKind(RELEASE_JOB, release, lease_s=900.0),
        JobKind(SETTLE_JOB, settle),
        *Schemes(db=db).job_kinds(),
        *rehash.job_kinds(),
    )


def turns(
    *,
    watch: Watch,
    pager: Pager | None,
    escalation: Escalation,
    staggering: Staggering,
    quality: Quality,
    grade_sets: GradeSets,
) -> tuple[Turn, ...]:
    """What is looked at regularly."""
    return (
        Turn("queue.clock", escalating.EVERY_S, escalation.run),
        Turn("duty", watching.EVERY_S, watch.turn),
        Turn("grading.import", importing.EVERY_S, grade_sets.turn),
        Turn("grading.quality", measuring.EVERY_S, quality.watch),
        Turn("exposure.stagger", covering.EVERY_S, staggering.turn),
        *((Turn("pager", paging.EVERY_S, pager.turn),) if pager else ()),
    )
