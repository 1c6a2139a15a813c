"""Reports for tests: any at all, by hypothesis, from the declared types of the model."""

from __future__ import annotations

import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from functools import cache
from typing import Any

from hypothesis import strategies as st

from breakwater.model import report as r
from breakwater.model import report_party as p

LETTERS = st.characters(codec=None)
ODD = st.sampled_from(
    [
        "",
        "\x00",
        "\r\n",
        "⟦more: x⟧ ",
        "\n⟦data: ",
        "⟦U+0041⟧",
        "]]>",
        "\ud800",
        "😀",
        "\ufffe",
        "<&>\"'",
    ]
)
TEXT = st.builds("".join, st.lists(st.text(LETTERS, max_size=12) | ODD, max_size=4))
LONG = st.builds(lambda text, n: text * n, TEXT, st.sampled_from([1, 1, 1, 1, 60, 700]))
FILLED = LONG.filter(lambda text: bool(text.strip()))
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ZONES = st.sampled_from(
    [UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=23, minutes=59))]
)
TIMES = st.datetimes(datetime(1901, 1, 1), datetime(2199, 12, 30), timezones=ZONES)  # noqa: DTZ001
ADDRESSES = st.ip_addresses().map(str) | st.sampled_from(["::ffff:192.0.2.1", "fe80::1%eth0"])
URLS = FILLED | st.sampled_from(
    ["https://example.org/ü?q=%20#a", "http://a/%zz", "http://[::1]/", "a:b", "http://a:b/"]
)
COUNTRIES = st.sampled_from(["DE", "us", "UK", "Atlantis", "A1", "XK", ""])

FITTING: dict[tuple[type, str], st.SearchStrategy[Any]] = {
    (r.IpCapture, "address"): ADDRESSES,
    (r.IpCapture, "port"): st.none() | st.integers(1, 65_535),
    (r.DeviceId, "kind"): FILLED, (r.DeviceId, "value"): FILLED,
    (r.Phone, "number"): FILLED, (r.Phone, "calling_code"): st.sampled_from(["", "+49", "0049"]),
    (r.Email, "address"): FILLED,
    (r.Address, "country"): COUNTRIES, (r.Address, "state"): st.sampled_from(["", "CA", "Bavaria"]),
    (r.Person, "age"): st.none() | st.integers(0, 150),
    (r.EstimatedLocation, "country"): COUNTRIES,
    (p.Account, "display_names"): st.lists(FILLED, max_size=3).map(tuple),
    (p.Account, "profile_urls"): st.lists(URLS, max_size=3).map(tuple),
    (p.Account, "prior_reports"): st.lists(st.integers(1, 2**63 - 1), max_size=2).map(tuple),
    (r.AssociatedAccount, "confidence"): st.none() | st.integers(0, 100),
    (r.WebPage, "urls"): st.lists(URLS, max_size=3).map(tuple),
    (r.CellPhone, "latitude"): st.none() | st.floats(-90, 90),
    (r.CellPhone, "longitude"): st.none() | st.floats(-180, 180),
    (r.Incident, "escalate"): st.just("") | FILLED,
    (r.Contacted, "agency"): FILLED, (r.Contacted, "served_country"): COUNTRIES,
    (r.OriginalHash, "kind"): FILLED, (r.OriginalHash, "value"): FILLED,
    (r.Pair, "name"): FILLED,
    (r.Payment, "kind"): FILLED,
    (r.Reporter, "legal_url"): st.just("") | URLS,
    (r.ReportFile, "location"): st.just("") | URLS,
    (r.ReportFile, "blob"): st.none(),
    (r.ReportFile, "sha256"): st.sampled_from(["", "ab" * 32]),
    (r.ReportFile, "md5"): st.sampled_from(["", "01" * 16]),
    (r.Report, "related"): st.lists(FILLED, max_size=2).map(tuple),
    (r.Report, "files"): st.just(()),
}  # fmt: skip


@cache
def of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type of the model."""
    origin = typing.get_origin(kind)
    if origin is tuple:
        return st.lists(of(typing.get_args(kind)[0]), max_size=2).map(tuple)
    if origin is frozenset:
        return st.frozensets(of(typing.get_args(kind)[0]))
    if origin in {typing.Union, types.UnionType}:
        return st.one_of(*(of(one) for one in typing.get_args(kind)))
    if is_dataclass(kind):
        return _value(kind)
    if issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: LONG, bool: st.booleans(), datetime: TIMES, types.NoneType: st.none(),
        date: st.dates(date(1900, 1, 1)),
    }  # fmt: skip
    return plain[kind]


def _value(kind: Any) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    members = {one.name: _member(kind, one.name, hints[one.name]) for one in fields(kind)}
    must = {one.name: members.pop(one.name) for one in fields(kind) if one.default is MISSING}
    return st.fixed_dictionaries(must, optional=members).map(lambda told: _made(kind, told))


def _member(kind: type, name: str, hint: Any) -> st.SearchStrategy[Any]:
    for above in kind.__mro__:
        if (above, name) in FITTING:
            return FITTING[above, name]
    return of(hint)


def _made(kind: Any, told: dict[str, Any]) -> Any:
    """A value, with what cannot be together taken apart."""
    if kind is r.ReportFile and not told.get("viewed"):
        told["exif_viewed"] = None
    if kind is r.Report and len(told.get("reported", ())) > 1:
        told["batched"] = True
    if kind is r.Reporter and not told["person"].emails:
        told["person"] = r.Person(emails=(r.Email("safety@example.org"),))
    if kind is r.FileFacts and not told["pairs"]:
        told["pairs"] = (r.Pair("Make", ""),)
    return kind(**told)


REPORTS = of(r.Report)
FILES = of(r.ReportFile)
