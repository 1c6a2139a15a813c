"""A server of NCMEC Hash Sharing v2 that keeps to the reference, and misbehaves on request.

Entries have times; a window gives `from <= time < to`, in pages by `next`, tombstones among them.
Its clock may be an hour off. Feedback it takes is kept in `told`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from breakwater.model.clock import Clock
from breakwater.testing.peer_server import Asked, Fault, Peer, Reply

NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
REASONS = {"11111111-0000-4000-8000-000000000001": "Not what it says"}


@dataclass
class Entry:
    """One entry of the server; `gone` is a tombstone."""

    id: str
    member: int
    at: datetime
    hashes: Mapping[str, str] = field(default_factory=dict)
    classification: str = "A1"
    gone: bool = False
    video: bool = False
    more: str = ""


class FakeNcmec(Peer):
    """The server."""

    base = "/hashsharing"

    def __init__(self, clock: Clock, *, page: int = 10) -> None:
        super().__init__(clock)
        self.page = page
        self.entries: dict[str, Entry] = {}
        self.told: list[tuple[str, bytes]] = []
        self.refuses_feedback = False

    def put(
        self, id_: str, hashes: Mapping[str, str], *, at: datetime | None = None,
        classification: str = "A1", video: bool = False, more: str = "",
    ) -> None:  # fmt: skip
        """Give an entry a new state, now by the server's clock."""
        made = Entry(
            id_, 42, at or self.now(), dict(hashes), classification, video=video, more=more
        )
        with self.lock:
            self.entries[id_] = made

    def withdraw(self, id_: str) -> None:
        """Make an entry a tombstone."""
        with self.lock:
            self.entries[id_] = Entry(id_, 42, self.now(), gone=True)

    def reply(self, asked: Asked) -> Reply:
        """As the protocol asks."""
        pair = base64.b64encode(b"harbour:lighthouse").decode()
        if asked.headers.get("authorization") != f"Basic {pair}":
            return Reply(401, b"", "text/plain")
        path = asked.path.removeprefix(self.base)
        if path == "/v2/status":
            return _xml(
                "status", "<ipAddress>127.0.0.1</ipAddress><username>harbour</username>"
                '<member id="7">Harbour &amp; Sons</member>'
            )  # fmt: skip
        if path == "/v2/entries":
            return self._entries(asked.query)
        if path.endswith("/reasons"):
            names = "".join(
                f'<reason guid="{guid}" name="{name}" type="Md5"/>'
                for guid, name in REASONS.items()
            )
            return _xml("availableFeedbackReasons", names)
        taken = asked.method == "PUT" and path.endswith("/feedback") and not self.refuses_feedback
        if taken:
            self.told.append((path, asked.body))
        return Reply(200 if taken else 404, b"", "text/plain")

    def _entries(self, query: Mapping[str, str]) -> Reply:
        begins, ends = (_moment(query[name]) for name in ("from", "to"))
        found = sorted(
            (
                one
                for one in self.entries.values()
                if begins <= one.at.replace(microsecond=0) < ends
            ),
            key=lambda one: (one.at, one.id),
        )
        start = int(query.get("start", 1))
        if self.fault is Fault.FORGETS and "start" in query:
            return Reply(404, b"", "text/plain")
        some = found[start - 1 : start - 1 + self.page]
        following = start + self.page if start + self.page <= len(found) else 0
        if self.fault is Fault.CIRCLE:
            following = 1 if following == 0 else following
        if self.fault is Fault.EMPTY:
            some, following = [], start + self.page
        paging = ""
        if following:
            where = urlencode({
                "from": query["from"], "to": query["to"], "start": following, "size": self.page,
                "max": len(found),
            })  # fmt: skip
            paging = f"<paging><next>{escape('/v2/entries?' + where)}</next></paging>"
        body = _list("images", [one for one in some if not one.video])
        body += _list("videos", [one for one in some if one.video])
        if self.fault is Fault.ENTITY:
            return _odd(body + paging)
        return _xml("queryResult", body + paging)


def _list(tag: str, some: list[Entry]) -> str:
    if not some:
        return f'<{tag} count="0"/>'
    last = max(one.at for one in some)
    inner = "".join(_one(tag[:-1], one) for one in some)
    return f'<{tag} count="{len(some)}" maxTimestamp="{_stamp(last)}">{inner}</{tag}>'


def _one(tag: str, one: Entry) -> str:
    member = f'<member id="{one.member}">Example Member</member>'
    if one.gone:
        name = "deleted" + tag.capitalize()
        return f"<{name}>{member}<id>{one.id}</id><timestamp>{_stamp(one.at)}</timestamp></{name}>"
    prints = "".join(f"<{kind}>{value}</{kind}>" for kind, value in one.hashes.items())
    return (
        f"<{tag}>{member}<timestamp>{_stamp(one.at)}</timestamp><id>{one.id}</id>"
        f"<classification>{one.classification}</classification>"
        f"<fingerprints>{prints}</fingerprints>{one.more}</{tag}>"
    )


def _xml(root: str, inner: str) -> Reply:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{NAMESPACE}">{inner}</{root}>'
    return Reply(200, text.encode(), "application/xml")


def _odd(inner: str) -> Reply:
    text = (
        '<?xml version="1.0"?><!DOCTYPE queryResult [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
        f'<queryResult xmlns="{NAMESPACE}">&a;{inner}</queryResult>'
    )
    return Reply(200, text.encode(), "application/xml")


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
