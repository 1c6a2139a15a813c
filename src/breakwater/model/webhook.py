"""Webhooks: where a service wants to be told, and each telling.

Signed by Standard Webhooks 1.0: the message id is constant over retries, retried over three
days. Bodies hold ids and words, never content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from breakwater.model.event import EventType
from breakwater.model.ids import Id


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service listens. Its secret is read only by who signs.

    Attributes:
        service: whose events; empty means every service's.
        events: types it wants.
    """

    id: Id
    service: str
    url: str
    events: frozenset[EventType]
    active: bool = True
    created_at: datetime | None = None


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one endpoint.

    Attributes:
        event: id of the event; the message id on the wire, constant over retries.
        attempts: sent so far.
        next_at: not before this.
        status: of the last answer; None when there was none.
        error: of the last attempt, in words.
    """

    id: Id
    endpoint: Id
    event: Id
    type: EventType
    body: Mapping[str, Any]
    state: DeliveryState
    attempts: int
    next_at: datetime
    status: int | None = None
    error: str = ""
    created_at: datetime | None = None
