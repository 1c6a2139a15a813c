"""The wire to the organisation's own sign-in service: OpenID Connect, authorization code flow.

Out go an address for the browser, a code and its PKCE verifier; in come claims that verify:
signature by a published key and an asymmetric algorithm, issuer, audience, times, nonce, access
token's hash (OpenID Connect Core 1.0 §3.1.3.7, Discovery 1.0 §4.3, RFC 7636, RFC 9207). What
they mean here is for `access.oidc`. Tests against a provider of its own process:
`tests/integration/test_oidc.py`.
"""

from __future__ import annotations

import ipaddress
import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from breakwater.errors import NotAuthenticated, Unavailable
from breakwater.model.clock import Clock

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    "Ed25519",
)  # fmt: skip
"""Signatures only: `none` is no proof, and HMAC would let whoever knows our secret sign."""

LEEWAY_S: Final = 60
"""Two synchronised clocks differ by less; a token lives minutes."""
FRESH_S: Final = 3600.0
"""How long what the service publishes is believed; an unknown key is looked for sooner."""
AGAIN_S: Final = 60.0
"""At most one look for unknown keys in this time, whatever tokens come in."""
TIMEOUT_S: Final = 10.0
LARGEST: Final = 1 << 20
_SUBJECT: Final = 255
"""Characters of a subject (OpenID Connect Core §2)."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The sign-in service, as the operator set it.

    Attributes:
        issuer: its name for itself, an HTTPS URL (or loopback).
        secret: ours with it; empty for a public client.
        name: as people know it, for the button.
        acr: authentication contexts of which one is required; empty takes any.
        ca: file of the authority that signed its certificate; empty for the system's.
    """

    issuer: str
    client_id: str
    secret: str = field(default="", repr=False)
    name: str = "your organisation"
    acr: tuple[str, ...] = ()
    ca: str = ""


@dataclass(frozen=True, slots=True)
class _Published:
    """What the service says of itself."""

    authorize: str
    token: str
    by_form: bool
    keys: KeySet
    until: float
    again: float


class ProviderClient:
    """Calls to one sign-in service."""

    def __init__(self, about: Provider, *, clock: Clock) -> None:
        self.about = about
        self._clock = clock
        self._lock = threading.Lock()
        self._known: _Published | None = None
        self._http = httpx.Client(
            timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, verify=_trusting(about.ca)
        )

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def address(self, *, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser signs in; raises `Unavailable`."""
        asked = {
            "response_type": "code",
            "client_id": self.about.client_id,
            "redirect_uri": back,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        if self.about.acr:
            asked["acr_values"] = " ".join(self.about.acr)
        where = self._published().authorize
        return f"{where}{'&' if urlsplit(where).query else '?'}{urlencode(asked)}"

    def claims(self, *, code: str, back: str, verifier: str, nonce: str) -> Mapping[str, Any]:
        """Redeem a code; answers the claims of an ID token that verifies.

        Raises:
            NotAuthenticated: the service refuses the code, or its token does not verify.
            Unavailable: it cannot be reached, or does not answer as one.
        """
        tokens = self._redeem(code, back, verifier)
        token, access = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(token, str):
            raise REFUSED
        signed = self._signed(token)
        about = self.about
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            options={
                "iss": {"essential": True, "value": about.issuer},
                "aud": {"essential": True, "value": about.client_id},
            },
            params={"nonce": nonce, "client_id": about.client_id, "access_token": access},
        )
        try:
            claims.validate(now=int(self._clock.now().timestamp()), leeway=LEEWAY_S)
        except (JoseError, TypeError, ValueError):
            raise REFUSED from None
        subject = claims["sub"]
        if not (0 < len(subject) <= _SUBJECT and subject.isascii() and subject.isprintable()):
            raise REFUSED
        if about.acr and claims.get("acr") not in about.acr:
            raise NotAuthenticated("Your organisation asks for a stronger sign-in than this one.")
        return dict(claims)

    def _redeem(self, code: str, back: str, verifier: str) -> dict[str, Any]:
        published = self._published()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        auth: httpx.BasicAuth | None = None
        if self.about.secret and not published.by_form:
            # RFC 6749 §2.3.1: encoded as forms are; a space as %20 is read rightly by all.
            pair = quote(self.about.client_id, safe=""), quote(self.about.secret, safe="")
            auth = httpx.BasicAuth(*pair)
        else:
            form["client_id"] = self.about.client_id
            if self.about.secret:
                form["client_secret"] = self.about.secret
        status, answer = self._call("POST", published.token, data=form, auth=auth)
        if status >= 500:
            raise _GONE
        if status != 200:
            raise REFUSED
        return answer

    def _signed(self, token: str) -> jwt.Token:
        """Check the signature; a key that is not known yet may have been published since."""
        published = self._published()
        try:
            return jwt.decode(token, published.keys, algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            published = self._published(unknown_key=True)
        except (JoseError, TypeError, ValueError, RecursionError):
            raise REFUSED from None
        try:
            return jwt.decode(token, published.keys, algorithms=ALGORITHMS)
        except (JoseError, TypeError, ValueError, RecursionError):
            raise REFUSED from None

    def _published(self, *, unknown_key: bool = False) -> _Published:
        with self._lock:
            now = self._clock.monotonic()
            known = self._known
            if known is None or known.until <= now or (unknown_key and known.again <= now):
                self._known = known = self._discover(now)
            return known

    def _discover(self, now: float) -> _Published:
        issuer = self.about.issuer
        status, said = self._call("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if status != 200 or said.get("issuer") != issuer:
            raise _GONE
        status, keys = self._call("GET", _safe(said.get("jwks_uri")))
        if status != 200:
            raise _GONE
        try:
            found = KeySet.import_key_set({"keys": keys["keys"]})
        except (JoseError, TypeError, ValueError, KeyError, AttributeError):
            raise _GONE from None
        ways = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return _Published(
            authorize=_safe(said.get("authorization_endpoint")),
            token=_safe(said.get("token_endpoint")),
            by_form="client_secret_basic" not in ways,
            keys=found,
            until=now + FRESH_S,
            again=now + AGAIN_S,
        )

    def _call(self, method: str, url: str, **how: Any) -> tuple[int, dict[str, Any]]:
        """One request whose answer is a JSON object of a modest size."""
        how["headers"] = {"Accept": "application/json"}
        body = bytearray()
        auth = how.pop("auth", None) or httpx.USE_CLIENT_DEFAULT
        try:
            with self._http.stream(method, url, auth=auth, **how) as answer:
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > LARGEST:
                        raise _GONE
            said = json.loads(bytes(body)) if body else {}
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError):
            raise _GONE from None
        if not isinstance(said, dict):
            raise _GONE
        return answer.status_code, said


REFUSED: Final = NotAuthenticated(
    "The sign-in service's answer does not verify. Try again, or sign in another way."
)
_GONE: Final = Unavailable(
    "The sign-in service cannot be reached. Try again, or sign in by password or passkey."
)


def is_safe(url: str) -> bool:
    """Whether an address is HTTPS, or plain HTTP on this machine.

    >>> is_safe("https://login.example"), is_safe("http://login.example")
    (True, False)
    >>> is_safe("http://127.0.0.1:9000"), is_safe("http://localhost")
    (True, True)
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return bool(host)
    if parts.scheme != "http":
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _safe(url: object) -> str:
    if not isinstance(url, str) or not is_safe(url):
        raise _GONE
    return url


def _trusting(ca: str) -> Any:
    """The system's authorities, or exactly the one the operator named."""
    return ssl.create_default_context(cafile=ca) if ca else True
