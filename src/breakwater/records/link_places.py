"""Where a series is thought or known to be: rows that are only ever added, the place itself sealed.

Coordinates are kept to a hundredth of a degree, about a kilometre: they lead to a region, not to a
door. Read for pages by `records.link_about`. Contract: `tests/contract/test_linking_desk.py`.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from breakwater.errors import BadInput
from breakwater.model.country import country_code
from breakwater.records import identities, link_series
from breakwater.records.database import Tx
from breakwater.records.link_about import Place
from breakwater.records.tables.nouns_link import link_places
from breakwater.records.texts import storable

LONGEST: Final = 1_000
DECIMALS: Final = 2
"""Of a coordinate in degrees."""


def add(tx: Tx, series: int, place: Place) -> Place:
    """Keep where a series is thought or known to be.

    Args:
        tx: the transaction.
        series: any number that means it.
        place: in degrees; its moment is now.

    Raises:
        NotFound: there is no such series.
        BadInput: no such country, no words, half a coordinate or one outside the Earth.
    """
    storable(place.words)
    words, code = place.words.strip(), country_code(place.country)
    if not words or len(words) > LONGEST:
        raise BadInput("Say what speaks for the place, in 1,000 letters at most.")
    if not code:
        raise BadInput("Give the country by two letters.")
    latitude, longitude = _rough(place.latitude, 90), _rough(place.longitude, 180)
    if (latitude is None) is not (longitude is None):
        raise BadInput("Give latitude and longitude, or neither.")
    tx.lock_changes()
    row = link_series.get(tx, series)
    facts = {"country": code, "latitude": latitude, "longitude": longitude}
    tx.execute(
        sa.insert(link_places),
        {
            "change": tx.change(), "series_number": row.number, "words": words,
            "sealed": identities.seal(tx, row.id, facts), "certain": place.certain,
            "by": place.by, "at": tx.now,
        },
    )  # fmt: skip
    link_series.step(tx, row.number, "placed", place.by)
    link_series.touch(tx, row.number)
    return Place(words, place.certain, place.by, tx.now, code, latitude, longitude)


def _rough(degrees: float | None, most: int) -> float | None:
    """To about a kilometre; a value that is no number is outside the Earth too."""
    if degrees is None:
        return None
    if not -most <= degrees <= most:
        raise BadInput("Latitudes are from -90 to 90 degrees, longitudes from -180 to 180.")
    return round(degrees, DECIMALS)
