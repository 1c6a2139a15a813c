"""Sends rings to a pager service: signed, without names, text or media, tried until answered.

In: rings that wait (`records.duty_calls`). Out: one POST each, signed by Standard Webhooks
1.0, its message id constant over retries. It says what kind of call, which ring, for which
person's id, and where to answer; a bridge of the operator's turns ids into telephones
(docs/howto/on-call.md has one). Retried within the minute its ring is good for, then the next
ring takes over. Who chose the address may have chosen one in their own network, if they said
so (`webhook_private_networks`). Tests: `tests/integration/test_duty_pager.py`.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from breakwater.errors import FetchFailed, FetchRefused, TooLarge
from breakwater.model.clock import Clock, iso
from breakwater.model.duty import Call, Delivery, Ring
from breakwater.observe import Metrics, logger
from breakwater.records import duty_calls
from breakwater.records.database import Database
from breakwater.review.duty.ports import Post, Sign

AT_ONCE: Final = 4
LEASE_S: Final = 15.0
"""Longer than one attempt may take, so that nobody else sends it meanwhile."""

WAITS: Final = tuple(timedelta(seconds=s) for s in (1, 2, 4, 8, 16, 16))
"""Between attempts: all of them within the minute of a ring."""

EVERY_S: Final = 0.25

_log = logger("pager")


@dataclass(frozen=True, slots=True)
class PagerService:
    """Where rings are sent.

    Attributes:
        secret: `whsec_…`, signs each message.
        answer_url: the page where people acknowledge; empty when it is not known.
    """

    url: str
    secret: str
    answer_url: str = ""


class Pager:
    """Tells the pager service of rings."""

    def __init__(
        self, *, db: Database, clock: Clock, metrics: Metrics, post: Post, sign: Sign,
        service: PagerService,
    ) -> None:  # fmt: skip
        self._db = db
        self._clock = clock
        self._metrics = metrics
        self._post = post
        self._sign = sign
        self._service = service
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pager")

    def deliver_due(self) -> int:
        """Send what is due, a few at a time; answers how many were tried."""
        tried = 0
        while True:
            with self._db.read() as tx:
                due = duty_calls.next_delivery(tx)
                if due is None or due > tx.now:
                    return tried
            with self._db.transaction() as tx:
                claimed = duty_calls.claim(tx, limit=AT_ONCE, lease_s=LEASE_S)
            tried += sum(1 for _ in self._threads.map(self._deliver, claimed))

    def turn(self) -> None:
        """Send what is due, as the worker asks for it."""
        self.deliver_due()

    def close(self) -> None:
        """Send no more; what waits is sent after the next start, if it still matters."""
        self._threads.shutdown(wait=True)

    def _deliver(self, delivery: Delivery) -> None:
        with self._db.read() as tx:
            ring = duty_calls.ring_of(tx, delivery.ring)
            call = duty_calls.get(tx, ring.call)
        body = json.dumps(message(ring, call, self._service.answer_url), separators=(",", ":"))
        headers = self._sign(self._service.secret, ring.id, self._clock, body)
        status: int | None = None
        error = ""
        try:
            status, _ = self._post.post(self._service.url, body.encode(), headers)
        except (FetchFailed, FetchRefused, TooLarge) as refusal:
            error = refusal.code
        self._note(delivery, ring.answer_by, status, error)

    def _note(
        self, delivery: Delivery, answer_by: datetime, status: int | None, error: str
    ) -> None:
        taken = status is not None and 200 <= status < 300
        with self._db.transaction() as tx:
            if taken and status is not None:
                duty_calls.delivered(tx, delivery.ring, status=status)
                outcome = "delivered"
            else:
                again = tx.now + WAITS[min(delivery.attempts, len(WAITS)) - 1]
                left = again < answer_by
                duty_calls.failed(
                    tx, delivery.ring, status=status, error=error or f"status {status}",
                    retry_at=again if left else None,
                )  # fmt: skip
                outcome = "failed" if left else "given_up"
        self._metrics.pages.labels(outcome).inc()
        if outcome == "given_up":
            self._metrics.alarms.labels("pager").inc()
            _log.error("pager_unreachable", ring=delivery.ring, status=status, code=error)


def message(ring: Ring, call: Call, answer_url: str) -> dict[str, Any]:
    """What a pager service is told: a kind, ids and times; never names, text or media."""
    return {
        "type": "duty.ring",
        "timestamp": iso(ring.at),
        "data": {
            "call": call.id,
            "kind": call.kind.value,
            "ring": ring.number,
            "person": ring.person,
            "answer_by": iso(ring.answer_by),
            "url": answer_url,
        },
    }
