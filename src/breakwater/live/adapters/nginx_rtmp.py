"""nginx with the RTMP module: admission by callbacks, acts by `rtmp_control`, looks by `rtmp_stat`.

Works with the configuration that `breakwater media-server recipe` prints: one worker process (a
control request reaches one worker only), `idle_streams off` (a cut ends the players too), HLS
behind `auth_request`, and on the control address `/stat`, `/control`, `/files/hls`, `/files/rec`
(list and DELETE). Purging is by WebDAV, so the server may stand on another machine. Facts of
each call and their times: reference live-ingest; tried against Debian's nginx in
`tests/integration/test_media_servers.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from xml.etree import ElementTree as ET

from breakwater.errors import Unavailable
from breakwater.live.adapters.lacking import CHAT, ONE, cannot
from breakwater.live.ports import Answer, Can, Found, Peer, Stats
from breakwater.live.wire import Control, Reply, place
from breakwater.model.chat_rule import ChatRule
from breakwater.model.server import ServerConfig, ServerSecrets, is_stream_name

RECORDER: Final = "ev"
ONE_BY_ONE: Final = 64
"""Up to so many players are dropped singly, sparing our watcher; above, all at once."""
CHECKS: Final = 4
_CONTROL_CHARACTERS: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Names come from strangers and are printed as they are: one such name must not blind us."""


