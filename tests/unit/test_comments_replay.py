"""The replay format: what is read, what is refused, what comes out, and that no text does."""

import json
import math
import re
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.builders_comments import (
    chat,
    chats,
    episode,
    episodes_file,
    package,
    streams_file,
    written,
)

from breakwater.comments.calibrate import Band
from breakwater.comments.replay import (
    Chat,
    Outcome,
    Setup,
    halves,
    laid,
    placed,
    run,
)  # fmt: skip
from breakwater.comments.replay_file import read
from breakwater.errors import BadInput, NotFound

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/reference/replay-1.schema.json").read_text("utf-8")
)
STREAMS = {"replay": 1, "kind": "streams"}
KINDS = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
    "number": (int, float), "null": type(None),
}  # fmt: skip


def fits(value: Any, form: dict[str, Any]) -> bool:  # noqa: C901 - a schema has that many words
    """As much of JSON Schema as our schema uses."""
    if "$ref" in form:
        return fits(value, SCHEMA["$defs"][form["$ref"].rpartition("/")[2]])
    if "oneOf" in form:
        return sum(fits(value, one) for one in form["oneOf"]) == 1
    if isinstance(value, bool) and form.get("type") in {"number", "integer"}:
        return False
    if "const" in form and value != form["const"]:
        return False
    if "enum" in form and value not in form["enum"]:
        return False
    wanted = form.get("type")
    if wanted is not None:
        kinds = [wanted] if isinstance(wanted, str) else wanted
        if not any(isinstance(value, KINDS[one]) for one in kinds):
            return False
    if isinstance(value, dict):
        inside = form.get("properties", {})
        if not set(form.get("required", ())) <= value.keys() <= inside.keys():
            return False
        return all(fits(one, inside[name]) for name, one in value.items())
    if isinstance(value, list):
        return form.get("minItems", 0) <= len(value) <= form.get("maxItems", math.inf) and all(
            fits(one, form["items"]) for one in value
        )
    if isinstance(value, str):
        return len(value) >= form.get("minLength", 0) and bool(
            re.search(form.get("pattern", ""), value)
        )
    if isinstance(value, int | float):
        return form.get("minimum", -math.inf) <= value <= form.get("maximum", math.inf)
    return True


def outcome(held: list[Chat], found: list[Any] = (), rates=(0.5,), **how: Any) -> Outcome:  # type: ignore[assignment]
    inputs = {"streams_sha256": "0" * 64, "streams": len(held), "messages": 1}
    return run(held, Setup(package(), rates=rates), inputs, trials=found, **how)


@pytest.fixture(scope="module")
def whole() -> Outcome:
    held = chats(10)
    measured = halves(held)[1]
    trials = [laid(one, episode(), 700.0) for one in measured]
    return outcome(held, trials)


def test_episodes_are_found_soon_and_ordinary_chats_stay_quiet(whole: Outcome) -> None:
    case = whole.case(0.5)
    assert case.streams == 5
    assert case.alarms is not None
    assert case.alarms.count <= 2
    assert case.alarms.hours == pytest.approx(5 * 25 / 60, rel=0.01)
    assert len(case.found.seconds) + case.found.skipped == 5
    assert case.found.within(300.0) >= 0.8
    assert whole.case(0.5, "10-100").streams == 5
    assert whole.case(0.5, "1-10").alarms is None
    assert whole.surrogate


def test_an_episode_of_ordinary_talk_is_not_found() -> None:
    held = chats(10)
    ordinary = episode(words=("table", "chair", "desk"))
    found = outcome(held, [laid(one, ordinary, 700.0) for one in halves(held)[1]])
    assert found.case(0.5).found.within(600.0) <= 0.4


def test_more_alarms_may_ring_where_more_are_asked_for() -> None:
    held = chats(10)
    found = outcome(held, rates=(30.0, 0.05))
    assert found.case(30.0).alarms.count > found.case(0.05).alarms.count


def test_the_result_is_of_the_documented_form_and_the_same_every_time(whole: Outcome) -> None:
    said = json.loads(json.dumps(whole.numbers()))
    assert fits(said, SCHEMA)
    assert not fits({**said, "text": "x"}, SCHEMA)
    again = outcome(chats(10), [laid(one, episode(), 700.0) for one in halves(chats(10))[1]])
    assert json.dumps(again.numbers()) == json.dumps(whole.numbers())


def test_files_are_read_and_every_line_fits_the_schema(tmp_path) -> None:
    held = chats(4, minutes=21)
    streams = streams_file(tmp_path / "s.jsonl", held)
    episodes = episodes_file(tmp_path / "e.jsonl", {"one": episode()})
    for path in (streams, episodes):
        for line in path.read_text().splitlines():
            assert fits(json.loads(line), SCHEMA)
    got = read(streams, episodes)
    assert [one.id for one in got.chats] == ["s0", "s1", "s2", "s3"]
    assert got.chats[0].told == held[0].told
    assert got.surrogate
    assert got.inputs["messages"] == sum(len(one.told) for one in held)
    assert len(got.trials(own_traffic=True)) == 2  # only into the half that is measured
    assert len(got.trials(own_traffic=False, count=3)) == 3
    assert "table" not in repr(got)


