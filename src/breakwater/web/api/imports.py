"""`/v1/banks/{name}/imports`: lists of millions through the API, for commands and partners.

The body is the CSV file as it is; it streams into a spool and is loaded in batches, so that
other requests get their turn. A list that is sent again goes on where it stopped. Whoever only
wants to add some signals uses `/entries`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Query
from pydantic import Field
from starlette.requests import Request

from breakwater.errors import NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.bank import Import
from breakwater.web.api.banks import CHANGE, READ, BankName
from breakwater.web.api.forms import read_raw
from breakwater.web.api.media import patiently, spool_of
from breakwater.web.api.openapi import body_of
from breakwater.web.api.shapes import Answer
from breakwater.web.gate import Parts, Router, Who, needs

if TYPE_CHECKING:
    from breakwater.app import App

P = Permission
router = Router(tags=["banks"])
SHOWN: Final = 20
Text = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]


class LoadedOut(Answer):
    """How an import went."""

    import_number: int
    rows: int = Field(description="Data rows read, from the first of the file.")
    kept: int = Field(description="Entries added.")
    known: int = Field(description="Hashes that the bank had already.")
    bad: int = Field(description="Rows that could not be read.")
    resumed_at: int = Field(description="The row this run began at; 0 for a new import.")
    reasons: list[tuple[int, str]] = Field(
        description="Bad rows: number, and reason after the line."
    )
    by_kind: dict[str, int]


class ImportOut(Answer):
    """One import of a bank."""

    number: int
    source: str
    rows_read: int
    rows_kept: int
    rows_bad: int
    finished: bool

    @classmethod
    def of(cls, run: Import) -> ImportOut:
        """From the noun."""
        return cls(
            number=run.number,
            source=run.source,
            rows_read=run.rows_read,
            rows_kept=run.rows_kept,
            rows_bad=run.rows_bad,
            finished=run.finished,
        )


class ImportsOut(Answer):
    """The latest imports of a bank."""

    imports: list[ImportOut]


@router.get("/v1/banks/{name}/imports", summary="Latest imports of a bank", responses=READ)
@needs(P.BANK_READ)
def imports(name: BankName, app: Parts) -> ImportsOut:
    """Newest first; a running one says how far it is."""
    return ImportsOut(imports=[ImportOut.of(run) for run in app.loader.latest(name, SHOWN)])


@router.post(
    "/v1/banks/{name}/imports",
    response_model=LoadedOut,
    summary="Import a list",
    responses=CHANGE,
    openapi_extra=body_of({"type": "string", "format": "binary"}, "text/csv"),
)
@needs(P.BANK_WRITE, body=None)
async def load(
    request: Request,
    name: BankName,
    app: Parts,
    who: Who,
    *,
    kind: Text = "",
    source: Text = "",
    named: Text = "",
    permitted_use: Text = "",
    label: Annotated[list[str] | None, Query(max_length=50)] = None,
    signed: bool = False,
    signed_by: Text = "",
) -> LoadedOut:
    """Answers at its end. `signed`: you vouch for the list, so no flood quarantine; people only.

    Matches show `source`, else the bank's source, else `named` (the file's name).
    `signed_by` is for commands on the server's own host: the person in whose name they run.
    """
    by = _signer(app, who, signed=signed, name=signed_by)
    with spool_of(app) as spool:
        await read_raw(request, spool, limit=app.settings.max_upload_bytes)
        spool.seal()
        with spool.reader() as file:
            loaded = await patiently(
                request,
                lambda: app.loader.load(
                    name, Path(f"/proc/self/fd/{file.fileno()}"), by, kind=kind,
                    labels=tuple(label or ()), source=source, named=named or "the API",
                    permitted_use=permitted_use, signed=signed or bool(signed_by),
                ),
            )  # fmt: skip
    return LoadedOut.model_validate(loaded, from_attributes=True)


def _signer(app: App, who: Principal, *, signed: bool, name: str) -> Principal:
    """Whoever imports, with the person who vouches for the list behind them."""
    if name:
        if not who.may(P.DESK_SIGN):
            raise NotAllowed("Only a command on the server's host signs in a person's name.")
        return app.access.people.on_behalf(who, name, P.BANK_WRITE)
    if signed and who.person is None:
        raise NotAllowed("A list is signed for by a person, not by a key.")
    return who
