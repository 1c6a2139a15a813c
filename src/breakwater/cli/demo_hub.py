"""The demo's act of sharing: what is graded here holds uploads at a member's, seconds later.

In: the running server, links of those who run the hub and of two graders, and an upload of an
ordinary picture that stands for what is looked for. Out: a part of the ledger. The member is a
second installation with its own database, in a process of its own; it follows the hub as any
member does, and knows of it no more than an address and a key.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from breakwater.cli.demo_house import CONFIG, add, prepare_home, server
from breakwater.cli.demo_media import Sample
from breakwater.cli.demo_steps import Row, Steps, signed_in
from breakwater.cli.owner import Owner
from breakwater.cli.terminal import Terminal
from breakwater.errors import BreakwaterError

if TYPE_CHECKING:
    from breakwater.app import App
    from breakwater.settings import Settings

LIST: Final = "DEMO_SHARED"
BANK: Final = "FROM_THE_HUB"
LINK_LIFE: Final = timedelta(hours=1)
A_DAY: Final = 86_400
FACTS: Final = {
    "activity": "non_penetrative",
    "children": [{"age": "0-2", "sex": "unclear", "maturity": "prepubescent"}],
}
"""What both graders say of an ordinary picture that stands for what is looked for."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One-time links of those who run the hub, and of its graders."""

    lead: str
    second: str
    graders: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Member:
    """A second installation: its settings, and who may do what there."""

    settings: Settings
    config: Path
    home: Path
    link: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture that came in here: the upload's id, and its file."""

    upload: str
    picture: Sample


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays: people of the hub, and the member's administrator."""

    lead: httpx.Client
    second: httpx.Client
    graders: tuple[httpx.Client, ...]
    admin: httpx.Client


def grant(running: App) -> Desk:
    """Links of four people of the hub."""
    from breakwater.cli.desk import OPERATOR

    def link(name: str, *roles: str) -> str:
        person = running.access.people.create(name, roles, OPERATOR)
        return running.access.people.link(person.id, "demo", life=LINK_LIFE)

    return Desk(
        link("Demo hub lead", "admin", "qa_lead"), link("Demo hub second", "admin"),
        (link("Demo grader one", "grader"), link("Demo grader two", "grader")),
    )  # fmt: skip


def found_member(home: Path, terminal: Terminal) -> Member:
    """Make the member's installation: an empty bank that holds, a service's key, an administrator."""
    from breakwater import app as parts
    from breakwater import settings
    from breakwater.banks.manage import NewBank
    from breakwater.cli.desk import OPERATOR
    from breakwater.cli.serve import prepare
    from breakwater.model.bank import BankAction

    place = home / "member"
    file = prepare_home(place, terminal)
    add(file, {"exchange_private_networks": ["127.0.0.0/8"]})
    with _configured(file):
        known = settings.load()
    prepare(known, Terminal(as_json=True))
    running = parts.build(known)
    try:
        running.banks.create(
            NewBank(BANK, purpose="What the hub shares", source="demo hub", action=BankAction.HOLD),
            OPERATOR,
        )
        _, key = running.access.keys.create(
            OPERATOR,
            name="member's service",
            service="demo",
            scopes=("media:screen", "verdict:read"),
        )
        person = running.access.people.create("Member's administrator", ("admin",), OPERATOR)
        link = running.access.people.link(person.id, "demo", life=LINK_LIFE)
        return Member(known, file, place, link, key)
    finally:
        running.close()


@contextmanager
def _configured(file: Path) -> Iterator[None]:
    """This file as the only source of settings, for a while."""
    before = os.environ.get(CONFIG)
    os.environ[CONFIG] = str(file)
    try:
        yield
    finally:
        if before is None:
            del os.environ[CONFIG]
        else:
            os.environ[CONFIG] = before


def act(owner: Owner, desk: Desk, member: Member, seen: Seen, terminal: Terminal) -> Row:
    """Play it.

    Args:
        owner: the hub's server.
        desk: people of the hub.
        member: an installation that is to follow.
        seen: what is graded, and sent to the member too.
        terminal: told of each step.
    """
    terminal.say("\nThe hub: a second installation, in a process of its own, joins as a member:")
    steps = Steps(terminal)
    try:
        with ExitStack() as stack:
            with _configured(member.config):
                there = stack.enter_context(server(member.settings, member.home))
            lead, second, *graders = (
                stack.enter_context(signed_in(owner, link))
                for link in (desk.lead, desk.second, *desk.graders)
            )
            admin = stack.enter_context(signed_in(there, member.link))
            service = stack.enter_context(_service(there, member.key))
            cast = Cast(lead, second, tuple(graders), admin)
            _play(steps, cast, owner.url, seen.upload, _sender(service, seen.picture))
    except (BreakwaterError, httpx.HTTPError) as error:
        steps.failed(error)
    return {"upload": seen.upload, "steps": steps.rows, "as_expected": steps.all_seen}


