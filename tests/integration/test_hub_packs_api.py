"""`breakwater hub pack` and `unpack`: a list goes to an island as a file, and its word comes back."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from breakwater.model import hub_pack, segment_file
from breakwater.model.access import Permission
from breakwater.model.hub import Effect
from breakwater.model.hub_feed import Released
from breakwater.model.hub_pack import Pack, unsealed
from breakwater.records import audit
from tests.builders_feeds import Hub, rows
from tests.builders_hub import value
from tests.integration.served import OPERATOR, serving
from tests.integration.test_cli import Installation

MINE = Ed25519PrivateKey.generate()
MY_KEY = base64.b64encode(MINE.public_key().public_bytes_raw()).decode()
ISLAND = pyrage.x25519.Identity.generate()


def runs_it(served):
    """A client that runs the hub, as commands on the host do."""
    also = frozenset({Permission.HUB_WRITE})
    made = served.app.access.keys.create(OPERATOR, name="runs", scopes=["bank:write"], also=also)
    return served.client(made[1])


def held_after(held: dict[int, object], sealed: bytes) -> dict[int, object]:
    """What the island holds after it read a pack; its place is not looked at here."""
    found = dict(held)
    for one in segment_file.read(part_of(sealed, "entries.seg")).news():
        if isinstance(one, Released):
            found[one.number] = one.value
        else:
            found.pop(one.number, None)
    return found


def part_of(sealed: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(unsealed(sealed, str(ISLAND)))) as file:
        return file.read(name)


def reply(told: dict[str, str], **parts: object) -> bytes:
    """The island's first pack, to the hub whose pack said this of itself."""
    said = {f"{name}.json": json.dumps(one).encode() for name, one in parts.items()}
    pack = Pack(told["reader"], told["writer"], 0, 1, datetime.fromisoformat(told["at"]), said)
    return hub_pack.write(pack, MINE.sign)


@pytest.fixture
def served(tmp_path):
    with serving(tmp_path) as running:
        yield running


def test_a_pack_goes_out_by_the_api_and_a_withdrawal_releases_at_the_island(served) -> None:
    hub = Hub(served.app.db)
    hub.list()
    giver, island = hub.member("A hotline"), hub.member("An island", trusted=True)
    hub.rule(recipient=island.id)
    numbers = hub.give(giver, rows(4), category="A1")
    secret = hub.give(giver, rows(2, 50), category="secret")
    hub.rule(Effect.DENY, category="secret")
    client, path = runs_it(served), f"/v1/hub/members/{island.id}/packs"
    asked = {"keys": [str(ISLAND.to_public())]}
    first = client.post(path, json=asked)
    assert first.status_code == 200, first.text
    held = held_after({}, first.content)
    assert sorted(held) == numbers
    assert not set(secret) & set(held)
    assert int(first.headers["X-Hub-Rows"]) == len(numbers)
    hub.withdraw(numbers[0])
    then = client.post(path, json={**asked, "after": int(first.headers["X-Hub-Through"])})
    held = held_after(held, then.content)
    assert sorted(held) == numbers[1:]
    with served.app.db.read() as tx:
        assert [one.subject for one in audit.page(tx, action="hub.pack")] == [island.id] * 2


def test_what_is_wrong_with_a_pack_is_said(served) -> None:
    hub = Hub(served.app.db)
    hub.list()
    island = hub.member("An island")
    client, path = runs_it(served), f"/v1/hub/members/{island.id}/packs"
    asked = {"keys": [str(ISLAND.to_public())]}
    secret = client.post(path, json={"keys": [str(ISLAND)]})
    assert secret.status_code == 422, secret.text
    assert str(ISLAND) not in secret.text
    ahead = client.post(path, json={**asked, "after": 1 << 40})
    assert ahead.status_code == 422, ahead.text
    assert client.post(path, json={"keys": []}).status_code == 422
    for key in ("", "AAAA", "not base64"):
        refused = client.post(f"{path}/taken", params={"key": key}, content=b"x")
        assert refused.status_code == 422, refused.text
    assert served.client(served.key("bank:write")).post(path, json=asked).status_code == 403


@pytest.mark.parametrize("owned", [False, True], ids=["here", "owner"])
def test_the_commands_write_a_file_and_take_one(tmp_path: Path, *, owned: bool) -> None:
    here = Installation(tmp_path, ready=True)
    with ExitStack() as stack:
        if owned:
            server = here.serve()
            stack.callback(server.wait, timeout=30)
            stack.callback(server.terminate)
        for line in (
            ("bank", "create", "HARBOUR"), ("hub", "list", "share", "HARBOUR"),
            ("hub", "member", "add", "An island", "--trusted"),
            ("hub", "member", "key", "An island", "--give"),
        ):  # fmt: skip
            done = here.run(*line)
            assert done.code == 0, done.err
        file, public = tmp_path / "1.pack", str(ISLAND.to_public())
        line = ("hub", "pack", "An island", "--to", str(file), "--key", public)
        done = here.run(*line, "--json")
        assert done.code == 0, done.err
        assert done.json["rows"] == 0
        assert file.stat().st_mode & 0o777 == 0o600
        assert here.run(*line).code != 0  # never written over
        told = json.loads(part_of(file.read_bytes(), "pack.json"))
        given = [{"list": "HARBOUR", "md5": value("md5", 7), "category": "A"}]
        said = reply(told, given=given)
        carried, identity = tmp_path / "back.pack", tmp_path / "hub.age"
        carried.write_bytes(pyrage.encrypt(said, [ISLAND.to_public()]))
        identity.write_text(f"# created today\n# public key: {public}\n{ISLAND}\n")
        take = ("hub", "unpack", "An island", str(carried), "--key", MY_KEY)
        assert here.run(*take).code != 0  # still sealed
        done = here.run(*take, "--identity", str(identity), "--json")
        assert done.code == 0, done.err
        assert (done.json["upto"], done.json["given"]) == (1, 1)
        again = here.run(*take, "--identity", str(identity))
        assert again.code != 0
        assert "already" in again.err
