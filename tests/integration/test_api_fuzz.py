"""Protects the API from whatever is sent: generated requests, no failure of ours (S3: 0 5xx).

The requests are made from the OpenAPI document, right and wrong ones, for every operation.
A number of cases bounded for CI; `LONG=1` runs ten times as many.
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
from schemathesis.specs.openapi.schemas import OpenApiSchema

from breakwater.model.access import Role
from tests.integration.served import Served, serving

LONG = os.environ.get("LONG") == "1"
CASES = 400 if LONG else 24
"""Of each operation, so that CI takes under a minute of one core and the long run > 10,000."""
NEVER = {"/ready"}
"""503 is its answer while it is not ready."""


schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
schemathesis.serializer.alias("text/csv", "application/octet-stream")


@dataclass
class Caller:
    """Somebody who sends requests."""

    url: str
    headers: dict[str, str]
    session: requests.Session = field(default_factory=requests.Session)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fuzz"), max_wait_ms=2000) as running:
        yield running


@pytest.fixture(scope="module")
def schema(served: Served) -> OpenApiSchema:
    found = schemathesis.openapi.from_dict(served.api.openapi())
    found.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    return found


def test_no_generated_request_makes_the_server_fail(served: Served, schema: OpenApiSchema) -> None:
    key = Caller(served.url, {"Authorization": f"Bearer {served.key(name='fuzz')}"})
    browser = served.browser(Role.ADMIN, Role.QA_LEAD)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    admin = Caller(served.url, {"Cookie": cookie, "X-CSRF-Token": browser.headers["X-CSRF-Token"]})
    tried: Counter[str] = Counter()
    failed: list[str] = []
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path in NEVER or ends_the_caller(operation.method, operation.path):
            continue
        strategy = st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        )
        people = operation.path.startswith(("/v1/keys", "/v1/people", "/v1/webhooks", "/v1/me"))
        attack(strategy, admin if people else key, tried, failed)
    assert failed == []
    assert sum(tried.values()) > (10_000 if LONG else 1_000), tried
    assert min(tried.values()) > CASES / 4, tried
    assert served.client().get("/health").status_code == 200


def attack(
    strategy: st.SearchStrategy[schemathesis.Case],
    caller: Caller,
    tried: Counter[str],
    failed: list[str],
) -> None:
    """Send many cases of one operation."""

    @settings(
        max_examples=CASES,
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
        if answer.status_code >= 500:
            failed.append(f"{case.method} {case.path} {answer.status_code} {answer.text[:300]}")

    run()


def ends_the_caller(method: str, path: str) -> bool:
    """Signing out and fetching for ever are tried elsewhere."""
    return path == "/v1/session" and method.lower() == "delete"


def send(caller: Caller, case: schemathesis.Case) -> requests.Response | None:
    """Send a case as it is; None when no HTTP client can even write it."""
    try:
        return case.call(
            base_url=caller.url, session=caller.session, headers=caller.headers, timeout=60
        )
    except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL, UnicodeError):
        return None
