"""What stands beside a lane's model, with real lanes: a challenger in shadow, an encoder that adds."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from breakwater.comments.calibrate import Budget
from breakwater.comments.encoder import counted, fit, save
from breakwater.comments.engine import Engine
from breakwater.comments.reader import MessageReader
from breakwater.comments.train import About as Said
from breakwater.comments.train import split, train
from breakwater.model.access import Role
from breakwater.model.chat import About, ChatKind
from breakwater.model.comment import Message, Source
from breakwater.observe import Metrics
from breakwater.recognition.hearing.lane import Lane
from breakwater.recognition.hearing.lanes import LaneRules, Lanes
from breakwater.recognition.hearing.patient import BURST_S, SHARE, WAIT_S, Patient
from breakwater.records import chat_beside, chat_sums, chats
from breakwater.records.tables import metadata
from tests import builders_encoder as letters
from tests.builders import NOON
from tests.builders_comments import package, rows
from tests.integration.served import serving

LURE = "how old are you, are you home alone, add me on telegram, i pay, do not tell anyone"
FRUIT = "a pear and a plum and a peach"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Two models and an encoder that was counted beside the first."""
    folder = tmp_path_factory.mktemp("models")
    first = train(split(rows()), told("fruit-1"), sources={}, bits=14)
    first.save(folder / "one")
    second = train(split(rows(first=100)), told("fruit-2"), sources={}, bits=14)
    second.save(folder / "two")
    body = letters.model()
    held = [(row.text, row.label, row.lang) for row in rows(first=700, groups=50)]
    weights = [0.0, *letters.letters()]

    def weigh(drawn):
        return 1 / (1 + 2.718281828 ** -float((drawn[:, :, 0] / 255).sum(axis=1) @ weights))

    made = counted(fit(letters.card(body), letters.ALPHABET), held, first.package, weigh, 0.1)
    save(made, first.package, body, folder / "encoder")
    return folder


def told(name):
    return Said(name, "Fruit from furniture", "a test", "ours", surrogate=True)


@pytest.fixture
def begun(keyring, database, clock):
    made = []

    def begin(**rules):
        lanes = Lanes(
            db=database, clock=clock, secret=b"s" * 32,
            rules=LaneRules(**{name: str(one) for name, one in rules.items()}),
            budget_of=lambda _service: Budget(4.0, 1.0, 10.0), metrics=Metrics(),
        )  # fmt: skip
        made.append(lanes)
        return lanes

    yield begin
    for lanes in made:
        lanes.close()


def chat(database, reference="post-7"):
    with database.transaction() as tx:
        return chats.begin(tx, About(ChatKind.POST, "clips", reference))


def said(n, text="good morning all", author="a"):
    return Message(f"m-{n}", author, NOON + timedelta(seconds=n), text, "en")


def episode(first=0, messages=24):
    return [said(first + 9 * n, f"{LURE} {n}", f"x-{n % 3}") for n in range(messages)]


def standing(database, lanes):
    lanes.snapshot()
    with database.read() as tx:
        return chat_beside.standing(tx)


def same(answer):
    """What an answer says, without times of its own."""
    return answer.scored, answer.nats, answer.steps, [(one.level, one.at) for one in answer.alarms]


def test_a_challenger_reads_the_same_is_counted_and_changes_nothing(begun, database, models):
    alone, shadowed = chat(database, "alone"), chat(database, "shadowed")
    messages = [*episode(), *(said(700 + n, FRUIT) for n in range(5)), said(1900)]
    calm = begun(package=models / "one").take(alone, messages)
    lanes = begun(package=models / "one", challenger=models / "two")
    assert same(lanes.take(shadowed, messages)) == same(calm)
    found = standing(database, lanes)
    assert (found.champion, found.challenger) == ("fruit-1", "fruit-2")
    assert found.tally["messages"] == len(messages)
    assert found.tally["challenger_author"] >= 1
    assert found.tally["tens"] == 2, "ten minutes of a chat that are over, in which somebody wrote"
    assert found.hours == pytest.approx(1 / 3)
    assert found.tally["tens_both"] >= 1
    assert found.disagreed == found.tally.get("tens_champion", 0) + found.tally.get(
        "tens_challenger", 0
    )
    with database.read() as tx:
        kept = repr([tx.execute(sa.select(table)).all() for table in metadata.tables.values()])
    assert "telegram" not in kept


