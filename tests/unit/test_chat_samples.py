"""The samples that the page on comments offers to try are of the forms that the commands read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from breakwater.comments.encoder import fit
from breakwater.comments.replay_file import read
from breakwater.comments.rows import read_rows, read_traffic
from breakwater.comments.train import refuse_overlap
from breakwater.recognition.onnx_file import inspect

EXAMPLES = Path(__file__).parents[2] / "docs/examples"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("samples") / "samples"
    for words in (
        ("chat_samples.py", made),
        ("letters_model.py", made / "rows.jsonl", made / "letters"),
    ):
        name, *rest = words
        subprocess.run([sys.executable, str(EXAMPLES / name), *map(str, rest)], check=True)
    return made


def test_traffic_streams_and_episodes_are_read(samples: Path) -> None:
    told = read_traffic(samples / "traffic.jsonl", "en", "shop")
    assert len(told) > 9_000
    held = read(samples / "streams.jsonl", samples / "episodes.jsonl")
    assert held.surrogate
    assert len(held.trials(own_traffic=True)) == 30
    assert {one.band for one in held.chats} == {"10-100"}


def test_rows_are_of_both_labels_and_both_files_share_no_group(samples: Path) -> None:
    parts = {name: read_rows(samples / f"{name}.jsonl") for name in ("rows", "held")}
    refuse_overlap(parts)
    for rows in parts.values():
        assert sum(row.label for row in rows) == 800
        assert len(rows) == 2_400


def test_the_encoder_has_the_form_that_the_page_says(samples: Path) -> None:
    body = (samples / "letters/model.onnx").read_bytes()
    facts = inspect(body)
    assert facts.shape == (1, 1, 38, 96)
    card = (samples / "letters/card.toml").read_text("utf-8")
    assert fit(card, "abcdefghijklmnopqrstuvwxyz0123456789 ").card.input.width == 96
