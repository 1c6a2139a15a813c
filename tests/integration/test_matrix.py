"""Protects every route: who may call it is declared, and each cell of the matrix is tried.

Routes × (nobody, each role, each key scope, an allow-listed address), against the running
application. A route that does not declare who may call it cannot be made; one that is new here
is tried without anybody adding a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Match, Mount

from breakwater.model.access import MACHINE_SCOPES, Permission, Role
from breakwater.model.ids import new_id
from breakwater.web.gate import BY_ADDRESS, GatedRoute, Router
from breakwater.web.need import Need, anyone, needs
from tests.builders_feeds import Hub, key_of
from tests.integration.served import Served, serving

SAFE = {"GET", "HEAD"}
OF_MEMBERS = frozenset({
    Permission.HUB_PULL, Permission.HUB_GIVE, Permission.LINK_DECONFLICT,
})  # fmt: skip
"""Scopes that are for keys of the hub's members."""
NEVER_ENDS = {"/events"}
"""An event stream answers for ever: its cells are tried, its body is not read."""
FILLED = {
    "id": new_id(), "name": "NO_SUCH_BANK", "number": "4000000000", "token": "x" * 43,
    "digest": "0", "path": "x", "content_id": "4000000000",
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("matrix")) as running:
        yield running


@dataclass(frozen=True)
class Cell:
    """One route by one caller."""

    method: str
    path: str
    need: Need
    caller: str
    permissions: frozenset[Permission]

    @property
    def expected(self) -> str:
        """`in`, `401` or `403`."""
        if self.need.anyone:
            return "in"
        if self.caller == "nobody":
            return "401"
        if self.need.signed_in:
            return "in" if self.caller.startswith("role ") else "403"
        if self.need.known:
            return "in"
        return "in" if self.need.permission in self.permissions else "403"


def routes(api: FastAPI) -> list[GatedRoute]:
    found = [route for route in api.router.routes if isinstance(route, GatedRoute)]
    assert len(found) > 40
    return found


def filled(route: GatedRoute) -> str:
    path = route.path
    for name in route.param_convertors:
        path = path.replace("{" + name + "}", FILLED.get(name, "1"))
        path = path.replace("{" + name + ":path}", FILLED.get(name, "x"))
    return path


