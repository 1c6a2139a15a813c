"""Acts over real HTTP: a decision reaches the service, an appeal takes it back, silence is shown in red."""

from __future__ import annotations

import tomllib
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from typer.testing import CliRunner

from breakwater.banks.manage import NewBank
from breakwater.cli import program
from breakwater.cli.opening import HereDesk
from breakwater.enforcement.platform.policy import ActPolicy
from breakwater.intake.submit import Submission
from breakwater.model.access import Role
from breakwater.model.act import TRIED_FOR, ActKind, ActState, Lane, Subject
from breakwater.model.appeal import AppealOutcome, Claim, Ground
from breakwater.model.bank import BankAction
from breakwater.model.event import Event, EventType
from breakwater.model.ids import Id, new_id
from breakwater.model.upload import Origin, Surface
from breakwater.records import appeals, jobs, platform_acts, uploads
from breakwater.testing.platforms import Fault, Platform
from breakwater.worker.loop import Worker
from tests.integration.acting_site import standing_in
from tests.integration.browsing import chromium, guarded
from tests.integration.conftest import photo, spooled, work
from tests.integration.deciding import K
from tests.integration.served import OPERATOR, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_filing import FOUND
from tests.integration.test_intake import pdq_of
from tests.integration.test_review_views import somebody


class Moving:
    """A clock that can be moved on, and otherwise runs."""

    def __init__(self, inner) -> None:
        self.inner, self.ahead = inner, timedelta()

    def now(self):
        return self.inner.now() + self.ahead

    def monotonic(self):
        return self.inner.monotonic()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    platform = Platform()
    with (
        standing_in(platform) as url,
        serving(
            tmp_path_factory.mktemp("site"), live_watch=False,
            webhook_private_networks=("127.0.0.0/8",),
        ) as served,
    ):  # fmt: skip
        served.app.db.clock = Moving(served.app.db.clock)
        served.app.webhooks.create(url, "", ["act.wanted"], OPERATOR)
        yield served, platform


@pytest.fixture
def app(site):
    served, platform = site
    platform.fault = Fault.NONE
    send(served.app)
    return served.app


def send(app) -> int:
    """What is due, here and now."""
    return app.acting.sending.send_due()


def heard(app, upload, decision=None) -> None:
    """Deliver what the worker would."""
    event = Event(new_id(), EventType.CASE_DECIDED, upload.case, app.clock.now(), 1, {
        "decision": decision and decision.id, "service": upload.service,
    })  # fmt: skip
    app.acting.following.on_decided(event)


def sent_in(app, picture=None):
    """A picture under a name of its own; a damaged one is held for a person."""
    origin = Origin(account=f"acct-{new_id()}", reference=f"object-{new_id()}")
    with spooled(picture or photo(1)[:400], app.settings.spool_dir) as spool:
        return app.intake.submit(
            spool, Submission("photos", Surface.PUBLIC, origin=origin), OPERATOR
        )


def decided(app):
    """An upload that a person called illegal, and what follows."""
    made = sent_in(app)
    who = somebody(app, Role.REVIEWER)
    said = app.review.decisions.decide(who, made.case, K.ILLEGAL, reason="seen", facts=FOUND)
    heard(app, made, said)
    return made


def standing(app, upload, lane=Lane.CONTENT):
    with app.db.read() as tx:
        name = upload.origin.account if lane.of_account else upload.origin.reference or upload.id
        return platform_acts.standing(tx, Subject(lane, upload.service, name))


def test_a_decision_is_acted_on_confirmed_and_taken_back_on_appeal(app, site):
    upload = decided(app)
    assert send(app) >= 2
    removed = standing(app, upload)
    assert (removed.kind, removed.state) == (ActKind.REMOVE, ActState.CONFIRMED)
    assert removed.attempts == 1
    appeal = filed(app, upload)
    other = somebody(app, Role.REVIEWER)
    app.review.appeals.decide(
        other, appeal.id, AppealOutcome.OVERTURNED, reason="wrong", ground=Ground.NOT_ILLEGAL
    )
    heard(app, upload)
    send(app)
    restored = standing(app, upload)
    assert (restored.kind, restored.state) == (ActKind.RESTORE, ActState.CONFIRMED)
    assert restored.reverses == removed.id
    with app.db.read() as tx:
        assert platform_acts.get(tx, removed.id).state is ActState.REVERSED
    assert site[1].state[removed.fence] == "restore"


