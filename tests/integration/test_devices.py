"""Protects pictures from leaving the room: workstations get them, telephones and strangers do not.

Over real HTTP; a stranger is a request under another name than this machine's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from breakwater.errors import NotAllowed, NotFound
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.ids import new_id
from breakwater.records import audit
from breakwater.web.gate import GatedRoute
from breakwater.web.workstation import _at
from tests.integration.served import Served, serving

OUTSIDE = {"Host": "safety.example", "Sec-Fetch-Site": "same-origin"}
LOOK = {"case": new_id(), "item": new_id(), "frame": 0, "level": "s3", "reason": "review"}
PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("devices")) as running:
        yield running


def code_of(client: httpx.Client, **headers: str) -> str:
    """How `POST /views` of a case that is not there is answered."""
    answer = client.post("/views", json=LOOK, headers=headers)
    told: dict[str, Any] = answer.json()
    return str(told["code"])


def administrator(served: Served) -> Principal:
    made = served.person(Role.ADMIN)
    return Principal(made.id, made.name, Role.ADMIN.permissions, person=made.id)


def test_this_machine_is_a_workstation_and_one_behind_a_name_or_proxy_is_not(served):
    reviewer = served.browser(Role.REVIEWER)
    assert code_of(reviewer) == "not_found"  # it got as far as the case
    assert code_of(reviewer, **OUTSIDE) == "not_a_workstation"
    for name in ("X-Forwarded-For", "Forwarded", "Via"):
        assert code_of(reviewer, **{name: "198.51.100.7"}) == "not_a_workstation"


@pytest.mark.parametrize(
    "chosen", [{"public_url": "https://safety.example"}, {"trusted_proxies": "127.0.0.1/32"}]
)
def test_where_others_come_by_name_or_proxy_not_even_this_machine_is_taken_on_trust(
    tmp_path_factory, chosen
):
    with serving(tmp_path_factory.mktemp("named"), **chosen) as running:
        assert code_of(running.browser(Role.REVIEWER)) == "not_a_workstation"


@pytest.mark.parametrize(
    "said",
    [{"User-Agent": PHONE}, {"Sec-CH-UA-Mobile": "?1"}, {"X-Screen-Width": "390"}],
    ids=["name", "hint", "width"],
)
def test_a_telephone_gets_words_only_even_an_enrolled_one(served, said):
    reviewer = served.browser(Role.REVIEWER)
    _, token = served.app.review.devices.enrol_here(administrator(served), "A telephone")
    reviewer.cookies.set("breakwater-workstation", token)
    assert code_of(reviewer, **said) == "not_a_workstation"
    assert reviewer.get("/queue", headers=said).status_code == 200
    assert code_of(reviewer, **{"X-Screen-Width": "1440"}) == "not_found"


def test_a_code_enrols_one_machine_once_and_pictures_stop_when_it_is_removed(served):
    admin = served.browser(Role.ADMIN)
    made = admin.post("/v1/devices/codes", json={"name": "Desk 4"})
    assert made.status_code == 201
    code = made.json()["code"]
    reviewer = served.browser(Role.REVIEWER)
    form = {"csrf": reviewer.headers["X-CSRF-Token"], "code": code.lower().replace("-", " ")}
    entered = reviewer.post("/workstations/enrol", data=form)
    assert entered.status_code == 303
    cookie = entered.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert code_of(reviewer, **OUTSIDE) == "not_found"
    again = served.browser(Role.REVIEWER)
    form["csrf"] = again.headers["X-CSRF-Token"]
    assert again.post("/workstations/enrol", data=form).status_code == 404
    assert code_of(again, **OUTSIDE) == "not_a_workstation"
    (device,) = [d for d in admin.get("/v1/devices").json()["devices"] if d["name"] == "Desk 4"]
    assert device["way"] == "code"
    assert device["seen_at"] is not None
    assert admin.delete(f"/v1/devices/{device['id']}").status_code == 200
    assert code_of(reviewer, **OUTSIDE) == "not_a_workstation"


def test_an_administrator_enrols_the_machine_they_sit_at_with_one_click(served):
    admin = served.browser(Role.ADMIN)
    form = {"csrf": admin.headers["X-CSRF-Token"], "name": "Control room"}
    assert admin.post("/workstations/here", data=form).status_code == 303
    assert "Control room" in admin.get("/workstations", headers=OUTSIDE).text
    reviewer = served.browser(Role.REVIEWER)
    reviewer.cookies.update({"breakwater-workstation": admin.cookies["breakwater-workstation"]})
    assert code_of(reviewer, **OUTSIDE) == "not_found"


def test_nobody_else_makes_codes_and_wrong_ones_say_nothing(served):
    devices = served.app.review.devices
    reviewer = Principal(new_id(), "R", Role.REVIEWER.permissions, person=new_id())
    for act in (devices.code, devices.enrol_here):
        with pytest.raises(NotAllowed):
            act(reviewer, "Mine")
    with pytest.raises(NotFound):
        devices.enrol(reviewer, "AAAAA-AAAAA")


def test_each_step_stands_in_the_audit_log_and_no_secret_does(served):
    admin = administrator(served)
    code = served.app.review.devices.code(admin, "Desk 9")
    device, token = served.app.review.devices.enrol(admin, code)
    served.app.review.devices.remove(admin, device.id)
    with served.app.db.read() as tx:
        rows = audit.page(tx, actor=admin.id)
    assert [row.action for row in rows] == ["device.remove", "device.enrol", "device.code"]
    assert not any(secret in str(rows) for secret in (code, token))


def test_every_route_that_shows_media_takes_a_workstation(served):
    """A new one that forgets it fails here."""
    showing = {
        route.path
        for route in served.api.router.routes
        if isinstance(route, GatedRoute)
        and "POST" in (route.methods or set())
        and route.need.permission in {Permission.MEDIA_VIEW, Permission.MEDIA_COLOUR}
        and not route.path.endswith("/end")
    }
    assert {"/views", "/stills"} <= showing
    assert {path for path in showing if not asks(served, path)} == set()


def asks(served: Served, path: str) -> bool:
    (route,) = [r for r in served.api.router.routes if isinstance(r, APIRoute) and r.path == path]
    return any(need.call is _at for need in route.dependant.dependencies)
