"""The page for the person in the picture, in a real browser: what leaves, what is told, the way out."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from breakwater.model.access import MACHINE_SCOPES, Principal, Role
from breakwater.model.bank import OWN_PICTURES, EntryStatus
from breakwater.model.ids import new_id
from breakwater.model.match import Action
from breakwater.records import banks, entries
from breakwater.web.envelope import CSP
from tests.integration.browsing import chromium, guarded
from tests.integration.console_site import Site
from tests.integration.served import Served, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_intake import submit

SHARED = Path(__file__).parents[1] / "data/images/bridge"
PICTURE, OTHER = SHARED / "square-512x512.jpg", SHARED / "square-256x256.jpg"
ALONE = SHARED / "blur-a-lot.jpg"
"""Sent by one test alone, so that nobody else wants it."""
LONGEST = 18
"""Words in a sentence that an eleven-year-old reads at ease."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("own")
    with serving(place, own_pictures=True, own_pictures_exit="about:blank") as running:
        yield running


def known(served: Served) -> dict[str, EntryStatus]:
    """What is looked for, by value."""
    with served.app.db.read() as tx:
        page = entries.page(tx, banks.get(tx, OWN_PICTURES), limit=1000)
    return {entry.value.hex(): entry.status for entry in page}


def send(page: Page, url: str, *files: Path) -> str:
    """Choose, send, and answer the code."""
    page.goto(f"{url}/own-picture")
    page.set_input_files("#files", [str(one) for one in files])
    expect(page.locator("#chosen li")).to_have_count(len(files))
    page.click("#send")
    expect(page.locator("#done")).to_be_focused()
    return page.locator("#code").inner_text()


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_anybody_can_use_it(served, browser, language, width) -> None:
    with guarded(browser, width=width, height=900) as watched:
        page = watched.page
        response = page.goto(f"{served.url}/own-picture?language={language}")
        assert response.header_value("content-security-policy") == CSP
        assert response.header_value("set-cookie") is None
        assert len(response.body()) <= 40_000
        assert page.locator("html").get_attribute("lang") == language
        both_themes(page, f"own {language} {width}")
        page.set_input_files("#files", [str(PICTURE), str(OTHER)])
        expect(page.locator("#chosen li")).to_have_count(2)
        page.click("#send")
        expect(page.locator("#done")).to_be_visible()
        page.fill("#typed", page.locator("#code").inner_text())
        page.click("#ask .primary")
        expect(page.locator("#each li")).to_have_count(2)
        page.click("#withdraw")
        both_themes(page, f"own {language} {width}, sent")
        assert not scrolls_sideways(page)
        assert page.context.cookies() == []


def test_only_hashes_leave_and_by_keys_alone(served, browser) -> None:
    """What is sent is what the page shows, and holds no byte of the picture nor its name."""
    with guarded(browser) as watched:
        page = watched.page
        page.goto(f"{served.url}/own-picture")
        bodies: list[str] = []
        page.on("request", lambda asked: bodies.append(asked.post_data or ""))
        page.set_input_files("#files", str(ALONE))
        shown = page.locator("#sent")
        expect(shown).to_contain_text(hashlib.sha256(ALONE.read_bytes()).hexdigest())
        for _ in range(20):
            if page.evaluate("document.activeElement.id") == "send":
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#done")).to_be_focused()
        (sent,) = filter(None, bodies)
        assert len(sent) < 500
        assert ALONE.name not in sent
        page.fill("#typed", f" {page.locator('#code').inner_text().lower()} ")
        page.keyboard.press("Enter")
        expect(page.locator("#told")).to_contain_text("We are looking for it.")
        page.click("#withdraw")
        page.keyboard.press("Enter")
        expect(page.locator("#told")).to_contain_text("do not look for it any more")
        assert all(EntryStatus.WITHDRAWN is known(served)[one] for one in re.findall(r"[0-9a-f]{64}", sent))  # fmt: skip
        page.fill("#typed", "AAAAA-AAAAA")
        page.keyboard.press("Enter")
        watched.allowed += ["422"]
        expect(page.locator("#told")).to_contain_text("does not look like a code")


