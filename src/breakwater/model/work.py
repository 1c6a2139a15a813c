"""What a verb offers to the worker: reactions to events, kinds of jobs, and regular turns.

Each verb's `handlers.py` lists its own; `app` joins them; `worker.loop` runs them. Handlers
are idempotent: an event and a job are delivered at least once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from breakwater.model.event import Event, EventType

Beat = Callable[[float], None]
"""Called by a long job with the share done, 0..1: keeps its lease and shows its progress."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A reaction to events.

    Attributes:
        name: stable; the outbox keeps a cursor for it.
        types: what it hears.
        handle: called once for each event, in order of change number, after commit.
    """

    name: str
    types: frozenset[EventType]
    handle: Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job.

    Attributes:
        name: as it stands in the jobs table.
        run: called with payload, attempt (1, 2, …) and beat.
        lease_s: seconds another worker waits before it takes over a silent job.
        most_attempts: after these it is set aside for a person.
    """

    name: str
    run: Callable[[Mapping[str, Any], int, Beat], None]
    lease_s: float = 60.0
    most_attempts: int = 20


@dataclass(frozen=True, slots=True)
class Turn:
    """Something done regularly.

    Attributes:
        name: for logs.
        every_s: seconds from the end of one turn to the start of the next.
        run: the work; short, or in slices.
    """

    name: str
    every_s: float
    run: Callable[[], None]
