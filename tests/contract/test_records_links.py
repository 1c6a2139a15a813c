"""Media, traits, edges and series as rows: wanted once, judged for good, gone without a trace of content."""

from __future__ import annotations

import io

import pytest

from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.case import Priority
from breakwater.model.ids import new_id
from breakwater.model.link import (
    EdgeState,
    Found,
    LinkKind,
    MediumState,
    Origin,
    Trait,
    TraitKind,
)
from breakwater.records import jobs, link_edges, link_media, link_series, link_traits

pytestmark = pytest.mark.usefixtures("keyring")
SHA = "ab" * 32


class Shelf:
    """Media of exhibits, with real objects in a vault."""

    def __init__(self, db, vault) -> None:
        self.db, self.vault = db, vault

    def blob(self, text: bytes = b"ordinary"):
        return self.vault.put(io.BytesIO(text), purpose="evidence")

    def want(self, **facts):
        facts = {"blob": self.blob(), "source": "clips", "sha256": SHA} | facts
        with self.db.transaction() as tx:
            return link_media.want(tx, Origin.EXHIBIT, facts.pop("origin_id", new_id()), **facts)

    def pair(self, kind=LinkKind.PLACE, score=0.9, **facts):
        a, b = self.want().number, self.want().number
        with self.db.transaction() as tx:
            found = Found(a, b, kind, "test", "1", score, **facts)
            return link_edges.add(tx, found)

    def due(self, kind: str) -> list:
        return [one.payload for one in jobs.claim(self.db, [kind], owner="t", lease_s=9, limit=99)]


@pytest.fixture
def shelf(database, vault):
    return Shelf(database, vault)


def test_wanting_the_same_twice_is_one_medium_and_one_look(shelf) -> None:
    blob, whose = shelf.blob(), new_id()
    first = shelf.want(blob=blob, origin_id=whose)
    assert shelf.want(blob=blob, origin_id=whose) == first
    other = shelf.want(blob=shelf.blob(), origin_id=whose)
    assert (first.state, first.sha256) == (MediumState.WAITING, SHA)
    assert other.number == first.number + 1
    assert shelf.due(link_media.LOOK_JOB) == [{"medium": first.number}, {"medium": other.number}]


def test_what_may_be_kept_by_its_hash_alone_abstains(shelf) -> None:
    made = shelf.want(blob=None)
    assert (made.state, made.facts) == (MediumState.ABSTAINED, {"why": link_media.HASH_ONLY})
    with shelf.db.read() as tx:
        assert [one.number for one in link_media.of_sha256(tx, SHA)] == [made.number]


def test_a_medium_whose_bytes_are_destroyed_keeps_its_number_and_nothing_else(shelf) -> None:
    medium, points = shelf.want(), shelf.blob(b"points")
    with shelf.db.transaction() as tx:
        link_media.looked(tx, medium.number, version=1, points=points, facts={"seconds": 2.0})
        link_traits.put(tx, medium, [Trait(TraitKind.CAMERA, "make model 7", "a camera")])
    with shelf.db.read() as tx:
        assert link_media.destroyed(tx) == []
    shelf.vault.shred(medium.blob)
    with shelf.db.transaction() as tx:
        assert [one.number for one in link_media.destroyed(tx)] == [medium.number]
        assert link_media.gone(tx, medium.number)
        assert not link_media.gone(tx, medium.number)
    with shelf.db.read() as tx:
        after = link_media.get(tx, medium.number)
        assert link_traits.of_medium(tx, medium.number) == []
        assert link_media.destroyed(tx) == []
        assert link_media.count(tx) == {}
    assert (after.blob, after.points, after.facts) == (None, None, {})
    assert after.gone_at is not None
    assert shelf.due(link_media.SHRED_JOB) == [{"blob": points}]


def test_what_a_look_found_of_one_that_is_gone_is_destroyed(shelf) -> None:
    medium, points = shelf.want(), shelf.blob(b"points")
    with shelf.db.transaction() as tx:
        link_media.gone(tx, medium.number)
        link_media.looked(tx, medium.number, version=1, points=points, facts={"seconds": 2.0})
    with shelf.db.read() as tx:
        assert link_media.get(tx, medium.number).points is None
    assert shelf.due(link_media.SHRED_JOB) == [{"blob": points}]


def test_a_failure_is_news_once_and_may_be_tried_again(shelf) -> None:
    medium = shelf.want()
    shelf.due(link_media.LOOK_JOB)
    with shelf.db.transaction() as tx:
        assert link_media.failed(tx, medium.number, "undecodable")
        assert not link_media.failed(tx, medium.number, "undecodable")
    with shelf.db.transaction() as tx:
        again = link_media.retry(tx, medium.number)
    assert (again.state, again.fault) == (MediumState.WAITING, "")


def test_traits_are_found_by_their_hash_and_never_kept_in_clear(shelf) -> None:
    one, other, stranger = shelf.want(), shelf.want(), shelf.want()
    camera = Trait(TraitKind.CAMERA, "acme 12 serial 990088", "Acme 12, serial number hidden")
    with shelf.db.transaction() as tx:
        (kept,) = link_traits.put(tx, one, [camera, camera])
        link_traits.put(tx, other, [camera, Trait(TraitKind.SOFTWARE, "editor 3")])
        link_traits.put(tx, stranger, [Trait(TraitKind.CAMERA, "acme 12 serial 990089")])
    with shelf.db.read() as tx:
        assert link_traits.sharing(tx, kept.kind, kept.key) == [other.number, one.number]
        assert link_traits.shared_by(tx, kept.kind, kept.key) == 2
        assert link_traits.of_how_many(tx, TraitKind.CAMERA) == 3
        assert link_traits.shown(tx, one) == [(TraitKind.CAMERA, "Acme 12, serial number hidden")]
        held = tx.execute(link_traits.link_traits.select()).all()
    assert not [row for row in held if b"990088" in bytes(row.key) + bytes(row.sealed)]


