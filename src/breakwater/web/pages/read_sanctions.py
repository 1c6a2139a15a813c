"""Builds the page of sanctioned accounts: who, why, until when, and what they were found in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from breakwater.enforcement.registrations.releasing import Looked
from breakwater.model.access import Permission, Principal
from breakwater.model.sanction import Answer, Clue, EndKind, Hit, IdentifierKind
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_sanctions import HitRow, SanctionRow, SanctionsView
from breakwater.web.pages.speech import Spoken, figure, later, say

ROWS: Final = 50
ANSWERS: Final[Mapping[Answer, Mark]] = Spoken({
    Answer.ALLOW: Mark("none", later("Allowed")),
    Answer.WATCH: Mark("held", later("Watched")),
    Answer.REFUSE: Mark("bad", later("Refused")),
})  # fmt: skip
CLUES: Final[Mapping[Clue, str]] = Spoken({
    Clue.EMAIL: later("same mailbox"),
    Clue.EMAIL_ALIKE: later("same address without its tag"),
    Clue.PHONE: later("same telephone number"),
    Clue.PHONE_OLD: later("same telephone number, told long ago"),
    Clue.DEVICE: later("same device"),
    Clue.DEVICE_SHARED: later("a device that several people use"),
    Clue.PAYMENT: later("same means of payment"),
    Clue.PAYMENT_BIN: later("same bank"),
    Clue.ADDRESS: later("same network"),
})  # fmt: skip
KINDS: Final[Mapping[IdentifierKind, str]] = Spoken({
    IdentifierKind.EMAIL: later("mailbox"),
    IdentifierKind.EMAIL_ALIKE: later("address without its tag"),
    IdentifierKind.PHONE: later("telephone number"),
    IdentifierKind.DEVICE: later("device"),
    IdentifierKind.DEVICE_SHARED: later("shared device"),
    IdentifierKind.PAYMENT: later("means of payment"),
    IdentifierKind.PAYMENT_BIN: later("issuing bank"),
    IdentifierKind.ADDRESS: later("network"),
})  # fmt: skip
ENDS: Final[Mapping[EndKind, str]] = Spoken({
    EndKind.OVERTURNED: later("The decision fell"),
    EndKind.NO_SUSPECT: later("The holder is no suspect"),
    EndKind.RELEASED: later("A person let go of it"),
    EndKind.EXPIRED: later("Its time was over"),
})  # fmt: skip


def view(
    who: Principal, found: Sequence[Looked], counted: Mapping[str, int], now: datetime, *,
    ended: bool, two: bool, before: int,
) -> SanctionsView:  # fmt: skip
    """The page; one row more than fits says that there are others."""
    here = "/sanctions?ended=1&before=" if ended else "/sanctions?before="
    shown = found[:ROWS]
    return SanctionsView(
        numbers=(
            Number(figure(counted["standing"]), say("in force")),
            Number(figure(counted.get("refuse", 0)), say("refused in 30 days")),
            Number(figure(counted.get("watch", 0)), say("watched in 30 days")),
        ),
        ended=ended, two=two, rows=tuple(_row(who, one, now) for one in shown),
        next_url=f"{here}{shown[-1].sanction.number}" if len(found) > ROWS else "",
        first_url=here.partition("before=")[0].rstrip("?&") if before else "",
    )  # fmt: skip


def _row(who: Principal, looked: Looked, now: datetime) -> SanctionRow:
    one = looked.sanction
    may = who.may(Permission.SANCTION_RELEASE) and who.person is not None
    return SanctionRow(
        id=one.id, number=one.number,
        name=one.account if who.may(Permission.ACCOUNT_READ) else say("Account not shown"),
        service=one.service, state=_state(looked), since=words.ago(one.at, now),
        until=words.due(one.until, now), known_by=_known(looked), case=one.case,
        ended=_ended(looked), hits=tuple(_hit(hit, now, may=may) for hit in looked.hits),
        waits=say("A release waits: %(why)s", why=looked.waits.reason) if looked.waits else "",
        own=looked.waits is not None and looked.waits.by == who.person,
        may_release=may and one.end is None,
    )  # fmt: skip


def _state(looked: Looked) -> Mark:
    if looked.stands:
        return Mark("bad", say("In force"))
    return Mark("none", say("Over"))


def _ended(looked: Looked) -> str:
    end = looked.sanction.end
    if end is None:
        return ""
    return f"{ENDS[end.kind]}: {end.reason}" if end.reason else ENDS[end.kind]


def _known(looked: Looked) -> str:
    kinds = sorted(looked.sanction.kinds.items())
    said = [say("%(kind)s × %(n)s", kind=KINDS[kind], n=figure(count)) for kind, count in kinds]
    return ", ".join(said) if said else say("nothing yet: its service told no account data")


def _hit(one: Hit, now: datetime, *, may: bool) -> HitRow:
    said = one.judgement
    clues = ", ".join(CLUES[clue] for clue in said.clues)
    why = say("%(share)s of 100: %(clues)s", share=figure(round(said.confidence * 100)), clues=clues)  # fmt: skip
    if one.wrong_by:
        return HitRow(one.id, Mark("none", say("Wrong match")), words.ago(one.at, now), why, may_wrong=False)  # fmt: skip
    return HitRow(one.id, ANSWERS[said.answer], words.ago(one.at, now), why, may_wrong=may)
