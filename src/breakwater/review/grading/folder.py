"""The import folder: files of sets that somebody laid on this host, or sent from their browser.

In come names; out go paths inside the folder, and nothing else: a name with a separator, a dot in
front or a link that leads out of it is not there. Media of a set lie in a folder beside its file.
Sent files are written under a name of their own and never over one that is there. Read by
`web.pages.sets`. Tests: `tests/integration/test_sets_page.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from breakwater.errors import BadInput, Conflict, NotFound, TooLarge

FORMS: Final = (".json", ".csv", ".vics")
MOST_SENT: Final = 512 << 20
"""Bytes of a file that a browser sends; a larger one is laid into the folder."""

_NAME: Final = re.compile(r"[\w][\w .()+-]{0,119}")


class ImportFolder:
    """Files and folders in one place."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        """Where it is."""
        return self._root

    def files(self) -> list[str]:
        """Names of files that may be sets."""
        return sorted(path.name for path in self._inside() if path.is_file() and _is_set(path.name))

    def folders(self) -> list[str]:
        """Names of folders that may hold media."""
        return sorted(path.name for path in self._inside() if path.is_dir())

    def file(self, name: str) -> Path:
        """The file of this name; raises `NotFound`."""
        if name not in self.files():
            raise NotFound("There is no such file in the import folder.")
        return self._root / name

    def media(self, name: str) -> Path:
        """The folder of this name; the import folder itself for none. Raises `NotFound`."""
        if name and name not in self.folders():
            raise NotFound("There is no such folder in the import folder.")
        return self._root / name if name else self._root

    @contextmanager
    def receiving(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Write a file that is sent, part by part; it is there when the block ends well.

        Raises:
            BadInput: no name that such a file has.
            Conflict: a file of this name is here, or is being sent.
            TooLarge: more bytes than a browser may send.
        """
        if not _NAME.fullmatch(name) or not _is_set(name):
            raise BadInput("A file of a set is named like name.json or name.csv.")
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        target, partly = self._root / name, self._root / f".{name}.part"
        if target.exists() or partly.exists():
            raise Conflict(
                "A file of this name is in the import folder. Choose it, or rename yours."
            )
        try:
            with partly.open("xb") as file:

                def take(part: bytes) -> None:
                    if file.tell() + len(part) > MOST_SENT:
                        raise TooLarge("Lay a file as large as this into the import folder.")
                    file.write(part)

                yield take
            partly.rename(target)
        finally:
            partly.unlink(missing_ok=True)

    def _inside(self) -> list[Path]:
        if not self._root.is_dir():
            return []
        real = self._root.resolve()
        return [
            path
            for path in self._root.iterdir()
            if not path.name.startswith(".") and path.resolve().is_relative_to(real)
        ]


def _is_set(name: str) -> bool:
    return name.lower().endswith(FORMS)
