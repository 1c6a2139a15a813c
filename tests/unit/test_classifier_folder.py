"""A folder with a card and a model is a classifier; one with anything else is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.builders_onnx import brightness, card

from breakwater.classifiers.folder import read_folder
from breakwater.errors import BadInput


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.onnx").write_bytes(brightness())
    (tmp_path / "card.toml").write_text(card(brightness()))
    return tmp_path


def test_a_card_and_a_model_are_read(folder: Path) -> None:
    (folder / "README.md").write_text("for people")
    (folder / "LICENSE").write_text("for people")
    text, model = read_folder(folder)
    assert text == card(brightness())
    assert model.size == len(brightness())


@pytest.mark.parametrize("name", ["weights.bin", "model.pkl", "model.onnx.data", "run.py", ".env"])
def test_anything_else_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"x")
    with pytest.raises(BadInput, match="more than"):
        read_folder(folder)


@pytest.mark.parametrize("name", ["model.onnx", "card.toml"])
def test_what_is_missing_or_a_link_is_refused(folder: Path, name: str) -> None:
    (folder / name).rename(folder.parent / f"{folder.name}-{name}")
    with pytest.raises(BadInput, match=name):
        read_folder(folder)
    (folder / name).symlink_to(folder.parent / f"{folder.name}-{name}")
    with pytest.raises(BadInput, match=name):
        read_folder(folder)


def test_a_card_that_is_no_text_or_too_long_is_refused(folder: Path) -> None:
    (folder / "card.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput):
        read_folder(folder)
    (folder / "card.toml").write_text("#" * 20_000)
    with pytest.raises(BadInput):
        read_folder(folder)
