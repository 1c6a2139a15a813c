"""The whole of HTTP as one application, and the server that runs it.

`create(app)` joins the API, its dialects and the console behind the gate; `serve(app)` listens.
Loopback by default: other addresses need TLS (a certificate of the operator's, or the built-in
authority) or a trusted proxy that ends it, else `BadSettings`. Routers are taken flat, not
nested: matching a path costs less, and what is asked most often is first.
"""

from __future__ import annotations

import importlib
import importlib.util
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import anyio
import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from breakwater import __version__
from breakwater.access.passkeys import Site
from breakwater.errors import BadSettings, BreakwaterError
from breakwater.settings import Settings
from breakwater.web import tls
from breakwater.web.api import (
    accounts,
    acts,
    appeals,
    bank_cuts,
    banks,
    cases,
    chat_orders,
    chats,
    classifiers,
    comments,
    conversations,
    decisions,
    deconfliction,
    devices,
    duty,
    examples,
    exchange_packs,
    exchanges,
    exhibits,
    filings,
    grade_sets,
    grading,
    hma,
    hma_banks,
    holds,
    hooks,
    hub,
    hub_curate,
    hub_feed,
    hub_given,
    hub_packs,
    imports,
    ispws,
    keys,
    legal_requests,
    likeness,
    link_crops,
    link_search,
    links,
    lookups,
    media,
    ncmec_v2,
    own_pictures,
    packages,
    people,
    privacy,
    quality,
    reels,
    references,
    registrations,
    reports,
    routing,
    schemes,
    servers,
    sessions,
    spots,
    streams,
    system,
    transparency,
    urls,
    vics,
    viewers,
    watchers,
    wellbeing,
)
from breakwater.web.envelope import REFERENCE, Envelope
from breakwater.web.gate import Gate
from breakwater.web.problem import Problem, problem_of

if TYPE_CHECKING:
    from breakwater.app import App

ROUTERS: Final = (
    lookups.router,
    urls.router,
    registrations.router,
    media.router,
    system.router,
    banks.router,
    bank_cuts.router,
    reels.router,
    ncmec_v2.router,
    hub.router,
    hub_feed.router,
    hub_given.router,
    hub_packs.router,
    hub_curate.router,
    exchange_packs.router,
    exchanges.router,
    holds.router,
    imports.router,
    accounts.router,
    references.router,
    decisions.router,
    keys.router,
    duty.router,
    filings.router,
    packages.router,
    vics.router,
    grading.router,
    grade_sets.router,
    schemes.router,
    quality.router,
    cases.router,
    routing.router,
    wellbeing.router,
    devices.router,
    sessions.router,
    people.router,
    privacy.router,
    appeals.router,
    own_pictures.router,
    reports.router,
    spots.router,
    streams.router,
    acts.router,
    legal_requests.router,
    transparency.router,
    viewers.router,
    comments.router,
    conversations.router,
    chat_orders.router,
    chats.router,
    hooks.router,
    servers.router,
    classifiers.router,
    likeness.router,
    link_search.router,
    links.router,
    exhibits.router,
    deconfliction.router,
    link_crops.router,
    watchers.router,
    hma.router,
    hma_banks.router,
)
SCREENING_THREADS: Final = 64
"""Requests that wait for the jail at once; more wait in line, look-ups do not."""
COMMENT_THREADS: Final = 8
"""Batches of comments that are before the lanes at once."""
DIALECT: Final = ("/h/", "/m/", "/c/")

ABOUT: Final = """
Send media or hashes, get verdicts. Every call carries an API key: `Authorization: Bearer bw_…`.
Errors are `application/problem+json`: `code` is stable, `detail` says what to do.
"""


class Application(FastAPI):
    """The framework's application, whose OpenAPI document says that a key is needed."""

    def openapi(self) -> dict[str, Any]:
        """The document; made once."""
        made = self.openapi_schema is None
        document = super().openapi()
        if made:
            document.setdefault("components", {})["securitySchemes"] = {
                "key": {"type": "http", "scheme": "bearer", "description": "`bw_<id>_<secret>`"}
            }
            document["security"] = [{"key": []}]
            examples.fill(document)
        return document


