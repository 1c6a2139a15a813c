"""A real sign-in service of its own process, on Authlib's server side, that lies on request.

`python -m tests.oidc_provider` listens on a free loopback port and prints its issuer. Whoever
types a name there is signed in as that subject; codes, PKCE, client secrets, redirect addresses
and nonces are checked by Authlib. `POST /lie` makes what follows wrong in one way, so that each
check of `breakwater.access.provider` is tried against a service that breaks it.
"""

from __future__ import annotations

import base64
import hmac
import html
import json
import os
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback only: it listens nowhere else

from authlib.common.security import generate_token
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    OAuth2Error,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, UserInfo
from authlib.oidc.core.grants.util import create_half_hash
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

CLIENT = "breakwater"
SECRET = "a secret: with odd+characters"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title>
<link rel="icon" href="data:,"></head><body><main><h1>Example organisation</h1>
<form method="post" action="/authorize?{query}"><label>Account
<input name="subject" required></label><button>Sign in</button></form></main></body></html>"""


@dataclass(frozen=True)
class Client:
    """The one client this service knows."""

    id_token_signed_response_alg: str = ""

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return ""

    def get_allowed_scope(self, scope: str) -> str:
        return scope if scope == "openid" else ""

    def check_redirect_uri(self, uri: str) -> bool:
        return urlsplit(uri).path == "/login/account/return"

    def check_client_secret(self, secret: str) -> bool:
        return secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in {"client_secret_basic", "client_secret_post"}

    def check_response_type(self, kind: str) -> bool:
        return kind == "code"

    def check_grant_type(self, kind: str) -> bool:
        return kind == "authorization_code"


@dataclass
class Code:
    """An authorization code that was given out."""

    code: str
    redirect_uri: str
    scope: str
    subject: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    acr: str = ""

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> str:
        return self.acr

    def get_amr(self) -> list[str]:
        return ["pwd"]


@dataclass
class State:
    """What the service knows, and how it lies at the moment."""

    issuer: str = ""
    lie: str = ""
    codes: dict[str, Code] = field(default_factory=dict)
    keys: list[Any] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def rotate(self) -> None:
        """A new key signs; the older ones stay published."""
        kid = f"key-{len(self.keys) + 1}"
        made = RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"}, private=True)
        self.keys.append(made)


class Request(OAuth2Request):
    """A request as Authlib reads it."""

    def __init__(self, method: str, uri: str, fields: dict[str, str], headers: Any) -> None:
        super().__init__(method, uri, headers=headers)
        self.payload = BasicOAuth2Payload(fields)
        self._fields = fields

    @property
    def args(self) -> dict[str, str]:
        return self._fields

    @property
    def form(self) -> dict[str, str]:
        return self._fields


class Grant(AuthorizationCodeGrant):
    """Authorization codes in memory."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["client_secret_basic", "client_secret_post"]

    def save_authorization_code(self, code: str, request: Any) -> None:
        sent = request.payload.data
        STATE.codes[code] = Code(
            code, sent["redirect_uri"], request.scope, request.user, sent.get("nonce", ""),
            sent.get("code_challenge", ""), sent.get("code_challenge_method", ""),
            sent.get("acr_values", "").partition(" ")[0],
        )  # fmt: skip

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        return STATE.codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        STATE.codes.pop(authorization_code.code, None)

    def authenticate_user(self, authorization_code: Code) -> str:
        return authorization_code.subject


class Tokens(OpenIDCode):
    """ID tokens, honest or not."""

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return any(code.nonce == nonce for code in STATE.codes.values())

    def generate_user_info(self, user: str, scope: str) -> UserInfo:
        return UserInfo(sub=user)

    def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
        now = int(time.time())
        code = request.authorization_code
        claims: dict[str, Any] = {
            "iss": STATE.issuer, "aud": [CLIENT], "iat": now, "exp": now + 300,
            "sub": request.user, "nonce": code.nonce,
            "at_hash": create_half_hash(token["access_token"], "RS256").decode(),
        }  # fmt: skip
        if code.acr:
            claims["acr"] = code.acr
        claims |= LIES.get(STATE.lie, {})
        if STATE.lie == "other audience too":
            claims["azp"] = "somebody"
        if STATE.lie == "no subject":
            del claims["sub"]
        if STATE.lie == "no nonce":
            del claims["nonce"]
        return signed(claims)


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": ["somebody"]},
    "other audience too": {"aud": [CLIENT, "somebody"]},
    "another nonce": {"nonce": "x" * 43},
    "too old": {"exp": 1, "iat": 0},
    "never ends": {"exp": "never"},
    "from the future": {"iat": 32503680000},
    "another token's hash": {"at_hash": "x" * 22},
    "subject is a number": {"sub": 7},
    "subject is long": {"sub": "x" * 256},
    "weaker": {"acr": "low"},
}


