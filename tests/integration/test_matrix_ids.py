"""Protects what is named in a path: another's, a missing one and one of another kind.

Each route with an id × {missing, swapped}: found here by itself, called by whoever has the
permission, with a body that the route takes; the answer must be "not found" and nothing else.
What takes any name is listed with its reason. Own and another's: `test_matrix_owners.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.schemas import OpenApiSchema

from breakwater.model.access import MACHINE_SCOPES, Permission, Role
from breakwater.model.ids import new_id
from breakwater.web.gate import GatedRoute
from tests.integration import matrix_hub as hub
from tests.integration.conftest import photo
from tests.integration.matrix_filing import CALL, simple_report
from tests.integration.served import OPERATOR, Served, serving
from tests.integration.test_matrix import routes

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
schemathesis.serializer.alias("text/csv", "application/octet-stream")
schemathesis.serializer.alias("application/x-ndjson", "application/json")

TRIES: Final = 12
"""Bodies made for one route until one is taken; most are at the first."""

ANY_NAME: Final = {
    "/v1/test-files/{name}": "names of files in the program, not of rows",
    "/v1/accounts/{id}": "a service's own name of an account; telling of a new one makes it",
    "/static/{digest}/{name:path}": "files of the program",
    "/login/{token}": "a secret, not an id",
    "/v1/hooks/{token}/rtmp": "a secret, not an id",
    "/v1/hooks/{token}/hls": "a secret, not an id",
    "/v1/hooks/{token}/events": "a secret, not an id",
    "/v1/hooks/{token}/mediamtx": "a secret, not an id",
    "/v1/hooks/{token}/owncast": "a secret, not an id",
    "/v1/conversations/{reference}/messages": "a service's own name; the first message begins it",
    "/v1/conversations/{reference}/reports": "a service's own name; a report begins it",
    "/v1/hub/lists/{name}/entries": "who gives is a member's key, and what it names is open: test_hub_giving.py",
    "/v1/hub/lists/{name}/take-back": "who takes back is a member's key: test_hub_giving.py",
    "/v1/hub/lists/{name}/imports": "who gives is a member's key, and what it names is open: test_hub_giving.py",
    "/v1/hub/lists/{name}/imports/{number}": "a list and a member, named by who runs the hub: test_hub_giving.py",
    "/v1/hub/segments/{name}": "a member's view decides whatever is named: test_hub_feed.py, test_hub_ncmec.py",
    "/hub/{name}/v2/status": "a member's view decides whatever is named: test_hub_feed.py, test_hub_ncmec.py",
    "/hub/{name}/v2/members": "a member's view decides whatever is named: test_hub_feed.py, test_hub_ncmec.py",
    "/hub/{name}/v2/entries": "a member's view decides whatever is named: test_hub_feed.py, test_hub_ncmec.py",
    "/hub/{name}/v2/categorizations": "a member's view decides whatever is named: test_hub_feed.py, test_hub_ncmec.py",
    "/hub/{name}/v2/feedback/{kind}/reasons": "a member's view decides whatever is named: test_hub_feed.py, test_hub_ncmec.py",
    "/hub/{name}/v2/entries/{member}/{entry}/{kind}/feedback": "a member's view decides whatever is named: test_hub_feed.py, test_hub_ncmec.py",
}
"""Routes whose path names no row of ours, and why."""

FORMS: Final[dict[str, dict[str, Any]]] = {
    "/views/{view}/end": {"json": {"ms": 5}},
    "/cases/{case}/decide": {"data": {"kind": "escalate", "reason": "because", "version": "1"}},
    "/v1/hub/members/{id}/packs": hub.PACK,
    "/v1/hub/members/{id}/packs/taken": hub.REPLY,
    "/v1/exchanges/{name}/packs": {"json": {"given": []}},
    "/v1/exchanges/{name}/packs/taken": {"content": b"no pack"},
    "/cases/{case}/chat/orders": {"data": {"to": "slow"}},
    "/cases/{case}/chat/released": {"data": {"comment": str(new_id())}},
    "/cases/{case}/chat/labels": {"data": {"comment": str(new_id()), "found": "true"}},
    "/live/{label}/chat": {"data": {"to": "slow"}},
    "/cases/{case}/report": {"data": {"to": "renew"}},
    "/cases/{case}/danger": {"data": {"role": "unknown"}},
    "/cases/{case}/danger/calls": CALL,
    "/cases/{case}/hold/acts": {"data": {"to": "confirm", "hold": str(new_id())}},
    "/hub/feeds/{name}": {"data": {"to": "pull"}},
    "/cases/{case}/package/acts": {"data": {"to": "refuse"}},
    "/cases/{case}/vics": {"data": {"context": "US", "reference": "K 1", "country": "GB"}},
    "/cases/{case}/vics/acts": {"data": {"to": "refuse"}},
    "/v1/cases/{id}/vics": {"json": {"context": "US", "reference": "K 1", "country": "GB"}},
    "/requests/{number}": {"data": {"to": "note", "words": "because"}},
    "/v1/requests/{id}/steps": {"json": {"to": "note", "words": "because"}},
    "/cases/{case}/acts": {"data": {"kind": "hide", "reason": "because"}},
    "/cases/{case}/refer": {"data": {"recipient": "A hotline"}},
    "/cases/{case}/viewers/spans": {
        "data": {
            "stream": str(new_id()),
            "start": "2026-01-01T00:00:00",
            "end": "2026-01-01T00:01:00",
            "reason": "because",
        }
    },
    "/sanctions/{sanction}/release": {"data": {"reason": "because"}},
    "/sanctions/registrations/{registration}/wrong": {"data": {"reason": "because"}},
    "/v1/filings/{id}/report": {"json": {"report": simple_report().plain()}},
    "/v1/cases/{id}/viewers/spans": {
        "json": {"stream": str(new_id()), "spans": [], "reason": "because"}
    },
    "/v1/cases/{id}/viewers/packs": {"json": {"countries": ["GB"], "reason": "because"}},
    "/v1/viewers/imports/{id}/sessions": {"json": {"before": 0, "to": 9}},
    "/spots/{id}": {"data": {"answer": "case"}},
    "/v1/spot-checks/{id}/answer": {"json": {"answer": "case"}},
    "/grade/sets/{number}/first": {"data": {"look-1": "full_facts"}},
    "/grade/sets/{number}/stack": {"data": {"leader": "1999999999", "near-1999999998": "same"}},
    "/v1/banks/{name}/entries": {"json": {"signals": [{"signal": f"pdq:{'0f' * 32}"}]}},
    "/v1/banks/{name}/imports": {"content": f"pdq\n{'0f' * 32}\n".encode()},
    "/c/bank/{name}/signal": {"json": {"pdq": "0f" * 32}},
    "/c/bank/{name}/content": {"files": {"photo": ("a.png", photo(3), "image/png")}},
    "/v1/grading/sets/{number}/first-pass": {"json": {"looks": {"1": "full_facts"}}},
}
"""Bodies that no description makes."""

FIELDS: Final = {
    "reason": "because", "note": "because", "words": "a comment", "decision": new_id(),
    "answer": "upheld", "mode": "shadow", "version": "1", "to": new_id(), "days": "30",
}  # fmt: skip
"""What stands in a form's field."""


