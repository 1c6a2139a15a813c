"""A likeness model in the jail: boxes and vectors, or a refusal with the reason; never a guess."""

from __future__ import annotations

import numpy as np
import pytest

from breakwater.errors import Unfit
from breakwater.media import wire
from breakwater.model.classifier import Picture
from breakwater.model.likeness import ProviderCard
from breakwater.recognition import likeness
from breakwater.recognition.likeness import LikenessRun
from breakwater.recognition.scoring import ScoreLimits
from breakwater.scenes.person import overlap
from tests import builders_likeness as made
from tests.builders_onnx import brightness

FINDER = made.detector()
SIDES = {"sface": 112, "embedding": 64}


def begun(kind: str = "sface", **changed: object) -> LikenessRun:
    model = made.recogniser(SIDES[kind])
    return LikenessRun(
        ProviderCard.parse(made.card(model, FINDER, kind=kind, **changed)), FINDER, model
    )


@pytest.mark.parametrize("kind", ["sface", "embedding"])
def test_faces_are_found_where_they_are_drawn_and_the_same_looks_alike(kind: str) -> None:
    with begun(kind) as run:
        faces = run.faces(Picture(made.drawing((64, 64, 1), (320, 128, 2)), 3.0))
        again = run.faces(Picture(made.drawing((192, 96, 1))))
        assert run.faces(Picture(made.drawing())) == ()
    assert len(faces) == 2
    assert {one.time_s for one in faces} == {3.0}
    (mine,) = again
    first = min(faces, key=lambda one: one.box[0])
    drawn = (64 / 640, 64 / 384, 96 / 640, 96 / 384)
    assert overlap(first.box, drawn) > 0.8
    assert np.linalg.norm(first.vector) == pytest.approx(1.0, abs=1e-5)
    other = next(one for one in faces if one is not first)
    assert first.vector @ mine.vector > 0.99
    assert other.vector @ mine.vector < 0.95


def test_where_boxes_alone_are_asked_no_vector_is_made() -> None:
    with begun() as run:
        (face,) = run.faces(Picture(made.drawing((64, 64, 1))), vectors=False)
    assert face.vector.size == 0


def test_smaller_faces_than_the_card_says_are_left_out() -> None:
    with begun(detector__smallest=200) as run:
        assert run.faces(Picture(made.drawing((64, 64, 1)))) == ()


@pytest.mark.parametrize("fault", ["dim", "model", "detector", "picture of a model", "output"])
def test_what_does_not_fit_its_card_is_unfit(fault: str) -> None:
    model, finder, kind, changed = made.recogniser(), FINDER, "sface", {}
    if fault == "dim":
        changed = {"dim": 47}
    elif fault == "model":
        model = b"no model at all"
    elif fault == "detector":
        finder = brightness()
    elif fault == "picture of a model":
        model = made.png(made.drawing())
    else:
        model, kind, changed = made.recogniser(64), "embedding", {"preprocess__output": "other"}
    with pytest.raises(Unfit):
        LikenessRun(
            ProviderCard.parse(made.card(model, finder, kind=kind, **changed)), finder, model
        )


def test_a_model_that_hangs_is_unfit_from_then_on() -> None:
    model = made.recogniser()
    card = ProviderCard.parse(made.card(model, FINDER))
    with LikenessRun(card, FINDER, model, limits=ScoreLimits(score_s=1e-4, load_s=30)) as run:
        for words in ("in time", "has ended"):
            with pytest.raises(Unfit, match=words):
                run.faces(Picture(made.drawing()))


@pytest.mark.parametrize(
    "said",
    [
        None,
        [[0.1] * 4],
        [[0.1, 0.1, 2.0, 0.1, 0.9]],
        [[True] * 5],
        [[float("nan")] * 5],
        [[0.1] * 5] * 33,
    ],
)
def test_boxes_of_a_child_are_checked(said: object) -> None:
    with pytest.raises(wire.BadAnswer):
        likeness._rows(said)


@pytest.mark.parametrize(
    "block", [b"", b"\0" * 12, np.array([1, np.nan, 0], "<f4").tobytes(), b"\0" * 16]
)
def test_vectors_of_a_child_are_checked(block: bytes) -> None:
    with pytest.raises(wire.BadAnswer):
        likeness._made(block, 1, 3)
