"""The kinds of clients that are installed: those that come with breakwater, and plug-ins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

from breakwater.errors import BadInput, Unfit
from breakwater.exchange.clients import (
    hub,
    ncmec,
    packs,
    stopncii,
    table,
    threatexchange,
    vics_sets,
)
from breakwater.exchange.ports import GROUP, Maker


def builtin() -> dict[str, Maker]:
    """Those that come with breakwater."""
    return {
        "ncmec": ncmec.MAKER, "csv": table.MAKER, "vics": vics_sets.MAKER,
        "stopncii": stopncii.MAKER, "threatexchange": threatexchange.MAKER, "breakwater": hub.MAKER,
        "pack": packs.MAKER,
    }  # fmt: skip


def installed(points: Iterable[EntryPoint] | None = None) -> Mapping[str, Maker]:
    """All, by the name that a feed's kind is.

    Raises:
        Unfit: a plug-in takes the name of another, or is none.
    """
    found = builtin()
    for point in entry_points(group=GROUP) if points is None else points:
        maker = point.load()
        if point.name in found or not isinstance(maker, Maker):
            raise Unfit(f"The exchange client {point.name} is no Maker, or there are two.")
        found[point.name] = maker
    return found


def named(makers: Mapping[str, Maker], kind: str) -> Maker:
    """One kind.

    Raises:
        BadInput: it is not installed.
    """
    if kind not in makers:
        raise BadInput(f"Feeds are of these kinds: {', '.join(sorted(makers))}.")
    return makers[kind]
