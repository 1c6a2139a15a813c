"""`breakwater privacy` on an installation, and the same over HTTP: inventory, export, erase."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from breakwater.app import build
from breakwater.cli import program
from breakwater.errors import BadInput
from breakwater.model.access import Role
from breakwater.records import accounts
from breakwater.settings import load
from tests.integration.installed import installed
from tests.integration.served import OPERATOR, serving

SAID = ["--service", "clips", "--reason", "They asked on 3 March.", "--signed-by", "Ada"]


def run(*words: str) -> dict:
    done = CliRunner().invoke(program, ["privacy", *words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "keys").mkdir()
    monkeypatch.setenv("BREAKWATER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("BREAKWATER_ROOT_KEY_FILE", str(tmp_path / "keys" / "root.key"))
    monkeypatch.setenv("BREAKWATER_AUDIT_DIR", str(tmp_path / "checkpoints"))
    installed(load())
    app = build(load(), decode=False)
    app.access.people.create("Ada", [Role.REPORT_OFFICER], OPERATOR)
    with app.db.transaction() as tx:
        accounts.put(tx, "clips", "heron", {"emails": ["heron@a.example"]}, taken_at=tx.now)
    app.close()
    return tmp_path


def test_commands_list_give_out_and_erase(place: Path) -> None:
    columns = run("inventory", "--holds", "identity")["columns"]
    assert {"account_snapshots", "uploads"} <= {one["table"] for one in columns}
    assert all(one["sealed"] for one in columns)
    target = place / "heron.json"
    made = run("export-subject", "heron", "--to", str(target), *SAID)
    assert (made["given"], made["exempt"]) == (1, [])
    (row,) = json.loads(target.read_text())
    assert row["facts"]["told"] == {"emails": ["heron@a.example"]}
    assert target.stat().st_mode & 0o777 == 0o600
    for to, why in ((target, "exists already"), (place / "none" / "heron.json", "no folder")):
        with pytest.raises(BadInput, match=why):
            run("export-subject", "heron", "--to", str(to), *SAID)
    assert json.loads(target.read_text()) == [row], "what stood there is untouched"
    done = run("erase", "heron", *SAID)
    assert (done["done"], done["gone"]) == (False, {})
    assert [one["stays"] for one in done["stays"]] == ["accountable"]


def test_http_gives_out_to_officers_alone(tmp_path: Path) -> None:
    asked = {"service": "clips", "account": "heron", "reason": "They asked."}
    with serving(tmp_path) as served:
        with served.app.db.transaction() as tx:
            accounts.put(tx, "clips", "heron", {"emails": ["h@a.example"]}, taken_at=tx.now)
        officer, admin = served.browser(Role.REPORT_OFFICER), served.browser(Role.ADMIN)
        assert len(admin.get("/v1/privacy/inventory").json()["columns"]) > 500
        assert admin.post("/v1/privacy/exports", json=asked).status_code == 403
        found = officer.post("/v1/privacy/exports", json=asked).json()
        assert [one["table"] for one in found["given"]] == ["account_snapshots"]
        signed = officer.post("/v1/privacy/exports", json=asked, params={"signed_by": "Ada"})
        assert signed.status_code == 403, "only a command signs in another's name"
        done = officer.post("/v1/privacy/erasures", json=asked | {"really": True}).json()
        assert (done["done"], done["gone"]) == (True, {})
