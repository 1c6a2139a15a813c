"""Series as people see and move them: read, named, rated, noted, with what is to be done.

Every act is by a person who may, with an audit entry in the same transaction; words never go to the
log. Who sees media sees it elsewhere (`review.looking`), with an entry of its own. Tests:
`tests/contract/test_linking_desk.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from breakwater.errors import BadInput, NotAllowed
from breakwater.linking import leads
from breakwater.linking.keeping import Keeping, Rebuilt
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Case, Priority
from breakwater.model.ids import Id
from breakwater.model.likeness import METHOD
from breakwater.model.link import Edge, Link, LinkKind, Medium, SeriesRow
from breakwater.records import (
    link_about,
    link_edges,
    link_lists,
    link_media,
    link_places,
    link_series,
    link_tasks,
)
from breakwater.records.database import Database, Tx
from breakwater.records.link_about import Place
from breakwater.records.link_edges import Verdict
from breakwater.records.link_lists import WaitingLink
from breakwater.records.link_series import Step
from breakwater.records.texts import storable

Seen = Callable[[Tx, Principal], frozenset[str]]
"""Methods of likenesses that a reader's gate is open for (`likeness.Likenesses.seen`)."""

MOST_MEDIA = 1_000
LONGEST_TASK = 1_000


@dataclass(frozen=True, slots=True)
class SeriesLook:
    """A series with what is in it."""

    row: SeriesRow
    media: tuple[Medium, ...]
    edges: tuple[Edge, ...]
    history: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class EdgeLook:
    """A link with what was said of it."""

    link: Link
    verdicts: tuple[Verdict, ...]
    series: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class MediumLook:
    """A medium with its links."""

    medium: Medium
    series: SeriesRow | None
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """How far links are.

    Attributes:
        media: by state.
        links: by kind.
        waiting: links that wait for a person, counted up to 1,000.
    """

    media: dict[str, int]
    links: dict[str, int]
    series: int
    waiting: int


