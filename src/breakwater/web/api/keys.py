"""`/v1/keys` and `/v1/webhooks`: made and revoked by administrators, secrets shown once."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from breakwater.model.access import Permission
from breakwater.model.webhook import Endpoint
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import KeyIn, WebhookIn
from breakwater.web.api.shapes import (
    ID,
    KeyOut,
    KeysOut,
    NewKeyOut,
    NewWebhookOut,
    WebhookOut,
    WebhooksOut,
)
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["keys and webhooks"])

IdText = Annotated[str, Path(max_length=64, examples=[ID])]
FAULTS = problems(401, 403, 404, 409, 422, 429, 503)


@router.get("/v1/keys", summary="All API keys", responses=FAULTS)
@needs(P.SYSTEM_WRITE)
def keys(app: Parts) -> KeysOut:
    """Revoked and expired ones too; never a secret."""
    return KeysOut(keys=[KeyOut.of(key) for key in app.access.keys.every()])


@router.post("/v1/keys", status_code=201, summary="Make an API key", responses=FAULTS)
@needs(P.SYSTEM_WRITE)
def create(body: KeyIn, app: Parts, who: Who) -> NewKeyOut:
    """Its token is in this answer and nowhere else."""
    key, token = app.access.keys.create(who, **dict(body))
    return NewKeyOut(key=KeyOut.of(key), token=token)


@router.delete("/v1/keys/{id}", summary="Revoke an API key", responses=FAULTS)
@needs(P.SYSTEM_WRITE)
def revoke(id: IdText, app: Parts, who: Who) -> KeyOut:  # noqa: A002 - the path's own word
    """It stops working within 5 s, everywhere."""
    return KeyOut.of(app.access.keys.revoke(known_id(id), who))


@router.get("/v1/webhooks", summary="Webhook endpoints", responses=FAULTS)
@needs(P.SYSTEM_WRITE)
def webhooks(app: Parts) -> WebhooksOut:
    """Never their secrets."""
    return WebhooksOut(webhooks=[_shown(endpoint) for endpoint in app.webhooks.every()])


@router.post("/v1/webhooks", status_code=201, summary="Add a webhook endpoint", responses=FAULTS)
@needs(P.SYSTEM_WRITE)
def subscribe(body: WebhookIn, app: Parts, who: Who) -> NewWebhookOut:
    """Signed by Standard Webhooks 1.0; the secret is in this answer and nowhere else."""
    endpoint, secret = app.webhooks.create(body.url, body.service, tuple(body.events), who)
    return NewWebhookOut(webhook=_shown(endpoint), secret=secret)


@router.delete("/v1/webhooks/{id}", summary="Remove a webhook endpoint", responses=FAULTS)
@needs(P.SYSTEM_WRITE)
def unsubscribe(id: IdText, app: Parts, who: Who) -> WebhookOut:  # noqa: A002 - the path's own word
    """What waits for it is dropped."""
    return _shown(app.webhooks.remove(known_id(id), who))


def _shown(endpoint: Endpoint) -> WebhookOut:
    return WebhookOut(
        id=endpoint.id,
        url=endpoint.url,
        service=endpoint.service,
        events=sorted(event.value for event in endpoint.events),
        active=endpoint.active,
    )
