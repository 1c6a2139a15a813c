"""Views: who saw what is kept before they see it, and an untold end costs the whole look."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.errors import BadInput, BreakwaterError, NotFound
from breakwater.model.ids import new_id
from breakwater.model.media import Level
from breakwater.records import views


@pytest.fixture
def person(database):
    with database.transaction() as tx:
        return builders.person(tx).id


def look(tx, person, level=Level.S3, **facts):
    known = {"item": new_id(), "reason": "to decide the case"}
    return views.start(tx, person=person, level=level, **(known | facts))


def test_a_view_is_read_back_with_its_end(database, clock, person):
    case, other = new_id(), new_id()
    with database.transaction() as tx:
        made = look(tx, person, case=case, frame=4, others=(other,), cap_ms=5_000)
        assert views.get(tx, made.id) == made
        assert made.charged_ms == 5_000
    with database.transaction() as tx:
        ended = views.end(tx, made.id, ms=1_234, person=person)
        assert ended.charged_ms == 1_234
        assert views.end(tx, made.id, ms=1, person=person) == ended
        assert views.get(tx, made.id) == ended
        assert views.of_item(tx, made.item) == [ended]
        assert views.of_case(tx, case) == [ended]
        assert ended.others == (other,)


def test_nobody_ends_anothers_view_and_no_time_is_negative(database, person):
    with database.transaction() as tx:
        made = look(tx, person)
        with pytest.raises(NotFound):
            views.end(tx, made.id, ms=5, person=new_id())
        with pytest.raises(NotFound):
            views.end(tx, new_id(), ms=5)
        with pytest.raises(BadInput):
            views.end(tx, made.id, ms=-1)
        assert views.end(tx, made.id, ms=999_999).ms == made.cap_ms


def test_exposure_adds_up_and_an_untold_end_costs_the_cap(database, clock, person):
    with database.transaction() as tx:
        views.end(tx, look(tx, person).id, ms=2_000)
        look(tx, person)
        views.end(tx, look(tx, person, Level.S1).id, ms=700)
        look(tx, builders.person(tx).id)
        long_ago = clock.now() - timedelta(hours=1)
        assert views.exposure_ms(tx, person, since=long_ago) == 12_700
        assert views.exposure_ms(tx, person, since=long_ago, levels=[Level.S1]) == 700
        assert len(views.since(tx, person, long_ago)) == 3
    clock.advance(60)
    with database.read() as tx:
        assert views.exposure_ms(tx, person, since=clock.now()) == 0
        assert views.since(tx, person, clock.now()) == []


def test_views_and_their_ends_cannot_be_changed_or_deleted(database, person):
    with database.transaction() as tx:
        views.end(tx, look(tx, person).id, ms=2_000)
    for words in (
        "UPDATE views SET reason = 'x'",
        "DELETE FROM views",
        "UPDATE view_ends SET ms = 0",
        "DELETE FROM view_ends",
    ):
        with pytest.raises(BreakwaterError), database.transaction() as tx:
            tx.execute(sa.text(words))
