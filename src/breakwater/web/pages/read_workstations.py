"""Workstations in words: what this machine is, and the list of all.

Read by `pages.workstations`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from breakwater.model.device import Approach, Device, Way
from breakwater.model.ids import Id
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark
from breakwater.web.pages.models_wellbeing import DeviceRow, WorkstationsView
from breakwater.web.pages.speech import Spoken, later, say

WAYS: Final[Mapping[Way, str]] = Spoken({
    Way.CODE: later("by a code"),
    Way.ADMINISTRATOR: later("by an administrator at it"),
})  # fmt: skip


def view(
    came: Approach, known: Device | None, every: Sequence[Device], *,
    names: Mapping[Id, str], may_run: bool, code: tuple[str, str], now: datetime,
) -> WorkstationsView:  # fmt: skip
    """The page for whoever asks, from where they ask."""
    state, told = _this(came, known)
    return WorkstationsView(
        state=state,
        words=told,
        enrolled=known is not None or came.here or came.phone,
        may_run=may_run,
        rows=tuple(_row(device, names, now) for device in every),
        code=code[0],
        code_name=code[1],
    )


def _this(came: Approach, known: Device | None) -> tuple[Mark, str]:
    if came.phone:
        return Mark("none", say("A telephone")), say(
            "It shows words only: acknowledge, freeze and hand over work here."
        )
    if known is not None:
        return Mark("ok", say("A workstation")), say(
            "Pictures are shown on it. It is called %(name)s.", name=known.name
        )
    if came.here:
        return Mark("ok", say("A workstation")), say(
            "It runs breakwater itself, so pictures are shown on it."
        )
    return Mark("held", say("Not enrolled")), say(
        "Words and hashes are complete here. No picture is shown."
    )


def _row(device: Device, names: Mapping[Id, str], now: datetime) -> DeviceRow:
    gone = device.revoked_at is not None
    return DeviceRow(
        id=device.id,
        name=device.name,
        way=WAYS[device.way],
        by=names.get(device.by, say("Unknown")),
        at=words.ago(device.at, now),
        seen=None if device.seen_at is None else words.ago(device.seen_at, now),
        state=Mark("none", say("Removed")) if gone else Mark("ok", say("Enrolled")),
        removed=gone,
    )
