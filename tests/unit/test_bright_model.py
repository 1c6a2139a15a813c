"""The model that the page on classifiers offers to try with tells bright pictures from dark ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from breakwater.classifiers.folder import read_folder
from breakwater.recognition.onnx_file import inspect

EXAMPLE = Path(__file__).parents[2] / "docs/examples/bright_model.py"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("example") / "bright"
    subprocess.run([sys.executable, str(EXAMPLE), str(made)], check=True)
    return made


def test_its_folder_is_taken_and_its_form_is_what_the_page_says(folder: Path) -> None:
    card, _ = read_folder(folder)
    assert 'id = "bright"' in card
    body = (folder / "model.onnx").read_bytes()
    facts = inspect(body)
    assert (len(body), facts.opset, facts.shape) == (241, 13, (1, 3, 224, 224))
    assert tuple(facts.outputs) == ("probability",)


@pytest.mark.parametrize(("level", "least", "most"), [(0, 0, 0.1), (128, 0.4, 0.6), (255, 0.9, 1)])
def test_it_says_how_bright_a_picture_is(
    folder: Path, level: int, least: float, most: float
) -> None:
    net = cv2.dnn.readNetFromONNX(str(folder / "model.onnx"))
    picture = (np.full((1, 224, 224, 3), level / 255, np.float32) - MEAN) / STD
    net.setInput(picture.transpose(0, 3, 1, 2).astype(np.float32))
    assert least <= float(net.forward()[0, 0]) <= most
