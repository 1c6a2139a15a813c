"""Databases in MaxMind's format that an operator brings: place, network, what hides the viewer.

Each file is read into memory, so one that is replaced or cut short while it is open hurts nobody;
a broken one is an error when it is opened or asked, and says nothing. Several builds of one kind
may stand side by side: the newest that is not later than the event answers. Format:
https://maxmind.github.io/MaxMind-DB/. Tests: `tests/unit/test_geo_mmdb.py`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import maxminddb

from breakwater.errors import BadDatabase
from breakwater.model.country import country_code
from breakwater.model.watch import Flag, Source

BROKEN: Final = (
    maxminddb.InvalidDatabaseError, OSError, ValueError, LookupError, TypeError, ArithmeticError,
    AttributeError, struct.error, RecursionError, MemoryError,
)  # fmt: skip
"""What the reader raises on files that are broken in ways it does not expect."""

LONGEST: Final = 200
"""Characters of a name in a database."""

FLAGS: Final[Mapping[str, Flag]] = {
    "is_anonymous": Flag.ANONYMOUS,
    "is_anonymous_vpn": Flag.VPN,
    "is_hosting_provider": Flag.HOSTING,
    "is_public_proxy": Flag.PUBLIC_PROXY,
    "is_residential_proxy": Flag.RESIDENTIAL_PROXY,
    "is_tor_exit_node": Flag.TOR,
}


@dataclass(frozen=True, slots=True)
class Said:
    """What one database says of an address; what it does not say is empty."""

    country: str = ""
    region: str = ""
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None
    radius_km: int | None = None
    zone: str = ""
    asn: int | None = None
    network: str = ""
    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class Database:
    """One file.

    Attributes:
        kind: of the database, as its maker calls it: builds of one kind replace one another.
    """

    source: Source
    kind: str
    _get: Callable[[str], Any]
    _versions: tuple[int, ...]

    def say(self, address: str) -> Said | None:
        """What it says of a canonical address; None when it does not hold it.

        Raises:
            BadDatabase: it is broken.
        """
        if ip_address(address).version not in self._versions:
            return None
        try:
            record = self._get(address)
            return None if record is None else _said(record)
        except BROKEN as error:
            raise BadDatabase(f"{self.source.name} is broken ({type(error).__name__}).") from None


def open_database(path: Path) -> Database:
    """Read a file.

    Raises:
        BadDatabase: it is not one, or broken.
    """
    try:
        reader = maxminddb.open_database(path, maxminddb.MODE_MEMORY)
        about = reader.metadata()
        built = datetime.fromtimestamp(int(about.build_epoch), UTC)
        kind = str(about.database_type)[:LONGEST]
        versions = (4,) if about.ip_version == 4 else (4, 6)
        if about.node_count <= 0 or about.record_size not in {24, 28, 32}:
            raise ValueError("its tree has no size")
    except BROKEN as error:
        raise BadDatabase(f"{path.name} cannot be read ({type(error).__name__}).") from None
    return Database(Source(kind, built), kind, reader.get, versions)


def _said(record: Any) -> Said:
    """Read the keys that are known; a record of another shape is broken."""
    if not isinstance(record, dict):
        raise TypeError("a record is a map")
    where = _map(record, "location")
    regions = record.get("subdivisions") or [{}]
    return Said(
        country=_country(record),
        region=_text(regions[0], "iso_code"),
        city=_text(_map(_map(record, "city"), "names"), "en"),
        latitude=_number(where, "latitude", 90),
        longitude=_number(where, "longitude", 180),
        radius_km=_radius(where),
        zone=_text(where, "time_zone"),
        asn=_asn(record),
        network=_text(record, "autonomous_system_organization"),
        flags=frozenset(flag for key, flag in FLAGS.items() if record.get(key) is True),
    )


def _country(record: dict[str, Any]) -> str:
    """Where the address is used; where it is only registered is no place."""
    return country_code(_text(_map(record, "country"), "iso_code"))


def _map(record: dict[str, Any], key: str) -> dict[str, Any]:
    found = record.get(key, {})
    if not isinstance(found, dict):
        raise TypeError(f"{key} is a map")
    return found


def _text(record: dict[str, Any], key: str) -> str:
    return str(record.get(key, "") or "")[:LONGEST]


def _number(record: dict[str, Any], key: str, most: float) -> float | None:
    found = record.get(key)
    if found is None:
        return None
    if not isinstance(found, float | int) or not math.isfinite(found) or abs(found) > most:
        raise ValueError(f"{key} is out of range")
    return float(found)


def _radius(record: dict[str, Any]) -> int | None:
    found = record.get("accuracy_radius")
    return int(found) if isinstance(found, int) and 0 <= found <= 20_040 else None


def _asn(record: dict[str, Any]) -> int | None:
    found = record.get("autonomous_system_number")
    return int(found) if isinstance(found, int) and 0 < found < 1 << 32 else None
