"""People as rows: names, roles, passwords as argon2 strings, passkeys, wrong attempts.

Links and sessions stand in `records.sessions` and are given out under this name too. Nobody
is ever deleted: what they did stays theirs. Fed by `access`. Contract:
`tests/contract/test_records_people.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.access import Person, Role
from breakwater.model.ids import Id, new_id
from breakwater.model.signin import Passkey, SignIn
from breakwater.records.database import Tx
from breakwater.records.sessions import (
    create_login_link,
    forget_before,
    last_seen,
    live_sessions,
    revoke_session,
    revoke_sessions,
    session,
    session_by_id,
    sessions,
    start_session,
    touch_session,
    use_link,
)
from breakwater.records.tables import nouns_people as t
from breakwater.records.tables.nouns_access import linked_accounts

__all__ = [
    "activate",
    "add_failure",
    "add_passkey",
    "by_name",
    "clear_failures",
    "create",
    "create_login_link",
    "deactivate",
    "every",
    "forget_before",
    "get",
    "last_seen",
    "live_sessions",
    "lock",
    "passkey",
    "passkeys",
    "remove_passkey",
    "revoke_session",
    "revoke_sessions",
    "session",
    "session_by_id",
    "sessions",
    "set_password",
    "set_roles",
    "sign_in",
    "start_session",
    "touch_session",
    "use_login_link",
    "use_passkey",
]

_people: Final = t.people.c
_keys: Final = sa.select(sa.func.count()).where(t.passkeys.c.person_id == _people.id)
_accounts: Final = sa.select(sa.func.count()).where(linked_accounts.c.person_id == _people.id)
_PEOPLE: Final = sa.select(
    t.people,
    _keys.scalar_subquery().label("passkeys"),
    _accounts.scalar_subquery().label("accounts"),
)


def create(tx: Tx, *, name: str, roles: Iterable[Role] = ()) -> Person:
    """Make a person, who cannot sign in yet.

    Raises:
        Conflict: somebody has this name, in whatever letters.
    """
    tx.lock_changes()
    if tx.execute(sa.select(_people.id).where(_people.name_key == _key(name))).first():
        raise Conflict(f"Somebody is called {name} already.")
    person = Id(new_id())
    tx.execute(
        sa.insert(t.people),
        {
            "id": person,
            "name": name,
            "name_key": _key(name),
            "roles": sorted(roles),
            "active": True,
            "created_at": tx.now,
            "password_hash": None,
            "failures": 0,
            "locked_until": None,
        },
    )
    return get(tx, person)


def get(tx: Tx, person: Id) -> Person:
    """One person by id.

    Raises:
        NotFound: nobody.
    """
    row = tx.execute(_PEOPLE.where(_people.id == person)).one_or_none()
    if row is None:
        raise NotFound(f"person {person}")
    return _noun(row)


def by_name(tx: Tx, name: str) -> Person:
    """One person by name, in whatever letters.

    Raises:
        NotFound: nobody.
    """
    return sign_in(tx, name).person


def every(tx: Tx) -> list[Person]:
    """Everybody by name, those who left too."""
    return [_noun(row) for row in tx.execute(_PEOPLE.order_by(_people.name_key))]


def set_roles(tx: Tx, person: Id, roles: Iterable[Role]) -> Person:
    """Change what somebody may do; raises `NotFound`."""
    _set(tx, person, roles=sorted(roles))
    return get(tx, person)


def deactivate(tx: Tx, person: Id) -> Person:
    """Somebody left: their sessions end with it; raises `NotFound`."""
    _set(tx, person, active=False)
    revoke_sessions(tx, person)
    return get(tx, person)


def activate(tx: Tx, person: Id) -> Person:
    """Somebody came back, with what they had set up to sign in; raises `NotFound`."""
    _set(tx, person, active=True)
    return get(tx, person)


def sign_in(tx: Tx, name: str) -> SignIn:
    """What a login needs of a person.

    Raises:
        NotFound: nobody has this name.
    """
    row = tx.execute(_PEOPLE.where(_people.name_key == _key(name))).one_or_none()
    if row is None:
        raise NotFound("person")
    return SignIn(_noun(row), row.password_hash or "", row.failures, row.locked_until)


def set_password(tx: Tx, person: Id, password_hash: str) -> None:
    """Store an argon2 string; raises `NotFound`."""
    _set(tx, person, password_hash=password_hash)


def add_failure(tx: Tx, person: Id) -> int:
    """Count a wrong attempt; answers how many in a row. Raises `NotFound`."""
    _set(tx, person, failures=_people.failures + 1)
    wanted = sa.select(_people.failures).where(_people.id == person)
    return int(tx.execute(wanted).scalar_one())


def lock(tx: Tx, person: Id, until: datetime) -> None:
    """Let no attempt count before a moment; raises `NotFound`."""
    _set(tx, person, locked_until=until)


def clear_failures(tx: Tx, person: Id) -> None:
    """A right attempt: begin anew; raises `NotFound`."""
    _set(tx, person, failures=0, locked_until=None)


def use_login_link(tx: Tx, token_sha256: bytes) -> Person:
    """Use a one-time link up.

    Raises:
        NotFound: used, expired or never made.
    """
    return get(tx, use_link(tx, token_sha256))


def add_passkey(
    tx: Tx, person: Id, *, credential: bytes, public_key: bytes, sign_count: int, name: str = ""
) -> Passkey:
    """Keep a passkey.

    Raises:
        Conflict: it is registered already.
    """
    tx.lock_changes()
    wanted = sa.select(t.passkeys.c.id).where(t.passkeys.c.credential_id == credential)
    if tx.execute(wanted).first():
        raise Conflict("This passkey is registered already.")
    made = Passkey(new_id(), person, credential, public_key, sign_count, name, tx.now)
    tx.execute(
        sa.insert(t.passkeys),
        {
            "id": made.id,
            "person_id": person,
            "credential_id": credential,
            "public_key": public_key,
            "sign_count": sign_count,
            "name": name,
            "created_at": tx.now,
            "used_at": None,
        },
    )
    return made


def passkey(tx: Tx, credential: bytes) -> Passkey:
    """One passkey by its authenticator's id.

    Raises:
        NotFound: never registered, or removed.
    """
    wanted = sa.select(t.passkeys).where(t.passkeys.c.credential_id == credential)
    row = tx.execute(wanted).one_or_none()
    if row is None:
        raise NotFound("passkey")
    return _passkey(row)


def passkeys(tx: Tx, person: Id) -> list[Passkey]:
    """Somebody's passkeys, the first first."""
    wanted = sa.select(t.passkeys).where(t.passkeys.c.person_id == person)
    rows = tx.execute(wanted.order_by(t.passkeys.c.created_at, t.passkeys.c.id))
    return [_passkey(row) for row in rows]


