"""A hub's segment as pages: what shares its terms in columns, the rest entry by entry.

In come a file that was checked against the signed list, and how many of its rows were taken; out
go pages whose checkpoints say how far in this file each is, so that a kill in the middle of a list
costs one page. Read by `exchange.clients.hub`. Tests: `tests/contract/test_exchange_many.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadInput, PeerFault
from breakwater.exchange.ports import PAGE, PAGE_OF_MANY
from breakwater.model.exchange import Gone, Item, Many, Offered, Page, Unreadable
from breakwater.model.hub_feed import Terms
from breakwater.model.segment_file import Listed, Section, Segment
from breakwater.model.signal import kind_named

MOST_LABELS: Final = 30
LEAST_MANY: Final = 1_000
"""Entries of the same terms from which columns pay."""


@dataclass(frozen=True, slots=True)
class Point:
    """A checkpoint: the last change that was taken, and whether a whole list is read anew.

    Attributes:
        file, rows: SHA-256 of the segment that is read, and how many of its rows were taken;
            empty where changes are read.
    """

    after: int = 0
    anew: bool = False
    file: str = ""
    rows: int = 0

    @classmethod
    def read(cls, said: str) -> Point:
        """What we wrote; the beginning of a whole list where nothing was."""
        try:
            return cls(**json.loads(said)) if said else cls(anew=True)
        except (ValueError, TypeError):
            raise PeerFault("The checkpoint is not one of this client: remove the feed.") from None

    def __str__(self) -> str:
        said = asdict(self)
        if not self.file:
            del said["file"], said["rows"]
        return json.dumps(said, separators=(",", ":"))


def offered(terms: Terms) -> Offered:
    """What entries of these terms say, without an id and signals."""
    said = (terms.category, *terms.labels, f"tlp:{terms.tlp}")
    names = ", ".join(source.name for source in terms.sources)
    return Offered(
        "", (), tuple(dict.fromkeys(label for label in said if label))[:MOST_LABELS],
        permitted_use=terms.permitted_use, source=(terms.source or names)[:200],
        expires_at=terms.expires_at,
    )  # fmt: skip


def pages(
    segment: Segment, listed: Listed, point: Point, wanted: Callable[[Terms], bool]
) -> Iterator[Page]:
    """The rows of a segment from `point.rows` on; the last page stands at its end.

    Args:
        segment: the file, checked.
        listed: how it is listed.
        point: where to begin; `point.rows` is 0 unless this file was begun before.
        wanted: whether entries of these terms are for this feed.

    Raises:
        PeerFault: an entry stands in it twice.
    """
    _once(segment)
    shared = [offered(one) if wanted(one) else None for one in segment.terms]
    passed = 0
    for part in segment.sections:
        size = len(part.numbers)
        at = min(max(0, point.rows - passed), size)
        while at < size:
            end = min(size, at + PAGE_OF_MANY)
            here = replace(point, file=listed.sha256, rows=passed + at)
            yield from _stretch(part, at, end, shared, here)
            at = end
        passed += size
    gone = segment.gone[0].tolist()
    for at in range(max(0, point.rows - passed), len(gone), PAGE):
        some = tuple(Gone(str(one)) for one in gone[at : at + PAGE])
        yield Page(some, str(replace(point, file=listed.sha256, rows=passed + at + len(some))))
    yield Page((), str(Point(listed.upto, point.anew, listed.sha256, segment.rows)))


def _stretch(
    part: Section, at: int, end: int, shared: Sequence[Offered | None], here: Point
) -> Iterator[Page]:
    """Pages of a stretch; all but the last stand at its beginning, so that it is taken whole."""
    if _size(part.kind) != part.values.shape[1]:
        bad = f"It is no value of the kind {part.kind[:16]}."
        items = [Unreadable(f"entry {one}", bad) for one in part.numbers[at:end].tolist()]
        yield from _listed(items, here, end - at)
        return
    negative = part.negative[at:end] != 0
    # What is known harmless is never taken from others: that needs two people here.
    single: list[Item] = [Gone(str(one)) for one in part.numbers[at:end][negative].tolist()]
    terms = np.where(negative, np.int64(-1), part.terms[at:end])
    many: list[Many] = []
    for place in np.unique(terms[terms >= 0]).tolist():
        says = shared[place]
        if says is None:
            continue
        columns = _columns(part, says, np.flatnonzero(terms == place) + at)
        if len(columns.remote) >= LEAST_MANY:
            many.append(columns)
        else:
            single += columns.offers()
    if many:
        done = 0 if single else end - at
        yield Page((), str(replace(here, rows=here.rows + done)), many=tuple(many))
    if single or not many:
        yield from _listed(single, here, end - at)


def _listed(items: Sequence[Item], here: Point, rows: int) -> Iterator[Page]:
    """Items some at a time; the last page stands behind all `rows`."""
    starts = range(0, max(1, len(items)), PAGE)
    for at in starts:
        done = rows if at == starts[-1] else 0
        yield Page(tuple(items[at : at + PAGE]), str(replace(here, rows=here.rows + done)))


def _columns(part: Section, says: Offered, rows: NDArray[np.intp]) -> Many:
    size = part.values.shape[1]
    flat = part.values[rows].tobytes()
    return Many(
        says, part.kind, list(map(str, part.numbers[rows].tolist())),
        [flat[at : at + size] for at in range(0, len(flat), size)],
        np.minimum(part.quality[rows], 100).tolist(),
    )  # fmt: skip


def _size(kind: str) -> int:
    try:
        return kind_named(kind).size
    except BadInput:
        return -1


def _once(segment: Segment) -> None:
    numbers: list[NDArray[Any]] = [part.numbers for part in segment.sections]
    every = np.concatenate([*numbers, segment.gone[0]])
    if len(np.unique(every)) != len(every):
        raise PeerFault("An entry stands twice in one segment.")
