"""What review does when something happened elsewhere, later, and regularly. Joined by `app`."""

from __future__ import annotations

from breakwater.model.work import JobKind, Subscription, Turn
from breakwater.review import pager as paging
from breakwater.review import watch as watching
from breakwater.review.pager import Pager
from breakwater.review.watch import Watch


def subscriptions(*, watch: Watch) -> tuple[Subscription, ...]:
    """Reactions to cases that open and decisions that are taken."""
    return (Subscription("review.duty", watching.HEARD, watch.on_case),)


def job_kinds() -> tuple[JobKind, ...]:
    """What takes longer than a request."""
    return ()


def turns(*, watch: Watch, pager: Pager | None) -> tuple[Turn, ...]:
    """What is looked at regularly."""
    return (
        Turn("duty", watching.EVERY_S, watch.turn),
        *((Turn("pager", paging.EVERY_S, pager.turn),) if pager else ()),
    )
