"""Protects what is one's own: each route with an id × {own, another's}, every cell asserted.

A row says what the route answers for a thing of the caller's and for the same thing of somebody
else with the same roles. Things without an owner are open to whoever has the permission, and
both cells say so. No route with an id is without a row: a new one fails
`test_every_route_with_an_id_has_a_row`. Missing and swapped ids: `test_matrix_ids.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httpx
import pytest

from breakwater.banks.manage import NewBank, NewEntry
from breakwater.model.access import MACHINE_SCOPES, Principal, Role
from breakwater.model.decision import DecisionKind
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.model.signal import Signal
from breakwater.records import linked_accounts, people, views
from breakwater.review.rota import Planned
from tests.integration.served import OPERATOR, Served, serving
from tests.integration.test_intake import submit

IN: Final = "in"
"""Found, and the caller's to use: what the handler then said of the rest does not matter here."""
HELD: Final = "held"
"""There, and somebody else works on it."""
NONE: Final = "not found"
REFUSED: Final = "refused"
"""There, and not for this person whatever their role."""


@dataclass
class Somebody:
    """A person or a machine, and how they send requests."""

    client: httpx.Client
    who: Principal
    session: Id | None = None


@dataclass
class World:
    """A served installation and things in it."""

    served: Served
    count: int = 0
    known: dict[tuple[str, str], Somebody] = field(default_factory=dict)

    @property
    def app(self) -> Any:
        return self.served.app

    def person(self, name: str, *roles: Role) -> Somebody:
        """Always the same person for a name and their roles."""
        key = name, " ".join(sorted(roles))
        if key not in self.known:
            made = self.served.person(*roles)
            self.known[key] = self.signed_in(made.id)
        return self.known[key]

    def signed_in(self, person: Id) -> Somebody:
        link = self.app.access.people.link(person, "test")
        _, token = self.app.access.people.consume_link(link)
        who = self.app.access.sessions.resume(token)
        headers = {"X-CSRF-Token": self.served.api.state.gate.csrf(who)}
        cookies = {self.served.api.state.gate.cookie: token}
        return Somebody(self.served.client(headers=headers, cookies=cookies), who, who.session)

    def machine(self, service: str) -> Somebody:
        key, token = self.app.access.keys.create(
            OPERATOR, name=service, service=service, scopes=sorted(MACHINE_SCOPES)
        )
        who = Principal(key.id, service, MACHINE_SCOPES, service=service)
        return Somebody(self.served.client(token), who)

    def next(self) -> int:
        self.count += 1
        return self.count


Make = Callable[[World, Somebody], str]


def session(world: World, of: Somebody) -> str:
    made = world.signed_in(of.who.id).session
    return str(made)


def passkey(world: World, of: Somebody) -> str:
    with world.app.db.transaction() as tx:
        made = people.add_passkey(
            tx, of.who.id, credential=os.urandom(16), public_key=b"k", sign_count=0, name="key"
        )
    return made.id


def account(world: World, of: Somebody) -> str:
    with world.app.db.transaction() as tx:
        return linked_accounts.link(
            tx, of.who.id, issuer="https://login.example", subject=f"s-{world.next()}"
        ).id


def upload(world: World, of: Somebody) -> str:
    return upload_of(world, of).id


def upload_of(world: World, of: Somebody) -> Any:
    """Something that cannot be read: it is held, and has a case."""
    service = of.who if of.who.service else world.machine("photos").who
    return submit(world.app, b"\x89PNG\r\n\x1a\n" + os.urandom(64), service)


def case(world: World, of: Somebody) -> str:
    """A case that this person works on."""
    made = Id(str(upload_of(world, of).case))
    world.app.review.queue.take(of.who, made)
    return made


def decision(world: World, of: Somebody) -> str:
    made = case(world, of)
    said = world.app.review.decisions.decide(
        of.who, made, DecisionKind.NOT_ILLEGAL, reason="a garden"
    )
    return str(said.id)


def part(world: World, of: Somebody) -> str:
    """A resumable upload that was announced."""
    about = {"service": of.who.service, "surface": "public", "size": 100}
    begun = of.client.post("/v1/uploads", json=about)
    assert begun.status_code == 201, begun.text
    return begun.headers["Location"].rpartition("/")[2]


def view(world: World, of: Somebody) -> str:
    with world.app.db.transaction() as tx:
        made = views.start(tx, person=of.who.id, item=new_id(), level=Level.S3, reason="review")
    return made.id


def bank(world: World, _of: Somebody) -> str:
    name = f"BANK_{world.next()}"
    world.app.banks.create(NewBank(name), OPERATOR)
    return name


def entry(world: World, of: Somebody) -> str:
    name = bank(world, of)
    signal = Signal.parse(f"pdq:{os.urandom(32).hex()}")
    (made,) = world.app.banks.add(name, [NewEntry(signal)], OPERATOR)
    return str(made.number)


def resting(world: World, of: Somebody) -> str:
    """An entry in quarantine."""
    number = entry(world, of)
    world.app.banks.quarantine(int(number), OPERATOR, "because")
    return number


