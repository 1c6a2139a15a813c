"""What is kept is looked at once and compared; what passed never is, and what is destroyed is forgotten."""

from __future__ import annotations

import numpy as np
import pytest
from tests.contract.preserved_world import YEAR, D, World

from breakwater.errors import DecoderFault
from breakwater.linking.keeping import Keeping
from breakwater.linking.signals import StoredSignals
from breakwater.linking.taking import AGAIN, ATTEMPTS, Parts, Taking
from breakwater.model.case import CaseKind
from breakwater.model.decision import DecisionFacts
from breakwater.model.event import Event, EventType
from breakwater.model.hold import SeatRule
from breakwater.model.ids import new_id
from breakwater.model.link import Found, LinkKind, MediumState, Origin, Trait, TraitKind
from breakwater.model.link_signals import LinkSignals
from breakwater.model.media import Reason, Undecodable
from breakwater.model.scene import Keypoints
from breakwater.observe import Metrics
from breakwater.records import (
    cases,
    decisions,
    jobs,
    link_edges,
    link_media,
    link_series,
    link_traits,
    outbox,
)
from breakwater.reporting.preserving.keep import Rules

pytestmark = pytest.mark.usefixtures("keyring")
HARBOUR, FOREST = b"a harbour", b"a forest"


class Looker:
    """Reads bytes as they are: no decoder is asked."""

    def __init__(self) -> None:
        self.looks: list[bytes] = []
        self.fault: Exception | None = None

    def look(self, source, media_type=""):
        body = source.read()
        self.looks.append(body)
        if self.fault is not None:
            raise self.fault
        if body.startswith(b"broken"):
            return Undecodable(Reason.MALFORMED, detail="words of the file")
        if body.startswith(b"black"):
            return LinkSignals(abstained="black")
        values = np.frombuffer(body.ljust(128)[:128], np.uint8).reshape(1, 128)
        frame = Keypoints(0.0, 64, 64, np.zeros((1, 2), np.float32), values)
        return LinkSignals(
            (frame,), (0,), width=64, height=64, traits=(Trait(TraitKind.ENCODER, "lavc"),)
        )


class Finder:
    """Links what has the same points."""

    def __init__(self) -> None:
        self.known: dict[int, bytes] = {}
        self.fails = False

    def knows(self, number):
        return number in self.known

    def learn(self, medium, signals):
        self.known[medium.number] = b"".join(one.descriptors.tobytes() for one in signals.frames)

    def forget(self, number):
        self.known.pop(number, None)

    def find(self, medium, signals):
        if self.fails:
            raise DecoderFault("killed here")
        mine = self.known[medium.number]
        return [
            Found(*sorted((one, medium.number)), LinkKind.PLACE, "test", "1", 0.9)
            for one, other in self.known.items()
            if other == mine and mine and one != medium.number
        ]

    def save(self):
        pass


class House:
    """A desk that decides and keeps, and what takes in what it keeps."""

    def __init__(self, database, vault, rules=None) -> None:
        self.world = World(database, vault, rules)
        self.db, self.vault = database, vault
        self.looker, self.said = Looker(), {}
        self.start()

    def start(self, version: int = 1) -> None:
        """As a process that begins anew: nothing is in memory."""
        self.finder = Finder()
        self.keeping = Keeping(db=self.db)
        self.taking = Taking(
            Parts(
                db=self.db, vault=self.vault, looker=self.looker, keeping=self.keeping,
                stored=StoredSignals(self.vault), finders=(self.finder,),
                about=lambda tx, medium: [Trait(TraitKind.ACCOUNT, f"{medium.source} heron")],
                metrics=Metrics(), version=version,
            )
        )  # fmt: skip

    def keep(self, data=HARBOUR):
        """An upload that was decided to be illegal, and is kept."""
        mine = self.world.upload(data)
        self.said[mine.case] = self.world.decided(mine.case).id
        return mine

    def destroy(self, mine) -> None:
        """The time of its hold is over, two people agreed, and it was destroyed."""
        self.db.clock.advance(YEAR.total_seconds())
        self.world.end(self.world.holds(mine.case)[0])
        self.world.keeper.turn()

    def hear(self, case) -> None:
        self.taking.on_decided(Event(new_id(), EventType.CASE_DECIDED, case, self.db.clock.now()))

    def work(self) -> int:
        """What a worker does: notice, then every look."""
        self.taking.turn()
        claimed = jobs.claim(self.db, [link_media.LOOK_JOB], owner="w", lease_s=60, limit=50)
        for one in claimed:
            self.taking.run(one.payload, one.attempts, lambda _share: None)
            with self.db.transaction() as tx:
                jobs.finish(tx, one)
        return len(claimed)

    def look(self, number, attempt=1) -> None:
        self.taking.run({"medium": number}, attempt, lambda _share: None)

    def media(self):
        with self.db.read() as tx:
            return link_media.page(tx, gone=True)

    def series(self):
        with self.db.read() as tx:
            return [link_series.members(tx, one.number) for one in link_series.page(tx)]


