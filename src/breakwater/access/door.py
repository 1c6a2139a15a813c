"""Everything of access in one place, as `app` builds it and `web.gate` uses it."""

from __future__ import annotations

from argon2 import PasswordHasher

from breakwater.access import policy
from breakwater.access.challenges import Challenges
from breakwater.access.keys import Keys
from breakwater.access.limits import Buckets, Limits, SharedBuckets
from breakwater.access.oidc import Oidc
from breakwater.access.passkeys import Passkeys
from breakwater.access.people import People
from breakwater.access.provider import Provider, ProviderClient
from breakwater.access.sessions import Sessions
from breakwater.access.signing import Signing
from breakwater.access.subjects import Subjects
from breakwater.model.clock import Clock
from breakwater.records.database import Database
from breakwater.records.keys import Keyring


class Access:
    """The ways of knowing who asks.

    Attributes:
        keys: of machines.
        sessions: of browsers.
        people: and their passwords and links.
        passkeys: of people.
        signing: of single acts by people who are signed in already.
        oidc: the organisation's own sign-in service.
        limits: how often somebody may ask; shared where several processes serve.
        subjects: what is kept of people outside, for those who answer them.
    """

    def __init__(
        self,
        *,
        db: Database,
        keys: Keyring,
        clock: Clock,
        life: policy.SessionLife | None = None,
        hasher: PasswordHasher | None = None,
        provider: Provider | None = None,
    ) -> None:
        """Wire the parts; `hasher` is for tests, which need not be slow."""
        life = life or policy.SessionLife()
        challenges = Challenges(keyring=keys, clock=clock)
        client = None if provider is None else ProviderClient(provider, clock=clock)
        shared = db.dialect == "postgresql"  # SQLite has one owner (decision 1)
        self._client = client
        self.keys = Keys(db=db, keyring=keys, clock=clock)
        self.sessions = Sessions(db=db, keyring=keys, clock=clock, life=life)
        self.people = People(
            db=db, sessions=self.sessions, clock=clock, hasher=hasher or PasswordHasher()
        )
        self.passkeys = Passkeys(db=db, sessions=self.sessions, challenges=challenges)
        self.signing = Signing(db=db, passkeys=self.passkeys, people=self.people, clock=clock)
        self.subjects = Subjects(db=db)
        self.oidc = Oidc(db=db, sessions=self.sessions, challenges=challenges, client=client)
        self.limits: Limits = (
            SharedBuckets(db=db, keyring=keys, clock=clock) if shared else Buckets(clock)
        )

    def close(self) -> None:
        """Close what was opened to the outside."""
        if self._client is not None:
            self._client.close()
