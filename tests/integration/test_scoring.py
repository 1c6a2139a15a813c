"""Models in the jail: good ones score, all others give no score, are set aside and say so."""

from __future__ import annotations

import io
import pickle
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from breakwater.media.sandbox import JailPool
from breakwater.model.classifier import Card, Classifier, ClassifierState, Picture, Trouble
from breakwater.model.ids import new_id
from breakwater.recognition.scoring import BACK_OFF_S, ScoreLimits, Scorers
from tests import builders_onnx as made
from tests.conftest import SettableClock

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BRIGHT = Picture(np.full((90, 160, 3), 250, np.uint8), 4.0)
DARK = Picture(np.full((90, 160, 3), 5, np.uint8), 6.0)


class House:
    """Models as the vault would hold them, and what was told."""

    def __init__(self) -> None:
        self.models: dict[str, bytes] = {}
        self.told: list[tuple[str, Trouble | None]] = []
        self.clock = SettableClock(NOW)
        self.scorers = self.another(ScoreLimits(score_s=1.0))

    def another(self, limits: ScoreLimits) -> Scorers:
        return Scorers(
            clock=self.clock, opener=lambda blob: io.BytesIO(self.models[blob]), limits=limits,
            on_trouble=lambda one, trouble, _detail: self.told.append((one.card.id, trouble)),
        )  # fmt: skip

    def classifier(self, body: bytes, **card: Any) -> Classifier:
        text, blob = made.card(body, **card), new_id()
        self.models[blob] = body
        return Classifier(
            new_id(), Card.parse(text), text, len(body), blob, new_id(), None, 1, NOW,
            ClassifierState.ON, NOW,
        )  # fmt: skip


@pytest.fixture(scope="module")
def shared() -> Iterator[House]:
    found = House()
    yield found
    found.scorers.close()


@pytest.fixture
def house(shared: House) -> Iterator[House]:
    yield shared
    shared.scorers.refresh([])
    shared.told.clear()


def test_a_bright_picture_scores_high_and_a_dark_one_low(house: House) -> None:
    house.scorers.refresh([house.classifier(made.brightness())])
    (high,) = house.scorers.score(BRIGHT, "US")
    (low,) = house.scorers.score(DARK, "US")
    assert high.over
    assert not low.over
    assert (round(high.value, 2), round(low.value, 2), high.time_s) == (1.0, 0.0, 4.0)
    assert 0 < house.scorers.cost_s < 0.5
    assert house.told == []


