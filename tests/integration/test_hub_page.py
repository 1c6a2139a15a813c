"""The hub's pages in a real browser: members, keys, rules by two people, the simulator."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from breakwater.hub.rules import RuleWish
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.bank import EntryStatus
from breakwater.model.hub import Effect, GivenBy, MemberKind
from breakwater.model.hub_given import QueueWhy
from breakwater.model.ids import new_id
from breakwater.records import (
    banks,
    entries,
    hub_feeds,
    hub_given,
    hub_hours,
    hub_lists,
    hub_members,
    hub_queue,
    imports,
)
from breakwater.records.tables.nouns_hub import hub_pull_hours
from breakwater.web.pages.hub_queue import SHOWN
from tests import builders
from tests.integration.browsing import chromium
from tests.integration.console_site import Site
from tests.integration.served import Served, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways

MOST = 40_000
RUNS = Principal(new_id(), "test", frozenset({Permission.HUB_WRITE}))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("hub")) as running:
        with running.app.db.transaction() as tx:
            bank = banks.create(tx, name="HARBOUR")
            banks.create(tx, name="TERN")
            rows = [builders.signal() for _ in range(3)]
            entries.add(tx, bank, rows)
        yield running


def given(served: Served, name: str) -> int:
    """A batch that waits, and a member that follows."""
    with served.app.db.transaction() as tx:
        whose = hub_members.create(tx, name=name, kind=MemberKind.HOTLINE, country="GB")
        bank = banks.get(tx, "HARBOUR")
        run = imports.start(tx, bank, source=name, digest=f"hub:{name}")
        hub_given.begin(tx, run, bank, whose, GivenBy.CSV, category="A1")
        rows = [builders.signal() for _ in range(2)]
        entries.add(tx, bank, rows, import_number=run.number, status=EntryStatus.PROPOSED)
        imports.progress(tx, run.number, rows_read=2, rows_kept=2, rows_bad=0)
        imports.finish(tx, run.number)
        hub_feeds.note_pull(tx, whose.id, "ncmec", {"change": 2, "rows": 3, "requests": 4})
        hub_hours.add(tx, whose.id, "ncmec", {"rows": 3, "requests": 4, "errors": 1}, 7)
        old = [
            {
                "member_id": whose.id, "dialect": "ncmec", "requests": 9, "errors": int(n == 30),
                "hour": tx.now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=n),
                "rows": n * n % 53 * 40, "behind": n * 31 % 200,
            }
            for n in range(1, 72)
        ]  # fmt: skip
        tx.execute(sa.insert(hub_pull_hours), old)
    return run.number


def look(page, name: str) -> None:
    both_themes(page, name)
    assert not scrolls_sideways(page)
    if os.environ.get("LOOK"):
        page.screenshot(path=Path(os.environ["LOOK"]) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_at_any_width(served, browser, width) -> None:
    number = given(served, f"Reed {width}")
    site = Site(served, browser, None)
    with site.page(Role.QA_LEAD, width=width, height=2000) as watched:
        page = watched.page
        page.goto(f"{served.url}/hub")
        expect(page.locator(f"#batch-{number}")).to_contain_text("gave 2 entries")
        look(page, f"hub {width}")
        page.get_by_label("Name of the organisation").fill(f"Cove {width}")
        page.get_by_label("Country, by two letters").fill("DE")
        page.get_by_role("button", name="Take in").click()
        expect(page.locator("p.bar")).to_contain_text("takes part")
        page.get_by_label("What it is for").fill("feed")
        page.get_by_role("button", name="Make the key").click()
        token = page.locator("#given").inner_text()
        expect(page.locator("pre").first).to_contain_text(token)
        look(page, f"member {width}")
        with served.app.db.read() as tx:
            reed = hub_members.by_name(tx, f"Reed {width}").id
        page.goto(f"{served.url}/hub/members/{reed}")
        expect(page.locator("figure.hours")).to_contain_text("2 errors in three days")
        look(page, f"follows {width}")
        mine = served.client(token).get("/v1/hub/self").json()
        assert mine["member"]["name"] == f"Cove {width}"
        page.goto(f"{served.url}/hub/rules")
        if width == 1440:
            page.get_by_label("Bank").select_option("HARBOUR")
            page.get_by_role("button", name="Share it").click()
            expect(page.locator("p.bar")).to_contain_text("is shared")
        form = page.locator("form[action='/hub/rules'][method='post']")
        form.get_by_label("To", exact=True).select_option(label=f"Cove {width}")
        form.get_by_label("Until, if it names a day").fill("2099-05-31")
        form.get_by_label("Reason").fill("By agreement.")
        form.get_by_role("button", name="Add the rule").click()
        expect(page.locator("p.bar")).to_contain_text("waits for a second person")
        waits = page.locator("[aria-labelledby=waiting-title] li").last
        assert waits.locator("time").get_attribute("datetime").startswith("2099-06-01T00:00")
        page.get_by_label("Member", exact=True).select_option(label=f"Cove {width}")
        page.get_by_role("button", name="Look, nothing goes out").click()
        expect(page.locator("main")).to_contain_text("0 entries would go out")
        look(page, f"rules {width}")
        page.goto(f"{served.url}/hub")
        batch = page.locator(f"#batch-{number}")
        batch.get_by_label("Reason").fill("Looked at.")
        batch.get_by_role("button", name="Propose to let it out").press("Enter")
        expect(page.locator(f"#batch-{number}")).to_contain_text(": Looked at.")
    with site.page(Role.ADMIN, width=width, java_script_enabled=False) as watched:
        page = watched.page
        page.goto(f"{served.url}/hub")
        page.locator(f"#batch-{number}").get_by_role("button", name="Agree, let it out").click()
        expect(page.locator("p.bar")).to_contain_text("It goes out")
        page.goto(f"{served.url}/hub/rules")
        page.get_by_role("button", name="Agree", exact=True).first.click()
        expect(page.locator("p.bar")).to_contain_text("The rule stands")
        page.get_by_label("Member", exact=True).select_option(label=f"Cove {width}")
        page.get_by_role("button", name="Look, nothing goes out").click()
        expect(page.locator("main")).not_to_contain_text("0 entries would go out")


def test_pages_are_small_german_and_closed_to_others(served) -> None:
    given(served, "Teal")
    lead = served.browser(Role.QA_LEAD)
    with served.app.db.read() as tx:
        member = hub_members.by_name(tx, "Teal").id
    for path in ("/hub", f"/hub/members/{member}", "/hub/rules"):
        answer = lead.get(path)
        assert answer.status_code == 200
        assert len(answer.content) <= MOST
        assert served.browser(Role.REVIEWER).get(path).status_code == 403
    german = lead.get("/hub", headers={"Accept-Language": "de"}).text
    assert "Mitglieder" in german


def test_what_is_refused_is_said_on_the_page(served) -> None:
    lead = served.browser(Role.QA_LEAD)
    form = {"csrf": lead.headers["X-CSRF-Token"], "reason": "x", "country": "Atlantis"}
    said = lead.post("/hub/rules", data=form)
    assert said.status_code == 422
    assert 'role="alert"' in said.text
    assert lead.post("/hub/members", data={"csrf": form["csrf"], "name": ""}).status_code == 422


def test_a_rule_of_a_list_that_is_shared_no_more_says_its_name_still(served) -> None:
    runs, wish = served.app.hub, RuleWish(Effect.DENY, list="TERN")
    runs.lists.share(RUNS, "TERN")
    made = runs.rules.add(RUNS, wish, reason="Not yet.")
    runs.lists.end(RUNS, "TERN")
    page = served.browser(Role.QA_LEAD).get("/hub/rules").text
    row = page.partition(f'id="rule-{made.rule.id}"')[2].partition("</li>")[0]
    assert "<strong>list TERN</strong>" in row
    shared = page.partition('aria-labelledby="lists-title"')[2].partition("</section>")[0]
    assert "<strong>TERN</strong>" not in shared


@pytest.mark.parametrize("width", [1440, 390])
def test_a_member_opens_its_own_page_with_its_key_and_nobody_elses(served, browser, width) -> None:
    given(served, f"Smew {width}")
    given(served, f"Knot {width}")
    with served.app.db.read() as tx:
        smew = hub_members.by_name(tx, f"Smew {width}").id
    _, token = served.app.hub.members.give_key(RUNS, smew, name="portal")
    context = browser.new_context(viewport={"width": width, "height": 1200})
    page = context.new_page()
    page.goto(f"{served.url}/portal")
    look(page, f"portal door {width}")
    page.get_by_label("Key").fill("bw_" + "0" * 32 + "_" + "A" * 43)
    page.get_by_role("button", name="Open the page").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Key").fill(token)
    page.get_by_role("button", name="Open the page").press("Enter")
    expect(page.locator("main")).to_contain_text(f"Smew {width}")
    expect(page.locator("main")).to_contain_text("ncmec")
    expect(page.locator("figure.hours")).to_contain_text("2 errors in three days")
    expect(page.locator("main")).not_to_contain_text(f"Knot {width}")
    assert token not in page.content()
    assert token not in page.url
    assert context.cookies() == []
    look(page, f"portal {width}")
    context.close()


def test_a_key_of_a_service_opens_no_portal_and_wrong_ones_are_counted(served) -> None:
    anybody = served.client()
    here = {"Origin": served.url}
    sent = {"key": served.key("media:screen")}
    assert anybody.post("/portal", data=sent, headers=here).status_code == 403
    assert anybody.post("/portal", data=sent, headers={"Origin": "https://x.example"}).status_code == 403  # fmt: skip
    wrong = {"key": "x"}
    said = (anybody.post("/portal", data=wrong, headers=here).status_code for _ in range(400))
    assert next(status for status in said if status != 401) == 429


@pytest.mark.parametrize("width", [1440, 390])
def test_a_curator_settles_what_members_disagree_on(served, browser, width) -> None:
    with served.app.db.transaction() as tx:
        bank = banks.get(tx, "HARBOUR")
        hub_lists.share(tx, bank)
        one = builders.entry(tx, bank)
        hub_queue.ask(tx, one.number, QueueWhy.CONFLICT)
    with Site(served, browser, None).page(Role.QA_LEAD, width=width, height=1400) as watched:
        page = watched.page
        page.goto(f"{served.url}/hub/queue")
        row = page.locator(f"#question-{one.number}")
        expect(row).to_contain_text("Members disagree")
        look(page, f"queue {width}")
        row.get_by_label("What is decided").select_option("withdraw")
        row.get_by_label("Reason").fill("Harmless: a sail.")
        row.get_by_role("button", name="Settle it").press("Enter")
        expect(page.locator("p.bar")).to_contain_text("It is settled")
        expect(page.locator(f"#question-{one.number}")).to_have_count(0)
        page.goto(f"{served.url}/hub/entries/{one.number}")
        main = page.locator("main")
        for words in (
            "It was withdrawn",
            "Somebody gave it",
            "Became a question",
            "Members disagree",
            "Withdraw it",
            "Harmless: a sail.",
        ):
            expect(main).to_contain_text(words)
        look(page, f"entry {width}")
    assert served.browser(Role.QA_LEAD).get("/hub/entries/999999").status_code == 404
    with served.app.db.read() as tx:
        assert entries.get(tx, one.number).status is EntryStatus.WITHDRAWN
    assert served.browser(Role.ADMIN).get("/hub/queue").status_code == 403


def test_a_curator_settles_by_keys_alone(served, browser) -> None:
    with served.app.db.transaction() as tx:
        bank = banks.create(tx, name="PLOVER")
        hub_lists.share(tx, bank)
        first, second = (builders.entry(tx, bank) for _ in range(2))
        hub_queue.ask(tx, first.number, QueueWhy.CONFLICT)
    with served.app.db.transaction() as tx:  # a moment later: the page is by age
        hub_queue.ask(tx, second.number, QueueWhy.CONFLICT)
    with Site(served, browser, None).page(Role.QA_LEAD, width=1440, height=1400) as watched:
        page = watched.page
        page.goto(f"{served.url}/hub/queue")
        shown = page.locator("#questions > li").count()
        for _ in range(shown):
            page.keyboard.press("j")
        row = page.locator(f"#question-{second.number}")
        expect(row).to_have_attribute("aria-current", "true")
        page.keyboard.press("k")
        expect(page.locator(f"#question-{first.number}")).to_have_attribute("aria-current", "true")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("2")
        expect(row.get_by_label("What is decided")).to_have_value("withdraw")
        look(page, "queue by keys")
        page.keyboard.press("Enter")
        expect(row.get_by_label("Reason")).to_be_focused()  # the browser asks for it
        page.keyboard.type("Harmless: 2 boats, j and k.")
        page.keyboard.press("Enter")
        expect(page.locator("p.bar")).to_contain_text("It is settled")
    with served.app.db.read() as tx:
        assert entries.get(tx, second.number).status is EntryStatus.WITHDRAWN
        assert entries.get(tx, first.number).status is EntryStatus.ACTIVE


def test_the_queue_and_the_portal_are_small_and_german_too(tmp_path) -> None:
    with serving(tmp_path) as served:
        with served.app.db.transaction() as tx:
            banks.create(tx, name="HARBOUR")
        with served.app.db.transaction() as tx:
            bank = banks.create(tx, name="EIDER")
            hub_lists.share(tx, bank)
            for _ in range(SHOWN + 5):
                hub_queue.ask(tx, builders.entry(tx, bank).number, QueueWhy.CONFLICT)
        lead, tongue = served.browser(Role.QA_LEAD), {"Accept-Language": "de"}
        queue = lead.get("/hub/queue", headers=tongue)
        assert queue.text.count('id="question-') == SHOWN
        assert len(queue.content) <= MOST
        assert "Offene Fragen" in queue.text
        assert "Mitglieder sind uneins" in queue.text
        given(served, "Gadwall")
        with served.app.db.read() as tx:
            whose = hub_members.by_name(tx, "Gadwall").id
        keys = [served.app.hub.members.give_key(RUNS, whose, name=f"key {n}")[1] for n in range(20)]
        anybody, here = served.client(), {"Origin": served.url, **tongue}
        door = anybody.get("/portal", headers=tongue)
        opened = anybody.post("/portal", data={"key": keys[0]}, headers=here)
        assert opened.status_code == 200
        for answer, words in ((door, "Schlüssel"), (opened, "Gadwall")):
            assert len(answer.content) <= MOST
            assert '<html lang="de"' in answer.text
            assert words in answer.text
        assert "Open the page" not in door.text
        assert "How you follow" not in opened.text
