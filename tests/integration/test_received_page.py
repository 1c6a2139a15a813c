"""A received report on the page of its case: who may see what, and where it went on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from breakwater.model.access import MACHINE_SCOPES, Person, Role
from breakwater.model.ids import Id
from breakwater.records import audit, received, views
from tests import ispws_samples as samples
from tests.integration.browsing import chromium, guarded
from tests.integration.conftest import photo
from tests.integration.console_site import until
from tests.integration.ispws_sender import Sender, finished, looked
from tests.integration.served import Served, serving
from tests.integration.test_console_axe import violations

SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("received"), reports_receive=True) as running:
        yield running


@pytest.fixture(scope="module")
def case(served: Served) -> str:
    sender = Sender(served)
    looked(served, finished(sender, photo(81)))
    report = sender.open(
        samples.urgent(
            places="<internetDetails><webPageIncident><url>https://live.example/quay</url>"
            "</webPageIncident></internetDetails>",
            people=samples.person() + "<victim><victimPerson><firstName>Zoë 静</firstName>"
            "<age>13</age></victimPerson></victim>",
            extra="<additionalInfo>Words of the sender.</additionalInfo>",
        )
    )
    inner = (
        "<originalFileName>quay at night.jpg</originalFileName><fileViewedByEsp>true"
        "</fileViewedByEsp><fileAnnotations><liveStreaming/></fileAnnotations>"
    )
    file = sender.add(report, photo(81))
    assert sender.send("fileinfo", samples.details(report, file, inner))[:2] == (200, 0)
    sender.add(report, photo(82))
    sender.add(report, b"a letter")
    assert sender.form("finish", report)[:2] == (200, 0)
    return str(looked(served, report)[0].id)


def test_a_member_s_key_can_be_made_on_the_settings_page(served: Served) -> None:
    page = served.browser(Role.ADMIN).get("/settings/keys").text
    for scope in MACHINE_SCOPES:
        assert f'value="{scope.value}"' in page


SECRETS = ("81.2.69.160", "Zoë", "Words of the sender.", "desk@photos.example")


def page(served: Served, case: str, *roles: Role) -> str:
    answer = served.browser(*roles).get(f"/cases/{case}")
    assert answer.status_code == 200
    assert len(answer.content) <= 40_000
    return answer.text


def test_each_role_sees_what_it_may(served: Served, case: str) -> None:
    officer = page(served, case, Role.REPORT_OFFICER)
    for words in (*SECRETS, "otter-9", "port 40001", "quay at night.jpg", "She is live now."):
        assert words in officer, words
    reviewer = page(served, case, Role.REVIEWER)
    assert "otter-9" in reviewer
    assert "quay at night.jpg" in reviewer
    assert "She is live now." in reviewer
    moderator = page(served, case, Role.LIVE_MODERATOR)
    assert "Masked for your role" in moderator
    admin = page(served, case, Role.ADMIN)
    assert "The sender calls it urgent." in admin
    for words in (*SECRETS, "otter-9", "quay at night.jpg"):
        for who, text in (("moderator", moderator), ("admin", admin)):
            assert words not in text, (who, words)
        if words in SECRETS:
            assert words not in reviewer, words
    assert "She is live now." not in admin


def test_what_was_found_and_where_an_address_seems_to_be_is_shown(
    served: Served, case: str
) -> None:
    text = page(served, case, Role.REPORT_OFFICER)
    for words in (
        "File 1 came before, with report 1.", "A file is from a live broadcast.",
        "From a live broadcast", "Seems to be in", "GB", "It names a child.",
    ):  # fmt: skip
        assert words in text, words


def test_the_queue_says_what_came_in(served: Served, case: str) -> None:
    queue = served.browser(Role.REVIEWER).get("/queue?kind=received")
    assert "Report 2 came in: Child Pornography" in queue.text
    assert queue.text.index("Report 2 came in") < queue.text.index("Report 1 came in")


def test_a_referral_is_marked_shown_and_audited(served: Served, case: str) -> None:
    officer = served.browser(Role.REPORT_OFFICER)
    sent = {"recipient": "Bundeskriminalamt", "reference": "AZ 7/26"}
    answer = officer.post(f"/cases/{case}/refer", data=sent)
    assert answer.status_code == 303
    text = officer.get(f"/cases/{case}").text
    assert "Bundeskriminalamt, AZ 7/26" in text
    with served.app.db.read() as tx:
        report = received.of_case(tx, Id(case))
        assert report is not None
        (entry,) = audit.page(tx, action="received.refer", subject=report.id)
        assert entry.facts["recipient"] == "Bundeskriminalamt"
    assert officer.post(f"/cases/{case}/refer", data={"recipient": " "}).status_code == 422
    assert served.browser(Role.REVIEWER).post(f"/cases/{case}/refer", data=sent).status_code == 403
    bare: httpx.Client = served.browser(Role.REPORT_OFFICER, csrf=False)
    assert bare.post(f"/cases/{case}/refer", data=sent).status_code == 403


@contextmanager
def looking(
    served: Served, browser: Browser, person: Person, *, phone: tuple[str, ...] = (),
    **options: object,
) -> Iterator[Page]:  # fmt: skip
    """Their signed-in page; `phone` are messages that only a telephone brings: no pictures."""
    link = served.app.access.people.link(person.id, "test")
    _, session = served.app.access.people.consume_link(link)
    with guarded(browser, **options) as watched:  # type: ignore[arg-type]
        watched.page.context.add_cookies([{
            "name": served.api.state.gate.cookie, "value": session, "url": served.url,
            "httpOnly": True, "sameSite": "Strict",
        }])  # fmt: skip
        watched.allowed += phone
        yield watched.page


def test_a_file_is_looked_at_through_the_view_log(served: Served, case: str) -> None:
    person = served.person(Role.REPORT_OFFICER, name="Kim")
    with served.app.db.read() as tx:
        report = received.of_case(tx, Id(case))
        assert report is not None
        first = received.files_of(tx, report.id)[0]

    def looks() -> set[str]:
        with served.app.db.read() as tx:
            return {row.level.value for row in views.of_item(tx, first.id)}

    with chromium() as browser:
        with looking(served, browser, person, color_scheme="dark") as page:
            page.goto(f"{served.url}/cases/{case}")
            expect(page.locator("#received")).to_be_visible()
            page.locator("#reveal").hover()
            page.mouse.down()
            until(lambda: "s3" in looks())
            page.mouse.up()
            expect(page.locator(".strip button")).to_have_count(3)
            assert violations(page, "html") == []
            shot(page, "received-1440-dark")
        with looking(
            served, browser, person, color_scheme="light", width=390, height=844, phone=("403",)
        ) as page:
            page.goto(f"{served.url}/cases/{case}")
            expect(page.locator("#referrals")).to_be_visible()
            assert violations(page, "html") == []
            shot(page, "received-390-light")
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 390


def shot(page: Page, name: str) -> None:
    """A picture for whoever wants to see the page: `SHOTS=directory`."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)
