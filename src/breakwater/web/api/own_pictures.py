"""`/v1/own-pictures`: a person looks for a picture of themselves, by its hashes and without a name.

For the page `/own-picture`, for `breakwater own-picture`, and for apps of others: no key, no
cookie, no address. What floods costs instead is work (`/work`). A code stands in bodies alone,
never in an address, so that no log of a proxy holds one.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Body as FromBody
from pydantic import Field

from breakwater.model.own_picture import MOST_PICTURES, OwnPicture, State, Told
from breakwater.own_pictures.taking import Work
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import Answer
from breakwater.web.gate import Parts, Router, anyone

router = Router(tags=["own pictures"])

FAULTS = problems(404, 422, 429)
CODE = "7J2KD-4XN8P-QW3ZT-0HCM5-RVB9A"
SHA = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
LOOK = "f8f8f0cce0f4e84d8a370a22028f67f0b36e2ed596621e1d33e6339c4e9c9b22"
CHALLENGE = "mZ0a6sXkR8qKpLr7fF2N1w"
NOBODY = "for people who tell nobody who they are; work and one bucket for all slow floods"


class WorkOut(Answer):
    """What to work out before sending."""

    challenge: str = Field(description="Text; good for five minutes and one request.", examples=[CHALLENGE])  # fmt: skip
    bits: int = Field(description="Find a `nonce` for which SHA-256 of `challenge:nonce` begins with so many zero bits.", examples=[16])  # fmt: skip


class PictureIn(Body):
    """One picture or video, by hashes made on the person's own device."""

    sha256: str = Field(min_length=64, max_length=64, description="Of the file, in hexadecimal.", examples=[SHA])  # fmt: skip
    pdq: str = Field(default="", max_length=64, description="Of the picture as seen; empty for a video.", examples=[LOOK])  # fmt: skip
    quality: int = Field(default=0, ge=0, le=100, description="Of the PDQ hash; below 50 it finds nothing.", examples=[100])  # fmt: skip


class SendIn(Body):
    """Pictures to be looked for, and the work that was done for it."""

    challenge: str = Field(max_length=200, examples=[CHALLENGE])
    bits: int = Field(ge=1, le=64, examples=[16])
    nonce: str = Field(max_length=40, description="What was found.", examples=["48213"])
    pictures: Annotated[list[PictureIn], Field(min_length=1, max_length=MOST_PICTURES)]


class CodeOut(Answer):
    """The code: shown once, kept by nobody here."""

    code: str = Field(description="Asks how it stands, and withdraws.", examples=[CODE])


class CodeIn(Body):
    """A code, as it was typed."""

    code: str = Field(max_length=100, examples=[CODE])


class ToldOut(Answer):
    """How it stands."""

    state: State = Field(
        description="`received`: it waits. `looking`: what is uploaded is compared. `found`: an "
        "upload is held. `confirmed` or `refused`: by a person here. `withdrawn`: by you.",
        examples=["looking"],
    )
    pictures: list[State] = Field(description="Of each picture, as sent.", examples=[["looking"]])

    @classmethod
    def of(cls, told: Told) -> ToldOut:
        """From the noun."""
        return cls(state=told.state, pictures=list(told.pictures))


Code = Annotated[CodeIn, FromBody()]


@router.get("/v1/own-pictures/work", summary="Work for one request", responses=FAULTS)
@anyone(NOBODY)
def work(app: Parts) -> WorkOut:
    """More of it, the more requests came within the hour."""
    made = app.own_pictures.work()
    return WorkOut(challenge=made.challenge, bits=made.bits)


@router.post("/v1/own-pictures", status_code=201, summary="Look for pictures of oneself", responses=FAULTS)  # fmt: skip
@anyone(NOBODY)
def send(body: SendIn, app: Parts) -> CodeOut:
    """From now on what they find is held until a person here has looked. Nothing is blocked."""
    pictures = [OwnPicture.read(one.sha256, one.pdq, one.quality) for one in body.pictures]
    made = app.own_pictures.send(pictures, Work(body.challenge, body.bits), body.nonce)
    return CodeOut(code=made)


@router.post("/v1/own-pictures/status", summary="How it stands", responses=FAULTS)
@anyone(NOBODY)
def status(body: Code, app: Parts) -> ToldOut:
    """By code."""
    return ToldOut.of(app.own_pictures.status(body.code))


@router.post("/v1/own-pictures/withdraw", summary="Look for them no more", responses=FAULTS)
@anyone(NOBODY)
def withdraw(body: Code, app: Parts) -> ToldOut:
    """By code. What only these hashes held is released."""
    return ToldOut.of(app.own_pictures.withdraw(body.code))
