"""A person's time with pictures, in words: the meter of every page, the break, and Wellbeing.

Own figures for whoever they are about; for those who look after the team only what is true of
several people together, and nothing of fewer than five (reference: issue "The people"). Read by
`reader.Reader` and `pages.wellbeing`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from breakwater.review.policy import Exposure
from breakwater.web.pages import models, words
from breakwater.web.pages.speech import say

NEAR: Final = timedelta(minutes=15)
"""So long before a limit the meter stands out (console specification §5)."""


def meter(stands: Exposure, now: datetime) -> models.Exposure:
    """The meter in the head of every page."""
    used, cap = words.span(stands.used), words.span(stands.cap)
    text = say("%(used)s of %(cap)s", used=used, cap=cap)
    seconds = int(stands.used.total_seconds()), int(stands.cap.total_seconds())
    if stands.closed is not None:
        return models.Exposure(*seconds, f"{text} · {_closed(stands, now)}", near=True)
    near = stands.left <= NEAR
    if stands.break_at is not None and stands.cut_off_at is not None:
        ends = min(stands.break_at, stands.cut_off_at)
        near = near or ends - now <= NEAR
        left = words.span(ends - now)
        due = ends == stands.break_at
        said = say("break in %(span)s", span=left) if due else say("closes in %(span)s", span=left)
        text = f"{text} · {said}"
    return models.Exposure(*seconds, text, near=near)


def _closed(stands: Exposure, now: datetime) -> str:
    if stands.closed is None or stands.until is None or stands.closed.over_cap:
        return say("no more pictures in this shift")
    return say("break, back in %(span)s", span=words.span(stands.until - now))
