"""Facts of audit rows in words: a row keeps names and values as the program has them.

What is not known here is shown as it stands, so that nothing of the record is lost to the
reader. Read by `read_audit`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from breakwater.model.access import Role
from breakwater.model.bank import BankAction
from breakwater.model.match import Action
from breakwater.model.media import Level
from breakwater.web.pages import words
from breakwater.web.pages.read_deciding import WORD
from breakwater.web.pages.read_people import ROLES
from breakwater.web.pages.speech import Spoken, later, say

NAMES: Final[Mapping[str, str]] = Spoken({
    "accounts": later("accounts"),
    "approval": later("proposal"),
    "case": later("case"),
    "cases": later("cases"),
    "claim": later("claim"),
    "concern": later("about"),
    "count": later("how many"),
    "danger": later("a child is in danger"),
    "device": later("workstation"),
    "does": later("what a match does"),
    "failures": later("wrong passwords"),
    "frame": later("frame"),
    "held": later("stay held"),
    "items": later("items"),
    "kind": later("kind"),
    "level": later("how much was shown"),
    "method": later("by"),
    "minutes": later("minutes"),
    "ms": later("milliseconds on screen"),
    "name": later("name"),
    "note": later("note"),
    "number": later("number"),
    "numbers": later("numbers"),
    "outcome": later("outcome"),
    "person": later("person"),
    "priority": later("priority"),
    "reason": later("reason"),
    "released": later("released"),
    "roles": later("roles"),
    "rule": later("rule"),
    "scopes": later("scopes"),
    "seconds": later("seconds"),
    "service": later("service"),
    "sessions": later("sessions"),
    "set": later("set"),
    "signed": later("signed by"),
    "state": later("state"),
    "to": later("to"),
    "until": later("until"),
    "upload": later("upload"),
    "uploads": later("uploads"),
    "version": later("version"),
    "view": later("look"),
    "weight": later("weight of the reporter"),
    "why": later("why"),
})  # fmt: skip

METHODS: Final[Mapping[str, str]] = Spoken({
    "link": later("one-time link"),
    "password": later("password"),
    "passkey": later("passkey"),
    "account": later("the organisation's sign-in service"),
})  # fmt: skip

DOES: Final[Mapping[str, str]] = Spoken({
    BankAction.BLOCK: later("Block"),
    BankAction.HOLD: later("Hold for review"),
    BankAction.LOG: later("Only note"),
})  # fmt: skip

TO: Final[Mapping[str, str]] = Spoken({
    Action.ALLOW: later("Passed"),
    Action.HOLD: later("Held"),
    Action.BLOCK: later("Blocked"),
})  # fmt: skip

LEVELS: Final[Mapping[str, str]] = Spoken({
    Level.S1: later("smallest, grey"),
    Level.S2: later("small, grey"),
    Level.S3: later("grey, watermarked"),
    Level.S4: later("colour, watermarked"),
})  # fmt: skip

PLAIN: Final[Mapping[str, str]] = Spoken({
    "stills of the case": later("small stills with the case"),
    "this machine": later("this machine"),
    "review": later("review"),
    "grading": later("grading"),
})  # fmt: skip


_ROLES: Final[Mapping[str, str]] = Spoken({str(role): ROLES[role][0] for role in Role})
_TABLES: Final[Mapping[str, Mapping[Any, str]]] = {
    "method": METHODS,
    "signed": METHODS,
    "level": LEVELS,
    "roles": _ROLES,
    "kind": WORD,
    "does": DOES,
    "to": TO,
    "action": TO,
}


def told(facts: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each fact by its name and value in words.

    Args:
        facts: of one row.
        names: of people and keys, by id.
    """
    for name, value in facts.items():
        yield NAMES.get(name, name.replace("_", " ")), _value(name, value, names)


def _value(name: str, value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, list | tuple):
        some = ", ".join(_value(name, one, names) for one in value[:5])
        return f"{some} …" if len(value) > 5 else some
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    text = str(value)
    return names.get(text) or _known(name, text) or _moment(text) or _short(text)


def _known(name: str, text: str) -> str:
    """A word of the program's own, said; empty where it is none."""
    table = _TABLES.get(name)
    return (table.get(text, "") if table is not None else "") or PLAIN.get(text, "")


def _moment(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)", text):
        return ""
    return words.full(datetime.fromisoformat(text))


def _short(text: str) -> str:
    """Ids and hashes as their ends; the whole of one stands in the export."""
    text = re.sub(r"\b([0-9a-f]{8})[0-9a-f]{20,}([0-9a-f]{4})\b", r"\1…\2", text)
    return re.sub(r"\b([0-9a-f]{8})-[0-9a-f-]{23}([0-9a-f]{4})\b", r"\1…\2", text)[:80]
