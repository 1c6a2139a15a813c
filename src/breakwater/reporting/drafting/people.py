"""Accounts as parties of a report: what a service told, what was seen, nothing guessed.

In: an account's name, its snapshot (`docs/reference/account-snapshot.md`) and addresses that
were seen. Out: the members of `model.report.PersonReported` and `Victim`. A member that cannot
be read is carried on as text, so that nothing a service told is lost. Tests:
`tests/unit/test_drafting_people.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar

from breakwater.errors import BadInput
from breakwater.model.account import Snapshot
from breakwater.model.clock import iso
from breakwater.model.report import (
    AccountKind,
    AssociatedAccount,
    CaptureEvent,
    DeviceId,
    Email,
    IpCapture,
    Person,
    Phone,
)

T = TypeVar("T")

KNOWN: Final = frozenset({
    "account", "display_names", "emails", "phones", "created_at", "registration_address",
    "logins", "linked_accounts", "identity_documents", "comments", "first_name", "last_name",
    "born", "screen_name", "profile_urls", "profile_bio", "devices", "payments", "shared_with",
})  # fmt: skip
"""Members that have a place of their own; others go into the text.

`payments` are in the report's payments, `comments` in its chat log, accounts of `shared_with` are
its recipients.
"""

MOST_SHARED: Final = 200
"""Accounts of `shared_with` that become recipients; the others are in the account's data."""

ELSEWHERE: Final = frozenset({"payments", "comments"})
LISTS: Final = frozenset({
    "display_names", "emails", "phones", "logins", "linked_accounts", "profile_urls", "devices",
    "shared_with",
})  # fmt: skip


def party(
    account: str, service: str, told: Snapshot | None, seen: Iterable[IpCapture] = ()
) -> dict[str, Any]:
    """The members of an account's owner, as keyword arguments of a party.

    Args:
        account: the service's own name of it.
        service: which service.
        told: what it told; None: nothing.
        seen: addresses that were seen here.
    """
    facts: Mapping[str, Any] = told.facts if told is not None else {}
    odd: list[str] = []
    captures = [*seen, *_registration(facts, odd), *_logins(facts, odd)]
    _each(facts.get("shared_with"), _shared, odd, "shared_with")
    return {
        "person": _person(facts, odd),
        "account": account,
        "service": service,
        "screen_name": _text(facts.get("screen_name")),
        "display_names": _texts(facts.get("display_names")),
        "profile_urls": _texts(facts.get("profile_urls")),
        "profile_bio": _text(facts.get("profile_bio")),
        "captures": tuple(dict.fromkeys(captures)),
        "devices": tuple(_each(facts.get("devices"), _device, odd, "device")),
        "identity_documents": _yes_or_no(facts.get("identity_documents")),
        "linked": tuple(
            AssociatedAccount(kind=AccountKind.LINKED, account=name, service=service)
            for name in _texts(facts.get("linked_accounts"))
        ),
        "additional": _rest(facts, odd, told),
    }


@dataclass(frozen=True, slots=True)
class Shared:
    """To whom a service says that a file was sent or shown.

    Attributes:
        reference: the service's own id of the file or message.
        born: the day, as the service wrote it.
    """

    account: str
    at: datetime | None = None
    reference: str = ""
    born: str = ""


def shared_with(told: Snapshot) -> tuple[Shared, ...]:
    """To whom an account gave something, as its service told, each account once."""
    found = _each(told.facts.get("shared_with"), _shared, [], "shared_with")[:MOST_SHARED]
    return tuple({one.account: one for one in reversed(found)}.values())[::-1]


def capture(
    address: str, port: int | None, at: datetime | None, event: CaptureEvent
) -> list[IpCapture]:
    """An address that was seen; none where it is no address."""
    try:
        return [IpCapture(address=address, port=port, at=at, event=event)]
    except BadInput:
        return []


def moment(told: object) -> datetime | None:
    """A time as a service wrote it; None when it cannot be read or has no zone."""
    try:
        found = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def comments(told: Snapshot) -> list[str]:
    """What was written, as a service told it with an account: one a line, the oldest first."""
    said = told.facts.get("comments")
    if not said:
        return []
    return [_comment(one) for one in reversed(said if isinstance(said, list) else [said])]


