"""Workstations: the machines on which pictures are shown, and how a request came from one.

Pictures go to machines that an administrator enrolled, never to a telephone: phone width is
text only (reference: console §3; issue "The people"). Judged by `review.looking.devices`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from breakwater.model.ids import Id

CODE_LIFE: Final = timedelta(minutes=15)
"""A code is typed at once, on the machine that somebody stands before."""

HERE: Final = "this machine"
"""What the audit log calls the machine that runs breakwater, when it is looked at from itself."""


class Way(StrEnum):
    """How a machine became a workstation."""

    CODE = "code"
    """By a one-time code of an administrator."""
    ADMINISTRATOR = "administrator"
    """By an administrator who sat at it."""


@dataclass(frozen=True, slots=True)
class Device:
    """An enrolled machine.

    Attributes:
        name: as people know it: a room, a desk.
        way: how it became a workstation.
        by: the person who enrolled it; with a code, who made the code.
        seen_at: when somebody last looked at a picture on it, to the hour.
    """

    id: Id
    name: str
    way: Way
    by: Id
    at: datetime
    seen_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Approach:
    """How a request came.

    Attributes:
        token: what the machine shows to be known; empty when it shows nothing.
        phone: it says itself that it is a telephone, or is as narrow as one.
        here: it came from the machine that runs breakwater, past no proxy.
    """

    token: str = ""
    phone: bool = False
    here: bool = False
