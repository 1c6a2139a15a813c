"""What callers with a session send and get where an act is signed anew: shapes, and the check."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from starlette.requests import Request

from breakwater.access.signing import Proof
from breakwater.app import App
from breakwater.model.access import Principal
from breakwater.model.signin import Signed
from breakwater.web.api.requests import Body
from breakwater.web.api.sessions import site_of
from breakwater.web.api.shapes import Answer


class ProofIn(Body):
    """The signature: one of the two, as `options` says."""

    credential: dict[str, Any] | None = Field(
        default=None, description="What the browser answered to the challenge."
    )
    password: str = Field(default="", max_length=1024, description="Of people without a passkey.")

    @property
    def proof(self) -> Proof:
        """As the check takes it."""
        return Proof(self.credential, self.password)


class ToSignOut(Answer):
    """How somebody signs."""

    about: str = Field(description="What is signed.", examples=["stream.cut:018f…"])
    method: str = Field(description="`passkey`, `password`, or empty: set one up first.")
    options: dict[str, Any] = Field(description="For `navigator.credentials.get`; with a passkey.")


def to_sign(request: Request, app: App, who: Principal, about: str) -> ToSignOut:
    """A challenge for this alone."""
    wanted = app.access.signing.ask(who, site_of(request), about)
    return ToSignOut(about=about, method=wanted.method, options=wanted.options)


def signature(
    request: Request, app: App, who: Principal, about: str, proof: Proof
) -> Signed | None:
    """Who signed it just now; None where nothing came, which the verb refuses if it matters.

    Raises:
        BadInput: a wrong proof, or one for something else.
        TooManyRequests: too many wrong passwords.
    """
    if proof.credential is None and not proof.password:
        return None
    return app.access.signing.check(who, site_of(request), about, proof)
