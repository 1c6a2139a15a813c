"""Broadcasts in words: how far one is stopped, why it is on the wall, who broadcasts.

Nouns in, words and marks out; no content is ever described. Used by the live wall, the case page
of a stream and the settings of media servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from breakwater.model.copies import Zone
from breakwater.model.stream import Broadcaster, Control, Evidence, OrderState, Stream
from breakwater.web.pages.models import Mark
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, figure, later, say

C, S = Control, OrderState

STANDS: Final[Mapping[tuple[Control, OrderState], Mark]] = Spoken({
    (C.CUT, S.CONFIRMED): Mark("ok", later("Cut confirmed")),
    (C.CUT, S.UNCONFIRMED): Mark("bad", later("Not confirmed cut, retrying")),
    (C.CUT, S.WANTED): Mark("wait", later("Being cut")),
    (C.FROZEN, S.CONFIRMED): Mark("held", later("Frozen")),
    (C.FROZEN, S.UNCONFIRMED): Mark("bad", later("Not confirmed frozen, retrying")),
    (C.FROZEN, S.WANTED): Mark("wait", later("Being frozen")),
    (C.HIDDEN, S.CONFIRMED): Mark("held", later("Held from discovery")),
    (C.HIDDEN, S.UNCONFIRMED): Mark("bad", later("Not confirmed held: no service took it")),
    (C.HIDDEN, S.WANTED): Mark("wait", later("Being held from discovery")),
    (C.WATCHED, S.CONFIRMED): Mark("none", later("Watched more closely")),
    (C.OPEN, S.CONFIRMED): Mark("none", later("Open")),
    (C.OPEN, S.UNCONFIRMED): Mark("bad", later("Not confirmed open, retrying")),
    (C.OPEN, S.WANTED): Mark("wait", later("Being let go")),
})  # fmt: skip
"""How far it is stopped, by the order in force and where that stands."""

ORDERED: Final[Mapping[Control, str]] = Spoken({
    C.OPEN: later("Let go"),
    C.WATCHED: later("Watch more closely"),
    C.HIDDEN: later("Hold from discovery"),
    C.FROZEN: later("Freeze"),
    C.CUT: later("Cut"),
})  # fmt: skip

BROADCASTER: Final[Mapping[Broadcaster, str]] = Spoken({
    Broadcaster.SUSPECT: later("An adult, suspected"),
    Broadcaster.APPARENT_CHILD: later("Apparently a child"),
    Broadcaster.UNKNOWN: later("Not known"),
})  # fmt: skip

FOLLOWS: Final[Mapping[Broadcaster, str]] = Spoken({
    Broadcaster.SUSPECT: later("May not broadcast again: account, key and device are refused."),
    Broadcaster.APPARENT_CHILD: later(
        "Gets a text with help and no ban, and is a victim in every report."
    ),
    Broadcaster.UNKNOWN: later(
        "May not broadcast again until somebody says who it is; nothing is done to the account."
    ),
})  # fmt: skip

RISKS: Final[Mapping[str, str]] = Spoken({
    "frames": later("Frames are near to something known."),
    "reports": later("Viewers reported it."),
    "comments": later("Comments raise its risk."),
    "classifier": later("A score raises its risk."),
    "history": later("What is known of this account raises its risk."),
    "spot_check": later("A person saw something in a spot check."),
})  # fmt: skip

SOURCES: Final[Mapping[str, str]] = Spoken({
    "frames": later("frames"),
    "reports": later("reports"),
    "comments": later("comments"),
    "classifier": later("a score"),
    "history": later("the account's history"),
})  # fmt: skip
"""What changed a risk, in the words of a table."""

WORTH_SAYING: Final = 0.2
"""Less risk than this is no reason by itself: every new account has some."""

ALERT: Final[Mapping[str, str]] = Spoken({
    "match": later("A frame is near to an entry of bank %(bank)s."),
    "copy": later("A known video of bank %(bank)s appears: %(frames)s frames over %(span)s s."),
    "stopped": later("A broadcast that was stopped is shown again: %(frames)s frames over %(span)s s."),
    "look": later("A known video of bank %(bank)s may appear: %(frames)s frames over %(span)s s."),
    "apart": later("A closer look found no known video of bank %(bank)s."),
})  # fmt: skip


def control(stream: Stream) -> Mark:
    """How far it is stopped, in shape and words."""
    return stands(stream.control, stream.order_state or S.CONFIRMED)


def stands(to: Control, state: OrderState) -> Mark:
    """Where an order stands, in shape and words."""
    if state is S.OVERTAKEN:
        return Mark("none", say("Another order came after it"))
    key = to, S.WANTED if state is S.SENT else state
    return STANDS[key] if key in STANDS else STANDS[to, S.CONFIRMED]


def why(stream: Stream, newest: Evidence | None, told: str = "") -> str:
    """Why it is on the wall, in one sentence.

    Args:
        stream: as it stands.
        newest: its newest alert.
        told: why its case was opened.
    """
    if newest is not None and newest.alert.kind in ALERT:
        return alert(newest)
    if newest is not None:
        return retold(newest.alert.why)
    if told:
        return retold(told)
    heaviest = max(stream.risks, key=lambda name: stream.risks[name], default="")
    said = RISKS.get(heaviest) if stream.risks.get(heaviest, 0.0) >= WORTH_SAYING else None
    return said or say("Nothing was noticed.")


def alert(seen: Evidence) -> str:
    """What was seen, in one sentence."""
    one = seen.alert
    if one.kind not in ALERT:
        return retold(one.why)
    values = {"bank": one.bank, "frames": one.frames, "span": figure(one.span_s, "0.0")}
    zones = {segment.zone for segment in seen.segments} or {Zone.LINK}
    if Zone.LINK not in zones:
        return ALERT["look" if Zone.LOOK in zones else "apart"] % values
    return ALERT[one.kind] % values


def seen_share(stream: Stream) -> str:
    """How much of its length so far was looked at."""
    return say("%(share)s of 100", share=round(stream.seen_share * 100))
