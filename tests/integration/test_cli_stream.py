"""`breakwater stream` in its own process and through a running server: found by label, confirmed."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from breakwater.cli import owner, remote
from tests.integration.test_cli import Installation


def test_a_broadcast_is_frozen_and_let_go_by_its_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = Installation(tmp_path, ready=True)
    monkeypatch.setattr(remote, "CONFIRMED_WITHIN_S", 0.2)  # no service answers here
    assert installation.run("stream", "list", "--json").json == []
    unknown = installation.run("stream", "freeze", "stream-001")
    assert (unknown.code, "label stream-001" in unknown.err) == (66, True), unknown.err
    server = installation.serve()
    with ExitStack() as stack:
        stack.callback(server.wait, timeout=30)
        stack.callback(server.terminate)
        found = owner.find(Path(installation.home) / "data" / "owner.json")
        assert found is not None
        key = {"Authorization": f"Bearer {found.key}"}
        api = stack.enter_context(httpx.Client(base_url=found.url, headers=key))
        begun = api.post("/v1/streams", json={"name": "own-1", "account": "acct-1"})
        assert begun.status_code == 201, begun.text
        (row,) = installation.run("stream", "list", "--json").json
        assert (row["label"], row["control"]) == ("stream-001", "open")
        frozen = installation.run("stream", "freeze", "stream-001", "--json")
        assert (frozen.code, frozen.json["control"]) == (1, "frozen"), frozen.err
        assert installation.run("stream", "cut", "stream-001").code == 65
        cut = installation.run("stream", "cut", "stream-001", "--broadcaster", "unknown", "--json")
        assert cut.json["orders"][-1]["to"] == "cut"
        again = api.post("/v1/streams", json={"name": "own-2", "account": "acct-1"})
        assert again.status_code == 403
        ended = api.post(f"/v1/streams/{row['id']}/events", json={"kind": "ended"})
        assert (ended.status_code, ended.json()["state"]) == (200, "ended"), ended.text
        assert installation.run("stream", "list", "--json").json == []
        (past,) = installation.run("stream", "list", "--all", "--json").json
        assert (past["label"], past["state"]) == ("stream-001", "ended")
        assert "ended" in installation.run("stream", "list", "--all").out
        child = ("--broadcaster", "apparent_child", "--json")
        said = installation.run("stream", "cut", "stream-001", *child)
        assert said.json["orders"][-1]["broadcaster"] == "apparent_child", said.err
        assert installation.run("stream", "freeze", "stream-002").code == 66
    let_go = installation.run("stream", "thaw", "stream-001", "--json")
    assert let_go.json["order_state"] == "confirmed", let_go.err
    assert let_go.json["control"] == "open"
    hidden = installation.run("stream", "hide", "stream-001")
    assert (hidden.code, "no service was told" in hidden.out) == (1, True), hidden.err
    (row,) = installation.run("stream", "list", "--all", "--json").json
    assert (row["control"], row["order_state"]) == ("hidden", "unconfirmed")
