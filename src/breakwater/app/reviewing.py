"""The verbs of people, wired: what reviewers, graders and those on duty work with."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass

from breakwater.app.enforcing import policy_of
from breakwater.app.ground import Ground
from breakwater.app.mapping import limits_of
from breakwater.app.oncall import OnCall, wire_on_call
from breakwater.model.decision import Profile
from breakwater.review.deciding.appeals import Appeals
from breakwater.review.deciding.decide import Decisions
from breakwater.review.deciding.telling import Notices
from breakwater.review.duty.duty import Duty
from breakwater.review.grading.adopting import Adopting
from breakwater.review.grading.derive import Schemes
from breakwater.review.grading.gather import Gather
from breakwater.review.grading.grade import Gradings
from breakwater.review.grading.rehash import Rehash
from breakwater.review.grading.sets import GradeSets
from breakwater.review.grading.sets import Limits as GradeLimits
from breakwater.review.grading.stacks import Stacks
from breakwater.review.grading.told import Tellings
from breakwater.review.looking.cover import Staggering
from breakwater.review.looking.crop_views import CropViews
from breakwater.review.looking.devices import Devices
from breakwater.review.looking.exposure import ExposureClock
from breakwater.review.looking.grade_views import GradeViews
from breakwater.review.looking.link_views import LinkViews
from breakwater.review.looking.live_stills import LiveStills
from breakwater.review.looking.spot_views import SpotViews
from breakwater.review.looking.views import Views
from breakwater.review.looking.wellbeing import Wellbeing
from breakwater.review.quality.quality import Quality
from breakwater.review.queueing.bulk import Bulk
from breakwater.review.queueing.escalate import Escalation
from breakwater.review.queueing.queue import Queue
from breakwater.review.queueing.reports import Reports
from breakwater.review.queueing.routing import Routing
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class Reviewing:
    """What people do, each verb over the same ground."""

    views: Views
    queue: Queue
    bulk: Bulk
    routing: Routing
    escalation: Escalation
    exposure: ExposureClock
    staggering: Staggering
    wellbeing: Wellbeing
    devices: Devices
    decisions: Decisions
    appeals: Appeals
    reports: Reports
    notices: Notices
    duty: Duty
    on_call: OnCall
    grading: Gradings
    grade_sets: GradeSets
    gather: Gather
    stacks: Stacks
    schemes: Schemes
    adopting: Adopting
    grade_views: GradeViews
    live_stills: LiveStills
    spot_views: SpotViews
    link_views: LinkViews
    crop_views: CropViews
    quality: Quality
    rehash: Rehash
    tellings: Tellings


def wire_reviewing(settings: Settings, on: Ground, undo: ExitStack) -> Reviewing:
    """Put the verbs of people on the ground."""
    routing = Routing(db=on.db)
    exposure = ExposureClock(db=on.db, clock=on.clock)
    on_call = wire_on_call(settings, on, undo, resting=exposure.resting)
    return Reviewing(
        views=Views(db=on.db, vault=on.vault, pool=on.pool, clock=on.clock, exposure=exposure),
        queue=Queue(db=on.db),
        bulk=Bulk(db=on.db),
        routing=routing,
        escalation=Escalation(db=on.db, metrics=on.metrics),
        exposure=exposure,
        staggering=Staggering(db=on.db),
        wellbeing=Wellbeing(db=on.db),
        devices=Devices(db=on.db, clock=on.clock),
        appeals=Appeals(db=on.db),
        reports=Reports(db=on.db, routing=routing),
        notices=Notices(db=on.db),
        decisions=Decisions(
            db=on.db,
            profile=Profile(settings.profile),
            cut_by_two=policy_of(settings).two_people,
        ),
        duty=on_call.duty,
        on_call=on_call,
        grading=Gradings(db=on.db),
        grade_sets=GradeSets(
            db=on.db,
            vault=on.vault,
            screener=on.screener,
            clock=on.clock,
            threads=settings.jail_children or os.cpu_count() or 1,
            limits=GradeLimits(limits_of(settings).image, limits_of(settings).video),
        ),
        gather=Gather(
            db=on.db, vault=on.vault, screener=on.screener, limits=limits_of(settings).video
        ),
        stacks=Stacks(db=on.db),
        schemes=Schemes(db=on.db),
        adopting=Adopting(db=on.db, schemes=Schemes(db=on.db)),
        grade_views=GradeViews(
            db=on.db, vault=on.vault, pool=on.pool, clock=on.clock, exposure=exposure
        ),
        live_stills=LiveStills(db=on.db, exposure=exposure),
        spot_views=SpotViews(
            db=on.db, vault=on.vault, pool=on.pool, clock=on.clock, exposure=exposure
        ),
        link_views=LinkViews(
            db=on.db, vault=on.vault, pool=on.pool, clock=on.clock, exposure=exposure
        ),
        crop_views=CropViews(
            db=on.db, vault=on.vault, pool=on.pool, clock=on.clock, exposure=exposure
        ),
        tellings=Tellings(db=on.db),
        quality=Quality(db=on.db, clock=on.clock),
        rehash=Rehash(db=on.db, vault=on.vault, screener=on.screener, kinds=on.registry.kinds),
    )
