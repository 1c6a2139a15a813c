"""A view as one file: CSV v1 that our own import reads again, and a VICS hash set."""

from __future__ import annotations

import csv
import io
import json

import pytest

from breakwater.model.hub import Effect
from tests import builders_feeds
from tests.builders_feeds import Hub, rows
from tests.integration.served import serving


@pytest.fixture
def served(tmp_path):
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def client(served):
    hub = Hub(served.app.db)
    hub.list()
    giver, follower = hub.member("=A hotline"), hub.member("A service")
    hub.rule(recipient=follower.id)
    hub.rule(Effect.DENY, category="B2")
    hub.give(giver, rows(4), category="A1", labels=["self_generated"])
    hub.give(giver, rows(3, 10, "md5"), category="B")
    hub.give(giver, rows(3, 30, "md5"), category="B2")
    made = served.client(builders_feeds.key_of(served, follower))
    made.hub = hub
    return made


def table(client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/v1/hub/export.csv{query}")
    assert answer.status_code == 200, answer.text
    client.through = int(answer.headers["x-hub-through"])
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_csv_holds_the_view_and_says_what_binds_each_row(client):
    found = table(client)
    assert len(found) == 7
    pdq = [row for row in found if row["pdq"]]
    assert {row["pdq"] for row in pdq} == {value.hex() for _, value, _ in rows(4)}
    assert {(r["industry_class"], r["self_generated"], r["pdq_quality"], r["status"], r["tlp"]) for r in pdq} == {
        ("A1", "true", "90", "active", "amber")
    }  # fmt: skip
    assert {row["category_uk"] for row in found if row["md5"]} == {"B"}
    assert {(row["permitted_use"], row["list"]) for row in found} == {("detection", "SHARED")}
    assert {row["source"] for row in found} == {"'=A hotline"}, "no spreadsheet runs it"


def test_csv_after_a_change_holds_what_is_withdrawn(client):
    first = table(client)
    client.hub.withdraw(int(first[0]["record_id"]))
    again = table(client, f"?after={client.through}")
    assert [(row["record_id"], row["status"]) for row in again] == [
        (first[0]["record_id"], "withdrawn")
    ]
    assert len(table(client)) == 6


def test_a_vics_hash_set_holds_what_has_an_md5(client):
    answer = client.get("/v1/hub/export.vics.json")
    said = json.loads(answer.text)
    assert said["@odata.context"].endswith("$metadata#Media")
    assert {one["MD5"] for one in said["value"]} == {
        v.hex().upper() for _, v, _ in rows(3, 10, "md5")
    }
    assert {one["Category"] for one in said["value"]} == {None}


def test_nothing_stays_in_the_spool(client, served):
    table(client)
    client.get("/v1/hub/export.csv?purpose=nonsense")
    assert not list(served.app.settings.spool_dir.glob("hub-*"))
