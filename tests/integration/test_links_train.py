"""An operator's own vocabulary is learnt in the jail and read back whole."""

from __future__ import annotations

import shutil
from pathlib import Path

from typer import Typer
from typer.testing import CliRunner

from breakwater.cli.links_train import train_vocabulary
from breakwater.scenes.vocabulary import Vocabulary

DATA = Path(__file__).parent.parent / "data" / "images" / "bridge"


def test_words_are_learnt_from_files_and_what_cannot_be_read_is_counted(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("aaa-orig.jpg", "high-contrast.jpg", "sharpen-a-lot.jpg"):
        shutil.copy(DATA / name, pictures)
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    app = Typer()
    app.command()(train_vocabulary)
    out = tmp_path / "words"
    said = CliRunner().invoke(app, [str(pictures), "--out", str(out), "--words", "64"])
    assert said.exit_code == 0, said.output
    assert Vocabulary.parse(out.read_bytes()).words.shape == (64, 128)
    assert "3 frames" in said.output
    assert "1 files could not be read" in said.output
