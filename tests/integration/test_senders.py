"""One of several who send is frozen or cut, and the broadcast and the others go on; roles of all kinds.

A service's own media server answers signed calls over real HTTP, and hears webhooks there; one
act is done by a real nginx. What a service is told of an account waits until somebody said who
broadcasts, and comes once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter

import pytest

from breakwater.errors import BadInput
from breakwater.live.servers import NewServer
from breakwater.model.access import Role
from breakwater.model.broadcast import News, NewsKind, Sender
from breakwater.model.ids import Id
from breakwater.model.server import ServerKind
from breakwater.model.signin import about_cut
from breakwater.model.stream import Broadcaster, Control, OrderState, Stream, StreamState
from breakwater.records import stream_orders, stream_people, stream_roles, streams
from tests.integration.live_site import LiveSite, live_site, until
from tests.integration.served import OPERATOR, cut_signed
from tests.scripted_http import Scripted, scripted

B = Broadcaster
HOST, GUEST = "c-1", "c-2"


@dataclass
class Stage:
    """An installation, and a service that hears and answers."""

    site: LiveSite
    service: Scripted

    def stream(self, name: str, *, server: str = "own") -> Stream:
        """A broadcast with a host and a guest."""
        live, key = self.site.app.live.streams, self.site.service()
        made = live.begin(key, server, name, Sender(client=HOST, account=f"{name}-host"))
        guest = Sender(client=GUEST, account=f"{name}-guest")
        return live.event(key, made.id, News(NewsKind.JOINED, sender=guest))

    def one(self, stream: Stream, client: str) -> Id:
        with self.site.app.db.read() as tx:
            every = stream_people.publishers(tx, stream.id, left=True)
        return next(one.id for one in every if one.key == client)

    def order(self, stream: Stream, to: Control, client: str = "", **facts) -> None:
        """A person orders it, signed where it cuts."""
        who = self.site.moderator()
        one = self.one(stream, client) if client else None
        about = about_cut(stream.id, one)
        if to is Control.CUT:
            facts = {"broadcaster": B.UNKNOWN, "signed": cut_signed(
                self.site.app, who, stream.id, about
            )} | facts  # fmt: skip
        self.site.app.enforcement.wishes.want(who, stream.id, to, publisher=one, **facts)

    def confirmed(self, stream: Stream) -> bool:
        """Nothing is left to be done."""
        done = {OrderState.CONFIRMED, OrderState.OVERTAKEN}
        return all(one.state in done for one in self.site.orders(stream))

    def calls(self, name: str) -> list[tuple[str, str]]:
        """What the service was asked to do, and to whom."""
        said = [json.loads(one.body) for one in self.service.asked if one.path == "/"]
        return [
            (one["type"], one["data"].get("client", ""))
            for one in said
            if one["data"].get("name") == name
        ]

    def told(self, stream: Stream) -> list[dict[str, object]]:
        """What the webhook said of a broadcast, in the order it happened, not arrived."""
        self.site.app.webhooks.deliver_due()
        said = [json.loads(one.body) for one in self.service.asked if one.path == "/hooks"]
        said.sort(key=itemgetter("timestamp"))
        return [one["data"] for one in said if one["data"]["stream"] == stream.id]

    def now(self, stream: Stream) -> Stream:
        with self.site.app.db.read() as tx:
            return streams.get(tx, stream.id)


@contextmanager
def running(directory) -> Iterator[Stage]:
    with (
        scripted() as service,
        live_site(directory, webhook_private_networks="127.0.0.0/8") as site,
    ):
        service.anything = lambda _: (200, {"done": True, "detail": "as you say"})
        servers, hooks = site.app.live.servers, site.app.webhooks
        new = NewServer("own", ServerKind.GENERIC, "live", control_url=service.url)
        servers.add(new, OPERATOR)
        hooks.create(f"{service.url}/hooks", "", ["stream.ordered", "stream.stopped"], OPERATOR)
        yield Stage(site, service)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running(tmp_path_factory.mktemp("senders")) as made:
        yield made


def test_one_sender_is_frozen_and_thawed_and_the_others_are_not_asked_of(stage: Stage) -> None:
    stream = stage.stream("live/duet")
    stage.order(stream, Control.FROZEN, GUEST)
    until(lambda: stage.confirmed(stream))
    stage.order(stream, Control.OPEN, GUEST)
    until(lambda: stage.confirmed(stream))
    assert stage.calls("live/duet") == [("stream.freeze", GUEST), ("stream.thaw", GUEST)]
    found = stage.now(stream)
    assert (found.control, found.state) == (Control.OPEN, StreamState.LIVE)


def test_one_sender_is_cut_and_the_broadcast_goes_on(stage: Stage) -> None:
    stream = stage.stream("live/battle")
    stage.order(stream, Control.CUT, GUEST, broadcaster=B.SUSPECT)
    until(lambda: stage.confirmed(stream))
    assert stage.calls("live/battle") == [("stream.terminate", GUEST)]
    found = stage.now(stream)
    assert (found.control, found.state) == (Control.OPEN, StreamState.LIVE)
    until(lambda: stage.told(stream))
    said = stage.told(stream)[0]
    assert (said["to"], said["client"], said["account"]) == ("cut", GUEST, "ban")
    with stage.site.app.db.read() as tx:
        assert stream_people.publisher(tx, stage.one(stream, HOST)).control is Control.OPEN
        assert stream_orders.denials(tx, stream.id) == ["account"], "the guest's, not the key"


def test_a_server_that_knows_whole_broadcasts_only_freezes_nobody_singly(stage: Stage) -> None:
    stream = stage.stream("live/solo", server="edge")
    with pytest.raises(BadInput, match="cannot freeze one sender"):
        stage.order(stream, Control.FROZEN, GUEST)
    assert stage.now(stream).control is Control.OPEN


@pytest.mark.parametrize("role", [B.SUSPECT, B.APPARENT_CHILD])
def test_a_service_hears_of_the_account_once_and_not_before_somebody_said_who_it_is(
    stage: Stage, role: Broadcaster
) -> None:
    name = f"live/{role.value.replace('_', '')}"
    stream = stage.stream(name)
    stage.order(stream, Control.CUT)
    until(lambda: stage.confirmed(stream))
    until(lambda: len(stage.told(stream)) >= 2)
    assert "stream.deny_publish" in [one for one, _ in stage.calls(name)]
    before = len(stage.calls(name))
    with stage.site.app.db.read() as tx:
        assert len(stream_roles.of_stream(tx, stream.id)) == 1, "it is asked"
    for _ in range(2):
        stage.order(stream, Control.CUT, broadcaster=role)
        until(lambda: stage.confirmed(stream))
    until(lambda: len(stage.told(stream)) >= 4)
    accounts = [said["account"] for said in stage.told(stream) if "account" in said]
    assert accounts == ["pending_role", "ban" if role is B.SUSPECT else "help"]
    again = [one for one, _ in stage.calls(name)][before:]
    assert again == ["stream.deny_publish" if role is B.SUSPECT else "stream.thaw"], (
        "who sends under this name by now is not dropped"
    )
    with stage.site.app.db.read() as tx:
        assert not stream_roles.of_stream(tx, stream.id)
        assert bool(stream_orders.denials(tx, stream.id)) is (role is B.SUSPECT)


def test_a_child_known_at_the_cut_is_never_kept_out_of_a_server(stage: Stage) -> None:
    stream = stage.stream("live/young")
    stage.order(stream, Control.CUT, broadcaster=B.APPARENT_CHILD)
    until(lambda: stage.confirmed(stream))
    until(lambda: stage.told(stream))
    assert "stream.deny_publish" not in [one for one, _ in stage.calls("live/young")]
    assert stage.told(stream)[0]["account"] == "help"


@pytest.mark.parametrize("role", [B.UNKNOWN, B.SUSPECT, B.APPARENT_CHILD])
def test_on_a_real_nginx_only_an_apparent_child_comes_back(stage: Stage, role: Broadcaster) -> None:
    name = f"live/back{list(B).index(role)}"
    rtmp = stage.site.rtmp
    publisher = rtmp.push(name=name)
    stream = stage.site.stream(name)
    stage.order(stream, Control.CUT)
    publisher.wait_end()
    until(lambda: stage.confirmed(stream))
    if role is not B.UNKNOWN:
        stage.order(stream, Control.CUT, broadcaster=role)
        until(lambda: stage.confirmed(stream))
    again = rtmp.push(name=name, wait=role is B.APPARENT_CHILD)
    if role is B.APPARENT_CHILD:
        assert again.sending
        again.stop()
    else:
        again.process.wait(timeout=30)
        assert again.process.returncode != 0
    wanted = {B.UNKNOWN: [], B.SUSPECT: ["ban"], B.APPARENT_CHILD: ["help"]}[role]
    until(lambda: len(stage.told(stream)) >= 2 + 2 * len(wanted))
    accounts = [said["account"] for said in stage.told(stream) if "account" in said]
    assert accounts == ["pending_role", *wanted]


def test_the_page_acts_on_one_sender_and_asks_who_it_is(stage: Stage) -> None:
    stream = stage.stream("live/page")
    password = "seven grey herons wait"
    browser = stage.site.served.browser(Role.LIVE_MODERATOR, password=password)
    guest = stage.one(stream, GUEST)
    page = browser.get(f"/live?at={stream.label}").text
    assert "Sender 2" in page
    order = {"publisher": guest, "to": "frozen"}
    assert browser.post(f"/live/{stream.label}/orders", data=order).status_code == 303
    order["to"] = "cut"
    signing = browser.post(f"/live/{stream.label}/orders", data=order)
    assert f"Sign to cut {stream.label}, Sender 2." in signing.text
    assert stage.now(stream).control is Control.OPEN, "the others go on while it is signed"
    signed = order | {"password": password}
    assert browser.post(f"/live/{stream.label}/orders", data=signed).status_code == 303
    until(lambda: stage.confirmed(stream))
    assert stage.calls("live/page") == [("stream.freeze", GUEST), ("stream.terminate", GUEST)]
    page = browser.get(f"/live?at={stream.label}").text
    assert "Who is Sender 2?" in page
    answer = order | {"role": "apparent_child"}
    assert browser.post(f"/live/{stream.label}/orders", data=answer).status_code == 303
    assert "Who is Sender 2?" not in browser.get(f"/live?at={stream.label}").text
