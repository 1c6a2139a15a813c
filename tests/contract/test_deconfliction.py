"""Who else works on the same file, on both databases: told to both, and nothing else to anybody."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
import sqlalchemy as sa

from breakwater.errors import BadInput, NotAllowed, NotFound
from breakwater.linking import deconflicting
from breakwater.linking.deconflicting import Deconflicting
from breakwater.model.access import ApiKey, Permission, Principal
from breakwater.model.case import CaseKind, Priority
from breakwater.model.deconfliction import MOST, Question
from breakwater.model.hub import MemberKind, MemberState
from breakwater.model.ids import new_id
from breakwater.records import api_keys, audit, cases, hub_members
from breakwater.records.tables.nouns_hub import hub_member_keys
from breakwater.records.tables.nouns_link import deconfliction as rows

pytestmark = pytest.mark.usefixtures("keyring")
SCOPES = frozenset({Permission.LINK_DECONFLICT})
FILES = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(900)]


def asks(*files: int, reference: str = "K 1", contact: str = "Unit 4") -> Question:
    return Question(reference, contact, tuple(FILES[n] for n in files))


@pytest.fixture
def desk(database):
    return Deconflicting(db=database, organisation="Reed Hotline")


@pytest.fixture
def ada():
    who = new_id()
    return Principal(who, "Ada", frozenset({Permission.LINK_WRITE}), person=who)


@pytest.fixture
def cove(database):
    return member(database, "Cove Police")


@pytest.fixture
def dune(database):
    return member(database, "Dune Police")


def member(database, name: str) -> Principal:
    with database.transaction() as tx:
        said = ApiKey(new_id(), name, SCOPES, created_at=tx.now)
        key = api_keys.create(tx, said, secret_mac=b"m" * 32).id
        made = hub_members.create(tx, name=name, kind=MemberKind.POLICE, country="GB", contact="x")
        hub_members.give_key(tx, made.id, key)
    return Principal(key, name, SCOPES)


def test_both_learn_of_each_other_and_of_what_they_share_alone(desk, cove, dune):
    assert desk.ask(cove, asks(*range(500))).overlaps == ()
    answer = desk.ask(dune, asks(*range(498, 900), reference="D/7", contact="Duty desk"))
    assert answer.entered == 402
    (one,) = answer.overlaps
    assert (one.other, one.other_reference, one.contact) == ("Cove Police", "K 1", "Unit 4")
    assert one.sha256s == tuple(sorted(FILES[498:500]))
    _, (theirs,) = desk.overlaps(cove)
    assert (theirs.other, theirs.other_reference, theirs.contact) == (
        "Dune Police",
        "D/7",
        "Duty desk",
    )
    assert (theirs.files, theirs.sha256s) == (2, ())


def test_asked_again_it_stands_once_and_ended_nobody_is_told(desk, cove, dune, database):
    assert desk.ask(cove, asks(1, 2)).entered == 2
    assert desk.ask(cove, asks(2, 1, 1)).entered == 0
    assert desk.ask(cove, asks(3, contact="Unit 5")).entered == 1
    (stands,), _ = desk.overlaps(cove)
    assert (stands.files, stands.contact) == (3, "Unit 5")
    assert desk.end(cove, "K 1") == 3
    assert desk.ask(dune, asks(1, 2, 3)).overlaps == ()
    assert desk.overlaps(cove) == ([], [])
    assert desk.ask(cove, asks(1)).entered == 1
    assert [one.files for one in desk.overlaps(dune)[1]] == [1]
    with database.read() as tx:
        kept = tx.execute(sa.select(rows.c.key)).scalars()
        assert not {bytes(one).hex() for one in kept} & set(FILES)


def test_a_lead_says_here_whom_to_call_once(desk, ada, cove, database):
    here = desk.ask_here(ada, asks(1, 2, reference="Our 3", contact="Desk"))
    assert (here.entered, here.overlaps) == (2, ())
    (one,) = desk.ask(cove, asks(2, 9)).overlaps
    assert (one.other, one.other_reference, one.contact) == ("Reed Hotline", "Our 3", "Desk")
    desk.ask(cove, asks(1, 2))
    with database.read() as tx:
        (lead,) = cases.page(tx, limit=9)
        assert {"deconfliction.ask"} <= set(audit.actions(tx))
    assert (lead.kind, lead.priority) == (CaseKind.LEAD, Priority.HIGH)
    assert lead.why == "Cove Police works on 1 file of Our 3 too, as K 1."


def test_who_may_not_is_told_nothing(desk, ada, cove, database):
    desk.ask(cove, asks(1))
    strange = replace(cove, id=new_id())
    for who in (strange, replace(ada, permissions=frozenset()), replace(ada, person=None)):
        with pytest.raises(NotAllowed):
            desk.ask(who, asks(1))
        with pytest.raises(NotAllowed):
            desk.overlaps(who)
        with pytest.raises(NotAllowed):
            desk.ask_here(who, asks(1))
    with database.transaction() as tx:
        own = tx.execute(sa.select(hub_member_keys.c.member_id)).scalar_one()
        hub_members.set_state(tx, own, MemberState.SUSPENDED)
    with pytest.raises(NotAllowed, match="suspended"):
        desk.ask(cove, asks(1))
    assert desk.ask_here(ada, asks(1)).overlaps == (), "of a suspended member nobody is told"
    assert desk.overlaps(ada)[1] == []


def test_no_more_than_so_many_files_stand_at_once(desk, cove, monkeypatch):
    monkeypatch.setattr(deconflicting, "MOST_STANDING", 3)
    desk.ask(cove, asks(1, 2))
    with pytest.raises(BadInput, match="Take back"):
        desk.ask(cove, asks(3, 4, reference="K 2"))
    assert [one.files for one in desk.overlaps(cove)[0]] == [2]
    desk.end(cove, "K 1")
    assert desk.ask(cove, asks(3, 4, 5, reference="K 2")).entered == 3


def test_what_is_no_question_is_said(desk, ada, cove):
    with pytest.raises(BadInput, match="Hash 2 is no SHA-256"):
        desk.ask(cove, Question("K 1", "Unit 4", (FILES[0], "x" * 64)))
    with pytest.raises(BadInput, match="reference"):
        desk.ask(cove, asks(1, reference=" "))
    with pytest.raises(BadInput, match="whom to call"):
        desk.ask(cove, asks(1, contact=""))
    with pytest.raises(BadInput, match="no SHA-256 to ask"):
        desk.ask_here(ada, asks())
    many = tuple(hashlib.sha256(b"%d" % n).hexdigest() for n in range(MOST + 1))
    with pytest.raises(BadInput, match="ask for a case"):
        desk.ask(cove, Question("K 1", "Unit 4", many))
    with pytest.raises(NotFound):
        desk.ask_here(ada, asks(), series=404)
    with pytest.raises(NotFound):
        desk.ask_here(ada, asks(), exhibit_set=404)
