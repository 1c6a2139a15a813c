"""Which country an address was given to: a table that is shipped and needs no account.

Made by `tools/make_countries.py` from IPFire's location database as Debian's tor-geoipdb carries
it (CC BY-SA 4.0; attribution in `geo/data/LICENCE.md`). Ranges start in order and hold until the
next, so one binary search answers. A damaged table is an error at once, never another country.
Tests: `tests/unit/test_geo_country.py`.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadDatabase
from breakwater.model.watch import Source

MAGIC: Final = b"BWCOUNTRY1\n"
SHIPPED: Final = Path(__file__).parent / "data" / "countries.bin"
NAME: Final = "IPFire location database, as in Debian's tor-geoipdb"
LARGEST: Final = 64 << 20
"""Bytes a table may take in memory."""


@dataclass(frozen=True, slots=True, eq=False)
class CountryTable:
    """Starts of ranges and the country of each.

    Attributes:
        source: its name and the day of the export.
        names: countries; 0 is unknown.
        starts4, starts6: first addresses, of IPv6 the upper 64 bits.
        countries4, countries6: index into `names` of each range.
    """

    source: Source
    names: tuple[str, ...]
    starts4: NDArray[np.uint32]
    countries4: NDArray[np.uint8]
    starts6: NDArray[np.uint64]
    countries6: NDArray[np.uint8]

    def country(self, address: str) -> str:
        """The country of a canonical address; empty when the table does not know it."""
        asked = ip_address(address)
        if isinstance(asked, IPv4Address):
            at = int(np.searchsorted(self.starts4, np.uint32(int(asked)), side="right")) - 1
            return self.names[int(self.countries4[at])] if at >= 0 else ""
        high = np.uint64(int(asked) >> 64)
        at = int(np.searchsorted(self.starts6, high, side="right")) - 1
        return self.names[int(self.countries6[at])] if at >= 0 else ""


def load(path: Path = SHIPPED) -> CountryTable:
    """Read a table.

    Raises:
        BadDatabase: it is not there, is not one, or was damaged.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadDatabase(f"Country table {path.name}: {error.strerror}.") from None
    whole, rest = raw[len(MAGIC) : len(MAGIC) + 32], raw[len(MAGIC) + 32 :]
    if not raw.startswith(MAGIC) or hashlib.sha256(rest).digest() != whole:
        raise BadDatabase(f"Country table {path.name}: it is damaged, or another kind of file.")
    size = int.from_bytes(rest[:4], "little")
    packed = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=LARGEST)
    try:
        return _table(json.loads(rest[4 : 4 + size]), packed.decompress(rest[4 + size :], LARGEST))
    except (ValueError, KeyError, TypeError, lzma.LZMAError) as error:
        raise BadDatabase(f"Country table {path.name}: {error}.") from error


def pack(names: tuple[str, ...], built: datetime, four: Ranges, six: Ranges) -> bytes:
    """Write a table; `load` reads it back."""
    plain = _planes(four[0].astype("<u4")) + four[1].tobytes()
    plain += _planes(six[0].astype("<u8")) + six[1].tobytes()
    head = json.dumps({
        "name": NAME, "built": built.isoformat(), "licence": "CC BY-SA 4.0", "names": names,
        "v4": len(four[0]), "v6": len(six[0]),
    }).encode()  # fmt: skip
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 8 << 20, "lc": 4, "pb": 0}]
    packed = lzma.compress(plain, lzma.FORMAT_XZ, filters=filters)
    rest = len(head).to_bytes(4, "little") + head + packed
    return MAGIC + hashlib.sha256(rest).digest() + rest


Ranges = tuple[NDArray[Any], NDArray[np.uint8]]


def _planes(starts: NDArray[Any]) -> bytes:
    """Differences, their bytes sorted by weight: what repeats stands together and packs small."""
    steps = np.diff(starts, prepend=starts.dtype.type(0))
    return np.ascontiguousarray(steps.view(np.uint8).reshape(len(steps), -1).T).tobytes()


def _table(head: dict[str, Any], plain: bytes) -> CountryTable:
    v4, v6 = int(head["v4"]), int(head["v6"])
    if len(plain) != v4 * 5 + v6 * 9:
        raise ValueError("it is cut short")
    starts4 = _starts(plain[: v4 * 4], v4, np.dtype("<u4"))
    starts6 = _starts(plain[v4 * 5 : v4 * 5 + v6 * 8], v6, np.dtype("<u8"))
    return CountryTable(
        Source(head["name"], datetime.fromisoformat(head["built"])),
        tuple(head["names"]),
        starts4.astype(np.uint32), np.frombuffer(plain[v4 * 4 : v4 * 5], np.uint8),
        starts6.astype(np.uint64), np.frombuffer(plain[v4 * 5 + v6 * 8 :], np.uint8),
    )  # fmt: skip


def _starts(raw: bytes, count: int, kind: np.dtype[Any]) -> NDArray[Any]:
    planes = np.frombuffer(raw, np.uint8).reshape(kind.itemsize, count)
    steps = np.ascontiguousarray(planes.T).view(kind).reshape(count)
    return np.cumsum(steps, dtype=kind)
