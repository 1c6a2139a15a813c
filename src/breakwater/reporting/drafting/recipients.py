"""For whom it was meant: who paid or directed, the other side, and to whom a file was given.

In: a case's material. Out: accounts of the report about whoever sent it, each with what it rests
on. A child is a victim and never a recipient; who only wrote or watched is none. Whose age nobody
knows is no recipient where a child may be the other side: it is a gap, and a person names them in
the draft (reference: law, "The child is often the broadcaster"; cybertipline, `intendedRecipient`).
Read by `draft` and `gaps`; tests: `tests/contract/test_drafting_recipients.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from breakwater.model.clock import iso
from breakwater.reporting.drafting import named
from breakwater.reporting.drafting.material import Material
from breakwater.reporting.drafting.people import Shared, shared_with


@dataclass(frozen=True, slots=True)
class Meant:
    """One for whom it was meant, and what says so."""

    account: str
    why: str


def recipients(found: Material, account: str) -> tuple[Meant, ...]:
    """For whom it was meant, in the report about one account; none where it names nobody."""
    some = [one for one in _all(found, account) if not _unclear(found, one)]
    return tuple(one for one in some if named.grown(found, one.account) is not False)


def unclear(found: Material, account: str) -> tuple[str, ...]:
    """Accounts that may be a child's: nobody knows how old the other side is."""
    return tuple(one.account for one in _all(found, account) if _unclear(found, one))


def _all(found: Material, account: str) -> list[Meant]:
    if not account:
        return []
    once: dict[str, Meant] = {}
    for one in (*_watched(found, account), *_written_to(found, account), *_given(found, account)):
        if one.account not in {"", account, *named.victims(found)}:
            once.setdefault(one.account, one)
    return list(once.values())


def _unclear(found: Material, one: Meant) -> bool:
    """Who paid or directed acted of their own will; of all others the age must be known."""
    return one.account not in found.acting and named.grown(found, one.account) is None


def _watched(found: Material, account: str) -> Iterator[Meant]:
    """Who paid or directed is reported too; here they are those whom the sender did it for."""
    if found.broadcast is None or account != found.case.account:
        return
    for one in found.acting:
        paid = one in found.broadcast.paid
        yield Meant(
            one, "Paid while it was illegal." if paid else "Told the broadcaster what to do."
        )


def _written_to(found: Material, account: str) -> Iterator[Meant]:
    for author, other in found.sides:
        if account in {author.account, other.account}:
            one = other if author.account == account else author
            yield Meant(one.account, "The other side of the conversation.")


def _given(found: Material, account: str) -> Iterator[Meant]:
    if account == found.case.account and account in found.told:
        for one in shared_with(found.told[account]):
            yield Meant(one.account, given(one))


def given(one: Shared) -> str:
    """What a service told of a file that was given to somebody, in words."""
    when = f" at {iso(one.at)}" if one.at else ""
    what = f": {one.reference}" if one.reference else ""
    return f"The service told that it was sent to or shared with this account{when}{what}."