def test_counts_and_sums_of_a_challenger_outlive_a_restart_and_end_with_its_package(
    begun, database, models
):
    here, how = chat(database), {"package": models / "one", "challenger": models / "two"}
    first = begun(**how)
    first.take(here, episode(messages=12))
    first.close()
    again = begun(**how)
    again.take(here, [*episode(200, 12), said(900)])
    found = standing(database, again)
    assert found.tally["messages"] == 25
    assert "failed" not in found.tally
    again.close()
    other = begun(package=models / "two", challenger=models / "one")
    other.take(here, [said(950)])
    assert standing(database, other).tally["messages"] == 1, "another pair begins anew"


def test_a_promoted_challenger_keeps_what_it_counted_and_no_model_takes_anothers_counts(
    begun, database, models
):
    here = chat(database)
    lanes = begun(package=models / "one", challenger=models / "two")
    lanes.take(here, [said(n, FRUIT) for n in range(40)])
    lanes.close()
    with database.read() as tx:
        before = chat_sums.cells(tx, 0)
    promoted = begun(package=models / "two")
    promoted.take(here, [])
    promoted.close()
    with database.read() as tx:
        after = chat_sums.cells(tx, 0)
    assert [one["messages"] for one in after] == [one["messages"] for one in before]
    assert sum(one["messages"] for one in after) == pytest.approx(40, rel=0.01)
    assert [one["seen"] for one in after] != [one["seen"] for one in before], "its own scores"
    back = begun(package=models / "one")
    back.take(here, [])
    back.close()
    with database.read() as tx:
        assert chat_sums.cells(tx, 0) == []


def test_a_challenger_or_an_encoder_that_cannot_be_used_is_said_and_weighing_goes_on(
    begun, database, models, tmp_path
):
    lanes = begun(
        package=models / "one", challenger=tmp_path / "none", encoder=tmp_path / "neither"
    )
    answer = lanes.take(chat(database), episode())
    assert (answer.scored, answer.failed) == (24, 0)
    assert answer.alarms
    assert lanes.fault == ""
    found = standing(database, lanes)
    assert set(found.wrong) == {"challenger", "encoder"}
    assert found.challenger == ""
    lanes.close()
    bare = begun(encoder=models / "encoder")
    bare.take(chat(database), [said(3000)])
    assert "model" in standing(database, bare).wrong["encoder"]


def test_an_encoder_adds_to_what_stands_out_and_to_nothing_else(begun, database, models):
    plain, with_ = chat(database, "plain"), chat(database, "with")
    bare = begun(package=models / "one").take(plain, [said(0, FRUIT)])
    lanes = begun(package=models / "one", encoder=models / "encoder")
    first = lanes.take(with_, [said(0, FRUIT)])
    assert first.scored == 1, "nobody waits until it is started"
    number = iter(range(1, 10_000))

    def added():
        answer = lanes.take(with_, [said(next(number), f"{FRUIT} {next(number)}")])
        return any(by.source is Source.ENCODER for one in answer.loud for by in one.by)

    until(added)
    found = standing(database, lanes)
    assert found.wrong == {}
    assert found.asked > found.missed >= 0
    calm = lanes.take(with_, [said(20_000, "table chair shelf desk")])
    assert calm.scored == 1
    assert standing(database, lanes).asked == found.asked, "what does not stand out is not drawn"
    figure = lanes._metrics.registry.get_sample_value
    for outcome in ("asked", "missed"):
        told = figure("breakwater_comment_encoder_total", {"outcome": outcome})
        assert told == getattr(found, outcome), "counted once, however often it is asked for"
    assert bare.scored == 1


