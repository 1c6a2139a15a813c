"""Likenesses on both databases: nothing while no gate is open, leads and never more while one is."""

from __future__ import annotations

import hashlib
import io
import tempfile
from dataclasses import replace

import av
import numpy as np
import pytest
import sqlalchemy as sa
from tests import builders
from tests import builders_likeness as made
from tests.builders_links import medium

from breakwater.errors import (
    BadInput,
    Conflict,
    NeedsSecondPerson,
    NotAllowed,
    NotFound,
    Tampered,
)
from breakwater.linking.desk import Desk
from breakwater.linking.keeping import Keeping
from breakwater.linking.likeness import Likenesses
from breakwater.linking.likeness_seen import shots_of
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.classifier import Picture
from breakwater.model.ids import new_id
from breakwater.model.likeness import GateState, ProviderCard, Track
from breakwater.model.link import EdgeState, Found, LinkKind
from breakwater.model.media import MediaLimits
from breakwater.records import link_edges, link_media, link_persons, link_series
from breakwater.records.tables import core
from breakwater.records.tables.nouns_link import link_verdicts, person_looks, person_vectors

LAW = "Data Act section 35, for the purpose of identifying victims"
ANN, BEN = made.drawing((64, 64, 1)), made.drawing((192, 96, 1), (416, 192, 3))
OTHER = made.drawing((32, 224, 4))


@pytest.fixture(scope="module")
def jail():
    with JailPool(size=1) as found:
        yield found


class House:
    """The verb, with media that are kept and people who look."""

    def __init__(self, database, vault, jail, folder, seat="GB"):
        self.db, self.vault = database, vault
        self.verb = Likenesses(
            db=database, vault=vault, pool=jail, limits=MediaLimits(), folder=folder, seat=seat
        )
        self.first, self.second = self.person(), self.person()
        self.number = 0

    def person(self, role=Role.INVESTIGATOR):
        with self.db.transaction() as tx:
            one = builders.person(tx, "", role)
        return Principal(one.id, one.name, role.permissions, person=one.id)

    def kept(self, pixels):
        blob = self.vault.put(io.BytesIO(made.png(pixels)), purpose="evidence")
        self.number += 1
        with self.db.transaction() as tx:
            medium(tx, self.number, blob=blob, media_type="image/png")
        return self.number

    def opened(self, role=Role.INVESTIGATOR, place="GB"):
        gate = self.verb.propose(
            self.first, model="squares", role=role, jurisdiction=place, basis=LAW
        )
        return self.verb.confirm(self.second, gate.id)

    def vectors(self):
        with self.db.read() as tx:
            return link_persons.count(tx)

    def edges(self, number):
        with self.db.read() as tx:
            return link_edges.of_medium(tx, number)

    def audit(self):
        with self.db.read() as tx:
            acts = sa.select(core.audit.c.action).order_by(core.audit.c.number)
            return [one for one in tx.execute(acts).scalars() if one.startswith("likeness.")]


@pytest.fixture
def house(database, vault, jail, tmp_path):
    return House(database, vault, jail, made.folder(tmp_path / "models"))


def test_off_there_is_no_vector_and_no_model_is_started(database, vault, jail, tmp_path):
    house = House(database, vault, jail, None)
    house.kept(ANN)
    assert house.verb.turn() == 0

    def never(*_):
        raise AssertionError("a model was started")

    house.verb = Likenesses(
        db=database, vault=vault, pool=jail, limits=MediaLimits(),
        folder=made.folder(tmp_path / "models"), seat="GB", runs=never,
    )  # fmt: skip
    assert house.verb.turn() == 0
    gate = house.verb.propose(
        house.first, model="squares", role=Role.INVESTIGATOR, jurisdiction="GB", basis=LAW
    )
    assert house.verb.turn() == 0, "one person opens nothing"
    assert gate.state(gate.at) is GateState.WAITING
    assert house.vectors() == 0


