"""The contract of media servers: what `live` and `enforcement` rely on, whatever the make.

Subclass `MediaServerContract` in the tests of an adapter and return a `Stage` from `stage`: a real
server, and ways to publish to it and play from it. What an adapter says it cannot do
(`MediaServer.can`) it must say when asked. Kept by every adapter: real servers in
`tests/integration/test_media_servers.py`, `test_node_media_server.py` and `test_generic_server.py`,
those known by their documentation in `tests/integration/test_documented_servers.py`.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from typing import Final, Protocol

from breakwater.errors import Unavailable
from breakwater.live.ports import Answer, Can, MediaServer
from breakwater.model.chat import Measure
from breakwater.model.chat_rule import ChatRule
from breakwater.testing.seams import hold

NAME: Final = "live/contract"
CUT_S: Final = 2.0
"""From the call to the last byte of anybody: the issue's goal for viewers."""
FROZEN_S: Final = 1.0
QUIET_S: Final = 0.4
"""Ten frames of a picture that is sent 25 times a second."""
ENOUGH: Final = 4_000
"""Bytes by which a player is known to play."""


class Publishing(Protocol):
    """Somebody who sends."""

    @property
    def sending(self) -> bool:
        """Whether it is connected still."""
        ...

    def stop(self) -> None:
        """End by itself."""
        ...


class Playing(Protocol):
    """Somebody who plays."""

    @property
    def bytes(self) -> int:
        """That came so far."""
        ...

    def close(self) -> None:
        """Leave."""
        ...


class Stage(Protocol):
    """A real server and people who use it."""

    @property
    def server(self) -> MediaServer:
        """The adapter under test."""
        ...

    @property
    def absent(self) -> MediaServer:
        """The same adapter, of a server that is not there."""
        ...

    def publish(self, name: str) -> Publishing:
        """Send; answers when the server lists it."""
        ...

    def refused(self, name: str) -> bool:
        """Whether sending is refused."""
        ...

    def play(self, name: str, *, ours: bool = False) -> Playing:
        """Play it, or watch it as `pull_url` and `pull_options` say."""
        ...

    def deny(self, name: str) -> None:
        """Have the doorkeeper refuse publishers and players of it."""
        ...

    def hold_back(self, name: str, *, back: bool = True) -> None:
        """Have the doorkeeper refuse players of it, or let them in again."""
        ...


