"""`POST /v1/lookups`: the hot path. Signals in, matches out, nothing kept by default.

A few signals are answered on the event loop itself: one index search takes microseconds,
less than handing it to a thread. More are searched on a thread, which holds no lock of the
interpreter, so that every core works. SQL is only asked for signals that hit, and always on
a thread, so that a slow database never stops the loop. The body is read as JSON and checked by
hand, with the same faults as the models (`test_api_lookups.py` compares the two).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from breakwater.errors import BadInput, BadSignal, NotAllowed, NotAuthenticated
from breakwater.intake.lookup import MOST, Lookups, Named
from breakwater.model.access import Permission
from breakwater.model.match import Match
from breakwater.model.signal import PDQ, Signal, kind_named
from breakwater.web.api.bodies import checked
from breakwater.web.api.forms import read_json
from breakwater.web.api.openapi import json_of, problems
from breakwater.web.api.requests import LookupIn
from breakwater.web.api.shapes import HASH, LookupOut, match_json
from breakwater.web.gate import Router, caller, needs

P = Permission
router = Router(tags=["lookups"])

BODY: Final = 1 << 20
INLINE: Final = 8
"""Signals searched on the event loop: 0.2 ms over 10 M hashes; more go to a thread."""

PDQ_TEXT: Final = len("pdq:") + 2 * PDQ.size

EXAMPLE: Final = {"signals": [f"pdq:{HASH}"]}


@router.post(
    "/v1/lookups",
    response_model=LookupOut,
    summary="Look up hashes",
    responses=problems(400, 401, 403, 413, 422, 429, 503),
    openapi_extra=json_of(LookupIn, EXAMPLE),
)
@needs(P.HASH_LOOKUP, test_keys=True, body=None, bare=True)
async def lookups(request: Request) -> Response:
    """At most 1,000 signals, each `kind:value`; answers in the order asked, nearest first."""
    asked = json_object(await read_json(request, limit=BODY))
    texts, banks = _strings(asked, "signals", 1), _strings(asked, "banks", 0)
    lookup = request.app.state.parts.lookups
    plain = not banks and asked.get("remember") is None
    few = len(texts) <= INLINE
    values = packed(texts) if plain and len(texts) > 1 else b""
    if values and await _all_miss(lookup, values, few=few):
        return Response(answer(texts, [()] * len(texts)), media_type="application/json")
    signals = [read_signal(text) for text in texts]
    if asked.get("remember") is not None:
        return await _remembered(request, asked, texts, signals)
    found: Sequence[tuple[Match, ...]] | None = None
    if plain and few and not values:
        found = lookup.misses(signals)
    if found is None:
        found = await run_in_threadpool(partial(lookup.lookup, signals, chosen=banks))
    return Response(answer(texts, found or []), media_type="application/json")


async def _all_miss(lookup: Lookups, values: bytes, *, few: bool) -> bool:
    if few:
        return lookup.all_miss(PDQ, values)
    return await run_in_threadpool(lookup.all_miss, PDQ, values)


async def _remembered(
    request: Request, asked: dict[str, Any], texts: Sequence[str], signals: Sequence[Signal]
) -> Response:
    body: LookupIn = checked(LookupIn, asked)
    named, who = body.remember, caller(request)
    if named is None or who is None:
        raise NotAuthenticated
    if who.test:
        raise NotAllowed("A test key keeps nothing, so it remembers nothing.")
    verb = partial(
        request.app.state.parts.lookups.remember,
        signals,
        Named(
            who.service or named.service,
            named.surface,
            named.reference,
            account=named.account,
            jurisdiction=named.jurisdiction.upper(),
        ),
        chosen=body.banks,
        principal=who,
    )
    found, upload = await run_in_threadpool(verb)
    return Response(answer(texts, found, upload.id), media_type="application/json")


def answer(texts: Sequence[str], found: Sequence[tuple[Match, ...]], upload: str = "") -> bytes:
    """The answer as JSON, written by hand where there is nothing to say."""
    parts = [
        f'{{"signal":{_quoted(text)},"matches":'
        + (json.dumps([match_json(m) for m in matches], separators=(",", ":")) if matches else "[]")
        + "}"
        for text, matches in zip(texts, found, strict=True)
    ]
    return f'{{"results":[{",".join(parts)}],"upload":"{upload}"}}'.encode()


_quoted: Final[Callable[[str], str]] = json.encoder.encode_basestring_ascii


def json_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        BadInput: it is something else.
    """
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput("The body is not JSON.") from None
    if not isinstance(asked, dict):
        raise BadInput('The body is an object: {"signals": ["pdq:…"]}.')
    unknown = asked.keys() - {"signals", "banks", "remember"}
    if unknown:
        raise BadInput("Members are: signals, banks, remember.")
    return asked


def _strings(asked: dict[str, Any], name: str, least: int) -> list[str]:
    found = asked.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise BadInput(f"{name}: is a list of texts.")
    if not least <= len(found) <= MOST:
        raise BadInput(f"{name}: has {least} to {MOST} of them.", limit=MOST)
    return found


@cache
def _hex_digits(kind: str) -> int:
    """Digits of a hexadecimal kind; 0 for kinds that are spelled otherwise."""
    found = kind_named(kind)
    return 0 if found.base64 else found.size * 2


def packed(texts: Sequence[str]) -> bytes:
    """PDQ values of many signals in one go; empty when one of them is spelled otherwise.

    `bytes.fromhex` skips spaces, so the length tells whether there were any.
    """
    if not all(len(text) == PDQ_TEXT and text.startswith("pdq:") for text in texts):
        return b""
    try:
        values = bytes.fromhex("".join([text[4:] for text in texts]))
    except ValueError:
        return b""
    return values if len(values) == PDQ.size * len(texts) else b""


def read_signal(text: str) -> Signal:
    """Read `kind:value`, the common spelling without detours.

    Raises:
        BadSignal, UnknownKind: as `Signal.parse`.
    """
    kind, colon, value = text.partition(":")
    if colon and kind in _KNOWN and len(value) == _hex_digits(kind):
        try:
            raw = bytes.fromhex(value)
        except ValueError:
            raise BadSignal(f"A {kind} value is written in hexadecimal digits.") from None
        if len(raw) * 2 == len(value):
            return Signal(kind, raw)
    return Signal.parse(text)


_KNOWN: Final = frozenset({"pdq", "md5", "sha1", "sha256"})