def _service(there: Owner, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=there.url, headers=headers, trust_env=False, timeout=60)


def _sender(service: httpx.Client, picture: Sample) -> Callable[[str], Row]:
    """Sends the picture to the member; with an id, asks what became of that upload."""

    def ask(verdict: str = "") -> Row:
        if verdict:
            said = service.get(f"/v1/verdicts/{verdict}")
        else:
            said = service.post(
                "/v1/media", headers={"Idempotency-Key": secrets.token_hex(16)},
                data={"service": "demo", "surface": "public", "account": "somebody"},
                files={"file": ("upload", picture.content, picture.type)},
            )  # fmt: skip
        row: Row = said.raise_for_status().json()
        return row

    return ask


def _play(steps: Steps, cast: Cast, hub: str, upload: str, ask: Callable[[str], Row]) -> None:
    """The story."""
    begun = time.monotonic()
    feed = {"name": "hub", "kind": "breakwater", "bank": BANK, "url": hub, "every_s": A_DAY}
    _ok(cast.admin.post("/v1/exchanges", json={**feed, "token": _released(cast)}))
    steps.step(
        "two people of the hub agree on what the member may see; it enters the hub as a feed",
        lambda: _feed(cast)["pulled_at"], begun,
    )  # fmt: skip
    sent = time.monotonic()
    steps.step(
        "a picture passes at the member's: nobody knows it",
        lambda: _if(ask(""), "allow"), sent,
    )  # fmt: skip
    _graded(cast, upload)
    told = time.monotonic()
    steps.step(
        "two graders here agree on it, and its hashes reach the member",
        lambda: _feed(cast)["entries"] > 0, told,
    )  # fmt: skip
    held: Row = steps.step(
        "the same picture is held at the member's", lambda: _if(ask(""), "hold"), told
    )
    gone = time.monotonic()
    for one in _ok(cast.lead.get(f"/v1/banks/{LIST}/entries"))["entries"]:
        _ok(cast.lead.post(f"/v1/hub/entries/{one['number']}/withdraw", json={"reason": "Demo."}))
    steps.step(
        "the hub withdraws it, and the member lets go of what it held",
        lambda: held and _if(ask(held["id"]), "allow"), gone,
    )  # fmt: skip


def _if(verdict: Row, action: str) -> Row | None:
    """A verdict that is as wanted."""
    return verdict if verdict["action"] == action else None


def _released(cast: Cast) -> str:
    """A shared list, a member with a key, and a rule that two people made; answers the key."""
    lead, second = cast.lead, cast.second
    _ok(lead.post("/v1/banks", json={"name": LIST, "purpose": "What graders here found"}))
    _ok(lead.put(f"/v1/hub/lists/{LIST}", json={"tlp": "amber"}))
    made = _ok(lead.post("/v1/hub/members", json={"name": "Reed Bay", "country": "DE"}))
    rule = {"effect": "allow", "list": LIST, "recipient": made["id"], "reason": "Demo."}
    waits = _ok(lead.post("/v1/hub/rules", json=rule))
    _ok(second.post(f"/v1/hub/rules/{waits['waits']['subject']}/confirm", json={}))
    key = _ok(lead.post(f"/v1/hub/members/{made['id']}/keys", json={"name": "feed"}))
    return str(key["token"])


def _graded(cast: Cast, upload: str) -> None:
    """Two graders say the same of an upload."""
    wanted = {"name": "Demo", "uploads": [upload], "graders": 2}
    made = _ok(cast.lead.post("/v1/grade-sets", json=wanted))
    for one in cast.graders:
        task = _ok(one.post(f"/v1/grading/sets/{made['number']}/next"))["task"]
        facts = {"facts": FACTS, "ms": 4000}
        _ok(one.post(f"/v1/grading/items/{task['number']}/facts", json=facts))


def _feed(cast: Cast) -> Row:
    found: Row = _ok(cast.admin.get("/v1/exchanges/hub"))["feed"]
    return found


def _ok(answer: httpx.Response) -> dict[str, Any]:
    """What it says.

    Raises:
        httpx.HTTPStatusError: it refused; the words say why.
    """
    if answer.is_error:
        words = f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}"
        raise httpx.HTTPStatusError(words, request=answer.request, response=answer)
    found: dict[str, Any] = answer.json()
    return found