@pytest.mark.parametrize("form", ["rgb", "bgr", "crop", "softmax", "grey of three", "nhwc of nchw"])
def test_the_card_says_how_a_picture_goes_in(house: House, form: str) -> None:
    """Red on the left, blue on the right: what comes out shows what went in."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, :32, 0], pixels[:, 32:, 2] = 255, 255
    how: dict[str, Any] = {
        "rgb": {"output__index": 0}, "bgr": {"input__colour": "bgr", "output__index": 2},
        "crop": {"input__fit": "crop", "output__index": 2},
        "softmax": {"output__activation": "softmax", "output__index": 1},
        "grey of three": {"input__colour": "grey"}, "nhwc of nchw": {"input__layout": "nhwc"},
    }[form]  # fmt: skip
    body = made.shares()
    house.scorers.refresh([house.classifier(body, side=8, **how)])
    (one,) = house.scorers.score(Picture(pixels), "")
    if " of " in form:
        assert one.trouble is Trouble.WRONG_SHAPE
        return
    wanted = {"softmax": 1 / (1 + 2 * np.exp(0.5))}.get(form, 0.5)
    assert one.value == pytest.approx(wanted, abs=0.01)


def bad(house: House, name: str) -> tuple[Classifier, Trouble]:
    good = made.brightness()
    return {
        "checksum": (house.classifier(good, sha256="0" * 64), Trouble.BAD_SUM),
        "pickle": (house.classifier(pickle.dumps([1, 2])), Trouble.UNREADABLE),
        "elsewhere": (house.classifier(made.brightness(elsewhere="w.bin")), Trouble.UNREADABLE),
        "custom": (house.classifier(made.brightness(domain="mine")), Trouble.UNREADABLE),
        "output": (house.classifier(good, output__name="other"), Trouble.WRONG_SHAPE),
        "index": (house.classifier(good, output__index=7), Trouble.WRONG_SHAPE),
        "raw": (house.classifier(made.shares(), side=8, input__scale=1.0), Trouble.NO_NUMBER),
        "expired": (house.classifier(good, expires="2026-02-28"), Trouble.EXPIRED),
    }[name]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["checksum", "pickle", "elsewhere", "custom", "output", "index", "raw", "expired"]
)
def test_a_bad_model_is_off_loudly_beside_a_good_one(house: House, name: str) -> None:
    wrong, trouble = bad(house, name)
    good = house.classifier(made.brightness())
    house.scorers.refresh([wrong, good])
    scores = {one.classifier: one for one in house.scorers.score(BRIGHT, "US")}
    assert scores[wrong.id].trouble is trouble
    assert not scores[wrong.id].over
    assert scores[good.id].over
    assert house.told == [("bright", trouble)]


def test_one_that_is_not_allowed_there_says_so_and_is_not_broken(house: House) -> None:
    house.scorers.refresh([house.classifier(made.brightness(), jurisdictions=["DE"])])
    (one,) = house.scorers.score(BRIGHT, "US")
    assert one.trouble is Trouble.NOT_HERE
    assert house.told == []
    assert house.scorers.score(BRIGHT, "DE")[0].over


def test_no_number_for_one_picture_is_no_score_and_for_three_in_a_row_is_off(house: House) -> None:
    black, grey = Picture(np.zeros((8, 8, 3), np.uint8)), Picture(np.full((8, 8, 3), 99, np.uint8))
    house.scorers.refresh([house.classifier(made.no_number(), side=8)])
    assert house.scorers.score(black, "")[0].trouble is Trouble.NO_NUMBER
    assert house.scorers.score(grey, "")[0].value == pytest.approx(1.0)
    assert house.told == []
    for _ in range(3):
        house.scorers.score(black, "")
    assert house.told == [("bright", Trouble.NO_NUMBER)]
    assert house.scorers.score(grey, "")[0].trouble is Trouble.NO_NUMBER


def test_one_that_hangs_is_ended_by_the_clock_and_tried_again_later(house: House) -> None:
    slow = house.classifier(made.endless(), side=512)
    good = house.classifier(made.brightness())
    scorers = house.another(ScoreLimits(score_s=0.3, load_s=1.0))
    try:
        scorers.refresh([slow, good])
        scores = {one.classifier: one for one in scorers.score(BRIGHT, "")}
        assert scores[slow.id].trouble is Trouble.TOO_SLOW
        assert scores[good.id].over
        before = len(house.told)
        scorers.refresh([slow, good])  # its time has not come: nothing is tried
        assert len(house.told) == before == 1
        house.clock.advance(BACK_OFF_S[0] + 1)
        house.models[slow.blob] = house.models[good.blob]
        mended = house.classifier(made.brightness())
        scorers.refresh([mended, good])
        assert all(one.over for one in scorers.score(BRIGHT, ""))
    finally:
        scorers.close()


def test_one_picture_that_takes_too_long_ends_it(house: House) -> None:
    scorers = house.another(ScoreLimits(score_s=0.02))
    try:
        scorers.refresh([house.classifier(made.endless(side=256, layers=4, wide=48), side=256)])
        assert scorers.any
        assert scorers.score(BRIGHT, "")[0].trouble is Trouble.TOO_SLOW
        assert not scorers.any
    finally:
        scorers.close()


def test_a_dead_process_is_no_score_and_comes_back(house: House) -> None:
    one = house.classifier(made.brightness())
    house.scorers.refresh([one])
    child = house.scorers._seats[one.id].child
    assert child is not None
    signal.pidfd_send_signal(child.handle, signal.SIGKILL)
    assert house.scorers.score(BRIGHT, "")[0].trouble is Trouble.CRASHED
    assert not house.scorers.any
    house.scorers.refresh([one])
    assert not house.scorers.any
    house.clock.advance(BACK_OFF_S[0] + 1)
    house.scorers.refresh([one])
    assert house.scorers.score(BRIGHT, "")[0].over
    assert house.told == [("bright", Trouble.CRASHED), ("bright", None)]


def test_a_model_that_is_too_large_is_never_read(house: House) -> None:
    body = made.brightness() + b"\0" * 5000
    scorers = house.another(ScoreLimits(most_bytes=4000))
    tried = scorers.attempt(Card.parse(made.card(body)), io.BytesIO(body))
    assert tried.trouble is Trouble.TOO_LARGE
    scorers.close()


def test_memory_beyond_the_cap_is_refused(house: House) -> None:
    body = made.endless(side=1024, layers=3)
    scorers = house.another(ScoreLimits(memory=64 << 20))
    tried = scorers.attempt(Card.parse(made.card(body, side=1024)), io.BytesIO(body))
    assert tried.trouble in {Trouble.TOO_MUCH_MEMORY, Trouble.CRASHED, Trouble.WRONG_SHAPE}
    scorers.close()


def test_bytes_of_anybody_are_refused_or_run_and_never_more(house: House) -> None:
    good, dice = made.brightness(), np.random.default_rng(5)
    for _ in range(60):
        body = bytearray(good)
        for at in dice.integers(0, len(body), 3):
            body[at] = dice.integers(0, 256)
        tried = house.scorers.attempt(Card.parse(made.card(bytes(body))), io.BytesIO(bytes(body)))
        assert tried.trouble in {None, *Trouble}
    assert house.scorers.attempt(Card.parse(made.card(good)), io.BytesIO(good)).trouble is None


def test_the_jail_of_models_holds() -> None:
    with JailPool(entry="breakwater.recognition.score_task", size=1) as pool:
        assert [proof.act for proof in pool.prove() if not proof.holds] == []
