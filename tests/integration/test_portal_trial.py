"""The portal's test list: open to anybody, taken as a feed, and a match of it stops nothing."""

from __future__ import annotations

import csv
import hashlib
import io

import pytest

from breakwater.banks.manage import NewBank
from breakwater.exchange.manage import NewFeed
from breakwater.hub.clients import TRIAL_MD5, trial
from breakwater.model.access import Permission, Principal
from breakwater.model.bank import BankAction
from breakwater.model.ids import new_id
from breakwater.model.signal import Signal
from tests.integration.served import Served, serving
from tests.integration.test_api_media import send

RUNS = Principal(new_id(), "test", frozenset(Permission))


@pytest.fixture
def served(tmp_path):
    with serving(tmp_path, exchange_private_networks=("127.0.0.0/8",), max_wait_ms=5000) as running:
        yield running


def entered(served: Served) -> None:
    """As the lines to copy say."""
    feeds = served.app.exchange.feeds
    served.app.banks.create(NewBank("HUB_TEST", action=BankAction.LOG), RUNS)
    url = f"{served.url}/portal/test.csv"
    feeds.add(NewFeed("hub-test", "csv", "HUB_TEST", url, source="test list", labels=("test",)), RUNS)  # fmt: skip
    assert feeds.check("hub-test").ok
    served.app.exchange.running.run_due()


def test_the_list_and_its_picture_are_given_to_anybody_and_belong_together(served) -> None:
    anybody = served.client()
    listed, picture = anybody.get("/portal/test.csv"), anybody.get("/portal/test.jpg")
    assert (listed.status_code, picture.status_code) == (200, 200)
    assert picture.headers["content-type"] == "image/jpeg"
    digest = hashlib.md5(picture.content, usedforsecurity=False).hexdigest()
    rows = list(csv.DictReader(io.StringIO(listed.text)))
    assert digest == TRIAL_MD5
    assert digest in {row["md5"] for row in rows}
    assert {row["category"] for row in rows} == {"test"}
    said = "\n".join(line for one in trial(served.url) for line in one.lines)
    assert f"{served.url}/portal/test.csv" in said
    assert "--action log" in said


def test_a_match_says_test_and_stops_nothing_and_opens_no_case(served) -> None:
    entered(served)
    (matches,) = served.app.lookups.lookup([Signal.parse(f"md5:{TRIAL_MD5}")])
    assert [(one.bank, one.source) for one in matches] == [("HUB_TEST", "test list")]
    assert "test" in matches[0].labels
    picture = served.client().get("/portal/test.jpg").content
    answer = send(served.client(served.key()), picture, "test.jpg", "image/jpeg").json()
    assert (answer["state"], answer["action"]) == ("done", "allow")
    assert {one["bank"] for one in answer["matches"]} == {"HUB_TEST"}
    with served.app.db.read() as tx:
        assert not tx.run("SELECT 1 FROM cases")
