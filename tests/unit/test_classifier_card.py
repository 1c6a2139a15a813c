"""A card says everything, and nothing that is unknown; where and how long it holds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.builders_onnx import brightness, card

from breakwater.errors import BadInput
from breakwater.model.classifier import Card, Score, Tally, Trouble
from breakwater.model.ids import new_id
from breakwater.model.model_card import Colour

MODEL = brightness()
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_card_is_read_whole() -> None:
    read = Card.parse(card(MODEL, input__colour="bgr", output__activation="sigmoid"))
    assert (read.id, read.threshold, read.weight) == ("bright", 0.8, 1.0)
    assert (read.input.width, read.input.colour, read.output.name) == (32, Colour.BGR, "y")


@pytest.mark.parametrize(
    "changed",
    [
        {"owner": None},
        {"licence": ""},
        {"command": "run.sh"},
        {"input__script": "x"},
        {"output__index": -1},
        {"sha256": "00"},
        {"threshold": 0},
        {"threshold": 1.5},
        {"weight": 2},
        {"input__width": 0},
        {"input__width": 4096},
        {"input__height": float("inf")},
        {"input__colour": "cmyk"},
        {"input__std": [0, 1, 1]},
        {"input__mean": [0.5]},
        {"output__activation": "eval"},
        {"jurisdictions": []},
        {"jurisdictions": ["Atlantis"]},
        {"expires": '"soon"'},
        {"id": "Bright Picture"},
        {"name": "one\\nline"},
    ],
)
def test_a_card_that_leaves_something_open_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        Card.parse(card(MODEL, **changed))


@pytest.mark.parametrize("text", ["", "= = =", "[[[[" * 1000, "x = 1\n" * 9000, "input = 3"])
def test_what_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        Card.parse(text)


def test_it_is_used_where_it_may_and_while_it_holds() -> None:
    read = Card.parse(card(MODEL, jurisdictions=["US", "DE"], expires="2026-03-02"))
    assert read.allowed("US")
    assert read.allowed("us-ca")
    assert not read.allowed("FR")
    assert not read.allowed("")
    assert not read.expired(NOW)
    assert read.expired(datetime(2026, 3, 2, tzinfo=UTC))
    assert Card.parse(card(MODEL)).allowed("")


def test_a_picture_without_a_score_never_lowers_what_was_seen() -> None:
    read, one, subject = Card.parse(card(MODEL)), new_id(), new_id()
    high = Score(one, read, 4.0, 0.93)
    tally = Tally(one, subject).with_score(high, NOW)
    tally = tally.with_score(Score(one, read, 6.0, trouble=Trouble.TOO_SLOW), NOW)
    assert (tally.frames, tally.over, tally.best, tally.best_s) == (1, 1, 0.93, 4.0)
    assert tally.trouble == "too_slow"
    assert not Score(one, read, 6.0, value=1.0, trouble=Trouble.TOO_SLOW).over
    assert "gave 0.93 (threshold 0.80); scores alone decide nothing." in high.words
