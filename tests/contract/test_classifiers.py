"""Classifiers as a verb, on both databases: added, agreed to, switched, told of, removed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests.builders_onnx import brightness, card
from tests.classifier_house import Model

from breakwater.classifiers.manage import Classifiers
from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotAllowed, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.classifier import ClassifierState, Trouble
from breakwater.model.ids import new_id
from breakwater.observe import Metrics
from breakwater.recognition.scoring import ScoreLimits, Scorers
from breakwater.records import classifiers
from breakwater.records.tables import core

MODEL = brightness()


def person(*may):
    found = new_id()
    return Principal(found, "somebody", frozenset(may or {Permission.SERVER_WRITE}), person=found)


KEY = Principal(new_id(), "a key", frozenset({Permission.SERVER_WRITE}))
FIRST, SECOND = person(), person()


class House:
    """The verb with all it stands on."""

    def __init__(self, database, vault, **how):
        self.db, self.metrics = database, Metrics()
        self.scorers = Scorers(
            clock=database.clock, opener=vault.open, limits=ScoreLimits(most_bytes=50_000),
            on_trouble=self.told,
        )  # fmt: skip
        self.verb = Classifiers(
            db=database, vault=vault, scorers=self.scorers, metrics=self.metrics,
            **{"on": True, **how},
        )  # fmt: skip

    def told(self, *what):
        self.verb.told(*what)

    def add(self, body=MODEL, by=FIRST, **changed):
        return self.verb.add(card(body, **changed), Model(body), by)

    def audit(self):
        with self.db.read() as tx:
            acts = tx.execute(
                sa.select(core.audit.c.action).order_by(core.audit.c.number)
            ).scalars()
            return [act for act in acts if act.startswith("classifier.")]


@pytest.fixture
def house(database, vault):
    made = House(database, vault)
    yield made
    made.scorers.close()


@pytest.fixture
def pair(database, vault):
    made = House(database, vault, people=2)
    yield made
    made.scorers.close()


def test_one_that_was_added_runs_and_a_newer_version_takes_its_place(house):
    old = house.add()
    assert old.classifier.state is ClassifierState.ON
    house.verb.refresh()
    assert house.scorers.any
    new = house.add(version="2")
    house.verb.refresh()
    assert list(house.scorers.standing()) == [new.classifier.id]
    assert [one.classifier.state.value for one in house.verb.every()] == ["off", "on"]
    assert (
        'breakwater_classifier_up{classifier="bright"} 1.0' in house.metrics.exposition().decode()
    )
    with pytest.raises(Conflict):
        house.add()
    assert house.audit() == ["classifier.add", "classifier.add", "classifier.off"]


def test_nothing_is_loaded_while_the_switch_is_off(database, vault):
    house = House(database, vault, on=False)
    house.add()
    house.verb.refresh()
    assert not house.scorers.any
    house.scorers.close()


def test_two_people_where_policy_says_so(pair):
    waiting = pair.add()
    pair.verb.refresh()
    assert waiting.classifier.state is ClassifierState.WAITING
    assert not pair.scorers.any
    with pytest.raises(NeedsSecondPerson):
        pair.verb.confirm("bright", FIRST)
    with pytest.raises(NotAllowed):
        pair.verb.confirm("bright", KEY)
    with pytest.raises(NotAllowed):
        pair.verb.confirm("bright", person(Permission.CASE_READ))
    with pytest.raises(Conflict):
        pair.verb.switch("bright", SECOND, on=True)
    assert pair.verb.confirm("bright", SECOND).classifier.state is ClassifierState.ON
    pair.verb.refresh()
    assert pair.scorers.any
    with pytest.raises(Conflict):
        pair.verb.confirm("bright", SECOND)
    assert pair.audit() == ["classifier.add", "classifier.confirm"]


def test_what_cannot_be_used_is_never_kept(house):
    for changed in ({"sha256": "0" * 64}, {"expires": "2020-01-01"}, {"output__name": "z"}):
        with pytest.raises(BadInput):
            house.add(**changed)
    with pytest.raises(BadInput):
        house.add(brightness() + b"\0" * 60_000)
    with pytest.raises(BadInput):
        house.add(brightness(elsewhere="weights.bin"))
    with pytest.raises(NotAllowed):
        house.add(by=person(Permission.CASE_READ))
    assert house.verb.every() == []
    with house.db.read() as tx:
        assert tx.execute(sa.select(core.blobs.c.id)).all() == []


def test_a_failure_is_told_loudly_once_and_so_is_its_end(house):
    made = house.add().classifier
    house.verb.told(made, Trouble.TOO_SLOW, "over 2 s")
    house.verb.told(made, Trouble.TOO_SLOW, "over 2 s")
    (shown,) = house.verb.every()
    assert (shown.classifier.state, shown.classifier.trouble) == (
        ClassifierState.FAILED,
        "too_slow",
    )
    house.verb.told(made, None, "")
    (shown,) = house.verb.every()
    assert shown.classifier.state is ClassifierState.ON
    assert house.audit() == ["classifier.add", "classifier.failed", "classifier.works"]
    assert 'alarms_total{kind="classifier"}' in house.metrics.exposition().decode()


def test_one_whose_model_is_gone_is_shown_as_failed(house, vault):
    made = house.add().classifier
    vault.shred(made.blob)
    house.verb.refresh()
    (shown,) = house.verb.every()
    assert shown.classifier.trouble == "unreadable"
    assert (
        'breakwater_classifier_up{classifier="bright"} 0.0' in house.metrics.exposition().decode()
    )
    known, tried = house.verb.check("bright")
    assert (known.classifier.id, tried.trouble) == (made.id, Trouble.UNREADABLE)


def test_one_that_is_switched_off_or_removed_gives_no_scores(house):
    made = house.add().classifier
    assert house.verb.check("bright")[1].trouble is None
    house.verb.switch("bright", SECOND, on=False)
    house.verb.refresh()
    assert not house.scorers.any
    with pytest.raises(Conflict):
        house.verb.switch("bright", SECOND, on=False)
    house.verb.switch("bright", KEY, on=True)
    house.verb.remove("bright", SECOND)
    house.verb.refresh()
    assert not house.scorers.any
    with pytest.raises(NotFound):
        house.verb.get("bright")
    with house.db.read() as tx:
        assert classifiers.get(tx, made.id).state is ClassifierState.REMOVED
        assert tx.execute(sa.select(core.blob_keys.c.blob)).all() == []
    assert house.audit()[-3:] == ["classifier.off", "classifier.on", "classifier.remove"]
