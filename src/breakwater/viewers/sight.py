"""How much of a viewer somebody may see, by role (reference law, "who may see what").

`pseudonym`: nothing that names anybody. `account`: the service's name of the account, addresses
shortened. `identity`: all, with a reason. Used by `viewers.seeing`; tests:
`tests/contract/test_viewers.py`.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING

from breakwater.model.access import Permission, Principal

if TYPE_CHECKING:
    from breakwater.viewers.seeing import Seen


class Sight(StrEnum):
    """How much is shown."""

    PSEUDONYM = "pseudonym"
    ACCOUNT = "account"
    IDENTITY = "identity"

    @classmethod
    def of(cls, by: Principal, reason: str) -> Sight:
        """What somebody may see now."""
        if by.may(Permission.IDENTITY_READ) and reason.strip():
            return cls.IDENTITY
        return cls.ACCOUNT if by.may(Permission.ACCOUNT_READ) else cls.PSEUDONYM


def shown(one: Seen, sight: Sight) -> Seen:
    """A viewer with what may not be seen taken away."""
    if sight is Sight.IDENTITY:
        return one
    place = None if one.place is None else replace(
        one.place, address="", city="", region="", latitude=None, longitude=None
    )  # fmt: skip
    acts = tuple(replace(act, act=None) for act in one.acts)
    if sight is Sight.ACCOUNT:
        short = tuple((shortened(text), (), at) for text, _, at in one.addresses)
        return replace(one, place=place, acts=acts, addresses=short, agents=())
    return replace(one, place=place, acts=acts, account="", addresses=(), agents=())


def shortened(text: str) -> str:
    """The network of an address.

    >>> shortened("81.2.69.142"), shortened("2001:218::1")
    ('81.2.69.0/24', '2001:218::/48')
    """
    try:
        found = ip_address(text)
    except ValueError:
        return ""
    size = 24 if isinstance(found, IPv4Address) else 48
    return str(ip_network((found, size), strict=False))
