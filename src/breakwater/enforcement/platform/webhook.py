"""The adapter for services that are told by signed webhook: `act.wanted`, answered or acknowledged.

In comes an act to ask; out go one signed POST to every endpoint that wants `act.wanted` of this
service, with the act's id as message id. Signed by Standard Webhooks 1.0. A receiver answers at
once with `{"act", "epoch", "outcome"}`, or with 2xx and no body, and acknowledges later over the
API. Where several listen, it is done when all have done it. Contract: `testing.platforms`.
"""

from __future__ import annotations

import json
from typing import Final

from breakwater.errors import (
    FetchFailed,
    FetchRefused,
    MissingKey,
    NotFound,
    Tampered,
    TooLarge,
    Unavailable,
)
from breakwater.model.act import Acknowledged, AckOutcome, Ask
from breakwater.model.clock import Clock, iso
from breakwater.model.event import EventType
from breakwater.model.webhook import Endpoint
from breakwater.network.fetch import Fetcher
from breakwater.network.signing import signed
from breakwater.records import webhooks
from breakwater.records.database import Database

WORST: Final = (AckOutcome.FAILED, AckOutcome.IMPOSSIBLE, AckOutcome.LATER, AckOutcome.DONE)
LONGEST: Final = 300


class SignedWebhook:
    """Asks services by signed webhook."""

    def __init__(self, *, db: Database, clock: Clock, fetcher: Fetcher) -> None:
        self._db = db
        self._clock = clock
        self._fetcher = fetcher

    def listens(self, service: str) -> bool:
        """Whether an endpoint wants acts of this service, or did before it was removed."""
        with self._db.read() as tx:
            every = webhooks.every(tx, active=False)
        return any(_wants(one, service) for one in every)

    def act(self, ask: Ask) -> Acknowledged:
        """Ask every endpoint; the worst answer is the service's.

        Raises:
            Unavailable: nobody listens now, or one of them did not answer.
        """
        with self._db.read() as tx:
            every = [one for one in webhooks.every(tx) if _wants(one, ask.subject.service)]
        if not every:
            raise Unavailable("No endpoint of this service takes act.wanted now.")
        answers: list[Acknowledged] = []
        silent = ""
        for endpoint in every:
            try:
                answers.append(self._ask(endpoint, ask))
            except Unavailable as error:
                silent = error.detail
        if silent:
            raise Unavailable(silent)
        return min(answers, key=lambda one: WORST.index(one.outcome))

    def _ask(self, endpoint: Endpoint, ask: Ask) -> Acknowledged:
        message = {
            "type": EventType.ACT_WANTED.value,
            "timestamp": iso(self._clock.now()),
            "data": ask.plain(),
        }
        body = json.dumps(message, separators=(",", ":"))
        try:
            with self._db.read() as tx:
                secret = webhooks.secret(tx, endpoint.id)
            headers = signed(secret, ask.act.id, self._clock, body)
            status, answer = self._fetcher.post(endpoint.url, body.encode(), headers)
        except (FetchFailed, FetchRefused, TooLarge, MissingKey, Tampered, NotFound) as error:
            raise Unavailable(f"The service did not answer ({error.code}).") from None
        if not 200 <= status < 300:
            raise Unavailable(f"The service answered {status}.")
        return read(answer, ask)


def read(answer: bytes, ask: Ask) -> Acknowledged:
    """What a service's answer says of an act; no body, or one about nothing, says `later`."""
    try:
        said = json.loads(answer) if answer.strip() else {}
    except (ValueError, RecursionError):
        said = {}
    if not isinstance(said, dict) or "outcome" not in said:
        return Acknowledged(AckOutcome.LATER)
    if said.get("act") != ask.act.id or said.get("epoch") != ask.act.epoch:
        return Acknowledged(AckOutcome.FAILED, "The service acknowledged another act.")
    try:
        outcome = AckOutcome(said["outcome"])
    except (ValueError, TypeError):
        return Acknowledged(AckOutcome.FAILED, "The service answered an unknown outcome.")
    return Acknowledged(outcome, _storable(said.get("detail", "")))


def _storable(detail: object) -> str:
    """A service's own words, as far as they can be kept."""
    if not isinstance(detail, str):
        return ""
    kept = detail[:LONGEST].replace("\x00", " ")
    return kept.encode("utf-8", "replace").decode()


def _wants(endpoint: Endpoint, service: str) -> bool:
    return EventType.ACT_WANTED in endpoint.events and endpoint.service in {"", service}
