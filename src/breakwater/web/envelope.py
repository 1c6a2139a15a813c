"""What surrounds every response: a reference, the security headers, the count, the last catch.

Pure ASGI, outermost after the server. Headers follow the console's specification §9: nothing
is loaded that we did not serve, nobody frames us, nothing is cached that is not a hashed
static file. An exception that nobody mapped becomes a 500 with its reference; the log keeps
its type and place, redacted.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from breakwater import observe
from breakwater.model.ids import new_id
from breakwater.web.problem import problem_of

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)

HEADERS: Final = (
    ("Content-Security-Policy", CSP),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ("X-Frame-Options", "DENY"),
    ("Cache-Control", "no-store"),
)
"""Set unless the handler set its own (hashed static files may be cached)."""

HSTS: Final = ("Strict-Transport-Security", "max-age=31536000")
"""Only over TLS: browsers then insist on it."""

REFERENCE: Final = "breakwater.reference"
ROUTE: Final = "breakwater.route"

log = observe.logger("web")


class Envelope:
    """The outermost layer of the application."""

    def __init__(
        self, app: ASGIApp, *, count: Callable[[str, int], None], secure: bool = False
    ) -> None:
        """Wrap an application.

        Args:
            app: the rest.
            count: told route template and status of each response.
            secure: served over TLS, so browsers are told to insist on it.
        """
        self._app = app
        self._count = count
        every = [*HEADERS, HSTS] if secure else HEADERS
        self._headers = [(name.lower().encode(), value.encode()) for name, value in every]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reference = scope[REFERENCE] = new_id()
        started = 0

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = message["status"]
                message["headers"] = list(message.get("headers", ()))
                self._dress(message["headers"], reference)
                self._count(scope.get(ROUTE, "none"), started)
            await send(message)

        try:
            await self._app(scope, receive, dressed)
        except Exception as error:
            # The last boundary: the server must live on, and the caller learns a reference only.
            log.error(  # noqa: TRY400 - a traceback would carry messages of libraries
                "request failed",
                reference=reference,
                error=type(error).__name__,
                route=scope.get(ROUTE, "none"),
                place=_place(error),
            )
            if started:
                raise
            await problem_of(error, reference=reference).response()(scope, receive, dressed)

    def _dress(self, headers: list[tuple[bytes, bytes]], reference: str) -> None:
        present = {name.lower() for name, _ in headers}
        headers += [(name, value) for name, value in self._headers if name not in present]
        headers.append((b"x-reference", reference.encode()))


def _place(error: Exception) -> list[str]:
    """Where it happened, without the message: messages of libraries may hold private values."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
