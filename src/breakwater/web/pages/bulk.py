"""Acts on many cases: chosen in the queue, shown before they are done, undone as a whole.

What is sent with the second step is what was shown in the first; when a case changed in
between, the preview comes again and says so. Verbs: `review.queueing.bulk`.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form, Query
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, Response

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.model.access import Permission
from breakwater.model.ids import parse_id
from breakwater.review.queueing.bulk import Selection
from breakwater.web.api.media import known_id
from breakwater.web.gate import Router, needs
from breakwater.web.pages import read_bulk
from breakwater.web.pages.context import show
from breakwater.web.pages.models_queue import Said
from breakwater.web.pages.queue import At, Desk, to
from breakwater.web.pages.read_queue import FIELDS, Look, names_one, wanted
from breakwater.web.pages.reads import QueueQuery
from breakwater.web.pages.retold import refused

router = Router(include_in_schema=False)


class BulkForm(BaseModel):
    """What to do to which cases, as the queue sends it.

    Attributes:
        what: `priority:high`, `queue:live`, `hand_over:<id>`.
        case: the chosen ones.
        every: all that the filter means, instead.
    """

    what: str = Field(default="", max_length=100)
    case: list[str] = Field(default_factory=list, max_length=1000)
    every: bool = False
    q: str = Field(default="", max_length=200)
    queue: str = Field(default="", max_length=32)
    priority: str = Field(default="", max_length=8)
    kind: str = Field(default="", max_length=16)
    state: str = Field(default="", max_length=8)

    @property
    def query(self) -> QueueQuery:
        """The filter it was chosen under."""
        return QueueQuery(self.q, self.queue, self.priority, self.kind, self.state)

    def chosen(self, look: Look) -> Selection:
        """Which cases."""
        if self.every:
            if names_one(self.query):
                raise BadInput("Tick the cases themselves: this filter names one case or account.")
            return wanted(look, self.query)
        return [case for text in self.case if (case := parse_id(text)) is not None]

    def fields(self) -> list[tuple[str, str]]:
        """To be sent once more."""
        cases = [("every", "1")] if self.every else [("case", case) for case in self.case]
        filters = [(n, getattr(self.query, n)) for n in FIELDS if getattr(self.query, n)]
        return [("what", self.what), *cases, *filters]


class BulkDoForm(BulkForm):
    """The same, as it was shown, with the reason."""

    token: str = Field(default="", max_length=64)
    reason: str = Field(default="", max_length=500)


@router.get("/queue/bulk")
@needs(Permission.CASE_DECIDE)
def look_first(desk: At, form: Annotated[BulkForm, Query()]) -> HTMLResponse:
    """What would change, before anything does."""
    try:
        return _preview(desk, form)
    except (BadInput, NotAllowed) as error:
        return desk.refused(error, form.query)


@router.post("/queue/bulk")
@needs(Permission.CASE_DECIDE)
def bulk(desk: At, form: Annotated[BulkDoForm, Form()]) -> Response:
    """Do what was shown."""
    try:
        kind, value = read_bulk.parsed(form.what)
        with desk.app.db.read() as tx:
            chosen = form.chosen(Look(tx, desk.app.clock.now(), desk.who))
        act = desk.app.review.bulk.apply(
            desk.who, kind, value, chosen, token=form.token, reason=form.reason
        )
    except (BadInput, Conflict) as error:
        return _again(desk, form, error)
    return to(f"/queue?{urlencode({'act': act.id})}")


@router.post("/queue/bulk/{act}/undo")
@needs(Permission.CASE_DECIDE)
def undo(desk: At, act: str) -> Response:
    """Put back what a bulk act changed."""
    try:
        desk.app.review.bulk.undo(desk.who, known_id(act))
    except (Conflict, NotAllowed) as error:
        return desk.refused(error)
    return to(f"/queue?{urlencode({'act': act})}")


def _again(desk: Desk, form: BulkForm, error: BadInput | Conflict) -> HTMLResponse:
    """The preview as it would be now, with why nothing was done."""
    try:
        return _preview(desk, form, Said(refused(error), wrong=True), status=error.status)
    except BadInput as nothing:
        return desk.refused(nothing, form.query)


def _preview(
    desk: Desk, form: BulkForm, said: Said | None = None, *, status: int = 200
) -> HTMLResponse:
    kind, value = read_bulk.parsed(form.what)
    with desk.app.db.read() as tx:
        look = Look(tx, desk.app.clock.now(), desk.who)
        seen = desk.app.review.bulk.preview(desk.who, kind, value, form.chosen(look))
        view = read_bulk.shown(look, seen, form.fields())
    return show(
        desk.request, desk.pages, desk.who, "queue_bulk", section="queue", status=status,
        view=view, said=said,
    )  # fmt: skip
