"""The console's own parts in a handler's signature, and the shell round what it shows."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse

from breakwater.model.access import Principal
from breakwater.web.pages.reads import Console


async def _console(request: Request) -> Console:
    console: Console = request.app.state.console
    return console


Pages = Annotated[Console, Depends(_console)]
"""Reads and renderer, in a handler's signature."""


def show(
    request: Request, console: Console, who: Principal, name: str, *, status: int = 200, **more: Any
) -> HTMLResponse:
    """Render a page or fragment for whoever is signed in."""
    return console.renderer.page(
        request, name, viewer=console.reads.viewer(who), now=console.reads.now(), status=status,
        **more,
    )  # fmt: skip
