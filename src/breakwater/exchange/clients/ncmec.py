"""NCMEC Hash Sharing v2: windows of time, pages by `next`, tombstones, feedback by PUT.

The real server and every hub that speaks the dialect (breakwater's too). Time is the server's
(its Date header), so a clock of ours that is an hour off misses nothing; each window begins a
little before the last one ended, because an entry is visible some seconds after its timestamp. A
re-read entry changes nothing. A `next` that has grown old or that the server forgot is given up
and its window begun anew. Tests: `tests/contract/test_exchange_clients.py`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from breakwater.errors import BadInput, PeerFault
from breakwater.exchange.clients import ncmec_xml as xml
from breakwater.exchange.ports import PAGE, Answer, Checked, Maker, Offers, Setting
from breakwater.model.bank import Opinion
from breakwater.model.exchange import DayCount, Item, Page, Word

OVERLAP: Final = timedelta(seconds=120)
"""A window begins so much before the last one ended: entries appear some seconds late."""
HELD_BACK: Final = timedelta(seconds=10)
"""A window ends so much before the server's now."""
NEXT_LASTS: Final = timedelta(hours=11)
"""The server keeps a `next` for at least 12 hours."""
EMPTY_PAGES: Final = 3
"""Pages without an entry, one after the other, that still name a next: it is going round."""
FIRST: Final = "2014-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Point:
    """A checkpoint: the window that is read, where in it, and since when.

    Attributes:
        start, end: of the window, RFC 3339 by the second; `end` empty: no window is open.
        next: path of the next page; empty: the window's first.
        opened: when the window was opened, by the server's time.
    """

    start: str
    end: str = ""
    next: str = ""
    opened: str = ""

    @classmethod
    def read(cls, text: str, first: str) -> Point:
        """What we wrote; from the beginning where nothing was."""
        if not text:
            return cls(first)
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            raise PeerFault("The checkpoint is not one of this client: remove the feed.") from None

    def __str__(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


class Ncmec:
    """One list of one server."""

    def __init__(self, setting: Setting) -> None:
        """Take what it needs.

        Raises:
            BadInput: user and password are missing, or an option is wrong.
        """
        user, password = setting.credentials.user, setting.credentials.password
        if not user or not password:
            raise BadInput("NCMEC's hash sharing asks for a user and a password.")
        self._set = setting
        self._auth = base64.b64encode(f"{user}:{password}".encode()).decode()
        days = setting.options.get("window_days", 90)
        if not isinstance(days, int) or not 1 <= days <= 3650:
            raise BadInput("window_days is a whole number from 1 to 3650.")
        self._window = timedelta(days=days)
        self._first = stamp(moment(str(setting.options.get("from", FIRST))))
        self._reasons: dict[str, str] = {}

    def check(self) -> Checked:
        """Ask who we are there."""
        answer = self._get("/v2/status")
        root = xml.parse(answer.body)
        member = next((one for one in root.iter() if xml.plain(one.tag) == "member"), None)
        if answer.status != 200 or member is None:
            return Checked(False, f"It answered {answer.status} and does not say who we are.")
        name = " ".join((member.text or "").split())[:200]
        return Checked(True, f"We are member {member.get('id', '?')}, {name}.")

    def pull(self, checkpoint: str) -> Iterator[Page]:
        """Window by window up to the server's now."""
        point = Point.read(checkpoint, self._first)
        now = self._now()
        if point.next and now - moment(point.opened) > NEXT_LASTS:
            point = replace(point, next="")
        if moment(point.start) > now:
            point = Point(stamp(now - OVERLAP))  # a clock was wrong: nothing can come from later
        while True:
            if not point.end:
                end = min(moment(point.start) + self._window, now - HELD_BACK)
                point = replace(point, end=stamp(max(end, moment(point.start))), opened=stamp(now))
            yield from self._pages(point)
            reached = moment(point.end)
            if reached >= now - HELD_BACK - timedelta(seconds=1):
                return
            point = Point(stamp(max(moment(point.start), reached - OVERLAP)))

    def _pages(self, point: Point) -> Iterator[Page]:
        """The rest of a window; its last page leads to the next one."""
        after = str(Point(stamp(max(moment(point.start), moment(point.end) - OVERLAP))))
        empty, seen = 0, set[str]()
        while True:
            answer, point = self._fetch(point)
            read = xml.page(answer.body)
            following = read.next
            if following in seen:
                raise PeerFault("Its pages go in a circle: a page names one that was read.")
            seen.add(following)
            empty = 0 if read.items else empty + 1
            if following and empty > EMPTY_PAGES:
                raise PeerFault("Its pages are empty and name another one, time and again.")
            here = str(point)
            if following:
                point = replace(point, next=_path(following))
            yield from parted(
                read.items, here, str(point) if following else after,
                None if following else moment(point.end),
            )  # fmt: skip
            if not following:
                return

    def _fetch(self, point: Point) -> tuple[Answer, Point]:
        """One page; a `next` that the server forgot begins the window anew, once."""
        if point.next:
            answer = self._get(point.next)
            if answer.status == 200:
                return answer, point
            if answer.status not in {400, 404, 410}:
                raise PeerFault(f"It answered {answer.status} to a page.")
            point = replace(point, next="")
        answer = self._get(f"/v2/entries?from={point.start}&to={point.end}")
        if answer.status != 200:
            raise PeerFault(f"It answered {answer.status} to a window.")
        return answer, point

    def feedback(self, words: Sequence[Word]) -> Sequence[str]:
        """One PUT a word; any 2xx is success, 4xx is for good."""
        return [self._tell(word) for word in words]

    def _tell(self, word: Word) -> str:
        kind = xml.TYPES.get(word.kind)
        member, _, entry = word.remote_id.partition("-")
        if kind is None or not entry:
            return "This kind of signal has no feedback there."
        body = "<affirmative/>"
        if word.opinion is not Opinion.TRUE_POSITIVE:
            reason = self._reason(kind)
            if not reason:
                return "It names no reason for negative feedback on this kind."
            body = f"<negative><reasonIds><guid>{escape(reason)}</guid></reasonIds></negative>"
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<feedbackSubmission xmlns="{xml.NAMESPACE}">{body}</feedbackSubmission>'
        )
        path = f"/v2/entries/{quote(member, safe='')}/{quote(entry, safe='')}/{kind}/feedback"
        answer = self._ask("PUT", path, text.encode())
        return "" if 200 <= answer.status < 300 else f"It answered {answer.status}."

    def _reason(self, kind: str) -> str:
        """The id of the reason that the feed names, or the first negative one there is."""
        if kind not in self._reasons:
            wanted = str(self._set.options.get("reason", "")).casefold()
            root = xml.parse(self._get(f"/v2/feedback/{kind}/reasons").body)
            found = {
                one.get("name", "").casefold(): one.get("guid", "")
                for one in root.iter()
                if xml.plain(one.tag) == "reason" and one.get("guid")
            }
            self._reasons[kind] = found.get(wanted) or next(iter(found.values()), "")
        return self._reasons[kind]

    def counts(self, rows: Sequence[DayCount]) -> None:
        """The dialect has none."""

    def _now(self) -> datetime:
        """The server's time; ours where it does not say."""
        answer = self._get("/v2/status")
        if answer.status != 200:
            raise PeerFault(f"It answered {answer.status} to a question for its status.")
        try:
            said = parsedate_to_datetime(answer.headers.get("date", ""))
        except (ValueError, TypeError, IndexError):
            return self._set.clock.now()
        return said if said.tzinfo else said.replace(tzinfo=UTC)

    def _get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def _ask(self, method: str, path: str, content: bytes | None = None) -> Answer:
        headers: Mapping[str, str] = {"Authorization": f"Basic {self._auth}"}
        if content is not None:
            headers = {**headers, "Content-Type": "application/xml"}
        url = self._set.url + path
        return self._set.wire.call(method, url, headers=headers, content=content)


