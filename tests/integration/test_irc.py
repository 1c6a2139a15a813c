"""Chats of a real IRC server (ngircd) on a free loopback port, and of one that speaks Twitch's tags."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress

import pytest
from structlog.testing import capture_logs

from breakwater.app.checks_comments import irc as doctor
from breakwater.errors import BadInput, BadSettings
from breakwater.live.hearing import irc as module
from breakwater.live.hearing.irc import Irc, IrcRules
from breakwater.model.broadcast import Sender
from breakwater.model.clock import SystemClock
from breakwater.model.comment import MessageKind
from breakwater.observe import Metrics
from breakwater.records import chat_course, chats, streams
from breakwater.web.pages import read_shadow
from tests.integration.served import serving
from tests.ports import free_port

NGIRCD = shutil.which("ngircd", path="/usr/sbin:/usr/bin") or ""
# Without penalties: the server would let each word of a client wait one to four seconds.
CONF = """
[Global]
Name = irc.test
Info = a test
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = hello
[Limits]
ConnectRetry = 60
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 60
PongTimeout = 20
[Options]
DNS = no
Ident = no
PAM = no
"""


@contextmanager
def irc_server(folder, port):
    """A real server in the foreground."""
    if not NGIRCD:
        pytest.fail("apt-get install --no-install-recommends ngircd")
    conf = folder / f"ngircd-{port}.conf"
    conf.write_text(CONF.format(port=port))
    process = subprocess.Popen(
        [NGIRCD, "--nodaemon", "--config", str(conf)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: answers(port))
        yield process
    finally:
        process.terminate()
        process.wait(20)


def answers(port):
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class Talker:
    """Somebody in a channel."""

    def __init__(self, port, nick):
        self.wire = socket.create_connection(("127.0.0.1", port), 10)
        self.heard = b""
        self.say(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        self.until(b" 001 ")
        self.say("JOIN #quay")
        self.until(b" 366 ")

    def say(self, *lines):
        for line in lines:
            data = line if isinstance(line, bytes) else line.encode()
            self.wire.sendall(data + b"\r\n")

    def __enter__(self):
        return self

    def __exit__(self, *_fault):
        self.wire.close()

    def until(self, words):
        self.wire.settimeout(30)
        while words not in self.heard:
            piece = self.wire.recv(4096)
            assert piece, "the server closed"
            self.heard += piece
            for line in piece.split(b"\r\n"):
                if line.startswith(b"PING"):
                    self.say(b"PONG" + line[4:])


class Taken:
    """What was handed on, and what was only counted.

    Attributes:
        faults: raised by the next calls, the first first; of `count` too.
    """

    def __init__(self):
        self.all, self.counted = [], []
        self.faults, self.count_faults = [], []

    def __call__(self, server, name, told):
        if self.faults:
            raise self.faults.pop(0)
        self.all += [(server, name, one) for one in told]

    def count(self, server, name, lost):
        if self.count_faults:
            raise self.count_faults.pop(0)
        self.counted.append((server, name, lost))

    def kinds(self):
        return [one.kind for _, _, one in self.all]

    def texts(self):
        return [one.text for _, _, one in self.all if one.kind is MessageKind.COMMENT]


@contextmanager
def reading(port, taken):
    rules = IrcRules.read(f"irc://127.0.0.1:{port}", "bwater", "", ("#Quay=edge:live/quay",))
    irc = Irc(rules=rules, clock=SystemClock(), metrics=Metrics(), take=taken, count=taken.count)
    irc.turn()
    try:
        yield irc
    finally:
        irc.close()


@contextmanager
def joined(irc):
    """Once it is in its channels."""
    until(lambda: irc.joined)
    yield


def test_what_cannot_be_taken_is_tried_again_counted_and_costs_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    port, taken = free_port(), Taken()
    with (
        irc_server(tmp_path, port), reading(port, taken) as irc, joined(irc),
        Talker(port, "ann") as ann, capture_logs() as logged,
    ):  # fmt: skip
        until(lambda: taken.kinds().count(MessageKind.JOIN))
        thread = irc._thread
        taken.faults = [RuntimeError("locked")]
        ann.say("PRIVMSG #quay :first canary")
        until(lambda: taken.texts() == ["first canary"])
        assert taken.counted == [], "a fault that passed"
        taken.faults = [RuntimeError("locked")] * module.TRIES
        taken.count_faults = [RuntimeError("locked")]
        ann.say("PRIVMSG #quay :second canary")
        until(lambda: taken.counted == [("edge", "live/quay", 1)])
        taken.faults = [BadInput("no such thing")]
        ann.say("PRIVMSG #quay :third canary")
        until(lambda: len(taken.counted) == 2)
        ann.say("PRIVMSG #quay :fourth canary")
        until(lambda: taken.texts() == ["first canary", "fourth canary"])
        assert irc._thread is thread
        assert thread.is_alive()
    said = [one for one in logged if one["event"] == "irc_not_taken"]
    assert [one["why"] for one in said] == ["RuntimeError", BadInput.code]
    assert "canary" not in repr(logged)


def test_a_fault_of_the_connection_is_said_and_the_thread_comes_back(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FIRST_S", 0.01)
    broken = [KeyError("canary")]

    def parse(raw):
        if broken:
            raise broken.pop()
        return parsed(raw)

    parsed = module.parse
    monkeypatch.setattr(module, "parse", parse)
    port, taken = free_port(), Taken()
    with (
        irc_server(tmp_path, port), capture_logs() as logged, reading(port, taken) as irc,
        joined(irc),
    ):  # fmt: skip
        assert not broken
    assert [one["why"] for one in logged if one["event"] == "irc_fell"] == ["KeyError"]
    assert "canary" not in repr(logged)


def test_what_is_said_in_a_channel_of_a_real_server_comes_in(tmp_path):
    port, taken = free_port(), Taken()
    with (
        irc_server(tmp_path, port),
        reading(port, taken) as irc,
        joined(irc),
        Talker(port, "ann") as ann,
    ):
        ann.say("PRIVMSG #quay :hello all", "PRIVMSG #quay :\x01ACTION waves\x01")
        ann.say("PRIVMSG #quay :кириллица 😀".encode(), b"PRIVMSG #quay :\xff\xfe half")
        ann.say("PART #quay :bye")
        until(lambda: MessageKind.LEAVE in taken.kinds())
        server, name, first = next(x for x in taken.all if x[2].kind is MessageKind.COMMENT)
    assert (server, name, first.author) == ("edge", "live/quay", "ann")
    assert taken.texts()[:3] == ["hello all", "waves", "кириллица 😀"]
    assert "\ufffd" in taken.texts()[3]
    assert taken.kinds()[0] is MessageKind.JOIN
    assert taken.kinds()[-1] is MessageKind.LEAVE


def test_whoever_took_our_name_is_heard_like_anybody(tmp_path):
    port, taken = free_port(), Taken()
    with (
        irc_server(tmp_path, port),
        Talker(port, "bwater") as other,
        reading(port, taken) as irc,
        joined(irc),
    ):
        other.say("PRIVMSG #quay :hello all")
        until(lambda: taken.texts() == ["hello all"])


def test_it_comes_back_when_the_server_does(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FIRST_S", 0.1)
    port, taken = free_port(), Taken()
    with reading(port, taken) as irc:
        with irc_server(tmp_path, port):
            until(lambda: irc.joined)
        until(lambda: not irc.joined)
        with irc_server(tmp_path, port), joined(irc), Talker(port, "ann") as ann:
            ann.say("PRIVMSG #quay :again")
            until(lambda: taken.texts() == ["again"])


def test_waits_grow_and_have_an_end(monkeypatch):
    waits = []
    rules = IrcRules.read(f"irc://127.0.0.1:{free_port()}", "bw", "", ("#q=:x",))
    irc = Irc(
        rules=rules, clock=SystemClock(), metrics=Metrics(), take=Taken(), count=Taken().count
    )

    class Stop(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            if len(waits) == 9:
                self.set()
            return self.is_set()

    irc._stop = Stop()
    irc._run()
    assert waits[0] < 3
    assert max(waits) <= module.MOST_S * 1.2
    assert waits[8] > 10 * waits[0]


@contextmanager
def twitch_like():
    """A server that says what a test says; ngircd knows no tags."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(30)
    said = []

    def accept():
        wire, _ = listener.accept()
        said.append(wire)

    thread = threading.Thread(target=accept)
    thread.start()
    yield listener.getsockname()[1], said
    thread.join(30)
    for wire in said:
        wire.close()
    listener.close()