def test_a_place_that_is_said_is_used_and_never_one_that_thresholds_rest_on(tmp_path) -> None:
    held = chats(4)
    streams = streams_file(tmp_path / "s.jsonl", held)
    places = [{"episode": "one", "into": f"s{n}", "begins": 650.0} for n in range(4)]
    got = read(streams, episodes_file(tmp_path / "e.jsonl", {"one": episode()}, *places))
    assert [one.began for one in got.trials(own_traffic=True)] == [650.0, 650.0]
    assert len(got.trials(own_traffic=False)) == 4
    with pytest.raises(BadInput, match="1 places"):
        read(
            streams,
            episodes_file(
                tmp_path / "f.jsonl", {"one": episode()},
                {"episode": "one", "into": "nowhere", "begins": 1},
            ),
        )  # fmt: skip


def test_drawn_places_leave_ten_minutes_on_both_sides() -> None:
    held = [*chats(6), chat("short", minutes=15)]
    found = placed(held, {"one": episode(), "two": episode()}, 4)
    assert len(found) == 8
    assert all(into != "short" and 600.0 <= at <= 25 * 60 - 600 for _, into, at in found)
    assert found == placed(list(reversed(held)), {"two": episode(), "one": episode()}, 4)


def test_halves_hold_every_speed_and_do_not_depend_on_the_order() -> None:
    held = [*chats(6), *(chat(f"q{n}", per_minute=4) for n in range(4))]
    limits, measured = halves(held)
    for part in (limits, measured):
        assert {one.band for one in part} == {Band.BUSY, Band.SLOW}
    turned = halves(list(reversed(held)))
    assert [one.id for one in turned[0]] == [one.id for one in limits]
    assert {one.id for one in limits}.isdisjoint(one.id for one in measured)


def test_an_episodes_accounts_are_never_the_chats_own_and_it_ends_at_the_horizon() -> None:
    one = chat("s")
    same = [replace(told, author=one.told[0].author) for told in episode()]
    trial = laid(one, same, 650.0)
    mine = {told.author for told in trial.told if told.text in {x.text for x in same}}
    assert mine.isdisjoint(told.author for told in one.told)
    assert trial.told[-1].at <= 1250.0
    assert [told.at for told in trial.told] == sorted(told.at for told in trial.told)


def test_one_stream_alone_gives_no_result() -> None:
    with pytest.raises(BadInput, match="two streams"):
        outcome([chat("s")])


BROKEN = {
    "no head": [{"stream": "s", "at": 0, "author": "a", "text": "marmalade"}],
    "another version": [{"replay": 2, "kind": "streams"}],
    "another kind": [{"replay": 1, "kind": "episodes"}],
    "a member of the head": [{**STREAMS, "colour": "marmalade"}],
    "a member of a row": [STREAMS, {"stream": "s", "at": 0, "author": "a", "text": "", "x": "marmalade"}],
    "no stream": [STREAMS, {"at": 0, "author": "a", "text": "marmalade"}],
    "no author": [STREAMS, {"stream": "s", "at": 0, "text": "marmalade"}],
    "time as text": [STREAMS, {"stream": "s", "at": "0", "author": "a", "text": "marmalade"}],
    "time below zero": [STREAMS, {"stream": "s", "at": -1, "author": "a", "text": "marmalade"}],
    "time that is true": [STREAMS, {"stream": "s", "at": True, "author": "a", "text": "marmalade"}],
    "text as number": [STREAMS, {"stream": "s", "at": 0, "author": "a", "text": 5}],
    "unknown kind": [STREAMS, {"stream": "s", "at": 0, "author": "a", "kind": "marmalade"}],
    "kind as a list": [STREAMS, {"stream": "s", "at": 0, "author": "a", "kind": ["marmalade"]}],
    "a year and more": [STREAMS, *({"stream": "s", "at": at, "author": "a"} for at in (0, 4e7))],
    "nothing": [STREAMS],
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_of_the_format_is_refused_and_never_quoted(tmp_path, name: str) -> None:
    head, *lines = BROKEN[name]
    path = written(tmp_path / "s.jsonl", head, lines)
    with pytest.raises(BadInput) as caught:
        read(path)
    assert "marmalade" not in "".join(traceback.format_exception(caught.value))
    if name not in {"no head", "a year and more", "nothing"}:
        kinds = [SCHEMA["$defs"][one] for one in ("streams_head", "stream_message")]
        assert not all(any(fits(one, form) for form in kinds) for one in BROKEN[name])


def test_files_that_cannot_be_read_are_refused(tmp_path) -> None:
    with pytest.raises(NotFound):
        read(tmp_path / "none.jsonl")
    (tmp_path / "s.csv").write_text("text\n")
    with pytest.raises(BadInput, match="JSONL"):
        read(tmp_path / "s.csv")
