"""Series as people move them: named, rated, noted and given tasks by those who may, each with an entry."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from breakwater.errors import BadInput, Conflict, NotAllowed, NotFound
from breakwater.linking.desk import Desk
from breakwater.linking.keeping import Keeping
from breakwater.model.access import Permission, Principal
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import new_id
from breakwater.model.link import Found, LinkKind, Origin
from breakwater.records import audit, cases, link_about, link_edges, link_media, link_series
from breakwater.records.link_about import Place
from breakwater.records.tables.nouns_link import link_places

pytestmark = pytest.mark.usefixtures("keyring")


def person(*permissions: Permission) -> Principal:
    who = new_id()
    return Principal(who, "somebody", frozenset(permissions), person=who)


@pytest.fixture
def who() -> Principal:
    return person(Permission.LINK_READ, Permission.LINK_WRITE)


@pytest.fixture
def desk(database) -> Desk:
    """Two media in series 1, and one alone that failed."""
    keeping = Keeping(db=database)
    with database.transaction() as tx:
        a, b, c = (
            link_media.want(tx, Origin.EXHIBIT, new_id(), sha256=f"{n:064x}").number
            for n in range(3)
        )
        keeping.changed(tx, [link_edges.add(tx, Found(a, b, LinkKind.PLACE, "test", "1", 0.9))])
        keeping.changed(tx, [link_edges.add(tx, Found(b, c, LinkKind.DECOR, "test", "1", 0.9))])
    return Desk(db=database, keeping=keeping)


def actions(database) -> list[str]:
    with database.read() as tx:
        return [one.action for one in reversed(audit.page(tx, limit=50))]


def test_a_series_is_seen_whole_and_so_are_its_media_and_links(desk, who) -> None:
    look = desk.series(who, 1)
    assert [one.number for one in look.media] == [1, 2]
    assert [one.number for one in look.edges] == [1]
    assert desk.medium(who, 3).series is None
    assert [one.edge.kind for one in desk.medium(who, 3).links] == [LinkKind.DECOR]
    assert desk.edge(who, 2).series == (1, None)
    assert [one.number for one in desk.page(who)] == [1]
    assert [one.edge.number for one in desk.waiting(who)] == [2]
    assert desk.status(who).waiting == 1
    assert desk.status(who).links == {"place": 1, "decor": 1}


def test_what_people_do_with_a_series_is_written_down(desk, who, database) -> None:
    row = desk.rename(who, 1, "Blue room")
    desk.rate(who, 1, Priority.HIGH, version=row.version)
    desk.note(who, 1, "The window faces a church.")
    task = desk.give(who, 1, "Ask for the recording.")
    desk.done(who, task)
    with pytest.raises(Conflict):
        desk.done(who, task)
    with pytest.raises(Conflict):
        desk.rate(who, 1, Priority.LOW, version=row.version)
    assert actions(database) == [
        "series.name", "series.rate", "series.note", "series.task", "series.task_done",
    ]  # fmt: skip
    assert [one.what for one in desk.series(who, 1).history] == [
        "noted", "rated", "named", "founded",
    ]  # fmt: skip


def test_who_works_on_a_series_opens_its_lead_once(desk, who, database) -> None:
    """What people joined by hand has none, and what has none cannot be taken as VICS."""
    desk.rename(who, 1, "Blue")
    first = desk.lead(who, 1)
    assert (first.kind, first.subject) == (CaseKind.LEAD, desk.series(who, 1).row.id)
    assert (
        first.why
        == "2 media of series 1 (Blue), asked for by a person. It was made or added in the last seven days."
    )
    assert desk.lead(who, 1) == first
    assert actions(database).count("series.lead") == 1
    with database.transaction() as tx:
        cases.close(tx, first.id, by=who.id, reason="Seen.")
    assert desk.lead(who, 1).id != first.id
    with pytest.raises(NotAllowed):
        desk.lead(person(Permission.LINK_READ), 1)
    with pytest.raises(NotFound):
        desk.lead(who, 99)


def test_a_rebuild_mends_what_is_wrong_and_is_written_down(desk, who, database) -> None:
    with database.transaction() as tx:
        link_series.take_out(tx, [1, 2])
    assert desk.rebuild(who).changed == (1,)
    assert desk.rebuild(who).changed == ()
    assert actions(database) == ["links.rebuild"] * 2


def test_who_may_not_sees_and_does_nothing(desk, database) -> None:
    nobody, reader = person(), person(Permission.LINK_READ)
    key = Principal(new_id(), "key", frozenset({Permission.LINK_WRITE}))
    for call in (desk.status, desk.page, desk.waiting):
        with pytest.raises(NotAllowed):
            call(nobody)
    for call in (desk.series, desk.edge, desk.medium):
        with pytest.raises(NotAllowed):
            call(nobody, 1)
    for who in (reader, key):
        with pytest.raises(NotAllowed):
            desk.rename(who, 1, "Blue room")
        with pytest.raises(NotAllowed):
            desk.note(who, 1, "x")
    with pytest.raises(NotAllowed):
        desk.rebuild(reader)
    assert actions(database) == []


def test_what_is_not_there_and_what_is_no_task_is_refused(desk, who) -> None:
    with pytest.raises(NotFound):
        desk.series(who, 9)
    with pytest.raises(NotFound):
        desk.done(who, new_id())
    with pytest.raises(BadInput):
        desk.give(who, 1, " ")
    with pytest.raises(BadInput):
        desk.rename(who, 1, "x" * 121)


def test_a_place_is_kept_rough_and_sealed_and_what_is_none_is_refused(desk, who, database) -> None:
    now = database.clock.now()
    said = Place("The sockets.", False, "", now, "nl", 52.370216, 4.895168)
    desk.place(who, 1, said)
    desk.place(who, 1, replace(said, certain=True, latitude=None, longitude=None))
    with database.read() as tx:
        newest, first = link_about.places(tx, link_series.get(tx, 1))
        raw = tx.execute(sa.select(link_places.c.sealed)).scalars().all()
        (entry, _) = audit.page(tx, limit=2)
    assert (first.country, first.latitude, first.longitude) == ("NL", 52.37, 4.9)
    assert (newest.certain, newest.latitude, newest.by) == (True, None, who.person)
    assert not any(b"52.37" in one for one in raw)
    assert (entry.action, "country" in entry.facts) == ("series.place", False)
    for wrong in (
        {"words": " "}, {"country": "XX"}, {"latitude": 91.0}, {"longitude": float("nan")},
        {"latitude": None},
    ):  # fmt: skip
        with pytest.raises(BadInput):
            desk.place(who, 1, replace(said, **wrong))
    with pytest.raises(NotAllowed):
        desk.place(person(Permission.LINK_READ), 1, said)
