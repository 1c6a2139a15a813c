"""`/v1/classifiers`: operators' own models as data. Scores raise priority and never act alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import Path
from pydantic import Field
from starlette.requests import Request

from breakwater.classifiers.manage import Known
from breakwater.errors import BadInput
from breakwater.model.access import Permission
from breakwater.model.classifier import ClassifierState
from breakwater.recognition.scoring import Tried
from breakwater.web.api.bodies import checked
from breakwater.web.api.forms import read_form
from breakwater.web.api.media import patiently, spool_of
from breakwater.web.api.openapi import form_of, problems
from breakwater.web.api.requests import Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["classifiers"])
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", examples=["bright"])]
READ = problems(401, 403, 404, 422, 429)
CHANGE = problems(401, 403, 404, 409, 422, 429, 503)


class ClassifierIn(Body):
    """A classifier as an administrator brings it: the card beside the model."""

    card: str = Field(max_length=16 << 10, description="`card.toml` as it is.", examples=['id = "bright"'])  # fmt: skip


class ClassifierOut(Answer):
    """One classifier, and how it does here."""

    id: str = Field(examples=[ID])
    name: str = Field(description="Its short name in every path.", examples=["bright"])
    version: str = Field(examples=["1"])
    words: str = Field(description="What it is, in words.", examples=["a bright picture"])
    purpose: str
    owner: str
    licence: str
    sha256: str
    threshold: float = Field(examples=[0.8])
    weight: float
    jurisdictions: list[str]
    expires: date
    size: int
    state: ClassifierState
    since: datetime
    trouble: str = Field(description="Why it gives no scores; empty while it does.")
    detail: str = Field(description="More of that, in the words of what failed.")
    ms: float = Field(description="What one picture takes here, measured; 0 where it does not run.")

    @classmethod
    def of(cls, known: Known) -> ClassifierOut:
        """From the noun."""
        one, card = known.classifier, known.classifier.card
        here = known.here
        trouble = here.trouble.value if here and here.trouble else one.trouble
        return cls(
            id=one.id, name=card.id, version=card.version, words=card.name, purpose=card.purpose,
            owner=card.owner, licence=card.licence, sha256=card.sha256, threshold=card.threshold,
            weight=card.weight, jurisdictions=list(card.jurisdictions), expires=card.expires,
            size=one.size, state=one.state, since=one.since, trouble=trouble,
            detail=here.detail if here else "", ms=round(here.ms, 2) if here else 0.0,
        )  # fmt: skip


class ClassifiersOut(Answer):
    """All of them."""

    on: bool = Field(description="The switch of the whole: the setting `classifiers`.")
    classifiers: list[ClassifierOut]


class TriedOut(Answer):
    """What trying one found."""

    classifier: ClassifierOut
    fit: bool
    words: str = Field(examples=["It can be used: 0.6 ms for a picture."])

    @classmethod
    def of(cls, known: Known, tried: Tried) -> TriedOut:
        """From the nouns."""
        words = f"It can be used: {tried.ms:.1f} ms for a picture."
        if tried.trouble is not None:
            words = f"{tried.trouble.words} {tried.detail}".strip()
        return cls(classifier=ClassifierOut.of(known), fit=tried.trouble is None, words=words)


@router.get("/v1/classifiers", summary="Classifiers", responses=READ)
@needs(P.SERVER_WRITE)
def every(app: Parts) -> ClassifiersOut:
    """Those that were not removed, with how they do here."""
    found = app.scoring.classifiers
    return ClassifiersOut(on=found.on, classifiers=[ClassifierOut.of(one) for one in found.every()])


@router.post(
    "/v1/classifiers",
    status_code=201,
    response_model=ClassifierOut,
    summary="Add a classifier",
    responses={**CHANGE, **problems(400, 413)},
    openapi_extra=form_of(ClassifierIn, file="model"),
)
@needs(P.SERVER_WRITE, body=None)
async def add(request: Request, app: Parts, who: Who) -> ClassifierOut:
    """The model is tried in the jail first; where policy says so a second person agrees."""
    with spool_of(app) as spool:
        form = await read_form(request, spool, limit=app.settings.classifier_bytes)
        if not form.file:
            raise BadInput("Send the model as a part with a file name: -F model=@model.onnx.")
        about = checked(ClassifierIn, form.fields)
        spool.seal()
        made = await patiently(request, app.scoring.classifiers.add, about.card, spool, who)
        return ClassifierOut.of(made)


@router.get("/v1/classifiers/{name}", summary="One classifier", responses=READ)
@needs(P.SERVER_WRITE)
def one(name: Name, app: Parts) -> ClassifierOut:
    """Its newest version."""
    return ClassifierOut.of(app.scoring.classifiers.get(name))


@router.post("/v1/classifiers/{name}/confirm", summary="Agree as second person", responses=CHANGE)
@needs(P.SERVER_WRITE)
def confirm(name: Name, app: Parts, who: Who) -> ClassifierOut:
    """From now on it gives scores; the person who added it is refused, and so is a key."""
    return ClassifierOut.of(app.scoring.classifiers.confirm(name, who))


@router.post("/v1/classifiers/{name}/on", summary="Switch a classifier on", responses=CHANGE)
@needs(P.SERVER_WRITE)
def on(name: Name, app: Parts, who: Who) -> ClassifierOut:
    """It gives scores from the next seconds on, where the setting `classifiers` is on."""
    return ClassifierOut.of(app.scoring.classifiers.switch(name, who, on=True))


@router.post("/v1/classifiers/{name}/off", summary="Switch a classifier off", responses=CHANGE)
@needs(P.SERVER_WRITE)
def off(name: Name, app: Parts, who: Who) -> ClassifierOut:
    """Nothing that it raised is lowered by that."""
    return ClassifierOut.of(app.scoring.classifiers.switch(name, who, on=False))


@router.post("/v1/classifiers/{name}/check", summary="Try a classifier", responses=READ)
@needs(P.SERVER_WRITE)
async def check(name: Name, request: Request, app: Parts) -> TriedOut:
    """In a jailed process of its own; nothing of a broadcast or an upload is touched."""
    return TriedOut.of(*await patiently(request, app.scoring.classifiers.check, name))


@router.delete("/v1/classifiers/{name}", summary="Remove a classifier", responses=CHANGE)
@needs(P.SERVER_WRITE)
def remove(name: Name, app: Parts, who: Who) -> ClassifierOut:
    """The model is destroyed; what it said stays with its cases."""
    return ClassifierOut.of(app.scoring.classifiers.remove(name, who))