def test_two_people_open_a_gate_and_one_closes_it(house):
    gate = house.verb.propose(
        house.first, model="squares", role=Role.INVESTIGATOR, jurisdiction="gb", basis=LAW
    )
    with pytest.raises(NeedsSecondPerson):
        house.verb.confirm(house.first, gate.id)
    with pytest.raises(Conflict):
        house.verb.propose(
            house.second, model="squares", role=Role.INVESTIGATOR, jurisdiction="GB", basis=LAW
        )
    opened = house.verb.confirm(house.second, gate.id)
    assert (opened.by, opened.second_by) == (house.first.person, house.second.person)
    assert opened.state(opened.at) is GateState.OPEN
    closed = house.verb.close(house.first, gate.id)
    assert closed.state(closed.at) is GateState.CLOSED
    with pytest.raises(Conflict):
        house.verb.close(house.first, gate.id)
    with pytest.raises(NotFound):
        house.verb.confirm(house.second, gate.id)
    assert house.audit() == ["likeness.propose", "likeness.open", "likeness.close"]


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [({"jurisdiction": "*"}, BadInput), ({"jurisdiction": ""}, BadInput), ({"basis": "law"}, BadInput),
     ({"role": Role.GRADER}, BadInput), ({"model": "others"}, NotFound)],
)  # fmt: skip
def test_a_gate_names_its_place_and_its_law(house, changed, refusal):
    known = {"model": "squares", "role": Role.INVESTIGATOR, "jurisdiction": "GB", "basis": LAW}
    with pytest.raises(refusal):
        house.verb.propose(house.first, **known | changed)


def test_keys_and_other_roles_open_and_see_nothing(house):
    key = Principal(new_id(), "a key", frozenset(Permission))
    reviewer = house.person(Role.REVIEWER)
    number = house.kept(ANN)
    for one in (key, reviewer):
        with pytest.raises(NotAllowed):
            house.verb.propose(
                one, model="squares", role=Role.INVESTIGATOR, jurisdiction="GB", basis=LAW
            )
        with pytest.raises(NotAllowed):
            house.verb.leads(one, number)


def test_a_gate_of_another_country_is_of_no_use_here(house, database, vault, jail, tmp_path):
    house.kept(ANN)
    house.opened(place="US")
    assert house.verb.turn() == 0
    nowhere = House(database, vault, jail, tmp_path / "models", seat="")
    assert nowhere.verb.turn() == 0
    assert house.vectors() == 0


def test_a_likeness_is_a_lead_with_both_boxes_and_joins_nothing(house):
    one, two, three = house.kept(ANN), house.kept(BEN), house.kept(OTHER)
    house.opened()
    assert house.verb.turn() == 3
    assert house.verb.turn() == 0, "nothing is looked at twice"
    assert house.vectors() == 4
    (lead,) = house.verb.leads(house.second, one)
    assert lead.edge.kind is LinkKind.PERSON
    assert (lead.edge.a, lead.edge.b) == (one, two)
    assert lead.edge.score > 0.99
    assert not lead.edge.kind.joins
    (seen,) = lead.evidence["likenesses"]
    assert seen["a_box"][0] == pytest.approx(0.1, abs=0.01)
    assert seen["b_box"][0] == pytest.approx(0.3, abs=0.01)
    assert house.edges(three) == []
    assert house.audit()[-2:] == ["likeness.look", "likeness.see"]


def test_who_has_no_open_gate_sees_no_lead(house):
    one = house.kept(ANN)
    with pytest.raises(NotAllowed):
        house.verb.leads(house.first, one)
    gate = house.opened()
    house.verb.turn()
    assert house.verb.leads(house.first, one) == []
    house.verb.close(house.first, gate.id)
    with pytest.raises(NotAllowed):
        house.verb.leads(house.first, one)


