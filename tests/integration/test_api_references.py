"""Protects those who ask to be forgotten: what passed goes, evidence stays, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from breakwater.banks.manage import NewBank
from breakwater.model.bank import BankAction
from breakwater.records import audit, uploads
from breakwater.worker.loop import Worker
from tests.integration.conftest import photo, work
from tests.integration.served import OPERATOR, Served, serving
from tests.integration.test_intake import pdq_of


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("references")) as running:
        running.app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK), OPERATOR)
        running.app.banks.add("KNOWN", [pdq_of(running.app, photo(1))], OPERATOR)
        running.app.feed.catch_up()
        yield running


def send(client: httpx.Client, seed: int, reference: str, service: str = "photos") -> str:
    fields = {"service": service, "surface": "public", "reference": reference}
    answer = client.post("/v1/media", data=fields, files={"file": photo(seed)})
    assert answer.status_code in {200, 201}, answer.text
    found: str = answer.json()["id"]
    return found


def kept(served: Served, upload: str) -> bool:
    with served.app.db.read() as tx:
        return uploads.find(tx, upload) is not None  # type: ignore[arg-type]


def forget(client: httpx.Client, **which: str) -> httpx.Response:
    return client.delete("/v1/references", params=which)


def test_what_passed_is_forgotten_with_its_hashes_and_is_noted(served: Served) -> None:
    client = served.client(served.key())
    passed = send(client, 7, "obj-7")
    other = send(client, 8, "obj-8")
    assert forget(client, reference="obj-7", service="photos").json() == {"erased": 1}
    assert not kept(served, passed)
    assert kept(served, other)
    worker = Worker(
        db=served.app.db, subscriptions=served.app.subscriptions, kinds=served.app.jobs,
        turns=(), metrics=served.app.metrics,
    )  # fmt: skip
    work(worker)
    assert served.app.recorder._ingest.erase(passed) == 0  # type: ignore[arg-type]
    assert forget(client, reference="obj-7", service="photos").json() == {"erased": 0}
    with served.app.db.read() as tx:
        rows = audit.page(tx, action="upload.erase")
    assert [row.facts["uploads"] for row in rows][-1] == 1
    assert "obj-7" not in str(rows)


def test_evidence_stays(served: Served) -> None:
    client = served.client(served.key())
    blocked = send(client, 1, "obj-1")
    assert forget(client, reference="obj-1", service="photos").json() == {"erased": 0}
    assert kept(served, blocked)


def test_a_key_of_one_service_erases_for_no_other(served: Served) -> None:
    passed = send(served.client(served.key()), 9, "obj-9")
    bound = served.client(served.key(service="video"))
    assert forget(bound, reference="obj-9", service="photos").status_code == 403
    assert forget(bound, reference="obj-9").json() == {"erased": 0}
    assert kept(served, passed)
    own = served.client(served.key(service="photos"))
    assert forget(own, reference="obj-9").json() == {"erased": 1}


def test_a_key_that_screens_does_not_erase(served: Served) -> None:
    client = served.client(served.key("media:screen", "verdict:read"))
    assert forget(client, reference="obj-8", service="photos").status_code == 403


@pytest.mark.parametrize(
    "which", [{}, {"reference": ""}, {"reference": "x" * 513}, {"reference": "a\x00b"},
              {"reference": "x", "service": "two words"}, {"reference": "x"}],
)  # fmt: skip
def test_a_question_that_names_nothing_erases_nothing(
    served: Served, which: dict[str, str]
) -> None:
    assert forget(served.client(served.key()), **which).status_code == 422
