"""Orders to chats over real HTTP: a service told by webhook, one with control_url, and an Owncast."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from breakwater.app.enforcing import policies_of
from breakwater.errors import NotFound
from breakwater.live.adapters.owncast import NAME as OWNCAST
from breakwater.live.hearing import measures
from breakwater.live.servers import NewServer
from breakwater.model.access import Role
from breakwater.model.broadcast import Sender
from breakwater.model.chat import About, ChatAlarm, ChatKind, Measure
from breakwater.model.comment import Explanation, Level
from breakwater.model.ids import Id, new_id
from breakwater.model.server import ServerKind
from breakwater.model.stream import OrderState, StreamState
from breakwater.records import chat_alarms, chat_orders, chats, kept_comments, streams
from breakwater.records.tables import metadata
from breakwater.worker.loop import Worker
from tests.integration.live_site import until
from tests.integration.served import OPERATOR, Served, serving
from tests.scripted_http import Asked, Said, Scripted, scripted

LOCAL = ("127.0.0.0/8",)


class Service:
    """A platform that does what it is asked, and remembers how its chats are."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self.chats: dict[str, str] = {}
        self.held: list[str] = []
        self.able = True
        self.calls = 0
        self.slow: threading.Event | None = None

    def __call__(self, asked: Asked) -> Said:
        headers = {key.lower(): value for key, value in asked.headers.items()}
        said = Webhook(self._secret).verify(asked.body.decode(), headers)
        self.calls += 1
        if not self.able:
            return 503, {}
        match said["type"]:
            case "chat.measure":
                if said["data"]["measure"] == "paused" and self.slow is not None:
                    self.slow.wait(30)
                self.chats[said["data"]["name"]] = said["data"]["measure"]
            case "chat.hold":
                self.held += said["data"]["messages"]
            case "chat.release":
                self.held = [one for one in self.held if one not in said["data"]["messages"]]
            case "stream.list":
                return 200, {"streams": []}
            case _:
                return 404, {}
        return 200, {"done": True, "detail": "so it is"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(
        tmp_path_factory.mktemp("chats"), unsafe_fast_disk=True, live_watch=False,
        webhook_private_networks=LOCAL, media_server_networks=LOCAL,
        comments_policy={"hold_nats": 1.4},
    ) as served:  # fmt: skip
        app = served.app
        turns = [turn for turn in app.turns if turn.name == "webhooks"]
        worker = Worker(
            db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=turns,
            metrics=app.metrics,
        )  # fmt: skip
        worker.start()
        try:
            yield served
        finally:
            worker.stop()


@pytest.fixture
def service() -> Iterator[Scripted]:
    with scripted() as made:
        yield made


def talk(site: Served, *, server: str = "", service: str = "clips") -> Id:
    """A broadcast in which somebody wrote."""
    with site.app.db.transaction() as tx:
        name = f"live/{new_id()}"
        stream = streams.start(tx, server=server, name=name, sender=Sender(service=service))
        chats.begin(tx, About(ChatKind.STREAM, service, stream.id, stream.id))
    return stream.id


def rings(site: Served, stream: Id, over: float = 0.0) -> None:
    """What `live.hearing` does when several accounts alarm."""
    policies = policies_of(site.app.settings)
    with site.app.db.transaction() as tx:
        tx.lock_changes()
        chat = chats.of_stream(tx, stream)
        why = Explanation(benign_hours=40.0)
        alarm = ChatAlarm(new_id(), chat.id, Level.STREAM, 3.0 + over, 3.0, tx.now, why)
        measures.follow(tx, policies, chat, [alarm])
        chat_alarms.add(tx, alarm)


def orders(client: httpx.Client, stream: Id) -> list[dict]:
    answer = client.get(f"/v1/streams/{stream}/chat/orders")
    assert answer.status_code == 200, answer.text
    return answer.json()["orders"]


def state(client: httpx.Client, stream: Id) -> str:
    return orders(client, stream)[0]["state"]


def hooked(site: Served, service: Scripted, name: str) -> tuple[list[dict], str]:
    """A service's own webhook, and what it was told of chats."""
    told: list[dict] = []
    _, secret = site.app.webhooks.create(f"{service.url}/hook", name, ["chat.measured"], OPERATOR)

    def take(asked: Asked) -> Said:
        headers = {key.lower(): value for key, value in asked.headers.items()}
        told.append(Webhook(secret).verify(asked.body.decode(), headers))
        return 200, {}

    service.anything = take
    return told, secret


def test_a_service_hears_by_webhook_and_that_counts_as_confirmed(
    site: Served, service: Scripted
) -> None:
    told, _ = hooked(site, service, "clips")
    stream = talk(site)
    rings(site, stream)
    reader = site.client(site.key("stream:read", service="clips"))
    until(lambda: state(reader, stream) == "confirmed")
    (said,) = [one for one in told if one["data"]["stream"] == stream]
    assert said["type"] == "chat.measured"
    assert (said["data"]["measure"], said["data"]["age_days"]) == ("gated", 7)
    assert orders(reader, stream)[0]["answers"][-1]["step"] == "webhook"


def test_where_nobody_listens_it_is_not_confirmed_and_the_service_may_still_say_so(
    site: Served,
) -> None:
    stream = talk(site, service="silent")
    rings(site, stream)
    key = site.client(site.key("stream:read", "stream:write", service="silent"))
    until(lambda: state(key, stream) == "unconfirmed")
    (order,) = orders(key, stream)
    said = key.post(
        f"/v1/streams/{stream}/chat/answers", json={"order": order["id"], "detail": "by hand"}
    )
    assert said.status_code == 200, said.text
    assert said.json()["state"] == "confirmed"
    other = site.client(site.key("stream:read", service="other"))
    assert other.get(f"/v1/streams/{stream}/chat/orders").status_code == 404


def test_a_call_that_is_late_does_not_leave_a_chat_as_nobody_wants_it(
    site: Served, service: Scripted
) -> None:
    known = site.app.live.servers.add(
        NewServer(f"own{new_id()[-6:]}", ServerKind.GENERIC, "clips", f"{service.url}/control"),
        OPERATOR,
    )
    service.anything = acting = Service(known.shared.signing)
    acting.slow = threading.Event()
    stream = talk(site, server=known.config.name)
    with site.app.db.read() as tx:
        name = streams.get(tx, stream).name
    moderator = site.browser(Role.LIVE_MODERATOR)
    moderator.post(f"/v1/streams/{stream}/chat/orders", json={"to": "paused"})
    until(lambda: acting.calls == 1)
    moderator.post(f"/v1/streams/{stream}/chat/orders", json={"to": "open"})
    until(lambda: acting.chats == {name: "open"})
    acting.slow.set()  # only now does the server do what it was asked first
    until(lambda: acting.calls >= 3 and acting.chats == {name: "open"})
    until(lambda: state(moderator, stream) == "confirmed")


def test_a_server_with_control_url_is_asked_until_its_chat_is_so(
    site: Served, service: Scripted
) -> None:
    known = site.app.live.servers.add(
        NewServer(f"own{new_id()[-6:]}", ServerKind.GENERIC, "clips", f"{service.url}/control"),
        OPERATOR,
    )
    service.anything = acting = Service(known.shared.signing)
    acting.able = False
    stream = talk(site, server=known.config.name)
    with site.app.db.read() as tx:
        name = streams.get(tx, stream).name
    moderator = site.browser(Role.LIVE_MODERATOR)
    made = moderator.post(f"/v1/streams/{stream}/chat/orders", json={"to": "paused"})
    assert made.status_code == 201, made.text
    until(lambda: state(moderator, stream) == "unconfirmed")
    acting.able = True
    until(lambda: state(moderator, stream) == "confirmed")
    assert acting.chats == {name: "paused"}
    undone = moderator.post(
        f"/v1/streams/{stream}/chat/orders/undo", json={"order": made.json()["id"]}
    )
    assert (undone.status_code, undone.json()["to"]) == (201, "open")
    until(lambda: state(moderator, stream) == "confirmed")
    assert acting.chats == {name: "open"}
    calls = acting.calls
    done = site.app.enforcement.chat_orders.obey(Id(undone.json()["id"]))
    assert (done, acting.calls) == (OrderState.CONFIRMED, calls), "what is so is not asked again"
    assert site.app.enforcement.chat_orders.obey(Id(made.json()["id"])) in {
        OrderState.CONFIRMED, OrderState.OVERTAKEN,
    }  # fmt: skip
    assert acting.chats == {name: "open"}, "an older order changes nothing"


def test_a_services_own_names_stand_sealed_until_they_are_sent(
    site: Served, service: Scripted
) -> None:
    told, _ = hooked(site, service, "quiet")
    rule = policies_of(site.app.settings).rule(Measure.SLOW)
    with site.app.db.transaction() as tx:
        stream = streams.start(tx, server="", name="live/canary", sender=Sender(service="quiet"))
        some = [
            chats.begin(tx, About(ChatKind.PROFILE, "quiet", "profile-canary")),
            chats.begin(tx, About(ChatKind.STREAM, "quiet", stream.id, stream.id)),
        ]
        for chat in some:
            chat_orders.order(tx, chat, rule, by="policy", why="x")
            chat_orders.hold(tx, chat, ["message-canary"], by="policy")
        rows = everything(tx)
    assert "canary" not in rows.replace("live/canary", "")
    until(lambda: len(told) == 4)
    data = [one["data"] for one in told]
    assert {one["subject"] for one in data} == {"profile-canary", None}
    assert sorted(one["chat"] for one in data if one.get("hold") == ["message-canary"]) == sorted(
        one.id for one in some
    )
    assert not any("sealed" in one for one in data)
    with site.app.db.read() as tx:
        assert "canary" not in everything(tx).replace("live/canary", ""), "nor in deliveries"


def everything(tx) -> str:
    """Every value of events, jobs and what is told to services."""
    names = ("outbox", "jobs", "webhook_deliveries")
    return repr([tx.execute(metadata.tables[name].select()).all() for name in names])


def test_single_messages_are_taken_out_by_the_server_and_shown_again(
    site: Served, service: Scripted
) -> None:
    known = site.app.live.servers.add(
        NewServer(f"own{new_id()[-6:]}", ServerKind.GENERIC, "clips", f"{service.url}/control"),
        OPERATOR,
    )
    service.anything = acting = Service(known.shared.signing)
    stream = talk(site, server=known.config.name)
    for held in (True, False):
        with site.app.db.transaction() as tx:
            chat = chats.of_stream(tx, stream)
            chat_orders.hold(tx, chat, ["m1", "m2"], by="policy", held=held)
        until(lambda held=held: acting.held == (["m1", "m2"] if held else []))


def test_an_owncast_is_asked_over_its_own_interface(site: Served, service: Scripted) -> None:
    now = {"chatDisabled": False, "chatEstablishedUserMode": False}
    keys = {"disable": "chatDisabled", "establishedusermode": "chatEstablishedUserMode"}

    def owncast(asked: Asked) -> Said:
        if asked.line == "GET /api/admin/serverconfig":
            return 200, now
        if asked.path.startswith("/api/admin/config/chat/"):
            now[keys[asked.path.rpartition("/")[2]]] = json.loads(asked.body)["value"]
            return 200, {"success": True}
        return 404, {}

    service.anything = owncast
    known = site.app.live.servers.add(
        NewServer(f"cast{new_id()[-6:]}", ServerKind.OWNCAST, "clips", service.url), OPERATOR
    )
    stream = talk(site, server=known.config.name)
    rings(site, stream, over=30.0)
    reader = site.client(site.key("stream:read", service="clips"))
    until(lambda: state(reader, stream) == "confirmed")
    assert now == {"chatDisabled": True, "chatEstablishedUserMode": True}


def test_a_heavy_message_in_an_owncast_is_taken_out_of_its_chat(
    site: Served, service: Scripted
) -> None:
    hidden: list[str] = []

    def owncast(asked: Asked) -> Said:
        if asked.path == "/api/admin/chat/messagevisibility":
            said = json.loads(asked.body)
            for one in said["idArray"]:
                (hidden.remove if said["visible"] else hidden.append)(one)
            return 200, {"success": True}
        return 200, {}

    service.anything = owncast
    known = site.app.live.servers.add(
        NewServer(f"cast{new_id()[-6:]}", ServerKind.OWNCAST, "clips", service.url), OPERATOR
    )
    with site.app.db.transaction() as tx:
        sender = Sender(service="clips")
        stream = streams.start(tx, server=known.config.name, name=OWNCAST, sender=sender).id
    offer = "buy cheap followers, add me on telegram, i pay you, do not tell anyone"
    for number, text in enumerate(("good morning all", offer, "good evening all")):
        event = {
            "id": f"m{number}", "timestamp": "2026-03-01T12:00:00Z", "body": text,
            "rawBody": text, "visible": True,
            "user": {"id": f"u{number}", "displayName": "ann", "createdAt": "2026-01-01T00:00:00Z"},
        }  # fmt: skip
        answer = httpx.post(
            f"{site.url}/v1/hooks/{known.shared.hook}/owncast",
            json={"type": "CHAT", "eventData": event},
        )
        assert answer.is_success, answer.text
    until(lambda: hidden == ["m1"])
    with site.app.db.read() as tx:
        chat = chats.of_stream(tx, stream)
        (held,) = kept_comments.held(tx, chat.id)
    assert (held.message, held.text, held.case) == ("m1", offer, None)
    moderator = site.browser(Role.LIVE_MODERATOR)
    let_go = moderator.post(f"/v1/streams/{stream}/chat/released", json={"comments": [held.id]})
    assert (let_go.status_code, let_go.json()) == (200, {"released": 1})
    until(lambda: hidden == [])


def test_who_may_order_over_http(site: Served) -> None:
    stream = talk(site)
    body = {"to": "slow", "reason": "Many at once."}
    moderator = site.browser(Role.LIVE_MODERATOR)
    assert moderator.post(f"/v1/streams/{stream}/chat/orders", json=body).status_code == 201
    path = f"/v1/streams/{stream}/chat/orders"
    assert site.browser(Role.AUDITOR).post(path, json=body).status_code == 403
    assert site.client(site.key("stream:write")).post(path, json=body).status_code == 403
    assert moderator.post(path, json={"to": "banned"}).status_code == 422
    assert moderator.post(f"/v1/streams/{new_id()}/chat/orders", json=body).status_code == 404
    seen = {"to": "open", "seen": ""}
    assert moderator.post(path, json=seen).status_code == 409, "somebody has ordered meanwhile"


def test_a_broadcast_that_ended_is_asked_nothing(site: Served) -> None:
    stream = talk(site, server="gone", service="silent")
    with site.app.db.transaction() as tx:
        chat = chats.of_stream(tx, stream)
        rule = policies_of(site.app.settings).rule(Measure.PAUSED)
        wish = chat_orders.order(tx, chat, rule, by="policy", why="x")
        streams.set_state(tx, stream, StreamState.ENDED)
    assert site.app.enforcement.chat_orders.obey(wish.id) is OrderState.WANTED
    with pytest.raises(NotFound):
        site.app.enforcement.chat_orders.obey(Id(new_id()))