class Desk:
    """What people do with series."""

    def __init__(self, *, db: Database, keeping: Keeping, seen: Seen | None = None) -> None:
        """Take what it stands on.

        Args:
            db: rows.
            keeping: what belongs together.
            seen: which likenesses somebody may see; None: nobody sees any.
        """
        self._db = db
        self._keeping = keeping
        self._seen: Seen = seen or _none

    def status(self, who: Principal) -> Status:
        """How far links are; raises `NotAllowed`."""
        reader(who)
        with self._db.read() as tx:
            media = {one.value: n for one, n in link_media.count(tx).items()}
            links: dict[str, int] = {}
            for (kind, _), n in link_edges.count(tx).items():
                links[kind.value] = links.get(kind.value, 0) + n
            waiting, _ = link_lists.count_waiting(tx, seen=self._seen(tx, who))
            return Status(media, links, link_series.count(tx), waiting)

    def waiting(
        self, who: Principal, *, after: int = 0, limit: int = 50, kind: LinkKind | None = None
    ) -> list[WaitingLink]:
        """Links that wait for a person; raises `NotAllowed`."""
        reader(who)
        with self._db.read() as tx:
            return link_lists.waiting(
                tx, after=after, limit=limit, kind=kind, seen=self._seen(tx, who)
            )

    def rebuild(self, by: Principal) -> Rebuilt:
        """Compute all series anew from their links; raises `NotAllowed`."""
        if not by.may(Permission.LINK_WRITE):
            raise NotAllowed("Series are kept by those who may.")
        done = self._keeping.rebuild()
        with self._db.transaction() as tx:
            tx.audit(by.id, "links.rebuild", "links", series=done.series, changed=len(done.changed))
        return done

    def page(
        self, who: Principal, *, after: int | None = None, limit: int = 50,
        priority: Priority | None = None, text: str = "",
    ) -> list[SeriesRow]:  # fmt: skip
        """Series that have media, the newest number first; raises `NotAllowed`."""
        reader(who)
        with self._db.read() as tx:
            return link_series.page(tx, after, limit, priority=priority, text=text)

    def series(self, who: Principal, number: int) -> SeriesLook:
        """One series by any number that means it; raises `NotAllowed`, `NotFound`."""
        reader(who)
        with self._db.read() as tx:
            row = link_series.get(tx, number)
            members = link_series.members(tx, row.number)[:MOST_MEDIA]
            media = link_media.many(tx, members)
            links = self._shown(tx, who, link_edges.of_media(tx, members))
            edges = [one.edge for one in links]
            return SeriesLook(
                row, tuple(media[one] for one in members), tuple(edges),
                tuple(link_series.history(tx, row.number)),
            )  # fmt: skip

    def edge(self, who: Principal, number: int) -> EdgeLook:
        """One link; raises `NotAllowed`, `NotFound`."""
        reader(who)
        with self._db.read() as tx:
            link = link_edges.get(tx, number)
            of = link_series.of_media(tx, (link.edge.a, link.edge.b))
            return EdgeLook(
                link, tuple(link_edges.verdicts(tx, number)),
                (of.get(link.edge.a), of.get(link.edge.b)),
            )  # fmt: skip

    def medium(self, who: Principal, number: int) -> MediumLook:
        """One medium; raises `NotAllowed`, `NotFound`."""
        reader(who)
        with self._db.read() as tx:
            return MediumLook(
                link_media.get(tx, number), link_series.of_medium(tx, number),
                tuple(self._shown(tx, who, link_edges.of_medium(tx, number))),
            )  # fmt: skip

    def media_of(self, who: Principal, cases: Iterable[Id]) -> list[Medium]:
        """Media of cases, case by case; raises `NotAllowed`."""
        reader(who)
        with self._db.read() as tx:
            return [one for case in cases for one in link_media.of_case(tx, case)]

    def rename(
        self, by: Principal, number: int, name: str, *, version: int | None = None
    ) -> SeriesRow:
        """Name a series; raises `NotAllowed`, `NotFound`, `BadInput`, `Conflict`."""
        who = writer(by)
        with self._db.transaction() as tx:
            row = link_series.rename(tx, number, name, who, version=version)
            tx.audit(who, "series.name", row.id, series=row.number)
            return row

    def rate(
        self, by: Principal, number: int, priority: Priority, *, version: int | None = None
    ) -> SeriesRow:
        """Say how urgent a series is; raises `NotAllowed`, `NotFound`, `Conflict`."""
        who = writer(by)
        with self._db.transaction() as tx:
            row = link_series.rate(tx, number, priority, who, version=version)
            tx.audit(who, "series.rate", row.id, series=row.number, priority=priority.value)
            return row

    def note(self, by: Principal, number: int, words: str) -> Step:
        """Write a note on a series; raises `NotAllowed`, `NotFound`, `BadInput`."""
        who = writer(by)
        with self._db.transaction() as tx:
            step = link_series.note(tx, number, words, who)
            tx.audit(who, "series.note", link_series.get(tx, number).id, series=step.series)
            return step

    def lead(self, by: Principal, number: int) -> Case:
        """The open lead of a series; one is opened where none is, such as where people joined it.

        Raises `NotAllowed`, `NotFound`, and `Conflict` where no medium is left.
        """
        who = writer(by)
        with self._db.transaction() as tx:
            row = link_series.get(tx, number)
            case, new = leads.by_hand(tx, row, who)
            if new:
                tx.audit(who, "series.lead", row.id, series=row.number, case=case.id)
            return case

    def give(
        self, by: Principal, number: int, words: str, *, person: Id | None = None,
        due_at: datetime | None = None,
    ) -> Id:  # fmt: skip
        """Give a task of a series; raises `NotAllowed`, `NotFound`, `BadInput`."""
        who = writer(by)
        storable(words)
        words = words.strip()
        if not words or len(words) > LONGEST_TASK:
            raise BadInput(f"A task has 1 to {LONGEST_TASK} letters.")
        with self._db.transaction() as tx:
            row = link_series.get(tx, number)
            task = link_tasks.add(tx, row.number, words, who, person=person, due_at=due_at)
            tx.audit(who, "series.task", row.id, series=row.number, task=task)
            return task

    def done(self, by: Principal, task: Id) -> None:
        """A task is done; raises `NotAllowed`, `NotFound`, `Conflict`."""
        who = writer(by)
        with self._db.transaction() as tx:
            number = link_tasks.done(tx, task, who)
            tx.audit(
                who, "series.task_done", link_series.get(tx, number).id, series=number, task=task
            )

    def places(self, who: Principal, number: int) -> list[Place]:
        """Where a series is, the newest word first; raises `NotAllowed`, `NotFound`."""
        reader(who)
        with self._db.read() as tx:
            return link_about.places(tx, link_series.get(tx, number))

    def place(self, by: Principal, number: int, place: Place) -> Place:
        """Say where a series is; raises `NotAllowed`, `NotFound`, `BadInput`.

        The place goes neither to the log nor to the history: it is as private as an identity.
        """
        who = writer(by)
        with self._db.transaction() as tx:
            kept = link_places.add(tx, number, replace(place, by=who))
            row = link_series.get(tx, number)
            tx.audit(who, "series.place", row.id, series=row.number, certain=place.certain)
            return kept

    def retry(self, by: Principal, number: int) -> Medium:
        """Look again at a medium that could not be read; raises `NotAllowed`, `NotFound`."""
        who = writer(by)
        with self._db.transaction() as tx:
            tx.lock_changes()
            medium = link_media.retry(tx, number)
            tx.audit(who, "link.retry", medium.id, medium=number)
            return medium

    def _shown(self, tx: Tx, who: Principal, links: Iterable[Link]) -> list[Link]:
        """Without the likenesses whose gate is not open for this reader."""
        seen = self._seen(tx, who)
        return [one for one in links if not one.method.startswith(METHOD) or one.method in seen]


def _none(_tx: Tx, _who: Principal) -> frozenset[str]:
    return frozenset()


def reader(who: Principal) -> None:
    """Let a reader of links by; raises `NotAllowed`."""
    if not who.may(Permission.LINK_READ):
        raise NotAllowed("Links are seen by those who may.")


def writer(who: Principal) -> Id:
    """The person who keeps a series; raises `NotAllowed`."""
    if not who.may(Permission.LINK_WRITE):
        raise NotAllowed("Series are kept by those who may.")
    if who.person is None:
        raise NotAllowed("A series is kept by a person, not a key.")
    return who.person
