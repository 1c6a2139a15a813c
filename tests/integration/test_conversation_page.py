"""The case of a conversation in a browser: stages with their dates, the law, words covered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from breakwater.model.access import Role
from tests.integration.browsing import chromium, guarded
from tests.integration.served import serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways

LAW = "18 USC 2258A(f)"
STEPS = (
    "how old are you", "are you home alone", "add me on telegram", "i will pay you",
    "do not tell anyone", "give me your phone number",
)  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with (
        serving(tmp_path_factory.mktemp("talk"), conversations_jurisdictions="US") as served,
        chromium() as browser,
    ):
        yield served, browser


def opened(served):
    """The case that stages over days opened."""
    client = served.client(served.key("stream:write", service="clips"))
    begin = datetime.now(UTC) - timedelta(days=6)
    said = [
        {"id": f"m{n}", "author": "acct-3", "text": text, "lang": "en",
         "at": (begin + timedelta(days=n)).isoformat()}
        for n, text in enumerate(STEPS)
    ]  # fmt: skip
    told = {
        "service": "clips", "jurisdiction": "US", "legal_basis": LAW, "messages": said,
        "participants": [{"account": "acct-3"}, {"account": "acct-9"}],
    }  # fmt: skip
    answer = client.post("/v1/conversations/talk-1/messages", json=told).json()
    return answer["alarms"][0]["case"]


def test_the_stages_and_the_law_are_on_the_page_and_no_name_or_word(house):
    served, browser = house
    case = opened(served)
    person = served.person(Role.REVIEWER, name="Sam Ortega")
    link = served.app.access.people.link(person.id, "test")
    _, session = served.app.access.people.consume_link(link)
    with guarded(browser) as watched:
        page = watched.page
        cookie = {"name": served.api.state.gate.cookie, "value": session, "url": served.url}
        page.context.add_cookies([cookie])
        page.goto(f"{served.url}/cases/{case}")
        page.goto(f"{served.url}/cases/{case}/chat")
        stages = page.get_by_role("region", name="What one side showed, over days")
        rows = stages.get_by_role("listitem")
        expect(rows).to_have_count(6)
        expect(rows.nth(0)).to_contain_text("asks the age")
        expect(stages).to_contain_text(f"Weighed under US: {LAW}")
        assert "acct-" not in page.content()
        assert not any(text in page.content() for text in STEPS)
        both_themes(page, "conversation")
        page.set_viewport_size({"width": 390, "height": 844})
        assert not scrolls_sideways(page)
