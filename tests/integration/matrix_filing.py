"""Reports to authorities for `test_matrix_owners.py`: each maker answers the id of a new one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from breakwater.model.access import Role
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.ids import Id
from breakwater.model.report import Email, Incident, IncidentType, Person, Report, Reporter
from breakwater.records import filings, received
from breakwater.reporting.receiving import casework
from tests import ispws_samples as samples
from tests.integration.matrix_world import Somebody, World, case
from tests.integration.served import OPERATOR

FOUND = DecisionFacts(role=AccountRole.SUSPECT, item=ItemFacts(Activity.NON_PENETRATIVE))


CALL = {"data": {"contact": "Police", "outcome": "taken", "words": "ref 7"}}


def illegal_case(world: World, _of: Somebody) -> str:
    """A case that a reviewer decided."""
    reviewer = world.person("reviewer", Role.REVIEWER)
    made = Id(case(world, reviewer))
    world.app.review.decisions.decide(
        reviewer.who, made, DecisionKind.ILLEGAL, reason="as listed", facts=FOUND
    )
    return made


def filing(world: World, of: Somebody) -> str:
    """A draft of such a case."""
    made = Id(illegal_case(world, of))
    with world.app.db.transaction() as tx:
        report = simple_report()
        about = filings.About(made, "ncmec", tx.now, tx.now + timedelta(days=1))
        return filings.draft(tx, about, report.plain()).id


def received_case(world: World, _of: Somebody) -> str:
    """A case that a received report became."""
    xml = samples.report()
    with world.app.db.transaction() as tx:
        made = received.open_report(
            tx, sender=OPERATOR.id, service="photos", xml=xml, sha256=sha256(xml).hexdigest()
        )
        found = casework.open_case(tx, made, xml, [])
        received.finish(tx, made, found.id)
    return found.id


def with_report(_world: World, _made: str) -> dict[str, object]:
    """Says the same again."""
    return {"json": {"report": simple_report().plain()}}


def simple_report() -> Report:
    """A report of the least that one can say."""
    who = Reporter(Person(emails=(Email("safety@example.net"),)))
    return Report(
        kind=IncidentType.ABUSE_MATERIAL,
        summary=Incident(datetime(2026, 1, 1, tzinfo=UTC)),
        reporter=who,
    )
