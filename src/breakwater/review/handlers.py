"""What review does when something happened elsewhere, later, and regularly. Joined by `app`."""

from __future__ import annotations

from breakwater.model.work import JobKind, Subscription, Turn


def subscriptions() -> tuple[Subscription, ...]:
    """Reactions to cases that open and decisions that are taken."""
    return ()


def job_kinds() -> tuple[JobKind, ...]:
    """What takes longer than a request."""
    return ()


def turns() -> tuple[Turn, ...]:
    """What is looked at regularly."""
    return ()
