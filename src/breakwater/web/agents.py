"""Which browser on which system, in words, from what the browser says of itself.

For a person who looks through their sessions: "Firefox on Linux". Versions and everything else
are dropped, so that no more is kept than helps to recognise one's own. Tested in
`tests/unit/test_web_agents.py`.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

_BROWSERS: Final = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
)  # fmt: skip
"""The first that is named: most browsers also name those they descend from."""

_SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("CrOS", "ChromeOS"), ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def agent_of(request: Request) -> str:
    """The words for a request's browser; empty when it says nothing we know."""
    return named(request.headers.get("user-agent", "")[:500])


def named(agent: str) -> str:
    """Read a `User-Agent`.

    >>> named("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
    'Firefox on Linux'
    >>> named("something else")
    ''
    """
    browser = next((word for part, word in _BROWSERS if part in agent), "")
    system = next((word for part, word in _SYSTEMS if part in agent), "")
    return " on ".join(word for word in (browser, system) if word)
