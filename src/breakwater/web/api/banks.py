"""`/v1/banks` and `/v1/entries`: lists of known signals, read and changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from breakwater.model.access import Permission
from breakwater.model.bank import EntryStatus
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import (
    NAME,
    BankChange,
    BankIn,
    EntriesIn,
    OpinionIn,
    ReasonIn,
)
from breakwater.web.api.shapes import BankOut, BanksOut, EntriesOut, EntryOut, Word
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["banks"])

BankName = Annotated[str, Path(pattern=NAME, examples=["DEMO"])]
Number = Annotated[int, Path(ge=1, lt=1 << 32, examples=[7])]
READ = problems(401, 403, 404, 422, 429)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)


@router.get("/v1/banks", summary="All banks", responses=problems(401, 403, 429))
@needs(P.BANK_READ)
def banks(app: Parts) -> BanksOut:
    """Banks in use, by name."""
    return BanksOut(banks=[BankOut.of(bank) for bank in app.banks.every()])


@router.post("/v1/banks", status_code=201, summary="Make a bank", responses=CHANGE)
@needs(P.BANK_WRITE)
def create(body: BankIn, app: Parts, who: Who) -> BankOut:
    """Its name cannot be taken already."""
    return BankOut.of(app.banks.create(body.new(), who))


@router.get("/v1/banks/{name}", summary="One bank", responses=READ)
@needs(P.BANK_READ)
def bank(name: BankName, app: Parts) -> BankOut:
    """With the share of its entries that can be matched by what is installed."""
    return BankOut.of(app.banks.get(name), app.banks.shares(name))


@router.patch("/v1/banks/{name}", summary="Change a bank", responses=CHANGE)
@needs(P.BANK_WRITE)
def change(name: BankName, body: BankChange, app: Parts, who: Who) -> BankOut:
    """Fields that are left out stay; `expected_change` guards against two people at once."""
    done = app.banks.update(name, who, body.changes(), expected_change=body.expected_change)
    return BankOut.of(done)


@router.delete("/v1/banks/{name}", summary="Stop using a bank", responses=CHANGE)
@needs(P.BANK_WRITE)
def archive(name: BankName, app: Parts, who: Who) -> BankOut:
    """Its entries stay for the record and match no more."""
    return BankOut.of(app.banks.archive(name, who))


@router.get("/v1/banks/{name}/entries", summary="Entries of a bank", responses=READ)
@needs(P.BANK_READ)
def entries(
    name: BankName,
    app: Parts,
    after: Annotated[int, Query(ge=0, lt=1 << 32)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    status: EntryStatus | None = None,
) -> EntriesOut:
    """By number; ask again with `after` set to `next`."""
    return EntriesOut.of(app.banks.page(name, after=after, limit=limit, status=status), limit)


@router.post("/v1/banks/{name}/entries", status_code=201, summary="Add signals", responses=CHANGE)
@needs(P.BANK_WRITE)
def add(name: BankName, body: EntriesIn, app: Parts, who: Who) -> EntriesOut:
    """They match before this answers; a sudden flood is quarantined and a person is told."""
    added = app.banks.add(name, body.new(), who, body.about())
    return EntriesOut(entries=[EntryOut.of(entry) for entry in added], next=None)


@router.get("/v1/entries/{number}", summary="One entry", responses=READ)
@needs(P.BANK_READ)
def entry(number: Number, app: Parts) -> EntryOut:
    """With what it inherits from its import and bank."""
    return EntryOut.of(app.banks.entry(number))


@router.delete("/v1/entries/{number}", summary="Withdraw an entry", responses=CHANGE)
@needs(P.BANK_WRITE)
def withdraw(
    number: Number,
    app: Parts,
    who: Who,
    reason: Annotated[str, Query(max_length=1000, pattern=r"^[^\x00]*$")] = "",
) -> EntryOut:
    """For ever: it stops matching before this answers. A value that returns is a new entry."""
    return EntryOut.of(app.banks.withdraw(number, who, reason))


@router.post("/v1/entries/{number}/quarantine", summary="Hold an entry", responses=CHANGE)
@needs(P.BANK_WRITE)
def quarantine(number: Number, body: ReasonIn, app: Parts, who: Who) -> EntryOut:
    """It is shown with matches and does not act."""
    return EntryOut.of(app.banks.quarantine(number, who, body.reason))


@router.post("/v1/entries/{number}/release", summary="End an entry's hold", responses=CHANGE)
@needs(P.BANK_WRITE)
def release(number: Number, body: ReasonIn, app: Parts, who: Who) -> EntryOut:
    """What it matched meanwhile is judged again."""
    return EntryOut.of(app.banks.release(number, who, body.reason))


@router.post("/v1/entries/{number}/confirm", summary="Second person for a harmless entry", responses=CHANGE)  # fmt: skip
@needs(P.BANK_WRITE)
def confirm(number: Number, app: Parts, who: Who) -> EntryOut:
    """Another person than the one who proposed it."""
    return EntryOut.of(app.banks.confirm_negative(number, who))


@router.post("/v1/entries/{number}/opinions", status_code=201, summary="Say what you think of an entry", responses=CHANGE)  # fmt: skip
@needs(P.BANK_WRITE)
def opinion(number: Number, body: OpinionIn, app: Parts, who: Who) -> Word:
    """Opinions are only ever added."""
    app.banks.opinion(number, body.opinion, who, body.note)
    return Word(status="noted")