def _comment(said: object) -> str:
    if isinstance(said, dict) and set(said) <= {"account", "at", "text"} and said.get("text"):
        return f"{said.get('at') or '?'} {said.get('account') or '?'}: {said['text']}"
    return json.dumps(said, ensure_ascii=False, default=str)


def _person(facts: Mapping[str, Any], odd: list[str]) -> Person | None:
    born = _born(facts.get("born"), odd)
    known = Person(
        first_name=_text(facts.get("first_name")),
        last_name=_text(facts.get("last_name")),
        emails=tuple(Email(one) for one in _texts(facts.get("emails"))),
        phones=tuple(Phone(one) for one in _texts(facts.get("phones"))),
        born=born,
    )
    return known if known != Person() else None


def _born(told: object, odd: list[str]) -> date | None:
    if not told:
        return None
    try:
        return date.fromisoformat(str(told))
    except ValueError:
        odd.append(f"born: {told}")
        return None


def _registration(facts: Mapping[str, Any], odd: list[str]) -> list[IpCapture]:
    address = _text(facts.get("registration_address"))
    if not address:
        return []
    found = capture(address, None, moment(facts.get("created_at")), CaptureEvent.REGISTRATION)
    if not found:
        odd.append(f"registration_address: {address}")
    return found


def _logins(facts: Mapping[str, Any], odd: list[str]) -> list[IpCapture]:
    return _each(facts.get("logins"), _login, odd, "login")


def _login(told: Any) -> IpCapture:
    port = told.get("port")
    return IpCapture(
        address=str(told["address"]), port=None if port is None else int(port),
        at=moment(told.get("at")), event=CaptureEvent.LOGIN,
    )  # fmt: skip


def _device(told: Any) -> DeviceId:
    if isinstance(told, str):
        return DeviceId("device", told)
    return DeviceId(str(told.get("kind") or "device"), str(told["id"]), at=moment(told.get("at")))


def _shared(told: Any) -> Shared:
    if isinstance(told, str):
        told = {"account": told}
    return Shared(
        _must(told["account"]), moment(told.get("at")), _text(told.get("reference")),
        _text(told.get("born")),
    )  # fmt: skip


def _must(told: Any) -> str:
    if not _text(told):
        raise BadInput("An account has a name.")
    return _text(told)


def _each(told: Any, read: Callable[[Any], T], odd: list[str], what: str) -> list[T]:
    """Each member that can be read; the others as text."""
    found = []
    for one in told if isinstance(told, list) else []:
        try:
            found.append(read(one))
        except (BadInput, KeyError, TypeError, ValueError, AttributeError):
            odd.append(f"{what}: {json.dumps(one, ensure_ascii=False, default=str)}")
    return found


def _misread(name: str, value: object) -> bool:
    """Whether a member that has a place is in a form that the place does not take."""
    if value is None or value in ("", []):
        return False
    if name in LISTS:
        texts = not isinstance(value, list) or any(not isinstance(one, str) for one in value)
        return (
            not isinstance(value, list) if name in {"logins", "devices", "shared_with"} else texts
        )
    if name == "identity_documents":
        return not isinstance(value, bool)
    return name in KNOWN and name not in ELSEWHERE and not isinstance(value, str)


def _rest(facts: Mapping[str, Any], odd: list[str], told: Snapshot | None) -> str:
    wanted = sorted(name for name in facts if name not in KNOWN or _misread(name, facts[name]))
    lines = [
        f"{name}: {json.dumps(facts[name], ensure_ascii=False, default=str)}"
        for name in wanted
        if not any(line.startswith(f"{name}: ") for line in odd)
    ]
    created = _text(facts.get("created_at"))
    if created:
        lines.insert(0, f"account created: {created}")
    lines += odd
    if told is not None and lines:
        lines.insert(0, f"Told by the service on {iso(told.taken_at)}:")
    return "\n".join(lines)


def _text(told: object) -> str:
    return told.strip() if isinstance(told, str) else ""


def _texts(told: object) -> tuple[str, ...]:
    if not isinstance(told, list):
        return ()
    return tuple(dict.fromkeys(one.strip() for one in told if isinstance(one, str) and one.strip()))


def _yes_or_no(told: object) -> bool | None:
    return told if isinstance(told, bool) else None
