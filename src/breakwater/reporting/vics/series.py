"""Which files an export names, and the series that each belongs to.

In: a case. Out: its files; where it is a lead, those of its series: of every case that has something
in it, and exhibits, numbered anew; where it is a lead of exhibits, those that nobody had judged. A
series is told by its number and name as it stands, by what people and methods linked, not by
likeness (`model.link`). What a person released is no part of it.
Called by `reporting.vics.exports`; tests: `tests/contract/test_vics_series.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from breakwater.errors import NotFound
from breakwater.model.case import Case, CaseKind
from breakwater.model.ids import Id
from breakwater.model.link import Medium, SeriesRow
from breakwater.model.package import ItemRole, PackageItem
from breakwater.records import cases, exhibits, link_lists, link_media, link_series
from breakwater.records.database import Tx
from breakwater.reporting.packages import gather


def items_of(tx: Tx, case: Id) -> tuple[PackageItem, ...]:
    """Files of a case, or of the series that a lead is about.

    Raises:
        NotFound: no such case.
    """
    found = cases.get(tx, case)
    row = _series_of(tx, found)
    if row is None and found.kind is not CaseKind.LEAD:
        return tuple(one.item for one in gather.media_of(tx, found))
    once: dict[str, PackageItem] = {}
    for item in _of_lead(tx, found) if row is None else _of_series(tx, row):
        once.setdefault(item.sha256 or item.id, item)
    return tuple(replace(one, number=number) for number, one in enumerate(once.values(), 1))


def names_of(tx: Tx, case: Id, items: Iterable[PackageItem]) -> Mapping[str, str]:
    """The series of each file that is in one, by SHA-256."""
    row = _series_of(tx, cases.get(tx, case))
    if row is not None:
        return dict.fromkeys((item.sha256 for item in items), _words(row.number, row.name))
    media = {one.number: one for one in link_media.of_case(tx, case)}
    return {
        media[medium].sha256: _words(number, name)
        for medium, (number, name) in link_lists.series_of(tx, media).items()
        if media[medium].sha256
    }


def _series_of(tx: Tx, case: Case) -> SeriesRow | None:
    """The series that a lead is about; None: it is about another thing."""
    if case.kind is not CaseKind.LEAD:
        return None
    try:
        return link_series.by_id(tx, case.subject)
    except NotFound:
        return None


def _of_series(tx: Tx, row: SeriesRow) -> Iterator[PackageItem]:
    media = link_media.many(tx, link_series.members(tx, row.number))
    within = {one.sha256 for one in media.values() if one.sha256}
    whose = dict.fromkeys(one.case for one in media.values() if one.case is not None)
    for case in whose:
        for source in gather.media_of(tx, cases.get(tx, case)):
            if source.item.sha256 in within:
                yield source.item
    yield from _exhibits(tx, media)


def _of_lead(tx: Tx, case: Case) -> Iterator[PackageItem]:
    """Exhibits that wait in a case for a person."""
    yield from _exhibits(tx, {one.number: one for one in link_media.of_case(tx, case.id)})


def _exhibits(tx: Tx, media: Mapping[int, Medium]) -> Iterator[PackageItem]:
    for number, one in exhibits.of_media(tx, media).items():
        yield _exhibit(media[number], one.md5, one.sha1, one.size, one.reference)


def _exhibit(medium: Medium, md5: str, sha1: str, size: int, reference: str) -> PackageItem:
    """An exhibit by its hashes; its paths stay sealed."""
    return PackageItem(
        0, medium.id, ItemRole.UPLOAD, "", reference, medium.media_type, size, medium.sha256, md5,
        sha1, medium.added_at, medium.made_at,
    )  # fmt: skip


def _words(number: int, name: str) -> str:
    return f"Series {number}, {name}" if name else f"Series {number}"
