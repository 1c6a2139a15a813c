"""Protects the API from whatever is sent: generated requests, no failure of ours (S3: 0 5xx).

The requests are made from the OpenAPI document, right and wrong ones, for every operation, and
sent by whoever may: at least 2,000 in CI, 10,000 with `LONG=1`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.schemas import OpenApiSchema

from breakwater.model.access import MACHINE_SCOPES, Permission, Role
from breakwater.web.need import Need
from tests.integration.served import OPERATOR, Served, serving
from tests.integration.test_matrix import routes

LONG = os.environ.get("LONG") == "1"
LEAST = 10_000 if LONG else 2_000
"""Cases that are tried, over all operations: CI takes under two minutes of one core."""
EACH = 1.25
"""Some generated requests cannot even be written by an HTTP client; so more are made."""
SERVER_ERROR = 500
NEVER = {"/ready"}
"""503 is its answer while it is not ready."""


schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
schemathesis.serializer.alias("text/csv", "application/octet-stream")
schemathesis.serializer.alias("application/x-ndjson", "application/json")


@dataclass
class Caller:
    """Somebody who sends requests."""

    url: str
    headers: dict[str, str]
    session: requests.Session = field(default_factory=requests.Session)


@dataclass
class Callers:
    """Somebody for each need: one role each, for some roles exclude another."""

    people: dict[Role, Caller]
    machine: Caller
    desk: Caller

    def of(self, need: Need) -> Caller:
        """Who may send this."""
        wanted = need.permission
        if wanted in MACHINE_SCOPES:
            return self.machine
        for role, caller in self.people.items():
            if wanted is None or wanted in role.permissions:
                return caller
        return self.desk


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fuzz"), max_wait_ms=2000) as running:
        yield running


@pytest.fixture(scope="module")
def schema(served: Served) -> OpenApiSchema:
    found = schemathesis.openapi.from_dict(served.api.openapi())
    found.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    return found


@pytest.fixture(scope="module")
def callers(served: Served) -> Callers:
    cookies = {}
    for role in Role:
        browser = served.browser(role)
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        cookies[role] = Caller(
            served.url, {"Cookie": cookie, "X-CSRF-Token": browser.headers["X-CSRF-Token"]}
        )
    _, desk = served.app.access.keys.create(
        OPERATOR, name="desk", scopes=["bank:read"], also=frozenset({Permission.DESK_SIGN})
    )
    tokens = (served.key(name="fuzz"), desk)
    keys = [Caller(served.url, {"Authorization": f"Bearer {token}"}) for token in tokens]
    return Callers(cookies, *keys)


@pytest.mark.timeout(1800)
def test_no_generated_request_makes_the_server_fail(
    served: Served, schema: OpenApiSchema, callers: Callers
) -> None:
    needs = {
        (method.lower(), route.path): route.need
        for route in routes(served.api)
        for method in route.methods or ()
    }
    wanted = [
        operation for result in schema.get_all_operations() if not spared(operation := result.ok())
    ]
    cases = int(LEAST * EACH / len(wanted)) + 1
    tried: Counter[str] = Counter()
    failed: list[str] = []
    for operation in wanted:
        strategy = st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        )
        caller = callers.of(needs[operation.method.lower(), operation.path])
        attack(strategy, caller, cases, tried, failed)
    assert sorted(set(failed)) == []
    assert sum(tried.values()) >= LEAST, tried
    assert min(tried.values()) > cases / 4, tried
    assert served.client().get("/health").status_code == 200


def attack(
    strategy: st.SearchStrategy[schemathesis.Case],
    caller: Caller,
    cases: int,
    tried: Counter[str],
    failed: list[str],
) -> None:
    """Send many cases of one operation."""

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=not LONG,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def run(case: schemathesis.Case) -> None:
        answer = send(caller, case)
        if answer is None:
            return
        tried[f"{case.method} {case.path}"] += 1
        status, said = answer
        if status >= SERVER_ERROR:
            failed.append(f"{case.method} {case.path} {status} {said}")

    run()


def spared(operation: APIOperation) -> bool:
    """Signing out and waiting are tried elsewhere."""
    ends = operation.path in {"/v1/session", "/v1/me/sessions/{id}"}
    return operation.path in NEVER or (ends and operation.method.lower() == "delete")


def send(caller: Caller, case: schemathesis.Case) -> tuple[int, str] | None:
    """Send a case as it is; its status and what a failure says, None when no client can write it.

    News never end: of a right answer no more than the head is waited for.
    """
    asked = case.as_transport_kwargs(base_url=caller.url, headers=caller.headers)
    try:
        with caller.session.request(**asked, stream=True, timeout=60) as answer:
            failed = answer.status_code >= SERVER_ERROR
            return answer.status_code, answer.text[:300] if failed else ""
    except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL, UnicodeError):
        return None
