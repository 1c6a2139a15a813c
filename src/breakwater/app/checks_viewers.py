"""What `breakwater doctor` says of location databases: which answer, from when, and which cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from breakwater.app.finding import Check
from breakwater.geo import Atlas
from breakwater.model.clock import SystemClock
from breakwater.settings import Settings

NAME: Final = "places"
_MEND: Final = "Replace the file in geo_dir; until then what it would say is unknown."


def places(settings: Settings) -> Iterator[Check]:
    """Each database with its date; one that cannot be read is told by name."""
    atlas = Atlas(settings.geo_dir or settings.data_dir / "geo", SystemClock())
    for name, why in atlas.faults().items():
        yield Check(NAME, "warn", f"{name}: {why}", _MEND)
    known = [f"{one.name} of {one.built:%Y-%m-%d}" for one in atlas.sources()]
    if known:
        yield Check(NAME, "ok", "; ".join(known))
