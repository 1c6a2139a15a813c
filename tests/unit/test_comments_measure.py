"""What a model is said to do: on texts it has not seen, by language, under disguise, over streams."""

import json

import numpy as np
import pytest
from tests.builders_comments import chats, episode, package, rows

from breakwater.comments.measure import attack, measure, refuse_learned
from breakwater.comments.model import Package
from breakwater.comments.obfuscate import FAMILIES, Family
from breakwater.comments.rows import Row
from breakwater.comments.train import About, mark, marked, marks, split, train
from breakwater.errors import BadInput


def fresh(**how) -> list[Row]:
    return rows(first=1000, **how)


@pytest.fixture(scope="module")
def found():
    return measure(fresh(), package())


def test_figures_come_with_intervals_and_count_each_text_once(found) -> None:
    total = found.total
    assert total.positives + total.negatives == 960
    assert total.groups == 24
    for share in (total.precision, total.recall):
        assert 0.9 < share.low <= share.value <= share.high <= 1.0
    twice = measure([*fresh(), *fresh()], package(), suite=False)
    assert twice.total == total
    assert twice.suite is None


def test_groups_that_were_learned_from_are_refused() -> None:
    learned = next(row.group for row in split(rows())["train"])
    with pytest.raises(BadInput, match="1 of these 25 groups"):
        measure([*fresh(), Row("a pear", True, learned, "en")], package())
    held_out = next(row.group for row in split(rows())["test"])
    measure([*fresh(), Row("a pear", True, held_out, "en")], package(), suite=False)
    with pytest.raises(BadInput, match="1 of these 24 groups"):
        refuse_learned(fresh(), package(), {"g1003"})
    refuse_learned(fresh(), package(), {"g1"})


def test_a_card_without_marks_needs_the_rows_it_learned_from() -> None:
    assert marked(package().card) == {mark(one) for one in learned_groups()}
    bare = {**package().card, "splits": {}}
    assert marked(bare) is None
    assert marked({**bare, "splits": {"groups_learned": "marmalade"}}) is None
    assert marks({str(n) for n in range(20_001)}) == ""
    old = object.__new__(Package)
    for name in Package.__slots__:
        object.__setattr__(old, name, getattr(package(), name))
    object.__setattr__(old, "card", bare)
    with pytest.raises(BadInput, match="does not mark"):
        refuse_learned(fresh(), old, None)
    refuse_learned(fresh(), old, {"g1"})


def learned_groups() -> set[str]:
    parts = split(rows())
    return {row.group for name in ("train", "calibrate") for row in parts[name]}


def test_languages_that_the_model_does_not_know_abstain_and_few_texts_say_nothing() -> None:
    held = [*fresh(), *rows(groups=3, first=2000, lang="fr"), *fresh()[:20]]
    held += [Row(row.text + " x", row.label, row.group, "de") for row in fresh()[:20]]
    about = About("two", "x", "x", "x")
    both = [*rows(), *rows(first=500, lang="de")]
    two = train(split(both), about, sources={}, bits=14).package
    by = {one.lang: one for one in measure(held, two, suite=False).languages}
    assert set(by) == {"de", "en", "fr"}
    assert by["fr"].abstains
    assert by["fr"].precision is None
    assert by["fr"].positives > 30
    assert not by["de"].abstains
    assert by["de"].precision is None
    assert by["en"].precision is not None


def test_every_disguise_is_measured_against_the_limit_of_texts_as_written(found) -> None:
    suite = found.suite
    assert [one.family for one in suite.attacked] == [one.id for one in FAMILIES]
    by = {one.family: one for one in suite.attacked}
    assert by["mathematical"].share == pytest.approx(1.0)
    assert suite.mean() > 0.8
    held = fresh()
    scores = np.array([1.0 if row.label else 0.0 for row in held])
    labels = np.array([row.label for row in held])
    gone = Family("gone", "nothing is left", lambda _text, _draw: "table")
    assert attack(held, scores, labels, package(), [gone]).mean() == 0.0
    same = Family("same", "as written", lambda text, _draw: text)
    ours = attack(
        held,
        np.array([package().score(r.text, "en").nats for r in held]),
        labels,
        package(),
        [same],
    )
    assert ours.attacked[0].recall > 0.8


def test_rows_with_times_and_streams_give_alarms_and_seconds() -> None:
    held = []
    for number, one in enumerate(chats(9)):
        told = [
            Row(t.text, False, f"h{number}", "en", one.id, t.author, 5e8 + t.at) for t in one.told
        ]
        if number == 8:
            told += [
                Row(t.text, True, "h8", "en", one.id, t.author, 5e8 + 700 + t.at) for t in episode()
            ]
        held += told
    found = measure([*held, *fresh()], package(), suite=False)
    case = found.outcome.case(0.05)
    assert case.streams == 4
    assert case.alarms.hours == pytest.approx(4 * 25 / 60, rel=0.01)
    assert len(case.found.seconds) == 1
    assert 0 <= case.found.seconds[0] < 300
    without = measure(fresh(), package(), suite=False)
    assert without.outcome is None
    assert "ts and stream" in without.no_outcome


def test_numbers_hold_no_text_and_too_few_texts_are_refused(found) -> None:
    said = json.dumps(found.numbers())
    assert "pear" not in said
    assert "table" not in said
    assert "g1000" not in said
    with pytest.raises(BadInput, match="fewer than 30"):
        measure(fresh(groups=1), package())
