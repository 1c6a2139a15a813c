"""Protects slow lines and old machines: what each page of the rail costs on the wire, all told.

Whole pages of a real installation, nothing cached: documents, styles, scripts and pictures as
they are sent. A page that joins the rail joins this test.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from breakwater.model.access import Role
from breakwater.web.pages.rail import LINKS
from tests.integration.browsing import chromium
from tests.integration.console_site import Site, whole_site

PAGE_BYTES = 150_000
"""A page with everything it needs (console specification, budgets)."""
HTML_BYTES = 40_000
"""One document, before it is packed."""
ONE_OF = {"grade": Role.GRADER}
"""Pages that quality leads do not open."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with whole_site(tmp_path_factory.mktemp("budget"), browser) as whole:
        yield whole


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.id)
def test_a_page_costs_little_on_the_wire(site: Site, link) -> None:
    both = {Role.QA_LEAD, Role.GRADER}  # nobody may be both
    roles = [role for role in Role if role not in both or role is ONE_OF.get(link.id, Role.QA_LEAD)]
    with site.page(*roles) as watched:
        line = watched.page.context.new_cdp_session(watched.page)
        line.send("Network.enable")
        line.send("Network.setCacheDisabled", {"cacheDisabled": True})
        sent: list[int] = []
        line.on("Network.loadingFinished", lambda told: sent.append(told["encodedDataLength"]))
        answer = watched.page.goto(site.served.url + link.url)
        assert answer is not None
        assert answer.ok, f"{link.url}: {answer.status}"
        watched.page.wait_for_load_state("load")
        assert len(answer.body()) <= HTML_BYTES, f"{link.url}: {len(answer.body()):,} bytes of HTML"
        assert 10_000 < sum(sent) <= PAGE_BYTES, f"{link.url}: {sum(sent):,} bytes on the wire"
        assert watched.page.locator("h1").count() == 1
        assert watched.page.title()
