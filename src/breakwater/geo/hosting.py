"""Networks of hosting companies: a list that an operator keeps, because nobody publishes one.

A CSV with a column `asn` (`64496` or `AS64496`) and, if wanted, `name`. Lines that start with #
are left out. Tests: `tests/unit/test_geo_atlas.py`.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from breakwater.errors import BadDatabase

MOST: Final = 200_000
"""Lines; there are fewer networks in the world."""


def read(path: Path) -> frozenset[int]:
    """Read the list.

    Raises:
        BadDatabase: a line of it cannot be read; the detail names which.
    """
    found: set[int] = set()
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise BadDatabase(f"{path.name} cannot be read ({type(error).__name__}).") from None
    numbered = [(at, one) for at, one in enumerate(lines, 1) if one.strip() and one[0] != "#"]
    if not numbered or len(numbered) > MOST:
        raise BadDatabase(
            f"{path.name} needs a head with a column asn, and at most {MOST:,} lines."
        )
    head = [one.strip().lower() for one in next(csv.reader([numbered[0][1]]))]
    if "asn" not in head:
        raise BadDatabase(f"{path.name} has no column asn.")
    column = head.index("asn")
    for at, line in numbered[1:]:
        cells = next(csv.reader([line]))
        text = cells[column].strip().upper().removeprefix("AS") if len(cells) > column else ""
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 1 << 32):
            raise BadDatabase(f"{path.name}, line {at}: no network number.")
        found.add(int(text))
    return frozenset(found)
