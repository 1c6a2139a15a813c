"""The key table: one list as data that the caps, the key sheet, the handlers and tests share.

Read from `web/keys.json` (id, page, key, words). A page shows and obeys the rows of its own
page, of `everywhere`, and of `go` for the pages its viewer may open. WCAG 2.1.4: single
letters can be turned off or changed by each person; that happens in the browser.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from breakwater.web.pages.models import Viewer
from breakwater.web.pages.rail import links_for
from breakwater.web.pages.speech import later, say

FILE: Final = Path(__file__).parent.parent / "keys.json"

_CAPS: Final = {
    "ArrowDown": "↓", "ArrowUp": "↑", "ArrowLeft": "←", "ArrowRight": "→",
    "Escape": "Esc", "Ctrl": later("Ctrl"), "Shift": later("Shift"), "Space": later("Space"),
    "Backspace": later("Backspace"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the table."""

    id: str
    page: str
    key: str
    words: str
    also: str = ""

    @property
    def cap(self) -> str:
        """What stands on the key."""
        parts = self.key.split(" ")
        if parts[0] == "Ctrl" and len(parts[-1]) == 1:
            parts[-1] = parts[-1].upper()
        return " ".join(say(_CAPS[part]) if part in _CAPS else part for part in parts)

    @property
    def letter(self) -> bool:
        """A single character: one that can be changed or turned off."""
        return len(self.key) == 1


class KeyTable:
    """All keys."""

    def __init__(self, keys: Iterable[Key], titles: dict[str, str]) -> None:
        self.keys = tuple(keys)
        self._titles = titles
        self._by_id = {key.id: key for key in self.keys}

    @classmethod
    def read(cls, path: Path = FILE) -> KeyTable:
        """Read the table."""
        table = json.loads(path.read_text(encoding="utf-8"))
        return cls((Key(**row) for row in table["keys"]), table["words"])

    def cap(self, id: str) -> str:  # noqa: A002 - the word the table uses
        """What stands on the key of an action."""
        return self._by_id[id].cap

    def sheet(self, page: str, viewer: Viewer) -> list[tuple[str, list[Key]]]:
        """Groups for the key sheet, the present page first."""
        open_to = {f"go.{link.id}" for link in links_for(viewer)}
        groups = []
        for name in (page, "everywhere", "go"):
            rows = [
                replace(key, words=say(key.words))
                for key in self.keys
                if key.page == name and (name != "go" or key.id in open_to)
            ]
            if rows:
                groups.append((say(self._titles[name]), rows))
        return groups
