"""Search by example on both databases: what is found has its reason, who asked is written down."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
import sqlalchemy as sa
from tests import builders
from tests.builders_likeness import png
from tests.builders_links import edge, medium, series

from breakwater.cli import demo_rooms
from breakwater.errors import AppendOnly, BadInput, NotAllowed, TooManyRequests, Unavailable
from breakwater.linking.searching import A_HOUR, NOBODY, Searching
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.ids import new_id
from breakwater.model.link import Found, LinkKind
from breakwater.model.media import MediaLimits
from breakwater.model.place import PlaceVerdict
from breakwater.recognition.links import LinkLooker
from breakwater.records import link_searches
from breakwater.records.tables import core
from breakwater.records.tables.nouns_link import link_media
from breakwater.records.tables.nouns_link import link_searches as table
from breakwater.scenes import place_check

WHY = "Case file 12-3: the curtain"
SQUARES = np.random.default_rng(3).integers(0, 256, (24, 32, 3), dtype=np.uint8)
PICTURE = png(np.kron(SQUARES, np.ones((20, 20, 1), np.uint8)))


@pytest.fixture(scope="module")
def jail():
    with JailPool(size=1) as found:
        yield found


class House:
    """The verb, with three media that are kept and what finders would say of an example."""

    def __init__(self, database, jail):
        self.db, self.asked, self.found = database, [], []
        self.looker = LinkLooker(pool=jail, limits=MediaLimits())
        self.verb = Searching(db=database, looker=self.looker, seek=self.seek)
        self.who = self.person()
        with database.transaction() as tx:
            for number in (1, 2):
                medium(tx, number)
            medium(tx, 3, gone=True)
            edge(tx, 1, 1, 2)
            series(tx, 7, [1, 2])

    def seek(self, example, signals):
        self.asked.append((example, signals))
        return self.found

    def person(self, role=Role.INVESTIGATOR):
        with self.db.transaction() as tx:
            one = builders.person(tx, "", role)
        return Principal(one.id, one.name, role.permissions, person=one.id)

    def search(self, by=None, body=PICTURE, **how):
        return self.verb.search(by or self.who, io.BytesIO(body), **{"reason": WHY} | how)


@pytest.fixture
def house(database, jail):
    return House(database, jail)


def test_hits_come_with_their_reasons_the_surest_kinds_first(house):
    house.found = [
        Found(2, NOBODY, LinkKind.DECOR, "place", "1", 0.9, {"pairs": []}),
        Found(1, NOBODY, LinkKind.COPY, "pdq", "1", 0.7),
        Found(3, NOBODY, LinkKind.COPY, "pdq", "1", 1.0),
        Found(2, NOBODY, LinkKind.PERSON, "likeness", "1", 1.0),
        Found(99, NOBODY, LinkKind.COPY, "pdq", "1", 1.0),
    ]
    made = house.search()
    assert [(one.medium, one.kind, one.series) for one in made.hits] == [
        (1, LinkKind.COPY, 7), (2, LinkKind.DECOR, 7),
    ]  # fmt: skip
    example, signals = house.asked[0]
    assert example.number == NOBODY
    assert len(signals.frames) == 1


def test_of_the_example_only_its_hash_is_written_down(house):
    made = house.search()
    with house.db.transaction() as tx:
        (row,) = link_searches.newest(tx)
        assert (row.sha256, row.reason, row.by) == (
            hashlib.sha256(PICTURE).hexdigest(), WHY, house.who.id,
        )  # fmt: skip
        assert tx.execute(sa.select(sa.func.count()).select_from(core.blobs)).scalar() == 0
        assert tx.execute(sa.select(sa.func.count()).select_from(link_media)).scalar() == 3
        acts = tx.execute(sa.select(core.audit.c.action, core.audit.c.subject)).all()
        assert ("links.search", made.id) in [tuple(one) for one in acts]
    with pytest.raises(AppendOnly), house.db.transaction() as tx:
        tx.execute(sa.delete(table))


def test_within_a_box_key_points_alone_are_compared(house):
    house.search()
    house.search(box=(0.25, 0.25, 0.5, 0.5))
    whole, part = (signals for _, signals in house.asked)
    assert whole.prints
    assert (part.prints, part.sound, part.reel, part.traits) == ((), None, None, ())
    (frame,) = part.frames
    before = whole.frames[0]
    assert 60 <= len(frame) < len(before)
    assert (frame.width, frame.height) == (before.width / 2, before.height / 2)
    assert (frame.points >= 0).all()
    assert (frame.points <= (frame.width, frame.height)).all()


def test_a_thing_in_a_box_is_known_from_another_side_and_not_in_another_room(house):
    """The box is compared as a picture of its own, so it may stand at the same spot of both."""
    kept, other = (demo_rooms.cameras(3, 2, apart=6.0)[n] for n in (0, 1))
    views = [demo_rooms.seen(demo_rooms.room(3), one, light=3) for one in (kept, other)]
    far = demo_rooms.seen(demo_rooms.room(53), demo_rooms.cameras(53, 1)[0])
    for picture in (*views, far):
        house.search(body=png(picture))
    (same, side, elsewhere) = (signals.frames for _, signals in house.asked)
    house.search(body=png(views[0]), box=(0.2, 0.2, 0.6, 0.6))
    part = house.asked[-1][1].frames
    told = {PlaceVerdict.PLACE, PlaceVerdict.DECOR}
    assert place_check.compare(same, part).verdict in told
    assert place_check.compare(side, part).verdict in told
    assert place_check.compare(elsewhere, part).verdict not in told


@pytest.mark.parametrize(
    "how",
    [{"box": (0.0, 0.0, 0.001, 0.001)}, {"box": (0.9, 0.9, 0.5, 0.5)}, {"box": (0, 0, -1, 1)},
     {"box": (float("inf"), 0, 1, 1)}, {"reason": ""}, {"time_s": float("nan")},
     {"body": b"no picture at all"}, {"body": b""}, {"body": PICTURE[:200]}],
)  # fmt: skip
def test_bad_examples_are_told_and_not_written_down(house, how):
    with pytest.raises(BadInput):
        house.search(**how)
    with house.db.read() as tx:
        assert link_searches.newest(tx) == []


def test_what_has_nothing_to_compare_by_says_so(house):
    made = house.search(body=png(np.zeros((480, 640, 3), np.uint8)))
    assert made.abstained
    assert made.hits == ()
    assert house.asked == []


def test_more_than_an_hour_may_have_waits(house, clock):
    with house.db.transaction() as tx:
        for _ in range(A_HOUR):
            row = {"id": new_id(), "change": tx.change(), "sha256": b"1" * 32, "box": [],
                   "reason": WHY, "found": [], "by": house.who.id, "at": tx.now}  # fmt: skip
            tx.execute(sa.insert(table), row)
    with pytest.raises(TooManyRequests):
        house.search()
    house.search(house.person())
    clock.advance(3600)
    house.search()


def test_keys_other_roles_and_other_processes_search_nothing(house):
    for one in (Principal(new_id(), "a key", frozenset(Permission)), house.person(Role.REVIEWER)):
        with pytest.raises(NotAllowed):
            house.search(one)
    house.verb = Searching(db=house.db, looker=house.looker, seek=None)
    with pytest.raises(Unavailable):
        house.search()
