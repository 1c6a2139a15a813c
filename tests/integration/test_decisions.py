"""Protects what a decision promises: written down, made true at once, told, and undone whole.

Real database, vault and jail; ordinary pictures.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from breakwater.app import App, build, set_up
from breakwater.banks.manage import NewBank, NewEntry
from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotAllowed, NotFound
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Principal, Role
from breakwater.model.appeal import Claim
from breakwater.model.bank import BankAction, EntryStatus, Opinion
from breakwater.model.case import Case, CaseState, Priority
from breakwater.model.decision import (
    UNDO,
    AccountRole,
    Context,
    DecisionFacts,
    DecisionKind,
    Outcome,
)
from breakwater.model.event import Event, EventType
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.ids import Id, new_id
from breakwater.model.match import Action
from breakwater.model.signal import Signal
from breakwater.model.upload import Upload
from breakwater.records import (
    appeals,
    approvals,
    audit,
    cases,
    decisions,
    entries,
    outbox,
    uploads,
)
from breakwater.records.rootkey import RootKey
from breakwater.settings import Settings, load
from tests.conftest import SettableClock
from tests.integration.conftest import photo, work
from tests.integration.test_intake import pdq_of, submit
from tests.integration.test_review_views import somebody

K = DecisionKind
ILLEGAL = DecisionFacts(role=AccountRole.UNKNOWN, item=ItemFacts(Activity.NON_PENETRATIVE))


@pytest.fixture(scope="module")
def set_up_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that nobody used yet; each test works on a copy of its own."""
    place = tmp_path_factory.mktemp("installation")
    (place / "keys").mkdir()
    settings = settings_in(place)
    RootKey.create(settings.root_key)
    set_up(settings)
    return place


def settings_in(place: Path) -> Settings:
    return load(
        data_dir=place / "data", root_key_file=place / "keys" / "root.key",
        audit_dir=place / "checkpoints", unsafe_fast_disk=True,
    )  # fmt: skip


@pytest.fixture
def app(set_up_once: Path, tmp_path: Path, jail: JailPool, clock: SettableClock) -> Iterator[App]:
    """An installation whose time stands still until a test moves it."""
    shutil.copytree(set_up_once, tmp_path / "copy")
    running = build(settings_in(tmp_path / "copy"), pool=jail, decode=False, clock=clock)
    yield running
    running.close()


@pytest.fixture
def known(app: App, machine: Principal) -> bytes:
    """A picture that the blocking bank KNOWN lists."""
    app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK, verified=True), machine)
    app.banks.add("KNOWN", [pdq_of(app, photo(1))], machine)
    return photo(1)


@pytest.fixture
def upload(app: App, machine: Principal, known: bytes) -> Upload:
    return submit(app, photo(1, form="JPEG", quality=80), machine)


@pytest.fixture
def reviewer(app: App) -> Principal:
    return somebody(app, Role.REVIEWER, name="Ada")


def present(app: App, upload: Upload) -> Upload:
    with app.db.read() as tx:
        return uploads.get(tx, upload.id)


def case_of(app: App, upload: Upload) -> Case:
    with app.db.read() as tx:
        return cases.get(tx, Id(str(upload.case)))


def copies(app: App, machine: Principal, n: int) -> list[Upload]:
    """The same file from as many accounts."""
    content = photo(1, form="JPEG", quality=80)
    return [submit(app, content, machine, account=f"acct-{i}") for i in range(n)]


def told(app: App, kind: EventType) -> list[Event]:
    with app.db.read() as tx:
        return outbox.since(tx, 0, limit=1000, types=[kind])


def decide(app: App, who: Principal, upload: Upload, kind: K, **more: Any) -> Any:
    return app.review.decisions.decide(who, upload.case, kind, **more)


def test_not_illegal_releases_closes_tells_and_shreds_when_undo_is_over(
    app, machine, upload, reviewer, worker, clock
):
    said = decide(app, reviewer, upload, K.NOT_ILLEGAL, reason="A family on a beach.")
    now, case = present(app, upload), case_of(app, upload)
    assert now.verdict.action is Action.ALLOW
    assert (case.state, case.held_by) == (CaseState.CLOSED, None)
    assert (said.by, said.reason, said.stands) == (reviewer.person, "A family on a beach.", True)
    assert said.knowledge_at is None
    (event,) = told(app, EventType.CASE_DECIDED)
    assert event.body["told"]["action"] == "allow"
    assert event.body["told"]["decision"] == "not_illegal"
    assert "beach" not in json.dumps(dict(event.body))
    assert told(app, EventType.VERDICT_CHANGED)[-1].body["action"] == "allow"
    work(worker)
    assert present(app, upload).blob is not None, "undo still brings the media back"
    clock.advance(UNDO.total_seconds() + 1)
    work(worker)
    kept = present(app, upload)
    assert (kept.blob, kept.origin.address, kept.origin.account) == (None, "", "")
    with pytest.raises(NotFound):
        app.vault.open(upload.blob)
    with app.db.read() as tx:
        actions = [entry.action for entry in audit.page(tx, subject=case.id)]
    assert {"case.decide", "media.shredded"} <= set(actions)


