"""A hub that no network reaches: its packs are carried here, and ours back.

In comes a pack, unsealed by who carried it. It is laid into the feeds' folder once it is signed by
the hub's key, for us, and the next one; the pull reads it as the pages of any list and deletes it
when it was taken, so a kill in the middle costs one page. A pack of everything stands for the whole
list: what it has no more is gone here. Nobody is asked over a line. Form: `model.hub_pack`. Tests:
`tests/contract/test_exchange_packs.py`.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from breakwater.errors import BadInput, BreakwaterError, Conflict, PeerFault
from breakwater.exchange.clients.hub_files import Point, pages
from breakwater.exchange.ports import Checked, Maker, Offers, Setting
from breakwater.model import hub_pack, segment_file
from breakwater.model.exchange import DayCount, Page, Word
from breakwater.model.hub_feed import Terms, hub_name
from breakwater.model.hub_pack import Pack
from breakwater.model.segment_file import Listed

NEVER: Final = "Nobody is asked over a line: it goes with the next pack back."


class Packs:
    """One hub, as one of its members."""

    def __init__(self, setting: Setting) -> None:
        """Take the hub's key, and what we are there.

        Raises:
            BadInput: one of them is missing or none.
        """
        said = setting.options
        try:
            self.key = base64.b64decode(str(said.get("key", "")), validate=True)
        except ValueError:
            self.key = b""
        if len(self.key) != 32:
            raise BadInput("A feed of packs needs key=, the hub's public key: 32 bytes in base64.")
        self.member = str(said.get("member", ""))
        if not self.member.isascii() or not self.member.isdigit():
            raise BadInput("A feed of packs needs member=, our number at the hub.")
        self.seal = str(said.get("seal", ""))
        if self.seal:
            hub_pack.recipient(self.seal)
        self._list = str(said.get("list", ""))
        self._folder = setting.folder
        mine = "\0".join((said["key"], self.member, self._list))
        self._mine = hashlib.sha256(mine.encode()).hexdigest()[:16]

    @property
    def hub(self) -> str:
        """What the hub calls itself in what it signs."""
        return hub_name(self.key)

    def check(self) -> Checked:
        """Nobody can be asked."""
        return Checked(True, "No network reaches it: its packs are carried here and taken.")

    def read(self, data: bytes, checkpoint: str) -> Pack:
        """A pack that is the next one.

        Args:
            data: the pack, unsealed.
            checkpoint: of the feed.

        Raises:
            Tampered: it is not signed by the hub's key, or was changed.
            Conflict: it was taken already, or one before it is missing; says what to do.
            BadInput: no pack, somebody else's, or it holds no list.
        """
        place = Point.read(checkpoint).after
        try:
            pack = hub_pack.read(data, self.key, reader=self.member, place=place)
        except Conflict as error:
            raise Conflict(f"{error.detail} {_advice(place)}") from None
        if pack.upto < place:
            raise Conflict(f"This pack is older than what was taken. {_advice(place)}")
        if pack.writer != self.hub or hub_pack.ENTRIES not in pack.parts:
            raise BadInput("The pack holds no list of this hub.")
        segment = segment_file.read(pack.parts[hub_pack.ENTRIES])
        if (segment.after, segment.upto) != (pack.after, pack.upto):
            raise BadInput("The pack says another stretch than its list.")
        return pack

    def lay(self, data: bytes, checkpoint: str) -> Pack:
        """Check a pack, and lay it where the next pull finds it. Raises as `read`."""
        pack = self.read(data, checkpoint)
        digest = hashlib.sha256(data).hexdigest()[:16]
        write(self._folder / f".{self._mine}-{digest}.pack", data)
        return pack

    def pull(self, checkpoint: str) -> Iterator[Page]:
        """What was laid down, page by page; nothing where nothing was."""
        Point.read(checkpoint)
        for path in sorted(self._folder.glob(f".{self._mine}-*.pack")):
            data = path.read_bytes()
            try:
                pack = self.read(data, checkpoint)
            except BreakwaterError:  # taken by a pull that was cut short behind its last page
                path.unlink(missing_ok=True)
                continue
            try:
                for page in self._pages(pack, Point.read(checkpoint)):
                    yield page
                    checkpoint = page.checkpoint
            except PeerFault:
                path.unlink(missing_ok=True)
                raise
            path.unlink(missing_ok=True)

    def _pages(self, pack: Pack, point: Point) -> Iterator[Page]:
        """A pack of everything is read as the whole list."""
        data = pack.parts[hub_pack.ENTRIES]
        digest = hashlib.sha256(data).hexdigest()
        if point.file != digest:
            point = Point(point.after, anew=pack.after == 0)
        segment = segment_file.read(data)
        listed = Listed("", pack.after, pack.upto, segment.rows, len(data), digest)
        begins = point.anew and point.rows == 0
        for page in pages(segment, listed, point, self._wanted):
            if Point.read(page.checkpoint).after != listed.upto or page.items or page.many:
                yield replace(page, restarts=begins)
                begins = False
        yield Page((), str(Point(pack.upto)), pack.at, whole=point.anew, restarts=begins)

    def _wanted(self, terms: Terms) -> bool:
        return not self._list or terms.list == self._list

    def kept(self, number: int) -> Path:
        """Where a pack of ours is kept until the next one is written; sealed to the hub."""
        return self._folder / f".{self._mine}-back-{number}.sealed"

    def tidy(self, number: int) -> None:
        """Delete packs of ours before a number."""
        for path in self._folder.glob(f".{self._mine}-back-*.sealed"):
            if int(path.stem.rpartition("-")[2]) < number:
                path.unlink(missing_ok=True)

    def feedback(self, words: Sequence[Word]) -> Sequence[str]:
        """Goes with a pack (`exchange.carried`)."""
        return [NEVER for _ in words]

    def counts(self, rows: Sequence[DayCount]) -> None:
        """Goes with a pack (`exchange.carried`)."""
        del rows


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, for its owner alone."""
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _advice(place: int) -> str:
    return (
        f"Nothing was changed. Ask the hub's people for a pack that begins after {place}, "
        "or for one of everything."
    )


MAKER: Final = Maker(
    "A breakwater hub by packs, without a network",
    Offers(
        feedback=True, counts=True, carried=True,
        options={
            "key": "the hub's public key in base64, compared with its people",
            "member": "our number at the hub",
            "seal": "the hub's public age key: packs back are sealed to it",
            "list": "name of one shared list; else all that are released to us",
        },
    ),
    Packs,
)  # fmt: skip
