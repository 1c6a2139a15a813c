"""One-time links and sessions as rows: a hash of the token, who, until when, whether over.

A token has 256 random bits, so its plain SHA-256 is all that is kept. Used through
`records.people`. Contract: `tests/contract/test_records_people.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.errors import NotFound
from breakwater.model.ids import Id, new_id
from breakwater.model.signin import Session
from breakwater.records.database import Tx
from breakwater.records.tables import nouns_people as t
from breakwater.records.tables.nouns_access import session_agents

_SESSIONS: Final = sa.select(t.sessions, session_agents.c.agent).join_from(
    t.sessions, session_agents, isouter=True
)


def create_login_link(tx: Tx, person: Id, *, token_sha256: bytes, expires_at: datetime) -> None:
    """Keep a link; those made for the same person before stop working."""
    tx.execute(
        sa.update(t.login_links)
        .where(t.login_links.c.person_id == person, t.login_links.c.used_at.is_(None))
        .values(used_at=tx.now)
    )
    tx.execute(
        sa.insert(t.login_links),
        {
            "token_sha256": token_sha256,
            "person_id": person,
            "created_at": tx.now,
            "expires_at": expires_at,
            "used_at": None,
        },
    )


def use_link(tx: Tx, token_sha256: bytes) -> Id:
    """Use a link up; answers whom it lets in. Of two who try at once one succeeds.

    Raises:
        NotFound: used, expired or never made.
    """
    link = t.login_links.c
    row = tx.execute(
        sa.update(t.login_links)
        .where(link.token_sha256 == token_sha256, link.used_at.is_(None), link.expires_at > tx.now)
        .values(used_at=tx.now)
        .returning(link.person_id)
    ).one_or_none()
    if row is None:
        raise NotFound("login link")
    return Id(row.person_id)


def start_session(
    tx: Tx,
    person: Id,
    *,
    token_sha256: bytes,
    method: str,
    expires_at: datetime,
    agent: str = "",
) -> Session:
    """Begin a session.

    Args:
        tx: the transaction that checked the proof.
        person: who.
        token_sha256: of the token in the cookie.
        method: how it was proved.
        expires_at: its end, however it is used.
        agent: which browser on which system, in words.
    """
    made = Session(new_id(), person, method, tx.now, tx.now, expires_at, agent=agent)
    tx.execute(
        sa.insert(t.sessions),
        {
            "id": made.id,
            "token_sha256": token_sha256,
            "person_id": person,
            "method": method,
            "created_at": tx.now,
            "seen_at": tx.now,
            "expires_at": expires_at,
            "revoked_at": None,
        },
    )
    if agent:
        tx.execute(sa.insert(session_agents), {"session_id": made.id, "agent": agent})
    return made


def session(tx: Tx, token_sha256: bytes) -> Session:
    """One session by its token, over or not.

    Raises:
        NotFound: never was.
    """
    row = tx.execute(_SESSIONS.where(t.sessions.c.token_sha256 == token_sha256)).one_or_none()
    if row is None:
        raise NotFound("session")
    return _noun(row)


def sessions(tx: Tx, person: Id) -> list[Session]:
    """Somebody's sessions, the newest first."""
    s = t.sessions.c
    wanted = _SESSIONS.where(s.person_id == person).order_by(s.created_at.desc())
    return [_noun(row) for row in tx.execute(wanted)]


def session_by_id(tx: Tx, session_id: Id) -> Session:
    """One session by its id, over or not.

    Raises:
        NotFound: never was.
    """
    row = tx.execute(_SESSIONS.where(t.sessions.c.id == session_id)).one_or_none()
    if row is None:
        raise NotFound("session")
    return _noun(row)


def last_seen(tx: Tx) -> dict[Id, datetime]:
    """When each person was here last, as far back as sessions are kept."""
    s = t.sessions.c
    latest = sa.select(s.person_id, sa.func.max(s.seen_at).label("seen")).group_by(s.person_id)
    return {Id(row.person_id): row.seen for row in tx.execute(latest)}


def live_sessions(tx: Tx, *, idle: timedelta) -> list[Session]:
    """Everybody's sessions that still let somebody in, the newest first.

    Args:
        tx: the transaction.
        idle: how long one may go unused.
    """
    s = t.sessions.c
    wanted = _SESSIONS.where(
        s.revoked_at.is_(None), s.expires_at > tx.now, s.seen_at >= tx.now - idle
    )
    return [_noun(row) for row in tx.execute(wanted.order_by(s.created_at.desc()))]


def touch_session(tx: Tx, session_id: Id) -> None:
    """Remember that it is in use."""
    tx.execute(sa.update(t.sessions).where(t.sessions.c.id == session_id).values(seen_at=tx.now))


def revoke_session(tx: Tx, session_id: Id) -> None:
    """End one; ending it twice is harmless."""
    s = t.sessions.c
    tx.execute(
        sa.update(t.sessions)
        .where(s.id == session_id, s.revoked_at.is_(None))
        .values(revoked_at=tx.now)
    )


def revoke_sessions(tx: Tx, person: Id) -> None:
    """End all of a person."""
    s = t.sessions.c
    tx.execute(
        sa.update(t.sessions)
        .where(s.person_id == person, s.revoked_at.is_(None))
        .values(revoked_at=tx.now)
    )


def forget_before(tx: Tx, moment: datetime) -> int:
    """Drop links and sessions that ended before a moment; answers how many."""
    gone = 0
    for table in (t.login_links, t.sessions):
        gone += tx.execute(sa.delete(table).where(table.c.expires_at < moment)).rowcount
    return gone


def _noun(row: sa.Row[Any]) -> Session:
    return Session(
        id=Id(row.id),
        person=Id(row.person_id),
        method=row.method,
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        agent=row.agent or "",
    )
