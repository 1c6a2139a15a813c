"""A member hears news of its hub: a hash holds an upload seconds later, its withdrawal frees it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from breakwater.model.access import Role
from breakwater.model.bank import EntryStatus
from breakwater.records import entries
from breakwater.worker.loop import Worker
from tests import builders_feeds
from tests.builders_feeds import Hub
from tests.integration.conftest import photo
from tests.integration.served import serving
from tests.integration.test_api_media import send

LOOPBACK = ("127.0.0.0/8",)
A_WEEK = 7 * 86_400


def working(app) -> Worker:
    return Worker(
        db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=app.turns,
        metrics=app.metrics,
    )  # fmt: skip


def test_news_of_a_hub_reaches_a_member_that_would_ask_in_a_week(
    tmp_path: Path, wait_until
) -> None:
    content = photo(72)
    md5 = hashlib.md5(content, usedforsecurity=False).digest()
    with (
        serving(tmp_path / "hub") as there,
        serving(tmp_path / "member", exchange_private_networks=LOOPBACK, max_wait_ms=5000) as here,
    ):
        hub = Hub(there.app.db)
        hub.list()
        giver, us = hub.member("A hotline"), hub.member("A service")
        hub.rule(recipient=us.id)
        admin, service = here.browser(Role.ADMIN), here.client(here.key())
        admin.post("/v1/banks", json={"name": "HUB"}).raise_for_status()
        feed = {
            "name": "hub", "kind": "breakwater", "bank": "HUB", "url": there.url,
            "token": builders_feeds.key_of(there, us), "every_s": A_WEEK,
        }  # fmt: skip
        made = admin.post("/v1/exchanges", json=feed)
        assert made.status_code == 201, made.text
        workers = [working(there.app), working(here.app)]
        for one in workers:
            one.start()
        try:
            told = "/v1/exchanges/hub"
            wait_until(lambda: admin.get(told).json()["feed"]["pulled_at"] is not None, 30)
            assert send(service, content).json()["action"] == "allow"
            (number,) = hub.give(giver, [("md5", md5, 100)])
            there.app.feed.catch_up()
            wait_until(lambda: admin.get(told).json()["feed"]["entries"] == 1, 20)
            # Pulled is kept; what compares follows within moments, on a busy machine later.
            wait_until(lambda: send(service, content).json()["action"] == "hold", 20)
            answer = send(service, content).json()
            assert (answer["state"], answer["action"]) == ("done", "hold")
            with there.app.db.transaction() as tx:
                entries.set_status(tx, number, EntryStatus.WITHDRAWN, by="test")
            seen = f"/v1/verdicts/{answer['id']}"
            wait_until(lambda: service.get(seen).json()["action"] == "allow", 20)
        finally:
            for one in workers:
                one.stop()