def cells(api: FastAPI, caller: str, permissions: frozenset[Permission]) -> list[Cell]:
    return [
        Cell(method, filled(route), route.need, caller, permissions)
        for route in routes(api)
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def outcome(client: httpx.Client, cell: Cell) -> str:
    """`in` when the gate let it through, whatever the handler then said of nonsense."""
    body: dict[str, Any] = {} if cell.method in SAFE else {"json": {}}
    with client.stream(cell.method, cell.path, **body) as response:
        if response.status_code not in {401, 403}:
            assert response.status_code < 500 or cell.path == "/ready", cell
            return "in"
        response.read()
    if response.headers["content-type"] != "application/problem+json":
        return "in"
    code = response.json()["code"]
    return {"not_authenticated": "401", "not_allowed": "403"}.get(code, "in")


def wrong(client: httpx.Client, tried: list[Cell]) -> list[tuple[str, str, str, str]]:
    found = [(cell, outcome(client, cell)) for cell in tried if cell.path not in NEVER_ENDS]
    return [(c.method, c.path, c.expected, got) for c, got in found if got != c.expected]


def test_every_route_is_behind_the_gate(served: Served) -> None:
    """Nothing is mounted beside it: no documentation pages, no static mounts, no sub-apps."""
    loose = [r for r in served.api.router.routes if not isinstance(r, GatedRoute)]
    assert loose == []


def test_a_route_without_a_declaration_cannot_be_made() -> None:
    router = Router()
    with pytest.raises(TypeError, match="does not declare"):

        @router.get("/loose")
        def loose() -> None: ...


def test_who_needs_nobody_says_why(served: Served) -> None:
    for route in routes(served.api):
        if route.need.anyone or route.need.signed_in or route.need.known:
            assert len(route.need.why) > 10, route.path


def test_nothing_works_for_nobody_but_health_and_the_door(served: Served) -> None:
    open_paths = {route.path for route in routes(served.api) if route.need.anyone}
    doors = {"/health", "/ready"}
    assert doors <= open_paths
    for path in open_paths - doors:
        public = (
            "/v1/session/",
            "/login",
            "/static/",
            "/v1/hooks/",
            "/v1/own-pictures",
            "/own-picture",
            "/portal",
        )
        assert path.startswith(public), path


def test_nobody(served: Served) -> None:
    assert wrong(served.client(), cells(served.api, "nobody", frozenset())) == []


def test_the_same_where_the_door_for_own_pictures_is_open(tmp_path_factory) -> None:
    place = tmp_path_factory.mktemp("door")
    with serving(place, own_pictures=True, own_pictures_exit="about:blank") as opened:
        assert opened.client().get("/own-picture").status_code == 200
        asked = [(opened.client(), "nobody", frozenset[Permission]())]
        asked += [(opened.browser(role), f"role {role}", role.permissions) for role in Role]
        for scope in sorted(MACHINE_SCOPES - OF_MEMBERS):
            asked.append((opened.client(opened.key(scope.value)), scope.value, frozenset({scope})))
        for client, caller, may in asked:
            tried = [cell for cell in cells(opened.api, caller, may) if "own-picture" in cell.path]
            assert len(tried) > 4
            assert wrong(client, tried) == [], caller


def test_a_made_up_key_is_nobody(served: Served) -> None:
    client = served.client("bw_" + "0" * 32 + "_" + "A" * 43)
    assert client.get("/v1/banks").status_code == 401


@pytest.mark.parametrize("role", list(Role))
def test_each_role(served: Served, role: Role) -> None:
    tried = cells(served.api, f"role {role}", role.permissions)
    for cell in tried:  # each with a session of its own: some routes end it
        if cell.method == "DELETE" and cell.path == "/v1/session":
            assert outcome(served.browser(role), cell) == cell.expected
    kept = [c for c in tried if not ends_session(c)]
    assert wrong(served.browser(role), kept) == []


def ends_session(cell: Cell) -> bool:
    return cell.path in {"/v1/session", "/logout", "/login"} and cell.method != "GET"


@pytest.mark.parametrize("scope", sorted(MACHINE_SCOPES))
def test_each_scope(served: Served, scope: Permission) -> None:
    hubs = scope in OF_MEMBERS
    client = served.client(of_a_member(served, scope) if hubs else served.key(scope.value))
    assert wrong(client, cells(served.api, f"scope {scope}", frozenset({scope}))) == []


def of_a_member(served: Served, scope: Permission) -> str:
    """A key of the hub's: one that is no member's is let in and told that it is nobody's."""
    return key_of(served, Hub(served.app.db).member(f"A member for {scope}"), scope.value)


def test_a_role_without_csrf_changes_nothing(served: Served) -> None:
    browser = served.browser(*Role, csrf=False)
    for cell in cells(served.api, "role all", frozenset(Permission)):
        if cell.method in SAFE or cell.need.anyone:
            continue
        assert outcome(browser, cell) == "403", cell
    assert browser.get("/v1/banks").status_code == 200


def test_a_test_key_changes_nothing(served: Served) -> None:
    client = served.client(served.key(test=True))
    for cell in cells(served.api, "test key", MACHINE_SCOPES):
        if cell.method in SAFE or cell.need.anyone or cell.need.test_keys:
            continue
        assert outcome(client, cell) == "403", cell


def test_an_allow_listed_address_may_look_up_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with serving(tmp_path_factory.mktemp("address"), hma_networks="127.0.0.0/8") as running:
        client = running.client()
        for cell in cells(running.api, "address", BY_ADDRESS.permissions):
            if cell.need.anyone or cell.path in NEVER_ENDS:
                continue
            expected = cell.expected if cell.need.by_address else "401"
            assert outcome(client, cell) == expected, cell
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert client.get("/c/banks", headers=headers).status_code == 401
        rebound = {"Host": "evil.example:80"}
        assert client.get("/c/banks", headers=rebound).status_code == 401
        assert client.get("/c/banks").status_code == 200


def test_the_lists_of_routes_and_of_paths_agree(served: Served) -> None:
    """What the router matches first for a path is the route whose declaration was tried."""
    for route in routes(served.api):
        for method in (route.methods or set()) - {"HEAD"}:
            scope = {"type": "http", "method": method, "path": filled(route), "headers": []}
            assert first(served.api.router.routes, scope) is route, (method, route.path)


def first(candidates: list[BaseRoute], scope: dict[str, Any]) -> BaseRoute | None:
    for route in candidates:
        assert not isinstance(route, Mount)
        if route.matches(scope)[0] is Match.FULL:
            return route
    return None


def test_declarations_are_read_from_the_function_itself() -> None:
    @anyone("a reason that is long enough")
    def open_door() -> None: ...

    @needs(Permission.BANK_READ)
    def closed_door() -> None: ...

    router = Router()
    router.add_api_route("/open", open_door)
    router.add_api_route("/closed", closed_door)
    found = [route.need for route in router.routes if isinstance(route, GatedRoute)]
    assert [need.anyone for need in found] == [True, False]
