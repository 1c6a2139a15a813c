"""Members of the hub as rows: who takes part, with which keys, for which purposes.

A key speaks for one member for good; what a request may see follows from its key alone. Fed by
`hub.members`; read on every request of a member. Contract: `tests/contract/test_hub_members.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.hub import Member, MemberKind, MemberState, ReleasePurpose
from breakwater.model.ids import Id, new_id
from breakwater.records import numbers
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_hub import hub_member_keys, hub_members
from breakwater.records.texts import storable

_m, _k = hub_members.c, hub_member_keys.c
_BY_KEY: Final = sa.select(hub_members).join(hub_member_keys, _k.member_id == _m.id)


def create(
    tx: Tx,
    *,
    name: str,
    kind: MemberKind,
    country: str = "",
    contact: str = "",
    purposes: Iterable[ReleasePurpose] = (ReleasePurpose.DETECTION,),
    trusted: bool = False,
) -> Member:
    """Take a member in.

    Raises:
        Conflict: there is one of this name, or one of people in pictures already.
    """
    storable(name, country, contact)
    tx.lock_changes()
    taken = _m.name == name
    if kind is MemberKind.PERSON:
        taken = sa.or_(taken, _m.kind == kind.value)
    if tx.execute(sa.select(_m.id).where(taken)).first():
        raise Conflict(f"There is a member {name} already.", member=name)
    made = Member(
        id=new_id(), number=numbers.take(tx, "hub_members"), name=name, kind=kind,
        country=country, contact=contact, purposes=tuple(sorted(set(purposes))), trusted=trusted,
        created_at=tx.now, change=tx.change(),
    )  # fmt: skip
    fixed = {"id": made.id, "number": made.number, "created_at": made.created_at}
    tx.execute(sa.insert(hub_members), _values(made) | fixed)
    return made


def get(tx: Tx, member: Id) -> Member:
    """One member by id.

    Raises:
        NotFound: no such member.
    """
    return _one(tx, sa.select(hub_members).where(_m.id == member), f"member {member}")


def is_member(tx: Tx, subject: str) -> bool:
    """Whether an id is a member's."""
    return tx.execute(sa.select(_m.id).where(_m.id == subject)).first() is not None


def by_number(tx: Tx, number: int) -> Member:
    """One member by its small integer; raises `NotFound`."""
    return _one(tx, sa.select(hub_members).where(_m.number == number), f"member {number}")


def by_name(tx: Tx, name: str) -> Member:
    """One member by name; raises `NotFound`."""
    return _one(tx, sa.select(hub_members).where(_m.name == name), f"member {name}")


def by_key(tx: Tx, key: Id) -> Member | None:
    """The member a key speaks for; None for a key of nobody's."""
    row = tx.execute(_BY_KEY.where(_k.key_id == key)).one_or_none()
    return None if row is None else _noun(row)


def every(tx: Tx, *, state: MemberState | None = None) -> list[Member]:
    """Members by name; those of one state alone where it is given."""
    wanted = sa.select(hub_members).order_by(_m.name)
    if state is not None:
        wanted = wanted.where(_m.state == state.value)
    return [_noun(row) for row in tx.execute(wanted)]


def update(tx: Tx, member: Member, *, expected_change: int) -> Member:
    """Store a changed member; id, number and kind stay.

    Raises:
        Conflict: somebody changed it since, or the new name is taken.
        NotFound: no such member.
    """
    tx.lock_changes()
    present = get(tx, member.id)
    if present.change != expected_change:
        raise Conflict(f"Member {present.name} was changed meanwhile.", change=present.change)
    if tx.execute(sa.select(_m.id).where(_m.name == member.name, _m.id != member.id)).first():
        raise Conflict(f"There is a member {member.name} already.", member=member.name)
    done = replace(member, kind=present.kind, change=tx.change())
    tx.execute(sa.update(hub_members).where(_m.id == member.id).values(**_values(done)))
    return get(tx, member.id)


def set_state(tx: Tx, member: Id, state: MemberState) -> Member:
    """Suspend a member, let it back, or note that it left; one that left does not return.

    Raises:
        Conflict: it left.
        NotFound: no such member.
    """
    tx.lock_changes()
    present = get(tx, member)
    if present.state is MemberState.LEFT and state is not MemberState.LEFT:
        raise Conflict("This member left; take it in anew.", member=present.name)
    if present.state is not state:
        values = {"state": state.value, "change": tx.change()}
        tx.execute(sa.update(hub_members).where(_m.id == member).values(**values))
    return get(tx, member)


def give_key(tx: Tx, member: Id, key: Id) -> None:
    """Let a key speak for a member, for good.

    Raises:
        Conflict: it speaks for one already.
        NotFound: no such member.
    """
    tx.lock_changes()
    get(tx, member)
    if tx.execute(sa.select(_k.key_id).where(_k.key_id == key)).first():
        raise Conflict("This key speaks for a member already.")
    tx.execute(
        sa.insert(hub_member_keys), {"key_id": key, "member_id": member, "at": tx.now}
    )  # fmt: skip


def keys(tx: Tx, member: Id) -> list[Id]:
    """Ids of the keys that speak for a member, revoked ones too, the first first."""
    wanted = sa.select(_k.key_id).where(_k.member_id == member).order_by(_k.at, _k.key_id)
    return [Id(one) for one in tx.execute(wanted).scalars()]


def _one(tx: Tx, wanted: sa.Select[Any], words: str) -> Member:
    row = tx.execute(wanted).one_or_none()
    if row is None:
        raise NotFound(words)
    return _noun(row)


def _values(member: Member) -> dict[str, Any]:
    """Columns that may change."""
    storable(member.name, member.country, member.contact)
    return {
        "name": member.name, "kind": member.kind.value, "country": member.country,
        "contact": member.contact, "state": member.state.value,
        "purposes": [one.value for one in member.purposes], "trusted": member.trusted,
        "change": member.change,
    }  # fmt: skip


def _noun(row: sa.Row[Any]) -> Member:
    return Member(
        id=Id(row.id), number=row.number, name=row.name, kind=MemberKind(row.kind),
        country=row.country, contact=row.contact, state=MemberState(row.state),
        purposes=tuple(ReleasePurpose(one) for one in row.purposes), trusted=row.trusted,
        created_at=row.created_at, change=row.change,
    )  # fmt: skip
