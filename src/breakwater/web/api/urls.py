"""`POST /v1/urls/lookup`: addresses of the web against lists of URLs and domains.

An address is brought to its canonical form and hashed; a list keeps hashes alone. What was asked is
not kept. A URL matches its own entry, and the entries of its host and of the domains above it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from breakwater.errors import BadSignal
from breakwater.intake.lookup import MOST
from breakwater.model.access import Permission
from breakwater.model.match import Match
from breakwater.model.signal import DOMAIN, URL, Signal
from breakwater.model.web_address import canonical_url, domains_of, hashed
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import Answer, match_json
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["lookups"])
Address = Annotated[str, Field(max_length=8_192)]


class UrlsIn(Body):
    """Addresses to look up."""

    urls: list[Address] = Field(min_length=1, max_length=200, examples=[["https://example.org/a?b=1"]])  # fmt: skip
    banks: list[Annotated[str, Field(max_length=64)]] = Field(default_factory=list, max_length=100, description="Only these; all without.")  # fmt: skip


class UrlOut(Answer):
    """What is known of one address."""

    canonical: str = Field(description="As it is compared; empty where it is no address.")
    fault: str = Field(description="Why it is none; else empty.")
    matches: list[dict[str, Any]] = Field(description="As hashes are answered; `kind` is `url` or `domain`.")  # fmt: skip


class UrlsOut(Answer):
    """Answers in the order asked."""

    results: list[UrlOut]


@router.post("/v1/urls/lookup", summary="Look up addresses of the web", responses=problems(401, 403, 404, 422, 429, 503))  # fmt: skip
@needs(P.HASH_LOOKUP, test_keys=True)
def lookup(body: UrlsIn, app: Parts, who: Who) -> UrlsOut:
    """At most 200. One that cannot be read is told of, and the rest is answered."""
    del who
    read = [_read(text) for text in body.urls]
    asked = list(dict.fromkeys(signal for _, _, signals in read for signal in signals))
    found: dict[Signal, tuple[Match, ...]] = {}
    for at in range(0, len(asked), MOST):
        part = asked[at : at + MOST]
        found |= zip(part, app.lookups.lookup(part, chosen=body.banks), strict=True)
    return UrlsOut(
        results=[
            UrlOut(
                canonical=canonical, fault=fault,
                matches=[match_json(match) for one in signals for match in found[one]],
            )
            for canonical, fault, signals in read
        ]
    )  # fmt: skip


def _read(text: str) -> tuple[str, str, list[Signal]]:
    """Canonical form, fault, and what to ask for."""
    try:
        canonical = canonical_url(text)
    except BadSignal as error:
        return "", error.detail or error.title(), []
    hosts = [Signal(DOMAIN.name, hashed(domain)) for domain in domains_of(canonical)]
    return canonical, "", [Signal(URL.name, hashed(canonical)), *hosts]