def test_an_encoder_that_gives_nothing_leaves_every_weight_as_it_was(
    begun, database, models, tmp_path
):
    """The model file is no model: each message that stands out is counted as missed."""
    broken = tmp_path / "broken"
    body = b"marmalade"
    linear = package()
    made = counted(
        fit(letters.card(body), letters.ALPHABET),
        [(row.text, row.label, row.lang) for row in rows(first=700, groups=50)],
        linear, lambda _: 0.5, 0.1,
    )  # fmt: skip
    save(made, linear, body, broken)
    linear_at = models / "one"
    messages = [said(n, f"{FRUIT} {n}") for n in range(200)]
    alone = begun(package=linear_at).take(chat(database, "alone"), messages)
    lanes = begun(package=linear_at, encoder=broken)
    here = chat(database, "broken")
    assert same(lanes.take(here, messages)) == same(alone)
    until(lambda: "cannot be used" in standing(database, lanes).wrong.get("encoder", ""))
    found = standing(database, lanes)
    assert found.asked == found.missed > 0


def test_with_nothing_beside_it_a_lane_reads_and_sums_as_if_there_never_were(models):
    lane = Lane(
        {
            "secret": "00" * 32, "package": str(models / "one"), "lexicons": [],
            "today": "2026-11-22", "cells": 0,
        },
        b"",
    )  # fmt: skip
    assert type(lane._of("clips")) is Engine
    assert type(lane._reader) is MessageReader


class Runs:
    """An encoder that answers as it is told."""

    def __init__(self, *_, **__):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def patient(monkeypatch, weigh, **how):
    """Somebody who asks such an encoder, which was started."""
    monkeypatch.setattr(Runs, "weigh", weigh, raising=False)
    monkeypatch.setattr("breakwater.recognition.hearing.patient.EncoderRun", Runs)
    one = Patient(None, b"", **how)  # type: ignore[arg-type]
    until(lambda: one.trouble == "" and not one._busy.is_set())
    return one


def test_nobody_waits_for_an_encoder_that_hangs(monkeypatch):
    held = threading.Event()
    one = patient(monkeypatch, lambda *_: held.wait(30) and 0.5)
    began = time.monotonic()
    numbers = [one.weigh(None) for _ in range(20_000)]  # type: ignore[arg-type]
    assert numbers == [None] * 20_000
    assert time.monotonic() - began < 20.0, "the first waited a little, the others not at all"
    held.set()
    until(lambda: one.weigh(None) == 0.5)  # type: ignore[arg-type]


def test_however_many_stand_out_a_fifth_of_the_time_is_waited_at_most(monkeypatch):
    now = [0.0]

    def slowly(*_):
        now[0] += 0.04
        return 0.5

    one = patient(monkeypatch, slowly, monotonic=lambda: now[0])
    asked = 0
    for _ in range(3_000):
        now[0] += 0.001
        asked += one.weigh(None) is not None  # type: ignore[arg-type]
    assert asked > 5, "some are asked about"
    assert asked * 0.04 <= BURST_S + SHARE * now[0] + WAIT_S


def until(true, seconds=30.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def test_the_running_service_counts_a_challenger_over_http(models, tmp_path):
    with serving(
        tmp_path, comments_package=str(models / "one"), comments_challenger=str(models / "two")
    ) as running:
        admin = running.browser(Role.ADMIN)
        assert admin.get("/v1/comments/shadow").json()["at"] is None
        sender = running.client(running.key("stream:write", service="clips"))
        sent = [
            {"id": f"m{n}", "author": "a", "text": f"{LURE} {n}", "lang": "en"} for n in range(12)
        ]
        took = sender.post("/v1/comments", json={"post": "post-7", "messages": sent})
        assert took.json()["taken"] == 12
        running.app.hearing.lanes.snapshot()
        found = admin.get("/v1/comments/shadow").json()
        assert (found["champion"], found["challenger"]) == ("fruit-1", "fruit-2")
        assert (found["messages"], found["failed"]) == (12, 0)
        by = {one["level"]: one for one in found["alarms"]}
        assert by["author"]["challenger"] >= 1
        assert "telegram" not in repr(found)
        page = admin.get("/settings/comments").text
        assert "Challenger in shadow" in page
        assert "fruit-2" in page
        assert "it failed at 0 messages" in page
        assert sender.get("/v1/comments/shadow").status_code == 403
