"""One request of an access log as a value, made of the fields that servers and networks name.

In come fields of one line by name; out goes a `Line`, or why it is none. Names are those of nginx,
CloudFront, Cloudflare's Logpush and Fastly; an operator's own are given as a mapping. Behind
trusted proxies the address is the last one that they did not add themselves. Used by
`viewers.formats`; tests: `tests/property/test_access_logs.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import parse_qsl, unquote

from breakwater.errors import BadInput
from breakwater.geo.address import read

Network = IPv4Network | IPv6Network
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "address": (
        "remote_addr", "c-ip", "ClientIP", "client_ip", "clientip", "client_address", "ip",
    ),
    "port": ("remote_port", "c-port", "ClientSrcPort", "client_port"),
    "time": (
        "msec", "time_iso8601", "time_local", "EdgeStartTimestamp", "timestamp", "time",
        "start_time",
    ),
    "uri": (
        "request", "request_uri", "uri", "cs-uri-stem", "ClientRequestURI", "ClientRequestPath",
        "url", "path",
    ),
    "query": ("args", "query_string", "cs-uri-query"),
    "method": ("request_method", "cs-method", "ClientRequestMethod", "method"),
    "status": ("status", "sc-status", "EdgeResponseStatus", "response_status"),
    "agent": (
        "http_user_agent", "cs(User-Agent)", "ClientRequestUserAgent", "request_user_agent",
        "user_agent",
    ),
    "forwarded": ("http_x_forwarded_for", "x-forwarded-for", "x_forwarded_for"),
    "account": ("remote_user",),
    "token": (),
}  # fmt: skip
"""What each field may be called, the best first."""

MEDIA: Final = re.compile(r"\.(m3u8|ts|m4s|mp4|m4v|m4a|aac|mpd|cmf[av])$", re.IGNORECASE)
GIVEN: Final = frozenset({"200", "206", "304"})
LONGEST_AGENT: Final = 512
LONGEST_NAME: Final = 512
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1  # noqa: SIM905 - read as a row
    )
}  # fmt: skip
_LOCAL: Final = re.compile(
    r"(\d{1,2})/(\w{3})/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.\d+)? ([+-])(\d\d)(\d\d)"
)
_ESCAPED: Final = re.compile(r"\\x([0-9A-Fa-f]{2})")


class BadLine(Exception):
    """A line that is no request that can be used; its word is counted."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass(frozen=True, slots=True)