class NginxRtmp:
    """One nginx."""

    can: Final = frozenset(Can) - {Can.CHAT}

    def __init__(
        self, config: ServerConfig, secrets: ServerSecrets, control: Control,
        hls: Callable[[str], tuple[Peer, ...]] = lambda _: (),
    ) -> None:  # fmt: skip
        """Take the parts.

        Args:
            config: where it stands.
            secrets: what we share with it.
            control: to its control interface.
            hls: who lately fetched a broadcast's playlist or segments; nginx does not list them.
        """
        self._config = config
        self._hls = hls
        self._secrets = secrets
        self._control = control

    def discover(self) -> tuple[Found, ...]:
        """Every stream of `/stat`, of every application."""
        return tuple(self._found(app, one) for app, one in _streams(self._stat()))

    def pull_url(self, name: str) -> str:
        """RTMP with our pass."""
        return f"{self._config.rtmp_url.rstrip('/')}/{name}?watch={self._secrets.watch}"

    def pull_options(self) -> Mapping[str, str]:
        """Live, and recognisable in `/stat`, so that a freeze spares us."""
        return {"rtmp_live": "live", "rtmp_flashver": self._mark}

    def freeze(self, name: str, client: str = "") -> Answer:
        """Drop the players; HLS is closed by `auth_request` meanwhile."""
        if client:
            return cannot(ONE)
        try:
            peers = self._players(name)
            if any(self._is_ours(peer) for peer in peers) and len(peers) <= ONE_BY_ONE:
                dropped = sum(
                    self._drop("client", name, peer.client)
                    for peer in peers
                    if not self._is_ours(peer)
                )
            else:
                dropped = self._drop("subscriber", name)
            left = sum(not self._is_ours(peer) for peer in self._players(name))
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        if left:
            return Answer(False, f"{left} players are still connected.", {"dropped": dropped})
        return Answer(True, "no player is connected", {"dropped": dropped})

    def thaw(self, name: str, client: str = "") -> Answer:
        """Nothing to tell the server: it asks us at each play."""
        del name, client
        return Answer(done=True, detail="the server asks at each play")

    def terminate(self, name: str, client: str = "") -> Answer:
        """Drop the publisher, and see that it is gone."""
        try:
            dropped = self._drop("publisher", name, client)
            found = self._one(name)
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        left = [one for one in found.publishers if client in {"", one.client}] if found else []
        if left:
            return Answer(False, "The publisher is still connected.", {"dropped": dropped})
        return Answer(True, "the publisher is gone", {"dropped": dropped})

    def deny_publish(self, name: str) -> Answer:
        """Nothing to tell the server: it asks us at each publish."""
        del name
        return Answer(done=True, detail="the server asks at each publish")

    def block_viewers(self, name: str) -> Answer:
        """Drop every player."""
        try:
            dropped = self._drop("subscriber", name)
            left = len(self._players(name))
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        return Answer(not left, f"{left} players are connected", {"dropped": dropped})

    def purge(self, name: str) -> Answer:
        """Delete playlist, segments and recordings on the server's disk."""
        try:
            gone = self._delete(place("files", "hls", *name.split("/")) + "/")
            for recording in self.recordings(name):
                gone = self._delete(self._recording(recording)) and gone
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        words = "playlist, segments and recordings are deleted" if gone else "not all is deleted"
        return Answer(gone, words)

    def probe(self, name: str) -> Answer:
        """No publisher, no file, no playlist for a viewer."""
        try:
            left = [words for words, there in self._leftovers(name) if there]
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        return Answer(not left, f"still there: {', '.join(left)}" if left else "nothing is left")

    def viewers(self, name: str) -> tuple[Peer, ...]:
        """RTMP players that are connected, and who fetched HLS within the last minute."""
        players = tuple(peer for peer in self._players(name) if not self._is_ours(peer))
        return players + self._hls(name)

    def record_start(self, name: str) -> Answer:
        """Start the recorder `ev`, and see that its file is there: nginx names one it cannot write."""
        try:
            reply = self._act("record", "start", name, rec=RECORDER)
            path = reply.body.decode("utf-8", "replace").strip()
            there = bool(path) and path.rpartition("/")[2] in self._listed(name)
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        if there:
            return Answer(True, "recording", {"path": path.rpartition("/")[2]})
        why = "The server cannot write its recordings." if path else "There is nothing to record."
        return Answer(False, why)

    def record_stop(self, name: str) -> Answer:
        """Stop the recorder; that it was not running is as good."""
        try:
            reply = self._act("record", "stop", name, rec=RECORDER)
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        path = reply.body.decode("utf-8", "replace").strip()
        return Answer(True, "not recording", {"path": path.rpartition("/")[2]} if path else {})

    def recordings(self, name: str) -> tuple[str, ...]:
        """`app/name-<second>.flv`, of this stream alone."""
        app, _, stream = name.partition("/")
        own = re.compile(re.escape(stream) + r"-\d+\.flv")
        return tuple(f"{app}/{file}" for file in self._listed(name) if own.fullmatch(file))

    def fetch_recording(self, recording: str, sink: Any) -> Answer:
        """GET the file."""
        if not is_stream_name(recording):
            return Answer(done=False, detail="This is not a recording's name.")
        counted = _Counting(sink)
        try:
            reply = self._control.send("GET", self._recording(recording), sink=counted)
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        return Answer(reply.ok, f"the server answered {reply.status}", {"size": counted.size})

    def chat(self, name: str, rule: ChatRule) -> Answer:
        """It carries no chat."""
        del name, rule
        return cannot(CHAT)

    def hold(self, name: str, messages: Sequence[str], *, held: bool = True) -> Answer:
        """It carries no chat."""
        del name, messages, held
        return cannot(CHAT)

    def stats(self) -> Stats:
        """Of the one worker."""
        root = self._stat()
        found = [self._found(app, one) for app, one in _streams(root)]
        return Stats(
            version=f"nginx {_text(root, 'nginx_version')}, rtmp {_text(root, 'nginx_rtmp_version')}",
            streams=sum(bool(one.publishers) for one in found),
            viewers=sum(one.viewers for one in found),
            seconds=_number(root, "uptime"),
            bytes_in=int(_number(root, "bytes_in")),
            bytes_out=int(_number(root, "bytes_out")),
        )

    def check(self) -> tuple[Answer, ...]:
        """Whether it answers, has one worker, and lets us delete."""
        try:
            workers = {_text(self._stat(fresh=True), "pid") for _ in range(CHECKS)}
            control = self._act("drop", "publisher", "breakwater/probe").status
            files = [
                self._control.get(place("files", area) + "/").status for area in ("hls", "rec")
            ]
        except Unavailable as away:
            return (Answer(done=False, detail=away.detail),)
        one = len(workers) == 1
        return (
            Answer(done=True, detail="its list of streams can be read"),
            Answer(
                one, "one worker" if one else "more than one worker: a cut would reach one only"
            ),
            Answer(control == 200, f"its control interface answers {control}"),
            Answer(files == [200, 200], f"its files answer {files[0]} (hls) and {files[1]} (rec)"),
        )

    def close(self) -> None:
        """Let the connections go."""
        self._control.close()

    def _leftovers(self, name: str) -> Iterator[tuple[str, bool]]:
        found = self._one(name)
        yield "a publisher", bool(found and found.publishers)
        yield (
            "files",
            self._control.get(place("files", "hls", *name.split("/")) + "/").status != 404,
        )
        yield "recordings", bool(self.recordings(name))

    @property
    def _mark(self) -> str:
        return f"bw-{self._secrets.watch}"

    def _is_ours(self, peer: Peer) -> bool:
        return bool(self._secrets.watch) and peer.agent == self._mark

    def _stat(self, *, fresh: bool = False) -> ET.Element:
        reply = self._control.send("GET", "/stat", headers={"Connection": "close"} if fresh else {})
        if not reply.ok:
            raise Unavailable(f"The media server answered {reply.status}.{_todo(reply.status)}")
        return parse_stat(reply.body)

    def _one(self, name: str) -> Found | None:
        stream = self._element(name)
        return None if stream is None else self._found(name.partition("/")[0], stream)

    def _element(self, name: str) -> ET.Element | None:
        """Its part of the list; of a wall of streams no other is looked at closely."""
        for app, stream in _streams(self._stat()):
            if f"{app}/{_text(stream, 'name')}" == name:
                return stream
        return None

    def _found(self, app: str, stream: ET.Element) -> Found:
        peers = [_peer(client) for client in stream.iterfind("client")]
        senders = [client.find("publishing") is not None for client in stream.iterfind("client")]
        playing = [p for p, sends in zip(peers, senders, strict=True) if not sends]
        return Found(
            name=f"{app}/{_text(stream, 'name')}",
            publishers=tuple(p for p, sends in zip(peers, senders, strict=True) if sends),
            viewers=sum(not self._is_ours(peer) for peer in playing),
            seconds=_number(stream, "time") / 1000,
            bytes_in=int(_number(stream, "bytes_in")),
            width=int(_number(stream, "meta/video/width")),
            height=int(_number(stream, "meta/video/height")),
            video=_text(stream, "meta/video/codec"),
            audio=_text(stream, "meta/audio/codec"),
        )

    def _players(self, name: str) -> list[Peer]:
        stream = self._element(name)
        clients = () if stream is None else stream.iterfind("client")
        return [_peer(one) for one in clients if one.find("publishing") is None]

    def _act(self, what: str, whom: str, name: str, **more: str) -> Reply:
        app, _, stream = name.partition("/")
        query = {"app": app, "name": stream, **{key: text for key, text in more.items() if text}}
        return self._control.get(place("control", what, whom), query)

    def _drop(self, whom: str, name: str, client: str = "") -> int:
        reply = self._act("drop", whom, name, clientid=client)
        if not reply.ok:
            raise Unavailable(f"The media server answered {reply.status} to a drop.")
        return int(reply.body) if reply.body.strip().isdigit() else 0

    def _delete(self, path: str) -> bool:
        return self._control.send("DELETE", path).status in {200, 204, 404}

    def _recording(self, recording: str) -> str:
        return place("files", "rec", *recording.split("/"))

    def _listed(self, name: str) -> list[str]:
        """Files in the recordings of a stream's application, oldest first."""
        reply = self._control.get(place("files", "rec", name.partition("/")[0]) + "/")
        if reply.status == 404:
            return []
        try:
            rows = json.loads(reply.body) if reply.ok else None
            return [
                str(row["name"]) for row in sorted(rows or (), key=lambda row: str(row["name"]))
            ]
        except (ValueError, KeyError, TypeError):
            raise Unavailable("The media server's list of files cannot be read.") from None


