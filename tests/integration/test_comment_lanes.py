"""Lanes with real processes: order, back-pressure, sums through restarts, falls, and no text."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from breakwater.comments.across import Across
from breakwater.comments.calibrate import Band, Budget
from breakwater.comments.explain import LOST
from breakwater.comments.waiting import Block, Waiting
from breakwater.errors import Unavailable
from breakwater.model.chat import About, ChatKind
from breakwater.model.chat_form import pack, unpack
from breakwater.model.comment import Level, Message, MessageKind
from breakwater.observe import Metrics
from breakwater.recognition.hearing import lanes as module
from breakwater.recognition.hearing.answers import Busy, LaneAnswer
from breakwater.recognition.hearing.lanes import LaneRules, Lanes
from breakwater.records import chat_sums, chats
from breakwater.records.tables import metadata
from tests.builders import NOON

pytestmark = pytest.mark.usefixtures("keyring")

SECRET = b"s" * 32
LURE = "how old are you, are you home alone, add me on telegram, i pay, do not tell anyone"


@pytest.fixture
def begun(database, clock):
    """Lanes that are closed with the test."""
    made = []

    def begin(metrics=None, **rules):
        lanes = Lanes(
            db=database, clock=clock, secret=SECRET, rules=LaneRules(**rules),
            budget_of=lambda _service: Budget(4.0, 1.0, 10.0), metrics=metrics or Metrics(),
        )  # fmt: skip
        made.append(lanes)
        return lanes

    yield begin
    for lanes in made:
        lanes.close()


def chat(database, reference="post-7"):
    with database.transaction() as tx:
        return chats.begin(tx, About(ChatKind.POST, "clips", reference))


def said(n, text="good morning all", author=None, after_s=None, **facts):
    at = NOON + timedelta(seconds=n if after_s is None else after_s)
    return Message(f"m-{n}", author or f"a-{n % 7}", at, text, "en", **facts)


def episode(first=0, authors=3, messages=24):
    return [
        said(first + n, f"{LURE} {n}", author=f"x-{n % authors}", after_s=first + 9 * n)
        for n in range(messages)
    ]


def sums(database, one):
    with database.read() as tx:
        packed = chat_sums.get(tx, one.id)
    return None if packed is None else unpack(packed)


def test_a_batch_is_weighed_in_another_process_and_an_alarm_says_why(begun, database):
    lanes, here = begun(), chat(database)
    assert lanes.processes() == [], "no process before somebody writes"
    calm = lanes.take(here, [said(n) for n in range(30)])
    assert (calm.scored, calm.failed, calm.alarms) == (30, 0, ())
    assert calm.lang == "en"
    answer = lanes.take(here, episode(100))
    assert {one.level for one in answer.alarms} >= {Level.AUTHOR}
    why = answer.alarms[0].why
    assert why.messages
    assert why.abstained, "nothing is calibrated here yet, and it says so"
    texts = {one.message: one.text for one in answer.captured}
    assert all(LURE in texts[one.message] for one in why.messages)
    assert answer.loud
    assert answer.loud[0].nats >= answer.loud[-1].nats
    assert LURE in answer.loud[0].text
    assert len(lanes.processes()) == 1


def test_texts_of_half_an_hour_are_there_and_only_there(begun, database):
    lanes, here = begun(), chat(database)
    lanes.take(here, [said(1, "first canary"), said(2, "second canary")])
    assert [one.text for one in lanes.texts(here)] == ["first canary", "second canary"]
    assert [one.text for one in lanes.texts(here, {"m-2"})] == ["second canary"]
    assert lanes.texts(here, since=NOON + timedelta(seconds=2))[0].message == "m-2"
    lanes.snapshot()
    with database.read() as tx:
        rows = repr([tx.execute(sa.select(table)).all() for table in metadata.tables.values()])
    assert "canary" not in rows
    lanes.ended(here)
    assert lanes.texts(here) == []


def test_texts_that_had_no_room_are_counted_and_said(begun, database):
    metrics = Metrics()
    lanes, here = begun(metrics), chat(database)
    for first in range(0, 2_500, 500):
        lanes.take(here, [said(n, "x" * 8_000, after_s=0) for n in range(first, first + 500)])
    with capture_logs() as logged:
        lanes.snapshot()
        lanes.snapshot()
    (told,) = [one for one in logged if one["event"] == "comments_let_go_early"]
    assert told["plain"] + told["evidence"] > 400
    name = "breakwater_comment_texts_let_go_total"
    for kind in ("plain", "evidence"):
        assert metrics.registry.get_sample_value(name, {"kind": kind}) == told[kind]


def test_sums_are_the_same_after_a_restart(begun, database):
    """Interrupted and not: the same messages give the same sums, to the last digit."""
    whole, halves = chat(database, "whole"), chat(database, "halves")
    messages = [*(said(n) for n in range(40)), *episode(100)]
    once = begun()
    for at in range(0, len(messages), 16):
        once.take(whole, messages[at : at + 16])
    once.close()
    for at in range(0, len(messages), 16):
        lanes = begun()
        lanes.take(halves, messages[at : at + 16])
        lanes.close()
    assert sums(database, whole) is not None
    assert sums(database, whole) == sums(database, halves)


def test_what_a_restart_lost_is_said(begun, database):
    here = chat(database)
    first = begun()
    first.take(here, episode(0, messages=2))
    first.close()
    answer = begun().take(here, episode(1000))
    assert answer.alarms
    assert LOST in answer.alarms[0].why.notes


def test_a_lane_that_is_killed_starts_again_from_its_rows(begun, database, monkeypatch):
    monkeypatch.setattr(module, "AGAIN_S", 0.0)
    lanes, here = begun(), chat(database)
    lanes.take(here, [said(n) for n in range(50)])
    lanes.snapshot()
    before = sums(database, here)
    (child,) = lanes.processes()
    os.kill(child, signal.SIGKILL)
    until(lambda: lanes.processes() == [])
    answer = lanes.take(here, [])
    assert (answer.scored, answer.failed) == (0, 0)
    assert lanes.processes() not in ([], [child])
    lanes.take(here, [said(50)])
    lanes.snapshot()
    after = sums(database, here)
    assert after["langs"]["en"] == before["langs"]["en"] + 1


def test_what_a_falling_lane_had_before_it_counts_as_unscored(begun, database):
    lanes, here = begun(), chat(database)
    lanes.take(here, [said(0)])
    (child,) = lanes.processes()
    os.kill(child, signal.SIGSTOP)
    answers = []
    batch = [said(1), said(2), said(3, kind=MessageKind.JOIN)]
    waits = run(lambda: answers.append(lanes.take(here, batch)))
    until(lambda: lanes._slots[0].waiting == 3)
    os.kill(child, signal.SIGKILL)
    waits.join(30)
    assert answers == [LaneAnswer(failed=2)]


def test_a_lane_that_is_silent_is_ended(begun, database, monkeypatch):
    lanes, here = begun(), chat(database)
    lanes.take(here, [said(0)])
    (child,) = lanes.processes()
    monkeypatch.setattr(module, "ANSWER_S", 0.2)
    os.kill(child, signal.SIGSTOP)
    assert lanes.take(here, [said(1)]) == LaneAnswer(failed=1)
    until(lambda: lanes.processes() == [])


def test_a_lane_with_enough_to_do_says_so_and_takes_nothing(begun, database):
    lanes, here = begun(waiting=10), chat(database)
    lanes.take(here, [said(0)])
    (child,) = lanes.processes()
    os.kill(child, signal.SIGSTOP)
    waits = run(lambda: lanes.take(here, [said(n) for n in range(1, 9)]))
    until(lambda: lanes._slots[0].waiting == 8)
    busy = lanes.take(here, [said(n) for n in range(9, 14)])
    os.kill(child, signal.SIGCONT)
    waits.join(30)
    assert isinstance(busy, Busy)
    assert busy.retry_s > 0
    assert lanes.take(here, [said(9)]).scored == 1, "it goes on, in order"
    assert [one.message for one in lanes.texts(here)] == [f"m-{n}" for n in range(10)]


def test_a_list_that_cannot_be_used_is_a_fault_that_is_said(begun, database, tmp_path):
    path = tmp_path / "list.yaml"
    path.write_text("version: 1\n")
    path.chmod(0o644)
    lanes, here = begun(lexicons=(str(path),)), chat(database)
    assert lanes.take(here, [said(0)]) == LaneAnswer(failed=1)
    assert "0600" in lanes.fault


def test_chats_are_spread_and_the_one_silent_longest_goes_to_its_row(begun, database, monkeypatch):
    monkeypatch.setattr(module, "KNOWN", 3)
    lanes = begun(count=2)
    every = [chat(database, f"post-{n}") for n in range(16)]
    for one in every:
        assert lanes.take(one, [said(0)]).scored == 1
    assert len(lanes.processes()) == 2
    assert sum(sums(database, one) is not None for one in every) >= 8
    assert lanes.take(every[0], [said(1)]).scored == 1
    lanes.snapshot()
    assert sums(database, every[0])["langs"] == {"en": 2.0}


def waiting(one):
    """Ten minutes of a chat with an alarm, as a lane left them."""
    blocks = Waiting()
    peaks = {Level.AUTHOR: 7.0}
    blocks.add(one.id, 0.0, Block("clips", "en", Band.SLOW, peaks, NOON.timestamp()))
    return pack({"clips": {**Across().snapshot(), "waiting": blocks.snapshot()}})


def hours(database):
    with database.read() as tx:
        return sum(one.hours for one in chat_sums.figures(tx))


def test_a_decision_teaches_once_also_a_lane_that_never_met_the_chat(begun, database):
    mine, other = chat(database), chat(database, "post-8")
    begun().decided(mine, found=False)
    assert begun().processes() == [], "nothing waits: no process for it"
    with database.transaction() as tx:
        chat_sums.put_across(tx, 0, 1, waiting(mine))
    lanes = begun()
    lanes.decided(other, found=False)
    assert hours(database) == 0
    lanes.decided(mine, found=False)
    assert hours(database) == pytest.approx(1 / 6), "written when it is told"
    (child,) = lanes.processes()
    os.kill(child, signal.SIGKILL)
    again = begun()
    again.decided(mine, found=False)
    again.close()
    assert hours(database) == pytest.approx(1 / 6)


def test_a_decision_that_no_lane_hears_is_told_later(begun, database, tmp_path):
    mine = chat(database)
    with database.transaction() as tx:
        chat_sums.put_across(tx, 0, 1, waiting(mine))
    with pytest.raises(Unavailable):
        begun(package=str(tmp_path)).decided(mine, found=False)
    begun().decided(mine, found=False)
    assert hours(database) == pytest.approx(1 / 6)


def test_a_fault_of_the_database_loses_no_sums_of_any_lane(begun, database, monkeypatch):
    lanes = begun(count=2)
    every = [chat(database, f"post-{n}") for n in range(24)]
    for one in every:
        lanes.take(one, [said(0)])
    assert len(lanes.processes()) == 2
    put, failed = chat_sums.put, []

    def fails_once(tx, one, packed):
        if not failed:
            failed.append(one)
            raise RuntimeError("the disk is full")
        put(tx, one, packed)

    monkeypatch.setattr(chat_sums, "put", fails_once)
    with pytest.raises(RuntimeError):
        lanes.snapshot()
    here = lanes._slot(failed[0])
    there = [one for one in every if lanes._slot(one.id) is not here]
    assert all(sums(database, one) is not None for one in there), "the other lane is kept"
    lanes.snapshot()
    assert all(sums(database, one) is not None for one in every), "nobody wrote meanwhile"


def test_sums_that_cannot_go_to_their_row_stay_in_the_lane(begun, database, monkeypatch):
    monkeypatch.setattr(module, "KNOWN", 1)
    lanes, first, second = begun(), chat(database), chat(database, "post-8")
    lanes.take(first, [said(n) for n in range(5)])

    def fails(tx, one, packed):
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(chat_sums, "put", fails)
        with pytest.raises(RuntimeError):
            lanes.take(second, [said(0)])
    lanes.take(first, [said(5)])
    lanes.close()
    assert sums(database, first)["langs"] == {"en": 6.0}


def test_a_lane_that_does_not_read_keeps_nobody_at_its_door(begun, database):
    lanes, here = begun(waiting=600), chat(database)
    lanes.take(here, [said(0)])
    (child,) = lanes.processes()
    os.kill(child, signal.SIGSTOP)
    large = [said(n, "x" * 8_000) for n in range(1, 501)]
    waits = run(lambda: lanes.take(here, large))
    slot = lanes._slots[0]
    until(lambda: slot.waiting == 500)
    assert slot.lock.acquire(timeout=20), "what is too much for the pipe holds nobody up"
    slot.lock.release()
    assert isinstance(lanes.take(here, [said(n) for n in range(501, 701)]), Busy)
    os.kill(child, signal.SIGKILL)
    waits.join(30)


def test_odd_texts_pass_and_a_fall_shows_none_of_them(begun, database, capfd):
    lanes, here = begun(), chat(database)
    odd = [
        "\ud800 canary",
        "z" + "\u0301" * 5_000,
        "\u202ecanary\u202c",
        "",
        "\0canary",
        "ж" * 4_096,
    ]
    answer = lanes.take(here, [said(n, text) for n, text in enumerate(odd)])
    assert (answer.scored, answer.failed) == (6, 0)
    assert lanes.texts(here, {"m-0"})[0].text == odd[0]
    lanes.close()
    assert "canary" not in "".join(capfd.readouterr())


def test_the_process_that_falls_says_no_text():
    code = (
        "import sys; from breakwater.recognition.hearing import process;"
        "sys.excepthook = process._quietly; raise KeyError('canary')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "KeyError" in done.stderr
    assert "canary" not in done.stderr


def until(true, seconds=30.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def run(work):
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_sums_that_cannot_be_taken_up_are_said(begun, database):
    mine = chat(database)
    with database.transaction() as tx:
        chat_sums.put(tx, mine.id, pack({"form": 0}))
    with capture_logs() as logged:
        assert begun().take(mine, [said(1)]).scored == 1
    assert [one["what"] for one in logged if one["event"] == "lane_sums_lost"] == ["chat"]
