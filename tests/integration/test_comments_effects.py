"""From what viewers write to what follows, over HTTP with real lanes: called, kept, emptied, unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from breakwater.model.access import Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.case import Priority
from breakwater.model.chat import KeptState, Measure
from breakwater.model.decision import DecisionFacts, DecisionKind
from breakwater.model.duty import CallKind
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import Control
from breakwater.records import (
    cases,
    chat_alarms,
    chats,
    decisions,
    duty_calls,
    kept_comments,
    stream_orders,
    streams,
)
from breakwater.records.tables import metadata
from breakwater.worker.loop import Worker
from tests.integration.live_site import until
from tests.integration.served import Served, serving

OFFER = "buy cheap followers now, add me on telegram, i pay you, do not tell anyone"
"""Polite generated spam: it does what is looked for, and is nothing else."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(
        tmp_path_factory.mktemp("effects"), unsafe_fast_disk=True, live_watch=False
    ) as served:
        app = served.app
        turns = [turn for turn in app.turns if turn.name.startswith("enforcement")]
        worker = Worker(
            db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=turns,
            metrics=app.metrics,
        )  # fmt: skip
        worker.start()
        try:
            yield served
        finally:
            worker.stop()


@pytest.fixture(scope="module")
def service(site: Served) -> httpx.Client:
    return site.client(site.key("stream:write", "stream:read", "account:write", service="clips"))


def broadcast(site: Served) -> Id:
    with site.app.db.transaction() as tx:
        sender = Sender(service="clips", account=f"acct-{new_id()}")
        return streams.start(tx, server="", name=f"live/{new_id()}", sender=sender).id


def say(service: httpx.Client, stream: Id, messages: list[dict[str, Any]]) -> dict[str, Any]:
    answer = service.post(f"/v1/streams/{stream}/comments", json={"messages": messages})
    assert answer.status_code == 200, answer.text
    return answer.json()


def ordinary(count: int, text: str, first: int = 0) -> list[dict[str, Any]]:
    return [
        {"id": f"o-{first + n}", "author": f"viewer-{n % 20}", "text": f"{text} {n}", "lang": "en"}
        for n in range(count)
    ]


def episode(count: int = 40, text: str = OFFER) -> list[dict[str, Any]]:
    """Five accounts, one message every nine seconds up to now."""
    begin = datetime.now(UTC) - timedelta(seconds=9 * count)
    return [
        {
            "id": f"e-{n}", "author": f"seller-{n % 5}", "lang": "en", "text": f"{text} {n}",
            "at": (begin + timedelta(seconds=9 * n)).isoformat(),
        }
        for n in range(count)
    ]  # fmt: skip


def stands(site: Served, stream: Id):
    with site.app.db.read() as tx:
        return streams.get(tx, stream), chats.of_stream(tx, stream)


def kept(site: Served, chat: Id):
    with site.app.db.read() as tx:
        return kept_comments.of_chat(tx, chat)


def decide(site: Served, case: Id, kind: DecisionKind) -> Id:
    person = site.person(Role.REVIEWER)
    permissions = Role.REVIEWER.permissions
    who = Principal(person.id, person.name, permissions, person=person.id)
    said = site.app.review.decisions.decide(who, case, kind, reason="looked", facts=DecisionFacts())
    return said.id


def test_an_alarm_calls_who_is_on_duty_and_is_first_in_the_queue(
    site: Served, service: httpx.Client
) -> None:
    stream = broadcast(site)
    answer = say(service, stream, episode())
    assert answer["alarms"]
    found, chat = stands(site, stream)
    with site.app.db.read() as tx:
        assert cases.get(tx, found.case).priority is Priority.NOW
    assert found.priority.rank <= Priority.HIGH.rank
    assert found.control.rank in {Control.WATCHED.rank, Control.HIDDEN.rank}, "words alone"
    assert chat.measure is Measure(answer["measure"])
    assert chat.measure.rank >= Measure.GATED.rank

    def called() -> bool:
        with site.app.db.read() as tx:
            return duty_calls.called(tx, found.case, CallKind.CASE)

    until(called)
    quiet = broadcast(site)
    say(service, quiet, ordinary(100, "good morning all"))
    calm, silent = stands(site, quiet)
    assert (calm.case, calm.risk, silent.measure) == (None, 0.0, Measure.OPEN)
    assert calm.priority.rank > found.priority.rank, "the wall and the queue follow the risk"