def test_undo_restores_verdict_media_and_case_and_writes_a_row(
    app, upload, reviewer, worker, clock
):
    before = present(app, upload)
    said = decide(app, reviewer, upload, K.NOT_ILLEGAL)
    row = app.review.decisions.undo(reviewer, said.id, "a slip")
    after, case = present(app, upload), case_of(app, upload)
    assert (after.verdict, after.blob) == (before.verdict, before.blob)
    assert case.state is CaseState.OPEN
    assert row.undoes == said.id
    with app.db.read() as tx:
        rows = decisions.of_case(tx, case.id)
        assert [r.stands for r in rows] == [False, False]
        assert decisions.standing(tx, case.id) is None
    clock.advance(UNDO.total_seconds() + 1)
    work(worker)
    assert present(app, upload).blob == before.blob, "what was taken back is not shredded"
    assert told(app, EventType.CASE_DECIDED)[-1].body["told"]["undone"] is True
    with pytest.raises(Conflict, match="taken back already"):
        app.review.decisions.undo(reviewer, said.id, "again")


def test_illegal_sets_actual_knowledge_and_no_list_undoes_it(
    app, machine, upload, reviewer, worker, clock
):
    said = decide(app, reviewer, upload, K.ILLEGAL, facts=ILLEGAL)
    assert said.knowledge_at == clock.now()
    entry = upload.verdict.matches[0].number
    app.banks.withdraw(entry, machine)
    work(worker)
    kept = present(app, upload)
    assert (kept.verdict.action, kept.verdict.rule) == (Action.BLOCK, "decision.illegal")
    assert kept.blob is not None
    with app.db.read() as tx:
        assert decisions.known_since(tx, upload.case) == clock.now()


def test_what_a_person_released_stays_released_when_its_entry_moves_and_a_new_entry_asks_anew(
    app, machine, upload, reviewer, worker
):
    decide(app, reviewer, upload, K.LAWFUL_CONTEXT, facts=DecisionFacts(Context.FAMILY))
    entry = upload.verdict.matches[0].number
    app.banks.quarantine(entry, machine)
    app.banks.release(entry, machine)
    work(worker)
    assert present(app, upload).verdict.action is Action.ALLOW
    app.banks.create(NewBank("OTHER", action=BankAction.HOLD), machine)
    app.banks.add("OTHER", [NewEntry(Signal("sha256", bytes.fromhex(upload.sha256)))], machine)
    work(worker)
    again = present(app, upload)
    assert again.verdict.action is Action.HOLD
    assert again.case != upload.case, "a new case for a new question"


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        (K.ILLEGAL, DecisionFacts(), "activity"),
        (K.ILLEGAL, DecisionFacts(item=ItemFacts(Activity.NONE)), "activity"),
        (K.LAWFUL_CONTEXT, DecisionFacts(), "family, medical, art"),
    ],
)
def test_a_decision_that_lacks_a_fact_is_refused(app, upload, reviewer, kind, facts, words):
    with pytest.raises(BadInput, match=words):
        decide(app, reviewer, upload, kind, facts=facts)
    assert case_of(app, upload).state is CaseState.OPEN


def test_a_file_without_a_match_cannot_be_a_wrong_match(app, machine, reviewer):
    broken = submit(app, photo(3)[:300], machine)
    with pytest.raises(BadInput):
        decide(app, reviewer, broken, K.WRONG_MATCH)
    decide(app, reviewer, broken, K.NOT_ILLEGAL)
    assert present(app, broken).verdict.action is Action.ALLOW


def test_a_wrong_match_releases_all_it_touched_and_speaks_of_the_entry(
    app, machine, upload, reviewer
):
    others = copies(app, machine, 3)
    number = upload.verdict.matches[0].number
    effect = app.review.decisions.preview(reviewer, upload.case, K.WRONG_MATCH)
    assert (effect.released, effect.accounts, effect.entries) == (4, 4, (number,))
    said = decide(app, reviewer, upload, K.WRONG_MATCH, expected_effect=effect.digest)
    for one in (upload, *others):
        assert present(app, one).verdict.action is Action.ALLOW
        assert case_of(app, one).state is CaseState.CLOSED
    with app.db.read() as tx:
        assert [o.opinion for o in entries.opinions(tx, number)] == [Opinion.FALSE_POSITIVE]
        (waiting,) = approvals.waiting(tx, kind="negative_entry")
        proposed = entries.get(tx, waiting.facts["number"])
        assert (proposed.status, proposed.negative) == (EntryStatus.PROPOSED, True)
        assert len(decisions.led_by(tx, said.id)) == 3
    second = somebody(app, Role.QA_LEAD)
    app.banks.confirm_negative(proposed.number, second)
    app.review.decisions.undo(reviewer, said.id)
    for one in (upload, *others):
        assert present(app, one).verdict.action is Action.BLOCK
        assert case_of(app, one).state is CaseState.OPEN


