"""People: made by an administrator, let in by a one-time link, then password or passkey.

There is no default password: the first administrator gets a link when the server starts with
nobody to sign in. Wrong passwords make the name wait, doubling up to an hour, and never for
ever (`policy.lock_seconds`); a name nobody has costs the same time as a wrong password. Fed
by `web.pages` and `web.api.sessions`; reads `records.people`. Tests:
`tests/unit/test_access_people.py`.
"""

from __future__ import annotations

import math
import secrets
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from breakwater.access import policy
from breakwater.access.sessions import Sessions, digest
from breakwater.errors import (
    BadInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    TooManyRequests,
)
from breakwater.model.access import Permission, Person, Principal, Role
from breakwater.model.clock import Clock
from breakwater.model.ids import Id
from breakwater.model.signin import SignIn
from breakwater.records import people
from breakwater.records.database import Database, Tx

NAME_MAX: Final = 100
AT_ONCE: Final = 2
"""Passwords checked at once: each takes 64 MiB by design, and guesses come in crowds."""
TURN_S: Final = 5.0
_WRONG: Final = "The name or the password is wrong."


class People:
    """The verbs of people and their passwords."""

    def __init__(
        self, *, db: Database, sessions: Sessions, clock: Clock, hasher: PasswordHasher
    ) -> None:
        self._db = db
        self._sessions = sessions
        self._clock = clock
        self._hasher = hasher
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._decoy = hasher.hash(secrets.token_urlsafe(16))

    def create(self, name: str, roles: Iterable[str], by: Principal) -> Person:
        """Make a person; give them a link to sign in with."""
        checked = _name(name)
        wanted = policy.check_roles(roles)
        with self._db.transaction() as tx:
            person = people.create(tx, name=checked, roles=wanted)
            tx.audit(by.id, "person.create", person.id, roles=sorted(wanted))
        return person

    def every(self) -> list[Person]:
        """Everybody, those who left too."""
        with self._db.read() as tx:
            return list(people.every(tx))

    def get(self, person: Id) -> Person:
        """One person; raises `NotFound`."""
        with self._db.read() as tx:
            return people.get(tx, person)

    def on_behalf(self, by: Principal, name: str, needed: Permission) -> Principal:
        """Whoever runs a command, with the person behind it who vouches for what it does.

        Raises:
            NotFound: nobody here is called that, or not any more.
            NotAllowed: that person may not do it themselves.
        """
        person = self._named(name)
        if not any(needed in role.permissions for role in person.roles):
            allowing = ", ".join(role for role in Role if needed in role.permissions)
            raise NotAllowed(
                f"{person.name} may not vouch for this: it needs the permission {needed}. "
                f"An administrator gives a role that has it ({allowing}) on the page People."
            )
        return replace(by, person=person.id)

    def set_roles(self, person: Id, roles: Iterable[str], by: Principal) -> Person:
        """Change what somebody may do; their sessions end, so that it bites at once."""
        policy.not_oneself(by, person)
        wanted = policy.check_roles(roles)
        with self._db.transaction() as tx:
            changed = people.set_roles(tx, person, wanted)
            self._sessions.end_all(tx, person)
            tx.audit(by.id, "person.roles", person, roles=sorted(wanted))
        return changed

    def deactivate(self, person: Id, by: Principal) -> Person:
        """Somebody left: their sessions end and no link, password or passkey lets them in."""
        policy.not_oneself(by, person)
        with self._db.transaction() as tx:
            gone = people.deactivate(tx, person)
            self._sessions.end_all(tx, person)
            tx.audit(by.id, "person.deactivate", person)
        return gone

    def activate(self, person: Id, by: Principal) -> Person:
        """Somebody came back: what they had set up signs in again; raises `NotFound`."""
        policy.not_oneself(by, person)
        with self._db.transaction() as tx:
            back = people.activate(tx, person)
            tx.audit(by.id, "person.activate", person)
        return back

    def link(self, person: Id, by: str, *, life: timedelta = policy.LINK_LIFE) -> str:
        """Make a one-time login link; answers the token that `/login/<token>` takes.

        Args:
            person: who it lets in.
            by: id of the person who asked for it, or the name of a part.
            life: how long it is good for.
        """
        token = secrets.token_urlsafe(32)
        with self._db.transaction() as tx:
            people.get(tx, person)
            people.create_login_link(
                tx, person, token_sha256=digest(token), expires_at=tx.now + life
            )
            tx.audit(by, "person.link", person)
        return token

    def link_for(self, name: str, by: Principal) -> str:
        """A one-time login link for whoever is called that; answers its token.

        Raises:
            NotFound: nobody here is called that, or not any more.
        """
        return self.link(self._named(name).id, by.id)

    def first_link(self, name: str = "Administrator") -> str | None:
        """At start: a link for the first administrator while nobody can sign in.

        Returns:
            The token, or None when somebody has a password or passkey already.
        """
        with self._db.read() as tx:
            everybody = [person for person in people.every(tx) if person.active]
        admins = [person for person in everybody if Role.ADMIN in person.roles]
        if any(person.credential != "none" for person in admins):
            return None
        if admins:
            return self.link(admins[0].id, "system")
        with self._db.transaction() as tx:
            person = people.create(tx, name=name, roles=frozenset({Role.ADMIN}))
            tx.audit("system", "person.create", person.id, roles=[Role.ADMIN])
        return self.link(person.id, "system")

    def unlock(self, person: Id, by: Principal) -> Person:
        """Let a name try again at once after too many wrong passwords; raises `NotFound`."""
        with self._db.transaction() as tx:
            people.clear_failures(tx, person)
            tx.audit(by.id, "person.unlock", person)
            return people.get(tx, person)

    def consume_link(self, token: str, *, agent: str = "") -> tuple[Person, str]:
        """Sign in by a one-time link; answers the person and the session's token.

        Raises:
            NotAuthenticated: used, expired or never made. Never says which.
        """
        try:
            with self._db.transaction() as tx:
                person = people.use_login_link(tx, digest(token))
                if not person.active:
                    raise NotFound  # noqa: TRY301 - inside, so that the link is not used up
                return person, self._sessions.start(tx, person, "link", agent=agent)
        except NotFound:
            raise NotAuthenticated(
                "The link was used or has expired. Ask an administrator for another."
            ) from None

    def sign_in(self, name: str, password: str, *, agent: str = "") -> tuple[Person, str]:
        """Sign in by name and password; answers the person and the session's token.

        Raises:
            NotAuthenticated: wrong. Never says what.
            TooManyRequests: too many wrong ones for this name; the facts say how long.
        """
        found = self._known(name)
        wait = self._locked(found)
        if wait > 0:
            raise TooManyRequests(_locked_words(wait), retry_after=wait)
        stored = found.password_hash if found and found.person.active else ""
        if not self._verify(stored, password) or found is None or not stored:
            self._failed(found)
            raise NotAuthenticated(_WRONG)
        with self._db.transaction() as tx:
            if self._hasher.check_needs_rehash(stored):
                people.set_password(tx, found.person.id, self._hasher.hash(password))
            people.clear_failures(tx, found.person.id)
            return found.person, self._sessions.start(tx, found.person, "password", agent=agent)

    def check_password(self, who: Principal, password: str) -> None:
        """Whether this is the password of whoever is signed in; wrong ones count as at the door.

        Raises:
            BadInput: wrong.
            TooManyRequests: too many wrong ones for this name; the facts say how long.
        """
        found = self._known(who.name)
        wait = self._locked(found)
        if wait > 0:
            raise TooManyRequests(_locked_words(wait), retry_after=wait)
        mine = found is not None and found.person.id == who.id and found.person.active
        stored = found.password_hash if found and mine else ""
        if not self._verify(stored, password) or not stored:
            self._failed(found if mine else None)
            raise BadInput("The password is wrong. Nothing was confirmed.")
        with self._db.transaction() as tx:
            people.clear_failures(tx, who.id)

    def set_password(self, who: Principal, password: str) -> None:
        """Set one's own password; other sessions go on.

        Raises:
            BadInput: too weak.
            NotAllowed: the sign-in is not fresh.
        """
        self._sessions.check_fresh(who)
        policy.check_password(password, name=who.name)
        hashed = self._hasher.hash(password)
        with self._db.transaction() as tx:
            people.set_password(tx, who.id, hashed)
            tx.audit(who.id, "person.password", who.id)

    def _named(self, name: str) -> Person:
        try:
            with self._db.read() as tx:
                person = people.by_name(tx, name)
        except NotFound:
            raise NotFound(
                f'Nobody here is called "{name}". An administrator adds people on the page People.'
            ) from None
        if not person.active:
            raise NotFound(
                f'The access of "{name}" was taken away. An administrator can give it back on '
                "the page People."
            )
        return person

    def _known(self, name: str) -> SignIn | None:
        with self._db.read() as tx:
            try:
                return people.sign_in(tx, name.strip()[:NAME_MAX])
            except NotFound:
                return None

    def _locked(self, found: SignIn | None) -> float:
        if found is None or found.locked_until is None:
            return 0.0
        return (found.locked_until - self._clock.now()).total_seconds()

    def _verify(self, stored: str, password: str) -> bool:
        if not self._turns.acquire(timeout=TURN_S):
            raise TooManyRequests("Too many people sign in at once.", retry_after=TURN_S)
        try:
            return self._hasher.verify(stored or self._decoy, password[: policy.PASSWORD_MAX])
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._turns.release()

    def _failed(self, found: SignIn | None) -> None:
        if found is None:
            return
        with self._db.transaction() as tx:
            self._count(tx, found.person.id)

    def _count(self, tx: Tx, person: Id) -> None:
        failures = people.add_failure(tx, person)
        wait = policy.lock_seconds(failures)
        if wait:
            people.lock(tx, person, tx.now + timedelta(seconds=wait))
            tx.audit("system", "person.locked", person, failures=failures, seconds=wait)


def _locked_words(wait: float) -> str:
    minutes = max(1, math.ceil(wait / 60))
    span = "1 minute" if minutes == 1 else f"{minutes} minutes"
    return (
        f"Too many wrong passwords for this name. Try again in {span}, use a passkey, or ask an "
        "administrator to unlock it."
    )


def _name(name: str) -> str:
    checked = " ".join(name.split())
    if not 1 <= len(checked) <= NAME_MAX or not checked.isprintable():
        raise BadInput(f"A name has 1 to {NAME_MAX} printable characters.")
    return checked
