"""Comments over real HTTP: alarms outlive a fault, floods hide nothing, accounts stay numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from breakwater.errors import DatabaseUnavailable
from breakwater.live.hearing import chats as module
from breakwater.model.access import Role
from breakwater.model.ids import Id
from breakwater.records import chat_alarms, chats, kept_comments
from tests.integration.commenting import LURE, begun, chat_of, episode, said
from tests.integration.served import serving

HEAVY, LIGHT = 2.5, "how old are you"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("comments"), comments_pages_per_hour=6) as running:
        yield running


@pytest.fixture(scope="module")
def client(served):
    return served.client(served.key("stream:write", "stream:read", service="clips"))


@pytest.fixture
def stream(served):
    return begun(served)


def test_an_alarm_that_could_not_be_kept_rings_with_the_next_batch(
    served, client, stream, monkeypatch
):
    def fails(*_told):
        raise DatabaseUnavailable("away")

    sent = {"messages": episode()}
    with monkeypatch.context() as broken:
        broken.setattr(module.chat_course, "add", fails)
        assert client.post(f"/v1/streams/{stream}/comments", json=sent).status_code == 503
    with served.app.db.read() as tx:
        assert chat_alarms.of_chat(tx, chats.of_stream(tx, Id(stream)).id) == []
    answer = client.post(f"/v1/streams/{stream}/comments", json=sent).json()
    assert "author" in {one["level"] for one in answer["alarms"]}
    with served.app.db.read() as tx:
        assert kept_comments.of_chat(tx, chats.of_stream(tx, Id(stream)).id)
    assert client.post(f"/v1/streams/{stream}/comments", json=sent).json()["alarms"] == []
    chat = chat_of(served, stream)
    assert (chat.messages, chat.scored, chat.unscored) == (30, 30, 0), "once, and not lost"


def holding_from(served, monkeypatch, nats):
    heard = served.app.hearing.chats
    policies = heard._policies
    policy = replace(policies.chats, hold_nats=nats)
    monkeypatch.setattr(heard, "_policies", replace(policies, chats=policy))


def test_an_edit_does_not_hide_how_heavy_a_message_was(served, client, stream, monkeypatch):
    holding_from(served, monkeypatch, HEAVY)
    sent = [said(1, LURE), said(1, LIGHT, kind="edit"), said(2, LIGHT)]
    answer = client.post(f"/v1/streams/{stream}/comments", json={"messages": sent}).json()
    assert answer["held"] == ["m-1"]


def test_of_a_flood_of_heavy_messages_every_one_is_held(served, client, stream, monkeypatch):
    holding_from(served, monkeypatch, 1.0)
    sent = {"messages": [said(n, f"{LURE} {n}") for n in range(300)]}
    assert len(client.post(f"/v1/streams/{stream}/comments", json=sent).json()["held"]) == 300


def test_who_wrote_is_a_number_to_people_who_may_not_know_accounts(served, client, stream):
    client.post(f"/v1/streams/{stream}/comments", json={"messages": episode()})
    seen = {
        role: served.browser(role).get(f"/v1/streams/{stream}/chat")
        for role in (Role.LIVE_MODERATOR, Role.ADMIN, Role.REVIEWER)
    }
    assert {one.status_code for one in seen.values()} == {200}
    authors = {
        role: {
            told["author"]
            for alarm in one.json()["alarms"] for told in (*alarm["authors"], *alarm["messages"])
        }
        for role, one in seen.items()
    }  # fmt: skip
    assert authors[Role.REVIEWER] <= {f"x-{n}" for n in range(5)}
    for role in (Role.LIVE_MODERATOR, Role.ADMIN):
        assert authors[role] <= {f"account {n}" for n in range(1, 6)}
        assert len(authors[role]) == len(authors[Role.REVIEWER])