def test_undoing_a_wrong_match_withdraws_the_proposal(app, upload, reviewer):
    said = decide(app, reviewer, upload, K.WRONG_MATCH)
    number = upload.verdict.matches[0].number
    app.review.decisions.undo(reviewer, said.id)
    with app.db.read() as tx:
        assert approvals.waiting(tx, kind="negative_entry") == []
        said_of = [o.opinion for o in entries.opinions(tx, number)]
    assert said_of == [Opinion.FALSE_POSITIVE, Opinion.DISPUTED]


def test_items_that_match_another_entry_stay_held_and_confirmed_ones_stay(
    app, machine, upload, reviewer
):
    also_listed, confirmed = copies(app, machine, 2)
    app.banks.create(NewBank("OTHER", action=BankAction.HOLD), machine)
    exact = submit(app, photo(1, form="JPEG", quality=70), machine, account="acct-9")
    app.banks.add("OTHER", [NewEntry(Signal("sha256", bytes.fromhex(exact.sha256)))], machine)
    twice = submit(app, photo(1, form="JPEG", quality=70), machine, account="acct-10")
    decide(app, reviewer, confirmed, K.ILLEGAL, facts=ILLEGAL)
    effect = app.review.decisions.preview(reviewer, upload.case, K.WRONG_MATCH)
    outcomes = {one.upload: one.outcome for one in effect.touched}
    assert outcomes[twice.id] is Outcome.HELD
    assert outcomes[confirmed.id] is Outcome.CONFIRMED
    decide(app, reviewer, upload, K.WRONG_MATCH)
    held = present(app, twice)
    assert held.verdict.action is not Action.ALLOW
    assert "OTHER" in held.verdict.reason
    assert case_of(app, twice).state is CaseState.OPEN
    assert present(app, confirmed).verdict.action is Action.BLOCK
    assert present(app, also_listed).verdict.action is Action.ALLOW


def test_more_than_ten_need_a_second_person_who_is_another_one(app, machine, upload, reviewer):
    copies(app, machine, 10)
    with pytest.raises(BadInput, match="reason of your own"):
        decide(app, reviewer, upload, K.WRONG_MATCH)
    with pytest.raises(NeedsSecondPerson) as waits:
        decide(app, reviewer, upload, K.WRONG_MATCH, reason="A logo.")
    assert waits.value.facts["approval"]
    assert present(app, upload).verdict.action is Action.BLOCK, "nothing is done yet"
    with pytest.raises(NeedsSecondPerson):
        app.review.decisions.confirm(reviewer, upload.case)
    second = somebody(app, Role.REVIEWER, name="Sam")
    said = app.review.decisions.confirm(second, upload.case, note="So it is.")
    assert (said.by, said.second) == (reviewer.person, second.person)
    assert present(app, upload).verdict.action is Action.ALLOW


def test_a_proposal_that_reaches_more_by_now_is_not_confirmed(app, machine, upload, reviewer):
    copies(app, machine, 10)
    with pytest.raises(NeedsSecondPerson):
        decide(app, reviewer, upload, K.WRONG_MATCH, reason="A logo.")
    submit(app, photo(1, form="JPEG", quality=75), machine, account="acct-new")
    second = somebody(app, Role.REVIEWER)
    with pytest.raises(Conflict, match="other items than were shown"):
        app.review.decisions.confirm(second, upload.case)
    app.review.decisions.refuse(second, upload.case, note="Look again.")
    assert case_of(app, upload).state is CaseState.OPEN


def test_a_wrong_entry_that_touched_hundreds_is_released_in_the_background(
    app, machine, upload, reviewer, worker, monkeypatch
):
    monkeypatch.setattr("breakwater.review.effects.AT_ONCE", 3)
    others = copies(app, machine, 8)
    effect = app.review.decisions.preview(reviewer, upload.case, K.WRONG_MATCH)
    assert (effect.released, len(effect.touched), effect.later) == (9, 4, 5)
    decide(app, reviewer, upload, K.WRONG_MATCH)
    work(worker)
    for one in (upload, *others):
        assert present(app, one).verdict.action is Action.ALLOW
        assert case_of(app, one).state is CaseState.CLOSED