def test_a_trait_of_before_a_rotation_is_found_by_who_brings_it_again(shelf, keyring) -> None:
    one, other = shelf.want(), shelf.want()
    camera = Trait(TraitKind.CAMERA, "acme 12 serial 990088")
    with shelf.db.transaction() as tx:
        (before,) = link_traits.put(tx, one, [camera])
    keyring.rotate("identifiers")
    with shelf.db.transaction() as tx:
        (after,) = link_traits.put(tx, other, [camera])
    assert before.key != after.key
    with shelf.db.read() as tx:
        assert link_traits.sharing(tx, after.kind, after.key) == [other.number, one.number]
        assert link_traits.shown(tx, one) == [(TraitKind.CAMERA, "acme 12 serial 990088")]


def test_the_same_edge_found_twice_is_one_and_a_newer_method_writes_its_evidence_anew(
    shelf,
) -> None:
    first = shelf.pair(evidence={"pairs": []})
    edge = first.edge
    again = Found(edge.a, edge.b, edge.kind, "test", "1", 0.1)
    newer = Found(edge.a, edge.b, edge.kind, "test", "2", 0.8, {"line": [[0, 1]]})
    with shelf.db.transaction() as tx:
        assert link_edges.add(tx, again) == first
        changed = link_edges.add(tx, newer)
        assert (changed.edge.number, changed.edge.score) == (edge.number, 0.8)
        assert changed.evidence == {"line": [[0, 1]]}
        with pytest.raises(BadInput):
            link_edges.add(tx, Found(edge.b, edge.a, edge.kind, "test", "1", 0.8))


def test_what_people_said_of_an_edge_stays_and_the_last_word_counts(shelf) -> None:
    number = shelf.pair().edge.number
    with shelf.db.transaction() as tx:
        link_edges.verdict(tx, number, EdgeState.REJECTED, "another window", "p1")
        link_edges.verdict(tx, number, EdgeState.MACHINE, "", "p1")
        assert link_edges.verdict(tx, number, EdgeState.CONFIRMED, "the lamp", "p2").edge.state is (
            EdgeState.CONFIRMED
        )
        said = link_edges.verdicts(tx, number)
        with pytest.raises(NotFound):
            link_edges.verdict(tx, number + 1, EdgeState.CONFIRMED, "", "p2")
    assert [(one.verdict.value, one.reason, one.by) for one in said] == [
        ("rejected", "another window", "p1"), ("machine", "", "p1"), ("confirmed", "the lamp", "p2"),
    ]  # fmt: skip
    with pytest.raises(Conflict), shelf.db.transaction() as tx:
        tx.execute(link_edges.link_verdicts.update().values(reason="nothing"))


@pytest.mark.parametrize(
    ("kind", "score", "state", "holds"),
    [
        (LinkKind.PLACE, 0.9, EdgeState.MACHINE, True),
        (LinkKind.SOUND, link_edges.SURE - 0.01, EdgeState.MACHINE, False),
        (LinkKind.SOUND, 0.1, EdgeState.CONFIRMED, True),
        (LinkKind.PERSON, 1.0, EdgeState.MACHINE, False),
        (LinkKind.DECOR, 1.0, EdgeState.MACHINE, False),
        (LinkKind.PERSON, 1.0, EdgeState.REJECTED, True),
    ],
)
def test_a_lead_holds_nothing_until_a_person_says_so(shelf, kind, score, state, holds) -> None:
    edge = shelf.pair(kind, score).edge
    with shelf.db.transaction() as tx:
        if state is not EdgeState.MACHINE:
            link_edges.verdict(tx, edge.number, state, "", "p1")
        assert bool(link_edges.holding(tx, [edge.a])) is holds
        assert bool(link_edges.every(tx)) is holds


def test_an_edge_of_what_was_withdrawn_holds_nothing_and_of_what_was_destroyed_it_does(
    shelf,
) -> None:
    one, two = shelf.pair().edge, shelf.pair().edge
    with shelf.db.transaction() as tx:
        link_media.gone(tx, one.a, why=link_media.WITHDRAWN)
        link_media.gone(tx, two.a)
        assert [edge.number for edge in link_edges.every(tx)] == [two.number]


def test_a_number_means_the_series_in_use_and_history_is_only_added(shelf) -> None:
    media = [shelf.want().number for _ in range(4)]
    with shelf.db.transaction() as tx:
        first, second = link_series.found(tx, media[0]), link_series.found(tx, media[2])
        link_series.put(tx, first.number, media)
        link_series.use(tx, [second.number], first.number)
        named = link_series.rename(tx, second.number, " Blue  room ", "p1")
        rated = link_series.rate(tx, first.number, Priority.HIGH, "p1", version=named.version)
        link_series.note(tx, second.number, "The same lamp.", "p2")
        with pytest.raises(Conflict):
            link_series.rename(tx, first.number, "Another", "p2", version=named.version)
    with shelf.db.read() as tx:
        row = link_series.get(tx, second.number)
        assert link_series.of_medium(tx, media[3]) == row
        assert link_series.page(tx) == [row]
        assert link_series.members(tx, second.number) == media
        said = link_series.history(tx, second.number)
    assert (row.number, row.aliases, row.media) == (first.number, (second.number,), 4)
    assert (row.name, rated.priority) == ("Blue room", Priority.HIGH)
    assert [one.what for one in said] == ["noted", "rated", "named"]
    with pytest.raises(Conflict), shelf.db.transaction() as tx:
        tx.execute(link_series.link_history.delete())
