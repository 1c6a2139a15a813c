"""Rules of access as tables: how long, how often, how strong, and who may give what.

Pure: numbers and words in, decisions out; `keys`, `people` and `sessions` apply them. Lengths
follow NIST SP 800-63B-4 (§3.1.1 passwords: length, no composition rules; §2.2.3 sessions:
12 h absolute, 30 min idle at AAL2). Tested in `tests/unit/test_access_policy.py`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.errors import BadInput, NotAllowed
from breakwater.model.access import MACHINE_SCOPES, Permission, Principal, Role

CACHE_S: Final = 5.0
"""How long an answer about a key or session may be reused: revocation bites within it."""

LINK_LIFE: Final = timedelta(minutes=30)
"""A login link is typed or clicked at once; a stale one in a scrollback must be worthless."""

STEP_UP: Final = timedelta(minutes=10)
"""How fresh a sign-in must be to change one's own password or passkeys."""

PASSWORD_MIN: Final = 15
"""Characters of a password that stands alone (NIST SP 800-63B-4 §3.1.1.2)."""
PASSWORD_MAX: Final = 256
"""Longer ones only cost argon2 time."""

FREE_FAILURES: Final = 5
"""Wrong passwords before a wait: people mistype."""
FIRST_LOCK_S: Final = 30
LONGEST_LOCK_S: Final = 3600
"""Never for ever: a lock that only an admin opens lets anybody shut out the whole night shift."""

ADDRESS_FAILURES_PER_MINUTE: Final = 60
"""Failed proofs from one address before it waits, whatever names or keys it tries."""


@dataclass(frozen=True, slots=True)
class SessionLife:
    """How long a console session lives."""

    absolute: timedelta = timedelta(hours=12)
    idle: timedelta = timedelta(minutes=30)


def lock_seconds(failures: int) -> int:
    """How long sign-in waits after so many failures in a row: nothing, then doubling.

    >>> [lock_seconds(n) for n in (4, 5, 6, 7, 100)]
    [0, 30, 60, 120, 3600]
    """
    if failures < FREE_FAILURES:
        return 0
    return int(min(LONGEST_LOCK_S, FIRST_LOCK_S * 2 ** min(failures - FREE_FAILURES, 16)))


def check_password(password: str, *, name: str) -> None:
    """Refuse a password that is too short, too long, one character repeated, or the name.

    Raises:
        BadInput: it is not good enough; the detail says what would be.
    """
    if len(password) < PASSWORD_MIN:
        raise BadInput(
            f"A password has at least {PASSWORD_MIN} characters; a few words do. "
            "Or set up a passkey instead."
        )
    if len(password) > PASSWORD_MAX:
        raise BadInput(f"A password has at most {PASSWORD_MAX} characters.")
    if len(set(password.casefold())) < 5 or name.casefold() == password.casefold():
        raise BadInput("This password repeats itself or is your name. Use a few unrelated words.")


def check_scopes(scopes: Iterable[str]) -> frozenset[Permission]:
    """Read the scopes of a new key.

    Raises:
        BadInput: none, or one that is not a permission.
        NotAllowed: one that no machine may hold.
    """
    known = {permission.value: permission for permission in Permission}
    words = list(scopes)
    allowed = ", ".join(sorted(MACHINE_SCOPES))
    if not words:
        raise BadInput(f"A key needs at least one scope of: {allowed}.")
    for word in words:
        if word not in known:
            raise BadInput(f"There is no scope of that name. Scopes of a key: {allowed}.")
        if known[word] not in MACHINE_SCOPES:
            raise NotAllowed(f"No key may hold {word}; people hold it. Scopes of a key: {allowed}.")
    return frozenset(known[word] for word in words)


def check_roles(words: Iterable[str]) -> frozenset[Role]:
    """Read the roles of a person.

    Raises:
        BadInput: one that is not a role.
    """
    try:
        return frozenset(Role(word) for word in words)
    except ValueError:
        raise BadInput(f"Roles are: {', '.join(Role)}.") from None


def check_networks(words: Iterable[str]) -> tuple[str, ...]:
    """Read CIDR blocks in their canonical spelling.

    Raises:
        BadInput: one is not a block.
    """
    try:
        return tuple(str(ipaddress.ip_network(word.strip(), strict=False)) for word in words)
    except ValueError:
        raise BadInput("Networks are CIDR blocks, for example 203.0.113.0/24.") from None


def inside(address: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of the blocks; an unreadable address lies in none.

    >>> inside("10.1.2.3", ["10.0.0.0/8"]), inside("::ffff:10.1.2.3", ["10.0.0.0/8"])
    (True, True)
    """
    try:
        ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip in ipaddress.ip_network(block) for block in networks)


def not_oneself(actor: Principal, person: str) -> None:
    """Nobody changes their own roles or locks themselves out.

    Raises:
        NotAllowed: the actor is that person.
    """
    if person in {actor.person, actor.id}:
        raise NotAllowed("Nobody changes their own roles or account. Ask a colleague.")
