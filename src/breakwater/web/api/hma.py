"""The hasher-matcher-actioner dialect: matching and hashing, for services that already call it.

Shapes follow the reference "hash-sharing, HMA API" (distance as a text, field name = content
type), so that a caller changes its base URL and adds a key. What its users miss is added and
nothing renamed: each match carries the entry's metadata under `breakwater`; a new hash is
found at once; a featureless image is an answer. Behind API keys; callers that cannot send
one are named by address (`BREAKWATER_HMA_NETWORKS`) and may only look up. Banks: `hma_banks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from breakwater.errors import BadInput, DecoderFault, Unavailable, UnknownKind
from breakwater.media.spool import Spool
from breakwater.model.access import Permission
from breakwater.model.match import Match
from breakwater.model.media import Fault, Undecodable
from breakwater.model.signal import Fingerprints, Signal, View, kind_named
from breakwater.web.api.forms import read_form
from breakwater.web.api.media import patiently, spool_of
from breakwater.web.api.openapi import form_of, problems
from breakwater.web.api.shapes import HASH, match_json
from breakwater.web.api.system import STALE
from breakwater.web.gate import Parts, Router, needs

P = Permission
router = Router(tags=["hasher-matcher-actioner"])

KINDS: Final = {"pdq": "pdq", "video_md5": "md5", "md5": "md5", "sha1": "sha1", "sha256": "sha256"}
"""Their names of signal types, and ours."""
TYPES_OF: Final = {"photo": ("pdq",), "video": ("video_md5",)}
DECLARED: Final = {"photo": "image/", "video": "video/"}
FAULTS: Final = problems(400, 401, 403, 404, 413, 429, 503)

Text = Annotated[str, Query(max_length=8192)]


class FileOnly(BaseModel):
    """A form with nothing but its file."""


class CompareIn(BaseModel):
    """Two values of each signal type."""

    model_config = ConfigDict(extra="forbid")

    pdq: tuple[str, str] | None = Field(default=None, examples=[[HASH, HASH]])
    video_md5: tuple[str, str] | None = None
    md5: tuple[str, str] | None = None
    sha1: tuple[str, str] | None = None
    sha256: tuple[str, str] | None = None


@router.get(
    "/status",
    response_class=PlainTextResponse,
    responses={503: {"description": "`INDEX-NOT-LOADED` or `INDEX-STALE`."}, **problems(401, 403)},
)
@needs(P.HASH_LOOKUP, by_address=True)
def status(app: Parts) -> PlainTextResponse:
    """`I-AM-ALIVE` once hashes can be matched."""
    try:
        stale = app.feed.lag() >= STALE
    except Unavailable:
        return PlainTextResponse("INDEX-NOT-LOADED", 503)
    return PlainTextResponse("INDEX-STALE", 503) if stale else PlainTextResponse("I-AM-ALIVE")


@router.get("/h/hash", responses=FAULTS)
@needs(P.HASH_LOOKUP)
async def hash_url(
    request: Request, app: Parts, url: Text, content_type: Text = "", types: Text = ""
) -> Response:
    """Hash what lies at a URL, where fetching is switched on."""
    family, prints = await fetched(request, app, url, content_type)
    return _hashes(prints, family, types)


@router.post("/h/hash", responses=FAULTS, openapi_extra=form_of(FileOnly, file="photo"))
@needs(P.HASH_LOOKUP, body=None, by_address=True, test_keys=True)
async def hash_file(request: Request, app: Parts, types: Text = "") -> Response:
    """Hash a file; the field's name is its content type, `photo` or `video`."""
    family, prints = await sent(request, app)
    return _hashes(prints, family, types)


@router.get("/m/raw_lookup", responses=FAULTS)
@needs(P.HASH_LOOKUP, by_address=True)
def raw_lookup(
    app: Parts,
    signal: Text,
    signal_type: Text,
    banks: Text = "",
    include_distance: Annotated[bool, Query()] = False,
) -> JSONResponse:
    """Every match, acting or not."""
    found = _wanted(app.lookups.lookup([read(signal_type, signal)])[0], banks)
    if include_distance:
        return JSONResponse({"matches": [shown(match) for match in found]})
    return JSONResponse({"matches": [match.number for match in found]})