@dataclass(frozen=True)
class Site:
    """A served installation, its schema, and callers that may do everything."""

    served: Served
    schema: OpenApiSchema
    people: dict[Role, httpx.Client]
    machine: httpx.Client
    desk: httpx.Client

    def caller(self, route: GatedRoute) -> httpx.Client:
        """Somebody whom the gate lets in: one role only, for some roles exclude another."""
        wanted = route.need.permission
        for role, browser in self.people.items():
            if wanted is None or wanted in role.permissions:
                return browser
        return self.machine if wanted in MACHINE_SCOPES else self.desk


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("ids"), max_wait_ms=1000) as running:
        schema = schemathesis.openapi.from_dict(running.api.openapi())
        schema.config.generation.update(modes=[GenerationMode.POSITIVE])
        _, desk = running.app.access.keys.create(
            OPERATOR, name="desk", scopes=["bank:read"], also=frozenset({Permission.DESK_SIGN})
        )
        yield Site(
            running, schema, {role: running.browser(role) for role in Role},
            running.client(running.key()), running.client(desk),
        )  # fmt: skip


def with_ids(site: Site) -> list[tuple[str, GatedRoute]]:
    return [
        (method, route)
        for route in routes(site.served.api)
        if route.param_convertors and route.path not in ANY_NAME
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def missing(name: str, route: GatedRoute) -> str:
    """An id as the route takes it, of nothing."""
    if name == "name" and "bank" in route.path:
        return "NO_SUCH_BANK"
    return "2000000000" if numbered(name, route) else new_id()


def numbered(name: str, route: GatedRoute) -> bool:
    """Whether the parameter is a number by its declared type."""
    fields = {field.name: field for field in route.dependant.path_params}
    return fields[name].field_info.annotation is int if name in fields else False


def test_a_missing_id_is_not_found(site: Site) -> None:
    wrong = [
        (method, route.path, sorted(seen))
        for method, route in with_ids(site)
        if (seen := answers(site, method, route, {n: missing(n, route) for n in names(route)}))
        != {404}
    ]
    assert not wrong, wrong


def test_an_id_of_another_kind_is_not_found(site: Site) -> None:
    """A real id in the wrong place: of a person, and for people of a key."""
    person = site.served.person(Role.REVIEWER).id
    key, _ = site.served.app.access.keys.create(OPERATOR, name="swap", scopes=["bank:read"])
    wrong = []
    for method, route in with_ids(site):
        if any(numbered(name, route) for name in names(route)):
            continue  # one kind's number is another's too: there is no number of another kind
        other = key.id if "people" in route.path or "{person}" in route.path else person
        ids = {
            name: "PDQ" if name == "name" and "bank" in route.path else other
            for name in names(route)
        }
        seen = answers(site, method, route, ids)
        if seen != {404}:
            wrong.append((method, route.path, sorted(seen)))
    assert not wrong, wrong


def test_what_is_no_id_at_all_is_refused(site: Site) -> None:
    """Nonsense in a path is not found or not read, and never a failure of ours."""
    broken = []
    for text in ("x", "0", "-1", "%00", "..%2f..", "'", "9" * 40):
        for method, route in with_ids(site):
            path = re.sub(r"\{[^}]+\}", text, route.path)
            answer = site.caller(route).request(
                method, path, **({} if method == "GET" else {"data": {}})
            )
            if answer.status_code >= 500:
                broken.append((method, path))
    assert broken == []


def names(route: GatedRoute) -> list[str]:
    return list(route.param_convertors)


def answers(site: Site, method: str, route: GatedRoute, ids: dict[str, str]) -> set[int]:
    """What a route says to these ids, over the bodies it takes."""
    path = route.path
    for name, value in ids.items():
        path = path.replace("{" + name + "}", value)
    caller = site.caller(route)
    seen: set[int] = set()
    for body in bodies(site, method, route):
        seen.add(caller.request(method, path, **body).status_code)
        if 404 in seen:
            return {404}  # what other bodies were refused for comes before the id
    return seen


def bodies(site: Site, method: str, route: GatedRoute) -> list[dict[str, Any]]:
    """Requests that the route takes, as far as its own description says."""
    if method in {"GET", "DELETE"}:
        return [{}]
    if route.path in FORMS:
        return [FORMS[route.path]]
    if route.include_in_schema:
        return generated(site, method, route)
    fields = [field.alias for field in route.dependant.body_params]
    return [{"data": {name: FIELDS[name] for name in fields if name in FIELDS}}]


def generated(site: Site, method: str, route: GatedRoute) -> list[dict[str, Any]]:
    """Right bodies, made from the OpenAPI document."""
    operation = site.schema[route.path][method]
    made: list[dict[str, Any]] = []

    @settings(
        max_examples=TRIES, deadline=None, database=None, derandomize=True,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def collect(case: schemathesis.Case) -> None:
        body: dict[str, Any] = {"params": case.query or {}, "headers": headers_of(case)}
        if case.media_type == "application/json" and not is_nothing(case.body):
            body["json"] = case.body
        elif not is_nothing(case.body):
            body["content"] = b""
        made.append(body)

    collect()
    return made


def headers_of(case: schemathesis.Case) -> dict[str, str]:
    """What the route asks for beside the caller's own proof."""
    return {n: v for n, v in (case.headers or {}).items() if n.lower() != "authorization"}


def is_nothing(body: object) -> bool:
    return type(body).__name__ == "NotSet"
