"""Protects everybody who grades or measures grading: each page, dark and light, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from breakwater.model.access import Role
from breakwater.model.facts import ItemFacts
from breakwater.model.quality import AlarmKind
from breakwater.records import quality
from tests.integration.browsing import chromium
from tests.integration.grade_site import GradeSite, grade_all, grade_site, make_set, principal
from tests.integration.test_console_axe import both_themes, scrolls_sideways

WIDTHS = (1440, 390)
VIDEO = Path(__file__).parent.parent / "data/videos/pattern-sd-with-small-logo-bar.mp4"


def facts(number: int, *, other: bool = False) -> ItemFacts:
    age = ("3-6", "7-10", "11-13", "14-15")[(number + other * (number % 5 == 0)) % 4]
    act = "none" if number % 2 else "posing_or_nudity"
    return ItemFacts.read({"activity": act, "children": [f"{age}/female/unclear"]})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradeSite]:
    with grade_site(tmp_path_factory.mktemp("axe") / "here", browser) as running:
        app = running.served.app
        people = [running.served.person(Role.GRADER, name=name) for name in ("Ada", "Ben", "Cleo")]
        ada, ben, cleo = (principal(running.served, person) for person in people)
        lead = running.served.person(Role.QA_LEAD, name="Quinn")
        number = make_set(app, 8, graders=2)
        grade_all(app, ada, number, facts)
        grade_all(app, ben, number, lambda n: facts(n, other=True))
        app.review.grading.take_dispute(cleo, 5)
        app.review.grading.save(cleo, 5, facts(5))
        app.review.quality.mark_gold(principal(running.served, lead), 1, reason="seen by three")
        with app.db.transaction() as tx:
            quality.raise_alarm(tx, AlarmKind.DRIFT, ben.id, {"answers": 40, "wrong": 7})
            gone = quality.raise_alarm(tx, AlarmKind.DRIFT, ada.id, {"answers": 40, "wrong": 7})
            quality.end_alarm(tx, gone.id, by=lead.id, note="talked")
        running.people["Quinn"] = lead
        yield running


@pytest.mark.parametrize("width", WIDTHS)
def test_quality_can_be_used_by_everybody(site, width):
    with site.page(Role.QA_LEAD, name="Quinn", width=width) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/qa")
        page.locator("details.pairs summary").first.click()
        both_themes(page, f"qa {width}")
        assert not scrolls_sideways(page)
        assert page.locator("canvas").count() == 0, "no picture is measured by looking"


@pytest.mark.parametrize("width", WIDTHS)
def test_grade_pages_can_be_used_by_everybody(site, width):
    video = VIDEO.read_bytes() if width > 640 else b""  # a telephone is shown no still
    number = make_set(site.served.app, 2, video=video)
    with site.page(Role.GRADER, name=f"Grader {width}", width=width) as watched:
        watched.allowed += ["403"] if width < 640 else []  # a telephone gets words only
        page = watched.page
        for path in ("/grade", f"/grade/sets/{number}/first", f"/grade/sets/{number}"):
            page.goto(site.served.url + path)
            both_themes(page, f"{path} {width}")
            assert not scrolls_sideways(page), path
        for key in ("2", "6", "1", "1", "Enter"):
            page.keyboard.press(key)
        expect(page.get_by_role("alert")).to_be_visible()
        both_themes(page, f"asked {width}")


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_sets_can_be_used_by_everybody(site, width):
    number = make_set(site.served.app, 1)
    with site.page(Role.QA_LEAD, name="Sets", width=width) as watched:
        for path in ("/sets", f"/sets/{number}"):
            watched.page.goto(site.served.url + path)
            both_themes(watched.page, f"{path} {width}")
            assert not scrolls_sideways(watched.page), path


def test_a_qa_lead_sets_how_much_gold_is_met(site):
    with site.page(Role.QA_LEAD, name="Quinn") as watched:
        page = watched.page
        page.goto(f"{site.served.url}/qa")
        page.get_by_label("Gold of 100 items in every set without a share").fill("5")
        page.locator("#share-reason").fill("as usual")
        page.get_by_role("button", name="Set the share").click()
        expect(page.locator("#golds")).to_contain_text("About 5 of 100 items")


def test_a_qa_lead_makes_gold_and_closes_an_alarm_by_the_page_alone(site):
    with site.page(Role.QA_LEAD, name="Quinn") as watched:
        page = watched.page
        page.goto(f"{site.served.url}/qa")
        graders = page.get_by_role("table", name="How each grader's answers measured up")
        expect(graders.locator("tr", has_text="Ben")).to_contain_text("0 of 1")
        item = page.locator("#item-5")
        expect(item.locator(".differs")).to_have_count(1)
        item.get_by_label("Why its answer is beyond doubt").fill("ruled on and checked")
        item.get_by_role("button", name="Make it gold").click()
        expect(page.locator("#golds")).to_contain_text("ruled on and checked")
        page.get_by_label("What was done about it").fill("talked; two hours of training")
        page.get_by_role("button", name="Close the alarm").click()
        expect(page.locator("#alarms")).to_contain_text("Closed by Quinn: talked; two hours")
        expect(page.get_by_role("button", name="Close the alarm")).to_have_count(0)


def test_a_table_of_law_is_read_and_put_in_force_by_a_second_person_on_the_page(site):
    app = site.served.app
    law = {one.id: one for one in app.review.schemes.every()}["uk_abc"]
    changed = law.plain() | {"version": "2031-1"}
    quinn = principal(site.served, site.people["Quinn"])
    app.review.adopting.propose(quinn, changed, reason="the law of 2031")
    with site.page(Role.QA_LEAD, name="Quinn") as watched:
        watched.page.goto(f"{site.served.url}/qa")
        expect(watched.page.locator("#tables")).to_contain_text("Another person has to confirm it.")
        assert watched.page.get_by_role("button", name="Put it in force").count() == 0
    with site.page(Role.QA_LEAD, width=390) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/qa")
        tables = page.locator("#tables")
        expect(tables).to_contain_text("uk_abc, version 2031-1")
        expect(tables).to_contain_text("Quinn proposed it: the law of 2031")
        expect(tables).to_contain_text("items would change, of ")
        both_themes(page, "tables of law")
        assert not scrolls_sideways(page)
        page.get_by_label("Your own words, for the record").fill("I read it too.")
        page.get_by_role("button", name="Put it in force").click()
        expect(page.locator("#tables")).to_have_count(0)
    assert {one.id: one for one in app.review.schemes.every()}["uk_abc"].version == "2031-1"


def test_nothing_is_cut_off_at_320_px(site):
    with site.page(Role.QA_LEAD, name="Quinn", width=320, height=640) as watched:
        watched.page.goto(f"{site.served.url}/qa")
        assert not scrolls_sideways(watched.page)
    number = make_set(site.served.app, 1)
    with site.page(Role.GRADER, name="Narrow", width=320, height=640) as watched:
        watched.allowed.append("403")
        for path in ("/grade", f"/grade/sets/{number}/first", f"/grade/sets/{number}"):
            watched.page.goto(site.served.url + path)
            assert not scrolls_sideways(watched.page), path
