"""Where a request came from, and whether pictures go there: `at: Workstation` in a handler.

A machine is known by a cookie that no script reads and no other site makes a browser send. A
telephone is known by what it says of itself; the console's scripts add the width of the screen,
which enlarging the letters does not change. Every route that shows media takes this:
`tests/integration/test_devices.py` walks them all.
"""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import Annotated, Final

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from breakwater.model.device import Approach
from breakwater.web.gate import Parts, client_address, gate_of

LIFE: Final = timedelta(days=400)
"""The longest that browsers keep a cookie (RFC 6265bis §5.5)."""

SCREEN: Final = "x-screen-width"
"""Said by the console's scripts: the shorter side of the screen in CSS pixels."""

NARROW: Final = 600
"""Below it a screen is a telephone's (reference: console §3 folds at 640, tablets begin at 600)."""

PROXIED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


def approach(request: Request) -> Approach:
    """How a request came."""
    return Approach(
        token=request.cookies.get(cookie_of(request), "")[:100],
        phone=is_phone(request),
        here=is_here(request),
    )


def is_phone(request: Request) -> bool:
    """Whether it says of itself that it is a telephone, or is as narrow as one.

    "Mobi" is what browsers of telephones have in their name (RFC 9110 §10.1.5 and the browsers'
    own advice); `Sec-CH-UA-Mobile` is its successor.
    """
    said = request.headers
    width = said.get(SCREEN, "")
    narrow = width.isdecimal() and int(width[:6]) < NARROW
    return narrow or said.get("sec-ch-ua-mobile") == "?1" or "Mobi" in said.get("user-agent", "")


def is_here(request: Request) -> bool:
    """Whether it came from this very machine, by one of its own names and past no proxy.

    Never where the installation has a name for others or a proxy: one that hides itself and that
    name would make everybody be here.
    """
    state = request.app.state
    if state.site.host != "localhost" or state.parts.settings.trusted_proxies:
        return False
    if any(name in request.headers for name in PROXIED):
        return False
    return _loopback(client_address(request)) and _loopback(request.url.hostname or "")


def cookie_of(request: Request) -> str:
    """The name of the cookie by which a machine is known."""
    secure = gate_of(request).secure
    return "__Host-breakwater-workstation" if secure else "breakwater-workstation"


def remember(request: Request, response: Response, token: str) -> None:
    """Let this browser be known from now on."""
    response.set_cookie(
        cookie_of(request), token, max_age=int(LIFE.total_seconds()), path="/", httponly=True,
        samesite="strict", secure=gate_of(request).secure,
    )  # fmt: skip


def _at(request: Request, app: Parts) -> str:
    admitted: str = app.review.devices.admit(approach(request))
    return admitted


Workstation = Annotated[str, Depends(_at)]
"""What to call the workstation a request came from; refuses everything else."""


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