@pytest.fixture
def house(database, vault):
    return House(database, vault)


def test_what_two_decisions_keep_is_looked_at_once_and_becomes_a_series(house) -> None:
    one, two = house.keep(), house.keep()
    house.keep(FOREST)
    assert house.work() == 3
    assert house.work() == 0
    media = house.media()
    assert [(m.origin, m.case, m.blob, m.state) for m in media[:2]] == [
        (Origin.CASE, one.case, one.blob, MediumState.LOOKED),
        (Origin.CASE, two.case, two.blob, MediumState.LOOKED),
    ]
    assert (media[0].facts["frames"], media[0].facts["compared"]) == (1, True)
    assert house.series() == [[1, 2]]
    with house.db.read() as tx:
        (link,) = link_edges.of_medium(tx, 1)
        kinds = [one.kind for one in link_traits.of_medium(tx, 1)]
        told = outbox.since(tx, 0, limit=99, types=[EventType.MEDIUM_LINKED])
    assert (link.edge.a, link.edge.b, link.edge.kind) == (1, 2, LinkKind.PLACE)
    assert kinds == [TraitKind.ACCOUNT, TraitKind.ENCODER]
    assert [(e.subject, e.body["edges"], e.body["series"]) for e in told] == [(media[1].id, [1], 1)]


def test_what_waits_and_what_passed_is_never_looked_at(house) -> None:
    house.world.upload()
    passed = house.world.upload()
    house.world.decide(passed.case, D.NOT_ILLEGAL)
    house.hear(passed.case)
    assert house.work() == 0
    assert house.media() == []


def test_a_look_after_a_kill_decodes_nothing_twice_and_finds_the_same(house) -> None:
    house.keep()
    house.work()
    house.keep()
    house.taking.turn()
    house.finder.fails = True
    with pytest.raises(DecoderFault):
        house.look(2)
    house.start()
    house.look(2)
    house.look(2)
    house.look(1)
    assert len(house.looker.looks) == 2
    assert house.series() == [[1, 2]]
    with house.db.read() as tx:
        assert len(link_edges.of_medium(tx, 1)) == 1
        assert len(outbox.since(tx, 0, limit=99, types=[EventType.MEDIUM_LINKED])) == 1


def test_what_cannot_be_read_is_a_case_for_a_person_and_never_nothing_found(house) -> None:
    house.keep(b"broken file")
    house.work()
    house.look(1)
    (medium,) = house.media()
    assert (medium.state, medium.fault) == (MediumState.FAILED, Reason.MALFORMED.value)
    with house.db.read() as tx:
        (lead,) = cases.page(tx, kind=CaseKind.LEAD)
    assert lead.subject == medium.id
    assert "could not be read" in lead.why
    assert "words of the file" not in lead.why


