"""A likeness model's card and folder: whole, or off with the reason."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from tests.builders_likeness import card, detector, folder, recogniser

from breakwater.errors import BadInput
from breakwater.linking.likeness_folder import providers
from breakwater.model.likeness import Metric, ProviderCard

MODEL, FINDER = recogniser(), detector()


def test_a_whole_card_is_read() -> None:
    found = ProviderCard.parse(card(MODEL, FINDER))
    assert (found.name, found.dim, found.metric) == ("squares", 48, Metric.COSINE)
    assert found.sha256 == hashlib.sha256(MODEL).hexdigest()
    assert found.method == f"likeness {found.sha256[:16]}"
    other = ProviderCard.parse(card(MODEL, FINDER, kind="embedding"))
    assert other.preprocess is not None
    assert other.preprocess.form.width == 64


BAD: list[dict[str, Any]] = [
    {"name": None}, {"version": None}, {"sha256": None}, {"licence": None}, {"dim": None},
    {"metric": None}, {"threshold_lead": None}, {"threshold_strong": None}, {"recogniser": None},
    {"detector__sha256": None}, {"detector__licence": None}, {"licence": " "},
    {"detector__licence": ""}, {"sha256": "00"}, {"dim": 1}, {"dim": 1 << 20}, {"metric": "dot"},
    {"threshold_lead": 0.99, "threshold_strong": 0.5}, {"threshold_lead": 0.0},
    {"modality": "gait"}, {"recogniser": "magic"}, {"recogniser": "embedding"},
    {"surplus": 1}, {"detector__surplus": 1}, {"detector__score": 1.0}, {"name": "A B"},
    {"metric": "l2"}, {"dim": float("inf")},
]  # fmt: skip


@pytest.mark.parametrize(
    "changed", BAD, ids=lambda one: ",".join(f"{k}={v}" for k, v in one.items())
)
def test_a_card_that_leaves_something_open_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        ProviderCard.parse(card(MODEL, FINDER, **changed))


@pytest.mark.parametrize("missing", ["width", "output"])
def test_an_embedding_says_how_a_picture_goes_in(missing: str) -> None:
    with pytest.raises(BadInput, match=missing):
        ProviderCard.parse(
            card(MODEL, FINDER, kind="embedding", **{f"preprocess__{missing}": None})
        )


def test_of_distances_less_is_more_alike() -> None:
    found = ProviderCard.parse(
        card(MODEL, FINDER, metric="l2", threshold_lead=1.0, threshold_strong=0.4)
    )
    assert (found.lead, found.strong) == (0.5, 0.8)


def test_no_folder_is_no_model_and_no_fault() -> None:
    assert providers(None) == ((), ())


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    good, bad = providers(tmp_path / "nowhere")
    assert not good
    assert bad


def test_a_whole_folder_is_a_model(tmp_path: Path) -> None:
    good, bad = providers(folder(tmp_path))
    assert [one.card.name for one in good] == ["squares"]
    assert bad == ()
    assert good[0].read() == (FINDER, MODEL)


@pytest.mark.parametrize("fault", ["model", "detector", "no card", "no model", "link", "card"])
def test_a_folder_that_is_not_whole_is_off_with_the_reason(tmp_path: Path, fault: str) -> None:
    here = folder(tmp_path) / "squares"
    if fault in {"model", "detector"}:
        (here / f"{fault}.onnx").write_bytes(MODEL + b"x")
    elif fault == "no card":
        (here / "provider.toml").unlink()
    elif fault == "no model":
        (here / "model.onnx").unlink()
    elif fault == "card":
        (here / "provider.toml").write_bytes(b"\xff\xfe")
    else:
        (here / "model.onnx").rename(tmp_path / "elsewhere.onnx")
        (here / "model.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    good, bad = providers(tmp_path)
    assert good == ()
    assert [one.name for one in bad] == ["squares"]
    assert bad[0].why


def test_a_model_that_is_changed_later_is_refused_when_it_is_used(tmp_path: Path) -> None:
    good, _ = providers(folder(tmp_path))
    (tmp_path / "squares" / "model.onnx").write_bytes(MODEL + b"x")
    with pytest.raises(BadInput, match=r"model\.onnx"):
        good[0].read()


def test_the_same_model_twice_is_off_twice(tmp_path: Path) -> None:
    folder(tmp_path, "one")
    folder(tmp_path, "two", name="others")
    good, bad = providers(tmp_path)
    assert good == ()
    assert {one.name for one in bad} == {"one", "two"}
