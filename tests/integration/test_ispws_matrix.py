"""The receiving dialect under the same tests as every route: who may call it, and any request.

The cells of `test_matrix.py` and generated requests of `test_api_fuzz.py`, against an
installation that receives, where refusals are told in the dialect.
"""

from __future__ import annotations

import base64
import random
import re
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from breakwater.model.access import MACHINE_SCOPES, Permission, Role
from breakwater.web.gate import GatedRoute
from tests import ispws_samples as samples
from tests.integration.ispws_sender import XML
from tests.integration.served import OPERATOR, Served, serving
from tests.integration.test_matrix import routes

EACH = 25
"""Generated requests of each operation."""
CALLS = ("status", "xsd", "submit", "upload", "fileinfo", "finish", "retract")

schemathesis.serializer.alias("text/xml", "application/octet-stream")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("dialect"), reports_receive=True) as running:
        yield running


@pytest.fixture(scope="module")
def dialect(served: Served) -> list[GatedRoute]:
    return [route for route in routes(served.api) if route.path.startswith("/ispws/")]


def call(client: httpx.Client, route: GatedRoute, **options: object) -> httpx.Response:
    (method,) = (route.methods or set()) - {"HEAD"}
    body = {} if method == "GET" else {"content": b"<report/>", "headers": XML}
    return client.request(method, route.path, **{**body, **options})  # type: ignore[arg-type]


def refused(answer: httpx.Response) -> bool:
    return answer.status_code in {401, 403}


def test_every_call_is_there_and_needs_the_scope(dialect: list[GatedRoute]) -> None:
    assert {route.path.rpartition("/")[2] for route in dialect} == set(CALLS)
    for route in dialect:
        assert route.need.permission is Permission.REPORT_SUBMIT
        assert route.need.basic


def test_no_role_and_no_other_scope_gets_in(served: Served, dialect: list[GatedRoute]) -> None:
    callers = [served.client(), *(served.browser(role) for role in Role)]
    others = sorted(MACHINE_SCOPES - {Permission.REPORT_SUBMIT})
    callers += [served.client(served.key(scope.value)) for scope in others]
    callers += [served.client(served.key(*others))]
    for route in dialect:
        for caller in callers:
            assert refused(call(caller, route)), route.path
        assert not refused(call(served.client(served.key("report:submit")), route))


def test_basic_opens_nothing_else(served: Served) -> None:
    """The one dialect that takes it; elsewhere a browser could be made to send it."""
    token = served.key()
    user, secret = token[3:35], token[36:]
    client = served.client(auth=(user, secret))
    assert client.get("/ispws/status").status_code == 200
    assert client.get("/v1/banks").status_code == 401
    assert client.post("/v1/hashes/lookup", json={}).status_code in {401, 404}


def test_a_revoked_key_files_nothing(served: Served) -> None:
    key, token = served.app.access.keys.create(OPERATOR, name="gone", scopes=["report:submit"])
    client = served.client(auth=(key.id, token[36:]))
    assert client.get("/ispws/status").status_code == 200
    served.app.access.keys.revoke(key.id, OPERATOR)
    assert client.get("/ispws/status").status_code == 401


@pytest.mark.parametrize(
    "said",
    ["", "Basic", "Basic ====", "Basic " + "A" * 9000, "basic \u00e9",
     "Basic " + base64.b64encode(b"no colon").decode(),
     "Basic " + base64.b64encode(b":").decode(),
     "Basic " + base64.b64encode("bw_é:ü".encode()).decode(),
     "Basic " + base64.b64encode(b"\0:\0").decode(), "Digest x"],
)  # fmt: skip
def test_no_credentials_of_whatever_form_do_harm(served: Served, said: str) -> None:
    headers = {b"authorization": said.encode("latin-1")}
    answer = httpx.get(f"{served.url}/ispws/status", headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.timeout(600)
def test_no_generated_request_makes_the_dialect_fail(served: Served) -> None:
    schema = schemathesis.openapi.from_dict(served.api.openapi())
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    wanted = [found.ok() for found in schema.get_all_operations() if "/ispws/" in found.ok().path]
    assert len(wanted) == len(CALLS)
    tried: Counter[str] = Counter()
    failed: list[str] = []
    session = served.client(served.key("report:submit"))

    def attack(operation: object) -> None:
        modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        strategy = st.one_of(*(operation.as_strategy(generation_mode=m) for m in modes))  # type: ignore[attr-defined]

        @settings(
            max_examples=EACH, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck), derandomize=True,
        )  # fmt: skip
        @given(case=strategy)
        def send(case: schemathesis.Case) -> None:
            try:
                answer = case.call(
                    base_url=served.url, headers={"Authorization": session.headers["Authorization"]}
                )
            except (UnicodeError, ValueError, TypeError):
                return
            tried[case.path] += 1
            if answer.status_code >= 500:
                failed.append(f"{case.method} {case.path} {answer.status_code}")

        send()

    for operation in wanted:
        attack(operation)
    assert failed == []
    assert min(tried.values()) > EACH / 4, tried


def test_a_report_with_holes_is_never_a_fault_of_ours(served: Served) -> None:
    """Bytes of a good report changed, cut and doubled: taken or refused, and always told why."""
    chance = random.Random(7)
    client = served.client(served.key("report:submit"))
    codes: Counter[int] = Counter()
    for _ in range(150):
        xml = bytearray(samples.WHOLE)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(xml))
            match chance.randrange(3):
                case 0:
                    xml[at] = chance.randrange(256)
                case 1:
                    del xml[at : at + chance.randint(1, 40)]
                case _:
                    xml[at:at] = xml[at : at + chance.randint(1, 40)]
        answer = client.post("/ispws/submit", content=bytes(xml), headers=XML)
        code = re.search("<responseCode>([0-9]+)<", answer.text)
        assert code is not None
        assert (answer.status_code, int(code[1])) in {(200, 0), (400, 4100), (400, 4110)}
        codes[int(code[1])] += 1
    assert set(codes) >= {4100, 4110}
