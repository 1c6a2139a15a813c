"""API keys: `bw_<id>_<secret>` made once, stored as a keyed hash, checked in microseconds.

A key is found by its id; its secret (256 random bits) is compared as HMAC under the key
purpose "api", so that a stolen database opens nothing. What was checked is remembered for at
most `policy.CACHE_S`, and forgotten at once when this process revokes it. Network list, expiry
and revocation are checked; rates are counted by `web.gate`. Tests:
`tests/unit/test_access_keys.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from breakwater.access import policy
from breakwater.errors import BadInput, NotAllowed, NotAuthenticated, NotFound
from breakwater.model.access import ApiKey, Permission, Principal
from breakwater.model.clock import Clock
from breakwater.model.ids import Id, new_id, parse_id
from breakwater.records import api_keys
from breakwater.records.database import Database
from breakwater.records.keys import Keyring

PURPOSE: Final = "api"
_TOKEN: Final = re.compile(r"bw_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")
_MOST: Final = 4096
"""Answers remembered; beyond it all are forgotten (each costs one read to learn again)."""


@dataclass(frozen=True, slots=True)
class _Known:
    key: ApiKey
    principal: Principal
    until: float


class Keys:
    """The keys of machines."""

    def __init__(self, *, db: Database, keyring: Keyring, clock: Clock) -> None:
        self._db = db
        self._keyring = keyring
        self._clock = clock
        self._known: dict[bytes, _Known] = {}
        self._rates: dict[Id, float] = {}
        self._lock = threading.Lock()
        self._epoch = 0

    def create(
        self,
        by: Principal,
        *,
        name: str,
        scopes: Iterable[str],
        service: str = "",
        networks: Iterable[str] = (),
        per_second: float = 0.0,
        test: bool = False,
        expires_at: datetime | None = None,
        also: frozenset[Permission] = frozenset(),
    ) -> tuple[ApiKey, str]:
        """Make a key.

        Args:
            by: who makes it.
            name: what it is for.
            scopes: of `MACHINE_SCOPES`.
            service: the one it speaks for; empty for any.
            networks: CIDR blocks it may be used from; none for anywhere.
            per_second: sustained requests a second; 0 is no limit.
            test: it changes nothing.
            expires_at: good until then.
            also: what this process gives only to the commands of its own user; never from outside.

        Returns:
            The key, and its token, which is never shown again.

        Raises:
            BadInput, NotAllowed: scopes, networks or expiry that cannot be.
        """
        key = ApiKey(
            id=new_id(),
            name=name.strip(),
            scopes=policy.check_scopes(scopes) | also,
            service=service,
            networks=policy.check_networks(networks),
            per_second=max(0.0, per_second),
            test=test,
            expires_at=expires_at,
            created_at=self._clock.now(),
        )
        if not key.name:
            raise BadInput("A key has a name, so that people know what it is for.")
        if expires_at is not None and expires_at <= self._clock.now():
            raise BadInput("The key would have expired already.")
        secret = secrets.token_urlsafe(32)
        with self._db.transaction() as tx:
            api_keys.create(tx, key, secret_mac=self._mac(key.id, secret), created_by=by.id)
            tx.audit(
                by.id, "key.create", key.id, name=key.name, service=service, test=test,
                scopes=sorted(scope.value for scope in key.scopes),
            )  # fmt: skip
        return key, f"bw_{key.id.replace('-', '')}_{secret}"

    def revoke(self, key: Id, by: Principal) -> ApiKey:
        """Stop a key: here at once, in other processes within 5 s."""
        with self._db.transaction() as tx:
            revoked = api_keys.revoke(tx, key)
            tx.audit(by.id, "key.revoke", key, name=revoked.name)
        self.forget()
        return revoked

    def every(self) -> list[ApiKey]:
        """All keys, revoked ones too."""
        with self._db.read() as tx:
            return list(api_keys.every(tx))

    def remembered(self, token: str, address: str) -> Principal | None:
        """Who this token is, if that was checked within the last 5 s; costs microseconds.

        Raises:
            NotAllowed: it may not be used from this address.
        """
        known = self._known.get(_digest(token))
        if known is None or known.until < self._clock.monotonic():
            return None
        expires = known.key.expires_at
        if expires is not None and expires <= self._clock.now():
            return None
        _check_network(known.key, address)
        return known.principal

    def authenticate(self, token: str, address: str) -> Principal:
        """Check a token against the database.

        Raises:
            NotAuthenticated: not a key, a wrong secret, revoked or expired. Never says which.
            NotAllowed: a good key from an address it may not be used from.
        """
        found = _TOKEN.fullmatch(token)
        key_id = parse_id(found[1]) if found else None
        if found is None or key_id is None:
            raise NotAuthenticated("An API key looks like bw_<id>_<secret>.")
        epoch = self._epoch
        try:
            with self._db.read() as tx:
                key, mac = api_keys.by_id(tx, key_id)
        except NotFound:
            raise _WRONG from None
        good = hmac.compare_digest(mac, self._mac(key_id, found[2]))
        expired = key.expires_at is not None and key.expires_at <= self._clock.now()
        if not good or key.revoked_at is not None or expired:
            raise _WRONG
        _check_network(key, address)
        return self._remember(token, key, epoch)

    def rate(self, key: Id) -> float:
        """Requests a second this key may make; 0 is no limit."""
        return self._rates.get(key, 0.0)

    def forget(self) -> None:
        """Check everything anew."""
        with self._lock:
            self._epoch += 1
            self._known.clear()

    def _remember(self, token: str, key: ApiKey, epoch: int) -> Principal:
        who = Principal(
            id=key.id, name=key.name, permissions=key.scopes, service=key.service, test=key.test
        )
        with self._lock:
            if epoch == self._epoch:  # else a key was revoked while we read
                if len(self._known) >= _MOST:
                    self._known.clear()
                until = self._clock.monotonic() + policy.CACHE_S
                self._known[_digest(token)] = _Known(key, who, until)
            if len(self._rates) >= _MOST:
                self._rates.clear()
            self._rates[key.id] = key.per_second
        return who

    def _mac(self, key: Id, secret: str) -> bytes:
        return self._keyring.mac(PURPOSE, f"key\0{key}\0{secret}".encode())


_WRONG: Final = NotAuthenticated("The API key is wrong, expired or revoked.")


def _digest(token: str) -> bytes:
    return hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=20).digest()


def _check_network(key: ApiKey, address: str) -> None:
    if key.networks and not policy.inside(address, key.networks):
        raise NotAllowed("This key may not be used from this address.")
