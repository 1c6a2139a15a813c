"""Sanctioned accounts over real HTTP and in a real browser: checked, looked at, let go of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from breakwater.model.access import Permission, Role
from breakwater.model.broadcast import Sender
from breakwater.model.case import Case, CaseKind, Priority
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.ids import new_id
from breakwater.records import accounts, cases, decisions, outbox, sanctions, streams
from breakwater.review.deciding import effects
from tests.integration.browsing import chromium
from tests.integration.console_site import Site
from tests.integration.served import Served, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways

CHECK = "/v1/registrations/check"
TOLD = {
    "emails": ["he.ron@gmail.com"], "phones": ["+4930901820"], "devices": ["heron-tablet-77"],
    "payments": ["pm_heron_1Nf8aKQ2"], "registration_address": "81.2.69.142",
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("sanctions")
    with serving(place, sanctions_release_people=2, registrations_region="DE") as running:
        yield running


def sanction(served: Served, account: str, **told) -> Case:
    """Decide that an account's holder is a suspect; the worker hears of it."""
    with served.app.db.transaction() as tx:
        stream = streams.start(
            tx, server="", name=f"live/{account}", sender=Sender(service="clips", account=account)
        )
        case = cases.open(
            tx, kind=CaseKind.STREAM, subject=stream.id, why="Seen.", priority=Priority.HIGH,
            service="clips", account=account,
        )  # fmt: skip
        streams.set_case(tx, stream.id, case.id)
        accounts.put(tx, "clips", account, TOLD | told, taken_at=tx.now)
        said = decisions.add(
            tx, case=case.id, kind=DecisionKind.ILLEGAL, by=new_id(), reason="Seen whole.",
            facts=DecisionFacts(role=AccountRole.SUSPECT),
        )  # fmt: skip
        effects.tell(tx, case, said)
    hear(served)
    assert of_case(served, case)
    return case


def hear(served: Served) -> None:
    """What the worker would do: sanctions and webhooks hear of every event."""
    with served.app.db.read() as tx:
        events = outbox.since(tx, 0, limit=1000)
    for one in served.app.subscriptions:
        if one.name in {"enforcement.sanctions", "intake.webhooks"}:
            for event in events:
                if event.type in one.types:
                    one.handle(event)


def of_case(served: Served, case: Case):
    with served.app.db.read() as tx:
        return sanctions.of_case(tx, case.id)


def test_a_service_asks_and_people_let_go(served) -> None:
    case = sanction(served, "heron")
    service = served.client(served.key("registration:check", service="clips"))
    assert service.post(CHECK, json={"email": "coot@gmail.com"}).json()["answer"] == "allow"
    weak = {"address": "81.2.69.9", "device": "heron-tablet-77"}
    assert service.post(CHECK, json=weak).json()["answer"] == "watch"
    found = service.post(CHECK, json={"email": "HERON+2@googlemail.com"}).json()
    assert (found["answer"], found["confidence"], found["reasons"]) == ("refuse", 0.95, ["email"])
    assert service.post(CHECK, json={"phone": "030 901820"}).json()["answer"] == "refuse"
    assert service.post(CHECK, json={}).status_code == 422
    assert service.post(CHECK, json={"payment": "4242424242424242"}).status_code == 422
    assert service.get("/v1/sanctions").status_code == 403
    asked = {"registration": found["registration"], "reason": "His sister's."}
    assert service.post("/v1/registrations/release", json=asked).status_code == 403

    reviewer, colleague = served.browser(Role.REVIEWER), served.browser(Role.REVIEWER)
    (one,) = reviewer.get("/v1/sanctions").json()["sanctions"]
    assert (one["account"], one["case"], one["in_force"]) == ("heron", case.id, True)
    assert [hit["answer"] for hit in one["registrations"]] == ["refuse", "refuse", "watch"]
    officer = served.browser(Role.ADMIN)
    assert officer.get(f"/v1/sanctions/{one['id']}").json()["account"] == ""
    both = asked | {"sanction": one["id"]}
    assert reviewer.post("/v1/registrations/release", json=both).status_code == 422
    assert reviewer.post("/v1/registrations/release", json=asked).status_code == 200
    assert service.post(CHECK, json={"email": "heron@gmail.com"}).json()["answer"] == "allow"
    whole = {"sanction": one["id"], "reason": "It was his brother."}
    assert reviewer.post("/v1/registrations/release", json=whole).json()["waits"] is True
    assert service.post(CHECK, json={"phone": "030 901820"}).json()["answer"] == "refuse"
    assert reviewer.post(f"/v1/sanctions/{one['id']}/confirm").status_code == 409
    assert colleague.post(f"/v1/sanctions/{one['id']}/confirm").json()["ended"] == "released"
    assert service.post(CHECK, json={"phone": "030 901820"}).json()["answer"] == "allow"


