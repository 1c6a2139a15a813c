"""The story of justice, through public faces only: from a decision to a report that is filed once.

A service's upload is blocked; a person decides; an officer opens the case's reports, reads what
will be sent and what is missing, and sends. The receiving side, a process of its own, loses the
first answer and the sender is killed: after its restart the report is filed, once, with its file;
the page shows every call, and the audit log who looked.
"""

from __future__ import annotations

import contextlib
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.integration.browsing import chromium, guarded
from tests.integration.conftest import photo
from tests.integration.console_site import until
from tests.integration.ispws_site import Receiver, receiving
from tests.journey.test_live_story import signed_in
from tests.journey.test_review import follow
from tests.journey.test_wall import Installation

FOUND = {
    "role": "suspect",
    "item": {"activity": "non_penetrative", "children": ["0-2/unclear/prepubescent"]},
}
"""What the reviewer says of an ordinary picture that stands for what is looked for."""


@dataclass
class House:
    """An installation, where it reports to, and a person who decides and reports."""

    installation: Installation
    receiver: Receiver
    link: str


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place = tmp_path_factory.mktemp("justice")
    (place / "keys").mkdir()
    with receiving(place / "receiver") as receiver:
        found = Installation(place)
        found.environment |= {
            "BREAKWATER_REPORTS_EMAIL": "safety@example.net",
            "BREAKWATER_REPORTS_PLATFORM": "Clips",
            "BREAKWATER_REPORTS_NCMEC_URL": receiver.url,
            "BREAKWATER_REPORTS_NCMEC_USER": receiver.user,
            "BREAKWATER_REPORTS_NCMEC_PASSWORD": receiver.password,
        }
        found.start()
        try:
            yield House(found, receiver, officer(found))
        finally:
            found.stop()


def officer(found: Installation) -> str:
    """A person who decides and reports, added by the administrator; answers their link."""
    with contextlib.closing(signed_in(found, found.link)) as admin:
        roles = ["reviewer", "report_officer"]
        page = admin.post("/people", data={"name": "Ada Quist", "roles": roles}).text
    link = re.search(r"http://[^\s\"<]+/login/[A-Za-z0-9_-]+", page)
    assert link is not None, page[-2000:]
    return link[0]


def test_from_a_decision_to_a_report_that_is_filed_once(house: House) -> None:
    found, receiver = house.installation, house.receiver
    verdict = found.upload(photo(1)[:400], mime="image/png", port="40001")
    case = verdict["case"]
    assert case
    receiver.fault("submit", "lost_answer")
    receiver.fault("finish", "lost_answer")
    with chromium() as chrome, guarded(chrome) as watched:
        page = watched.page
        follow(page, house.link)
        token = page.locator("meta[name=csrf]").get_attribute("content") or ""
        home = house.link.partition("/login/")[0]
        said = page.request.post(
            f"{home}/v1/cases/{case}/decisions",
            headers={"X-CSRF-Token": token, "Origin": home},
            data={"kind": "illegal", "reason": "As listed.", "facts": FOUND},
        )
        assert said.status == 201, said.text()
        drafted = f"{home}/cases/{case}/report"
        until(lambda: (page.goto(drafted), page.get_by_text("Send the report").count())[1] > 0)
        main = page.locator("main")
        expect(main).to_contain_text("Who is reported")
        expect(main).to_contain_text("203.0.113.9, port 40001")
        expect(main).to_contain_text("What it does not say")
        page.get_by_role("button", name="Send the report").click()
        until(receiver.calls)
        watched.allowed.append("/events")
        found.stop(signal.SIGKILL)
        found.start()
        until(lambda: "finished" in {one["state"] for one in receiver.reports()}, 120)
        port = found.url.rpartition(":")[2]
        page.goto(f"{home.rpartition(':')[0]}:{port}/cases/{case}/report")
        until(lambda: (page.reload(), page.get_by_text("Filed", exact=True).count())[1] > 0)
        expect(main).to_contain_text("Every call")
    (filed,) = [one for one in receiver.reports() if one["state"] == "finished"]
    assert len(filed["files"]) == 1
    assert filed["files"][0]["described"]
    told = found.command("audit", "verify")
    assert told
