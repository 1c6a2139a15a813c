"""Files of received reports: in the jail, against banks and earlier reports, kept, more urgent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from breakwater.banks.manage import NewBank
from breakwater.errors import Conflict
from breakwater.model.access import Principal, Role
from breakwater.model.bank import BankAction
from breakwater.model.case import Case, CaseState, Priority
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.event import EventType
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.ids import Id
from breakwater.model.match import Action
from breakwater.records import cases, filings, outbox, received, uploads
from tests.integration.conftest import photo
from tests.integration.ispws_sender import Sender, finished, looked
from tests.integration.served import OPERATOR, Served, serving
from tests.integration.test_intake import pdq_of


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("screening"), reports_receive=True) as running:
        yield running


@pytest.fixture(scope="module")
def sender(served: Served) -> Sender:
    return Sender(served)


def test_files_are_compared_with_banks_and_earlier_reports(served: Served, sender: Sender) -> None:
    app = served.app
    app.banks.create(NewBank("SEEN", action=BankAction.BLOCK, verified=True), OPERATOR)
    app.banks.add("SEEN", [pdq_of(app, photo(41))], OPERATOR)
    first = finished(sender, photo(42), photo(43))
    _, kept, steps = looked(served, first)
    assert [one.verdict.action.value for one in kept if one.verdict] == ["hold", "hold"]
    counted = next(step for step in steps if step.what == "screened")
    assert counted.facts["new"] == 2
    content = [
        photo(41, form="JPEG", quality=80), photo(42), photo(43, form="JPEG", quality=70),
        b"a letter, no picture", photo(44),
    ]  # fmt: skip
    case, kept, steps = looked(served, finished(sender, *content))
    known, same, near, letter, new = kept
    assert [match.bank for match in known.verdict.matches] == ["SEEN"]  # type: ignore[union-attr]
    assert all(one.case == case.id and one.blob for one in kept)
    assert letter.verdict is not None
    assert letter.verdict.rule == "received.undecodable.unknown_type"
    seen = {step.facts["file"]: step.facts for step in steps if step.what == "seen_before"}
    assert set(seen) == {same.id, near.id}
    assert seen[same.id]["report"] == seen[near.id]["report"] == first
    assert seen[same.id]["bits"] == 0
    assert 0 < seen[near.id]["bits"] <= 31
    counted = next(step for step in steps if step.what == "screened")
    counts = {name: counted.facts[name] for name in ("files", "known", "seen", "new")}
    assert counts == {"files": 5, "known": 1, "seen": 2, "new": 1}
    assert new.verdict is not None
    assert not new.verdict.matches
    assert case.priority is Priority.HIGH, "what nobody knows may be new"
    assert any("may be new" in step.note for step in steps)


def test_what_everybody_knows_is_not_more_urgent(served: Served, sender: Sender) -> None:
    looked(served, finished(sender, photo(51)))
    case, _, _ = looked(served, finished(sender, photo(51)))
    assert case.priority is Priority.MEDIUM


def test_what_came_with_a_report_stays_when_a_list_says_otherwise(
    served: Served, sender: Sender
) -> None:
    app = served.app
    app.banks.create(NewBank("WRONG", action=BankAction.BLOCK, verified=True), OPERATOR)
    entry = app.banks.add("WRONG", [pdq_of(app, photo(61))], OPERATOR)[0]
    case, (file,), _ = looked(served, finished(sender, photo(61)))
    app.banks.withdraw(entry.number, OPERATOR, reason="not what it stands for")
    again, (left,), _ = looked(served, number_of(served, case))
    assert left.blob == file.blob
    assert left.verdict is not None
    assert left.verdict.action is Action.HOLD
    assert again.state is CaseState.OPEN
    assert app.vault.open(Id(str(left.blob))).read() == photo(61)


def number_of(served: Served, case: Case) -> int:
    with served.app.db.read() as tx:
        return received.get(tx, case.subject).number


def test_screening_takes_up_where_it_was_stopped(served: Served, sender: Sender) -> None:
    report = finished(sender, photo(71), photo(72))
    case, files, steps = looked(served, report)
    with served.app.db.read() as tx:
        kept = received.find(tx, report)
    assert kept is not None
    served.app.receiving.screening.run(kept.id, lambda _: None)
    with served.app.db.read() as tx:
        assert cases.history(tx, case.id) == steps
        assert list(uploads.many(tx, [one.id for one in files]).values()) == files


@pytest.mark.parametrize("kind", [DecisionKind.ILLEGAL, DecisionKind.NOT_ILLEGAL])
def test_a_decision_on_a_received_report_keeps_what_came_with_it(
    served: Served, sender: Sender, kind: DecisionKind
) -> None:
    """It closes the case; the files are evidence that others hold too, whatever is decided."""
    report = finished(sender, photo(91 + len(kind.value)))
    case, (file,), _ = looked(served, report)
    person = served.person(Role.REVIEWER)
    who = Principal(person.id, person.name, Role.REVIEWER.permissions, person=person.id)
    illegal = kind is DecisionKind.ILLEGAL
    seen = ItemFacts(Activity.POSING_OR_NUDITY) if illegal else None
    facts = DecisionFacts(role=AccountRole.UNKNOWN if illegal else None, item=seen)
    served.app.review.decisions.decide(who, case.id, kind, reason="Looked at.", facts=facts)
    closed, (left,), _ = looked(served, report)
    assert closed.state is CaseState.CLOSED
    assert left.blob == file.blob
    assert served.app.vault.open(Id(str(left.blob))).read(4)
    with served.app.db.read() as tx:
        kept = received.of_case(tx, case.id)
        assert kept is not None
        assert received.xml_of(tx, kept.id)
        decided = outbox.since(tx, 0, limit=1000, types=[EventType.CASE_DECIDED])
    with pytest.raises(Conflict, match="refer it"):
        served.app.reporting.filings.draft(case.id)
    served.app.reporting.filings.on_decided(decided[-1])
    with served.app.db.read() as tx:
        assert not filings.of_case(tx, case.id), "what others reported is not reported anew"