def test_a_lead_is_listed_for_who_may_and_each_list_is_written_down(house):
    one, two = house.kept(ANN), house.kept(BEN)
    desk = Desk(db=house.db, keeping=Keeping(db=house.db), seen=house.verb.seen)
    gate, other, _ = house.opened(), house.person(Role.REVIEWER), house.verb.turn()
    (lead,), key = house.edges(one), Principal(new_id(), "a key", frozenset(Permission))
    assert [each.edge for each in desk.waiting(house.first)] == [lead.edge]
    assert [each.edge for each in desk.medium(house.first, two).links] == [lead.edge]
    seer = replace(other, permissions=other.permissions | {Permission.LINK_READ})
    for blind in (key, seer):
        assert (desk.waiting(blind), desk.medium(blind, two).links) == ([], ())
        assert desk.status(blind).waiting == 0
        house.verb.listed(blind, [lead.edge.number])
    assert house.audit()[-1] == "likeness.look"
    house.verb.listed(house.first, [lead.edge.number])
    assert house.audit()[-1] == "likeness.see"
    with house.db.transaction() as tx:
        link_edges.verdict(tx, lead.edge.number, EdgeState.CONFIRMED, "One man.", "Ada Quist")
    house.verb.close(house.first, gate.id)
    assert desk.waiting(house.first) == [], "what was judged stays, and stays closed"


def test_vectors_go_when_the_medium_goes(house):
    one, _ = house.kept(ANN), house.kept(OTHER)
    house.opened()
    house.verb.turn()
    with house.db.transaction() as tx:
        link_media.gone(tx, one)
        assert link_persons.count(tx) == 1


def test_with_the_last_gate_vectors_and_unjudged_leads_go(house):
    one, _ = house.kept(ANN), house.kept(BEN)
    gate, admin = house.opened(), house.opened(place="GB-SCT")
    house.verb.turn()
    house.verb.close(house.first, admin.id)
    assert house.vectors() == 3, "another gate is open still"
    house.verb.close(house.first, gate.id)
    assert house.vectors() == 0
    assert house.edges(one) == []
    with house.db.read() as tx:
        assert tx.execute(sa.select(person_looks)).all() == []


def test_what_a_person_said_of_a_lead_stays(house):
    one, _ = house.kept(ANN), house.kept(BEN)
    gate = house.opened()
    house.verb.turn()
    (lead,) = house.edges(one)
    with house.db.transaction() as tx:
        link_edges.verdict(tx, lead.edge.number, EdgeState.REJECTED, "Two people.", "Ada Quist")
    house.verb.close(house.first, gate.id)
    assert [each.edge.state for each in house.edges(one)] == [EdgeState.REJECTED]
    with house.db.read() as tx:
        assert len(tx.execute(sa.select(link_verdicts)).all()) == 1


def test_a_gate_that_closes_while_a_model_looks_lets_nothing_be_kept(house, jail, tmp_path):
    house.kept(ANN)
    gate = house.opened()
    whole = house.verb._pictures

    def meanwhile(found):
        house.verb.close(house.first, gate.id)
        return whole(found)

    house.verb._pictures = meanwhile
    assert house.verb.turn() == 0
    assert house.vectors() == 0


def test_a_model_that_was_exchanged_is_off(house, tmp_path):
    house.kept(ANN)
    house.opened()
    (tmp_path / "models" / "squares" / "model.onnx").write_bytes(made.recogniser(grey=90))
    assert house.verb.turn() == 0
    standing = house.verb.standing()
    assert standing.models == ()
    assert "model.onnx" in standing.broken[0].why


def test_vectors_of_two_models_are_never_compared(house):
    """The same numbers under two models: each reads its own alone, and a moved row is refused."""
    card = ProviderCard.parse(made.card(made.recogniser(), made.detector()))
    other = replace(card, sha256=hashlib.sha256(b"another").hexdigest())
    vector = np.eye(made.DIM, dtype=np.float32)[0]
    track = Track(0, 0.0, (0.1, 0.1, 0.2, 0.2), vector)
    one, two = house.kept(ANN), house.kept(BEN)
    with house.db.transaction() as tx:
        link_persons.put(tx, one, card, [track])
        link_persons.put(tx, two, other, [track])
        assert [number for number, _ in link_persons.tracks(tx, card)] == [one]
        assert [number for number, _ in link_persons.tracks(tx, other)] == [two]
        values = {"provider_sha256": bytes.fromhex(card.sha256)}
        tx.execute(
            sa.update(person_vectors).where(person_vectors.c.media_number == two).values(values)
        )
        with pytest.raises(Tampered):
            list(link_persons.tracks(tx, card))


