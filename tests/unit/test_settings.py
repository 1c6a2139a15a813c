"""Configuration: the environment wins, a fault names its variable, secrets do not print."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from breakwater import settings
from breakwater.errors import BadSettings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("BREAKWATER_"):
            monkeypatch.delenv(name)


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "breakwater.toml"
    file.write_text('port = 9000\nprivate_jurisdictions = ["GB", "US"]\n')
    monkeypatch.setenv("BREAKWATER_CONFIG", str(file))
    assert settings.load().port == 9000
    assert settings.load().private_jurisdictions == ("GB", "US")
    monkeypatch.setenv("BREAKWATER_PORT", "9001")
    assert settings.load().port == 9001


def test_lists_are_comma_separated_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BREAKWATER_OBJECT_HOSTS", "a.example, b.example,")
    assert settings.load().object_hosts == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "70000"), ("PORT", "many"), ("LOG_FORMAT", "xml"), ("MAX_PIXELS", "0")],
)
def test_a_wrong_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"BREAKWATER_{name}", value)
    with pytest.raises(BadSettings, match=f"BREAKWATER_{name}"):
        settings.load()


def test_an_unknown_name_in_the_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "breakwater.toml"
    file.write_text("prot = 9000\n")
    monkeypatch.setenv("BREAKWATER_CONFIG", str(file))
    with pytest.raises(BadSettings, match="PROT"):
        settings.load()


def test_a_missing_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BREAKWATER_CONFIG", str(tmp_path / "no.toml"))
    with pytest.raises(BadSettings):
        settings.load()


def test_secrets_do_not_print() -> None:
    found = settings.load(snapshot_secret="whsec_canary")
    assert "canary" not in repr(found)


def test_the_root_key_is_outside_the_data_directory(tmp_path: Path) -> None:
    found = settings.load(data_dir=tmp_path / "data")
    assert tmp_path not in found.root_key.parents
    assert found.checkpoints.parent == found.root_key.parent


def test_every_setting_says_what_it_is() -> None:
    for name, field in settings.Settings.model_fields.items():
        assert field.description, name
