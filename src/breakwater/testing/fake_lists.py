"""Peers that serve lists: a file by https (CSV, VICS), StopNCII, and Meta ThreatExchange.

Each keeps to the reference (hash-sharing) and misbehaves on request (`peer_server.Fault`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from breakwater.model.clock import Clock
from breakwater.testing.peer_server import Asked, Fault, Peer, Reply

Rows = dict[str, dict[str, Any]]


class FakeFile(Peer):
    """Serves one file with an ETag; the file is what `content` is now."""

    base = "/list"

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.content = b""
        self.sent = 0

    def reply(self, asked: Asked) -> Reply:
        """The file, or that it is the same."""
        mark = f'"{hashlib.sha256(self.content).hexdigest()}"'
        if asked.headers.get("if-none-match") == mark:
            return Reply(304, b"", "text/csv", {"ETag": mark})
        self.sent += asked.method == "GET"
        return Reply(200, self.content, "text/csv", {"ETag": mark})


class FakeStopNcii(Peer):
    """Records by time, in pages by token; feedback is kept in `told`."""

    base = "/v1"

    def __init__(self, clock: Clock, *, page: int = 10) -> None:
        super().__init__(clock)
        self.page = page
        self.records: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []

    def put(
        self, value: str, *, status: str = "Active", kind: str = "ImagePDQ", **more: Any
    ) -> None:
        """Add a record, now; a later one of the same hash replaces it."""
        with self.lock:
            self.records.append({
                "lastModtimestamp": int(self.now().timestamp()), "signalType": kind,
                "hashValue": value, "hashStatus": status, "caseNumbers": {"1": "Active"},
                "CSPFeedbacks": [], **more,
            })  # fmt: skip

    def reply(self, asked: Asked) -> Reply:
        """As the protocol asks."""
        keys = asked.headers.get("x-functions-key"), asked.headers.get("ocp-apim-subscription-key")
        if keys != ("pier", "quay"):
            return Reply(401, b"{}")
        if asked.path == f"{self.base}/SubmitFeedback":
            self.told += json.loads(asked.body)["hashFeedbacks"]
            return Reply(200, b"{}")
        return self._fetch(asked.query)

    def _fetch(self, query: Mapping[str, str]) -> Reply:
        since = int(query["startTimestamp"])
        found = [one for one in self.records if one["lastModtimestamp"] >= since]
        at = int(query.get("nextPageToken") or 0)
        some = [] if self.fault is Fault.EMPTY else found[at : at + self.page]
        following = at + self.page
        more = following < len(found) or self.fault is Fault.EMPTY
        if self.fault is Fault.CIRCLE:
            more, following = True, 0
        newest = max((one["lastModtimestamp"] for one in found), default=since)
        body = {
            "count": len(some), "nextPageToken": str(following) if more else None,
            "nextSetTimestamp": newest, "hasMoreRecords": more, "hashRecords": some,
        }  # fmt: skip
        return Reply(200, json.dumps(body).encode())


class FakeThreatExchange(Peer):
    """Updates of one privacy group, in pages by an absolute `next` that carries the token."""

    base = "/v19.0"

    def __init__(self, clock: Clock, *, page: int = 10) -> None:
        super().__init__(clock)
        self.page = page
        self.updates: Rows = {}
        self.elsewhere = False

    def put(self, name: str, value: str, kind: str = "HASH_PDQ", **more: Any) -> None:
        """Say what an indicator is now."""
        told = {
            "id": f"d{name}", "owner": {"id": "77"}, "status": "MALICIOUS",
            "tags": {"data": [{"id": "1", "text": "reviewed"}]}, "reactions": [],
        }  # fmt: skip
        with self.lock:
            self.updates[name] = {
                "id": name, "indicator": value, "type": kind, "should_delete": False,
                "last_updated": int(self.now().timestamp()), "descriptors": {"data": [told]}, **more,
            }  # fmt: skip

    def reply(self, asked: Asked) -> Reply:
        """As Graph answers."""
        if asked.query.get("access_token") != "pier":
            return Reply(
                400, json.dumps({"error": {"code": 190, "type": "OAuthException"}}).encode()
            )
        since = int(asked.query.get("start_time", 0))
        found = sorted(
            (one for one in self.updates.values() if one["last_updated"] >= since),
            key=lambda one: (one["last_updated"], one["id"]),
        )
        at = int(asked.query.get("after", 0))
        some = [] if self.fault is Fault.EMPTY else found[at : at + self.page]
        following = at + self.page
        if self.fault is Fault.CIRCLE and following >= len(found):
            following = 0
        body: dict[str, Any] = {"data": some}
        if following < len(found) or self.fault is Fault.EMPTY:
            query = urlencode({**asked.query, "after": following})
            host = "http://127.0.0.1:9" if self.elsewhere else self.url.removesuffix(self.base)
            body["paging"] = {"next": f"{host}{asked.path}?{query}"}
        return Reply(200, json.dumps(body).encode())
