"""Commands that write a file say what is wrong with its place, in words and before any work."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from breakwater.cli import exchange_packs, hub_packs, links_train, report
from breakwater.errors import BadInput

LINES = {
    "hub pack": (hub_packs.pack, ["reed", "--to", "{to}", "--key", "age1"]),
    "exchange give-pack": (exchange_packs.give_pack, ["hub", "--to", "{to}"]),
    "train": (links_train.train_vocabulary, [".", "--out", "{to}"]),
    "schema": (report.status, ["--schema", "{to}"]),
}


def ran(command, words: list[str]) -> BaseException | None:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, words).exception


@pytest.mark.parametrize("name", LINES)
def test_a_folder_that_is_not_there_is_said_before_anything_is_done(tmp_path: Path, name) -> None:
    command, words = LINES[name]
    to = tmp_path / "nowhere" / "out.bin"
    error = ran(command, [one.replace("{to}", str(to)) for one in words])
    assert isinstance(error, BadInput), error
    assert "There is no folder" in error.detail
    assert not to.parent.exists()


def test_examples_cannot_be_written_into_a_file(tmp_path: Path) -> None:
    file = tmp_path / "taken"
    file.write_text("kept")
    words = ["--count", "1", "--seed", "1", "--out", str(file)]
    error = ran(report.example, words)
    assert isinstance(error, BadInput), error
    assert "cannot be written" in error.detail
    assert file.read_text() == "kept"
