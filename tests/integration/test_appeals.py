"""Appeals over the whole installation: locked while they wait, decided by another, told at once."""

from __future__ import annotations

import pytest

from breakwater.app import App
from breakwater.banks.manage import NewBank
from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotAllowed, NotFound
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.appeal import Appeal, AppealOutcome, Claim, Ground
from breakwater.model.bank import BankAction, Opinion
from breakwater.model.case import CaseState
from breakwater.model.decision import UNDO, DecisionFacts, DecisionKind
from breakwater.model.event import EventType
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.ids import new_id
from breakwater.model.match import Action
from breakwater.model.notice import Notice
from breakwater.model.upload import Upload
from breakwater.records import appeals, cases, decisions, entries, outbox, uploads, webhooks
from breakwater.worker.loop import Worker
from tests.integration.conftest import photo, work
from tests.integration.test_intake import pdq_of, submit
from tests.integration.test_review_views import somebody

UPHELD, OVERTURNED = AppealOutcome
ILLEGAL = DecisionFacts(item=ItemFacts(activity=Activity.POSING_OR_NUDITY))


@pytest.fixture
def blocked(app: App, machine: Principal) -> Upload:
    """A blocked upload with a case and kept bytes."""
    app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK), machine)
    app.banks.add("KNOWN", [pdq_of(app, photo(1))], machine)
    return submit(app, photo(1, form="JPEG", quality=80), machine)


def file(app: App, machine: Principal, upload: Upload, **facts: object) -> Appeal:
    known = {"claim": Claim.WRONG_MATCH, "words": "That is my garden.", "language": "de"}
    return app.review.appeals.file(machine, upload.id, **(known | facts))


def told(app: App, kind: EventType) -> list[dict[str, object]]:
    with app.db.read() as tx:
        return [dict(event.body) for event in outbox.since(tx, 0, limit=1000, types=[kind])]


def upload_now(app: App, upload: Upload) -> Upload:
    with app.db.read() as tx:
        return uploads.get(tx, upload.id)


def test_an_overturned_appeal_releases_the_upload_and_tells_the_service(
    app: App, machine: Principal, blocked: Upload, worker: Worker
) -> None:
    made = file(app, machine, blocked, reference="A-1", account="acct-17")
    who = somebody(app, Role.REVIEWER, name="Kim")
    done = app.review.appeals.decide(
        who, made.id, OVERTURNED, ground=Ground.WRONG_MATCH, reason="A garden."
    )
    assert done.answer is not None
    assert (done.answer.outcome, done.answer.by) == (OVERTURNED, who.id)
    now = upload_now(app, blocked)
    assert now.verdict is not None
    assert now.verdict.action is Action.ALLOW
    with app.db.read() as tx:
        case = cases.get(tx, blocked.case)
        said = decisions.standing(tx, blocked.case)
        number = blocked.verdict.matches[0].number
        assert case.state is CaseState.CLOSED
        assert (said.kind, said.by) == (DecisionKind.WRONG_MATCH, who.id)
        assert [o.opinion for o in entries.opinions(tx, number)] == [Opinion.FALSE_POSITIVE]
    (body,) = told(app, EventType.APPEAL_DECIDED)
    assert body["service"] == "photos"
    data = body["told"]
    assert (data["reference"], data["id"], data["outcome"]) == ("A-1", blocked.id, "overturned")
    assert data["notice"]["language"] == "de"
    assert "zu deinen Gunsten" in data["notice"]["what"]
    assert "garden" not in str(body)
    assert "acct-17" not in str(body)
    work(worker)


def test_each_endpoint_that_listens_for_the_service_is_told_once(
    app: App, machine: Principal, blocked: Upload, worker: Worker
) -> None:
    with app.db.transaction() as tx:
        for service in ("photos", "video"):
            webhooks.create(
                tx, url="https://hooks.example/", service=service, secret="whsec_AAAA",
                events=[EventType.APPEAL_DECIDED],
            )  # fmt: skip
    made = file(app, machine, blocked)
    app.review.appeals.decide(somebody(app, Role.REVIEWER), made.id, UPHELD, reason="It is.")
    work(worker)
    with app.db.transaction() as tx:
        (sent,) = webhooks.claim(tx)
        assert webhooks.get(tx, sent.endpoint).service == "photos"
    assert sent.type is EventType.APPEAL_DECIDED
    assert (sent.body["type"], sent.body["data"]["appeal"]) == ("appeal.decided", made.id)


