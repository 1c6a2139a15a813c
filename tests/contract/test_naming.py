"""A person names somebody in a draft: with why, audited; a child is only ever a victim."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.contract.test_drafting_recipients import World
from tests.integration.matrix_filing import simple_report

from breakwater.errors import BadInput, Conflict
from breakwater.model.access import Permission, Principal
from breakwater.model.conversation import Party
from breakwater.model.filing import FilingState
from breakwater.model.ids import new_id
from breakwater.model.sending import Sendings
from breakwater.records import audit, cases, filings
from breakwater.reporting.drafting.draft import Drafter, Profile
from breakwater.reporting.filing import Filings
from breakwater.reporting.naming import Naming, Part
from breakwater.reporting.permits import Destination, Permits

pytestmark = pytest.mark.usefixtures("keyring")
WHO = Principal(new_id(), "Ada", frozenset(Permission), person=new_id())


class Drafts(World):
    """Drafts, and a person at their page."""

    def __init__(self, database, vault, clock) -> None:
        super().__init__(database, vault, clock)
        to = {"ncmec": Destination("ncmec", timedelta(hours=24))}
        profile = Profile(simple_report().reporter, "Clips")
        drafter = Drafter(vault=vault, profile=profile, annotate=lambda _: ())
        permits = Permits(db=database, sendings=Sendings("", ()), destinations=to)
        self.filings = Filings(
            db=database, vault=vault, drafter=drafter, destinations=to, permits=permits
        )
        self.naming = Naming(db=database, filings=self.filings)

    def look(self, one):
        return self.filings.look(WHO, one.id)


@pytest.fixture
def drafts(database, vault, clock) -> Drafts:
    return Drafts(database, vault, clock)


def test_who_is_named_stands_in_the_draft_with_what_is_known_and_why(drafts) -> None:
    drafts.told("wren", emails=["wren@example.net"])
    case = drafts.talk(Party("wren"))
    (draft,) = drafts.filings.draft(case)
    assert "recipients" in {gap.what for gap in drafts.look(draft).gaps}
    drafts.naming.name(WHO, draft.id, " wren ", Part.RECIPIENT, "Said so in message 7.")
    seen = drafts.look(draft)
    (one,) = seen.report.recipients
    assert (one.account, one.person.emails[0].address) == ("wren", "wren@example.net")
    assert "message 7" in one.additional
    assert "recipients" not in {gap.what for gap in seen.gaps}
    drafts.filings.draft(case)
    assert drafts.look(draft).report.recipients == seen.report.recipients, "a redraft keeps it"
    with drafts.db.read() as tx:
        (row,) = [row for row in audit.page(tx, limit=50) if row.action == "filing.name"]
        notes = [one for one in cases.history(tx, case) if one.what == "filing.named"]
    assert (row.facts["part"], row.facts["reason"]) == ("recipient", "Said so in message 7.")
    assert "wren" not in str(row.facts)
    assert len(notes) == 1


def test_a_report_that_names_nobody_can_name_who_did_it_and_no_second_one(drafts) -> None:
    (draft,) = drafts.filings.draft(drafts.talk())
    assert "role" in {gap.what for gap in drafts.look(draft).gaps if gap.blocks}
    drafts.naming.name(WHO, draft.id, "heron", Part.REPORTED, "Wrote it.")
    seen = drafts.look(draft)
    assert [one.account for one in seen.report.reported] == ["heron"]
    assert not {"role", "account"} & {gap.what for gap in seen.gaps}
    with pytest.raises(Conflict):
        drafts.naming.name(WHO, draft.id, "coot", Part.REPORTED, "Too.")
    with pytest.raises(BadInput):
        drafts.naming.name(WHO, draft.id, "heron", Part.RECIPIENT, "Again.")


def test_a_child_is_only_ever_a_victim(drafts) -> None:
    drafts.told("small", born="2015-01-01")
    (draft,) = drafts.filings.draft(drafts.upload())
    for part in (Part.REPORTED, Part.RECIPIENT):
        with pytest.raises(Conflict, match=r"child"):
            drafts.naming.name(WHO, draft.id, "small", part, "Seen.")
    drafts.naming.name(WHO, draft.id, "small", Part.VICTIM, "Seen.")
    assert [one.account for one in drafts.look(draft).report.victims] == ["small"]


@pytest.mark.parametrize(("account", "why"), [("", "Seen."), ("coot", "  ")])
def test_nobody_is_named_without_a_name_or_a_reason(drafts, account, why) -> None:
    (draft,) = drafts.filings.draft(drafts.upload())
    with pytest.raises(BadInput):
        drafts.naming.name(WHO, draft.id, account, Part.RECIPIENT, why)
    with drafts.db.transaction() as tx:
        filings.move(tx, filings.get(tx, draft.id), FilingState.DROPPED)
    with pytest.raises(Conflict):
        drafts.naming.name(WHO, draft.id, "coot", Part.RECIPIENT, "Seen.")
