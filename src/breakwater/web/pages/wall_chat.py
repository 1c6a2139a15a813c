"""What is ordered of a broadcast's chat on the live wall: slow it, pause it, open it again.

Plain forms, as on the rest of the wall; restraining never waits, and opening is refused when
somebody ordered something after the page was made.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from breakwater.model.access import Permission
from breakwater.model.chat import Measure
from breakwater.web.gate import Router, needs
from breakwater.web.pages.wall import At, Word

router = Router(include_in_schema=False)


@router.post("/live/{label}/chat")
@needs(Permission.STREAM_CONTROL)
def order(desk: At, label: str, to: Annotated[Measure, Form()], seen: Word = "") -> Response:
    """Order how the chat of a broadcast shall be."""
    stream = desk.stream(label)

    def wanted() -> str:
        wishes = desk.app.enforcement.chat_wishes
        wishes.want(desk.who, stream.id, to, seen=seen)
        return "chat_open" if to is Measure.OPEN else "chat"

    return desk.acted(label, wanted)
