"""`breakwater comments` as people type it: a model from rows, its card, a list checked without a term."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from breakwater.cli.comments import app
from breakwater.comments.lexicon import sealed
from breakwater.comments.model import load
from breakwater.errors import BadInput, BreakwaterError, Unfit

FRUIT, WOOD = (
    ("apple", "pear", "plum", "cherry", "grape"),
    ("table", "chair", "shelf", "desk", "bed"),
)
LIST = """\
version: 1
id: list-A
source: {owner: "somebody", licence: "ours"}
confidential: true
entries:
  - {t: "marmalade", id: a1}
"""
SAID = ["--licence", "ours", "--about", "fruit from furniture", "--name", "fruit-1"]


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, BreakwaterError):
        raise result.exception
    assert result.exit_code in {0, 65}, result.output
    return f"{result.exit_code}\n{result.output}"


def rows(path: Path, first: int, groups: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for group in range(first, first + groups):
            for n in range(30):
                words = FRUIT if n % 2 else WOOD
                text = f"{words[n % 5]} {words[n * group % 5]} {words[group % 5]} number {group * 31 + n}"
                held = {"text": text, "label": n % 2, "group": f"g{group}", "lang": "en"}
                file.write(json.dumps(held) + "\n")
    return path


def test_a_model_is_trained_and_its_card_is_shown(tmp_path) -> None:
    data = rows(tmp_path / "rows.jsonl", 0, 40)
    said = run("train", data, "--out", tmp_path / "made", "--surrogate", *SAID)
    assert "calibrated for en" in said
    assert "A surrogate" in said
    assert load(tmp_path / "made").score("a pear and a plum", "en").nats > 1
    card = json.loads(run("card", tmp_path / "made", "--json").partition("\n")[2])
    assert card["id"] == "fruit-1"
    assert card["use"] == "triage for human review only"
    assert card["data"][0]["name"] == "rows.jsonl"
    assert len(card["data"][0]["sha256"]) == 64


def test_a_test_file_of_other_groups_is_measured_and_one_of_the_same_is_refused(tmp_path) -> None:
    data = rows(tmp_path / "rows.jsonl", 0, 30)
    other = rows(tmp_path / "other.jsonl", 30, 8)
    same = rows(tmp_path / "same.jsonl", 29, 8)
    said = run("train", data, "--out", tmp_path / "made", "--test", other, "--json", *SAID)
    assert json.loads(said.splitlines()[-1])["card"]["splits"]["test"]["groups"] == 8
    with pytest.raises(BadInput, match="share 1 of"):
        run("train", data, "--out", tmp_path / "never", "--test", same, *SAID)
    assert not (tmp_path / "never").exists()


def test_without_a_folder_the_shipped_models_card_is_shown() -> None:
    assert "surrogate: true" in run("card")


def test_a_list_is_checked_and_no_term_is_printed(tmp_path) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(LIST, "utf-8")
    with pytest.raises(Unfit):
        run("lexicon-check", path)
    path.chmod(0o600)
    assert run("lexicon-check", path).startswith("0\n")
    ordinary = tmp_path / "ordinary.txt.gz"
    ordinary.write_bytes(gzip.compress(b"# a licence\nmore marmalade\nmarmalade again\nno\n"))
    said = run("lexicon-check", path, "--ordinary", ordinary)
    assert said.startswith("65\n")
    assert "a1 stands in 2 of 3 ordinary messages" in said
    assert "marmalade" not in said
    found = json.loads(
        run("lexicon-check", path, "--ordinary", ordinary, "--json").partition("\n")[2]
    )
    assert found["findings"] == [{"entry": "a1", "what": "stands in 2 of 3 ordinary messages"}]


def test_a_sealed_list_needs_its_key_from_a_private_file(tmp_path) -> None:
    key, path = tmp_path / "key", tmp_path / "list.yaml"
    key.write_bytes(b"0123456789abcdef0123456789abcdef\n")
    path.write_text(
        LIST + f'  - {{h: "{sealed("teapot", key.read_bytes().strip())}", id: a2}}\n', "utf-8"
    )
    path.chmod(0o600)
    with pytest.raises(BadInput, match="no key"):
        run("lexicon-check", path)
    key.chmod(0o640)
    with pytest.raises(Unfit):
        run("lexicon-check", path, "--key", key)
    key.chmod(0o600)
    assert "2 entries" in run("lexicon-check", path, "--key", key)


def test_the_program_knows_the_group_and_a_fault_is_one_line(tmp_path) -> None:
    asked = [sys.executable, "-m", "breakwater", "comments", "card", str(tmp_path / "nothing")]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 66
    assert "not a folder with a model package" in done.stderr
    assert "Traceback" not in done.stderr


def test_augmented_training_says_so_in_the_card(tmp_path) -> None:
    data = rows(tmp_path / "rows.jsonl", 0, 30)
    said = run("train", data, "--out", tmp_path / "made", "--augment", "--json", *SAID)
    learned = json.loads(said.splitlines()[-1])["card"]["splits"]["disguises_learned"]
    assert len(learned) == 12
    assert "parted" not in learned