class MediaServerContract:
    """What every media server must keep."""

    name: str = NAME
    """What the broadcast of the stage is called: some servers have one alone."""

    @abstractmethod
    def stage(self) -> Stage:
        """A stage on which nothing runs under `name` yet."""

    def test_a_broadcast_is_found_while_it_runs(self) -> None:
        """With its publisher, and not after."""
        stage = self.stage()
        publishing = stage.publish(self.name)
        found = [one for one in stage.server.discover() if one.name == self.name]
        hold(len(found) == 1 and len(found[0].publishers) == 1, "it is not found once")
        hold(stage.server.stats().streams >= 1, "it is not counted")
        publishing.stop()
        self._until(lambda: not self._sends(stage), "it is found after its end")

    def test_a_cut_ends_the_publisher_and_everyone_who_plays(self) -> None:
        """Within two seconds, and a second cut is as good as the first."""
        stage = self.stage()
        publishing = stage.publish(self.name)
        player = stage.play(self.name)
        self._plays(player)
        stage.deny(self.name)
        denies = Can.DENY_PUBLISH in stage.server.can
        hold(stage.server.deny_publish(self.name).done is denies, "it denies, or says it cannot")
        for _ in range(2):
            answer = stage.server.terminate(self.name)
            hold(answer.done, f"it is not cut: {answer.detail}")
        stage.server.block_viewers(self.name)
        self._until(lambda: not publishing.sending, "the publisher goes on", CUT_S)
        self._silent(player, CUT_S)
        hold(not denies or stage.refused(self.name), "it may come back")
        player.close()

    def test_cutting_what_is_not_there_is_done(self) -> None:
        """Orders are retried."""
        server = self.stage().server
        for answer in (server.terminate("live/nothing"), server.block_viewers("live/nothing")):
            hold(answer.done, f"nothing cannot be cut: {answer.detail}")

    def test_frozen_nobody_plays_and_the_publisher_goes_on(self) -> None:
        """Our watcher sees on; thawed, players come back."""
        stage = self.stage()
        if Can.FREEZE not in stage.server.can:
            hold(not stage.server.freeze(self.name).done, "it freezes although it cannot")
            return
        publishing = stage.publish(self.name)
        player, watcher = stage.play(self.name), stage.play(self.name, ours=True)
        self._plays(player)
        self._plays(watcher)
        stage.hold_back(self.name)
        for _ in range(2):
            answer = stage.server.freeze(self.name)
            hold(answer.done, f"it is not frozen: {answer.detail}")
        self._silent(player, FROZEN_S)
        late = stage.play(self.name)
        self._silent(late, FROZEN_S)
        before = watcher.bytes
        self._until(lambda: watcher.bytes > before + ENOUGH, "our watcher was cut off")
        hold(publishing.sending, "the publisher was cut")
        stage.hold_back(self.name, back=False)
        hold(stage.server.thaw(self.name).done, "it does not thaw")
        again = stage.play(self.name)
        self._plays(again)
        for one in (player, watcher, late, again):
            one.close()
        publishing.stop()

    def test_viewers_are_told_without_us(self) -> None:
        """Each once."""
        stage = self.stage()
        if Can.VIEWERS not in stage.server.can:
            return
        publishing = stage.publish(self.name)
        players = [stage.play(self.name), stage.play(self.name), stage.play(self.name, ours=True)]
        for player in players:
            self._plays(player)
        told = stage.server.viewers(self.name)
        hold(len({one.client for one in told}) == 2, f"{len(told)} viewers instead of 2")
        hold(all(one.port != 0 for one in told), "an unknown port is 0")
        for player in players:
            player.close()
        publishing.stop()

    def test_a_recording_is_fetched_and_purged(self) -> None:
        """Then nothing can be had any more, and the probe says so."""
        stage = self.stage()
        server = stage.server
        if Can.RECORD not in server.can:
            hold(not server.record_start(self.name).done, "it records although it cannot")
            return
        publishing = stage.publish(self.name)
        started = server.record_start(self.name)
        hold(started.done, f"it does not record: {started.detail}")
        self._until(lambda: bool(server.recordings(self.name)), "there is no recording")
        self._until(lambda: self._size(server) > ENOUGH, "the recording is empty")
        hold(not server.probe(self.name).done, "a running broadcast passes the probe")
        hold(server.record_stop(self.name).done, "it does not stop recording")
        stage.deny(self.name)
        server.terminate(self.name)
        self._until(lambda: not publishing.sending, "the publisher goes on", CUT_S)
        if Can.PURGE in server.can:
            self._until(lambda: server.purge(self.name).done, "it is not purged")
            self._until(
                lambda: server.probe(self.name).done, f"left: {server.probe(self.name).detail}"
            )
            hold(server.recordings(self.name) == (), "a recording is left")

    def test_what_is_kept_is_purged_after_the_cut(self) -> None:
        """The probe says before that something can be had, and after that nothing can."""
        stage = self.stage()
        server = stage.server
        publishing = stage.publish(self.name)
        hold(not server.probe(self.name).done, "a running broadcast passes the probe")
        stage.deny(self.name)
        server.terminate(self.name)
        self._until(lambda: not publishing.sending, "the publisher goes on", CUT_S)
        if Can.PURGE not in server.can:
            hold(not server.purge(self.name).done, "it purges although it cannot")
        else:
            self._until(lambda: server.purge(self.name).done, "it is not purged")
        self._until(lambda: server.probe(self.name).done, "something is left")
        hold(server.recordings(self.name) == (), "a recording is left")

    def test_a_server_without_a_chat_says_so(self) -> None:
        """And one that is away has restrained nothing."""
        stage = self.stage()
        rule = ChatRule.of(Measure.PAUSED, slow_s=30, age_days=7)
        if Can.CHAT not in stage.server.can:
            hold(not stage.server.chat(self.name, rule).done, "it pauses a chat although it cannot")
            hold(not stage.server.hold(self.name, ["m1"]).done, "it holds although it cannot")
        for answer in (stage.absent.chat(self.name, rule), stage.absent.hold(self.name, ["m1"])):
            hold(not answer.done and bool(answer.detail), "an absent server has done it")

    def test_a_server_that_is_away_is_never_taken_for_done(self) -> None:
        """Acts answer so, questions raise."""
        absent = self.stage().absent
        acts: tuple[Callable[[str], Answer], ...] = (absent.terminate, absent.probe)
        if Can.FREEZE in absent.can:
            acts += (absent.freeze, absent.block_viewers)
        if Can.PURGE in absent.can:
            acts += (absent.purge,)
        for act in acts:
            answer = act(self.name)
            hold(not answer.done and bool(answer.detail), "an absent server has done it")
        hold(not all(one.done for one in absent.check()), "an absent server is fit")
        for ask in (absent.discover, absent.stats):
            try:
                ask()
            except Unavailable:
                continue
            hold(kept=False, words="an absent server answers")

    def _sends(self, stage: Stage) -> bool:
        return any(one.name == self.name and one.publishers for one in stage.server.discover())

    def _plays(self, player: Playing) -> None:
        self._until(lambda: player.bytes > ENOUGH, "nothing plays")

    def _size(self, server: MediaServer) -> int:
        counted = _Count()
        server.fetch_recording(server.recordings(self.name)[-1], counted)
        return counted.size

    @staticmethod
    def _until(check: Callable[[], bool], words: str, seconds: float = 15.0) -> None:
        end = time.monotonic() + seconds
        while not check():
            hold(time.monotonic() < end, words)
            time.sleep(0.02)

    @staticmethod
    def _silent(player: Playing, within: float) -> None:
        """Its last byte comes in time, and then nothing for as long as a broadcast has no gaps."""
        end = time.monotonic() + within
        last, since = player.bytes, time.monotonic()
        while time.monotonic() < since + QUIET_S:
            time.sleep(0.02)
            if player.bytes != last:
                last, since = player.bytes, time.monotonic()
                hold(since < end, "bytes still come")


class _Count:
    """A sink that counts."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes) -> None:
        """Count."""
        self.size += len(data)