def parted(
    items: Sequence[Item], here: str, after: str, reached: datetime | None
) -> Iterator[Page]:
    """A page in parts that one transaction can take; only the last one moves on."""
    while len(items) > PAGE:
        yield Page(tuple(items[:PAGE]), here)
        items = items[PAGE:]
    yield Page(tuple(items), after, reached)


def stamp(at: datetime) -> str:
    """A time as the dialect spells it, by the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """A time of ours or of an option.

    Raises:
        BadInput: it is none.
    """
    found = xml.moment(text)
    if found is None:
        raise BadInput("A time is written 2024-01-31T00:00:00Z.")
    return found


def _path(text: str) -> str:
    """The path of a next page: below our base, with no host in it.

    Raises:
        PeerFault: it leads elsewhere.
    """
    if not text.startswith("/v2/") or any(letter in text for letter in "\\ \r\n\t"):
        raise PeerFault("It names a next page outside of its own paths.")
    return text


def _make(setting: Setting) -> Ncmec:
    return Ncmec(setting)


_OPTIONS: Final[dict[str, Any]] = {
    "from": "begin here, such as 2024-01-31T00:00:00Z; else at the beginning",
    "window_days": "days of one question, 90",
    "reason": "name of the reason sent with negative feedback; else the first there is",
}
MAKER: Final = Maker(
    "NCMEC Hash Sharing v2",
    Offers(feedback=True, needs=("user", "password"), options=_OPTIONS),
    _make,
)
