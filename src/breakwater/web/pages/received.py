"""Marks on the page of a case to whom its received report was referred."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Form, Path
from starlette.responses import RedirectResponse

from breakwater.model.access import Permission
from breakwater.web.gate import Parts, Router, Who, needs
from breakwater.web.pages.read_queue import case_named

router = Router(include_in_schema=False)

SEE_OTHER: Final = 303
LONGEST: Final = 200


@router.post("/cases/{case}/refer")
@needs(Permission.REPORT_REFER)
def refer(
    app: Parts, who: Who, case: Annotated[str, Path(max_length=64)],
    recipient: Annotated[str, Form(max_length=LONGEST)],
    reference: Annotated[str, Form(max_length=LONGEST)] = "",
) -> RedirectResponse:  # fmt: skip
    """Write it down and show the case again."""
    with app.db.read() as tx:
        found = case_named(tx, case)
    app.receiving.referring.refer(who, found.id, recipient=recipient, reference=reference)
    return RedirectResponse(f"/cases/{found.id}#referrals", SEE_OTHER)