def test_what_another_version_read_is_looked_at_again_a_few_at_a_time(house) -> None:
    for n in range(AGAIN + 3):
        house.keep(b"a harbour %d" % n)
    failed = house.keep(b"broken")
    house.work()
    assert (house.taking.again(), house.work()) == (0, 0), "it is the same version"
    house.start(version=2)
    seen = len(house.looker.looks)
    assert [house.taking.again() for _ in range(2)] == [AGAIN, AGAIN]
    assert house.work() == AGAIN, "asked twice, they wait once"
    assert (house.taking.again(), house.work()) == (3, 3)
    assert (house.taking.again(), house.work()) == (0, 0)
    assert len(house.looker.looks) - seen == AGAIN + 3
    with house.db.read() as tx:
        assert link_media.of_case(tx, failed.case)[0].state is MediumState.FAILED
        there = [one for one in link_media.page(tx) if one.state is MediumState.LOOKED]
    assert {one.version for one in there} == {2}


def test_our_own_fault_is_tried_again_before_a_person_is_asked(house) -> None:
    house.keep()
    house.taking.turn()
    house.looker.fault = DecoderFault("out of memory")
    for attempt in range(1, ATTEMPTS):
        with pytest.raises(DecoderFault):
            house.look(1, attempt)
    assert house.media()[0].state is MediumState.WAITING
    house.look(1, ATTEMPTS)
    assert house.media()[0].state is MediumState.FAILED


def test_what_shows_nothing_says_why_and_links_nothing(house) -> None:
    for _ in range(2):
        house.keep(b"black frames")
    house.work()
    assert [(m.state, m.facts["why"]) for m in house.media()] == [
        (MediumState.ABSTAINED, "black")
    ] * 2
    assert house.series() == []


def test_what_is_destroyed_is_forgotten_and_found_by_nobody(house) -> None:
    mine = house.keep()
    house.work()
    house.destroy(mine)
    assert house.taking.turn() == 1
    assert house.media()[0].gone_at is not None
    assert not house.finder.known
    house.keep()
    house.work()
    assert house.series() == []
    house.start()
    house.keep(FOREST)
    house.work()
    assert set(house.finder.known) == {2, 3}


def test_what_is_destroyed_while_it_waits_is_no_failure(house) -> None:
    mine = house.keep()
    house.taking.turn()
    house.destroy(mine)
    house.look(1)
    assert house.media()[0].state is MediumState.WAITING
    house.taking.turn()
    house.look(1)
    assert house.media()[0].gone_at is not None


def test_a_decision_taken_back_takes_its_media_out_of_the_series(house) -> None:
    one, two = house.keep(), house.keep()
    house.work()
    assert house.series() == [[1, 2]]
    with house.db.transaction() as tx:  # the hold may end later than this is heard
        decisions.add(
            tx, case=one.case, kind=D.ILLEGAL, by=house.world.one.person, reason="a slip",
            facts=DecisionFacts(), undoes=house.said[one.case],
        )  # fmt: skip
        decisions.reopen(tx, one.case, by=house.world.one.id, what="reopened")
    house.hear(one.case)
    house.hear(one.case)
    assert house.series() == []
    gone = house.media()[0]
    assert (gone.fault, gone.blob, gone.points) == (link_media.WITHDRAWN, None, None)
    assert set(house.finder.known) == {2}
    house.world.decided(one.case)
    house.hear(one.case)
    house.work()
    assert house.series() == [[2, 3]]
    assert house.media()[2].case == one.case
    assert two.case == house.media()[1].case


def test_of_a_stopped_broadcast_what_shows_something_is_looked_at(house) -> None:
    case = house.world.stream()
    house.world.decided(case.id)
    house.work()
    (medium,) = house.media()
    assert (medium.origin, medium.origin_id, medium.case) == (
        Origin.STREAM, case.subject, case.id,
    )  # fmt: skip
    assert medium.source == case.service


def test_where_only_hashes_may_be_kept_nothing_is_decoded(database, vault) -> None:
    house = House(database, vault, Rules(SeatRule.HASHES))
    house.keep()
    house.work()
    (medium,) = house.media()
    assert (medium.state, medium.blob, medium.facts) == (
        MediumState.ABSTAINED, None, {"why": link_media.HASH_ONLY, "compared": True},
    )  # fmt: skip
    assert medium.sha256
    assert house.looker.looks == []
    with house.db.read() as tx:
        assert [one.kind for one in link_traits.of_medium(tx, 1)] == [TraitKind.ACCOUNT]