def test_what_was_written_is_kept_with_a_broadcast_that_is_frozen(
    site: Served, service: httpx.Client
) -> None:
    stream = broadcast(site)
    say(service, stream, [*ordinary(30, "hello from the garden"), *episode()])
    moderator = site.browser(Role.LIVE_MODERATOR)
    answer = moderator.post(f"/v1/streams/{stream}/orders", json={"to": "frozen"})
    assert answer.status_code == 201, answer.text

    def preserved():
        with site.app.db.read() as tx:
            found = stream_orders.preserved(tx, stream)
        return next((one for one in found if one.what == "comments" and one.blob), None)

    blob = until(preserved).blob
    with site.app.vault.open(blob) as file:
        said = json.load(file)["comments"]
    assert len(said) == 70, "the ordinary ones too: it is the context of evidence"
    assert {one["author"] for one in said} >= {"seller-0", "viewer-1"}
    assert any(OFFER in one["text"] for one in said)


def test_nothing_found_empties_what_was_kept_and_what_a_freeze_preserved(
    site: Served, service: httpx.Client
) -> None:
    stream = broadcast(site)
    say(service, stream, episode())
    found, chat = stands(site, stream)
    moderator = site.browser(Role.LIVE_MODERATOR)
    moderator.post(f"/v1/streams/{stream}/orders", json={"to": "frozen"})

    def blobs() -> list[Id]:
        with site.app.db.read() as tx:
            return [
                one.blob for one in stream_orders.preserved(tx, stream)
                if one.what == "comments" and one.blob
            ]  # fmt: skip

    until(blobs)
    assert any(one.text for one in kept(site, chat.id))
    decision = decide(site, found.case, DecisionKind.NOT_ILLEGAL)

    def opened() -> bool:
        _, after = stands(site, stream)
        return after.measure is Measure.OPEN and after.risk == 0.0

    until(opened)
    with site.app.db.read() as tx:
        assert decisions.get(tx, decision).stands
    site.app.hearing.captured.settle(decision)  # its job waits until it cannot be undone
    after = kept(site, chat.id)
    assert {one.state for one in after} == {KeptState.REMOVED}
    assert not any(one.text or one.author or one.message for one in after)
    with site.app.db.read() as tx:
        assert not any(one.why.messages for one in chat_alarms.of_chat(tx, chat.id))

    def shredded() -> bool:
        keys = metadata.tables["blob_keys"]
        with site.app.db.read() as tx:
            return not tx.execute(keys.select().where(keys.c.blob.in_(blobs()))).all()

    until(shredded)


def test_an_account_that_is_young_or_was_cut_is_known_to_what_weighs(
    site: Served, service: httpx.Client
) -> None:
    made = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    told = {"service": "clips", "snapshot": {"account": "young", "created_at": made}}
    assert service.put("/v1/accounts/young", json=told).status_code == 200
    stream = broadcast(site)
    first = [{"id": "y-0", "author": "young", "text": "hello", "lang": "en"}]
    assert say(service, stream, first)["held"] == []
    moderator = site.browser(Role.LIVE_MODERATOR)
    gated = moderator.post(f"/v1/streams/{stream}/chat/orders", json={"to": "gated"})
    assert gated.status_code == 201, gated.text
    mixed = [
        {"id": "y-1", "author": "young", "text": "hello", "lang": "en"},
        {"id": "y-2", "author": "unknown", "text": "hello", "lang": "en"},
    ]
    assert say(service, stream, mixed)["held"] == ["y-1"]
    moderator.post(f"/v1/streams/{stream}/chat/orders", json={"to": "paused"})
    assert say(service, stream, [mixed[1] | {"id": "y-3"}])["held"] == ["y-3"]


def test_what_is_ordinary_is_nowhere_when_it_is_over(site: Served, service: httpx.Client) -> None:
    stream = broadcast(site)
    canary = f"canary{new_id().replace('-', '')}"
    with structlog.testing.capture_logs() as logs:
        for batch in range(5):
            say(service, stream, ordinary(400, f"good morning {canary}", first=400 * batch))
        site.app.hearing.lanes.snapshot()
    assert canary not in repr(logs)
    site.app.db.checkpoint()
    with site.app.db.read() as tx:
        for table in metadata.sorted_tables:
            assert canary not in repr(tx.execute(table.select()).all()), table.name
    wanted = canary.encode()
    for file in Path(site.app.settings.data_dir).rglob("*"):
        if file.is_file():
            assert wanted not in file.read_bytes(), file.name
