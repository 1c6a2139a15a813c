"""Console sessions: a random token in a cookie, its hash in SQL, two expiries.

A session ends after 30 minutes without use and after 12 hours in any case (settings), and
when it or its person is revoked. Remembered for at most `policy.CACHE_S` so that a page with
many requests reads once. Tests: `tests/unit/test_access_people.py`.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.access import policy
from breakwater.errors import NotFound
from breakwater.model.access import Permission, Person, Principal
from breakwater.model.clock import Clock
from breakwater.model.ids import Id
from breakwater.model.signin import Session
from breakwater.records import people
from breakwater.records.database import Database, Tx
from breakwater.records.keys import Keyring

PURPOSE: Final = "sessions"
TOUCH: Final = timedelta(minutes=1)
"""`seen_at` is written at most this often: idle time needs no better."""
_MOST: Final = 4096


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    until: float


class Sessions:
    """The sessions of people."""

    def __init__(
        self, *, db: Database, keyring: Keyring, clock: Clock, life: policy.SessionLife
    ) -> None:
        self._db = db
        self._keyring = keyring
        self._clock = clock
        self._life = life
        self._known: dict[bytes, _Known] = {}
        self._lock = threading.Lock()
        self._epoch = 0

    def start(self, tx: Tx, person: Person, method: str) -> str:
        """Begin a session in the transaction that checked the proof; answers its token."""
        token = secrets.token_urlsafe(32)
        session = people.start_session(
            tx,
            person.id,
            token_sha256=digest(token),
            method=method,
            expires_at=tx.now + self._life.absolute,
        )
        tx.audit(person.id, "session.start", session.id, method=method)
        return token

    def remembered(self, token: str) -> Principal | None:
        """Who this session is, if that was checked within the last 5 s."""
        known = self._known.get(digest(token))
        if known is None or known.until < self._clock.monotonic():
            return None
        return known.principal

    def resume(self, token: str) -> Principal | None:
        """Check a session against the database; None when it is over or never was."""
        epoch = self._epoch
        with self._db.read() as tx:
            found = self._find(tx, token)
        if found is None:
            return None
        session, person = found
        if self._clock.now() - session.seen_at >= TOUCH:
            with self._db.transaction() as tx:
                people.touch_session(tx, session.id)
        who = principal(person, session.id)
        with self._lock:
            if epoch == self._epoch:
                if len(self._known) >= _MOST:
                    self._known.clear()
                until = self._clock.monotonic() + policy.CACHE_S
                self._known[digest(token)] = _Known(who, until)
        return who

    def _find(self, tx: Tx, token: str) -> tuple[Session, Person] | None:
        now = self._clock.now()
        try:
            session = people.session(tx, digest(token))
            person = people.get(tx, session.person)
        except NotFound:
            return None
        idle = now - session.seen_at > self._life.idle
        if not session.live(now) or idle or not person.active:
            return None
        return session, person

    def end(self, who: Principal) -> None:
        """Sign out."""
        if who.session is None:
            return
        with self._db.transaction() as tx:
            people.revoke_session(tx, who.session)
            tx.audit(who.id, "session.end", who.session)
        self.forget()

    def end_all(self, tx: Tx, person: Id) -> None:
        """End every session of a person, in the transaction of whoever decided it."""
        people.revoke_sessions(tx, person)
        tx.after_commit(self.forget)

    def forget(self) -> None:
        """Check everything anew."""
        with self._lock:
            self._epoch += 1
            self._known.clear()

    def csrf(self, who: Principal) -> str:
        """The token that every unsafe request of a session carries; nothing is stored for it."""
        return self._keyring.mac(PURPOSE, f"csrf\0{who.session}".encode()).hex()


def principal(person: Person, session: Id) -> Principal:
    """What the rest of the code sees of a person."""
    allowed: frozenset[Permission] = frozenset().union(*(r.permissions for r in person.roles))
    return Principal(
        id=person.id, name=person.name, permissions=allowed, person=person.id, session=session
    )


def digest(token: str) -> bytes:
    """What is stored of a token with 256 random bits: a plain hash suffices."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