class _Counting:
    """A sink that counts."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self.size = 0

    def write(self, data: bytes) -> None:
        """Pass on."""
        self._sink.write(data)
        self.size += len(data)


def _todo(status: int) -> str:
    """What most often stands behind a refusal of nginx, and where it says so."""
    if status >= 500:
        return (
            " Look in nginx's error.log: most often nginx's user (www-data) may not read "
            "breakwater.htpasswd or a directory above it."
        )
    if status in {401, 403}:
        return " Its breakwater.htpasswd is of another entry: print the recipe again and reload."
    return ""


def parse_stat(body: bytes) -> ET.Element:
    """Read `/stat`, whatever names strangers gave their streams.

    Raises:
        Unavailable: it is not the XML of `rtmp_stat`.
    """
    if b"<!" in body[:2048]:
        raise Unavailable("The media server's list of streams cannot be read.")
    clean = _CONTROL_CHARACTERS.sub(b"?", body).decode("utf-8", "replace")
    try:
        root = ET.fromstring(clean.encode())  # noqa: S314 - no DTD gets here; our own server's
    except ET.ParseError:
        raise Unavailable("The media server's list of streams cannot be read.") from None
    return root


def _streams(root: ET.Element) -> Iterator[tuple[str, ET.Element]]:
    for application in root.iterfind("server/application"):
        for stream in application.iterfind("live/stream"):
            yield _text(application, "name"), stream


def _peer(client: ET.Element) -> Peer:
    return Peer(
        client=_text(client, "id"),
        address=_text(client, "address"),
        agent=_text(client, "flashver"),
        seconds=_number(client, "time") / 1000,
    )


def _text(element: ET.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _number(element: ET.Element, path: str) -> float:
    try:
        return float(_text(element, path) or 0)
    except ValueError:
        return 0.0
