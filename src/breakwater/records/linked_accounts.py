"""Accounts at the organisation's own sign-in service, each linked to one person.

A subject is unique to its issuer (OpenID Connect Core §2); names and addresses are not, so
nothing else is compared. Fed by `access.oidc`. Contract:
`tests/contract/test_records_signing_in.py`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from breakwater.errors import Conflict, NotFound
from breakwater.model.ids import Id, new_id
from breakwater.model.signin import LinkedAccount
from breakwater.records.database import Tx
from breakwater.records.tables.nouns_access import linked_accounts

_a = linked_accounts.c


def link(tx: Tx, person: Id, *, issuer: str, subject: str) -> LinkedAccount:
    """Link an account to a person; linking it again to the same person is harmless.

    Raises:
        Conflict: it is somebody else's.
    """
    tx.lock_changes()
    present = _find(tx, issuer, subject)
    if present is not None and present.person != person:
        raise Conflict("This account is linked to somebody else here.")
    if present is not None:
        return present
    made = LinkedAccount(new_id(), person, issuer, subject, tx.now)
    tx.execute(
        sa.insert(linked_accounts),
        {
            "id": made.id,
            "person_id": person,
            "issuer": issuer,
            "subject": subject,
            "created_at": tx.now,
            "used_at": None,
        },
    )
    return made


def use(tx: Tx, *, issuer: str, subject: str) -> LinkedAccount:
    """The account that somebody proved to hold; remembers that it was used.

    Raises:
        NotFound: it is linked to nobody.
    """
    found = _find(tx, issuer, subject)
    if found is None:
        raise NotFound("linked account")
    tx.execute(sa.update(linked_accounts).where(_a.id == found.id).values(used_at=tx.now))
    return found


def of_person(tx: Tx, person: Id) -> list[LinkedAccount]:
    """Somebody's accounts, the first first."""
    wanted = sa.select(linked_accounts).where(_a.person_id == person)
    return [_noun(row) for row in tx.execute(wanted.order_by(_a.created_at, _a.id))]


def holders(tx: Tx) -> set[Id]:
    """Everybody who can sign in by a linked account."""
    return {Id(found) for found in tx.execute(sa.select(_a.person_id).distinct()).scalars()}


def unlink(tx: Tx, account: Id, *, person: Id) -> None:
    """Forget one of a person's accounts; it signs in no more.

    Raises:
        NotFound: it is not theirs.
    """
    gone = tx.execute(
        sa.delete(linked_accounts).where(_a.id == account, _a.person_id == person)
    ).rowcount
    if not gone:
        raise NotFound("linked account")


def _find(tx: Tx, issuer: str, subject: str) -> LinkedAccount | None:
    wanted = sa.select(linked_accounts).where(_a.issuer == issuer, _a.subject == subject)
    row = tx.execute(wanted).one_or_none()
    return None if row is None else _noun(row)


def _noun(row: sa.Row[Any]) -> LinkedAccount:
    return LinkedAccount(
        id=Id(row.id),
        person=Id(row.person_id),
        issuer=row.issuer,
        subject=row.subject,
        created_at=row.created_at,
        used_at=row.used_at,
    )