def signed(claims: dict[str, Any]) -> str:
    key = STATE.keys[-1]
    header = {"alg": "RS256", "kid": key.kid}
    match STATE.lie:
        case "another key":
            key = RSAKey.generate_key(2048, {"kid": key.kid}, private=True)
        case "another kind of key":
            key, header = ECKey.generate_key("P-256", {"kid": key.kid}), header | {"alg": "ES256"}
        case "no signature":
            header |= {"alg": "none"}
            key = OctKey.import_key("x" * 32)
            return jwt.encode(header, claims, key, ["none"])
        case "our own secret":
            key, header = OctKey.import_key(SECRET), {"alg": "HS256", "kid": key.kid}
        case "the public key as secret":
            return by_hand({"alg": "HS256", "kid": key.kid}, claims, key.as_pem(private=False))
        case "changed":
            head, _, tail = jwt.encode(header, claims, key, ["RS256"]).split(".")
            other = jwt.encode(header, claims | {"sub": "admin"}, key, ["RS256"]).split(".")[1]
            return f"{head}.{other}.{tail}"
    return jwt.encode(header, claims, key, [header["alg"]])


def by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """An HMAC that the library rightly refuses to make."""
    parts = [json.dumps(part).encode() for part in (header, claims)]
    head = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mac = hmac.digest(secret, head, "sha256")
    return (head + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


class Server(AuthorizationServer):
    """Authlib's server over the standard library's."""

    def query_client(self, client_id: str) -> Client | None:
        return Client() if client_id == CLIENT else None

    def save_token(self, token: Any, request: Any) -> None:
        """Nothing here takes access tokens."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Request) -> Request:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> tuple[int, Any, Any]:
        return status, body, headers


STATE = State()
SERVER = Server()
SERVER.register_token_generator(
    "default", BearerTokenGenerator(lambda *_a, **_k: generate_token(42))
)
SERVER.register_grant(Grant, [CodeChallenge(required=True), Tokens()])


class Handler(BaseHTTPRequestHandler):
    """The service's four addresses, and the one that makes it lie."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        STATE.asked.append(parts.path)
        if parts.path == "/.well-known/openid-configuration":
            self.tell(self.about())
        elif parts.path == "/keys":
            published = [key.as_dict(private=False) for key in STATE.keys]
            self.tell({"keys": [{"kty": "new-kind", "kid": "?"}, *published]})
        elif parts.path == "/authorize":
            self.send(200, PAGE.format(query=html.escape(parts.query)), "text/html; charset=utf-8")
        elif parts.path == "/asked":
            self.tell({"asked": STATE.asked})
        else:
            self.send(404, "", "text/plain")

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        size = int(self.headers.get("content-length") or 0)
        form = flat(self.rfile.read(size).decode())
        if parts.path == "/lie":
            STATE.lie = form.get("lie", "")
            if STATE.lie == "new key":
                STATE.rotate()
            self.tell({"lie": STATE.lie})
        elif parts.path == "/authorize":
            self.authorize(flat(parts.query), form)
        elif parts.path == "/token":
            self.token(form)
        else:
            self.send(404, "", "text/plain")

    def about(self) -> dict[str, Any]:
        base = STATE.issuer
        methods = ["client_secret_post" if STATE.lie == "by form" else "client_secret_basic"]
        return {
            "issuer": "https://evil.example" if STATE.lie == "calls itself another" else base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": "http://203.0.113.1/token" if STATE.lie == "open line" else f"{base}/token",
            "jwks_uri": f"{base}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": methods,
        }  # fmt: skip

    def authorize(self, query: dict[str, str], form: dict[str, str]) -> None:
        request = Request(
            "GET", f"{STATE.issuer}/authorize?{urlencode(query)}", query, self.headers
        )
        try:
            grant = SERVER.get_consent_grant(request, form["subject"])
            _, _, headers = SERVER.create_authorization_response(
                request, grant_user=form["subject"], grant=grant
            )
        except OAuth2Error as error:
            self.send(400, f"{error.error}: {error.description}", "text/plain")
            return
        where = dict(headers)["Location"]
        issuer = "https://evil.example" if STATE.lie == "mixed up" else STATE.issuer
        self.send_response(303)
        self.send_header("Location", f"{where}&{urlencode({'iss': issuer})}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def token(self, form: dict[str, str]) -> None:
        wrong = {
            "fails": (500, "{}"),
            "talks nonsense": (200, "<html>"),
            "never stops": (200, '{"id_token": "' + "x" * (2 << 20) + '"}'),
            "sends elsewhere": (307, "{}"),
        }
        if STATE.lie in wrong:
            self.send(*wrong[STATE.lie], "application/json")
            return
        request = Request("POST", f"{STATE.issuer}/token", form, self.headers)
        status, body, _ = SERVER.create_token_response(request)
        if STATE.lie == "no token":
            body = {"access_token": "x", "token_type": "Bearer"}
        self.tell(body, status)

    def tell(self, body: Any, status: int = 200) -> None:
        self.send(status, json.dumps(body), "application/json")

    def send(self, status: int, body: str, kind: str) -> None:
        sent = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: Any) -> None:
        """Quiet: the test says what is wrong."""


def flat(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def main() -> None:
    """Listen until the process is ended."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    STATE.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    STATE.rotate()
    sys.stdout.write(f"{STATE.issuer}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
