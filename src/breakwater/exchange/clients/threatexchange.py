"""Meta ThreatExchange (Graph): a privacy group's updates, deletions and disagreement.

Pages by an absolute `next`, which must stay at the peer; the access token goes with each request and
into no checkpoint. An indicator that should be deleted, that nobody describes any more, or that all
call non-malicious is gone. Shape: reference hash-sharing, "Meta ThreatExchange". Tests:
`tests/contract/test_exchange_others.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from breakwater.errors import BadInput, PeerFault, PeerRefused
from breakwater.exchange.clients.stopncii import read_json
from breakwater.exchange.ports import Answer, Checked, Maker, Offers, Setting
from breakwater.model.bank import Opinion
from breakwater.model.exchange import DayCount, Gone, Item, Offered, Page, Said, Unreadable, Word
from breakwater.model.signal import kind_named

PAGE_SIZE: Final = 500
EMPTY_PAGES: Final = 3
OVERLAP: Final = timedelta(seconds=120)
"""The next pull begins so much before the newest update: updates become visible late."""
KINDS: Final[Mapping[str, str]] = {
    "HASH_PDQ": "pdq", "HASH_MD5": "md5", "HASH_VIDEO_MD5": "md5", "HASH_SHA1": "sha1",
    "HASH_SHA256": "sha256", "HASH_VIDEO_SHA256": "sha256",
}  # fmt: skip
FIELDS: Final = (
    "id,indicator,type,last_updated,should_delete,"
    "descriptors{reactions,my_reactions,owner{id},tags,status,added_on}"
)
SIGNED_OUT: Final = frozenset({10, 102, 190, 200})
"""Codes of Graph errors that say that the token is none, or may not (Graph API, error codes)."""
AWAY: Final = "NON_MALICIOUS"


@dataclass(frozen=True, slots=True)
class Point:
    """A checkpoint: since when, and the query of the next page without its token."""

    since: int = 0
    next: str = ""

    @classmethod
    def read(cls, text: str) -> Point:
        """What we wrote; the beginning where nothing was."""
        try:
            return cls(**json.loads(text)) if text else cls()
        except (ValueError, TypeError):
            raise PeerFault("The checkpoint is not one of this client: remove the feed.") from None

    def __str__(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


class ThreatExchange:
    """One privacy group."""

    def __init__(self, setting: Setting) -> None:
        """Take token and group.

        Raises:
            BadInput: one is missing or wrong.
        """
        self._group = str(setting.options.get("privacy_group", ""))
        if not re.fullmatch(r"\d{1,30}", self._group):
            raise BadInput("privacy_group is the number of the group whose list is pulled.")
        if not setting.credentials.token:
            raise BadInput("ThreatExchange asks for a token: APP-ID|APP-SECRET.")
        self._set = setting

    def check(self) -> Checked:
        """Ask for one update."""
        self._page(self._query(Point(), limit=1))
        return Checked(True, f"We are let into the group {self._group}.")

    def pull(self, checkpoint: str) -> Iterator[Page]:
        """Page by page, until there is no next."""
        point, empty = Point.read(checkpoint), 0
        begun = int(self._set.clock.now().timestamp())
        query = point.next or self._query(point)
        seen = {query}
        newest = point.since
        while True:
            said = self._page(query)
            rows = said["data"]
            newest = max([newest, *(_seconds(one) for one in rows if isinstance(one, dict))])
            newest = min(newest, begun + 86_400)
            query = self._next(said)
            empty = 0 if rows else empty + 1
            if query and (query in seen or empty > EMPTY_PAGES):
                raise PeerFault("Its pages go in a circle, or are empty time and again.")
            seen.add(query)
            since = max(point.since, newest - int(OVERLAP.total_seconds()))
            after = replace(point, next=query) if query else Point(since)
            reached = None if query else self._set.clock.now()
            yield Page(tuple(_items(rows)), str(after), reached)
            if not query:
                return

    def feedback(self, words: Sequence[Word]) -> Sequence[str]:
        """Reactions go to descriptors, which an update does not name for good."""
        return ["Reactions are not sent to ThreatExchange." for _ in words]

    def counts(self, rows: Sequence[DayCount]) -> None:
        """The protocol has none."""

    def _query(self, point: Point, limit: int = PAGE_SIZE) -> str:
        types = self._set.options.get("types") or ",".join(KINDS)
        return urlencode(
            {"start_time": point.since, "limit": limit, "types": types, "fields": FIELDS}
        )  # fmt: skip

    def _page(self, query: str) -> dict[str, Any]:
        token = urlencode({"access_token": self._set.credentials.token})
        url = f"{self._set.url}/{self._group}/threat_updates/?{query}&{token}"
        answer = self._set.wire.call("GET", url)
        _signed_in(answer)
        said = read_json(answer)
        if not isinstance(said, dict) or not isinstance(said.get("data"), list):
            raise PeerFault("The answer is another than a page of updates.")
        return said

    def _next(self, said: Mapping[str, Any]) -> str:
        """The query of the next page, without the token; empty: there is none.

        Raises:
            PeerFault: it leads away from the peer.
        """
        paging = said.get("paging")
        url = paging.get("next") if isinstance(paging, dict) else None
        if not url:
            return ""
        parts, ours = urlsplit(str(url)), urlsplit(self._set.url)
        here = f"{ours.path}/{self._group}/threat_updates"
        if (parts.scheme, parts.netloc) != (ours.scheme, ours.netloc) or parts.path.rstrip(
            "/"
        ) != here:
            raise PeerFault("It names a next page at another address.")
        return urlencode([one for one in parse_qsl(parts.query) if one[0] != "access_token"])


def _signed_in(answer: Answer) -> None:
    """Graph answers 400 to a wrong token.

    Raises:
        PeerRefused: it was that.
    """
    if answer.status != 400:
        return
    try:
        code = json.loads(answer.body)["error"]["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    if code in SIGNED_OUT:
        raise PeerRefused(f"It answered error {code}: the token is none, or may not.")


def _seconds(one: Mapping[str, Any]) -> int:
    said = one.get("last_updated")
    return (
        said if isinstance(said, int) and not isinstance(said, bool) and 0 <= said < 1 << 40 else 0
    )


def _items(rows: Sequence[Any]) -> Iterator[Item]:
    for number, one in enumerate(rows, start=1):
        if not isinstance(one, dict) or not str(one.get("id") or ""):
            yield Unreadable(f"update {number}", "It is no update, or has no id.")
            continue
        remote = str(one["id"])
        told = _list(one.get("descriptors"))
        status = {str(d.get("status", "")) for d in told}
        if one.get("should_delete") in {True, "true"} or not told or status == {AWAY}:
            yield Gone(remote, _at(one))
            continue
        kind = KINDS.get(str(one.get("type", "")))
        if kind is None:
            continue
        try:
            value = kind_named(kind).parse(str(one.get("indicator", "")))
        except BadInput as error:
            yield Unreadable(f"update {remote[:40]}", error.detail or error.title())
            continue
        labels = sorted({tag for d in told for tag in _tags(d)})[:20]
        owners = sorted({_owner(d) for d in told} - {""})
        yield Offered(
            remote, ((kind, value, 100),), tuple(labels), opinions=tuple(_opinions(told)),
            source=f"ThreatExchange member {owners[0]}" if owners else "ThreatExchange", at=_at(one),
        )  # fmt: skip


def _at(one: Mapping[str, Any]) -> datetime | None:
    return datetime.fromtimestamp(_seconds(one), UTC) if _seconds(one) else None


def _list(said: Any) -> list[dict[str, Any]]:
    data = said.get("data") if isinstance(said, dict) else None
    return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []


def _tags(told: Mapping[str, Any]) -> Iterator[str]:
    for tag in _list(told.get("tags")):
        if text := str(tag.get("text") or "").strip():
            yield text[:60]


def _owner(told: Mapping[str, Any]) -> str:
    owner = told.get("owner")
    return str(owner.get("id") or "")[:40] if isinstance(owner, dict) else ""


def _opinions(told: Sequence[Mapping[str, Any]]) -> Iterator[Said]:
    """What owners and those who react say."""
    for one in told:
        if str(one.get("status", "")) == AWAY:
            yield Said(_owner(one), Opinion.FALSE_POSITIVE, note="non-malicious")
        reactions = one.get("reactions")
        for said in reactions if isinstance(reactions, list) else ():
            word = _REACTIONS.get(str(said.get("key", ""))) if isinstance(said, dict) else None
            if word is not None:
                for by in str(said.get("value", "")).split(",")[:20]:
                    yield Said(by.strip()[:40], word)


_REACTIONS: Final = {
    "HELPFUL": Opinion.TRUE_POSITIVE, "DISAGREE_WITH_TAGS": Opinion.DISPUTED,
}  # fmt: skip

MAKER: Final = Maker(
    "Meta ThreatExchange",
    Offers(
        needs=("token",),
        options={
            "privacy_group": "number of the group whose list is pulled",
            "types": "types of indicators, with commas; else every kind of hash we keep",
        },
    ),
    ThreatExchange,
)
