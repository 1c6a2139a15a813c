"""The story of justice, through public faces only: from a decision to a report that is filed once.

A service's upload is blocked; a person decides; an officer opens the case's reports, reads what
will be sent and what is missing, and sends. The receiving side, a process of its own, loses the
first answer and the sender is killed: after its restart the report is filed, once, with its file;
the page shows every call, and the audit log who looked. What was decided is held for a year from
the receipt; two people hand the case to the police, sealed, and bare Python checks the package;
whoever comes back by another spelling of the same e-mail address is refused.
"""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.integration.browsing import chromium, guarded
from tests.integration.conftest import photo
from tests.integration.console_site import until
from tests.integration.ispws_site import Receiver, receiving
from tests.integration.packing import police
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
    service: httpx.Client
    case: str = ""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place = tmp_path_factory.mktemp("justice")
    (place / "keys").mkdir()
    with receiving(place / "receiver") as receiver:
        found = Installation(place)
        found.environment |= {
            "BREAKWATER_SEAT": "US",
            "BREAKWATER_REPORTS_EMAIL": "safety@example.net",
            "BREAKWATER_REPORTS_PLATFORM": "Clips",
            "BREAKWATER_REPORTS_NCMEC_URL": receiver.url,
            "BREAKWATER_REPORTS_NCMEC_USER": receiver.user,
            "BREAKWATER_REPORTS_NCMEC_PASSWORD": receiver.password,
        }
        found.start()
        try:
            with contextlib.ExitStack() as stack:
                yield House(found, receiver, *staff(found, stack))
        finally:
            found.stop()


def staff(found: Installation, stack: contextlib.ExitStack) -> tuple[str, httpx.Client]:
    """A link of who decides and reports; a client with the service's key. Ben is the second."""
    admin = stack.enter_context(contextlib.closing(signed_in(found, found.link)))
    admin.post("/people", data={"name": "Ben", "roles": ["investigator"]})
    roles = ["reviewer", "report_officer"]
    page = admin.post("/people", data={"name": "Ada Quist", "roles": roles}).text
    link = re.search(r"http://[^\s\"<]+/login/[A-Za-z0-9_-]+", page)
    assert link is not None, page[-2000:]
    scopes = ["account:write", "registration:check"]
    made = admin.post("/v1/keys", json={"name": "clips", "service": "photos", "scopes": scopes})
    assert made.status_code == 201, made.text
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    service = stack.enter_context(httpx.Client(headers=bearer, timeout=60))
    return link[0], service


def test_from_a_decision_to_a_report_that_is_filed_once(house: House) -> None:
    found, receiver = house.installation, house.receiver
    told = {"service": "photos", "snapshot": {"emails": ["kim.lake@gmail.com"]}}
    house.service.put(f"{found.url}/v1/accounts/acct-17", json=told).raise_for_status()
    verdict = found.upload(photo(1)[:400], mime="image/png", port="40001")
    case = verdict["case"]
    assert case
    house.case = case
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
        until(lambda: (page.goto(drafted), page.get_by_text("Send the report").count())[1] > 0, 120)
        main = page.locator("main")
        expect(main).to_contain_text("Who is reported")
        expect(main).to_contain_text("203.0.113.9, port 40001")
        expect(main).to_contain_text("What it does not say")
        page.get_by_role("button", name="Send the report").click()
        until(receiver.calls, 120)
        watched.allowed.append("/events")
        found.stop(signal.SIGKILL)
        found.start()
        until(lambda: "finished" in {one["state"] for one in receiver.reports()}, 120)
        port = found.url.rpartition(":")[2]
        page.goto(f"{home.rpartition(':')[0]}:{port}/cases/{case}/report")
        until(lambda: (page.reload(), page.get_by_text("Filed", exact=True).count())[1] > 0, 120)
        expect(main).to_contain_text("Every call")
    (filed,) = [one for one in receiver.reports() if one["state"] == "finished"]
    assert len(filed["files"]) == 1
    assert filed["files"][0]["described"]
    told = found.command("audit", "verify")
    assert told


def test_what_follows_a_report(house: House, tmp_path: Path) -> None:
    """Held, handed over, refused when it comes back; each by the public interface alone."""
    found, case = house.installation, house.case
    ada = signed_in(found, found.command("people", "link", "Ada Quist")["link"])
    ben = signed_in(found, found.command("people", "link", "Ben")["link"])
    with contextlib.closing(ada), contextlib.closing(ben):
        until(lambda: receipted(ada, case), 120)
        held = receipted(ada, case)
        assert held is not None
        assert (day(held["ends"]) - day(held["starts"])).days == 365
        officer = police()
        key = {
            "name": "Police", "country": "US", "key": officer.key,
            "receipt_key": officer.receipt_key,
        }  # fmt: skip
        entered = ada.post("/v1/packages/keys", json=key).raise_for_status().json()
        wish = {"keys": [entered["id"]], "reason": "Warrant 12.", "reference": "12"}
        asked = ada.post(f"/v1/cases/{case}/packages", json=wish)
        assert asked.status_code == 202, asked.text
        assert ada.post(f"/v1/cases/{case}/packages/confirm").status_code == 409
        ben.post(f"/v1/cases/{case}/packages/confirm").raise_for_status()
        until(lambda: sealed(ben, case), 120)
        package = sealed(ben, case)
        assert package is not None
        file = ben.get(f"/v1/packages/{package['id']}/file").raise_for_status().content
    folder = officer.opened(file, tmp_path)
    checked = subprocess.run(
        [sys.executable, "-I", "-S", folder / "verify.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "All of it is as it was sealed." in checked.stdout
    back = {"email": "Kim.Lake+new@googlemail.com", "service": "photos"}
    check = f"{found.url}/v1/registrations/check"
    said = house.service.post(check, json=back).raise_for_status().json()
    assert (said["answer"], said["reasons"]) == ("refuse", ["email"])
    other = house.service.post(check, json=back | {"email": "kim.lane@gmail.com"}).json()
    assert other["answer"] == "allow"


def receipted(by: httpx.Client, case: str) -> dict[str, Any] | None:
    """The hold, once it counts from the report's receipt."""
    holds = by.get(f"/v1/cases/{case}/holds").raise_for_status().json()["holds"]
    return next((one for one in holds if one["counted"] == "receipt"), None)


def sealed(by: httpx.Client, case: str) -> dict[str, Any] | None:
    packages = by.get(f"/v1/cases/{case}/packages").raise_for_status().json()["packages"]
    return next((one for one in packages if one["state"] == "sealed"), None)


def day(told: str) -> datetime:
    return datetime.fromisoformat(told)