@router.get("/m/lookup", responses=FAULTS)
@needs(P.HASH_LOOKUP, by_address=True)
async def lookup(  # noqa: PLR0917 - query parameters, passed by name
    request: Request,
    app: Parts,
    signal: Text = "",
    signal_type: Text = "",
    url: Text = "",
    content_type: Text = "",
    types: Text = "",
    banks: Text = "",
    seed: Text = "",
) -> JSONResponse:
    """Matches that act, by bank; with `url`, by signal type and bank."""
    del seed  # which items a bank acts for is chosen by the item itself, always the same way
    if url:
        family, prints = await fetched(request, app, url, content_type)
        answer = await patiently(request, _by_type, app, prints, family, types, banks)
        return JSONResponse(answer.get(signal_type, {}) if signal_type else answer)
    if not signal or not signal_type:
        raise BadInput("Either url, or both signal and signal_type.")
    wanted = read(signal_type, signal)
    found = await patiently(request, app.lookups.lookup, [wanted])
    return JSONResponse(by_bank(_acting(_wanted(found[0], banks))))


@router.post("/m/lookup", responses=FAULTS, openapi_extra=form_of(FileOnly, file="photo"))
@needs(P.HASH_LOOKUP, body=None, by_address=True, test_keys=True)
async def lookup_file(
    request: Request, app: Parts, types: Text = "", banks: Text = "", seed: Text = ""
) -> JSONResponse:
    """Look a file up; nothing of it is kept."""
    del seed
    family, prints = await sent(request, app)
    return JSONResponse(await patiently(request, _by_type, app, prints, family, types, banks))


@router.post("/m/compare", responses=FAULTS)
@needs(P.HASH_LOOKUP, by_address=True, test_keys=True)
def compare(body: CompareIn) -> JSONResponse:
    """Whether two values of a kind match, and how far apart they are."""
    answer: dict[str, Any] = {}
    for name in sorted(body.model_fields_set):
        pair = getattr(body, name)
        if pair is not None:
            one, two = (read(name, text) for text in pair)
            distance = (int.from_bytes(one.value) ^ int.from_bytes(two.value)).bit_count()
            answer[name] = [distance <= kind_named(one.kind).limit, {"distance": distance}]
    return JSONResponse(answer)


@router.get("/m/index/status", responses=FAULTS)
@needs(P.HASH_LOOKUP, by_address=True)
def index_status(app: Parts, signal_type: Text = "") -> JSONResponse:
    """What is loaded; `built_to` is now, because the index follows every change."""
    if signal_type and signal_type not in KINDS:
        raise UnknownKind(f"Signal types here: {', '.join(KINDS)}.")
    now = int(app.clock.now().timestamp())
    sizes = {name: status.size for name, status in app.index.status().items()}
    answer = {
        name: {"built_to": now, "present": kind in sizes, "size": sizes.get(kind, 0)}
        for name, kind in KINDS.items()
        if signal_type in {"", name}
    }
    return JSONResponse(answer)


def read(signal_type: str, text: str) -> Signal:
    """Read a signal by their name of its type.

    Raises:
        UnknownKind, BadSignal: no such type, or not a value of it.
    """
    if signal_type not in KINDS:
        raise UnknownKind(f"Signal types here: {', '.join(KINDS)}.")
    kind = KINDS[signal_type]
    return Signal(kind, kind_named(kind).parse(text))


def shown(match: Match) -> dict[str, Any]:
    """One match as they answer it, and what their users miss."""
    return {
        "bank_content_id": match.number,
        "distance": str(match.distance),
        "breakwater": match_json(match),
    }


