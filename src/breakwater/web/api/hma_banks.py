"""The hasher-matcher-actioner dialect: banks and their content (`/c/…`).

Their "content" with one hash is our entry; its id is the entry's number. Deleting a bank
archives it: entries stay for the record and match no more.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from breakwater.banks.manage import NewBank, NewEntry, Provenance
from breakwater.errors import BadInput, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.bank import Bank, Entry, EntryStatus
from breakwater.model.signal import kind_named
from breakwater.web.api import hma
from breakwater.web.api.media import patiently
from breakwater.web.api.openapi import form_of, problems
from breakwater.web.api.requests import NAME, Body
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["hasher-matcher-actioner"])

BankName = Annotated[str, Path(pattern=NAME, examples=["DEMO"])]
ContentId = Annotated[int, Path(ge=1, lt=1 << 32)]
FAULTS = problems(400, 401, 403, 404, 409, 413, 429, 503)
FOR_EVER = (1 << 31) - 1


class NewBankIn(Body):
    """A bank to be made."""

    name: str = Field(pattern=NAME, examples=["DEMO"])
    enabled: bool | None = None
    enabled_ratio: float | None = Field(default=None, ge=0, le=1)


class BankIn(Body):
    """What of a bank is to be changed."""

    name: str | None = Field(default=None, pattern=NAME)
    enabled: bool | None = None
    enabled_ratio: float | None = Field(default=None, ge=0, le=1)


class ContentIn(BaseModel):
    """When an entry acts again."""

    disable_until_ts: int = Field(ge=0, le=1 << 40, description="1: acts; 0 or later: does not.")


class SignalsIn(Body):
    """Signals to be added as they are."""

    pdq: str = Field(default="", max_length=64)
    video_md5: str = Field(default="", max_length=32)
    md5: str = Field(default="", max_length=32)
    sha1: str = Field(default="", max_length=40)
    sha256: str = Field(default="", max_length=64)


@router.get("/c/banks", responses=FAULTS)
@needs(P.BANK_READ, by_address=True)
def banks(app: Parts) -> JSONResponse:
    """All banks."""
    return JSONResponse([_bank(bank) for bank in app.banks.every()])


@router.post("/c/banks", status_code=201, responses=FAULTS)
@needs(P.BANK_WRITE)
def create(body: NewBankIn, app: Parts, who: Who) -> JSONResponse:
    """A bank whose matches are held for a person; `/v1/banks` can say more."""
    made = app.banks.create(NewBank(body.name, enabled_share=_share(body, 1.0)), who)
    return JSONResponse(_bank(made), 201)


@router.get("/c/bank/{name}", responses=FAULTS)
@needs(P.BANK_READ, by_address=True)
def bank(name: BankName, app: Parts) -> JSONResponse:
    """One bank."""
    return JSONResponse(_bank(app.banks.get(name)))


@router.put("/c/bank/{name}", responses=FAULTS)
@needs(P.BANK_WRITE)
def change(name: BankName, body: BankIn, app: Parts, who: Who) -> JSONResponse:
    """Rename it, or change for which share of items it acts."""
    changes: dict[str, Any] = {}
    if body.name is not None and body.name != name:
        changes["name"] = body.name
    if body.enabled is not None or body.enabled_ratio is not None:
        changes["enabled_share"] = _share(body, 1.0)
    if not changes:
        return JSONResponse(_bank(app.banks.get(name)))
    return JSONResponse(_bank(app.banks.update(name, who, changes, expected_change=None)))


@router.delete("/c/bank/{name}", responses=FAULTS)
@needs(P.BANK_WRITE)
def delete(name: BankName, app: Parts, who: Who) -> JSONResponse:
    """It matches no more; its entries stay for the record."""
    app.banks.archive(name, who)
    return JSONResponse({"message": "Done"})


@router.post("/c/bank/{name}/signal", responses=FAULTS)
@needs(P.BANK_WRITE)
def add_signals(name: BankName, body: SignalsIn, app: Parts, who: Who) -> JSONResponse:
    """They match before this answers."""
    sent = {kind: getattr(body, kind) for kind in sorted(body.model_fields_set)}
    return _add(app, name, {kind: (text, 100) for kind, text in sent.items() if text}, who)


@router.post(
    "/c/bank/{name}/content", responses=FAULTS, openapi_extra=form_of(hma.FileOnly, file="photo")
)
@needs(P.BANK_WRITE, body=None)
async def add_content(  # noqa: PLR0917 - query parameters, passed by name
    name: BankName,
    request: Request,
    app: Parts,
    who: Who,
    url: hma.Text = "",
    content_type: hma.Text = "",
    types: hma.Text = "",
) -> JSONResponse:
    """Hash a file or what lies at a URL, and add its hashes; the file is not kept."""
    family, prints = await (
        hma.fetched(request, app, url, content_type) if url else hma.sent(request, app)
    )
    found = hma.signals_of(prints, family, types)
    return await patiently(request, _add, app, name, found, who)


@router.get("/c/bank/{name}/content/{id}", responses=FAULTS)
@needs(P.BANK_READ, by_address=True)
def content(
    name: BankName,
    id: ContentId,  # noqa: A002 - the path's own word
    app: Parts,
    include_signals: Annotated[bool, Query()] = False,
) -> JSONResponse:
    """One entry."""
    return JSONResponse(_content(*_found(app, name, id), signals=include_signals))


@router.put("/c/bank/{name}/content/{id}", responses=FAULTS)
@needs(P.BANK_WRITE)
def change_content(
    name: BankName,
    id: ContentId,  # noqa: A002 - the path's own word
    body: ContentIn,
    app: Parts,
    who: Who,
) -> JSONResponse:
    """Stop or resume acting on one entry."""
    bank, entry = _found(app, name, id)
    acts = body.disable_until_ts == 1 or 1 < body.disable_until_ts <= app.clock.now().timestamp()
    if acts and entry.status is EntryStatus.QUARANTINED:
        entry = app.banks.release(id, who, "enabled")
    elif not acts and entry.status is EntryStatus.ACTIVE:
        entry = app.banks.quarantine(id, who, "disabled")
    return JSONResponse(_content(bank, entry, signals=False))


@router.delete("/c/bank/{name}/content/{id}", responses=FAULTS)
@needs(P.BANK_WRITE)
def remove_content(name: BankName, id: ContentId, app: Parts, who: Who) -> JSONResponse:  # noqa: A002 - the path's own word
    """Withdraw one entry for ever."""
    try:
        _, entry = _found(app, name, id)
    except NotFound:
        app.banks.get(name)
        return JSONResponse({"deleted": 0})
    if entry.status is EntryStatus.WITHDRAWN:
        return JSONResponse({"deleted": 0})
    app.banks.withdraw(id, who, "deleted")
    return JSONResponse({"deleted": 1})


def _add(app: Any, name: str, found: dict[str, tuple[str, int]], who: Principal) -> JSONResponse:
    if not found:
        raise BadInput("No signals were given, or none could be made.")
    new = [NewEntry(hma.read(kind, text), quality) for kind, (text, quality) in found.items()]
    added: list[Entry] = app.banks.add(name, new, who, Provenance())
    values = {kind: text.lower() for kind, (text, _) in found.items()}
    return JSONResponse({"id": added[0].number, "signals": values})


def _found(app: Any, name: str, number: int) -> tuple[Bank, Entry]:
    bank, entry = app.banks.get(name), app.banks.entry(number)
    if entry.bank != bank.id:
        raise NotFound("This bank has no content of that id.")
    return bank, entry


def _bank(bank: Bank) -> dict[str, Any]:
    return {"name": bank.name, "matching_enabled_ratio": bank.enabled_share}


def _content(bank: Bank, entry: Entry, *, signals: bool) -> dict[str, Any]:
    acts = entry.status is EntryStatus.ACTIVE
    shown: dict[str, Any] = {
        "id": entry.number,
        "disable_until_ts": 1 if acts else FOR_EVER,
        "collab_metadata": {bank.source: [entry.source]} if entry.source else {},
        "original_media_uri": None,
        "bank": _bank(bank),
        "breakwater": {"status": entry.status.value, "labels": list(entry.labels)},
    }
    if signals:
        name = "video_md5" if entry.kind == "md5" else entry.kind
        shown["signals"] = {name: kind_named(entry.kind).print(entry.value)}
    return shown


def _share(body: NewBankIn | BankIn, otherwise: float) -> float:
    if body.enabled_ratio is not None:
        return body.enabled_ratio
    return otherwise if body.enabled is None else float(body.enabled)