def filed(app, upload):
    with app.db.transaction() as tx:
        found = uploads.get(tx, Id(upload.id))
        return appeals.file(tx, found, claim=Claim.OTHER, words="It is my boat.")


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.LOST, Fault.LATER, Fault.OTHER, Fault.GARBAGE])
def test_what_is_not_acknowledged_is_asked_again_with_the_same_id_until_it_is(app, site, fault):
    _, platform = site
    platform.fault = fault
    upload = decided(app)
    send(app)
    waiting = standing(app, upload)
    assert waiting.state is ActState.SENT
    assert platform.came.count(waiting.id) == 1
    platform.fault = Fault.NONE
    app.db.clock.ahead += timedelta(minutes=1)
    send(app)
    done = standing(app, upload)
    assert (done.id, done.state, done.attempts) == (waiting.id, ActState.CONFIRMED, 2)
    assert platform.did.count(done.id) == 1


def test_three_days_without_a_word_are_an_alarm_and_a_person_tries_again(app, site):
    served, platform = site
    platform.fault = Fault.DOWN
    upload = decided(app)
    before = alarms(app)
    for _ in range(40):
        send(app)
        app.db.clock.ahead += TRIED_FOR / 20
    silent = standing(app, upload)
    assert silent.state is ActState.UNCONFIRMED
    assert 8 < silent.attempts < 30
    assert alarms(app) > before
    page = served.browser(Role.REVIEWER).get("/acts?failing=1").text
    assert "Not confirmed" in page
    assert "Not confirmed" in served.browser(Role.REVIEWER).get("/").text
    assert not jobs_left(app)
    platform.fault = Fault.NONE
    answer = served.browser(Role.REVIEWER).post(f"/v1/acts/{silent.id}/retry", json={})
    assert answer.json()["state"] == "wanted"
    send(app)
    assert standing(app, upload).state is ActState.CONFIRMED


def alarms(app) -> float:
    return app.metrics.alarms.labels("act_not_confirmed")._value.get()


def jobs_left(app) -> bool:
    with app.db.read() as tx:
        return any(row.kind == platform_acts.SEND_JOB for row in jobs.waiting(tx))


def test_a_service_acknowledges_later_over_the_api_with_id_and_epoch(app, site):
    served, platform = site
    platform.fault = Fault.LATER
    upload = decided(app)
    send(app)
    act = standing(app, upload)
    key = served.client(served.key("act:write", service=upload.service))
    other = served.client(served.key("act:write", service="elsewhere"))
    url = f"/v1/acts/{act.id}/acknowledgements"
    assert other.post(url, json={"epoch": act.epoch, "outcome": "done"}).status_code == 404
    assert key.post(url, json={"epoch": act.epoch + 1, "outcome": "done"}).status_code == 409
    assert key.post(url, json={"epoch": 0, "outcome": "done"}).status_code == 422
    done = key.post(url, json={"epoch": act.epoch, "outcome": "done"})
    assert (done.json()["state"], done.json()["name"]) == ("confirmed", "")
    whole = served.browser(Role.REVIEWER).get(f"/v1/acts/{act.id}").json()
    assert [step["what"] for step in whole["steps"]][-2:] == ["acknowledged", "confirmed"]
    assert whole["name"]


def test_what_a_service_cannot_do_is_said_with_its_words(app, site):
    served, platform = site
    platform.fault = Fault.CANNOT
    upload = decided(app)
    send(app)
    act = standing(app, upload)
    assert (act.state, act.fault) == (ActState.IMPOSSIBLE, "it is gone for good")
    page = served.browser(Role.REVIEWER).get(f"/cases/{upload.case}/acts").text
    assert "it is gone for good" in page
    assert "The service cannot" in page