def test_a_webhook_is_told_without_whom(served) -> None:
    sanction(served, "teal", emails=["teal@gmail.com"])
    admin = served.browser(Role.ADMIN)
    events = ["registration.refused", "registration.watched"]
    made = admin.post(
        "/v1/webhooks", json={"url": "https://clips.example/told", "service": "clips", "events": events}
    )  # fmt: skip
    assert made.status_code == 201, made.text
    service = served.client(served.key("registration:check", service="clips"))
    found = service.post(CHECK, json={"email": "te.al@gmail.com"}).json()

    hear(served)
    with served.app.db.read() as tx:
        rows = [row[0] for row in tx.run("SELECT body FROM webhook_deliveries")]
    (body,) = [row for row in rows if found["registration"] in row]
    assert "teal" not in body.lower()
    assert '"answer":"refuse"' in body


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_at_any_width(served, browser, width, tmp_path: Path) -> None:
    account = f"smew-{width}"
    sanction(served, account, emails=[f"{account}@gmail.com"], devices=[f"{account}-laptop-1"])
    service = served.client(served.key("registration:check", service="clips"))
    service.post(CHECK, json={"email": f"{account}@gmail.com"})
    service.post(CHECK, json={"device": f"{account}-laptop-1"})
    site = Site(served, browser, None)
    with site.page(Role.REVIEWER, width=width, height=2000) as watched:
        page = watched.page
        page.goto(f"{served.url}/sanctions")
        card = page.locator(".sanctions > li").first
        expect(card).to_contain_text(account)
        expect(card).to_contain_text("mailbox × 1")
        both_themes(page, f"sanctions {width}")
        assert not scrolls_sideways(page)
        hit = card.locator(".hits > li", has_text="same mailbox")
        hit.locator("summary").press("Enter")
        hit.get_by_label("Reason").fill("Another person's mailbox.")
        hit.get_by_role("button").click()
        expect(page.locator("p.bar")).to_contain_text("leads to nobody now")
        card.locator("summary", has_text="Let go of the account").click()
        card.get_by_label("Reason").last.fill("It was his brother.")
        card.get_by_role("button", name="Propose to let go").click()
        expect(page.locator(".sanctions > li").first).to_contain_text("A release waits")
    with site.page(Role.REVIEWER, width=width, java_script_enabled=False) as watched:
        page = watched.page
        page.goto(f"{served.url}/sanctions")
        page.locator(".sanctions > li").first.get_by_role("button", name="Agree and let go").click()
        expect(page.locator("p.bar")).to_contain_text("is let go of")
        page.goto(f"{served.url}/sanctions?ended=1")
        expect(page.locator(".sanctions > li").first).to_contain_text("It was his brother.")


def test_roles_that_do_not_read_accounts_see_a_number_and_no_button(served, browser) -> None:
    sanction(served, "garganey")
    admin = served.browser(Role.ADMIN).get("/sanctions")
    assert admin.status_code == 200
    assert "garganey" not in admin.text
    assert "Let go" not in admin.text
    assert served.browser(Role.LIVE_MODERATOR).get("/sanctions").status_code == 403
    assert Permission.SANCTION_RELEASE not in Role.ADMIN.permissions