@pytest.mark.parametrize("way", ["button", "escape"])
def test_leaving_puts_another_page_in_the_place_of_this_one(served, browser, way) -> None:
    with guarded(browser) as watched:
        page = watched.page
        page.goto(f"{served.url}/health")
        page.goto(f"{served.url}/own-picture")
        page.click("nav [lang=de]")
        expect(page.locator("html")).to_have_attribute("lang", "de")
        if way == "button":
            page.click("#leave")
        else:
            page.keyboard.press("Escape")
            assert page.url.endswith("language=de")
            page.keyboard.press("Escape")
        page.wait_for_url("about:blank")
        page.go_back()
        assert page.url.endswith("/health"), "this page stands in the history"


def test_without_scripts_it_says_what_to_do(served, browser) -> None:
    with guarded(browser, java_script_enabled=False) as watched:
        watched.page.goto(f"{served.url}/own-picture")
        told = watched.page.locator("[data-no-script]")
        expect(told).to_be_visible()
        expect(told).to_contain_text("breakwater own-picture")
        assert not watched.page.locator("#files").is_visible()


@pytest.mark.parametrize("language", ["en", "de"])
def test_sentences_are_short(served, browser, language) -> None:
    with guarded(browser) as watched:
        watched.page.goto(f"{served.url}/own-picture?language={language}")
        text = watched.page.locator("main").inner_text()
        sentences = [one for one in re.split(r"[.?:!]\s|\n", text) if one.strip()]
        assert [one for one in sentences if len(one.split()) > LONGEST] == []
        assert len(sentences) > 15


def test_no_address_is_kept(served, browser, capfd) -> None:
    """Neither in a row, nor in the audit log, nor in what the process prints."""
    with guarded(browser, extra_http_headers={"X-Forwarded-For": "203.0.113.77"}) as watched:
        code = send(watched.page, served.url, OTHER)
    with served.app.db.read() as tx:
        tables = [row[0] for row in tx.run("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [str(tuple(row)) for name in tables for row in tx.run(f'SELECT * FROM "{name}"')]
    printed = "".join(capfd.readouterr())
    for private in ("203.0.113.77", "127.0.0.1", code, code.replace("-", ""), OTHER.name):
        assert private not in printed
        assert not [row for row in rows if private in row], private


def test_it_is_closed_until_the_operator_opens_it(tmp_path) -> None:
    with serving(tmp_path) as running:
        client = running.client()
        assert client.get("/own-picture").status_code == 404
        assert client.get("/v1/own-pictures/work").status_code == 404
        body = {"code": "x"}
        assert client.post("/v1/own-pictures/status", json=body).status_code == 404


def test_a_picture_of_little_detail_is_said_to_be_one(served, browser, tmp_path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), (10, 20, 30)).save(out, "PNG")
    flat, video = tmp_path / "flat.png", tmp_path / "a.mp4"
    flat.write_bytes(out.getvalue())
    video.write_bytes(b"no video, but its hash is one")
    with guarded(browser) as watched:
        watched.page.goto(f"{served.url}/own-picture")
        watched.page.set_input_files("#files", [str(flat), str(video)])
        rows = watched.page.locator("#chosen li")
        expect(rows.nth(0)).to_contain_text("little detail")
        expect(rows.nth(1)).to_contain_text("Only the very same file")
        rows.nth(0).get_by_role("button").click()
        expect(rows).to_have_count(1)
        watched.page.click("#send")
        expect(watched.page.locator("#done")).to_be_visible()
    assert hashlib.sha256(video.read_bytes()).hexdigest() in known(served)


def test_a_reviewer_reads_that_nobody_checked_it(served, browser) -> None:
    with guarded(browser) as watched:
        send(watched.page, served.url, SHARED / "high-contrast.jpg")
    who = Principal(new_id(), "photos", MACHINE_SCOPES, service="photos")
    upload = submit(served.app, (SHARED / "high-contrast.jpg").read_bytes(), who)
    assert upload.verdict is not None
    assert upload.verdict.action is Action.HOLD
    with Site(served, browser, upload).page(Role.REVIEWER) as watched:
        watched.page.goto(f"{served.url}/cases/{upload.case}")
        expect(watched.page.get_by_text("Submitted by a person, not checked").first).to_be_visible()