def test_vectors_are_sealed(house):
    house.kept(ANN)
    house.opened()
    house.verb.turn()
    with house.db.read() as tx:
        ((_, (track,)),) = link_persons.tracks(tx, house.verb.standing().models[0].card)
        (row,) = tx.execute(sa.select(person_vectors)).all()
    assert track.vector.astype("<f4").tobytes()[:16] not in row.sealed


def test_what_cannot_be_read_is_said_once(house):
    house.number += 1
    blob = house.vault.put(io.BytesIO(b"no picture"), purpose="evidence")
    with house.db.transaction() as tx:
        medium(tx, house.number, blob=blob, media_type="image/png")
    house.kept(ANN)
    house.opened()
    assert house.verb.turn() == 2
    with house.db.read() as tx:
        rows = tx.execute(sa.select(person_looks).order_by(person_looks.c.media_number)).all()
    assert [bool(row.fault) for row in rows] == [True, False]
    assert house.verb.turn() == 0


def test_faces_in_a_box_are_told_only_where_a_model_may_be_asked(house):
    picture = Picture(ANN)
    inside, beside = (0.15, 0.2, 0.3, 0.3), (0.6, 0.6, 0.3, 0.3)
    assert house.verb.people_in(picture, inside) is None
    house.opened()
    assert house.verb.people_in(picture, inside) is True
    assert house.verb.people_in(picture, beside) is False
    assert house.vectors() == 0


def test_a_cut_begins_another_shot():
    noise = np.random.default_rng(3).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    assert shots_of([Picture(ANN), Picture(ANN), Picture(noise), Picture(noise)]) == [0, 0, 1, 1]
    assert shots_of([]) == []


def test_a_likeness_of_one_changes_no_series(house):
    """Not with the strongest score, and not with many of them; a person's word does."""
    keeping = Keeping(db=house.db)
    numbers = [house.kept(ANN) for _ in range(4)]
    with house.db.transaction() as tx:
        links = [
            link_edges.add(tx, Found(a, b, LinkKind.PERSON, "likeness 00", "1", 1.0))
            for a in numbers
            for b in numbers
            if a < b
        ]
        assert keeping.changed(tx, links) == ()
        assert all(link_series.of_medium(tx, one) is None for one in numbers)
        first = links[0].edge.number
        link_edges.verdict(tx, first, EdgeState.CONFIRMED, "I looked.", "Ada Quist")
        assert keeping.changed(tx, [link_edges.get(tx, first)]) != ()


def test_the_evidence_of_a_lead_asks_the_gate_and_is_written_down(house):
    one, _ = house.kept(ANN), house.kept(BEN)
    gate = house.opened()
    house.verb.turn()
    (lead,) = house.edges(one)
    assert lead.evidence["pairs"][0]["a_s"] == 0.0
    house.verb.opened(house.second, lead.edge.number)
    assert house.audit()[-1] == "likeness.see"
    with pytest.raises(NotAllowed):
        house.verb.opened(house.person(Role.REVIEWER), lead.edge.number)
    with house.db.transaction() as tx:
        link_edges.verdict(tx, lead.edge.number, EdgeState.REJECTED, "Two people.", "Ada Quist")
        hand = link_edges.add(tx, Found(1, 2, LinkKind.COPY, "by_hand", "1", 1.0))
    house.verb.close(house.first, gate.id)
    with pytest.raises(NotAllowed):
        house.verb.opened(house.second, lead.edge.number)
    house.verb.opened(house.second, hand.edge.number)


def test_a_face_of_a_clip_is_one_track_of_its_shot(house):
    """A real clip, read in the jail: one vector for each face of a shot, not one a frame."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as out:
        with av.open(out.name, "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = 640, 384, "yuv444p"
            stream.options = {"preset": "ultrafast", "qp": "10"}
            for _ in range(40):
                frame = av.VideoFrame.from_ndarray(ANN, format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        blob = house.vault.put(out, purpose="evidence")
    house.number += 1
    with house.db.transaction() as tx:
        medium(tx, house.number, blob=blob, media_type="video/mp4")
    house.opened()
    assert house.verb.turn() == 1
    assert house.vectors() == 1
