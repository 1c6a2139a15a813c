"""Any other media server: the platform's own service carries out what we ask, by signed calls.

Each act is one POST to the server's `control_url`, signed by Standard Webhooks 1.0:
`{"type": "stream.terminate", "timestamp": …, "data": {"name": …}}`; the answer is 2xx with
`{"done": true, "detail": "…"}`. What the service does not know it answers with 404 or 501, which
counts as not done. Shapes: docs/reference/media-servers.md; tried against a real HTTP server in
`tests/integration/test_generic_server.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from standardwebhooks.webhooks import Webhook

from breakwater.errors import Unavailable
from breakwater.live.adapters.lacking import Lacking
from breakwater.live.ports import Answer, Can, Found, Peer, Stats
from breakwater.live.wire import Control
from breakwater.model.chat_rule import ChatRule
from breakwater.model.clock import Clock, iso
from breakwater.model.ids import new_id
from breakwater.model.server import ServerConfig, ServerSecrets

MAX_DETAIL: Final = 200


class Generic(Lacking):
    """One service that answers signed calls; without `control_url` nothing but pulling."""

    def __init__(
        self, config: ServerConfig, secrets: ServerSecrets, control: Control, clock: Clock
    ) -> None:
        super().__init__(control)
        self._config = config
        self._secrets = secrets
        self._clock = clock
        self.can = frozenset(Can) - {Can.RECORD} if config.control_url else frozenset()

    def discover(self) -> tuple[Found, ...]:
        """`stream.list`: `{"streams": [{"name": …, "publishers": [{"client": …}], "viewers": 3}]}`."""
        if not self._config.control_url:
            return ()
        said = self._ask("stream.list", "")
        return tuple(_found(one) for one in _rows(said, "streams"))

    def pull_url(self, name: str) -> str:
        """RTMP where there is some, else HLS; our pass is in the query."""
        at = self._config
        query = f"watch={self._secrets.watch}"
        if at.rtmp_url:
            return f"{at.rtmp_url.rstrip('/')}/{name}?{query}"
        return f"{at.hls_url.rstrip('/')}/{name}/index.m3u8?{query}"

    def pull_options(self) -> Mapping[str, str]:
        """Live, for RTMP."""
        return {"rtmp_live": "live"} if self._config.rtmp_url else {}

    def freeze(self, name: str, client: str = "") -> Answer:
        """`stream.freeze`; `client` names one of several, and the others go on."""
        return self._act("stream.freeze", name, client=client)

    def thaw(self, name: str, client: str = "") -> Answer:
        """`stream.thaw`."""
        return self._act("stream.thaw", name, client=client)

    def terminate(self, name: str, client: str = "") -> Answer:
        """`stream.terminate`; `client` names one of several."""
        return self._act("stream.terminate", name, client=client)

    def deny_publish(self, name: str) -> Answer:
        """`stream.deny_publish`."""
        return self._act("stream.deny_publish", name)

    def block_viewers(self, name: str) -> Answer:
        """`stream.block_viewers`."""
        return self._act("stream.block_viewers", name)

    def purge(self, name: str) -> Answer:
        """`stream.purge`."""
        return self._act("stream.purge", name)

    def probe(self, name: str) -> Answer:
        """`stream.probe`: the service looks itself."""
        return self._act("stream.probe", name)

    def chat(self, name: str, rule: ChatRule) -> Answer:
        """`chat.measure`: how the chat shall be, complete in itself."""
        return self._act("chat.measure", name, **rule.told)

    def hold(self, name: str, messages: Sequence[str], *, held: bool = True) -> Answer:
        """`chat.hold` and `chat.release`: single messages, by the service's own ids."""
        kind = "chat.hold" if held else "chat.release"
        return self._act(kind, name, messages=list(messages))

    def viewers(self, name: str) -> tuple[Peer, ...]:
        """`stream.viewers`: `{"viewers": [{"client": …, "address": …, "port": …}]}`."""
        if not self._config.control_url:
            return ()
        return tuple(_peer(one) for one in _rows(self._ask("stream.viewers", name), "viewers"))

    def stats(self) -> Stats:
        """Counted from the list."""
        if not self._config.control_url:
            raise Unavailable("This media server tells nothing of itself.")
        return super().stats()

    def check(self) -> tuple[Answer, ...]:
        """Whether it lists what runs."""
        if not self._config.control_url:
            words = "it has no control_url: the service is told by webhook and must obey itself"
            return (Answer(done=False, detail=words),)
        try:
            self._ask("stream.list", "")
        except Unavailable as away:
            return (Answer(done=False, detail=away.detail),)
        return (Answer(done=True, detail="it answers signed calls"),)

    def _act(self, kind: str, name: str, **more: Any) -> Answer:
        if not self._config.control_url:
            return Answer(done=False, detail="This media server has no control_url.")
        try:
            said = self._ask(kind, name, **more)
        except Unavailable as away:
            return Answer(done=False, detail=away.detail)
        detail = str(said.get("detail", ""))[:MAX_DETAIL]
        return Answer(said.get("done") is True, detail or kind)

    def _ask(self, kind: str, name: str, **more: Any) -> Mapping[str, Any]:
        now, message = self._clock.now(), str(new_id())
        data = {"name": name, **{key: said for key, said in more.items() if said != ""}}
        body = json.dumps({"type": kind, "timestamp": iso(now), "data": data})
        headers = {
            "content-type": "application/json",
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self._secrets.signing).sign(message, now, body),
        }
        path = "" if urlsplit(self._config.control_url).path.strip("/") else "/"
        reply = self._control.send("POST", path, content=body.encode(), headers=headers)
        if not reply.ok:
            raise Unavailable(f"The service answered {reply.status}.")
        try:
            said = json.loads(reply.body or b"{}")
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise Unavailable("The service's answer is not JSON.")
        return said


def _rows(said: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    rows = said.get(field)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unavailable(f"The service's answer has no list of {field}.")
    return rows


def _found(row: Mapping[str, Any]) -> Found:
    senders = row.get("publishers")
    viewers = row.get("viewers", 0)
    return Found(
        name=str(row.get("name", "")),
        publishers=tuple(_peer(one) for one in senders if isinstance(one, dict))
        if isinstance(senders, list)
        else (Peer(client=""),),
        viewers=viewers if isinstance(viewers, int) else 0,
    )


def _peer(row: Mapping[str, Any]) -> Peer:
    port = row.get("port")
    return Peer(
        client=str(row.get("client", ""))[:64],
        address=str(row.get("address", ""))[:64],
        port=port if isinstance(port, int) and 0 < port < 65536 else None,
    )
