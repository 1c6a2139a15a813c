"""`/v1/media-servers`: entered, checked and removed by administrators; passes shown once."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path as Place
from typing import Annotated, Final

from fastapi import Path
from pydantic import AfterValidator, Field

from breakwater.live.ports import Answer as Finding
from breakwater.live.recipes import Wanted
from breakwater.live.servers import Known, NewServer
from breakwater.model.access import Permission
from breakwater.model.server import ServerConfig, ServerKind
from breakwater.web.api.openapi import problems
from breakwater.web.api.requests import SERVICE, Body
from breakwater.web.api.shapes import ID, Answer
from breakwater.web.gate import Parts, Router, Who, needs

P = Permission
router = Router(tags=["media servers"])

NAME: Final = r"^[a-z0-9][a-z0-9._-]{0,63}$"
URL: Final = r"^$|^(https?|rtmps?)://[^\s\x00-\x20]{1,500}$"
Name = Annotated[str, Path(min_length=1, max_length=64, examples=["edge-1"])]
FAULTS: Final = problems(401, 403, 404, 409, 422, 429, 503)
Block = Annotated[str, Field(max_length=64, examples=["10.0.0.0/8"])]


def _url(value: str) -> str:
    if not re.fullmatch(URL, value):
        raise ValueError("takes an address such as http://127.0.0.1:18090 or rtmp://127.0.0.1:1935")
    return value


Url = Annotated[
    str, Field(max_length=512, json_schema_extra={"pattern": URL}), AfterValidator(_url)
]


class ServerIn(Body):
    """A media server as you enter it."""

    name: str = Field(pattern=NAME, examples=["edge-1"])
    kind: ServerKind = Field(examples=["nginx_rtmp"])
    service: str = Field(default="", pattern=rf"^$|{SERVICE}", description="Whose broadcasts.")
    control_url: Url = Field(default="", description="Its control interface.", examples=["http://127.0.0.1:18090"])  # fmt: skip
    rtmp_url: Url = Field(default="", description="Where we pull.", examples=["rtmp://127.0.0.1:1935"])  # fmt: skip
    hls_url: Url = Field(default="", description="Where viewers fetch playlists.", examples=["http://127.0.0.1:8080/hls"])  # fmt: skip
    hook_networks: list[Block] = Field(default=[], max_length=50, description="Where its hooks come from; empty: this host.")  # fmt: skip
    user: str = Field(default="", max_length=128, description="Of its control interface; empty: made.")  # fmt: skip
    password: str = Field(default="", max_length=256, description="Of its control interface; empty: made.")  # fmt: skip

    def new(self) -> NewServer:
        """The noun."""
        fields = self.model_dump()
        return NewServer(**{**fields, "hook_networks": tuple(self.hook_networks)})


class ServerChange(Body):
    """What is to change; the rest stays."""

    service: str | None = Field(default=None, pattern=rf"^$|{SERVICE}")
    control_url: Url | None = None
    rtmp_url: Url | None = None
    hls_url: Url | None = None
    hook_networks: list[Block] | None = Field(default=None, max_length=50)
    user: str | None = Field(default=None, max_length=128)
    password: str | None = Field(default=None, max_length=256)
    active: bool | None = Field(default=None, description="False: not watched, hooks refused.")
    version: int | None = Field(default=None, ge=1, le=2**31 - 1, description="As you read it.")


class ServerOut(Answer):
    """A media server; never what is shared with it."""

    id: str = Field(examples=[ID])
    name: str = Field(examples=["edge-1"])
    kind: ServerKind
    service: str
    control_url: str
    rtmp_url: str
    hls_url: str
    hook_networks: list[str]
    active: bool
    version: int
    created_at: datetime | None
    hook_at: datetime | None = Field(description="When a hook of it last came, about.")

    @classmethod
    def of(cls, config: ServerConfig) -> ServerOut:
        """From the noun."""
        return cls.model_validate(config, from_attributes=True)


class ServersOut(Answer):
    """All of them."""

    servers: list[ServerOut]


class NewServerOut(Answer):
    """A server just entered, with what goes into its configuration; not shown again."""

    server: ServerOut
    hook_path: str = Field(description="Its hooks go to this path here.", examples=["/v1/hooks/…"])
    user: str
    password: str = Field(description="Of its control interface.")
    signing_secret: str = Field(description="For servers that sign (Standard Webhooks).")
    watch_pass: str = Field(description="Lets our watchers play what is frozen.")

    @classmethod
    def of(cls, known: Known) -> NewServerOut:
        """From the noun and what is shared."""
        shared = known.shared
        return cls(
            server=ServerOut.of(known.config), hook_path=f"/v1/hooks/{shared.hook}",
            user=shared.user, password=shared.password, signing_secret=shared.signing,
            watch_pass=shared.watch,
        )  # fmt: skip


class RecipeIn(Body):
    """Where the media server runs, and how it reaches us."""

    base: str = Field(max_length=256, pattern=r"^https?://[^\s/]+/?$", description="Our address as the media server reaches it.", examples=["http://127.0.0.1:8700"])  # fmt: skip
    directory: str = Field(default="/var/lib/breakwater-media", max_length=256, pattern=r"^/[^\s]*$", description="For playlists and recordings.")  # fmt: skip


class RecipeOut(Answer):
    """Configuration files, with the passes in them, and what else to do."""

    files: dict[str, str]
    steps: list[str]


class FindingOut(Answer):
    """One finding of a check."""

    ok: bool
    words: str = Field(examples=["one worker"])

    @classmethod
    def of(cls, finding: Finding) -> FindingOut:
        """From the noun."""
        return cls(ok=finding.done, words=finding.detail)


class CheckOut(Answer):
    """Whether broadcasts there can be frozen and cut."""

    fit: bool
    findings: list[FindingOut]


@router.get("/v1/media-servers", summary="Media servers", responses=FAULTS)
@needs(P.SERVER_WRITE)
def every(app: Parts) -> ServersOut:
    """Never their secrets."""
    return ServersOut(servers=[ServerOut.of(one) for one in app.live.servers.every()])


@router.post("/v1/media-servers", status_code=201, summary="Enter a media server", responses=FAULTS)
@needs(P.SERVER_WRITE)
def add(body: ServerIn, app: Parts, who: Who) -> NewServerOut:
    """The passes are in this answer and nowhere else; they go into its configuration."""
    return NewServerOut.of(app.live.servers.add(body.new(), who))


@router.get("/v1/media-servers/{name}", summary="One media server", responses=FAULTS)
@needs(P.SERVER_WRITE)
def one(name: Name, app: Parts) -> ServerOut:
    """Never its secrets."""
    return ServerOut.of(app.live.servers.get(name))


@router.patch("/v1/media-servers/{name}", summary="Change a media server", responses=FAULTS)
@needs(P.SERVER_WRITE)
def change(name: Name, body: ServerChange, app: Parts, who: Who) -> ServerOut:
    """Members that are left out stay as they are."""
    fields = body.model_dump(exclude_unset=True)
    return ServerOut.of(app.live.servers.change(name, fields, who))


@router.delete("/v1/media-servers/{name}", summary="Remove a media server", responses=FAULTS)
@needs(P.SERVER_WRITE)
def remove(name: Name, app: Parts, who: Who) -> ServerOut:
    """Its hooks are refused from now on, so nothing is published there."""
    return ServerOut.of(app.live.servers.remove(name, who))


@router.post("/v1/media-servers/{name}/check", summary="Check a media server", responses=FAULTS)
@needs(P.SERVER_WRITE)
def check(name: Name, app: Parts) -> CheckOut:
    """Asks it now; nothing of a broadcast is touched."""
    found = app.live.servers.check(name)
    return CheckOut(
        fit=all(one.done for one in found), findings=[FindingOut.of(one) for one in found]
    )


@router.post("/v1/media-servers/{name}/recipe", summary="A media server's configuration", responses=FAULTS)  # fmt: skip
@needs(P.SERVER_WRITE)
def recipe(name: Name, body: RecipeIn, app: Parts, who: Who) -> RecipeOut:
    """Holds what is shared with it; the audit log says who asked."""
    wanted = Wanted(base=body.base, directory=Place(body.directory))
    made = app.live.servers.recipe(name, wanted, who)
    return RecipeOut(files=dict(made.files), steps=list(made.steps))
