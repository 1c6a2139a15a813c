"""Tells services what was decided: signed, retried over three days, told apart by message id.

Subscribed to verdicts, to what people decide and to what became of children; each event becomes one delivery per endpoint that wants it, sent by the
worker's next turn. Signed by Standard Webhooks 1.0. A receiver chosen by an operator may stand in a private
network only if the operator said so (`webhook_private_networks`); redirects are not followed.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Final

from breakwater.errors import (
    BadInput,
    FetchFailed,
    FetchRefused,
    MissingKey,
    NotFound,
    Tampered,
    TooLarge,
)
from breakwater.model.access import Principal
from breakwater.model.clock import Clock, iso
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id
from breakwater.model.upload import Upload
from breakwater.model.webhook import Delivery, Endpoint
from breakwater.network.addresses import networks
from breakwater.network.fetch import Fetcher, FetchRules
from breakwater.network.signing import signed
from breakwater.observe import Metrics
from breakwater.records import identities, uploads, webhooks
from breakwater.records.database import Database, Tx

AT_ONCE: Final = 4
LEASE_S: Final = 60.0
"""Longer than one attempt may take, so that nobody else sends it meanwhile."""

TOLD: Final = (
    EventType.VERDICT_COMPLETED, EventType.VERDICT_CHANGED, EventType.CASE_DECIDED,
    EventType.APPEAL_DECIDED, EventType.STREAM_ORDERED, EventType.STREAM_STOPPED,
    EventType.CHAT_MEASURED, EventType.ACT_WANTED,
    EventType.REGISTRATION_WATCHED, EventType.REGISTRATION_REFUSED,
    EventType.SERIES_OUTCOME,
)  # fmt: skip
"""What can be asked for."""

GONE: Final = 410
"""The receiver says: never again."""

WAITS: Final = tuple(
    timedelta(seconds=s)
    for s in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 86400)
)  # fmt: skip
"""Between attempts: three days in all, as Standard Webhooks recommends."""


class Webhooks:
    """Endpoints, and what is sent to them."""

    def __init__(self, *, db: Database, clock: Clock, fetcher: Fetcher, metrics: Metrics) -> None:
        self._db = db
        self._clock = clock
        self._fetcher = fetcher
        self._metrics = metrics
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")

    def every(self) -> list[Endpoint]:
        """All endpoints in use."""
        with self._db.read() as tx:
            return webhooks.every(tx)

    def create(
        self, url: str, service: str, events: Sequence[str], by: Principal
    ) -> tuple[Endpoint, str]:
        """Add an endpoint; its secret is answered this once.

        Raises:
            BadInput: an event that nobody is told of, or a URL that is never called.
        """
        wanted = frozenset(_event_type(name) for name in events)
        self._fetcher.check(url)
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        with self._db.transaction() as tx:
            endpoint = webhooks.create(
                tx, url=url, service=by.service or service, events=wanted, secret=secret
            )
            tx.audit(by.id, "webhook.create", endpoint.id)
        return endpoint, secret

    def remove(self, endpoint: Id, by: Principal) -> Endpoint:
        """Tell an endpoint no more."""
        with self._db.transaction() as tx:
            found = webhooks.remove(tx, endpoint)
            tx.audit(by.id, "webhook.remove", endpoint)
        return found

    def on_event(self, event: Event) -> None:
        """Queue the telling of one event to everyone who wants it.

        An event whose body holds `told` (ids and words) and `service` is told as it stands.
        """
        if "told" in event.body:
            with self._db.transaction() as tx:
                webhooks.enqueue(tx, event, message(event), service=str(event.body["service"]))
            return
        self._on_verdict(event)

    def _on_verdict(self, event: Event) -> None:
        if not event.body.get("webhook"):
            return
        try:
            with self._db.read() as tx:
                upload = uploads.get(tx, event.subject)
        except NotFound:
            return
        with self._db.transaction() as tx:
            webhooks.enqueue(tx, event, told(event, upload), service=upload.service)

    def deliver_due(self) -> int:
        """Send what is due, a few at a time; answers how many were tried."""
        tried = 0
        while True:
            with self._db.read() as tx:
                due = webhooks.next_due(tx)
                if due is None or due > tx.now:
                    return tried
            with self._db.transaction() as tx:
                claimed = webhooks.claim(tx, limit=AT_ONCE, lease_s=LEASE_S)
            for _ in self._threads.map(self._deliver, claimed):
                tried += 1

    def _deliver(self, delivery: Delivery) -> None:
        status: int | None = None
        error = ""
        try:
            with self._db.read() as tx:
                endpoint = webhooks.get(tx, delivery.endpoint)
                secret = webhooks.secret(tx, delivery.endpoint)
                plain = _opened(tx, delivery)
            body = json.dumps(plain, separators=(",", ":"))
            headers = signed(secret, str(delivery.event), self._clock, body)
            status, _ = self._fetcher.post(endpoint.url, body.encode(), headers)
        except (FetchFailed, FetchRefused, TooLarge, MissingKey, Tampered) as refusal:
            error = refusal.code
        self._note(delivery, status, error)

    def _note(self, delivery: Delivery, status: int | None, error: str) -> None:
        with self._db.transaction() as tx:
            if status is not None and 200 <= status < 300:
                webhooks.delivered(tx, delivery.id, status=status)
                outcome = "delivered"
            else:
                left = delivery.attempts <= len(WAITS) and status != GONE
                again = tx.now + WAITS[delivery.attempts - 1] if left else None
                webhooks.failed(
                    tx, delivery.id, status=status, error=error or f"status {status}",
                    retry_at=again,
                )  # fmt: skip
                outcome = "failed" if left else "given_up"
        self._metrics.webhooks.labels(outcome).inc()

    def close(self) -> None:
        """Send no more; what waits is sent after the next start."""
        self._threads.shutdown(wait=True)


def _opened(tx: Tx, delivery: Delivery) -> dict[str, Any]:
    """The body with a service's own names, which are sealed until now."""
    data = delivery.body["data"]
    if identities.SEALED not in data:
        return dict(delivery.body)
    return {**delivery.body, "data": identities.opened(tx, Id(data["chat"]), data)}


def message(event: Event) -> dict[str, Any]:
    """The body of a message whose event says what is told."""
    return {
        "type": event.type.value,
        "timestamp": iso(event.at),
        "data": dict(event.body["told"]),
    }


def told(event: Event, upload: Upload) -> dict[str, Any]:
    """The body of a message: ids and words, never content and never account data."""
    verdict = upload.verdict
    return {
        "type": event.type.value,
        "timestamp": iso(event.at),
        "data": {
            "id": upload.id,
            "service": upload.service,
            "reference": upload.origin.reference,
            "action": verdict.action.value if verdict else None,
            "before": event.body.get("before"),
            "rule": verdict.rule if verdict else "",
            "reason": verdict.reason if verdict else "",
            "why": event.body.get("why", ""),
            "revision": upload.revision,
            "case": upload.case,
        },
    }


def rules(private: Sequence[str]) -> FetchRules:
    """Where webhooks may go: public addresses, and private blocks the operator named."""
    return FetchRules(
        max_bytes=65_536, ports=(), private=networks(private), max_redirects=0, total_s=20.0
    )


def _event_type(name: str) -> EventType:
    for kind in TOLD:
        if kind.value == name:
            return kind
    raise BadInput(f"Services are told of: {', '.join(kind.value for kind in TOLD)}.")
