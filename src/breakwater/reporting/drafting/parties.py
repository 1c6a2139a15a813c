"""The people of one report: who is reported, for whom it was meant, who is a child.

In: a case's material and the account that a report is about. Out: the parties of the report. Who
they are is said by `named` and `recipients`; what is told of them by `people`. Read by `draft`;
tests: `tests/contract/test_drafting_recipients.py`, `tests/contract/test_drafting_found_here.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from breakwater.model.report import CaptureEvent, IpCapture, PersonReported, Recipient, Victim
from breakwater.reporting.drafting import found_here, named, people
from breakwater.reporting.drafting import recipients as meant
from breakwater.reporting.drafting.found_here import Beside
from breakwater.reporting.drafting.material import Broadcast, Material


def reported(found: Material, account: str) -> PersonReported:
    """Who did it, with what was seen, told and found here."""
    service, told = found.case.service, found.told.get(account)
    seen: list[IpCapture] = []
    if account == found.case.account:
        for upload in found.uploads:
            at = upload.origin.posted_at or upload.received_at
            origin = upload.origin
            seen += people.capture(origin.address, origin.port, at, CaptureEvent.UPLOAD)
    if found.broadcast is not None:
        seen += _addresses(found.broadcast, account)
    party = people.party(account, service, told, seen)
    known = found.beside.get(account, Beside())
    without = {account, *named.victims(found), *(one.account for one in party["linked"])}
    party["linked"] += found_here.associated(known, without=without)
    party["additional"] = "\n".join(filter(None, (party["additional"], *found_here.lines(known))))
    return PersonReported(**party)


def _addresses(broadcast: Broadcast, account: str) -> list[IpCapture]:
    """Where an account sent or watched a broadcast from."""
    began = broadcast.stream.started_at
    sent = [
        capture
        for one in broadcast.senders
        if (one.account or broadcast.stream.account) == account
        for capture in people.capture(one.address, one.port, began, CaptureEvent.STREAM)
    ]
    return sent + [
        capture
        for one in broadcast.watching
        if one.account == account
        for capture in people.capture(one.address, one.port, one.joined_at, CaptureEvent.VIEW)
    ]


def recipients(found: Material, account: str) -> tuple[Recipient, ...]:
    """For whom it was meant, each with what says so before what their service told."""
    made = []
    for one in meant.recipients(found, account):
        party = recipient(found, one.account)
        words = "\n".join(filter(None, (one.why, party.additional)))
        made.append(replace(party, additional=words))
    return tuple(made)


def recipient(found: Material, account: str) -> Recipient:
    """One for whom it was meant."""
    return Recipient(**_party(found, account))


def victims(found: Material) -> tuple[Victim, ...]:
    """Children to whom it was done, where somebody said that they are."""
    return tuple(victim(found, account) for account in named.victims(found))


def victim(found: Material, account: str) -> Victim:
    """A child."""
    return Victim(**_party(found, account))


def _party(found: Material, account: str) -> dict[str, Any]:
    seen = _addresses(found.broadcast, account) if found.broadcast else []
    return people.party(account, found.case.service, found.told.get(account), seen)
