"""Members, rules and batches of the hub, for `test_matrix_owners.py`.

Like `matrix_world`: each maker answers the id of a new thing, as the path spells it.
"""

from __future__ import annotations

from typing import Any, Final

import pyrage

from breakwater.hub.publishing import KIND
from breakwater.hub.rules import RuleWish
from breakwater.model.hub import Effect, GivenBy, MemberKind
from breakwater.model.hub_given import QueueWhy
from breakwater.records import approvals, banks, entries, hub_given, hub_members, hub_queue, imports
from tests.integration.matrix_world import Make, Somebody, World


def member(world: World, _of: Somebody) -> str:
    """An organisation that takes part."""
    with world.app.db.transaction() as tx:
        name = f"Member {world.next()}"
        return hub_members.create(tx, name=name, kind=MemberKind.SERVICE).id


def key(world: World, of: Somebody) -> str:
    """A key that speaks for a member."""
    made, _ = world.app.hub.members.give_key(of.who, member(world, of), name="feed")
    return str(made.id)


def shared(world: World, of: Somebody) -> str:
    """A bank that is shared."""
    with world.app.db.transaction() as tx:
        name = banks.create(tx, name=f"SHARED_{world.next()}").name
    return str(world.app.hub.lists.share(of.who, name).name)


def denial(world: World, of: Somebody) -> str:
    """A rule that stands."""
    return str(world.app.hub.rules.add(of.who, RuleWish(Effect.DENY), reason="because").rule.id)


def wanted_rule(world: World, of: Somebody) -> str:
    """A rule that this person wants, which waits for a second one."""
    return str(world.app.hub.rules.add(of.who, RuleWish(Effect.ALLOW), reason="because").waits.subject)  # fmt: skip


def batch(world: World, of: Somebody) -> str:
    """A batch that waits for publication."""
    with world.app.db.transaction() as tx:
        bank = banks.create(tx, name=f"GIVEN_{world.next()}")
        whose = hub_members.get(tx, member_in(tx, world))
        run = imports.start(tx, bank, source=whose.name, digest=f"hub:{world.next()}")
        hub_given.begin(tx, run, bank, whose, GivenBy.API)
        imports.finish(tx, run.number)
    del of
    return str(run.number)


def member_in(tx, world):
    return hub_members.create(tx, name=f"Giver {world.next()}", kind=MemberKind.HOTLINE).id


def wanted_batch(world: World, of: Somebody) -> str:
    """A batch that this person wants to let out, which waits for a second one."""
    number = batch(world, of)
    with world.app.db.transaction() as tx:
        approvals.propose(tx, kind=KIND, subject=number, by=of.who.person, reason="because")
    return number


def question(world: World, of: Somebody) -> str:
    """An entry on which members disagree."""
    name = shared(world, of)
    with world.app.db.transaction() as tx:
        (one,) = entries.add(tx, banks.get(tx, name), [("md5", world.next().to_bytes(16), 100)])
        return hub_queue.ask(tx, one.number, QueueWhy.CONFLICT).id


WHY: Final = {"json": {"reason": "because"}}
FORM: Final = {"data": {"reason": "because"}}
PACK: Final = {"json": {"keys": [str(pyrage.x25519.Identity.generate().to_public())]}}
REPLY: Final = {"params": {"key": "A" * 43 + "="}, "content": b"no pack"}
ROUTES: Final[list[tuple[Make, dict[str, Any], list[str]]]] = [
    (member, {}, ["GET /v1/hub/members/{id}", "GET /hub/members/{member}"]),
    (member, {"body": {"json": {"trusted": True}}}, ["PATCH /v1/hub/members/{id}"]),
    (member, {"body": {"json": {"name": "feed"}}}, ["POST /v1/hub/members/{id}/keys"]),
    (member, {"body": FORM}, ["POST /hub/members/{member}", "POST /hub/members/{member}/keys"]),
    (member, {"body": PACK}, ["POST /v1/hub/members/{id}/packs"]),
    (member, {"body": REPLY}, ["POST /v1/hub/members/{id}/packs/taken"]),
    (key, {}, ["DELETE /v1/hub/keys/{id}"]),
    (key, {}, ["POST /hub/keys/{key}/revoke"]),
    (shared, {"body": {"json": {"tlp": "amber"}}}, ["PUT /v1/hub/lists/{name}"]),
    (shared, {}, ["DELETE /v1/hub/lists/{name}", "POST /hub/lists/{name}/end"]),
    (denial, {"body": WHY}, ["POST /v1/hub/rules/{id}/end"]),
    (denial, {"body": FORM}, ["POST /hub/rules/{rule}"]),
    (wanted_rule, {"own": "held"}, ["POST /v1/hub/rules/{id}/confirm"]),
    (wanted_rule, {}, ["POST /v1/hub/rules/{id}/refuse"]),
    (batch, {"body": WHY}, ["POST /v1/hub/publications/{number}"]),
    (question, {"body": {"data": {"outcome": "keep", "note": "x"}}}, ["POST /hub/queue/{question}"]),
    (batch, {"body": FORM}, ["POST /hub/publications/{number}"]),
    (wanted_batch, {"own": "held"}, ["POST /v1/hub/publications/{number}/confirm"]),
    (wanted_batch, {}, ["POST /v1/hub/publications/{number}/refuse"]),
]  # fmt: skip
"""Routes of the hub: whoever runs it; what lets out takes two."""