def key(world: World, of: Somebody) -> str:
    made, _ = world.app.access.keys.create(of.who, name="key", scopes=["bank:read"])
    return made.id


def webhook(world: World, of: Somebody) -> str:
    made, _ = world.app.webhooks.create(
        "https://service.example/h", "", ("verdict.completed",), of.who
    )
    return made.id


def human(world: World, _of: Somebody) -> str:
    return world.served.person(Role.GRADER).id


def oneself(_world: World, of: Somebody) -> str:
    return of.who.id


def shift(world: World, of: Somebody) -> str:
    now = world.app.clock.now()
    begin = now + timedelta(days=world.next())
    somebody = world.person("mod", Role.LIVE_MODERATOR).who.id
    (made,) = world.app.review.duty.plan(
        world.person("boss", Role.ADMIN).who, [Planned(somebody, begin, begin + timedelta(hours=1))]
    )
    return made.id


def call(world: World, of: Somebody) -> str:
    return world.app.review.duty.test(of.who).id


def device(world: World, of: Somebody) -> str:
    made, _ = world.app.review.devices.enrol_here(of.who, f"Desk {world.next()}")
    return made.id


@dataclass(frozen=True)
class Row:
    """What one route answers.

    Attributes:
        caller: roles of the caller and of the other; `service` for a key.
        make: makes the thing for whom it is.
        own, another: for the caller's thing, and for the other's.
        body: sent with it.
    """

    method: str
    path: str
    make: Make
    own: str = IN
    another: str = IN
    roles: tuple[Role, ...] = ()
    body: dict[str, Any] | None = None


ADMIN = (Role.ADMIN,)
REVIEWER = (Role.REVIEWER,)
WHY = {"json": {"reason": "because"}}
FORM = {"data": {"reason": "because"}}
PART = {
    "content": b"x" * 100,
    "headers": {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
}


def same(make: Make, roles: tuple[Role, ...], *wanted: str, **how: Any) -> list[Row]:
    """Rows that differ only in their route."""
    return [Row(*route.split(" ", 1), make, roles=roles, **how) for route in wanted]


ROWS: Final = [
    # One's own: nobody else's is even there.
    *same(session, REVIEWER, "DELETE /v1/me/sessions/{id}", "POST /me/sessions/{id}/end", another=NONE),
    *same(passkey, REVIEWER, "DELETE /v1/me/passkeys/{id}", "POST /me/passkeys/{id}/remove", another=NONE),
    *same(account, REVIEWER, "DELETE /v1/me/accounts/{id}", "POST /me/accounts/{id}/remove", another=NONE),
    *same(view, REVIEWER, "POST /views/{view}/end", another=NONE, body={"json": {"ms": 5}}),
    *same(upload, (), "GET /v1/verdicts/{id}", "GET /v1/verdicts/{id}/notice", another=NONE),
    *same(part, (), "GET /v1/uploads/{id}", another=NONE),
    *same(part, (), "PATCH /v1/uploads/{id}", another=NONE, body=PART),
    *same(resting, ADMIN, "POST /v1/entries/{number}/release", body=WHY),
    # Cases: everybody reads; who works on it, works alone.
    *same(case, REVIEWER, "GET /v1/cases/{id}/decisions", "GET /cases/{case}", "GET /cases/{case}/preview", "GET /cases/{case}/lease", "GET /cases/{case}/reports"),
    *same(case, REVIEWER, "POST /v1/cases/{id}/comments", body={"json": {"words": "a word"}}),
    *same(case, REVIEWER, "POST /cases/{case}/comments", body={"data": {"words": "a word"}}),
    *same(case, REVIEWER, "POST /v1/cases/{id}/decisions/preview", body={"json": {"kind": "not_illegal"}}),
    *same(case, REVIEWER, "POST /v1/cases/{id}/decisions", another=HELD, body={"json": {"kind": "not_illegal", "reason": "because"}}),
    *same(case, REVIEWER, "POST /cases/{case}/decide", another=HELD, body={"data": {"kind": "not_illegal", "reason": "because"}}),
    *same(case, REVIEWER, "POST /v1/cases/{id}/take", another=HELD, body={"json": {"version": None}}),
    *same(case, REVIEWER, "POST /v1/cases/{id}/keep", "POST /v1/cases/{id}/skip", "POST /v1/cases/{id}/release", another=HELD, body=WHY),
    *same(case, REVIEWER, "POST /v1/cases/{id}/escalate", body=WHY),
    *same(case, REVIEWER, "POST /cases/{case}/take", "POST /cases/{case}/skip", "POST /cases/{case}/release", "POST /cases/{case}/keep", another=HELD, body=FORM),
    *same(case, REVIEWER, "POST /cases/{case}/escalate", body=FORM),
    *same(decision, REVIEWER, "POST /v1/decisions/{id}/undo", body=WHY),
    # The installation's: whoever has the permission.
    *same(bank, ADMIN, "GET /v1/banks/{name}", "PATCH /v1/banks/{name}", "DELETE /v1/banks/{name}", "GET /v1/banks/{name}/entries", "POST /v1/banks/{name}/entries", "GET /v1/banks/{name}/imports", "POST /v1/banks/{name}/imports", "GET /banks/{name}", "GET /c/bank/{name}", "PUT /c/bank/{name}", "DELETE /c/bank/{name}", "POST /c/bank/{name}/signal", "POST /c/bank/{name}/content"),
    *same(entry, ADMIN, "GET /v1/entries/{number}", "DELETE /v1/entries/{number}", "POST /v1/entries/{number}/quarantine", "POST /v1/entries/{number}/opinions"),
    *same(key, ADMIN, "DELETE /v1/keys/{id}", "POST /settings/keys/{id}/revoke"),
    *same(webhook, ADMIN, "DELETE /v1/webhooks/{id}", "POST /settings/webhooks/{id}/remove"),
    *same(shift, ADMIN, "DELETE /v1/duty/shifts/{id}", "POST /duty/shifts/{shift}/end"),
    *same(device, ADMIN, "DELETE /v1/devices/{id}", "POST /workstations/{device}/remove"),
    # People: an administrator's own account is a colleague's business.
    *same(human, ADMIN, "POST /v1/people/{id}/link", "GET /v1/people/{id}/sessions", "DELETE /v1/people/{id}/sessions", "POST /v1/people/{id}/unlock", "GET /people/{id}", "POST /people/{id}/link", "POST /people/{id}/unlock", "POST /people/{id}/sessions/end"),
    *same(oneself, ADMIN, "PUT /v1/people/{id}/roles", own=REFUSED, body={"json": {"roles": ["admin"]}}),
    *same(oneself, ADMIN, "DELETE /v1/people/{id}", "POST /v1/people/{id}/activate", "POST /people/{id}/roles", "POST /people/{id}/deactivate", "POST /people/{id}/activate", own=REFUSED, body={"data": {"was": "admin", "roles": "admin"}}),
]  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("owners"), max_wait_ms=1000) as running:
        yield World(running)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
