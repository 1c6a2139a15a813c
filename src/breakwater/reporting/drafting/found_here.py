"""Accounts and registrations that were found here beside a reported account, each with what says so.

In: rows of viewers, broadcasts, sanctions and registrations. Out: associated accounts of the form,
and lines for its text where nothing says who registered. Strong evidence alone: an address or a
crowd's device names nobody (`records.account_links`). A child of the case is no associated account.
The service did not tell these, and the report says that. Read by `material` and `draft`; tests:
`tests/contract/test_drafting_found_here.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from breakwater.model.account import Snapshot
from breakwater.model.account_link import AccountLink
from breakwater.model.clock import iso
from breakwater.model.report import AccountKind, AssociatedAccount
from breakwater.model.sanction import Answer, Clue, Hit
from breakwater.records import account_links, sanctions
from breakwater.records.database import Tx

MOST_ACCOUNTS: Final = 20
"""Accounts of one case that are looked at: who broadcasts or sent, who directed, who paid."""
MOST_HITS: Final = 20
CLUES: Final[Mapping[Clue, str]] = {
    Clue.EMAIL: "an e-mail address", Clue.EMAIL_ALIKE: "an e-mail address that is nearly the same",
    Clue.PHONE: "a telephone number", Clue.PHONE_OLD: "an earlier telephone number",
    Clue.DEVICE: "a device", Clue.DEVICE_SHARED: "a device that others use too",
    Clue.PAYMENT: "a means of payment", Clue.PAYMENT_BIN: "a bank",
    Clue.ADDRESS: "an IP address",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Beside:
    """What was found beside one account."""

    links: tuple[AccountLink, ...] = ()
    registrations: tuple[Hit, ...] = ()


def beside(
    tx: Tx, service: str, names: Iterable[str], told: Mapping[str, Snapshot]
) -> dict[str, Beside]:
    """What there is beside accounts, by the service's own names of them."""
    found = {}
    for name in [one for one in dict.fromkeys(names) if one][:MOST_ACCOUNTS]:
        links = account_links.of_account(tx, service, name, _things(told.get(name)))
        back = [
            hit
            for one in sanctions.of_account(tx, service, name)
            if one.stands(tx.now)
            for hit in sanctions.hits(tx, sanction=one.id, limit=MOST_HITS)
            if hit.judgement.answer is Answer.REFUSE and not hit.wrong_by
        ]
        if links or back:
            found[name] = Beside(tuple(links), tuple(back))
    return found


def associated(known: Beside, *, without: Iterable[str]) -> tuple[AssociatedAccount, ...]:
    """Accounts for the form, without those that the service told already and children."""
    left_out = set(without)
    return tuple(_account(one) for one in known.links if one.account not in left_out)


def lines(known: Beside) -> list[str]:
    """Registrations of somebody who seems to be back; who it was is kept nowhere."""
    return [
        f"Found here: a registration with {one.service} at {iso(one.at)} shared "
        f"{_shared(one.judgement.clues)} with this account (confidence "
        f"{one.judgement.confidence:.2f}) and was refused. Nobody kept who it was; the service "
        f"knows it as {one.id}."
        for one in known.registrations
    ]


def _account(one: AccountLink) -> AssociatedAccount:
    who = "The same person seems to stand behind both" if one.same else "A household may share it"
    words = (
        f"Found here, not told by the service: it shares {_shared(one.clues)} with the reported "
        f"account, last seen {iso(one.last_at)} (confidence {one.confidence:.2f}). {who}."
    )
    if one.sanctioned:
        words += " It was sanctioned here too."
    return AssociatedAccount(
        kind=AccountKind.LINKED if one.same else AccountKind.OTHER, account=one.account,
        service=one.service, found_by=tuple(clue.value for clue in one.clues),
        confidence=round(100 * one.confidence), additional=words,
    )  # fmt: skip


def _shared(clues: Iterable[Clue]) -> str:
    words = [CLUES[one] for one in clues]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1] if words else "something")))


def _things(told: Snapshot | None) -> dict[str, list[str]]:
    """Devices and means of payment of account data, by the service's own fingerprints."""
    if told is None:
        return {}
    facts = told.facts
    devices = [*_each(facts.get("devices"), "id"), *_each(facts.get("logins"), "device")]
    return {"device": devices, "payment": _each(facts.get("payments"), "fingerprint")}


def _each(said: Any, name: str) -> list[str]:
    some = said if isinstance(said, list) else []
    words = [one.get(name) if isinstance(one, dict) else one for one in some]
    return [one for one in words if isinstance(one, str) and one.strip()]
