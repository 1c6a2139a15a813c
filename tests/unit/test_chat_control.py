"""Measures as media servers are asked for them: Owncast by recorded examples, others by signed calls."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from standardwebhooks.webhooks import Webhook
from tests.scripted_http import Asked, Said, Scripted, scripted

from breakwater.live.adapters.generic import Generic
from breakwater.live.adapters.owncast import NAME, Owncast
from breakwater.live.ports import Can
from breakwater.live.wire import Control
from breakwater.model.chat import Measure
from breakwater.model.chat_rule import ChatRule
from breakwater.model.clock import SystemClock
from breakwater.model.ids import new_id
from breakwater.model.server import ServerConfig, ServerKind, ServerSecrets
from breakwater.network.addresses import networks

LOOPBACK = networks(("127.0.0.0/8",))
SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


def rule(measure: Measure) -> ChatRule:
    return ChatRule.of(measure, slow_s=30, age_days=7)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as made:
        yield made


@pytest.fixture
def owncast(server: Scripted) -> Iterator[Owncast]:
    config = ServerConfig(new_id(), "owncast", ServerKind.OWNCAST, "live", server.url)
    control = Control(server.url, private=LOOPBACK, user="admin", password="x")
    yield Owncast(config, control)
    control.close()


class Chat:
    """What an Owncast says of its chat, and how it is changed (github.com/owncast/owncast)."""

    def __init__(self, server: Scripted) -> None:
        self.now = {"chatDisabled": False, "chatEstablishedUserMode": False}
        self.hidden: list[str] = []
        server.answers["GET /api/admin/serverconfig"] = lambda _: (200, self.now)
        server.anything = self

    def __call__(self, asked: Asked) -> Said:
        keys = {
            "/api/admin/config/chat/disable": "chatDisabled",
            "/api/admin/config/chat/establishedusermode": "chatEstablishedUserMode",
        }
        said = json.loads(asked.body)
        if asked.path == "/api/admin/chat/messagevisibility":
            change = self.hidden.remove if said["visible"] else self.hidden.append
            for one in said["idArray"]:
                change(one)
            return 200, {"success": True}
        self.now[keys[asked.path]] = said["value"]
        return 200, {"success": True, "message": "changed"}


def test_owncast_closes_its_chat_and_opens_it_again(server: Scripted, owncast: Owncast) -> None:
    chat = Chat(server)
    for measure, disabled, established in (
        (Measure.GATED, False, True),
        (Measure.NO_GIFTS, False, True),
        (Measure.PAUSED, True, True),
        (Measure.PAUSED, True, True),
        (Measure.HOLDING, False, False),
        (Measure.OPEN, False, False),
    ):
        assert owncast.chat(NAME, rule(measure)).done
        assert chat.now == {"chatDisabled": disabled, "chatEstablishedUserMode": established}
    assert Can.CHAT in owncast.can


def test_owncast_says_that_it_has_no_slow_mode(server: Scripted, owncast: Owncast) -> None:
    chat = Chat(server)
    said = owncast.chat(NAME, rule(Measure.SLOW))
    assert not said.done
    assert "cannot" in said.detail
    assert not any(chat.now.values())


def test_owncast_takes_messages_out_of_its_chat_and_shows_them_again(
    server: Scripted, owncast: Owncast
) -> None:
    chat = Chat(server)
    assert owncast.hold(NAME, ["m1", "m2"]).done
    assert chat.hidden == ["m1", "m2"]
    assert owncast.hold(NAME, ["m1"], held=False).done
    assert chat.hidden == ["m2"]


def test_an_owncast_that_says_yes_and_changes_nothing_is_not_believed(
    server: Scripted, owncast: Owncast
) -> None:
    server.answers["GET /api/admin/serverconfig"] = (200, {"chatDisabled": False})
    server.anything = lambda _: (200, {"success": True})
    assert not owncast.chat(NAME, rule(Measure.PAUSED)).done
    server.anything = lambda _: (401, {})
    assert not owncast.chat(NAME, rule(Measure.PAUSED)).done
    assert not owncast.hold(NAME, ["m1"]).done


def test_a_service_gets_a_signed_call_that_is_complete_in_itself(server: Scripted) -> None:
    config = ServerConfig(new_id(), "own", ServerKind.GENERIC, "live", f"{server.url}/control")
    secrets = ServerSecrets("u", "p", "hook", SECRET, "watch")
    control = Control(config.control_url, private=LOOPBACK)
    adapter = Generic(config, secrets, control, SystemClock())
    server.anything = lambda _: (200, {"done": True, "detail": "so it is"})
    assert Can.CHAT in adapter.can
    assert adapter.chat("live/014", rule(Measure.GATED)).done
    assert adapter.hold("live/014", ["m1"]).done
    assert adapter.hold("live/014", ["m1"], held=False).done
    said = []
    for one in server.asked:
        headers = {key.lower(): value for key, value in one.headers.items()}
        said.append(Webhook(SECRET).verify(one.body.decode(), headers))
    assert [one["type"] for one in said] == ["chat.measure", "chat.hold", "chat.release"]
    assert said[0]["data"] == {
        "name": "live/014", "measure": "gated", "slow_s": 30, "age_days": 7, "gifts": True,
        "paused": False,
    }  # fmt: skip
    assert said[1]["data"] == {"name": "live/014", "messages": ["m1"]}
    server.anything = lambda _: (404, {})
    assert not adapter.chat("live/014", rule(Measure.PAUSED)).done
    control.close()