def create(app: App, *, url: str = "") -> FastAPI:
    """Build the application.

    Args:
        app: every part.
        url: where it is reached, when that is not known from settings (a free port was picked).
    """
    api = Application(
        title="breakwater",
        version=__version__,
        description=ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    settings = app.settings
    secure = is_secure(settings)
    api.state.parts = app
    site = api.state.site = site_of(settings, url)
    api.state.gate = Gate(
        access=app.access,
        secure=secure,
        address_networks=settings.hma_networks,
        hosts=frozenset({"localhost", site.host, settings.host.lower()}),
    )
    api.state.screening_threads = anyio.CapacityLimiter(SCREENING_THREADS)
    api.state.comment_threads = anyio.CapacityLimiter(COMMENT_THREADS)
    for router in ROUTERS:
        api.router.routes.extend(router.routes)
    if settings.reports_receive:
        api.router.routes.extend(ispws.router.routes)
    page = _mount_pages(api, app)
    _answer_errors(api, page)
    requests = app.metrics.requests
    api.add_middleware(
        Envelope, count=lambda route, status: requests.labels(route, status).inc(), secure=secure
    )
    return api


Page = Callable[[Request, Problem], Response | None]


def _mount_pages(api: FastAPI, app: App) -> Page:
    """Add the console, when it is installed."""
    if importlib.util.find_spec("breakwater.web.pages.reader") is None:
        return lambda _request, _problem: None
    pages = importlib.import_module("breakwater.web.pages")
    reader = importlib.import_module("breakwater.web.pages.reader")
    trouble = importlib.import_module("breakwater.web.pages.trouble")
    pages.mount(api, reads=reader.Reader(app))

    def page(request: Request, problem: Problem) -> Response | None:
        if not trouble.wants_page(request):
            return None
        answer: Response = trouble.page_for(request, problem)
        return answer

    return page


def _answer_errors(api: FastAPI, page: Page) -> None:
    """Map every error once."""

    async def answer(request: Request, error: Exception) -> Response:
        problem = problem_of(error, reference=request.scope.get(REFERENCE, ""))
        path = request.url.path
        if path.startswith(ispws.PREFIX):
            return ispws.refusal(path, problem)
        if path.startswith(DIALECT) and problem.status == 422:  # their callers know 400
            problem = Problem(
                400, problem.code, problem.title, problem.detail, problem.reference, problem.facts
            )
        # Who is signed in may have to be asked of the database: beside the loop.
        return await run_in_threadpool(page, request, problem) or problem.response()

    for kind in (BreakwaterError, RequestValidationError, HTTPException):
        api.add_exception_handler(kind, answer)


def serves_tls(settings: Settings) -> bool:
    """Whether the listener itself speaks TLS."""
    return settings.tls_certificate is not None or settings.tls_builtin_ca


def is_secure(settings: Settings) -> bool:
    """Whether browsers reach us over TLS, ours or a proxy's."""
    if settings.public_url:
        return urlsplit(settings.public_url).scheme == "https"
    return serves_tls(settings) or bool(settings.trusted_proxies)


def site_of(settings: Settings, url: str = "") -> Site:
    """Where people sign in, for passkeys; they need a name, so loopback is `localhost`."""
    scheme = "https" if is_secure(settings) else "http"
    parts = urlsplit(settings.public_url or url or f"{scheme}://{settings.host}:{settings.port}")
    host = parts.hostname or "localhost"
    if is_loopback(host):
        host = "localhost"
    port = f":{parts.port}" if parts.port else ""
    return Site(host, f"{parts.scheme}://{host}{port}")


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Listening:
    """How the server listens.

    Attributes:
        certificate, key: PEM files; None without TLS.
        authority: of the built-in authority, to be installed in browsers.
    """

    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None


def listening(settings: Settings, *, now: Any) -> Listening:
    """Decide how to listen, or refuse.

    Raises:
        BadSettings: another address than loopback without TLS and without a trusted proxy.
    """
    if settings.tls_certificate is not None:
        if settings.tls_key is None:
            raise BadSettings("BREAKWATER_TLS_CERTIFICATE needs BREAKWATER_TLS_KEY beside it.")
        for file in (settings.tls_certificate, settings.tls_key):
            if not file.is_file():
                raise BadSettings(f"There is no file {file.name} to serve TLS with.")
        return Listening(settings.tls_certificate, settings.tls_key)
    if settings.tls_builtin_ca:
        names = {"localhost", "127.0.0.1", urlsplit(settings.public_url).hostname or ""}
        if settings.host not in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
            names.add(settings.host)
        directory = settings.root_key.parent / "tls"
        pair = tls.builtin(directory, sorted(names - {""}), now=now)
        return Listening(pair.certificate, pair.key, pair.authority)
    if not is_loopback(settings.host) and not settings.trusted_proxies:
        raise BadSettings(
            "To listen on another address than loopback set BREAKWATER_TLS_CERTIFICATE and "
            "BREAKWATER_TLS_KEY, or BREAKWATER_TLS_BUILTIN_CA=true, or name the proxy that ends "
            "TLS in BREAKWATER_TRUSTED_PROXIES."
        )
    return Listening()


def server_of(
    app: App, *, url: str = "", around: Callable[[ASGIApp], ASGIApp] | None = None
) -> uvicorn.Server:
    """A server that is ready to run; `run(sockets=[…])` takes listening sockets.

    Args:
        app: every part.
        url: where it is reached, as `create` takes it.
        around: wraps the application, for a server that misbehaves on request.

    Raises:
        BadSettings: it may not listen there.
    """
    settings = app.settings
    how = listening(settings, now=app.clock.now())
    api = create(app, url=url)
    config = uvicorn.Config(
        around(api) if around else api,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_keep_alive=30,
        backlog=1024,
        ssl_certfile=how.certificate,
        ssl_keyfile=how.key,
        timeout_graceful_shutdown=20,
    )
    server = uvicorn.Server(config)
    # Streams that never end by themselves watch for the end of the server.
    api.state.stopping = lambda: server.should_exit
    return server


def serve(app: App) -> None:
    """Serve until a signal; what was acknowledged is durable whenever it ends."""
    server_of(app).run()
