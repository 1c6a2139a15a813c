"""A model of local features is whole or off: its card, its file, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import builders_features as made

from breakwater.app.checks_links import features
from breakwater.errors import BadInput
from breakwater.linking.feature_folder import CARD, MODEL, feature_model
from breakwater.model.local_features import FeatureCard, method_of
from breakwater.settings import Settings

BODY = made.model()


def test_a_whole_folder_is_a_model(tmp_path: Path) -> None:
    found = feature_model(made.folder(tmp_path / "m"))
    assert found.read() == BODY
    assert (found.card.name, found.card.dim, found.card.output.cells) == ("patches", 48, False)
    assert found.card.method == method_of(found.card.sha256)
    assert found.card.method.startswith("learned ")


@pytest.mark.parametrize(
    "changed",
    [
        {"licence": ""}, {"licence": None}, {"name": "Two Words"}, {"sha256": "00"}, {"dim": 4},
        {"dim": 513}, {"dim": "many"}, {"dim": float("inf")}, {"most": 10}, {"most": 5000}, {"least": float("nan")},
        {"surplus": 1}, {"input__width": 321}, {"input__width": 0}, {"input__fit": "crop"},
        {"input__colour": "pink"}, {"input__mean": [0.0, 0.0]}, {"output__scores": None},
        {"output__scores": "descriptors"}, {"output__cells": "yes"}, {"output__index": 3},
        {"version": "one two"}, {"licence": "x" * 501},
    ],
)  # fmt: skip
def test_a_card_that_leaves_something_open_is_refused(changed) -> None:
    assert FeatureCard.parse(made.card(BODY)).name == "patches"
    with pytest.raises(BadInput):
        FeatureCard.parse(made.card(BODY, **changed))


@pytest.mark.parametrize("text", ["", "= 3", "[" * 5000, "x" * 70_000, "name = 3"])
def test_what_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        FeatureCard.parse(text)


@pytest.mark.parametrize("fault", ["gone", "other", "link", "card gone", "card link", "no text"])
def test_a_folder_that_is_not_whole_is_off_and_doctor_says_why(tmp_path: Path, fault: str) -> None:
    here = made.folder(tmp_path / "m")
    settings = Settings(data_dir=tmp_path / "data", features_dir=here)
    assert [one.state for one in features(settings)] == ["ok"]
    file = here / (CARD if fault.startswith(("card", "no")) else MODEL)
    if fault == "other":
        file.write_bytes(made.model(note=2.0))
    elif fault == "no text":
        file.write_bytes(b"\xff\xfe")
    else:
        file.rename(tmp_path / "away")
        if fault.endswith("link"):
            file.symlink_to(tmp_path / "away")
    with pytest.raises(BadInput):
        feature_model(here)
    (said,) = features(settings)
    assert (said.state, said.found[:5]) == ("warn", "off: ")


def test_another_file_is_another_version_of_the_look() -> None:
    one, other = (FeatureCard.parse(made.card(made.model(note=note))) for note in (1.0, 2.0))
    versions = {one.version_of(1), other.version_of(1), one.version_of(2), 1}
    assert len(versions) == 4
    assert max(versions) < 1 << 31, "a column of 32 bits"
