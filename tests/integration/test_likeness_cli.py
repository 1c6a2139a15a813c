"""`breakwater likeness` and `doctor`: models are tried and listed, and what is off says why."""

from __future__ import annotations

from pathlib import Path

from tests import builders_likeness as made
from tests.integration.test_cli import Installation


def test_off_by_default(tmp_path: Path) -> None:
    here = Installation(tmp_path, ready=True)
    assert "Likenesses are off" in here.run("likeness", "list").err
    assert here.run("likeness", "check", "--json").json == {"models": []}
    found = {one["name"]: one for one in here.run("doctor", "--quick", "--json").json["checks"]}
    assert (found["likeness"]["state"], found["likeness"]["found"]) == ("ok", "off")


def test_whole_models_are_tried_and_others_say_why(tmp_path: Path) -> None:
    here = Installation(tmp_path, ready=True)
    models = made.folder(tmp_path / "models")
    here.environment["BREAKWATER_LIKENESS_DIR"] = str(models)
    assert here.run("likeness", "check").code == 0
    made.folder(models, "wrong", name="wrong", dim=47, grey=90)
    made.folder(models, "changed", name="changed", grey=80)
    (models / "changed" / "model.onnx").write_bytes(b"another")
    tried = here.run("likeness", "check", "--json")
    assert tried.code == 1
    fit = {one["name"]: one["fit"] for one in tried.json["models"]}
    assert fit == {"squares": True, "wrong": False, "changed": False}
    listed = here.run("likeness", "list", "--json").json
    assert {one["name"]: one["state"] for one in listed} == {
        "squares": "whole", "wrong": "whole", "changed": "off",
    }  # fmt: skip
    found = {one["name"]: one for one in here.run("doctor", "--quick", "--json").json["checks"]}
    assert found["likeness"]["state"] == "warn"
    assert "changed: " in str(found["likeness"])
