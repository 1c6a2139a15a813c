"""Who is reported, and who is a child to whom it was done: what somebody said, never a guess.

A broadcast's report names who published it, unless an apparent child, and who directed it or paid
while it was illegal; who only wrote stands in the chat log. Of a
conversation without an account nobody is named before it is known which side is the adult: the
service told the ages, or a person said "suspect" of the only one who wrote. Who is known as a
minor is never reported for a conversation (reference: cybertipline, "Who is reported"). Read by
`draft` and `gaps`; tests: `tests/contract/test_drafting_named.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from breakwater.model.case import CaseKind
from breakwater.model.conversation import ADULT
from breakwater.model.decision import AccountRole
from breakwater.model.stream import Broadcaster
from breakwater.reporting.drafting.material import Material
from breakwater.reporting.drafting.people import shared_with

CHILD: Final = AccountRole.APPARENT_CHILD


def role_of(found: Material) -> AccountRole:
    """Who holds the case's account, by the last person who said it."""
    orders = found.broadcast.orders if found.broadcast else ()
    said = [one.broadcaster for one in orders if one.broadcaster is not Broadcaster.UNKNOWN]
    if said:
        return AccountRole(said[-1].value)
    return found.decision.facts.role or AccountRole.UNKNOWN


def reported(found: Material) -> tuple[str, ...]:
    """Accounts that are reported, each in a report of its own; one empty name: nobody is."""
    if talks(found):
        return _adults(found) or ("",)
    child = role_of(found) is CHILD
    sent = "" if child else found.case.account
    named = dict.fromkeys([sent, *found.acting])
    named.pop("", None)
    if child:
        named.pop(found.case.account, None)
    return tuple(named) or ("",)


def victims(found: Material) -> tuple[str, ...]:
    """Accounts of children: who broadcasts or holds the account, and who is written to."""
    if talks(found):
        return minors(found)
    mine = (found.case.account,) if role_of(found) is CHILD and found.case.account else ()
    return tuple(dict.fromkeys((*mine, *_reached(found))))


def _reached(found: Material) -> tuple[str, ...]:
    """Children whom the case's account wrote to or gave a file."""
    told = found.told.get(found.case.account)
    others = [one.account for side in found.sides for one in side]
    others += [one.account for one in shared_with(told)] if told is not None else []
    mine = {found.case.account, ""}
    return tuple(one for one in others if one not in mine and grown(found, one) is False)


def talks(found: Material) -> bool:
    """Whether it is about words between accounts of which none is the case's own."""
    return found.case.kind is CaseKind.CONVERSATION and not found.case.account


def unsure(found: Material) -> bool:
    """Whether it is open which side of a conversation is the adult."""
    return talks(found) and not _adults(found)


def minors(found: Material) -> tuple[str, ...]:
    """Who takes part and is a child by anything that the service told."""
    return tuple(one for one in _everybody(found) if grown(found, one) is False)


def _everybody(found: Material) -> tuple[str, ...]:
    parties = (one.account for side in found.sides for one in side)
    return tuple(dict.fromkeys((*found.authors, *parties)))


def _adults(found: Material) -> tuple[str, ...]:
    """Who wrote what is evidence and is known as an adult, by the service or a person."""
    if role_of(found) is CHILD:
        return ()
    writers = tuple(one for one in found.authors if grown(found, one) is not False)
    rang = {author.account for author, _ in found.sides}
    if rang:
        known = tuple(one for one in writers if one in rang and grown(found, one))
    else:
        known = tuple(one for one in writers if len(writers) == 1 and grown(found, one))
    alone = len(found.authors) == 1 and role_of(found) is AccountRole.SUSPECT
    return known or (writers if alone else ())


def grown(found: Material, account: str) -> bool | None:
    """Whether an account is an adult's: one word that it is a child's outweighs every other."""
    said: list[bool] = []
    for one in (party for side in found.sides for party in side if party.account == account):
        if one.oldest is not None and one.oldest < ADULT:
            said.append(False)
        elif one.youngest is not None and one.youngest >= ADULT:
            said.append(True)
    told = found.told.get(account)
    days = [told.facts.get("born")] if told is not None else []
    mine = found.told.get(found.case.account)
    days += [one.born for one in shared_with(mine) if one.account == account] if mine else []
    years = (_years(day, _first(found)) for day in days)
    said += [one >= ADULT for one in years if one is not None]
    return None if not said else all(said)


def _first(found: Material) -> date:
    return min((one.at for one in found.comments), default=found.now).date()


def _years(born: object, on: date) -> int | None:
    """Whole years at a day; None where the birthday cannot be read."""
    try:
        day = date.fromisoformat(str(born))
    except ValueError:
        return None
    return on.year - day.year - ((on.month, on.day) < (day.month, day.day))
