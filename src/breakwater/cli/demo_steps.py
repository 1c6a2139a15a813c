"""Steps of the demo's acts: each believed only when it is seen, with the seconds it took."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from breakwater.cli.owner import Owner
from breakwater.cli.terminal import MARK, Terminal

PATIENCE_S: Final = 20.0
ASK_S: Final = 0.02
Row = dict[str, Any]


@dataclass
class Steps:
    """What was seen so far, said as it is seen."""

    terminal: Terminal
    rows: list[Row] = field(default_factory=list)

    def step(self, words: str, seen: Callable[[], Any], since: float) -> Any:
        """Wait until something is seen; note whether, and after how many seconds."""
        until = time.monotonic() + PATIENCE_S
        while not (found := seen()) and time.monotonic() < until:
            time.sleep(ASK_S)
        took = time.monotonic() - since
        self.rows.append({"name": words, "as_expected": bool(found), "s": round(took, 2)})
        mark = MARK["ok" if found else "bad"]
        self.terminal.say(f"{mark} {took:6.2f} s  {words}")
        return found

    def failed(self, error: Exception) -> None:
        """An act that broke off is a step that was not seen."""
        words = str(error) or type(error).__name__
        self.rows.append({"name": words, "as_expected": False, "s": 0.0})
        self.terminal.say(f"{MARK['bad']} {words}")

    @property
    def all_seen(self) -> bool:
        """Whether there was something, and each of it."""
        return bool(self.rows) and all(one["as_expected"] for one in self.rows)


@contextmanager
def signed_in(owner: Owner, link: str) -> Iterator[httpx.Client]:
    """A person's session by their one-time link, with the token that their forms carry."""
    with httpx.Client(
        base_url=owner.url, follow_redirects=True, trust_env=False, timeout=60
    ) as person:
        page = person.post(f"/login/{link}", headers={"Origin": owner.site}).text
        token = re.search(r'<meta name="csrf" content="([^"]+)"', page)
        person.headers["X-CSRF-Token"] = token[1] if token else ""
        yield person