def by_bank(matches: Sequence[Match]) -> dict[str, list[dict[str, Any]]]:
    """Matches under the names of their banks."""
    found: dict[str, list[dict[str, Any]]] = {}
    for match in matches:
        found.setdefault(match.bank, []).append(shown(match))
    return found


def signals_of(prints: Fingerprints, family: str, types: str) -> dict[str, tuple[str, int]]:
    """Value and quality for each of the wanted signal types.

    Raises:
        UnknownKind: a type that is not made of this content.
    """
    wanted = [name.strip() for name in types.split(",") if name.strip()] or TYPES_OF[family]
    found: dict[str, tuple[str, int]] = {}
    for name in wanted:
        if name not in KINDS:
            raise UnknownKind(f"Signal types here: {', '.join(KINDS)}.")
        kind = kind_named(KINDS[name])
        items = [item for item in prints.of(kind.name) if item.view is View.ORIGINAL]
        if items:
            found[name] = (kind.print(items[0].signal.value), items[0].quality)
    return found


def _hashes(prints: Fingerprints, family: str, types: str) -> JSONResponse:
    found = signals_of(prints, family, types)
    quality = ",".join(f"{name}={pair[1]}" for name, pair in found.items())
    return JSONResponse(
        {name: pair[0] for name, pair in found.items()}, headers={"X-Signal-Quality": quality}
    )


def _by_type(app: Any, prints: Fingerprints, family: str, types: str, banks: str) -> dict[str, Any]:
    """Matches of a file: every look of it is asked, so that turned copies are found too."""
    answer: dict[str, Any] = {name: {} for name in signals_of(prints, family, types)}
    unit = prints.of("sha256")[0].signal.value.hex()
    matches = app.screener.match(prints.items, unit=unit, now=app.clock.now())
    for name in answer:
        own = [match for match in matches if match.kind == KINDS[name]]
        answer[name] = by_bank(_acting(_wanted(own, banks)))
    return answer


def _wanted(matches: Sequence[Match], banks: str) -> list[Match]:
    names = {name.strip() for name in banks.split(",") if name.strip()}
    return [match for match in matches if not names or match.bank in names]


def _acting(matches: Sequence[Match]) -> list[Match]:
    """Their callers act on every match they are told, so they are told those that count."""
    return [match for match in matches if match.acting and not match.negative]


async def sent(request: Request, app: Any) -> tuple[str, Fingerprints]:
    """The signals of the one file of a form; the field's name says what it is."""
    with spool_of(app) as spool:
        form = await read_form(request, spool, limit=app.settings.max_upload_bytes)
        family = form.file
        if family not in TYPES_OF:
            raise BadInput("Send one file; its field's name is its content type: photo or video.")
        spool.seal()
        return family, await patiently(request, fingerprint, app, spool, family, form.type)


async def fetched(
    request: Request, app: Any, url: str, content_type: str
) -> tuple[str, Fingerprints]:
    """The signals of what lies at a URL."""
    if content_type and content_type not in TYPES_OF:
        raise BadInput("content_type is photo or video.")
    with spool_of(app) as spool:
        fetched = await patiently(request, app.references.bring, url, "", spool)
        family = content_type or ("video" if fetched.type.startswith("video/") else "photo")
        return family, await patiently(request, fingerprint, app, spool, family, fetched.type)


def fingerprint(app: Any, spool: Spool, family: str, declared: str) -> Fingerprints:
    """Hash one file in the jail.

    Raises:
        BadInput: it cannot be read; the detail says why.
        DecoderFault: our fault.
    """
    declared = declared if declared.startswith(DECLARED[family]) else ""
    limits = app.intake.limits.video if family == "video" else app.intake.limits.image
    outcome = app.screener.fingerprint(spool, declared=declared, limits=limits, lane="hma")
    if isinstance(outcome, Undecodable):
        if outcome.fault is Fault.OUR_FAULT:
            raise DecoderFault
        raise BadInput(outcome.reason.words, reason=outcome.reason.value)
    found: Fingerprints = outcome
    return found
