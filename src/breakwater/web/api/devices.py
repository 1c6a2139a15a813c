"""`/v1/devices`: the workstations on which pictures are shown, and codes that enrol one.

A machine enrols itself under Workstations in the console, because its token lives in its
browser alone; here machines are listed and removed, and codes are made.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import Field

from breakwater.model.access import Permission
from breakwater.model.device import Device
from breakwater.web.api.media import known_id
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["workstations"])
IdText = Annotated[str, Path(max_length=64, examples=[ID])]
FAULTS = problems(401, 403, 404, 409, 422, 429, 503)


class DeviceOut(Answer):
    """A workstation."""

    id: str = Field(examples=[ID])
    name: str = Field(examples=["Desk 4"])
    way: str = Field(description="`code` or `administrator`.")
    by: str = Field(description="Id of the person who enrolled it or made the code.")
    at: datetime
    seen_at: datetime | None = Field(description="Last picture on it, to the hour.")
    revoked_at: datetime | None

    @classmethod
    def of(cls, device: Device) -> DeviceOut:
        """From the noun."""
        return cls(
            id=device.id, name=device.name, way=device.way.value, by=device.by, at=device.at,
            seen_at=device.seen_at, revoked_at=device.revoked_at,
        )  # fmt: skip


class DevicesOut(Answer):
    """All workstations."""

    devices: list[DeviceOut]


class CodeIn(Body):
    """What to call the machine."""

    name: str = Field(min_length=1, max_length=100, examples=["Desk 4"])


class CodeOut(Answer):
    """A code that is typed on the machine within a quarter of an hour."""

    code: str = Field(examples=["7KQ2M-9XTRB"])


@router.get("/v1/devices", summary="All workstations", responses=FAULTS)
@needs(P.SYSTEM_READ)
def devices(app: Parts) -> DevicesOut:
    """Removed ones too, the newest first."""
    return DevicesOut(devices=[DeviceOut.of(one) for one in app.review.devices.every()])


@router.post("/v1/devices/codes", status_code=201, summary="Make a code", responses=FAULTS)
@needs(P.SYSTEM_WRITE)
def code(body: CodeIn, app: Parts, who: Who) -> CodeOut:
    """It enrols one machine, once, and stands in this answer and nowhere else."""
    return CodeOut(code=app.review.devices.code(who, body.name))


@router.delete("/v1/devices/{id}", summary="Remove a workstation", responses=FAULTS)
@needs(P.SYSTEM_WRITE)
def remove(id: IdText, app: Parts, who: Who) -> DeviceOut:  # noqa: A002 - the path's own word
    """No picture is shown on it from now on."""
    return DeviceOut.of(app.review.devices.remove(who, known_id(id)))