class Line:
    """One request for a piece of a broadcast.

    Attributes:
        path: without its query.
        token: the player's own session id; empty: none is known.
    """

    at: datetime
    address: str
    port: int | None
    agent: str
    path: str
    account: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How an operator's log is to be read.

    Attributes:
        proxies: networks whose X-Forwarded-For is believed.
        offset_s: seconds by which the clock of the log runs ahead.
        names: an operator's own names of fields.
        account_arg, token_arg: parameters of the address that name account and session.
        latest: nothing happened after this.
    """

    latest: datetime
    proxies: tuple[Network, ...] = ()
    offset_s: float = 0.0
    names: Mapping[str, str] = field(default_factory=dict)
    account_arg: str = ""
    token_arg: str = ""


def proxies(blocks: Iterable[str]) -> tuple[Network, ...]:
    """Read networks.

    Raises:
        BadInput: one is none.
    """
    try:
        return tuple(ip_network(one.strip(), strict=False) for one in blocks if one.strip())
    except ValueError as error:
        raise BadInput(f"Trusted proxies are networks such as 10.0.0.0/8: {error}.") from None


def line_of(fields: Mapping[str, str], how: Reading) -> Line:
    """Make a request of the fields of one line.

    Raises:
        BadLine: it is none that can be used; its word says why.
    """
    path, query, method = _asked(fields, how)
    if not MEDIA.search(path):
        raise BadLine("not_media")
    if method not in {"", "GET"} or _get(fields, how, "status") not in GIVEN:
        raise BadLine("not_given")
    address, port = _from(fields, how)
    at = _moment(_get(fields, how, "time")) - timedelta(seconds=how.offset_s)
    if not _EARLIEST <= at <= how.latest:
        raise BadLine("time")
    said = dict(parse_qsl(query)) if how.account_arg or how.token_arg else {}
    account = said.get(how.account_arg, "") or _get(fields, how, "account")
    token = said.get(how.token_arg, "") or _get(fields, how, "token")
    return Line(
        at, address, port, clean(_get(fields, how, "agent"))[:LONGEST_AGENT], path,
        clean(account)[:LONGEST_NAME], clean(token)[:LONGEST_NAME],
    )  # fmt: skip


def clean(text: str) -> str:
    """What nginx escaped put back, and nothing in it that cannot be stored."""
    if "\\x" in text:
        raw = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        try:
            text = raw.encode("latin-1").decode("utf-8", "replace")
        except UnicodeEncodeError:
            text = raw
    kept = text.replace("\0", "").encode("utf-8", "replace").decode()
    return "" if kept == "-" else kept


def _get(fields: Mapping[str, str], how: Reading, what: str) -> str:
    own = how.names.get(what)
    if own is not None:
        return fields.get(own, "")
    for name in NAMES[what]:
        found = fields.get(name, "")
        if found and found != "-":
            return found
    return ""


def _asked(fields: Mapping[str, str], how: Reading) -> tuple[str, str, str]:
    """Path, query and method; nginx writes all in `$request`, CDNs apart."""
    uri, method = _get(fields, how, "uri"), _get(fields, how, "method")
    if " " in uri:
        parts = uri.split(" ")
        method, uri = (parts[0], parts[1]) if len(parts) == 3 else ("", "")
    if "://" in uri[:10]:
        uri = "/" + uri.partition("://")[2].partition("/")[2]
    path, _, query = uri.partition("?")
    if not path.startswith("/") or len(path) > 4096:
        raise BadLine("no_request")
    return clean(unquote(path, errors="replace")), query or _get(fields, how, "query"), method


def _from(fields: Mapping[str, str], how: Reading) -> tuple[str, int | None]:
    """Whence it came: behind trusted proxies, whom the last of them saw."""
    direct = read(_get(fields, how, "address"))
    if not direct.text:
        raise BadLine("address")
    port = read(f"0.0.0.1:{_get(fields, how, 'port')}").port or direct.port
    if not _trusted(direct.text, how.proxies):
        return direct.text, port
    last: tuple[str, int | None] = direct.text, None
    for one in reversed(_get(fields, how, "forwarded").split(",")):
        host = read(one)
        if not host.text:
            break
        last = host.text, host.port
        if not _trusted(host.text, how.proxies):
            break
    return last


def _trusted(address: str, networks: tuple[Network, ...]) -> bool:
    if not networks:
        return False
    here = ip_address(address)
    return any(here in block for block in networks)


def _moment(text: str) -> datetime:
    """A time as logs write it, always with its zone; a number counts seconds, or parts of them."""
    found = _LOCAL.match(text)
    try:
        if found:
            day, month, year, hour, minute, second, sign, off_h, off_m = found.groups()
            off = timedelta(hours=int(off_h), minutes=int(off_m))
            at = datetime(
                int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second),
                tzinfo=UTC,
            )  # fmt: skip
            return at - off if sign == "+" else at + off
        if text[:1].isdigit() and text.replace(".", "", 1).isdigit() and text.isascii():
            return _counted(float(text))
        at = datetime.fromisoformat(text)
    except (ValueError, KeyError, OverflowError):
        raise BadLine("time") from None
    if at.tzinfo is None:
        raise BadLine("time")
    return at.astimezone(UTC)


def _counted(number: float) -> datetime:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, by how large it is."""
    while number > 1e11:
        number /= 1000.0
    return datetime.fromtimestamp(number, UTC)
