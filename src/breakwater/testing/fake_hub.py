"""A breakwater hub that keeps to docs/reference/hub-feeds.md, and misbehaves on request.

Changes in commit order alone: signed segments are tested with the real hub.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from breakwater.model.clock import Clock
from breakwater.testing.peer_server import Asked, Fault, Peer, Reply

TERMS = {
    "list": "SHARED", "sources": [{"number": 3, "name": "A hotline"}], "permitted_use": "detection",
    "category": "A1", "labels": ["series:boats"], "tlp": "amber", "source": "", "expires_at": None,
}  # fmt: skip


class FakeHub(Peer):
    """The hub; `rows` by number, each with its last change."""

    def __init__(self, clock: Clock, *, page: int = 10) -> None:
        super().__init__(clock)
        self.page = page
        self.newest = 0
        self.resets = False
        self.rows: dict[int, dict[str, Any]] = {}
        self.told: list[dict[str, Any]] = []
        self.counted: list[dict[str, Any]] = []

    def put(self, number: int, **facts: Any) -> None:
        """Say what an entry is now."""
        with self.lock:
            self.newest += 1
            self.rows[number] = {"change": self.newest, "number": number, **facts}

    def offer(self, number: int, kind: str, value: str, **more: Any) -> None:
        """An entry."""
        known = {"kind": kind, "value": value, "negative": False, "quality": 90, "score": None}
        self.put(number, **(known | {"terms": 0} | more))

    def reply(self, asked: Asked) -> Reply:
        """As the hub answers."""
        if asked.headers.get("authorization") != "Bearer pier":
            return Reply(401, b"{}")
        if asked.path == "/v1/hub/key":
            key = base64.b64encode(bytes(32)).decode()
            return Reply(200, json.dumps({"hub": "h", "keys": [key]}).encode())
        if asked.method == "POST":
            body = json.loads(asked.body)
            self.told += [] if "counts" in body else [body]
            self.counted += body.get("counts", ())
            return Reply(201, b"{}")
        return self._changes(int(asked.query["after"]))

    def _changes(self, after: int) -> Reply:
        found = sorted(
            (one for one in self.rows.values() if one["change"] > after),
            key=lambda one: int(one["change"]),
        )
        some = found[: self.page]
        through = some[-1]["change"] if len(found) > self.page else max(after, self.newest)
        newest, reset = self.newest, after > self.newest or self.resets
        if self.fault is Fault.CIRCLE and after:
            through = after - 1
        if self.fault is Fault.EMPTY:
            some, through, newest = [], after, after + 1
        body = {
            "view": "v", "through": 0 if reset else through, "newest": newest, "reset": reset,
            "terms": [TERMS], "changes": [] if reset else some,
        }  # fmt: skip
        return Reply(200, json.dumps(body).encode())
