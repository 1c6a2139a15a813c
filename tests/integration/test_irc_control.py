"""A channel of a real IRC server is paused and opened by an operator, and by nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from breakwater.live.hearing.irc import Irc
from breakwater.live.hearing.irc_control import IrcControl
from breakwater.live.ports import Can
from breakwater.model.access import Role
from breakwater.model.broadcast import Sender
from breakwater.model.chat import About, ChatKind, Measure
from breakwater.model.chat_rule import ChatRule
from breakwater.model.ids import Id
from breakwater.model.stream import OrderState
from breakwater.records import chats, streams
from tests.integration.served import serving
from tests.integration.test_irc import Taken, Talker, irc_server, reading, until
from tests.ports import free_port


def rule(measure: Measure) -> ChatRule:
    return ChatRule.of(measure, slow_s=30, age_days=7)


@pytest.fixture
def somebody() -> Iterator[Callable[[int], Talker]]:
    """Makes somebody in the channel, who leaves afterwards."""
    made: list[Talker] = []

    def enter(port: int) -> Talker:
        made.append(Talker(port, "ann"))
        return made[-1]

    yield enter
    for one in made:
        one.wire.close()


@pytest.fixture
def place(tmp_path) -> Iterator[tuple[int, Irc, Taken]]:
    """We come first into the channel, and so are its operator."""
    port, taken = free_port(), Taken()
    with irc_server(tmp_path, port), reading(port, taken) as irc:
        until(lambda: irc.joined)
        yield port, irc, taken


def test_a_paused_channel_takes_nothing_until_it_is_opened(place, somebody) -> None:
    port, irc, taken = place
    control = IrcControl(irc, "#Quay")
    assert Can.CHAT in control.can
    ann = somebody(port)
    for _ in range(2):
        assert control.chat("live/quay", rule(Measure.PAUSED)).done
    ann.say("PRIVMSG #quay :while it is paused")
    ann.until(b" 404 ")
    assert control.chat("live/quay", rule(Measure.OPEN)).done
    ann.say("PRIVMSG #quay :afterwards")
    until(lambda: taken.texts() == ["afterwards"])


def test_what_irc_has_no_word_for_is_not_done_and_a_pause_ends_all_the_same(
    place, somebody
) -> None:
    port, irc, taken = place
    control = IrcControl(irc, "#quay")
    assert control.chat("live/quay", rule(Measure.PAUSED)).done
    said = control.chat("live/quay", rule(Measure.SLOW))
    assert not said.done
    assert "nothing less" in said.detail
    somebody(port).say("PRIVMSG #quay :it is open")
    until(lambda: taken.texts() == ["it is open"])
    assert not control.hold("live/quay", ["m1"]).done


def test_who_is_no_operator_has_done_nothing(tmp_path, somebody) -> None:
    port, taken = free_port(), Taken()
    with irc_server(tmp_path, port):
        ann = somebody(port)
        with reading(port, taken) as irc:
            until(lambda: irc.joined)
            said = IrcControl(irc, "#quay").chat("live/quay", rule(Measure.PAUSED))
            assert not said.done
            assert "operator" in said.detail
            ann.say("PRIVMSG #quay :nobody stopped me")
            until(lambda: taken.texts() == ["nobody stopped me"])


def test_a_server_that_is_away_is_never_taken_for_done(monkeypatch) -> None:
    monkeypatch.setattr("breakwater.live.hearing.irc_control.ANSWER_S", 0.1)
    with reading(free_port(), Taken()) as irc:
        said = IrcControl(irc, "#quay").chat("live/quay", rule(Measure.PAUSED))
    assert not said.done
    assert "does not answer" in said.detail


def test_an_order_to_a_broadcasts_chat_reaches_its_channel(tmp_path, somebody) -> None:
    port = free_port()
    with (
        irc_server(tmp_path, port),
        serving(
            tmp_path / "bw", comments_irc_url=f"irc://127.0.0.1:{port}",
            comments_irc_nick="listener", comments_irc_channels="#quay=edge:live/quay",
            live_watch=False,
        ) as served,
    ):  # fmt: skip
        app = served.app
        with app.db.transaction() as tx:
            stream = streams.start(tx, server="edge", name="live/quay", sender=Sender(service="c"))
            chats.begin(tx, About(ChatKind.STREAM, "c", stream.id, stream.id))
        (turn,) = [one for one in app.turns if one.name == "comments.irc"]
        turn.run()
        until(lambda: app.hearing.voices(stream)[0]._connection.joined)
        moderator = served.browser(Role.LIVE_MODERATOR)
        path = f"/v1/streams/{stream.id}/chat/orders"
        order = moderator.post(path, json={"to": "paused"}).json()["id"]
        assert app.enforcement.chat_orders.obey(Id(order)) is OrderState.CONFIRMED
        ann = somebody(port)
        ann.say("PRIVMSG #quay :hello")
        ann.until(b" 404 ")
        assert moderator.get(path).json()["orders"][0]["state"] == "confirmed"
