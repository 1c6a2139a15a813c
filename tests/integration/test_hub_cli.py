"""`breakwater hub`: members, keys, lists, rules and the simulator, without and with a server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from breakwater.cli.hubs import CALLS, HereHub, OwnerHub
from breakwater.cli.owner import Owner
from breakwater.cli.remote import OwnerDesk
from breakwater.errors import BadInput, NotFound
from breakwater.hub.clients import lines
from breakwater.model.access import Permission
from breakwater.records import banks
from tests.integration.served import OPERATOR, Served, serving


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    with serving(tmp_path) as running:
        yield running


class Here(HereHub):
    def __init__(self, served: Served) -> None:
        self._app = served.app


def desks(served: Served) -> list[HereHub | OwnerHub]:
    """In this process, and through the owner with the key of its run."""
    also = frozenset({Permission.HUB_READ, Permission.HUB_WRITE})
    _, token = served.app.access.keys.create(
        OPERATOR, name="local commands", scopes=["bank:write"], also=also
    )
    return [Here(served), OwnerDesk(Owner(served.url, token))]


def test_both_desks_run_the_hub_alike(served) -> None:
    with served.app.db.transaction() as tx:
        banks.create(tx, name="HARBOUR")
    said = []
    for at, desk in enumerate(desks(served)):
        name = f"Cove {at}"
        made = desk.hub("take_in", body={"name": name, "country": "DE"})
        key = desk.hub("give_key", made["id"], {"name": "feed"})
        assert served.client(key["token"]).get("/v1/hub/self").json()["member"]["name"] == name
        assert desk.hub("share", "HARBOUR", {})["name"] == "HARBOUR"
        waits = desk.hub("add_rule", body={"recipient": made["id"], "reason": "by agreement"})
        assert waits["rule"] is None
        stands = desk.hub("add_rule", body={"effect": "deny", "category": "B1", "reason": "no"})
        assert stands["waits"] is None
        found = desk.hub("simulate", body={"member": made["id"]})
        assert (found["released"], found["lines"]) == (0, [])
        assert desk.hub("change", made["id"], {"state": "suspended"})["state"] == "suspended"
        assert desk.hub("revoke_key", key["key"]["id"])["revoked_at"]
        for call, of in (("publish", "7"), ("member", "x"), ("unshare", "NO")):
            with pytest.raises(NotFound):
                desk.hub(call, of, {"reason": "because"} if call == "publish" else None)
        with pytest.raises(BadInput):
            desk.hub("take_in", body={"name": ""})
        said.append({name: sorted(desk.hub(name)) for name in ("members", "rules", "health")})
        assert len(desk.hub("rules")["waiting"]) == at + 1
    assert said[0] == said[1]


def test_no_command_agrees_as_the_second_person() -> None:
    assert not [one for one in CALLS.values() if "confirm" in one.path]


def test_lines_to_copy_hold_where_the_hub_is_and_the_key() -> None:
    said = {one.client: "\n".join(one.lines) for one in lines("https://hub.example/", "bw_x_y", ["A"])}  # fmt: skip
    assert set(said) == {"breakwater", "threatexchange (Python)", "curl"}
    for words in said.values():
        assert "https://hub.example" in words
        assert ("/hub/A" in words) == (words is not said["breakwater"])
        assert "bw_x_y" in words
