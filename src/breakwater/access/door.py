"""Everything of access in one place, as `app` builds it and `web.gate` uses it."""

from __future__ import annotations

from argon2 import PasswordHasher

from breakwater.access import policy
from breakwater.access.keys import Keys
from breakwater.access.passkeys import Passkeys
from breakwater.access.people import People
from breakwater.access.sessions import Sessions
from breakwater.model.clock import Clock
from breakwater.records.database import Database
from breakwater.records.keys import Keyring


class Access:
    """The four ways of knowing who asks.

    Attributes:
        keys: of machines.
        sessions: of browsers.
        people: and their passwords and links.
        passkeys: of people.
    """

    def __init__(
        self,
        *,
        db: Database,
        keys: Keyring,
        clock: Clock,
        life: policy.SessionLife | None = None,
        hasher: PasswordHasher | None = None,
    ) -> None:
        """Wire the parts; `hasher` is for tests, which need not be slow."""
        life = life or policy.SessionLife()
        self.keys = Keys(db=db, keyring=keys, clock=clock)
        self.sessions = Sessions(db=db, keyring=keys, clock=clock, life=life)
        self.people = People(
            db=db, sessions=self.sessions, clock=clock, hasher=hasher or PasswordHasher()
        )
        self.passkeys = Passkeys(db=db, sessions=self.sessions, clock=clock)