def test_released_media_are_destroyed_when_it_can_no_longer_be_undone(
    app: App, machine: Principal, blocked: Upload, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = file(app, machine, blocked)
    app.review.appeals.decide(
        somebody(app, Role.REVIEWER), made.id, OVERTURNED, ground=Ground.NOT_ILLEGAL, reason="No."
    )
    work(worker)
    assert upload_now(app, blocked).blob is not None
    later = app.clock.now() + UNDO * 2
    monkeypatch.setattr(app.clock, "now", lambda: later)  # the wall clock itself, moved
    work(worker)
    assert upload_now(app, blocked).blob is None
    with pytest.raises(NotFound):
        app.vault.open(blocked.blob)


def test_whoever_decided_first_does_not_decide_the_appeal(
    app: App, machine: Principal, blocked: Upload
) -> None:
    kim, sam = somebody(app, Role.REVIEWER, name="Kim"), somebody(app, Role.REVIEWER, name="Sam")
    app.review.decisions.decide(kim, blocked.case, DecisionKind.ILLEGAL, facts=ILLEGAL)
    made = file(app, machine, blocked)
    assert made.first == (kim.id,)
    with pytest.raises(NeedsSecondPerson):
        app.review.appeals.decide(kim, made.id, UPHELD, reason="I was right.")
    assert app.review.appeals.decide(sam, made.id, UPHELD, reason="It is.").answer.by == sam.id
    with pytest.raises(Conflict):
        app.review.appeals.decide(sam, made.id, UPHELD, reason="Again.")
    assert upload_now(app, blocked).verdict.action is Action.BLOCK
    assert app.review.appeals.rates()["reviewer"][0].name == kim.id


def test_whoever_decided_while_it_waited_does_not_decide_it_either(
    app: App, machine: Principal, blocked: Upload
) -> None:
    kim = somebody(app, Role.REVIEWER)
    made = file(app, machine, blocked)
    app.review.decisions.decide(kim, blocked.case, DecisionKind.ILLEGAL, facts=ILLEGAL)
    with pytest.raises(NeedsSecondPerson):
        app.review.appeals.decide(kim, made.id, UPHELD, reason="It is.")


def test_a_confirmed_decision_falls_by_another_person_and_its_knowledge_ends(
    app: App, machine: Principal, blocked: Upload
) -> None:
    kim, sam = somebody(app, Role.REVIEWER), somebody(app, Role.REVIEWER)
    app.review.decisions.decide(kim, blocked.case, DecisionKind.ILLEGAL, facts=ILLEGAL)
    made = file(app, machine, blocked, claim=Claim.NOT_ILLEGAL)
    app.review.appeals.decide(sam, made.id, OVERTURNED, ground=Ground.NOT_ILLEGAL, reason="A doll.")
    assert upload_now(app, blocked).verdict.action is Action.ALLOW
    with app.db.read() as tx:
        assert decisions.standing(tx, blocked.case).kind is DecisionKind.NOT_ILLEGAL
        assert decisions.known_since(tx, blocked.case) is None


def test_a_withdrawn_entry_answers_the_appeal_and_only_then_media_go(
    app: App, machine: Principal, blocked: Upload, worker: Worker
) -> None:
    made = file(app, machine, blocked)
    app.banks.withdraw(blocked.verdict.matches[0].number, machine)
    work(worker)
    with app.db.read() as tx:
        done = appeals.get(tx, made.id)
    assert (done.answer.outcome, done.answer.by) == (OVERTURNED, appeals.SYSTEM)
    assert upload_now(app, blocked).blob is None
    (body,) = told(app, EventType.APPEAL_DECIDED)
    assert body["told"]["automated"] is True


def test_a_first_decision_in_the_user_s_favour_answers_what_waits(
    app: App, machine: Principal, blocked: Upload, worker: Worker
) -> None:
    made = file(app, machine, blocked)
    kim = somebody(app, Role.REVIEWER)
    app.review.decisions.decide(kim, blocked.case, DecisionKind.NOT_ILLEGAL)
    work(worker)
    with app.db.read() as tx:
        assert appeals.get(tx, made.id).answer.outcome is OVERTURNED
    assert upload_now(app, blocked).blob is not None, "it can still be undone"


def test_what_is_shown_or_another_service_s_cannot_be_appealed(
    app: App, machine: Principal, blocked: Upload
) -> None:
    passed = submit(app, photo(2), machine)
    with pytest.raises(BadInput):
        file(app, machine, passed)
    other = Principal(new_id(), "video", frozenset({Permission.APPEAL_WRITE}), service="video")
    with pytest.raises(NotFound):
        file(app, other, blocked)
    made = file(app, machine, blocked)
    with pytest.raises(NotFound):
        app.review.appeals.get(made.id, other)
    with pytest.raises(BadInput):
        file(app, machine, blocked, words="x" * 4001)
    with pytest.raises(BadInput):
        file(app, machine, blocked, words="half \ud800")


@pytest.mark.parametrize(
    ("outcome", "ground", "reason"),
    [(UPHELD, Ground.NOT_ILLEGAL, "x"), (OVERTURNED, None, "x"), (UPHELD, None, "  "),
     (UPHELD, None, "x" * 4001)],
)  # fmt: skip
def test_an_answer_has_a_reason_and_a_ground_only_when_the_measure_falls(
    app: App, machine: Principal, blocked: Upload, outcome, ground, reason
) -> None:
    made = file(app, machine, blocked)
    who = somebody(app, Role.REVIEWER)
    with pytest.raises(BadInput):
        app.review.appeals.decide(who, made.id, outcome, ground=ground, reason=reason)
    with pytest.raises(NotAllowed):
        app.review.appeals.decide(somebody(app, Role.ADMIN), made.id, UPHELD, reason="I run this.")


def tell(app: App, upload: Upload, by: Principal) -> Notice:
    return app.review.notices.of(upload.id, by, "de-AT")


def test_the_user_is_told_what_was_done_why_by_whom_and_how_to_appeal(
    app: App, machine: Principal, blocked: Upload
) -> None:
    notice = tell(app, blocked, machine)
    assert (notice.measure, notice.decided_by, notice.language) == ("blocked", "machine", "de")
    assert "Liste" in notice.why
    assert "Beschwerde" in notice.appeal
    fields = notice.statement
    assert fields["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    assert fields["source_type"] == "SOURCE_VOLUNTARY"
    assert fields["content_type"] == ["CONTENT_TYPE_IMAGE"]
    assert fields["puid"] == f"{blocked.id}-1"
    assert "acct-17" not in str(fields)
    kim = somebody(app, Role.REVIEWER)
    app.review.decisions.decide(kim, blocked.case, DecisionKind.ILLEGAL, facts=ILLEGAL)
    notice = tell(app, blocked, machine)
    assert (notice.measure, notice.decided_by) == ("confirmed", "both")
    assert notice.statement["automated_decision"] == "AUTOMATED_DECISION_PARTIALLY"
    with pytest.raises(NotFound):
        tell(app, submit(app, photo(2), machine), machine)


def test_a_withheld_notice_says_nothing_until_then(
    app: App, machine: Principal, blocked: Upload
) -> None:
    kim = somebody(app, Role.REVIEWER)
    until = app.clock.now() + UNDO * 100
    with pytest.raises(NotAllowed):
        app.review.notices.withhold(machine, blocked.id, until=until, reason="police")
    with pytest.raises(BadInput):
        app.review.notices.withhold(kim, blocked.id, until=until, reason=" ")
    with pytest.raises(BadInput):
        app.review.notices.withhold(kim, blocked.id, until=until + UNDO * 10**6, reason="police")
    app.review.notices.withhold(kim, blocked.id, until=until, reason="The police asked.")
    notice = tell(app, blocked, machine)
    assert (notice.withheld, notice.what, notice.statement) == (True, "", {})
    made = file(app, machine, blocked)
    app.review.appeals.decide(somebody(app, Role.REVIEWER), made.id, UPHELD, reason="It is.")
    (body,) = told(app, EventType.APPEAL_DECIDED)
    assert body["told"]["notice"]["withheld_until"]
    assert "what" not in body["told"]["notice"]
    app.review.notices.withhold(kim, blocked.id, until=app.clock.now(), reason="It is over.")
    assert not tell(app, blocked, machine).withheld