def test_own_and_another_s(world: World, row: Row) -> None:
    for whose, expected in (("own", row.own), ("another", row.another)):
        me = caller(world, "me", row)
        holder = me if whose == "own" else caller(world, "other", row)
        answer = ask(me, row, row.make(world, holder))
        assert outcome(answer) == expected, (whose, answer.status_code, answer.text[:400])


def caller(world: World, name: str, row: Row) -> Somebody:
    if not row.roles:
        return world.machine("photos" if name == "me" else "video")
    if row.own == REFUSED:  # the other is gone afterwards, so each time a new one
        return world.signed_in(world.served.person(*row.roles).id)
    return world.person(name, *row.roles)


def ask(me: Somebody, row: Row, made: str) -> httpx.Response:
    path = row.path
    while "{" in path:
        path = path[: path.index("{")] + made + path[path.index("}") + 1 :]
    body = {} if row.method in {"GET", "DELETE"} else (row.body or {"json": {}})
    if "data" in (row.body or {}):
        body = body | {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    return me.client.request(row.method, path, **body)


def outcome(answer: httpx.Response) -> str:
    assert answer.status_code < 500, answer.text
    return {403: REFUSED, 404: NONE, 409: HELD, 401: "nobody"}.get(answer.status_code, IN)


def test_a_session_of_one_person_is_not_ended_in_the_name_of_another(world: World) -> None:
    """Two ids in one path: both must belong together."""
    admin, theirs = world.person("me", *ADMIN), world.person("other", Role.GRADER)
    mine = session(world, world.person("third", Role.GRADER))
    for method, path in (
        ("DELETE", f"/v1/people/{theirs.who.id}/sessions/{mine}"),
        ("POST", f"/people/{theirs.who.id}/sessions/{mine}/end"),
    ):
        assert admin.client.request(method, path).status_code == 404
    own = session(world, theirs)
    assert admin.client.delete(f"/v1/people/{theirs.who.id}/sessions/{own}").status_code == 200


def test_an_entry_of_another_bank_is_not_found_under_this_one(world: World) -> None:
    admin = world.person("me", *ADMIN)
    name, number = bank(world, admin), entry(world, admin)
    path = f"/c/bank/{name}/content/{number}"
    assert admin.client.get(path).status_code == 404
    assert admin.client.put(path, json={"disable_until_ts": 0}).status_code == 404
    assert admin.client.delete(path).json() == {"deleted": 0}
    assert admin.client.get(f"/v1/entries/{number}").json()["status"] == "active"


def test_every_route_with_an_id_has_a_row(world: World) -> None:
    known = {(row.method, row.path) for row in ROWS}
    known |= {("DELETE", "/v1/people/{id}/sessions/{session}")}
    known |= {("POST", "/people/{id}/sessions/{session}/end")}
    known |= {(method, "/c/bank/{name}/content/{id}") for method in ("GET", "PUT", "DELETE")}
    there = {
        (method, route.path)
        for route in routes(world.served.api)
        if route.param_convertors and route.path not in ANY_NAME
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert known - there == set()
    assert sorted(there - known) == []
