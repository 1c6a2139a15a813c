"""Addresses as logs and proxies write them, made one: what IPv4 stands in an IPv6 is taken out.

The same viewer is written `192.0.2.1`, `::ffff:192.0.2.1`, `64:ff9b::c000:201` or inside 6to4 and
Teredo, by how the packet travelled (RFC 4291 §2.5.5, RFC 6052, RFC 3056, RFC 4380). What comes
out is looked up and keyed; what it was written as is kept beside it. Used by `geo.atlas` and
`viewers`; tests: `tests/unit/test_geo_address.py`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from breakwater.model.watch import AddressKind

LONGEST: Final = 128
"""Characters of an address with brackets, zone and port."""

_NAT64: Final = IPv6Network("64:ff9b::/96")
_CARRIER: Final = IPv4Network("100.64.0.0/10")
_PRIVATE_4: Final = tuple(
    IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
_PRIVATE_6: Final = (IPv6Network("fc00::/7"), IPv6Network("64:ff9b:1::/48"))
_UNICAST_6: Final = IPv6Network("2000::/3")
_RESERVED: Final = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "2001:db8::/32", "3fff::/20",
        "2001:2::/48", "2001:10::/28", "2001:20::/28",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Host:
    """An address made one.

    Attributes:
        text: canonical; empty when it could not be read.
        kind: what it can say.
        via: what it was taken out of: `mapped`, `nat64`, `6to4`, `teredo`, or empty.
        port: that stood beside it, if one did.
    """

    text: str
    kind: AddressKind
    via: str = ""
    port: int | None = None

    @property
    def public(self) -> bool:
        """Whether it can be looked up."""
        return self.kind is AddressKind.PUBLIC


UNREADABLE: Final = Host("", AddressKind.UNREADABLE)


def read(text: str) -> Host:
    """Read an address as logs and proxies write it; what cannot be read says so.

    >>> read("::ffff:192.168.1.4"), read("[2001:218::1]:4711").port
    (Host(text='192.168.1.4', kind=<AddressKind.PRIVATE: 'private'>, via='mapped', port=None), 4711)
    """
    if len(text) > LONGEST:
        return UNREADABLE
    bare, port = _without_port(text.strip().strip('"'))
    try:
        parsed = ipaddress.ip_address(bare)
    except ValueError:
        return UNREADABLE
    via = ""
    if isinstance(parsed, IPv6Address):
        if parsed.scope_id is not None:
            parsed = IPv6Address(int(parsed))
        inside, via = _inside(parsed)
        if inside is not None:
            return Host(str(inside), kind_of(inside), via, port)
    return Host(str(parsed), kind_of(parsed), "", port)


def kind_of(address: IPv4Address | IPv6Address) -> AddressKind:
    """What an address can say."""
    if address.is_loopback or address.is_link_local:
        return AddressKind.LOCAL
    if any(address in block for block in _RESERVED):
        return AddressKind.RESERVED
    if isinstance(address, IPv4Address):
        if address in _CARRIER:
            return AddressKind.CARRIER
        private = any(address in block for block in _PRIVATE_4)
        return AddressKind.PRIVATE if private else AddressKind.PUBLIC
    if any(address in block for block in _PRIVATE_6):
        return AddressKind.PRIVATE
    return AddressKind.PUBLIC if address in _UNICAST_6 else AddressKind.RESERVED


def _inside(address: IPv6Address) -> tuple[IPv4Address | None, str]:
    """The IPv4 address that stands in an IPv6 one, and how."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped, "mapped"
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF), "nat64"
    if address.sixtofour is not None:
        return address.sixtofour, "6to4"
    if address.teredo is not None:
        return address.teredo[1], "teredo"
    return None, ""


def _without_port(text: str) -> tuple[str, int | None]:
    """`[v6]:port`, `v4:port` and bare ones."""
    if text.startswith("["):
        bare, _, rest = text[1:].partition("]")
        return bare, _port(rest[1:]) if rest.startswith(":") else None
    if text.count(":") == 1:
        bare, _, rest = text.partition(":")
        return bare, _port(rest)
    return text, None


def _port(text: str) -> int | None:
    """A port; None when there is none or it is not one."""
    if text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536:
        return int(text)
    return None
