"""From counts of members to graders and back: a held entry is a question, graders answer it, once.

Over a whole installation: an upload matched the entry, members meet it too often, a curator sends it
to graders, two of them look, and the question is settled without anybody at the desk.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from breakwater.hub.feedback import Count
from breakwater.model.access import Role
from breakwater.model.bank import EntryStatus as S
from breakwater.model.facts import ItemFacts
from breakwater.model.hub_given import Outcome, QueueWhy
from breakwater.records import entries, gradesets
from breakwater.worker.loop import Worker
from tests.builders_feeds import Hub
from tests.builders_grading import NOTHING, SOMETHING, Room
from tests.integration.conftest import photo
from tests.integration.served import serving
from tests.integration.test_api_media import send

A_DAY = 86_400


def only_question(desk: httpx.Client) -> dict[str, Any]:
    """The one question that is open."""
    (one,) = desk.get("/v1/hub/queue").json()["questions"]
    found: dict[str, Any] = one["question"]
    return found


@pytest.mark.parametrize(
    ("facts", "status", "outcome"),
    [(SOMETHING, S.ACTIVE, Outcome.KEEP), (NOTHING, S.WITHDRAWN, Outcome.WITHDRAW)],
    ids=["illegal", "harmless"],
)
def test_a_held_entry_goes_to_graders_who_settle_it(
    tmp_path: Path, facts: ItemFacts, status: S, outcome: Outcome
) -> None:
    content = photo(91)
    md5 = hashlib.md5(content, usedforsecurity=False).digest()
    with serving(tmp_path) as served:
        app = served.app
        worker = Worker(
            db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=app.turns,
            metrics=app.metrics,
        )  # fmt: skip
        hub = Hub(app.db)
        hub.list()
        hub.rule()
        (number,) = hub.give(hub.member("A hotline"), [("md5", md5, 100)])
        app.feed.catch_up()
        assert send(served.client(served.key()), content).json()["action"] != "allow"

        today = int(app.clock.now().timestamp()) // A_DAY
        members = [hub.puller()[0] for _ in range(3)]
        curating = app.hub.curating

        def told() -> None:
            for member in members:
                curating.feedback.counts(member, [Count(number, today, 10**6, 10**5)])

        told()
        desk = served.browser(Role.QA_LEAD)
        asked = only_question(desk)
        assert asked["why"] == QueueWhy.TRAFFIC
        done = desk.post(f"/v1/hub/queue/{asked['id']}/settle", json={"outcome": "graders"})
        assert done.status_code == 200, done.text
        assert only_question(desk)["why"] == QueueWhy.GRADED
        while worker.deliver_events():
            pass
        with app.db.read() as tx:
            (made,) = [one for one in gradesets.every(tx) if one.name == f"Doubted: entry {number}"]
            assert entries.get(tx, number).status is S.QUARANTINED, "held until they answered"
        room = Room.of(app.db)
        for _ in range(2):
            room.grade(room.somebody(Role.GRADER), made.number, facts)
        while worker.deliver_events():
            pass
        assert desk.get("/v1/hub/queue").json()["questions"] == []
        with app.db.read() as tx:
            assert entries.get(tx, number).status is status
        seen = desk.get(f"/v1/hub/entries/{number}").json()["history"]
        settled = [one["facts"]["outcome"] for one in seen if one["what"] == "settled"]
        assert settled == [Outcome.GRADERS, outcome]

        told()
        with app.db.read() as tx:
            assert entries.get(tx, number).status is status, "the same counts hold it no more"