def test_tags_gifts_deletions_and_pings_of_a_twitch_like_server():
    taken = Taken()
    with twitch_like() as (port, said), reading(port, taken) as irc:
        until(lambda: said)
        wire = said[0]
        wire.settimeout(30)
        wire.sendall(b":tmi 001 bwater :hi\r\n")
        got = b""
        while b"JOIN #quay" not in got:
            got += wire.recv(4096)
        assert b"CAP REQ :twitch.tv/tags" in got
        wire.sendall(
            b"PING :are-you-there\r\n"
            b"@id=m-1;bits=5 :ann!ann@x PRIVMSG #quay :hello\r\n"
            b"@login=ann;target-msg-id=m-1 :tmi CLEARMSG #quay :hello\r\n"
            b":tmi CLEARCHAT #quay :ann\r\n"
            b"@login=bo;msg-id=subgift :tmi USERNOTICE #quay\r\n"
            b"PRIVMSG #other :elsewhere\r\n" + b"@" + b"x" * 40_000 + b"\r\n"
            b"\r\n:bo!b@x PRIVMSG #quay :after\r\n"
        )
        until(lambda: "after" in taken.texts())
        while b"PONG :are-you-there" not in got:
            got += wire.recv(4096)
        counted = irc._metrics.registry.get_sample_value("breakwater_irc_unread_total")
        assert irc.unread == counted == 2, "a line too long, and an empty one"
    assert taken.kinds() == [
        MessageKind.COMMENT, MessageKind.GIFT, MessageKind.DELETE, MessageKind.DELETE,
        MessageKind.GIFT, MessageKind.COMMENT,
    ]  # fmt: skip
    assert taken.all[0][2].id == "m-1"


