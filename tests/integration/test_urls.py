"""Addresses of the web: given in clear, kept as hashes, found by their own or their domain's entry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from breakwater.model.access import Role
from breakwater.records import banks, hub_lists
from tests.integration.served import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("urls")) as running:
        with running.app.db.transaction() as tx:
            hub_lists.share(tx, banks.create(tx, name="ADDRESSES"))
        yield running


def test_addresses_are_given_in_clear_and_kept_as_hashes(served) -> None:
    lead = served.browser(Role.QA_LEAD)
    made = lead.post("/v1/hub/members", json={"name": "Bay", "trusted": True}).json()
    key = lead.post(f"/v1/hub/members/{made['id']}/keys", json={"give": True}).json()
    giver = served.client(key["token"])
    entries = [
        {"url": "HTTP://Example.org:80/a/../b?x#top"}, {"kind": "domain", "value": "Bad.Example."},
        {"url": "javascript:alert(1)"}, {"domain": "localhost"},
    ]  # fmt: skip
    done = giver.post("/v1/hub/lists/ADDRESSES/entries", json={"entries": entries}).json()
    assert (done["kept"], done["bad"]) == (2, 2), done
    file = "url,category\r\nhttps://example.net/c,A\r\n,\r\n"
    sent = giver.post("/v1/hub/lists/ADDRESSES/imports", content=file.encode()).json()
    assert (sent["kept"], sent["bad"]) == (1, 1), sent
    asker = served.client(served.key("hash:lookup"))
    asked = [
        "https://user@example.org/b?x", "example.org/b", "http://a.b.bad.example:8080/x",
        "https://EXAMPLE.net/%63", "mailto:x@example.org", "http://notbad.example/",
    ]  # fmt: skip
    found = asker.post("/v1/urls/lookup", json={"urls": asked}).json()["results"]
    kinds = [[match["kind"] for match in one["matches"]] for one in found]
    assert kinds == [["url"], [], ["domain"], ["url"], [], []]
    assert found[4]["fault"]
    assert found[0]["canonical"] == "example.org/b?x"
    one = asker.post("/v1/lookups", json={"signals": ["url:https://example.org/b?x"]}).json()
    assert one["results"][0]["matches"][0]["bank"] == "ADDRESSES"
    with served.app.db.read() as tx:
        values = [bytes(row[0]) for row in tx.run("SELECT value FROM entries")]
    assert {len(value) for value in values} == {32}
