"""A filed report whose decision fell waits until its recipient was told, on both databases."""

from __future__ import annotations

import pytest
from tests import builders
from tests.contract.test_following import BARE, case_of, drafted, filed

from breakwater.errors import BadInput, Conflict
from breakwater.model.access import Principal, Role
from breakwater.model.decision import DecisionFacts, DecisionKind
from breakwater.model.filing import FilingState
from breakwater.model.ids import new_id
from breakwater.records import audit, cases, decisions, filings
from breakwater.reporting import fallen

pytestmark = pytest.mark.usefixtures("keyring")
D, S = DecisionKind, FilingState


@pytest.fixture
def rita(database):
    with database.transaction() as tx:
        person = builders.person(tx, "Rita", Role.REPORT_OFFICER).id
    return Principal(new_id(), "Rita", Role.REPORT_OFFICER.permissions, person=person)


def said(tx, case, who, kind=D.ILLEGAL, undoes=None):
    facts = DecisionFacts()
    return decisions.add(
        tx, case=case, kind=kind, by=who.person, reason="seen", undoes=undoes, facts=facts
    )


def waits(db):
    with db.read() as tx:
        return [one.id for one in fallen.waiting(tx)]


@pytest.mark.parametrize("kind", [D.ILLEGAL, D.DANGER_NOW])
def test_it_waits_once_the_decision_is_taken_back_until_the_recipient_was_told(
    database, rita, kind
):
    with database.transaction() as tx:
        case = case_of(tx)
        decided = said(tx, case, rita, kind)
        one = filed(tx, case, "ncmec", BARE, "7001")
    assert not waits(database)
    with pytest.raises(Conflict):
        fallen.tell(database, rita, one.id, "By telephone.")
    with database.transaction() as tx:
        said(tx, case, rita, kind, undoes=decided.id)
    assert waits(database) == [one.id]
    with pytest.raises(BadInput):
        fallen.tell(database, rita, one.id, "  ")
    fallen.tell(database, rita, one.id, "By telephone: noted under 7001.")
    assert not waits(database)
    with database.read() as tx:
        assert fallen.fell(tx, one)
        assert fallen.told(tx, one) == "By telephone: noted under 7001."
        assert cases.history(tx, case)[-1].by == rita.person
        assert fallen.TOLD in audit.actions(tx)


def test_a_later_decision_that_releases_is_a_fall_and_a_new_one_that_keeps_ends_it(database, rita):
    with database.transaction() as tx:
        case = case_of(tx)
        said(tx, case, rita)
        one = filed(tx, case, "ncmec", BARE, "7001")
        said(tx, case, rita, D.NOT_ILLEGAL)
    assert waits(database) == [one.id]
    with database.transaction() as tx:
        said(tx, case, rita)
    assert not waits(database)


def test_a_draft_is_dropped_and_never_waits_so(database, rita):
    with database.transaction() as tx:
        case = case_of(tx)
        decided = said(tx, case, rita)
        one = drafted(tx, case, "ncmec", BARE)
        said(tx, case, rita, undoes=decided.id)
        assert not fallen.fell(tx, one)
        assert fallen.fell(tx, filings.move(tx, one, S.NEW))
    assert not waits(database)
    with pytest.raises(Conflict):
        fallen.tell(database, rita, one.id, "By telephone.")
