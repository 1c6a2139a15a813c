"""Headers of a Standard Webhooks 1.0 message: who receives it can tell that we sent it.

Used by whoever calls a service: `intake` with verdicts and snapshots, `enforcement` with acts.
"""

from __future__ import annotations

from standardwebhooks.webhooks import Webhook

from breakwater.model.clock import Clock


def signed(secret: str, message: str, clock: Clock, body: str) -> dict[str, str]:
    """Headers of one attempt.

    Args:
        secret: shared with the receiver, `whsec_…`.
        message: its id, constant over retries.
        clock: for the time of this attempt.
        body: exactly as it is sent.
    """
    now = clock.now()
    return {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message, now, body),
    }
