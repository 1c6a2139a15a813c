"""On call, wired: who is called, who watches over it, and how a pager service is told."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from breakwater.app.ground import Ground
from breakwater.errors import BadSettings, FetchRefused
from breakwater.intake.webhooks import rules
from breakwater.network.fetch import Fetcher
from breakwater.network.signing import signed
from breakwater.review.duty.calling import Caller, never_resting
from breakwater.review.duty.duty import Duty
from breakwater.review.duty.freeze import FreezeIntent
from breakwater.review.duty.pager import Pager, PagerService
from breakwater.review.duty.ports import Resting, StreamFreezer
from breakwater.review.duty.watch import Watch
from breakwater.settings import Settings


@dataclass(frozen=True, slots=True)
class OnCall:
    """What is done about being on call, by people and by itself.

    Attributes:
        caller: opens calls in the transaction of whoever needs somebody.
        pager: None without a pager service: then people are called on screen only.
    """

    duty: Duty
    watch: Watch
    caller: Caller
    pager: Pager | None


def wire_on_call(
    settings: Settings, on: Ground, undo: ExitStack, *,
    resting: Resting = never_resting, freezer: StreamFreezer | None = None,
) -> OnCall:  # fmt: skip
    """Put duty on the ground.

    Raises:
        BadSettings: a pager service without a secret to sign with, or one that is never called.
    """
    freezer = freezer or FreezeIntent()
    pager = _pager(settings, on)
    if pager is not None:
        undo.callback(pager.close)
    caller = Caller(freezer=freezer, metrics=on.metrics, resting=resting, send=pager is not None)
    return OnCall(
        duty=Duty(db=on.db, caller=caller, freezer=freezer, metrics=on.metrics),
        watch=Watch(db=on.db, clock=on.clock, metrics=on.metrics, caller=caller),
        caller=caller,
        pager=pager,
    )


def _pager(settings: Settings, on: Ground) -> Pager | None:
    if not settings.pager_url:
        return None
    secret = settings.pager_secret.get_secret_value()
    if not secret.startswith("whsec_"):
        raise BadSettings("BREAKWATER_PAGER_URL needs BREAKWATER_PAGER_SECRET (whsec_…) beside it.")
    post = Fetcher(rules(settings.webhook_private_networks), on.clock)
    try:
        post.check(settings.pager_url)
    except FetchRefused as refusal:
        raise BadSettings(f"BREAKWATER_PAGER_URL: {refusal.detail}") from None
    answer = f"{settings.public_url.rstrip('/')}/duty" if settings.public_url else ""
    return Pager(
        db=on.db, clock=on.clock, metrics=on.metrics, post=post, sign=signed,
        service=PagerService(settings.pager_url, secret, answer),
    )  # fmt: skip
