"""Owncast: one broadcast a server; its webhooks tell of it, its admin API ends it.

Written from its OpenAPI document (github.com/owncast/owncast, openapi.yaml 0.0.9, at 02a5e9f; its
list of viewers and chat settings are of later ones) and tried on recorded examples, not on a running
server: `tests/unit/test_owncast.py`; the contract: `tests/integration/test_documented_servers.py`. It
asks nobody before somebody publishes or plays: a broadcaster who was cut is dropped anew at each
poll, and viewers cannot be held back. Both are said by `can`, and stand in the how-to.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from breakwater.errors import Unavailable
from breakwater.live.adapters.lacking import Lacking, cannot
from breakwater.live.ports import Answer, Can, Found, Peer
from breakwater.live.wire import Control
from breakwater.model.chat import Measure
from breakwater.model.chat_rule import ChatRule
from breakwater.model.server import ServerConfig

NAME: Final = "live/owncast"
"""What its only broadcast is called here."""
METHOD_NOT_ALLOWED: Final = 405
AGENT: Final = "breakwater"
"""What our puller of playlists calls itself (`network.fetch`)."""

CHAT_SETTINGS: Final = {
    "chatDisabled": "/api/admin/config/chat/disable",
    "chatEstablishedUserMode": "/api/admin/config/chat/establishedusermode",
}
"""What it says of its chat, and where that is changed."""


class Owncast(Lacking):
    """One Owncast."""

    can: frozenset[Can] = frozenset({
        Can.DISCOVER, Can.TERMINATE, Can.VIEWERS, Can.CHAT,
    })  # fmt: skip

    def __init__(self, config: ServerConfig, control: Control) -> None:
        super().__init__(control)
        self._config = config

    def discover(self) -> tuple[Found, ...]:
        """Its broadcast, when it is online."""
        said = self._said("/api/admin/status")
        if not isinstance(said, dict) or not said.get("online"):
            return ()
        sender = said.get("broadcaster")
        sender = sender if isinstance(sender, dict) else {}
        details = sender.get("streamDetails")
        details = details if isinstance(details, dict) else {}
        address, port = _place(str(sender.get("remoteAddr", "")))
        return (
            Found(
                name=NAME,
                publishers=(Peer(str(sender.get("time", "")), address, port),),
                viewers=int(said.get("viewerCount") or 0),
                width=int(details.get("width") or 0),
                height=int(details.get("height") or 0),
                video=str(details.get("videoCodec", "")),
                audio=str(details.get("audioCodec", "")),
            ),
        )

    def pull_url(self, name: str) -> str:
        """Its public playlist."""
        del name
        return f"{self._config.hls_url.rstrip('/')}/stream.m3u8"

    def terminate(self, name: str, client: str = "") -> Answer:
        """Disconnect the broadcaster."""
        del name, client
        try:
            if self.discover():
                reply = self._control.send("POST", "/api/admin/disconnect")
                if reply.status == METHOD_NOT_ALLOWED:  # its versions differ
                    reply = self._control.get("/api/admin/disconnect")
                if not reply.ok:
                    return Answer(False, f"The server answered {reply.status}.")
            left = self.discover()
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        return Answer(not left, "still online" if left else "it is offline")

    def block_viewers(self, name: str) -> Answer:
        """Viewers get nothing once it is offline."""
        return self.probe(name)

    def probe(self, name: str) -> Answer:
        """Whether it is offline."""
        del name
        try:
            left = self.discover()
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        return Answer(not left, "still online" if left else "it is offline")

    def viewers(self, name: str) -> tuple[Peer, ...]:
        """Those who are connected now.

        It counts an address and agent once, so our watcher is one row of our agent; of several
        who call themselves so, none is left out.
        """
        del name
        said = self._said("/api/admin/viewers")
        rows = [row for row in said if isinstance(row, dict)] if isinstance(said, list) else []
        ours = [row for row in rows if row.get("userAgent") == AGENT]
        return tuple(
            Peer(str(row.get("clientID", "")), str(row.get("ipAddress", "")),
                 agent=str(row.get("userAgent", "")))
            for row in rows if ours != [row]
        )  # fmt: skip

    def chat(self, name: str, rule: ChatRule) -> Answer:
        """Close its chat to new accounts, or to all; what it says of itself afterwards counts.

        It has no slow mode and no gifts, and its own time after which an account is not new.
        """
        del name
        if rule.measure is Measure.SLOW:
            return cannot("slow a chat")
        wanted = {"chatDisabled": rule.paused, "chatEstablishedUserMode": rule.age_days > 0}
        try:
            for key, path in CHAT_SETTINGS.items():
                self._put(path, {"value": wanted[key]})
            now = self._said("/api/admin/serverconfig")
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        so = isinstance(now, dict) and all(now.get(key) is on for key, on in wanted.items())
        return Answer(so, "its chat is so" if so else "its chat is not as it was asked to be")

    def hold(self, name: str, messages: Sequence[str], *, held: bool = True) -> Answer:
        """Hide messages from its chat, or show them again."""
        del name
        try:
            self._put(
                "/api/admin/chat/messagevisibility",
                {"idArray": list(messages), "visible": not held},
            )
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        return Answer(done=True, detail=f"{len(messages)} messages")

    def check(self) -> tuple[Answer, ...]:
        """Whether its API answers us, and what it lacks."""
        lacks = Answer(done=False, detail="it cannot refuse a publisher nor hold viewers back")
        try:
            self.discover()
        except Unavailable as away:
            return (Answer(done=False, detail=away.detail), lacks)
        return (Answer(done=True, detail="its admin interface answers"), lacks)

    def _put(self, path: str, value: dict[str, Any]) -> None:
        reply = self._control.send(
            "POST", path, content=json.dumps(value).encode(),
            headers={"content-type": "application/json"},
        )  # fmt: skip
        if not reply.ok:
            raise Unavailable(f"The media server answered {reply.status}.")

    def _said(self, path: str) -> Any:
        reply = self._control.get(path)
        if not reply.ok:
            raise Unavailable(f"The media server answered {reply.status}.")
        try:
            return json.loads(reply.body)
        except ValueError:
            raise Unavailable("The media server's answer is not JSON.") from None


def _place(text: str) -> tuple[str, int | None]:
    """Address and port; its document's example has no port."""
    host, colon, port = text.rpartition(":")
    if colon and port.isdecimal() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port) or None
    return text, None
