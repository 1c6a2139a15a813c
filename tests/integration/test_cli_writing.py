"""Commands that write a file say what is wrong with its place, in words and before any work."""

from __future__ import annotations

import subprocess
import sys
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


FULL = """
import resource, signal, sys
from pathlib import Path
from breakwater.cli.writing import written
from breakwater.errors import BadInput

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    written([b"x" * 600, b"y" * 600], Path(sys.argv[1]))
except BadInput as error:
    print(error.detail)
"""


@pytest.mark.parametrize("before", [None, b"older"])
def test_what_does_not_fit_leaves_what_was_there_and_says_what_to_do(
    tmp_path: Path, before
) -> None:
    """A real limit of the kernel stands for a full disk."""
    to = tmp_path / "pack"
    if before is not None:
        to.write_bytes(before)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(to)], check=True, capture_output=True, text=True
    )
    assert "cannot be written" in done.stdout
    assert "Make room" in done.stdout
    assert [one.read_bytes() for one in tmp_path.iterdir()] == ([] if before is None else [before])
