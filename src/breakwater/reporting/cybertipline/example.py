"""Random reports in which every element of the form occurs, for whoever holds a schema to try.

In: a seed and a number. Out: `model.report.Report`s, the same for the same seed: every member
filled, texts at their room and one over it, all scripts, times in every zone. Only polite words,
names of example.org and addresses set aside for documentation (RFC 2606, RFC 5737, RFC 3849).
Feeds `breakwater report example` and the tests of the receiving side. Tests:
`tests/property/test_cybertipline_example.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Union, cast, get_args, get_origin, get_type_hints

from breakwater.model import report as r
from breakwater.model.report_party import Account
from breakwater.reporting.cybertipline.elements import COUNTRIES, US_STATES
from breakwater.reporting.cybertipline.write import file_details_xml, report_xml

WORDS: Final = (
    "harbour", "lantern", "Brücke", "čaj", "λόγος", "мост", "גשר", "جسر", "पुल", "橋", "다리",
    "🌉", "o'clock", "<b>&amp;", "ﬁ", "ﷺ", "naïve",
)  # fmt: skip
EDGES: Final = (64, 65, 100, 101, 255, 256, 257, 300, 301, 2083, 2084, 3000, 3001)
"""Rooms of the form, and one over each."""

ODDS: Final = 12
"""One text in so many is at an edge."""

WRITTEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""The moment at which examples are written; their times lie before it."""

Make = Callable[[random.Random], Any]


def reports(count: int, seed: int) -> Iterator[r.Report]:
    """Random reports; every second one is a batch; ten of them have every element."""
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")  # noqa: S311 - the same for everybody is the aim
        yield _report(rng, batched=number % 2 == 0)


def documents(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Names and XML of random reports and of the details of their files."""
    for number, report in enumerate(reports(count, seed), 1):
        yield f"report-{number:05}.xml", report_xml(report, now=WRITTEN)
        for position, file in enumerate(report.files, 1):
            details = file_details_xml(
                file, report_id=4_000_000 + number, file_id=f"{number:032x}", now=WRITTEN
            )
            yield f"report-{number:05}-file-{position}.xml", details


def _report(rng: random.Random, *, batched: bool) -> r.Report:
    told = _members(r.Report, rng)
    told["batched"] = batched
    told["reported"] = tuple(_any(r.PersonReported, rng) for _ in range(2 if batched else 1))
    told["places"] = tuple(_any(kind, rng) for kind in get_args(r.InternetDetail))
    return r.Report(**told)


def _members(kind: type, rng: random.Random) -> dict[str, Any]:
    return {name: _member(kind, name, hint, rng) for name, hint in _hints(kind).items()}


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind)}


def _member(kind: type, name: str, hint: Any, rng: random.Random) -> Any:
    for above in kind.__mro__:
        if (above, name) in _FITTING:
            return _FITTING[above, name](rng)
    return _any(hint, rng)


def _any(hint: Any, rng: random.Random) -> Any:
    """A value of a type: never None, never empty."""
    origin = get_origin(hint)
    if origin is tuple:
        return tuple(_any(get_args(hint)[0], rng) for _ in range(rng.choice((1, 1, 2))))
    if origin is frozenset:
        return frozenset(get_args(hint)[0])
    if origin in {Union, UnionType}:
        return _any(rng.choice([one for one in get_args(hint) if one is not NoneType]), rng)
    if is_dataclass(hint):
        kind = cast("type", hint)
        return kind(**_members(kind, rng))
    if issubclass(hint, StrEnum):
        return rng.choice(list(hint))
    return _PLAIN[hint](rng)


def _text(rng: random.Random) -> str:
    if rng.randrange(ODDS) == 0:
        words = " ".join(rng.choices(WORDS, k=9)) * 200
        return words[: rng.choice(EDGES) - 1] + "."
    return " ".join(rng.choices(WORDS, k=rng.randint(1, 9)))


def _time(rng: random.Random) -> datetime:
    zone = timezone(timedelta(minutes=15 * rng.randint(-48, 56)))
    return (WRITTEN - timedelta(microseconds=rng.randint(1, 10**14))).astimezone(zone)


def _date(rng: random.Random) -> date:
    return date(2026, 1, 1) - timedelta(days=rng.randint(0, 36_500))


def _url(rng: random.Random) -> str:
    return "https://example.org/" + "a" * rng.choice((1, 9, 40, 2063, 2064)) + rng.choice("/?é~")


def _address(rng: random.Random) -> str:
    block = rng.choice(("192.0.2.{}", "198.51.100.{}", "2001:db8::{:x}", "::ffff:203.0.113.{}"))
    return block.format(rng.randrange(256))


def _hex(letters: int) -> Make:
    return lambda rng: f"{rng.getrandbits(4 * letters):0{letters}x}"


def _one_of(*values: Any) -> Make:
    return lambda rng: rng.choice(values)


def _several(make: Make) -> Make:
    return lambda rng: tuple(make(rng) for _ in range(rng.randint(1, 3)))


_COUNTRY: Final = _one_of(*sorted(COUNTRIES))
_PLAIN: Final[Mapping[Any, Make]] = {
    str: _text,
    bool: _one_of(True, False),
    datetime: _time,
    date: _date,
}
_FITTING: Final[Mapping[tuple[type, str], Make]] = {
    (r.IpCapture, "address"): _address,
    (r.IpCapture, "port"): _one_of(1, 443, 50_000, 65_535),
    (r.DeviceId, "kind"): _one_of("IMEI", "Android ID", "x" * 255),
    (r.DeviceId, "value"): _hex(16),
    (r.Phone, "number"): _one_of("+1 202 555 0100", "030 1234567", "+44 20 7946 0000"),
    (r.Phone, "calling_code"): _one_of("+1", "+49", "+420"),
    (r.Phone, "extension"): _one_of("1", "0042"),
    (r.Email, "address"): _one_of("person@example.org", "müller@example.org", "a+b@example.com"),
    (r.Address, "state"): _one_of(*sorted(US_STATES)),
    (r.Address, "country"): _COUNTRY,
    (r.AssociatedAccount, "confidence"): lambda rng: rng.randint(0, 100),
    (r.Person, "age"): _one_of(0, 9, 17, 150),
    (r.EstimatedLocation, "country"): _COUNTRY,
    (r.Contacted, "served_country"): _COUNTRY,
    (Account, "account"): _one_of("u-1", "u-2", "u-3", "é", "7" * 255, "8" * 256),
    (Account, "prior_reports"): _several(_one_of(1, 12_345_678, 2**63 - 1)),
    (Account, "profile_urls"): _several(_url),
    (r.WebPage, "urls"): _several(_url),
    (r.CellPhone, "latitude"): _one_of(-90.0, 0.0, 52.520008, 90.0),
    (r.CellPhone, "longitude"): _one_of(-180.0, 1e-7, 13.404954, 180.0),
    (r.OriginalHash, "kind"): _one_of("MD5", "SHA1", "PhotoDNA", "h" * 64),
    (r.OriginalHash, "value"): _hex(40),
    (r.Reporter, "legal_url"): _url,
    (r.ReportFile, "blob"): _one_of(None),
    (r.ReportFile, "location"): _url,
    (r.ReportFile, "sha256"): _hex(64),
    (r.ReportFile, "md5"): _hex(32),
    (r.ReportFile, "viewed"): _one_of(True),
    (r.ReportFile, "relevance"): _one_of(r.Relevance.REPORTED),
    (r.Report, "files"): _several(lambda rng: _any(r.ReportFile, rng)),
}
