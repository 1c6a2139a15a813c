"""Webhook endpoints and deliveries as rows: the secret sealed, one delivery per event.

A delivery is claimed by moving its time forward: who sends and dies has not lost it, and two
who send take different ones. Fed by `intake`'s webhooks, sent by the worker. Contract:
`tests/contract/test_records_webhooks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.webhook import Delivery, DeliveryState, Endpoint
from breakwater.records.database import Tx
from breakwater.records.identities import seal, unseal
from breakwater.records.tables.nouns_people import webhook_deliveries, webhook_endpoints

_w, _d = webhook_endpoints.c, webhook_deliveries.c
_WAITS: Final = _d.state == sa.literal_column("'waiting'")


def create(
    tx: Tx, *, url: str, service: str = "", events: Iterable[EventType], secret: str
) -> Endpoint:
    """Keep an endpoint.

    Args:
        tx: the transaction.
        url: where to.
        service: whose events; empty means every service's.
        events: which.
        secret: with which its messages are signed; sealed.
    """
    made = Endpoint(new_id(), service, url, frozenset(events), active=True, created_at=tx.now)
    tx.execute(
        sa.insert(webhook_endpoints),
        {
            "id": made.id,
            "service": service,
            "url": url,
            "secret_sealed": seal(tx, made.id, {"secret": secret}),
            "events": sorted(made.events),
            "active": True,
            "created_at": tx.now,
        },
    )
    return made


def every(tx: Tx, *, active: bool = True) -> list[Endpoint]:
    """Endpoints, the first first; those that were removed only on demand."""
    wanted = sa.select(webhook_endpoints).order_by(_w.created_at, _w.id)
    if active:
        wanted = wanted.where(_w.active)
    return [_endpoint(row) for row in tx.execute(wanted)]


def get(tx: Tx, endpoint: Id) -> Endpoint:
    """One endpoint by id, removed or not.

    Raises:
        NotFound: no such endpoint.
    """
    return _endpoint(_row(tx, endpoint))


def secret(tx: Tx, endpoint: Id) -> str:
    """What its messages are signed with; for who signs, nobody else. Raises `NotFound`."""
    return str(unseal(tx, endpoint, _row(tx, endpoint).secret_sealed)["secret"])


def remove(tx: Tx, endpoint: Id) -> Endpoint:
    """Stop telling an endpoint; what waits for it is given up. Raises `NotFound`."""
    _row(tx, endpoint)
    tx.execute(sa.update(webhook_endpoints).where(_w.id == endpoint).values(active=False))
    tx.execute(
        sa.update(webhook_deliveries)
        .where(_d.endpoint_id == endpoint, _WAITS)
        .values(
            state=DeliveryState.GIVEN_UP.value,
            error="The endpoint was removed.",
            done_at=tx.now,
        )
    )
    return get(tx, endpoint)


def enqueue(tx: Tx, event: Event, body: dict[str, Any], *, service: str) -> list[Delivery]:
    """Queue an event for every endpoint that wants it; a second time changes nothing.

    Args:
        tx: the transaction.
        event: what happened; its id is the message id of every attempt.
        body: what is sent.
        service: whose event it is.
    """
    tx.lock_changes()
    made: list[Delivery] = []
    told = sa.select(_d.endpoint_id).where(_d.event_id == event.id)
    before = {Id(found) for found in tx.execute(told).scalars()}
    for endpoint in every(tx):
        wanted = event.type in endpoint.events and endpoint.service in {"", service}
        if not wanted or endpoint.id in before:
            continue
        made_id = new_id()
        row = {
            "id": made_id,
            "endpoint_id": endpoint.id,
            "event_id": event.id,
            "type": event.type.value,
            "body": body,
            "state": DeliveryState.WAITING.value,
            "attempts": 0,
            "next_at": tx.now,
            "status": None,
            "error": "",
            "created_at": tx.now,
            "done_at": None,
        }
        tx.execute(sa.insert(webhook_deliveries), row)
        made.append(delivery(tx, made_id))
    return made


def taken(tx: Tx, kind: EventType, *, order: Id, service: str, since: datetime) -> DeliveryState:
    """How far word of an order came: the best of its deliveries.

    `given_up` also where nobody wants to hear of it.

    Args:
        tx: a snapshot.
        kind: what was told of the order.
        order: its id, which stands in the body of each delivery.
        service: whose it is.
        since: when it was given.
    """
    body = sa.type_coerce(_d.body, sa.Text).contains(f'"order":"{order}"', autoescape=True)
    mine = sa.select(_d.state).where(_d.type == kind.value, _d.created_at >= since, body)
    found = set(tx.execute(mine).scalars())
    for state in (DeliveryState.DELIVERED, DeliveryState.WAITING, DeliveryState.GIVEN_UP):
        if state.value in found:
            return state
    wanted = any(
        kind in one.events and one.service in {"", service}
        for one in every(tx) if one.created_at is not None and one.created_at <= since
    )  # fmt: skip
    return DeliveryState.WAITING if wanted else DeliveryState.GIVEN_UP


def claim(tx: Tx, *, limit: int = 20, lease_s: float = 60.0) -> list[Delivery]:
    """Take deliveries that are due; they come again after `lease_s` unless one says otherwise."""
    chosen = sa.select(_d.id).where(_WAITS, _d.next_at <= tx.now)
    chosen = chosen.order_by(_d.next_at).limit(limit).with_for_update(skip_locked=True)
    ids = list(tx.execute(chosen).scalars())
    if not ids:
        return []
    tx.execute(
        sa.update(webhook_deliveries)
        .where(_d.id.in_(ids))
        .values(attempts=_d.attempts + 1, next_at=tx.now + timedelta(seconds=lease_s))
    )
    rows = tx.execute(sa.select(webhook_deliveries).where(_d.id.in_(ids)).order_by(_d.created_at))
    return [_delivery(row) for row in rows]


def delivered(tx: Tx, delivery_id: Id, *, status: int) -> None:
    """The endpoint took it."""
    _end(tx, delivery_id, DeliveryState.DELIVERED, status=status, error="")


def failed(
    tx: Tx, delivery_id: Id, *, status: int | None, error: str, retry_at: datetime | None
) -> None:
    """The endpoint did not take it.

    Args:
        tx: the transaction.
        delivery_id: of the delivery.
        status: of its answer; None when there was none.
        error: in words, never the answer's content.
        retry_at: when to try again; None gives up.
    """
    if retry_at is None:
        _end(tx, delivery_id, DeliveryState.GIVEN_UP, status=status, error=error)
        return
    tx.execute(
        sa.update(webhook_deliveries)
        .where(_d.id == delivery_id, _WAITS)
        .values(status=status, error=error, next_at=retry_at)
    )


def delivery(tx: Tx, delivery_id: Id) -> Delivery:
    """One delivery by id.

    Raises:
        NotFound: no such delivery.
    """
    row = tx.execute(sa.select(webhook_deliveries).where(_d.id == delivery_id)).one_or_none()
    if row is None:
        raise NotFound(f"delivery {delivery_id}")
    return _delivery(row)


def troubles(tx: Tx) -> dict[Id, tuple[int, int, str]]:
    """For each endpoint with trouble: deliveries tried and waiting, given up, the last error."""
    tried = (_d.attempts > 0) & _WAITS
    lost = _d.state == DeliveryState.GIVEN_UP.value
    counts = sa.select(
        _d.endpoint_id,
        sa.func.sum(sa.case((tried, 1), else_=0)).label("waiting"),
        sa.func.sum(sa.case((lost, 1), else_=0)).label("lost"),
        sa.func.max(_d.error).label("error"),
    )
    rows = tx.execute(counts.where(tried | lost).group_by(_d.endpoint_id))
    return {Id(row.endpoint_id): (int(row.waiting), int(row.lost), str(row.error)) for row in rows}


def next_due(tx: Tx) -> datetime | None:
    """When the next delivery is due; None when none waits."""
    moment: datetime | None = tx.execute(sa.select(sa.func.min(_d.next_at)).where(_WAITS)).scalar()
    return moment


def forget_before(tx: Tx, moment: datetime) -> int:
    """Drop deliveries that ended before a moment; answers how many."""
    ended = sa.delete(webhook_deliveries).where(_d.done_at < moment)
    return tx.execute(ended).rowcount


def _end(tx: Tx, delivery_id: Id, state: DeliveryState, *, status: int | None, error: str) -> None:
    tx.execute(
        sa.update(webhook_deliveries)
        .where(_d.id == delivery_id, _WAITS)
        .values(state=state.value, status=status, error=error, done_at=tx.now)
    )


def _row(tx: Tx, endpoint: Id) -> sa.Row[Any]:
    row = tx.execute(sa.select(webhook_endpoints).where(_w.id == endpoint)).one_or_none()
    if row is None:
        raise NotFound(f"webhook endpoint {endpoint}")
    return row


def _endpoint(row: sa.Row[Any]) -> Endpoint:
    return Endpoint(
        id=Id(row.id),
        service=row.service,
        url=row.url,
        events=frozenset(EventType(name) for name in row.events),
        active=row.active,
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
