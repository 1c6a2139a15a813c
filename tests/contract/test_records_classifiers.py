"""Classifiers as rows, on both databases: each version once, its life only ever added to."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.builders_onnx import brightness, card

from breakwater.errors import AppendOnly, Conflict, NotFound
from breakwater.model.broadcast import Sender
from breakwater.model.classifier import ClassifierState, Step, Tally, Trouble
from breakwater.model.ids import new_id
from breakwater.records import classifiers, streams
from breakwater.records.tables import core
from breakwater.records.tables.nouns_classifier import classifier_steps

pytestmark = pytest.mark.usefixtures("keyring")
MODEL = brightness()


def added(tx, *, people=1, **changed):
    blob = new_id()
    row = {"id": blob, "purpose": "classifiers", "size": len(MODEL), "created_at": tx.now}
    tx.execute(sa.insert(core.blobs), row)
    return classifiers.add(
        tx, card(MODEL, **changed), size=len(MODEL), blob=blob, by=new_id(), person=None,
        people=people,
    )  # fmt: skip


def test_a_version_is_kept_once_and_as_it_was(database):
    with database.transaction() as tx:
        made = added(tx)
        assert (made.state, made.card.id, made.card_text) == (
            ClassifierState.ON, "bright", card(MODEL),
        )  # fmt: skip
        with pytest.raises(Conflict):
            added(tx)
        newer = added(tx, version="2")
        assert classifiers.named(tx, "bright") == newer
        assert classifiers.named(tx, "bright", "1") == made
        with pytest.raises(NotFound):
            classifiers.named(tx, "dim")
        assert [one.card.version for one in classifiers.every(tx)] == ["1", "2"]


def test_where_it_stands_follows_from_its_steps(database, clock):
    with database.transaction() as tx:
        made = added(tx, people=2)
        assert made.state is ClassifierState.WAITING
        assert classifiers.wanted(tx) == []
        failed = classifiers.step(tx, made.id, Step.FAILED, by="system", detail="too_slow")
        assert failed.state is ClassifierState.WAITING  # nobody switched it on
        assert classifiers.step(tx, made.id, Step.CONFIRMED, by="a").state is ClassifierState.ON
    clock.advance(60)
    with database.transaction() as tx:
        broken = classifiers.step(
            tx, made.id, Step.FAILED, by="system", detail=Trouble.TOO_SLOW.value
        )
        assert (broken.state, broken.trouble, broken.since) == (
            ClassifierState.FAILED, "too_slow", tx.now,
        )  # fmt: skip
        assert broken.wanted
        assert classifiers.step(tx, made.id, Step.WORKS, by="system").trouble == ""
        assert not classifiers.step(tx, made.id, Step.OFF, by="a").wanted
        assert classifiers.step(tx, made.id, Step.ON, by="a").wanted
        gone = classifiers.step(tx, made.id, Step.REMOVED, by="a")
        assert gone.state is ClassifierState.REMOVED
        assert classifiers.every(tx) == []
        assert [one[0] for one in classifiers.steps(tx, made.id)][:2] == [Step.ADDED, Step.FAILED]


def test_what_was_said_of_a_subject_is_one_sum_that_outlives_the_removal(database):
    with database.transaction() as tx:
        stream = streams.start(tx, server="edge", name="live/1", sender=Sender())
        made = added(tx)
        classifiers.keep(tx, [Tally(made.id, stream.id, 1, 0, 0.2, 1.0, tx.now)])
        last = Tally(made.id, stream.id, 2, 1, 0.9, 3.0, tx.now, "too_slow")
        classifiers.keep(tx, [last])
        classifiers.step(tx, made.id, Step.REMOVED, by="a")
        ((whose, found),) = classifiers.tallies(tx, stream.id)
        assert (whose.card.name, found) == ("a bright picture", last)
        assert classifiers.tallies(tx, new_id()) == []


def test_sums_go_with_what_they_are_about(database, clock):
    with database.transaction() as tx:
        stream = streams.start(tx, server="edge", name="live/1", sender=Sender())
        made = added(tx)
        for subject in (stream.id, new_id()):
            classifiers.keep(tx, [Tally(made.id, subject, 1, 0, 0.2, 1.0, tx.now)])
        assert classifiers.forget_before(tx, tx.now) == 0
        assert classifiers.forget_before(tx, tx.now + timedelta(seconds=1)) == 1
        assert len(classifiers.tallies(tx, stream.id)) == 1


def test_a_step_that_was_taken_stays(database):
    with database.transaction() as tx:
        added(tx)
    with pytest.raises(AppendOnly), database.transaction() as tx:
        tx.execute(sa.delete(classifier_steps))
