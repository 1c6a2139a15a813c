"""Make `src/breakwater/geo/data/countries.bin`: which country each address was given to.

In: `geoip` and `geoip6` as Debian's tor-geoipdb installs them (IPFire's location database,
CC BY-SA 4.0). Out: the compact table that `breakwater.geo.country` reads, the same bytes on every
run. Codes that are no country (EU, AP, ??) become unknown; so does a /64 that two countries share.
usage: tools/make_countries.py [DIR [OUT]]
"""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import numpy as np

from breakwater.geo.country import SHIPPED, Ranges, load, pack
from breakwater.model.country import COUNTRIES

RENAMED: Final = {"UK": "GB"}
Row = tuple[int, int, str]


def rows(path: Path) -> Iterator[Row]:
    """First and last address and country of each range."""
    for line in path.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        low, high, code = line.split(",")
        code = RENAMED.get(code, code)
        yield _number(low), _number(high), code if code in COUNTRIES else ""


def _number(text: str) -> int:
    return int(text) if text.isdigit() else int(ipaddress.ip_address(text))


def starts(ranges: list[Row], top: int) -> list[tuple[int, str]]:
    """Where each country's stretch starts; what lies between ranges is unknown."""
    out: list[tuple[int, str]] = []
    at = 0
    for low, high, code in [*sorted(ranges), (top + 1, top + 1, "")]:
        if low < at:
            raise SystemExit(f"Ranges overlap at {low}.")
        stretches = [(at, "")] if at < low else []
        stretches += [(low, code)] if low <= top else []
        for start, name in stretches:
            if not out or out[-1][1] != name:
                out.append((start, name))
        at = high + 1
    return out


def halves(full: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The same by the upper 64 bits."""
    out: list[tuple[int, str]] = []
    for start, name in full:
        high, low = start >> 64, start & (1 << 64) - 1
        if out and out[-1][0] > high:
            out[-1] = (high + 1, name)
        elif low:
            out += [(high, ""), (high + 1, name)]
        else:
            out.append((high, name))
    kept: list[tuple[int, str]] = []
    for start, name in out:
        if kept and kept[-1][0] == start:
            kept.pop()
        if not kept or kept[-1][1] != name:
            kept.append((start, name))
    return kept


def main() -> None:
    """Write the table and say what is in it."""
    where = Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/tor")
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else SHIPPED
    said = re.search(r"Generated: (.*)", (where / "geoip").read_text()[:4000])
    if said is None:
        raise SystemExit("The export does not say when it was made.")
    built: datetime = parsedate_to_datetime(said[1])
    four = starts(list(rows(where / "geoip")), (1 << 32) - 1)
    six = halves(starts(list(rows(where / "geoip6")), (1 << 128) - 1))
    names = ("", *sorted({name for _, name in four + six} - {""}))
    code = {name: index for index, name in enumerate(names)}

    def columns(found: list[tuple[int, str]], kind: type) -> Ranges:
        return (
            np.array([start for start, _ in found], kind),
            np.array([code[name] for _, name in found], np.uint8),
        )

    out.write_bytes(pack(names, built, columns(four, np.uint32), columns(six, np.uint64)))
    table = load(out)
    print(f"{out}: {out.stat().st_size:,} B, {len(four):,} + {len(six):,} ranges, "
          f"{len(names) - 1} countries, {table.source.built:%Y-%m-%d}")  # fmt: skip


if __name__ == "__main__":
    main()
