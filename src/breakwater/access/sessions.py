"""Console sessions: a random token in a cookie, its hash in SQL, two expiries.

A session ends after 30 minutes without use and after 12 hours in any case (settings), when it
or its person is revoked, and when its cookie comes from another kind of browser. People see
theirs and end any of them; administrators those of others. Remembered for at most
`policy.CACHE_S` so that a page with many requests reads once. Tests:
`tests/unit/test_access_people.py`, `tests/integration/test_api_sessions.py`.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.access import policy
from breakwater.errors import NotAllowed, NotFound
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
    agent: str


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

    def start(self, tx: Tx, person: Person, method: str, *, agent: str = "") -> str:
        """Begin a session in the transaction that checked the proof; answers its token."""
        token = secrets.token_urlsafe(32)
        session = people.start_session(
            tx,
            person.id,
            token_sha256=digest(token),
            method=method,
            expires_at=tx.now + self._life.absolute,
            agent=agent,
        )
        tx.audit(person.id, "session.start", session.id, method=method)
        return token

    def remembered(self, token: str, *, agent: str = "") -> Principal | None:
        """Who this session is, if that was checked within the last 5 s for this browser."""
        known = self._known.get(digest(token))
        if known is None or known.agent != agent or known.until < self._clock.monotonic():
            return None
        return known.principal

    def resume(self, token: str, *, agent: str = "") -> Principal | None:
        """Check a session against the database; None when it is over or never was.

        A session that comes from another kind of browser than began it was taken along: it ends
        here, and whoever holds it signs in again.

        Args:
            token: the cookie's.
            agent: which browser on which system carries it, in words.
        """
        epoch = self._epoch
        with self._db.read() as tx:
            found = self._find(tx, token)
        if found is None:
            return None
        session, person = found
        if session.agent and agent != session.agent:
            self._taken_along(session, agent)
            return None
        if self._clock.now() - session.seen_at >= TOUCH:
            with self._db.transaction() as tx:
                people.touch_session(tx, session.id)
        who = principal(person, session.id)
        with self._lock:
            if epoch == self._epoch:
                if len(self._known) >= _MOST:
                    self._known.clear()
                until = self._clock.monotonic() + policy.CACHE_S
                self._known[digest(token)] = _Known(who, until, agent)
        return who

    def _taken_along(self, session: Session, agent: str) -> None:
        """End a session whose cookie turned up in another browser, and say so in the log."""
        with self._db.transaction() as tx:
            people.revoke_session(tx, session.id)
            tx.audit(
                session.person, "session.taken_along", session.id, began=session.agent, came=agent
            )
            tx.after_commit(self.forget)

    def _find(self, tx: Tx, token: str) -> tuple[Session, Person] | None:
        try:
            session = people.session(tx, digest(token))
            person = people.get(tx, session.person)
        except NotFound:
            return None
        return (session, person) if self._lets_in(session) and person.active else None

    def _lets_in(self, session: Session) -> bool:
        now = self._clock.now()
        return session.live(now) and now - session.seen_at <= self._life.idle

    def check_fresh(self, who: Principal) -> None:
        """Before a way to sign in is added or taken away: an open screen must not be enough.

        Raises:
            NotAllowed: the sign-in is older than `policy.STEP_UP`.
        """
        with self._db.read() as tx:
            session = people.session_by_id(tx, who.session) if who.session else None
        if session is None or self._clock.now() - session.created_at > policy.STEP_UP:
            minutes = int(policy.STEP_UP.total_seconds() // 60)
            raise NotAllowed(
                f"Sign in again first: this needs a sign-in of the last {minutes} minutes."
            )

    def holder(self, tx: Tx, session: Id) -> Person:
        """Whose session this is, while it lets them in.

        Raises:
            NotFound: it is over, or they left.
        """
        found = people.session_by_id(tx, session)
        person = people.get(tx, found.person)
        if not self._lets_in(found) or not person.active:
            raise NotFound("session")
        return person

    def of_person(self, person: Id) -> list[Session]:
        """Somebody's sessions that still let them in, the newest first."""
        with self._db.read() as tx:
            return [each for each in people.sessions(tx, person) if self._lets_in(each)]

    def live(self) -> list[Session]:
        """Everybody's sessions that still let somebody in, the newest first."""
        with self._db.read() as tx:
            return people.live_sessions(tx, idle=self._life.idle)

    def end(self, who: Principal) -> None:
        """Sign out."""
        if who.session is None:
            return
        with self._db.transaction() as tx:
            people.revoke_session(tx, who.session)
            tx.audit(who.id, "session.end", who.session)
        self.forget()

    def revoke(self, session: Id, by: Principal, *, person: Id) -> None:
        """End one session of a person from elsewhere: here at once, in other processes within 5 s.

        Raises:
            NotFound: it is not theirs; whether it is another's is not said.
        """
        with self._db.transaction() as tx:
            if people.session_by_id(tx, session).person != person:
                raise NotFound("session")
            people.revoke_session(tx, session)
            tx.audit(by.id, "session.revoke", session, person=person)
            tx.after_commit(self.forget)

    def revoke_others(self, who: Principal) -> int:
        """End all of one's own sessions but this one; answers how many it were."""
        others = [each for each in self.of_person(who.id) if each.id != who.session]
        with self._db.transaction() as tx:
            for each in others:
                people.revoke_session(tx, each.id)
            tx.audit(who.id, "session.revoke_others", who.id, sessions=len(others))
            tx.after_commit(self.forget)
        return len(others)

    def revoke_all(self, person: Id, by: Principal) -> None:
        """End every session of a person; raises `NotFound`."""
        with self._db.transaction() as tx:
            people.get(tx, person)
            self.end_all(tx, person)
            tx.audit(by.id, "session.revoke_all", person)

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
