"""Which network addresses are public: the table that URL fetching and webhooks rest on.

Python's `is_global` passes NAT64, 6to4, Teredo and multicast, each of which can name a host
inside (IANA special-purpose registries, RFC 6890, RFC 8190; RFC 6052 for NAT64). Here IPv6
is allowed only inside 2000::/3 and outside what is carved from it, and an address that
embeds an IPv4 address is public only if that one is. Tested in `tests/unit/test_fetch_ssrf.py`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_REFUSED_4: Final = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; some clouds keep metadata here
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local; cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; NAT64 discovery, cloud metadata
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT relays
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved and broadcast
        "168.63.129.16/32",  # a cloud's host agent, public by number, inside by route
    )
)
_UNICAST_6: Final = IPv6Network("2000::/3")
_REFUSED_6: Final = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 embeds any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # returned 6bone space
        "3fff::/20",  # documentation
    )
)
_ISATAP: Final = (0x00005EFE, 0x02005EFE)
"""Upper half of an interface id that holds an IPv4 address (RFC 5214 §6.1)."""


def is_public(address: Address) -> bool:
    """Whether an address can only be a host on the open internet.

    >>> [is_public(ipaddress.ip_address(a)) for a in ("8.8.8.8", "64:ff9b::7f00:1", "ff0e::1")]
    [True, False, False]
    """
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _REFUSED_4)
    if address.scope_id is not None or address not in _UNICAST_6:
        return False
    if any(address in block for block in _REFUSED_6):
        return False
    low = int(address) & ((1 << 64) - 1)
    return low >> 32 not in _ISATAP or is_public(IPv4Address(low & 0xFFFFFFFF))


def networks(blocks: Iterable[str]) -> tuple[Network, ...]:
    """Read CIDR blocks."""
    return tuple(ipaddress.ip_network(block, strict=False) for block in blocks)


def allowed(address: Address, private: Iterable[Network]) -> bool:
    """Whether a connection may go there: it is public, or an operator named its block."""
    return is_public(address) or any(address in block for block in private)
