"""Addresses of the web in one spelling, so that equal ones have equal hashes.

In: a URL or a domain as somebody wrote it. Out: its canonical form, or the SHA-256 of it, which is
all that a list keeps. Rules: RFC 3986, 6.2.2 and 6.2.3 (case, percent-encoding of unreserved
characters, dot segments, default ports, empty path) for what is in a URL, and the URL standard of
the WHATWG for what people and browsers write (spaces and line breaks around, back-slashes, odd
spellings of IPv4); hosts by UTS 46 and IDNA 2008. The fragment and the user are dropped; http and
https, and `www.` and not, are: the first two one address, the other two different ones.
Canonical forms are their own canonical form: `tests/property/test_web_address.py`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from typing import Final

import idna

from breakwater.errors import BadSignal

MOST: Final = 8_192
"""Characters of an address; longer ones are refused, none is cut."""

_UNRESERVED: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)
_PATH: Final = _UNRESERVED | frozenset(b"!$&'()*+,;=:@/")
_QUERY: Final = _PATH | frozenset(b"?")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_OTHER: Final = re.compile(
    r"(javascript|data|mailto|file|blob|about|tel|urn|magnet):(?![0-9])", re.IGNORECASE
)
_SCHEMES: Final = frozenset({"http", "https"})
_PORTS: Final = frozenset({0, 80, 443})
"""Dropped whatever the scheme is, since both schemes are one; 0 is none."""

_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{2}")


def canonical_url(text: str) -> str:
    """The canonical form of a URL: `host[:port]/path[?query]`.

    >>> canonical_url("HTTPS://user@Exämple.org:443/a/./b/../%7Ec?x=%2f#top")
    'xn--exmple-cua.org/a/~c?x=%2F'

    Raises:
        BadSignal: it is no URL of http or https.
    """
    text = _cleaned(text)
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else "http"
    if scheme not in _SCHEMES or (found is None and _OTHER.match(text)):
        raise BadSignal("A URL begins with http:// or https://.")
    rest = text[found.end() :] if found else text
    rest = rest.partition("#")[0]
    before, mark, query = rest.partition("?")
    before = before.replace("\\", "/")
    if found is not None:
        before = before.lstrip("/")
    authority, slash, path = before.partition("/")
    host, port = _authority(authority)
    made = f"{host}{port}{_path(slash + path)}"
    asked = _encoded(query, _QUERY) if mark else ""
    return f"{made}?{asked}" if asked else made


def canonical_domain(text: str) -> str:
    """The canonical form of a domain, in ASCII.

    >>> canonical_domain(" Bücher.Example. ")
    'xn--bcher-kva.example'

    Raises:
        BadSignal: it is no domain, or an address or a whole URL.
    """
    host = _host(_cleaned(text))
    if "." not in host or host.startswith("[") or _is_ipv4(host):
        raise BadSignal("A domain has at least two parts, such as example.org.")
    return host


def hashed(canonical: str) -> bytes:
    """What a list keeps of an address: SHA-256 of its canonical form in ASCII, 32 bytes."""
    return hashlib.sha256(canonical.encode("ascii")).digest()


def domains_of(canonical: str) -> list[str]:
    """The host of a canonical URL and the domains above it, down to two parts.

    >>> domains_of("a.b.example.org/x")
    ['a.b.example.org', 'b.example.org', 'example.org']
    """
    host = canonical.partition("/")[0].partition("?")[0]
    if host.startswith("[") or _is_ipv4(host.partition(":")[0]):
        return []
    parts = host.partition(":")[0].split(".")
    return [".".join(parts[at:]) for at in range(len(parts) - 1)]


def _cleaned(text: str) -> str:
    """Without what browsers drop: C0 controls and spaces around, tabs and line breaks within."""
    if len(text) > MOST:
        raise BadSignal(f"An address has at most {MOST:,} characters.")
    text = text.strip("".join(map(chr, range(0x21))))
    for char in "\t\n\r":
        text = text.replace(char, "")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadSignal("An address holds half a character.") from None
    if not text:
        raise BadSignal("The address is empty.")
    return text


def _authority(text: str) -> tuple[str, str]:
    """Host and port; the user is dropped, and so is a usual port."""
    text = text.rpartition("@")[2]
    found = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]*))?", text)
    if found is None:
        raise BadSignal("The host of this address cannot be read.")
    host, port = _host(found[1]), (found[2] or "").lstrip("0")
    if len(port) > 5 or int(port or 0) > 0xFFFF:
        raise BadSignal("A port is a number up to 65535.")
    return host, f":{port}" if int(port or 0) not in _PORTS else ""


def _host(text: str) -> str:
    if text.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(text[1:-1].partition('%')[0])}]"
        except ValueError:
            raise BadSignal("This is no IPv6 address.") from None
    plain = _decoded(text)
    numbers = _ipv4(plain.rstrip("."))
    if numbers:
        return numbers
    try:
        host = idna.encode(plain.rstrip("."), uts46=True, std3_rules=False).decode().lower()
    except (idna.IDNAError, UnicodeError, ValueError):
        host = _old_host(plain)
    if _ipv4(host) and not _is_ipv4(host):
        raise BadSignal("This host is neither a name nor an address.")
    return host


def _old_host(text: str) -> str:
    """Names that the web uses though IDNA 2008 has none such: underscores, hyphens in odd places."""
    host = text.rstrip(".").lower()
    parts = host.split(".")
    known = re.compile(r"[a-z0-9_-]{1,63}")
    if len(host) > 253 or not all(known.fullmatch(one) for one in parts):
        raise BadSignal("The host of this address is no name.")
    return host


def _decoded(text: str) -> str:
    """A host without percent-encoding."""
    if "%" not in text:
        return text
    raw = text.encode()
    try:
        return re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), raw).decode()
    except UnicodeDecodeError:
        raise BadSignal("The host of this address is no text.") from None


def _is_ipv4(host: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(host))
    except ValueError:
        return False


def _ipv4(host: str) -> str:
    """An IPv4 address in any of its spellings, dotted; empty when it is a name."""
    parts = host.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(one) for one in parts):
        return ""
    try:
        numbers = [_number(one) for one in parts]
    except ValueError:
        raise BadSignal("This is no IPv4 address.") from None
    *first, last = numbers
    if any(one > 0xFF for one in first) or last >= 256 ** (5 - len(numbers)):
        raise BadSignal("This is no IPv4 address.")
    value = last + sum(one << (8 * (3 - at)) for at, one in enumerate(first))
    return str(ipaddress.IPv4Address(value))


def _number(text: str) -> int:
    if text[:2].lower() == "0x":
        return int(text[2:] or "0", 16)
    return int(text, 8) if len(text) > 1 and text.startswith("0") else int(text)


def _path(text: str) -> str:
    """A path without dot segments; empty is the root."""
    made: list[str] = []
    parts = _encoded(text, _PATH).split("/")[1:]
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        if part == "..":
            made = made[:-1]
        elif part != ".":
            made.append(part)
        if last and part in {".", ".."}:
            made.append("")
    return "/" + "/".join(made)


def _encoded(text: str, kept: frozenset[int]) -> str:
    """Percent-encoding in one spelling: unreserved characters plain, all else in upper case."""
    raw, out, at = text.encode(), bytearray(), 0
    while at < len(raw):
        byte = raw[at]
        code = raw[at + 1 : at + 3]
        if byte == 0x25 and len(code) == 2 and _HEX.fullmatch(code):
            byte, at = int(code, 16), at + 2
            plain = byte in _UNRESERVED
        else:
            plain = byte in kept
        out += bytes([byte]) if plain else b"%%%02X" % byte
        at += 1
    return out.decode()