def test_nothing_of_a_chat_is_logged(tmp_path, capfd):
    port, taken = free_port(), Taken()
    taken.faults = [BadSettings("no")]
    with (
        irc_server(tmp_path, port),
        reading(port, taken) as irc,
        joined(irc),
        Talker(port, "canary") as talker,
    ):
        talker.say("PRIVMSG #quay :canary-text")
        seen = []
        until(lambda: seen.append(capfd.readouterr().out) or "irc_not_taken" in "".join(seen))
    assert "canary" not in "".join(seen)


def test_a_whole_installation_reads_the_channel_of_a_broadcast(tmp_path):
    port = free_port()
    with (
        irc_server(tmp_path, port),
        serving(
            tmp_path / "bw", comments_irc_url=f"irc://127.0.0.1:{port}",
            comments_irc_nick="bwater", comments_irc_channels="#quay=edge:live/quay",
        ) as served,
    ):  # fmt: skip
        app = served.app
        with app.db.transaction() as tx:
            stream = streams.start(tx, server="edge", name="live/quay", sender=Sender(service="c"))
        (turn,) = [one for one in app.turns if one.name == "comments.irc"]
        turn.run()

        def scored():
            with app.db.read() as tx:
                found = chats.of_stream(tx, stream.id)
                return found is not None and found.scored == 1 and chat_course.of_chat(tx, found.id)

        with Talker(port, "ann") as ann:
            until(lambda: b"bwater" in names(ann))
            ann.say("PRIVMSG #quay :hello all")
            assert until(scored)
        with app.db.read() as tx:
            (said,) = read_shadow.beside(tx, app.settings, app.hearing.irc)
        assert (said.id, said.wrong) == ("127.0.0.1", "")
        assert said.words == "0 lines could not be read since the start."
        (check,) = doctor(app.settings)
        assert check.state == "ok"


def names(talker):
    talker.heard = b""
    talker.say("NAMES #quay")
    talker.until(b" 366 ")
    return talker.heard


@pytest.mark.parametrize(
    ("url", "nick", "channels"),
    [("http://x", "bw", ("#q=:x",)), ("irc://x", "", ("#q=:x",)), ("irc://x", "bw", ()),
     ("irc://x", "bw", ("q=:x",)), ("irc://x", "bw", ("#q=x",)), ("irc://x", "b\nw", ("#q=:x",))],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(url, nick, channels):
    with pytest.raises(BadSettings):
        IrcRules.read(url, nick, "", channels)


def until(true, seconds=30.0):
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)
    return found