def signs_with(tx: Tx, person: Id) -> str:
    """The strongest thing somebody can sign an act with: `passkey`, `password`, or empty."""
    if passkeys(tx, person):
        return "passkey"
    wanted = sa.select(t.people.c.password_hash).where(t.people.c.id == person)
    return "password" if tx.execute(wanted).scalar() else ""


def use_passkey(tx: Tx, passkey_id: Id, *, sign_count: int) -> None:
    """Remember the counter, which must never go back."""
    tx.execute(
        sa.update(t.passkeys)
        .where(t.passkeys.c.id == passkey_id)
        .values(sign_count=sign_count, used_at=tx.now)
    )


def remove_passkey(tx: Tx, passkey_id: Id) -> None:
    """Forget a passkey; it signs in no more."""
    tx.execute(sa.delete(t.passkeys).where(t.passkeys.c.id == passkey_id))


def _set(tx: Tx, person: Id, **values: Any) -> None:
    done = tx.execute(sa.update(t.people).where(_people.id == person).values(**values))
    if not done.rowcount:
        raise NotFound(f"person {person}")


def _key(name: str) -> str:
    """How names are compared: letters and spaces that look alike are alike."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _noun(row: sa.Row[Any]) -> Person:
    return Person(
        id=Id(row.id),
        name=row.name,
        roles=frozenset(Role(role) for role in row.roles),
        active=row.active,
        credential=_best(row),
        created_at=row.created_at,
        locked_until=row.locked_until,
    )


def _best(row: sa.Row[Any]) -> str:
    """The strongest way to sign in that they have set up."""
    if row.passkeys:
        return "passkey"
    if row.accounts:
        return "account"
    return "password" if row.password_hash else "none"


def _passkey(row: sa.Row[Any]) -> Passkey:
    return Passkey(
        id=Id(row.id),
        person=Id(row.person_id),
        credential=bytes(row.credential_id),
        public_key=bytes(row.public_key),
        sign_count=row.sign_count,
        name=row.name,
        created_at=row.created_at,
        used_at=row.used_at,
    )
