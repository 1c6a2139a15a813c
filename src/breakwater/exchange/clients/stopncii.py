"""StopNCII.org: hashes that people made of their own pictures; withdrawn ones are let go of.

JSON pages by token, then by the time the server names. A later record replaces an earlier one;
`Withdrawn` and `Deleted` end an entry at once, which the usual client of others does not honour.
Shape: reference hash-sharing, "StopNCII". Tests: `tests/contract/test_exchange_others.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from breakwater.errors import BadInput, PeerFault
from breakwater.exchange.ports import Answer, Checked, Maker, Offers, Setting
from breakwater.model.bank import Opinion
from breakwater.model.exchange import DayCount, Gone, Item, Offered, Page, Said, Unreadable, Word
from breakwater.model.signal import kind_named

PAGE_SIZE: Final = 800
"""The largest page the server gives."""
EMPTY_PAGES: Final = 3
KINDS: Final[Mapping[str, str]] = {"imagepdq": "pdq", "videomd5": "md5"}
"""Signal types we can keep; VideoTMK, Text and URL need others."""
ACTS: Final = frozenset({"active", "received"})
ENDS: Final = frozenset({"withdrawn", "deleted"})
SAYS: Final[Mapping[str, Opinion]] = {
    "blocked": Opinion.TRUE_POSITIVE, "notblocked": Opinion.FALSE_POSITIVE,
}  # fmt: skip
TELLS: Final[Mapping[Opinion, str]] = {
    Opinion.TRUE_POSITIVE: "Blocked", Opinion.FALSE_POSITIVE: "NotBlocked",
    Opinion.DISPUTED: "PendingReview",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """A checkpoint: since when, and the token of the next page."""

    since: int = 0
    token: str = ""

    @classmethod
    def read(cls, text: str) -> Point:
        """What we wrote; the beginning where nothing was."""
        try:
            return cls(**json.loads(text)) if text else cls()
        except (ValueError, TypeError):
            raise PeerFault("The checkpoint is not one of this client: remove the feed.") from None

    def __str__(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


class StopNcii:
    """The hashes of one participant."""

    def __init__(self, setting: Setting) -> None:
        """Take the keys.

        Raises:
            BadInput: one is missing.
        """
        if not setting.credentials.token or not setting.credentials.second:
            raise BadInput("StopNCII asks two keys: token (functions) and second (subscription).")
        self._set = setting

    def check(self) -> Checked:
        """Ask for one hash."""
        said = self._page(Point(), size=1)
        return Checked(True, f"We are let in; it names {len(said['hashRecords'])} hash at a time.")

    def pull(self, checkpoint: str) -> Iterator[Page]:
        """Page by page, until there are no more records."""
        point, empty = Point.read(checkpoint), 0
        seen = {point.token}
        while True:
            said = self._page(point)
            more, token = said.get("hasMoreRecords"), said.get("nextPageToken") or ""
            empty = 0 if said["hashRecords"] else empty + 1
            if more and (not isinstance(token, str) or token in seen or empty > EMPTY_PAGES):
                raise PeerFault("Its pages go in a circle, or are empty time and again.")
            if more:
                seen.add(token)
                point = replace(point, token=token)
            else:
                point = Point(_since(said.get("nextSetTimestamp"), point.since))
            reached = None if more else self._set.clock.now()
            yield Page(tuple(_items(said["hashRecords"])), str(point), reached)
            if not more:
                return

    def feedback(self, words: Sequence[Word]) -> Sequence[str]:
        """One message for all; what it does not know it ignores."""
        rows = [
            {"hashValue": kind_named(one.kind).print(one.value), "feedbackValue": TELLS[one.opinion],
             "tags": []}
            for one in words
        ]  # fmt: skip
        body = json.dumps({"count": len(rows), "hashFeedbacks": rows}).encode()
        answer = self._ask("POST", "/SubmitFeedback", body)
        done = 200 <= answer.status < 300
        return ["" if done else f"It answered {answer.status}." for _ in words]

    def counts(self, rows: Sequence[DayCount]) -> None:
        """The protocol has none."""

    def _page(self, point: Point, size: int = PAGE_SIZE) -> dict[str, Any]:
        query = {"startTimestamp": point.since, "pageSize": size}
        token = {"nextPageToken": point.token} if point.token else {}
        answer = self._ask("GET", f"/FetchHashes?{urlencode({**query, **token})}")
        said = read_json(answer)
        if not isinstance(said, dict) or not isinstance(said.get("hashRecords"), list):
            raise PeerFault("The answer is another than a page of hashes.")
        return said

    def _ask(self, method: str, path: str, content: bytes | None = None) -> Answer:
        keys = self._set.credentials
        headers = {
            "x-functions-key": keys.password if method == "POST" and keys.password else keys.token,
            "Ocp-Apim-Subscription-Key": keys.second, "Content-Type": "application/json",
        }  # fmt: skip
        url = self._set.url + path
        return self._set.wire.call(method, url, headers=headers, content=content)


def read_json(answer: Answer) -> Any:
    """The JSON of an answer with status 200.

    Raises:
        PeerFault: another status, or no JSON.
    """
    if answer.status != 200:
        raise PeerFault(f"It answered {answer.status} to a question for a page.")
    try:
        return json.loads(answer.body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise PeerFault("The answer is no JSON, or ends before its end.") from None


def _since(said: Any, before: int) -> int:
    """The server's next time; the one before where it says none."""
    if isinstance(said, bool) or not str(said or "").isdigit():
        return before
    return max(before, int(str(said)[:18]))


def _items(records: Sequence[Any]) -> Iterator[Item]:
    for number, one in enumerate(records, start=1):
        place = f"record {number}"
        if not isinstance(one, dict):
            yield Unreadable(place, "It is no record.")
            continue
        kind = KINDS.get(str(one.get("signalType", "")).rpartition(".")[2].lower())
        status = str(one.get("hashStatus", "")).rpartition(".")[2].lower()
        if kind is None or status not in ACTS | ENDS:
            continue
        try:
            value = kind_named(kind).parse(str(one.get("hashValue", "")))
        except BadInput as error:
            yield Unreadable(place, error.detail or error.title())
            continue
        remote = f"{kind}:{value.hex()}"
        if status in ENDS:
            yield Gone(remote)
        else:
            said = tuple(_opinions(one.get("CSPFeedbacks")))
            yield Offered(remote, ((kind, value, 100),), (f"status:{status}",), opinions=said)


def _opinions(said: Any) -> Iterator[Said]:
    for one in said if isinstance(said, list) else ():
        word = SAYS.get(str(one.get("feedbackValue", "")).rpartition(".")[2].lower()) if isinstance(one, dict) else None  # fmt: skip
        if word is not None:
            tags = one.get("tags")
            note = ", ".join(map(str, tags)) if isinstance(tags, list) else ""
            yield Said(str(one.get("source", ""))[:80], word, note=note[:200])


MAKER: Final = Maker(
    "StopNCII",
    Offers(feedback=True, needs=("token", "second")),
    StopNcii,
)
