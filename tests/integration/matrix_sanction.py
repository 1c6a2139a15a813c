"""Sanctioned accounts and registrations that were found, for `test_matrix_owners.py`.

Like `matrix_world`: each maker answers the id of a new thing, as the path spells it.
"""

from __future__ import annotations

from datetime import timedelta

from breakwater.enforcement.registrations.releasing import KIND
from breakwater.model.case import CaseKind, Priority
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.ids import Id, new_id
from breakwater.model.sanction import Answer, Clue, Judgement
from breakwater.records import approvals, cases, decisions, sanctions
from tests.integration.matrix_world import Somebody, World


def sanctioned(world: World, _of: Somebody) -> str:
    """An account whose holder is a suspect."""
    with world.app.db.transaction() as tx:
        case = cases.open(
            tx, kind=CaseKind.UPLOAD, subject=new_id(), why="Seen.", priority=Priority.LOW,
            service="clips", account=f"acct-{world.next()}",
        )  # fmt: skip
        said = decisions.add(
            tx, case=case.id, kind=DecisionKind.ILLEGAL, by=new_id(), reason="Seen.",
            facts=DecisionFacts(role=AccountRole.SUSPECT),
        )  # fmt: skip
        made = sanctions.open(tx, case, said, until=tx.now + timedelta(days=9))
    assert made is not None
    return made.id


def wanted_release(world: World, of: Somebody) -> str:
    """A sanction that this person wants to let go of, which waits for a second one."""
    made = sanctioned(world, of)
    assert of.who.person is not None
    with world.app.db.transaction() as tx:
        approvals.propose(tx, kind=KIND, subject=made, by=of.who.person, reason="because")
    return made


def registration(world: World, of: Somebody) -> str:
    """A registration in which a sanctioned account was found."""
    made = Id(sanctioned(world, of))
    said = Judgement(Answer.WATCH, 0.6, (Clue.DEVICE,))
    with world.app.db.transaction() as tx:
        return sanctions.hit(tx, made, said, service="clips", by="key", keys=["00" * 32])
