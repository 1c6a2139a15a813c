"""`breakwater classifier` in its own process and through a running server."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.builders_onnx import brightness, card
from tests.integration.test_cli import Installation


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "bright"
    found.mkdir()
    (found / "model.onnx").write_bytes(brightness())
    (found / "card.toml").write_text(card(brightness()))
    return found


@pytest.mark.parametrize("served", [False, True], ids=["here", "owner"])
def test_a_folder_is_added_tried_switched_and_removed(
    tmp_path: Path, folder: Path, *, served: bool
) -> None:
    here = Installation(tmp_path, ready=True)
    here.environment["BREAKWATER_CLASSIFIERS"] = "true"
    with ExitStack() as stack:
        if served:
            server = here.serve()
            stack.callback(server.wait, timeout=30)
            stack.callback(server.terminate)
        added = here.run("classifier", "add", str(folder), "--json")
        assert added.code == 0, added.err
        assert (added.json["name"], added.json["state"]) == ("bright", "on")
        again = here.run("classifier", "add", str(folder))
        assert again.code != 0
        assert "Version 1 of bright was added before" in again.err
        checked = here.run("classifier", "check", "bright")
        assert checked.code == 0
        assert "It can be used" in checked.out
        assert here.run("classifier", "off", "bright", "--json").json["state"] == "off"
        (listed,) = here.run("classifier", "list", "--json").json
        assert (listed["name"], listed["state"], listed["trouble"]) == ("bright", "off", "")
        assert here.run("classifier", "on", "bright").code == 0
        watchers = here.run("stream", "watchers", "--json")
        assert watchers.json == {"watchers": [], "unplaced": 0}
        assert here.run("classifier", "remove", "bright").code == 0
        assert here.run("classifier", "list", "--json").json == []
        assert here.run("classifier", "check", "bright").code != 0
        (folder / "weights.pkl").write_bytes(b"x")
        stray = here.run("classifier", "add", str(folder))
        assert stray.code != 0
        assert "weights.pkl" in stray.err
