"""Lists that come as whole files: by https, or laid into the feeds' folder by hand.

In comes a feed's address or file name; out goes a file on disk with its digest, or nothing when it
is the one that was taken last. A file is read again from its beginning when it changed, and goes
on at the row where the last pull stopped when it did not. Used by `table` and `vics_sets`.
"""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from breakwater.errors import BadInput, PeerFault, Unavailable
from breakwater.exchange.ports import PAGE, Checked, Setting
from breakwater.model.exchange import DayCount, Item, Page, Word

FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,127}")
OPTIONS: Final = {
    "file": "name of a file in the folder `exchange` of the data directory, instead of an address",
    "whole": "true: what is not in the newest file is withdrawn",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A checkpoint: which file, and how far in it.

    Attributes:
        digest: SHA-256 of the file; row: rows taken of it; done: it was read to its end.
        mark: the server's ETag, by which an unchanged file is not sent again.
    """

    digest: str = ""
    row: int = 0
    done: bool = False
    mark: str = ""

    @classmethod
    def read(cls, text: str) -> Place:
        """What we wrote; the beginning where nothing was."""
        try:
            return cls(**json.loads(text)) if text else cls()
        except (ValueError, TypeError):
            raise PeerFault("The checkpoint is not one of this client: remove the feed.") from None

    def __str__(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


class Listing:
    """Where the file of a feed comes from."""

    def __init__(self, setting: Setting) -> None:
        """Take where it is.

        Raises:
            BadInput: neither an address nor a file's name, or both.
        """
        self._set = setting
        self._name = str(setting.options.get("file", ""))
        if bool(self._name) is bool(setting.url):
            raise BadInput("Give the address of the list, or the option file=NAME.")
        if self._name and not FILE_NAME.fullmatch(self._name):
            raise BadInput("file is a plain name in the folder of feeds, such as list.csv.")
        secret = setting.credentials
        self._headers = {"Authorization": f"Bearer {secret.token}"} if secret.token else {}

    def check(self) -> Checked:
        """Whether the list is there."""
        if self._name:
            there = (self._set.folder / self._name).is_file()
            words = "is there" if there else "is not there: lay it into the folder of feeds"
            return Checked(there, f"The file {self._name} {words}.")
        answer = self._set.wire.call("HEAD", self._set.url, headers=self._headers)
        if answer.status not in {200, 204}:
            return Checked(False, f"It answered {answer.status} to a question for the list.")
        return Checked(True, "The list is there.")

    @contextmanager
    def newest(self, at: Place) -> Iterator[tuple[Path, Place] | None]:
        """The file and where to begin in it; None when nothing is new.

        Raises:
            Unavailable: it is not there now.
            PeerFault: the server answers something else.
        """
        if self._name:
            path, mark = self._set.folder / self._name, ""
            if not path.is_file():
                raise Unavailable(f"The file {self._name} is not in the folder of feeds.")
            yield self._begun(path, at, mark)
            return
        name = hashlib.sha256(self._set.url.encode()).hexdigest()[:16]
        path = self._set.folder / f".{name}.part"
        known = {"If-None-Match": at.mark} if at.mark and at.done else {}
        try:
            answer = self._set.wire.download(
                self._set.url, path, headers={**self._headers, **known}
            )
            if answer.status == 304:
                yield None
                return
            if answer.status != 200:
                raise PeerFault(f"It answered {answer.status} to a question for the list.")
            yield self._begun(path, at, answer.headers.get("etag", "")[:200])
        finally:
            path.unlink(missing_ok=True)

    def _begun(self, path: Path, at: Place, mark: str) -> tuple[Path, Place] | None:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != at.digest:
            return path, Place(digest, 0, done=False, mark=mark)
        return None if at.done else (path, replace(at, mark=mark))


class FileClient(ABC):
    """A client of lists that come as files; subclasses say what a row is."""

    def __init__(self, setting: Setting, *, whole: bool, page: int = PAGE) -> None:
        """Take where the list is, and whether each file is the whole of it.

        Raises:
            BadInput: it is said wrongly.
        """
        self.listing = Listing(setting)
        self._clock = setting.clock
        self._whole = setting.options.get("whole", whole) is True
        self._page = page

    @abstractmethod
    def rows(self, path: Path) -> Iterator[Sequence[Item]]:
        """What each row of a file is, in its order."""

    def check(self) -> Checked:
        """Whether the list is there."""
        return self.listing.check()

    def pull(self, checkpoint: str) -> Iterator[Page]:
        """The newest file in pages, from where the last pull stopped."""
        at = Place.read(checkpoint)
        with self.listing.newest(at) as found:
            if found is None:
                return
            path, begin = found
            reached = self._clock.now()
            items: list[Item] = []
            row = first = begin.row
            for number, some in enumerate(self.rows(path), start=1):
                if number <= begin.row:
                    continue
                items += some
                row = number
                if row - first >= self._page:
                    yield self._paged(items, replace(begin, row=row), first=first == 0)
                    items, first = [], row
            end = replace(begin, row=row, done=True)
            yield replace(
                self._paged(items, end, first=first == 0), reached=reached, whole=self._whole
            )

    def _paged(self, items: list[Item], at: Place, *, first: bool) -> Page:
        return Page(tuple(items), str(at), restarts=first and self._whole)

    def feedback(self, words: Sequence[Word]) -> Sequence[str]:
        """A file hears nothing."""
        return ["A list that comes as a file takes no feedback." for _ in words]

    def counts(self, rows: Sequence[DayCount]) -> None:
        """A file hears nothing."""
        del rows
