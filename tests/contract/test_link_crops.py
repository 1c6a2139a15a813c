"""Cut-outs for public appeals on both databases: two people, nobody in it, nothing but pixels."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from tests import builders
from tests import builders_likeness as made
from tests.builders_links import medium

from breakwater.errors import (
    BadInput,
    Conflict,
    NeedsSecondPerson,
    NotAllowed,
    NotFound,
    Unfit,
)
from breakwater.linking.cropping import Cropping
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.ids import new_id
from breakwater.model.link_crop import CropState
from breakwater.model.media import Level, MediaLimits
from breakwater.records import link_crops, link_media, views
from breakwater.records.tables import core

BOX = (0.5, 0.5, 0.25, 0.25)
WORDS = "A poster beside a door"


@pytest.fixture(scope="module")
def jail():
    with JailPool(size=1) as found:
        yield found


class House:
    """The verb, one picture that is kept and two people."""

    def __init__(self, database, vault, jail):
        self.db, self.vault, self.face = database, vault, None
        self.verb = Cropping(
            db=database, vault=vault, pool=jail, limits=MediaLimits(), people=self.people
        )
        self.first, self.second = self.person(), self.person()
        self.pixels = made.drawing((64, 64, 1))
        notes = PngInfo()
        notes.add_text("Author", "somebody")
        out = io.BytesIO()
        Image.fromarray(self.pixels).save(out, "PNG", pnginfo=notes)
        blob = vault.put(io.BytesIO(out.getvalue()), purpose="evidence")
        with database.transaction() as tx:
            medium(tx, 1, blob=blob, media_type="image/png")

    def people(self, _picture, _box):
        if isinstance(self.face, Exception):
            raise self.face
        return self.face

    def person(self, role=Role.INVESTIGATOR):
        with self.db.transaction() as tx:
            one = builders.person(tx, "", role)
        return Principal(one.id, one.name, role.permissions, person=one.id)

    def propose(self, by=None, **changed):
        known = {"time_s": 0.0, "box": BOX, "purpose": WORDS}
        return self.verb.propose(by or self.first, 1, **known | changed)

    def look(self, who, crop, level=Level.S4):
        with self.db.transaction() as tx:
            views.start(tx, person=who.person, item=crop, level=level, reason="to agree")

    def agreed(self):
        crop = self.propose()
        self.look(self.second, crop.id)
        return self.verb.confirm(self.second, crop.id, nobody=True)

    def audit(self):
        with self.db.read() as tx:
            acts = sa.select(core.audit.c.action).order_by(core.audit.c.number)
            return [one for one in tx.execute(acts).scalars() if one.startswith("links.")]


@pytest.fixture
def house(database, vault, jail):
    return House(database, vault, jail)


def test_what_leaves_is_the_pixels_of_the_box_and_nothing_else(house):
    crop = house.agreed()
    out = house.verb.export(house.first, crop.id)
    with Image.open(io.BytesIO(out.png)) as read:
        read.load()
        assert read.info == {}
        assert (np.asarray(read) == house.pixels[192:288, 320:480]).all()
    assert out.sha256 == hashlib.sha256(out.png).hexdigest()
    assert b"somebody" not in out.png
    assert out.crop.done_at is not None
    assert house.audit() == ["links.crop_propose", "links.crop_agree", "links.crop_export"]


def test_one_person_is_not_enough(house):
    crop = house.propose()
    house.look(house.first, crop.id)
    with pytest.raises(NeedsSecondPerson):
        house.verb.confirm(house.first, crop.id, nobody=True)
    with pytest.raises(Conflict):
        house.verb.export(house.first, crop.id)


def test_who_agrees_has_looked_at_exactly_this_one(house):
    crop, other = house.propose(), house.propose()
    house.look(house.second, other.id)
    house.look(house.second, crop.id, Level.S1)
    with pytest.raises(Conflict, match="Look at this"):
        house.verb.confirm(house.second, crop.id, nobody=True)
    assert house.verb.get(crop.id)[1] is CropState.WAITING
    house.look(house.second, crop.id)
    with pytest.raises(BadInput):
        house.verb.confirm(house.second, crop.id, nobody=False)
    assert house.verb.confirm(house.second, crop.id, nobody=True).kept is CropState.AGREED


def test_a_face_in_the_box_is_refused_and_a_model_that_fails_cuts_nothing(house):
    house.face = True
    with pytest.raises(Conflict, match="face"):
        house.propose()
    house.face = Unfit("Its process died.")
    with pytest.raises(Unfit):
        house.propose()
    house.face = False
    assert house.propose().kept is CropState.WAITING


@pytest.mark.parametrize(
    "changed",
    [{"box": (0.9, 0.5, 0.25, 0.25)}, {"box": (-0.1, 0, 0.5, 0.5)}, {"box": (0, 0, 0, 0.5)},
     {"box": (0.5, 0.5, 0.01, 0.01)}, {"box": (float("nan"), 0, 1, 1)}, {"purpose": " "},
     {"time_s": -1.0}],
)  # fmt: skip
def test_a_box_lies_within_and_shows_something(house, changed):
    with pytest.raises(BadInput):
        house.propose(**changed)


def test_refused_and_of_a_medium_that_goes_its_bytes_go(house):
    refused, waiting, agreed = house.propose(), house.propose(), house.agreed()
    assert house.verb.refuse(house.second, refused.id).kept is CropState.REFUSED
    with house.db.transaction() as tx:
        link_media.gone(tx, 1)
        kinds = tx.execute(sa.select(core.jobs.c.payload).where(core.jobs.c.kind == "vault.shred"))
        shredded = {row.payload["blob"] for row in kinds}
        assert {refused.blob, waiting.blob} <= shredded
        assert agreed.blob not in shredded
        assert link_crops.get(tx, waiting.id).kept is CropState.GONE
    with pytest.raises(NotFound):
        house.verb.confirm(house.second, refused.id, nobody=True)
    with pytest.raises(NotFound):
        house.propose()


def test_a_proposal_lapses_after_a_day(house, clock):
    crop = house.propose()
    house.look(house.second, crop.id)
    clock.advance(24 * 3600)
    with pytest.raises(NotFound):
        house.verb.confirm(house.second, crop.id, nobody=True)
    assert house.verb.get(crop.id)[1] is CropState.LAPSED


def test_keys_and_other_roles_cut_nothing(house):
    crop = house.agreed()
    for one in (Principal(new_id(), "a key", frozenset(Permission)), house.person(Role.REVIEWER)):
        with pytest.raises(NotAllowed):
            house.propose(one)
        with pytest.raises(NotAllowed):
            house.verb.export(one, crop.id)