def test_one_decision_covers_the_stack_that_was_shown_and_nothing_else(
    app, machine, upload, reviewer
):
    stack = copies(app, machine, 2)
    app.banks.add("KNOWN", [pdq_of(app, photo(7))], machine)
    stranger = submit(app, photo(7), machine, account="acct-70")
    also = [one.case for one in (*stack, stranger)]
    said = decide(app, reviewer, upload, K.ILLEGAL, facts=ILLEGAL, also=also)
    assert {case_of(app, one).state for one in stack} == {CaseState.CLOSED}
    assert case_of(app, stranger).state is CaseState.OPEN, "not of this stack"
    with app.db.read() as tx:
        led = decisions.led_by(tx, said.id)
    assert {one.case for one in led} == {one.case for one in stack}
    assert all(one.knowledge_at for one in led)


def test_who_asked_for_a_second_opinion_does_not_decide(app, upload, reviewer):
    decide(app, reviewer, upload, K.SECOND_OPINION)
    assert case_of(app, upload).state is CaseState.OPEN
    assert app.review.queue.next(reviewer) is None, "it is not offered to them again"
    with pytest.raises(NeedsSecondPerson, match="another person"):
        decide(app, reviewer, upload, K.NOT_ILLEGAL)
    decide(app, somebody(app, Role.REVIEWER), upload, K.NOT_ILLEGAL)


def test_escalation_raises_and_danger_calls_at_once(app, upload, reviewer):
    assert case_of(app, upload).priority is Priority.HIGH
    decide(app, reviewer, upload, K.ESCALATE)
    assert app.review.queue.next(reviewer) is None
    assert case_of(app, upload).priority is Priority.NOW
    said = decide(app, reviewer, upload, K.DANGER_NOW)
    (event,) = told(app, EventType.DANGER_RAISED)
    assert (event.subject, event.body["report_waits"]) == (upload.case, True)
    with app.db.read() as tx:
        assert decisions.in_danger(tx, upload.case)
        assert case_of(app, upload).state is not CaseState.CLOSED
    with pytest.raises(NeedsSecondPerson):
        app.review.decisions.confirm(reviewer, upload.case)
    app.review.decisions.confirm(somebody(app, Role.REVIEWER), upload.case)
    app.review.decisions.undo(reviewer, said.id, "a misunderstanding")
    with app.db.read() as tx:
        assert not decisions.in_danger(tx, upload.case)


def test_nobody_decides_a_case_that_another_holds_or_closed(app, upload, reviewer):
    other = somebody(app, Role.REVIEWER, name="Sam")
    with app.db.transaction() as tx:
        cases.hold(tx, upload.case, by=other.person, until=tx.now + UNDO)
    with pytest.raises(Conflict, match="Sam holds it"):
        decide(app, reviewer, upload, K.NOT_ILLEGAL)
    decide(app, other, upload, K.NOT_ILLEGAL)
    with pytest.raises(Conflict, match=r"Sam decided this case at .*not illegal"):
        decide(app, reviewer, upload, K.ILLEGAL, facts=ILLEGAL)


def test_two_tabs_decide_once(app, upload, reviewer):
    version = case_of(app, upload).version
    app.review.decisions.comment(reviewer, upload.case, "<b>look</b>")
    with app.db.transaction() as tx:
        cases.set_priority(tx, upload.case, Priority.NOW, by="system")
    with pytest.raises(Conflict, match="changed meanwhile"):
        decide(app, reviewer, upload, K.NOT_ILLEGAL, expected_version=version)
    decide(app, reviewer, upload, K.NOT_ILLEGAL, expected_version=version + 1)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.REPORT_OFFICER, Role.AUDITOR])
def test_roles_that_read_decide_nothing(app, upload, role):
    with pytest.raises(NotAllowed):
        decide(app, somebody(app, role), upload, K.NOT_ILLEGAL)


def test_appealed_media_stay_until_the_appeal_is_answered(app, upload, reviewer, worker, clock):
    decide(app, reviewer, upload, K.NOT_ILLEGAL)
    work(worker)
    with app.db.transaction() as tx:
        appeals.file(tx, upload, claim=next(iter(Claim)))
    clock.advance(UNDO.total_seconds() + 1)
    work(worker)
    assert present(app, upload).blob is not None


def test_ids_that_nobody_knows_are_not_found(app, reviewer):
    for act in (
        lambda: app.review.decisions.decide(reviewer, new_id(), K.NOT_ILLEGAL),
        lambda: app.review.decisions.undo(reviewer, new_id(), "x"),
        lambda: app.review.decisions.confirm(reviewer, new_id()),
        lambda: app.review.decisions.comment(reviewer, new_id(), "x"),
    ):
        with pytest.raises(NotFound):
            act()
