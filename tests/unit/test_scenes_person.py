"""Faces become tracks, tracks become leads, and nothing is guessed."""

from __future__ import annotations

import numpy as np
import pytest
from tests.builders_likeness import card, detector, recogniser

from breakwater.model.likeness import Box, Face, Metric, ProviderCard
from breakwater.scenes.person import alike, compared, overlap, touches, tracks_of

CARD = ProviderCard.parse(
    card(recogniser(), detector(), dim=4, threshold_lead=0.8, threshold_strong=0.95)
)
LEFT: Box = (0.1, 0.1, 0.2, 0.2)
NEAR: Box = (0.12, 0.11, 0.2, 0.2)
RIGHT: Box = (0.7, 0.1, 0.2, 0.2)


def vector(*numbers: float) -> np.ndarray:
    found = np.array(numbers, np.float32)
    return found / np.linalg.norm(found)


ANN, BEN = vector(1, 0, 0, 0), vector(0, 1, 0, 0)


def face(box: Box, of: np.ndarray, time_s: float = 0.0, score: float = 0.9) -> Face:
    return Face(time_s, box, score, of)


def one_track(of: np.ndarray, box: Box = LEFT):
    return tracks_of([[face(box, of)]], [0], CARD)


def test_a_face_that_moves_little_is_one_track_and_a_cut_begins_another() -> None:
    frames = [[face(LEFT, ANN, 0)], [face(NEAR, ANN, 1)], [face(NEAR, ANN, 2)]]
    assert [one.number for one in tracks_of(frames, [0, 0, 0], CARD)] == [0]
    assert len(tracks_of(frames, [0, 0, 1], CARD)) == 2


def test_another_face_at_the_same_place_is_another_track() -> None:
    frames = [[face(LEFT, ANN)], [face(NEAR, BEN)]]
    assert len(tracks_of(frames, [0, 0], CARD)) == 2


def test_two_faces_of_one_frame_cannot_be_one_person() -> None:
    frames = [[face(LEFT, ANN), face(RIGHT, ANN)], [face(NEAR, ANN)]]
    left, right = tracks_of(frames, [0, 0], CARD)
    assert left.apart == {right.number}
    assert right.apart == {left.number}
    twins = [[face(LEFT, ANN)], [face(LEFT, ANN), face(NEAR, ANN)]]
    assert len(tracks_of(twins, [0, 0], CARD)) == 2, "one run takes one face of a frame"


def test_alike_vectors_are_a_lead_with_both_boxes() -> None:
    (lead,) = alike(one_track(ANN), one_track(vector(1, 0.2, 0, 0), RIGHT), CARD)
    assert (lead.a_box, lead.b_box, lead.strong) == (LEFT, RIGHT, True)
    (weak,) = alike(one_track(ANN), one_track(vector(1, 0.5, 0, 0)), CARD)
    assert not weak.strong
    assert weak.plain()["a_box"] == list(LEFT)
    assert alike(one_track(ANN), one_track(BEN), CARD) == ()
    assert alike((), one_track(ANN), CARD) == ()


def test_where_two_people_of_one_frame_look_alike_to_one_nothing_is_said() -> None:
    close = vector(1, 0.15, 0, 0)
    both = tracks_of([[face(LEFT, ANN), face(RIGHT, close)]], [0], CARD)
    assert alike(one_track(vector(1, 0.05, 0, 0)), both, CARD) == ()
    assert alike(both, one_track(vector(1, 0.05, 0, 0)), CARD) == ()
    apart = tracks_of([[face(LEFT, ANN), face(RIGHT, BEN)]], [0], CARD)
    assert len(alike(one_track(ANN), apart, CARD)) == 1


def test_each_track_has_one_counterpart() -> None:
    ours = tracks_of([[face(LEFT, ANN)], [face(LEFT, vector(1, 0.3, 0, 0))]], [0, 1], CARD)
    found = alike(ours, one_track(ANN), CARD)
    assert [one.score for one in found] == [1.0]


@pytest.mark.parametrize("metric", list(Metric))
def test_scores_are_one_for_the_same_and_less_for_others(metric: Metric) -> None:
    scores = compared(np.stack([ANN]), np.stack([ANN, BEN, -ANN]), metric)[0]
    assert scores[0] == pytest.approx(1.0, abs=1e-3)
    assert scores[0] > scores[1] >= scores[2] >= 0


def test_boxes_that_share_something() -> None:
    assert overlap(LEFT, LEFT) == pytest.approx(1.0)
    assert overlap(LEFT, RIGHT) == 0.0
    assert touches(LEFT, NEAR)
    assert not touches(LEFT, RIGHT)
    assert overlap((0, 0, 0, 0), (0, 0, 0, 0)) == 0.0
