"""Another breakwater hub: signed segments for a first pull, then changes in commit order.

Segments are files of columns with a manifest that the hub signs (Ed25519); they are read only where
the feed names the hub's key, because a key learnt from the same line proves nothing. Everything
after them, and all of it without a key, comes as JSON pages after a change number. A hub that was
restored says `reset`: then its list is read anew as a whole. What it holds or releases no more to
us is gone here. Form: docs/reference/hub-feeds.md. Tests: `tests/contract/test_exchange_hub.py`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from breakwater.errors import BadInput, PeerFault, Tampered
from breakwater.exchange.clients.hub_files import Point, offered, pages
from breakwater.exchange.clients.parts import Parts
from breakwater.exchange.clients.stopncii import read_json
from breakwater.exchange.ports import PAGE, Answer, Checked, Heard, Maker, Offers, Setting
from breakwater.model import segment_file
from breakwater.model.bank import Opinion
from breakwater.model.exchange import DayCount, Gone, Item, Page, Unreadable, Word
from breakwater.model.hub_feed import Released, Terms, objects, text, whole
from breakwater.model.signal import kind_named

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
OPINIONS: Final[Mapping[Opinion, str]] = {
    Opinion.TRUE_POSITIVE: "affirmative", Opinion.FALSE_POSITIVE: "negative",
    Opinion.DISPUTED: "none",
}  # fmt: skip


class Hub:
    """One hub, as one of its members."""

    def __init__(self, setting: Setting, *, page: int = PAGE) -> None:
        """Take our key there, and its key.

        Raises:
            BadInput: our key is missing, or its key is none.
        """
        if not setting.credentials.token:
            raise BadInput("A hub asks for the member's API key: bw_….")
        self._set = setting
        self._size = page
        self._list = str(setting.options.get("list", ""))
        self._purpose = str(setting.options.get("purpose", ""))
        try:
            self._key = base64.b64decode(str(setting.options.get("key", "")), validate=True)
        except ValueError:
            raise BadInput("key is the hub's public key in base64, as its page shows it.") from None
        if len(self._key) not in {0, 32}:
            raise BadInput("key is the hub's public key: 32 bytes in base64.")
        self._files = Parts(setting, f"{self._list}\0{self._purpose}")

    def check(self) -> Checked:
        """Whether we are let in, and whether it is the hub we know."""
        said = self._json("/v1/hub/key")
        keys = said.get("keys") if isinstance(said, dict) else None
        if not isinstance(keys, list) or not keys:
            return Checked(False, "It answers, and is no hub of breakwater.")
        if self._key and base64.b64encode(self._key).decode() not in keys:
            return Checked(False, "The hub has another key than the feed says: ask its people.")
        if not self._key:
            return Checked(
                True,
                f"We are let in. Compare its key, then: breakwater exchange set NAME key={keys[0]}",
            )
        return Checked(True, "We are let in, and it has the key that the feed says.")

    def pull(self, checkpoint: str) -> Iterator[Page]:
        """Segments first where nothing was taken yet, then changes up to the newest."""
        point = Point.read(checkpoint)
        if self._key and (point.after == 0 or point.file):
            for page in self._segments(point):
                point = Point.read(page.checkpoint)
                yield page
        yield from self._changes(point)

    def _changes(self, point: Point) -> Iterator[Page]:
        first, begun = point.after == 0, False
        while True:
            said = self._told(point.after)
            if said["reset"] is True:
                if begun or point.after == 0:
                    raise PeerFault("The hub asks to begin anew, time and again.")
                point, first, begun = Point(0, anew=True), True, True
                continue
            through, newest = whole(said["through"]), whole(said["newest"])
            if through < point.after or (through == point.after and through < newest):
                raise PeerFault(
                    "Its changes go back, or not on: the same question again and again."
                )
            done = through >= newest
            anew, point = point.anew, Point(through, anew=point.anew and not done)
            reached = self._set.clock.now() if done else None
            yield Page(
                tuple(self._items(said)), str(point), reached, whole=done and anew,
                restarts=first and anew,
            )  # fmt: skip
            first = False
            if done:
                return

    def _told(self, after: int) -> dict[str, Any]:
        said = self._json(f"/v1/hub/changes?after={after}&limit={self._size}{self._for()}")
        parts = {"reset", "through", "newest", "terms", "changes"}
        if not isinstance(said, dict) or not parts <= set(said):
            raise PeerFault("The answer is another than a page of changes.")
        try:
            whole(said["through"]), whole(said["newest"])
            objects(said["changes"])
            objects(said["terms"])
        except BadInput:
            raise PeerFault("A page of changes is of another form.") from None
        return said

    def _items(self, said: Mapping[str, Any]) -> Iterator[Item]:
        terms: list[Terms | None] = []
        for one in said["terms"]:
            try:
                terms.append(Terms.of_json(one))
            except BadInput:
                terms.append(None)
        for one in said["changes"]:
            yield from self._item(one, terms)

    def _item(self, one: Mapping[str, Any], terms: Sequence[Terms | None]) -> Iterator[Item]:
        number = one.get("number")
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            yield Unreadable("an entry", "It has no number.")
        elif "gone" in one:
            yield Gone(str(number))
        else:
            try:
                made = released(number, one, terms)
            except (BadInput, KeyError) as error:
                said = error.detail if isinstance(error, BadInput) else "A member of it is missing."
                yield Unreadable(f"entry {number}", said or "It is of another form.")
            else:
                yield from self._offer(made)

    def _offer(self, one: Released) -> Iterator[Item]:
        """What is known harmless is never taken from others: that needs two people here."""
        if not self._wanted(one.terms):
            return
        if one.negative:
            yield Gone(str(one.number))
            return
        yield replace(
            offered(one.terms),
            remote_id=str(one.number), signals=((one.kind, one.value, one.quality),),
        )  # fmt: skip

    def _wanted(self, terms: Terms) -> bool:
        return not self._list or terms.list == self._list

    def _segments(self, point: Point) -> Iterator[Page]:
        """The files of the manifest, each checked before any of it is read.

        A list that was begun goes on in the file where it stood. Where the hub has built that file
        anew, what was taken of it may be gone without a word: then changes tell the rest, or the
        list is read anew as a whole.

        Raises:
            PeerFault: a signature or a digest is not what it must be.
        """
        said = self._json(f"/v1/hub/segments{self._for('?')}")
        try:
            manifest = segment_file.verified(
                said["manifest"].encode(), base64.b64decode(said["signature"]), self._key
            )
            files, point = _left(manifest.files, point)
            self._files.tidy(manifest.files)
            restarts = point == Point(0, anew=True)
            for listed in files:
                for page in self._segment(listed, point):
                    yield replace(page, restarts=restarts)
                    restarts = False
                point = Point(listed.upto, point.anew)
        except (Tampered, BadInput) as error:
            if isinstance(error, PeerFault):
                raise
            raise PeerFault(error.detail or error.title()) from None
        except (KeyError, TypeError, AttributeError, ValueError):
            raise PeerFault("The list of segments is of another form.") from None
        yield Page((), str(Point(point.after, point.anew)), restarts=restarts)

    def _segment(self, listed: segment_file.Listed, point: Point) -> Iterator[Page]:
        url = f"{self._set.url}/v1/hub/segments/{quote(listed.name)}{self._for('?')}"
        with self._files.fetched(url, listed, self._headers()) as data:
            yield from pages(segment_file.read(data), listed, point, self._wanted)

    def feedback(self, words: Sequence[Word]) -> Sequence[str]:
        """One message a word; our last word on an entry counts there."""
        return [self._tell(word) for word in words]

    def _tell(self, word: Word) -> str:
        body = {
            "entry": int(word.remote_id), "kind": word.kind, "opinion": OPINIONS[word.opinion],
            "note": f"cause {word.cause}",
        }  # fmt: skip
        answer = self._send("/v1/hub/feedback", body)
        return "" if 200 <= answer.status < 300 else f"It answered {answer.status}."

    def counts(self, rows: Sequence[DayCount]) -> None:
        """A day's numbers replace earlier ones.

        Raises:
            PeerFault: it does not take them.
        """
        told = [
            {"entry": int(one.remote_id), "day": (EPOCH + timedelta(days=one.day)).date().isoformat(),
             "matches": one.matches, "wrong": one.wrong}
            for one in rows
        ]  # fmt: skip
        answer = self._send("/v1/hub/counts", {"counts": told})
        if not 200 <= answer.status < 300:
            raise PeerFault(f"It answered {answer.status} to match counts.")

    def listen(self, heard: Heard) -> None:
        """Hear of changes as they come (server-sent events), and of beats between them.

        Raises:
            PeerRefused, Unavailable: as `Wire.call`.
        """
        self._set.wire.follow(
            self._set.url + "/v1/hub/news",
            lambda line: heard(line.startswith("data: changes ")),
            headers=self._headers(),
        )

    def _for(self, mark: str = "&") -> str:
        return f"{mark}purpose={quote(self._purpose)}" if self._purpose else ""

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._set.credentials.token}"}

    def _json(self, path: str) -> Any:
        return read_json(self._set.wire.call("GET", self._set.url + path, headers=self._headers()))

    def _send(self, path: str, body: Mapping[str, Any]) -> Answer:
        headers = {**self._headers(), "Content-Type": "application/json"}
        content = json.dumps(body).encode()
        return self._set.wire.call("POST", self._set.url + path, headers=headers, content=content)


def _left(
    files: Sequence[segment_file.Listed], point: Point
) -> tuple[Sequence[segment_file.Listed], Point]:
    """Files of a manifest that are still to be read, and where the first of them is begun."""
    if not point.file:
        return files, point
    for at, one in enumerate(files):
        if one.sha256 != point.file:
            continue
        if point.after == one.upto and point.rows >= one.rows:
            return files[at + 1 :], Point(point.after, point.anew)
        return files[at:], point
    if point.after == 0:
        return files, Point(0, anew=True)
    return (), Point(point.after, point.anew)


def released(number: int, one: Mapping[str, Any], terms: Sequence[Terms | None]) -> Released:
    """An entry of a page.

    Raises:
        BadInput: a member of it is of another form, or its terms are missing.
        KeyError: a member of it is missing.
    """
    place = whole(one["terms"])
    known = terms[place] if place < len(terms) else None
    if known is None:
        raise BadInput("Its terms are missing or cannot be read.")
    kind = text(one["kind"])
    value, quality = kind_named(kind).parse(text(one["value"])), min(100, whole(one["quality"]))
    return Released(0, number, kind, value, known, one.get("negative") is True, quality)


MAKER: Final = Maker(
    "Another breakwater hub",
    Offers(
        feedback=True, counts=True, needs=("token",),
        options={
            "key": "the hub's public key in base64; with it a first pull takes signed segments",
            "list": "name of one shared list; else all that are released to us",
            "purpose": "detection, investigation or research; else the first of the member's",
        },
    ),
    Hub,
)  # fmt: skip
