"""Settings of comments: people's time as pages a night, what other numbers change, what weighs."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from breakwater.comments.calibrate import Band, Budget, Calibration
from breakwater.model.access import Role
from breakwater.model.chat import About, ChatKind
from breakwater.model.comment import Level
from breakwater.recognition.hearing.drift import counted
from breakwater.records import chat_sums, chats
from breakwater.web.pages import read_comments
from breakwater.web.pages.speech import figure
from tests.integration.browsing import chromium
from tests.integration.console_site import Site
from tests.integration.served import serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways

HERE = "/settings/comments"
HTML_BYTES = 40_000


def taught(seed: int) -> Calibration:
    """Counts of ordinary chats: one cell of many hours, one that drifted, one of few."""
    made, rng = Calibration({}), np.random.default_rng(seed)
    for service, lang, blocks in (("clips", "en", 2400), ("clips", "de", 12), ("radio", "es", 600)):
        for peak in rng.exponential(0.6, blocks):
            made.block(service, lang, Band.BUSY, dict.fromkeys(Level, float(peak)))
        for raw in rng.normal(-3.0, 1.0, 2500 if lang != "de" else 100):
            made.observe(service, lang, Band.BUSY, float(raw), 100.0)
    changed = made.cell("radio", "es", Band.BUSY).null
    changed.lately = np.roll(changed.seen, 12)
    return made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    set_so = {"comments_package": "surrogate", "comments_people": 2}
    place = tmp_path_factory.mktemp("settings-comments")
    with chromium() as browser, serving(place, live_watch=False, **set_so) as served:
        with served.app.db.transaction() as tx:
            tx.lock_changes()
            chat_sums.put_cells(tx, 0, taught(1).snapshot()["cells"])
            for n in range(40):
                chats.begin(tx, About(ChatKind.POST, "clips", f"post-{n}"))
        yield Site(served, browser, None)  # type: ignore[arg-type]


def row(page: Page, words: str) -> Locator:
    return page.locator("tr").filter(has_text=words)


def test_the_budget_is_people_and_stands_as_pages_a_night(site: Site) -> None:
    with site.page(Role.ADMIN) as watched:
        page = watched.page
        answer = page.goto(f"{site.served.url}/settings")
        assert answer is not None
        assert len(answer.body()) <= HTML_BYTES, "the page of all settings has room for the tab"
        page.get_by_role("link", name="Comments").click()
        for words, value in (
            ("People on shift", "2"),
            ("Chats that run now", "40"),
            ("Alarms an hour, whole service", "8"),
            ("Pages a night of 8 hours", "64"),
            ("Alarms in an hour of one chat", "0.2"),
            ("Hours of one chat to an alarm", "5"),
        ):
            expect(row(page, words).locator("td").first).to_have_text(value)


def test_other_numbers_are_tried_without_scripts_and_change_nothing(site: Site) -> None:
    with site.page(Role.ADMIN, java_script_enabled=False) as watched:
        page = watched.page
        page.goto(site.served.url + HERE)
        page.get_by_label("Pages that one person answers in an hour").fill("1")
        page.get_by_label("People on shift").fill("1")
        page.get_by_role("button", name="Show what would change").click()
        expect(row(page, "Pages a night of 8 hours").locator("td")).to_have_text(["64", "8"])
        expect(row(page, "Alarms in an hour of one chat").locator("td")).to_have_text(
            ["0.2", "0.025"]
        )
        counted = taught(1)
        levels = [
            counted.solve("clips", "en", Band.BUSY, Budget(pages, people, 40))
            for pages, people in ((4, 2), (1, 1))
        ]
        old, new = (figure(one[Level.STREAM].threshold, "0.0") for one in levels)
        assert float(old) < float(new), "fewer people: a chat must weigh more to alarm"
        limit = row(page, "English").locator("td").nth(5)
        expect(limit).to_have_text(f"{old} → {new}")
        page.get_by_role("link", name="Back to those in force").click()
        expect(row(page, "Pages a night of 8 hours").locator("td")).to_have_text(["64"])


def test_what_is_calibrated_what_drifted_and_what_weighs(site: Site) -> None:
    with site.page(Role.ADMIN) as watched:
        page = watched.page
        page.goto(site.served.url + HERE)
        expect(row(page, "English")).to_contain_text("Calibrated")
        expect(row(page, "English")).to_contain_text("400")
        expect(row(page, "German")).to_contain_text("Model waits: 100 of 2,000 messages")
        expect(row(page, "German")).to_contain_text("Few hours")
        drift = page.get_by_role("region", name="Traffic has changed")
        expect(drift).to_contain_text("radio, Spanish, 10 to 100 messages a minute")
        expect(drift.locator("li")).to_have_count(1)
        weighs = page.get_by_role("region", name="What weighs comments")
        expect(weighs).to_contain_text("This is a surrogate")
        expect(weighs).to_contain_text("surrogate-polite-spam-1")
        mine = page.locator(".names li").filter(has_text="BREAKWATER_COMMENTS_PACKAGE")
        expect(mine.locator("strong")).to_have_text("surrogate")
        expect(mine.locator(".tag")).to_have_text("set")


def test_counts_of_several_processes_are_added(site: Site) -> None:
    app = site.served.app
    with app.db.transaction() as tx:
        tx.lock_changes()
        chat_sums.put_cells(tx, 1, taught(2).snapshot()["cells"])
    settings = app.settings.model_copy(update={"comments_lanes": 2})
    with app.db.read() as tx:
        now = read_comments.budget(tx, settings)
        weighs = read_comments.weighs(settings, app.clock.now().date())
        view = read_comments.view(tx, settings, weighs, now, None)
    with app.db.transaction() as tx:
        chat_sums.forget_cells(tx, 1)
    assert view.several == min(2, os.cpu_count() or 1)
    assert view.cells[0].hours == "800"


def test_counts_of_processes_fade_to_one_moment_before_they_are_added(site: Site) -> None:
    """A chat of one process was busy a week ago, one of another today: each counts as it would."""
    week, app = 7 * 86_400.0, site.served.app
    old, new = Calibration({}), Calibration({})
    for _ in range(4_000):
        old.observe("old", "en", Band.SLOW, -3.0, 100.0)
        new.observe("old", "en", Band.SLOW, 3.0, 100.0 + week)
    with app.db.transaction() as tx:
        kept = chat_sums.cells(tx, 0)
        for lane, made in enumerate((old, new)):
            chat_sums.put_cells(tx, lane, [*(kept if not lane else []), *made.snapshot()["cells"]])
        null = counted(tx, 2).cell("old", "en", Band.SLOW).null
        chat_sums.put_cells(tx, 0, kept)
        chat_sums.put_cells(tx, 1, [])
    assert null.messages == pytest.approx(6_000)
    assert sorted(null.seen[null.seen > 0]) == pytest.approx([2_000, 4_000])
    assert null.lately.sum() == pytest.approx(4_000, rel=0.01)
    assert null.at == 100.0 + week


def test_numbers_that_are_none_are_refused_and_others_stay_out(site: Site) -> None:
    admin = site.served.browser(Role.ADMIN)
    for wrong in ("per_hour=0", "per_hour=nan", "people=0", "chats=-1", "people=x"):
        assert admin.get(f"{HERE}?{wrong}").status_code == 422
    assert site.served.browser(Role.REVIEWER).get(HERE).status_code == 403


@pytest.mark.parametrize("width", [1440, 390])
def test_settings_of_comments_can_be_used_by_everybody(site: Site, width: int) -> None:
    with site.page(Role.ADMIN, width=width, height=1400) as watched:
        page = watched.page
        for tried in ("", "?per_hour=2&people=1&chats=200"):
            answer = page.goto(f"{site.served.url}{HERE}{tried}")
            assert answer is not None
            assert len(answer.body()) <= HTML_BYTES
            both_themes(page, f"settings of comments {width}")
            assert not scrolls_sideways(page)
        if place := os.environ.get("SHOTS"):
            page.screenshot(path=f"{place}/setcomments{width}.png", full_page=True)
            page.emulate_media(color_scheme="dark")
            page.screenshot(path=f"{place}/setcommentsdark{width}.png", full_page=True)
