"""Settings of live streams: media servers entered and checked, banks that two people let cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from breakwater.banks.manage import NewBank
from breakwater.model.access import Role
from breakwater.model.bank import BankAction
from tests.integration.browsing import chromium
from tests.integration.console_site import Site
from tests.integration.served import OPERATOR, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with chromium() as browser, serving(tmp_path_factory.mktemp("live")) as served:
        served.app.banks.create(NewBank("KNOWN", purpose="test", action=BankAction.BLOCK), OPERATOR)
        yield Site(served, browser, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [1440, 390])
def test_a_media_server_is_entered_and_checked_without_scripts(site: Site, width: int) -> None:
    with site.page(Role.ADMIN, width=width, java_script_enabled=False) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/settings/live")
        page.get_by_label("Name").fill(f"edge-{width}")
        page.get_by_label("Address of its control interface").fill("http://127.0.0.1:9")
        page.get_by_role("button", name="Enter the media server").click()
        expect(page.get_by_text("The media server is entered.")).to_be_visible()
        expect(page.get_by_text("No hook yet").first).to_be_visible()
        page.get_by_role("button", name=f"Check edge-{width}").click()
        expect(page.get_by_text(f"What edge-{width} answers")).to_be_visible()
    with site.page(Role.ADMIN, width=width) as watched:
        watched.page.goto(f"{site.served.url}/settings/live")
        both_themes(watched.page, f"settings of live {width}")
        assert not scrolls_sideways(watched.page)


def test_a_bank_cuts_by_itself_once_two_people_say_so(site: Site) -> None:
    def mark(browser, act: str) -> int:
        answer = browser.post(
            "/settings/live/banks", data={"bank": "KNOWN", "act": act, "reason": "verified"}
        )
        return int(answer.status_code)

    first, second = site.served.browser(Role.ADMIN), site.served.browser(Role.ADMIN)
    assert mark(first, "propose") == 303
    assert mark(first, "confirm") == 409
    assert mark(second, "confirm") == 303
    assert "May cut by itself" in first.get("/settings/live").text
    assert mark(first, "forbid") == 303
    assert "May cut by itself" not in first.get("/settings/live").text
    assert site.served.browser(Role.REVIEWER).get("/settings/live").status_code == 403
