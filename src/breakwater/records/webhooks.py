"""Where services want to be told, and each telling until it arrived or was given up.

A delivery's row is written in the transaction that heard of its event; its message id is the
event's, constant over retries (Standard Webhooks 1.0). Secrets are sealed. Fed and read by
`intake.webhooks`. Contract: `tests/contract/test_records_webhooks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.webhook import Delivery, DeliveryState, Endpoint
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_people import webhook_deliveries, webhook_endpoints

PURPOSE: Final = "webhooks"
_E: Final = webhook_endpoints
_D: Final = webhook_deliveries


def create(tx: Tx, *, url: str, service: str, events: Iterable[EventType], secret: str) -> Endpoint:
    """Add an endpoint.

    Args:
        tx: the transaction.
        url: where to.
        service: whose events; empty means every service's.
        events: types it wants.
        secret: `whsec_…`, sealed at once.
    """
    endpoint = Endpoint(new_id(), service, url, frozenset(events), created_at=tx.now)
    tx.execute(
        sa.insert(_E),
        {
            "id": endpoint.id,
            "service": service,
            "url": url,
            "secret_sealed": tx.keys.seal(PURPOSE, secret.encode(), endpoint.id.encode()),
            "events": sorted(kind.value for kind in endpoint.events),
            "active": True,
            "created_at": tx.now,
        },
    )
    return endpoint


def every(tx: Tx, *, active: bool = True) -> list[Endpoint]:
    """All endpoints, the oldest first; with `active` only those in use."""
    query = sa.select(_E).order_by(_E.c.created_at, _E.c.id)
    if active:
        query = query.where(_E.c.active.is_(sa.true()))
    return [_endpoint(row) for row in tx.execute(query)]


def get(tx: Tx, endpoint: Id) -> Endpoint:
    """One endpoint.

    Raises:
        NotFound: no such endpoint.
    """
    row = tx.execute(sa.select(_E).where(_E.c.id == endpoint)).one_or_none()
    if row is None:
        raise NotFound(f"webhook endpoint {endpoint}")
    return _endpoint(row)


def secret(tx: Tx, endpoint: Id) -> str:
    """The secret that signs an endpoint's messages.

    Raises:
        NotFound: no such endpoint.
    """
    sealed = tx.execute(sa.select(_E.c.secret_sealed).where(_E.c.id == endpoint)).scalar()
    if sealed is None:
        raise NotFound(f"webhook endpoint {endpoint}")
    return tx.keys.unseal(PURPOSE, sealed, endpoint.encode()).decode()


def remove(tx: Tx, endpoint: Id) -> Endpoint:
    """Stop telling an endpoint; what waits for it is given up."""
    found = get(tx, endpoint)
    tx.execute(sa.update(_E).where(_E.c.id == endpoint).values(active=False))
    tx.execute(
        sa.update(_D)
        .where(_D.c.endpoint_id == endpoint)
        .where(_D.c.state == DeliveryState.WAITING.value)
        .values(state=DeliveryState.GIVEN_UP.value, error="endpoint removed", done_at=tx.now)
    )
    return found


def queue(tx: Tx, endpoint: Endpoint, event: Event, body: Mapping[str, Any]) -> Delivery | None:
    """Ask that an endpoint be told; None when it was asked before."""
    tx.lock_changes()
    known = (
        sa.select(_D.c.id).where(_D.c.endpoint_id == endpoint.id).where(_D.c.event_id == event.id)
    )
    if tx.execute(known).first() is not None:
        return None
    row = {
        "id": new_id(),
        "endpoint_id": endpoint.id,
        "event_id": event.id,
        "type": event.type.value,
        "body": dict(body),
        "state": DeliveryState.WAITING.value,
        "attempts": 0,
        "next_at": tx.now,
        "status": None,
        "error": "",
        "created_at": tx.now,
        "done_at": None,
    }
    tx.execute(sa.insert(_D), row)
    return find(tx, Id(row["id"]))


def find(tx: Tx, delivery: Id) -> Delivery | None:
    """One delivery; None when there is none of this id."""
    row = tx.execute(sa.select(_D).where(_D.c.id == delivery)).one_or_none()
    return None if row is None else _delivery(row)


def page(tx: Tx, *, state: DeliveryState | None = None, limit: int = 100) -> list[Delivery]:
    """Deliveries, the newest first."""
    query = sa.select(_D).order_by(_D.c.created_at.desc(), _D.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(_D.c.state == state.value)
    return [_delivery(row) for row in tx.execute(query)]


def attempted(
    tx: Tx,
    delivery: Delivery,
    *,
    state: DeliveryState,
    status: int | None,
    error: str = "",
    next_at: datetime | None = None,
) -> None:
    """Write down one attempt.

    Args:
        tx: the transaction.
        delivery: as it was before.
        state: where it stands now.
        status: of the answer; None when there was none.
        error: in words, without addresses.
        next_at: of the next attempt, when there is one.
    """
    done = None if state is DeliveryState.WAITING else tx.now
    tx.execute(
        sa.update(_D)
        .where(_D.c.id == delivery.id)
        .values(
            state=state.value,
            attempts=_D.c.attempts + 1,
            status=status,
            error=error[:200],
            next_at=next_at or tx.now,
            done_at=done,
        )
    )


def forget_before(tx: Tx, moment: datetime) -> int:
    """Delete deliveries that ended before a moment; answers how many."""
    gone = tx.execute(sa.delete(_D).where(_D.c.done_at < moment))
    return gone.rowcount


def _endpoint(row: sa.Row[Any]) -> Endpoint:
    return Endpoint(
        id=Id(row.id),
        service=row.service,
        url=row.url,
        events=frozenset(EventType(name) for name in row.events),
        active=bool(row.active),
        created_at=row.created_at,
    )


def _delivery(row: sa.Row[Any]) -> Delivery:
    return Delivery(
        id=Id(row.id),
        endpoint=Id(row.endpoint_id),
        event=Id(row.event_id),
        type=EventType(row.type),
        body=row.body,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        next_at=row.next_at,
        status=row.status,
        error=row.error,
        created_at=row.created_at,
    )