def test_the_pages_are_plain_forms_in_both_themes_and_on_a_phone(app, site):
    served, platform = site
    platform.fault = Fault.CANNOT
    upload = decided(app)
    send(app)
    platform.fault = Fault.NONE
    reviewer = served.person(Role.REVIEWER)
    link = served.app.access.people.link(reviewer.id, "test")
    _, session = served.app.access.people.consume_link(link)
    with chromium() as browser, guarded(browser) as watched:
        page = watched.page
        page.context.add_cookies([{
            "name": served.api.state.gate.cookie, "value": session, "url": served.url,
            "httpOnly": True, "sameSite": "Strict",
        }])  # fmt: skip
        page.goto(f"{served.url}/cases/{upload.case}/acts")
        expect(page.get_by_role("heading", name="Acts on the service")).to_be_visible()
        page.get_by_label("Reason").fill("They asked for it.")
        page.get_by_label("The service shall").select_option("close_account")
        page.get_by_role("button", name="Send it").click()
        expect(page.locator("main")).to_contain_text("Close the account")
        both_themes(page, "acts of a case")
        page.goto(f"{served.url}/acts?failing=1")
        page.get_by_role("button", name="Try again").first.click()
        expect(page.locator("main")).to_be_visible()
        page.goto(f"{served.url}/acts")
        page.set_viewport_size(
            {"width": 1440, "height": 4000}
        )  # the bar at its foot hides no button
        both_themes(page, "acts")
        page.get_by_text("What happened").first.click()
        page.set_viewport_size({"width": 390, "height": 844})
        assert not scrolls_sideways(page)
        page.goto(f"{served.url}/cases/{upload.case}/acts")
    send(app)
    closed = standing(app, upload, Lane.ACCOUNT)
    assert closed is None or closed.state is ActState.CONFIRMED


def test_the_command_lists_and_tries_again_and_a_polling_service_sees_its_own(
    app, site, tmp_path, monkeypatch
):
    served, platform = site
    platform.fault = Fault.CANNOT
    upload = decided(app)
    send(app)
    act = standing(app, upload)
    polling = served.client(served.key("act:read", "act:write", service="photos"))
    (mine,) = [one for one in polling.get("/v1/acts").json()["acts"] if one["id"] == act.id]
    assert mine["name"] == upload.origin.reference
    elsewhere = served.client(served.key("act:read", service="elsewhere"))
    assert elsewhere.get("/v1/acts").json()["acts"] == []
    desk = HereDesk(app)
    assert act.id in {one["id"] for one in desk.acts(failing=True)["acts"]}
    assert desk.retry_act(act.id)["state"] == "wanted"
    monkeypatch.setenv("BREAKWATER_DATA_DIR", str(tmp_path))
    shown = CliRunner().invoke(program, ["acts", "policy"])
    assert ActPolicy.read(tomllib.loads(shown.output)) == ActPolicy.load()


def test_what_passed_and_is_listed_later_is_hidden_everywhere_and_comes_back_when_it_is_not(
    app, site
):
    """Through the real worker: the entry, the search backwards, the verdicts, the acts."""
    _, platform = site
    picture = photo(77)
    passed = [sent_in(app, picture) for _ in range(3)]
    assert {one.case for one in passed} == {None}
    app.banks.create(NewBank("LATER", action=BankAction.HOLD), OPERATOR)
    entry = app.banks.add("LATER", [pdq_of(app, picture)], OPERATOR)[0]
    worker = Worker(
        db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=(), metrics=app.metrics
    )
    work(worker)
    send(app)
    for one in passed:
        assert standing(app, one).state is ActState.CONFIRMED
        assert platform.state[standing(app, one).fence] == "hide"
    app.banks.withdraw(entry.number, OPERATOR, "listed by mistake")
    work(worker)
    send(app)
    assert [platform.state[standing(app, one).fence] for one in passed] == ["restore"] * 3
