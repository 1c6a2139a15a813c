"""An operator's model of local features: in the jail, beside RootSIFT, a lead, never two models together."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from typer import Typer
from typer.testing import CliRunner

from breakwater.cli import demo_rooms, links_features
from breakwater.errors import Unfit
from breakwater.linking.feature_folder import feature_model
from breakwater.media import wire
from breakwater.media.sandbox import JailPool
from breakwater.model.classifier import Picture
from breakwater.model.ids import new_id
from breakwater.model.link import LinkKind, Origin
from breakwater.model.local_features import FeatureCard
from breakwater.recognition import features_task
from breakwater.recognition.features import STRIKES, FeatureRun, Features
from breakwater.recognition.links import VERSION
from breakwater.recognition.model_run import ModelRun
from breakwater.recognition.scoring import ScoreLimits
from breakwater.records import jobs, link_media
from breakwater.records.link_edges import SURE
from breakwater.scenes.vocabulary import Vocabulary
from tests import builders_features as made
from tests.integration.installed import shared_jail
from tests.integration.place_house import House, learnt, picture
from tests.integration.served import serving

pytestmark = [
    pytest.mark.usefixtures("keyring"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
BODY = made.model()


@pytest.fixture(scope="module")
def jail() -> JailPool:
    return shared_jail()


@pytest.fixture(scope="module")
def words(jail: JailPool) -> Vocabulary:
    return learnt(jail)


@pytest.fixture
def house(database, vault, jail, words, tmp_path) -> Iterator[House]:
    (tmp_path / "places").mkdir()
    return House(database, vault, jail, words, tmp_path / "places")


def features(folder: Path, note: float = 0.0) -> Features:
    model = feature_model(made.folder(folder, note=note))
    return Features(model.card, model.read)


def room(seed: int) -> NDArray[np.uint8]:
    inside = demo_rooms.room(seed)
    return demo_rooms.seen(
        inside, demo_rooms.cameras(seed, 1)[0], light=seed, width=640, height=480
    )


def negative(seen: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The negative, turned a little and nearer: RootSIFT sees nothing in common, the tiny model does."""
    turned = cv2.warpAffine(
        seen,
        cv2.getRotationMatrix2D((330, 250), 2.5, 1.03),
        (640, 480),
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(255 - turned, np.uint8)


def begun(body: bytes = BODY, **changed: object) -> FeatureRun:
    return FeatureRun(FeatureCard.parse(made.card(body, **changed)), body)


def test_points_lie_in_the_picture_and_come_back_alike() -> None:
    with begun() as run:
        one, again = (run.points(Picture(room(61), 2.0)) for _ in range(2))
        dark = run.points(Picture(np.zeros((48, 64, 3), np.uint8)))
    assert (one.time_s, one.width, one.height) == (2.0, made.WIDTH, made.HEIGHT)
    assert 100 < len(one) <= 800
    assert one.descriptors.shape == (len(one), made.DIM)
    assert one.descriptors.dtype == np.int8
    assert np.linalg.norm(one.descriptors[0].astype(float)) == pytest.approx(127, abs=3)
    assert np.array_equal(one.descriptors, again.descriptors)
    assert len(dark) == 0


def test_cells_of_superpoint_are_read_as_pixels() -> None:
    raw = np.full((1, 65, 3, 4), -9.0, np.float32)
    raw[0, 64] = 9.0
    raw[0, 8 * 5 + 2, 1, 3], raw[0, 64, 1, 3] = 9.0, -9.0
    scores = features_task._uncelled(raw, (24, 32))
    assert np.unravel_index(scores.argmax(), scores.shape) == (8 + 5, 24 + 2)
    assert scores.max() > 0.99
    assert np.sort(scores.ravel())[-2] < 0.01


@pytest.mark.parametrize("fault", ["no model", "dim", "output", "cells", "size", "slow"])
def test_what_does_not_fit_its_card_is_unfit(fault: str) -> None:
    body, changed = BODY, {}
    if fault == "no model":
        body = b"no model at all"
    elif fault == "dim":
        changed = {"dim": 47}
    elif fault == "output":
        changed = {"output__scores": "p2"}
    elif fault == "cells":
        changed = {"output__cells": True}
    elif fault == "size":
        body = made.model(dim=12)
    limits = ScoreLimits(load_s=0.0 if fault == "slow" else 30.0)
    with pytest.raises(Unfit):
        FeatureRun(FeatureCard.parse(made.card(body, **changed)), body, limits=limits)


@pytest.mark.parametrize(
    ("count", "block"),
    [
        (2, b""), ("2", b"x" * 112), (-1, b""), (5000, b""),
        (1, np.array([[400.0, 1.0]], "<f4").tobytes() + bytes(made.DIM)),
        (1, np.array([[np.nan, 1.0]], "<f4").tobytes() + bytes(made.DIM)),
    ],
)  # fmt: skip
def test_a_child_that_was_taken_over_harms_nobody(monkeypatch, count, block) -> None:
    with begun() as run:
        monkeypatch.setattr(ModelRun, "ask", lambda *_: wire.Answer({"count": count}, block))
        with pytest.raises(Unfit):
            run.points(Picture(room(61)))


def test_the_command_tries_it_and_says_what_stands_in_the_way(monkeypatch, tmp_path) -> None:
    def said() -> tuple[int, str]:
        done = CliRunner().invoke(app, [])
        return done.exit_code, " ".join(done.output.split())

    app = Typer()
    app.command()(links_features.features)
    monkeypatch.delenv("BREAKWATER_FEATURES_DIR", raising=False)
    assert said()[0] == 0
    monkeypatch.setenv("BREAKWATER_FEATURES_DIR", str(made.folder(tmp_path / "m")))
    assert said() == (0, "✓ patches 1 can be used.")
    made.folder(tmp_path / "m", dim=47)
    code, words = said()
    assert code == 1
    assert "descriptors are 1 x 48" in words
    (tmp_path / "m" / "model.onnx").unlink()
    assert said()[0] == 1


def test_a_model_that_fails_again_and_again_is_asked_no_more() -> None:
    asked = []

    def runs(*_: object) -> FeatureRun:
        asked.append(1)
        raise Unfit("it died")

    one = Features(FeatureCard.parse(made.card(BODY)), lambda: BODY, runs=runs)
    assert [one.of([Picture(room(61))]) for _ in range(STRIKES + 2)] == [None] * (STRIKES + 2)
    assert len(asked) == STRIKES


def test_what_the_model_alone_finds_is_a_lead_and_nothing_without_it(house, tmp_path) -> None:
    plain = [house.show(picture(one)) for one in (room(61), negative(room(61)))]
    assert [house.links(one) for one in plain] == [[], []], "RootSIFT sees nothing in common"
    mine = features(tmp_path / "m")
    house.start(mine)
    assert (house.taking.again(), house.work()) == (2, 2)
    mine.close()
    (link,) = house.links(plain[0])
    assert (link.edge.kind, link.method) == (LinkKind.PLACE, mine.card.method)
    assert link.edge.score < SURE
    assert link.evidence["pairs"][0]["inliers"] >= 19
    assert house.series() == [], "a lead joins nothing"
    assert house.looker.looks == 4


def test_points_of_two_files_are_never_compared(house, tmp_path) -> None:
    for n, shown in enumerate((room(61), negative(room(61)))):
        one = features(tmp_path / f"m{n}", note=float(n))
        house.start(one)
        number = house.show(picture(shown))
        one.close()
        assert house.links(number) == []


def test_what_rootsift_finds_stays_its_own(house, tmp_path) -> None:
    one = features(tmp_path / "m")
    house.start(one)
    inside, cameras = demo_rooms.room(61), demo_rooms.cameras(61, 2, apart=6.0)
    first, second = (
        house.show(picture(demo_rooms.seen(inside, camera, light=n)))
        for n, camera in enumerate(cameras)
    )
    one.close()
    assert house.series() == [[first, second]]
    assert [link.method for link in house.links(first)] == ["rootsift+magsac"]


@pytest.mark.parametrize("whole", [True, False])
def test_an_installation_asks_its_model_or_says_that_it_is_off(tmp_path, whole) -> None:
    folder = made.folder(tmp_path / "m", **({} if whole else {"licence": ""}))
    with serving(tmp_path / "here", features_dir=folder) as running:
        app = running.app
        blob = app.vault.put(io.BytesIO(picture(room(61))), purpose="evidence")
        with app.db.transaction() as tx:
            one = link_media.want(tx, Origin.EXHIBIT, new_id(), blob=blob, source="clips")
        app.linking.taking.run({"medium": one.number}, 1, lambda _share: None)
        with app.db.transaction() as tx:
            looked = link_media.get(tx, one.number)
        seen = app.linking.stored.read(looked)
        assert seen is not None
        assert (seen.learned is not None) == whole
        if whole:
            card = feature_model(folder).card
            assert (seen.learned.model, looked.version) == (card.sha256, card.version_of(VERSION))
            return
        (job,) = claimed(app)
        with app.db.transaction() as tx:
            jobs.finish(tx, job)
            link_media.looked(tx, one.number, version=99, points=looked.points, facts={})
        (turn,) = [turn for turn in app.linking.turns if turn.name == "links.again"]
        turn.run()
        assert claimed(app) == [], "a slip in the card costs nothing that was seen"
        app.linking.taking.again()
        assert len(claimed(app)) == 1


def claimed(app):
    return jobs.claim(app.db, [link_media.LOOK_JOB], owner="w", lease_s=60, limit=9)
