"""The gate: session cookie, API key or allow-listed address in, `Principal` or a refusal out.

Runs before a byte of the body is read. A bearer key wins over a cookie (a foreign page can
make a browser send the second, never the first); every unsafe request with a cookie carries
the session's CSRF token and a same-origin `Origin`. Keys and sessions are remembered for at
most 5 s (`access.policy.CACHE_S`), so that a look-up costs microseconds here and revocation
still bites at once in this process and within 5 s in others.

Handlers take the caller as `who: Who` and the parts as `app: Parts`. Each cell of routes ×
roles × scopes is asserted in `tests/integration/test_matrix.py`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from breakwater.access import policy
from breakwater.errors import BreakwaterError, NotAllowed, NotAuthenticated, TooManyRequests
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id
from breakwater.web.agents import agent_of
from breakwater.web.envelope import REFERENCE, ROUTE
from breakwater.web.languages import COOKIE, Language, choose, speak
from breakwater.web.need import Need, anyone, need_of, needs, signed_in
from breakwater.web.problem import problem_of

if TYPE_CHECKING:
    from breakwater.access.door import Access

__all__ = ["Gate", "Parts", "Router", "Who", "anyone", "needs", "signed_in"]

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
PRINCIPAL: Final = "breakwater.principal"
REFUSED: Final = "breakwater.refused"
"""Who was known and not let in: an error page tells them so, instead of asking who they are."""

CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf"
FORM: Final = "application/x-www-form-urlencoded"

BY_ADDRESS: Final = Principal(
    id=Id("00000000-0000-7000-8000-000000000000"),
    name="allow-listed address",
    permissions=frozenset({Permission.HASH_LOOKUP, Permission.BANK_READ}),
)
"""What an allow-listed address may do without a key: look up and read, never change."""


class Gate:
    """Decides who is asking and whether this route is for them."""

    def __init__(
        self,
        *,
        access: Access,
        secure: bool,
        address_networks: tuple[str, ...] = (),
        hosts: frozenset[str] = frozenset({"localhost"}),
    ) -> None:
        """Take the parts.

        Args:
            access: where keys and sessions are known.
            secure: browsers reach us over TLS.
            address_networks: CIDR blocks that may use the older dialects without a key.
            hosts: names by which such callers reach us, besides bare addresses.
        """
        self._access = access
        self._limits = access.limits
        self._networks = address_networks
        self._hosts = hosts
        self.secure = secure
        self.cookie = "__Host-breakwater" if secure else "breakwater"

    async def admit(self, request: Request, need: Need) -> Principal | None:
        """Let a request in.

        Raises:
            NotAuthenticated: nobody is signed in, or the proof is no good.
            NotAllowed: not by this role, key, address or form.
            TooManyRequests: over the key's rate, or too many wrong proofs from the address.
        """
        token = _bearer(request) or (_basic(request) if need.basic else "")
        who = await (self._by_key(request, token) if token else self._by_session(request, need))
        if who is None and need.by_address:
            who = self._by_address(request)
        if need.anyone:
            return who
        if who is None:
            raise NotAuthenticated
        request.scope[REFUSED] = who
        if need.signed_in:
            if who.session is None:
                raise NotAllowed("This is for people who are signed in, not for keys.")
        elif need.permission is not None and not who.may(need.permission):
            raise NotAllowed(
                f"This key lacks the scope {need.permission}."
                if token
                else f"Your role does not have the permission {need.permission}."
                if who.session
                else f"An address without a key lacks the permission {need.permission}."
            )
        if who.test and request.method not in SAFE and not need.test_keys:
            raise NotAllowed("A test key changes nothing. Use a real key for this.")
        return who

    async def _by_key(self, request: Request, token: str) -> Principal:
        address = client_address(request)
        known = self._access.keys.remembered(token, address)
        if known is None:
            # No counting of failures here: a secret of 256 bits is not guessed, and one caller's
            # stale key must not shut out the others behind the same address.
            known = await run_in_threadpool(self._access.keys.authenticate, token, address)
        rate = self._access.keys.rate(known.id)
        wait = await self._taken(f"key {known.id}", rate) if rate > 0 else 0.0
        if wait > 0:
            raise TooManyRequests(f"The limit of this key is {rate:g} a second.", retry_after=wait)
        return known

    async def _taken(self, name: str, rate: float) -> float:
        """Take from a bucket; one that may wait for the database does so beside the loop."""
        burst = max(1.0, rate)
        if self._limits.waits:
            take = partial(self._limits.take, name, per_second=rate, burst=burst)
            return await run_in_threadpool(take)
        return self._limits.take(name, per_second=rate, burst=burst)

    async def _by_session(self, request: Request, need: Need) -> Principal | None:
        token = request.cookies.get(self.cookie, "")
        if not token:
            return None
        agent, sessions = agent_of(request), self._access.sessions
        who = sessions.remembered(token, agent=agent)
        if who is None:
            who = await run_in_threadpool(partial(sessions.resume, token, agent=agent))
        if who is None:
            return None
        if request.method not in SAFE:
            await self._check_csrf(request, who, need)
        return who

    def signed_in(self, request: Request) -> Principal | None:
        """Whose session the browser carries, for an error page at an address that is no route."""
        token = request.cookies.get(self.cookie, "")
        if not token or _bearer(request):
            return None
        agent, sessions = agent_of(request), self._access.sessions
        return sessions.remembered(token, agent=agent) or sessions.resume(token, agent=agent)

    def _by_address(self, request: Request) -> Principal | None:
        # A browser on an allow-listed machine must not be a way in for the pages it visits, nor
        # for a name that was made to point at us (rebinding): such a name is not one of ours.
        foreign = request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}
        if foreign or "origin" in request.headers or not self._is_ours(request.url.hostname or ""):
            return None
        return BY_ADDRESS if policy.inside(client_address(request), self._networks) else None

    def _is_ours(self, host: str) -> bool:
        if host in self._hosts:
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True

    async def _check_csrf(self, request: Request, who: Principal, need: Need) -> None:
        check_origin(request)
        sent = request.headers.get(CSRF_HEADER, "")
        if not sent and request.headers.get("content-type", "").startswith(FORM) and need.body:
            fields = parse_qs((await request.body()).decode("latin-1"), max_num_fields=200)
            sent = fields.get(CSRF_FIELD, [""])[0]
        if not hmac.compare_digest(sent.encode(), self.csrf(who).encode()):
            raise NotAllowed("The form is out of date. Load the page again and send it anew.")

    def csrf(self, who: Principal) -> str:
        """The token that every unsafe request of this session carries."""
        return self._access.sessions.csrf(who)

    def sign_in(self, response: Response, token: str) -> None:
        """Put a new session into the browser."""
        response.set_cookie(
            self.cookie, token, path="/", httponly=True, samesite="strict", secure=self.secure
        )

    def sign_out(self, response: Response) -> None:
        """Take the session out of the browser."""
        response.delete_cookie(
            self.cookie, path="/", httponly=True, samesite="strict", secure=self.secure
        )

    def slow_down(self, request: Request) -> None:
        """Before a proof is checked: refuse an address with too many failures.

        Raises:
            TooManyRequests: it must wait.
        """
        self._slow_down(client_address(request))

    def failed(self, request: Request) -> None:
        """After a proof was wrong: count it against the address."""
        self._failed(client_address(request))

    def _slow_down(self, address: str) -> None:
        rate = policy.ADDRESS_FAILURES_PER_MINUTE
        wait = self._limits.wait(f"proof {address}", per_second=rate / 60, burst=rate)
        if wait > 0:
            raise TooManyRequests("Too many wrong proofs came from here.", retry_after=wait)

    def _failed(self, address: str) -> None:
        rate = policy.ADDRESS_FAILURES_PER_MINUTE
        self._limits.take(f"proof {address}", per_second=rate / 60, burst=rate)


class GatedRoute(APIRoute):
    """A route that asks the gate first. Without a declaration it cannot be made."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.need = need_of(endpoint)
        if options.get("max_body_size") is None:
            options["max_body_size"] = self.need.body
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler behind the gate; a bare handler directly behind it."""
        need = self.need
        inner = self.endpoint if need.bare else super().get_route_handler()

        async def handle(request: Request) -> Response:
            speak(language_of(request))
            request.scope[PRINCIPAL] = await gate_of(request).admit(request, need)
            response: Response = await inner(request)
            return response

        return handle

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; bare ones without the framework's stacks."""
        scope[ROUTE] = self.path
        if not self.need.bare or (self.methods and scope["method"] not in self.methods):
            await super().handle(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            request.scope[PRINCIPAL] = await gate_of(request).admit(request, self.need)
            response = await self.endpoint(request)
        except BreakwaterError as error:
            response = problem_of(error, reference=scope.get(REFERENCE, "")).response()
        await response(scope, receive, send)


class Router(APIRouter):
    """A router of gated routes; `server` takes its routes as they are, without nesting."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=GatedRoute, **options)


def gate_of(request: Request) -> Gate:
    """The gate of this application."""
    gate: Gate = request.app.state.gate
    return gate


def caller(request: Request) -> Principal | None:
    """Whoever the gate let in; None on routes for anyone."""
    who: Principal | None = request.scope.get(PRINCIPAL)
    return who


def turned_away(request: Request) -> Principal | None:
    """Whoever asked, let in or not; None when nobody is signed in."""
    who: Principal | None = caller(request) or request.scope.get(REFUSED)
    return who


async def _who(request: Request) -> Principal:
    who = caller(request)
    if who is None:
        raise NotAuthenticated
    return who


async def _parts(request: Request) -> Any:
    return request.app.state.parts


Who = Annotated[Principal, Depends(_who)]
"""The caller, in a handler's signature."""
Parts = Annotated[Any, Depends(_parts)]
"""The composition root, in a handler's signature."""


def language_of(request: Request) -> Language:
    """What the caller chose to be spoken to in, else what their browser asks for."""
    return choose(request.cookies.get(COOKIE, ""), request.headers.get("accept-language", "")[:200])


def client_address(request: Request) -> str:
    """Where the request comes from: the peer, or what a trusted proxy said of it."""
    return request.client.host if request.client else ""


def check_origin(request: Request) -> None:
    """Refuse an unsafe request that a foreign page made.

    Our pages carry `Referrer-Policy: no-referrer`, under which browsers send forms with the
    origin `null` (Fetch standard, "append a request Origin header"); then only the browser's
    own `Sec-Fetch-Site` says that the page was ours.

    Raises:
        NotAllowed: its `Origin` or `Sec-Fetch-Site` is not ours.
    """
    origin = request.headers.get("origin", "")
    site = request.headers.get("sec-fetch-site", "")
    if origin == "null":
        ours = site == "same-origin"
    else:
        known = origin in {"", request.app.state.site.origin}
        ours = known or urlsplit(origin).netloc == request.headers.get("host", "")
    if not ours or site not in {"", "same-origin", "none"}:
        raise NotAllowed("This request comes from another site's page.")


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _basic(request: Request) -> str:
    """A key that came as HTTP Basic: whole as the password, or its id and secret.

    What cannot be read is a key that nobody has.
    """
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        user, _, secret = (
            base64.b64decode(said.strip(), validate=True).decode("ascii").partition(":")
        )
    except (binascii.Error, ValueError):
        return "unreadable"
    if secret.startswith("bw_"):
        return secret
    return f"bw_{user.replace('-', '').lower()}_{secret}"
