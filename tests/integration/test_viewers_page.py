"""The page of a case's viewers: what each role sees, at any width, without scripts, by two people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from breakwater.model.access import Permission, Principal, Role
from breakwater.model.broadcast import Sender, Viewer
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import Control
from breakwater.model.watch import Act, ActKind, Span
from breakwater.records import audit, cases, stream_orders, streams
from tests.integration.browsing import chromium
from tests.integration.console_site import Site
from tests.integration.served import Served, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways

SERVICE = Principal(new_id(), "clips", frozenset(Permission), service="clips")
HOMES = (
    "81.2.69.142", "89.160.20.112", "216.160.83.56", "202.196.224.1", "193.99.144.80",
    "100.64.0.9", "200.160.0.8", "2001:218::1",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("viewers")) as running:
        yield running


@pytest.fixture(scope="module")
def case(served: Served) -> Id:
    """A stopped broadcast of ten minutes that forty people watched."""
    app = served.app
    with app.db.transaction() as tx:
        made, other = (
            streams.start(tx, server="", name=f"live/{n}", sender=Sender(service="clips"))
            for n in (1, 2)
        )
        opened = cases.open(
            tx, kind=CaseKind.STREAM, subject=made.id, why="Seen.", priority=Priority.HIGH
        )
        streams.set_case(tx, made.id, opened.id)
    start = made.started_at

    def seen(account: str, first: float, last: float, home: int, **facts) -> Viewer:
        at = [start + timedelta(seconds=second) for second in (first, last)]
        return Viewer(account, HOMES[home % len(HOMES)], 40_000 + home, at[0], at[1], **facts)

    people = [seen(f"viewer-{n}", n * 7, n * 7 + 15 + n * 5, n) for n in range(38)]
    people += [seen("heron", 0, 200, 0, device="phone"), seen("coot", 30, 400, 1, device="phone")]
    app.live.streams.viewers(SERVICE, made.id, who=people)
    app.live.streams.viewers(SERVICE, other.id, who=[seen("heron", 0, 200, 0)])
    paid = Act(ActKind.PAID, "viewer-3", start + timedelta(seconds=40), "invoice", "card", "20 EUR")
    app.live.streams.viewers(SERVICE, made.id, acts=[paid])
    with app.db.transaction() as tx:
        for one in (made, other):
            stream_orders.want(tx, streams.get(tx, one.id), Control.CUT, by="sam", why="person")
    spans = [(start, start + timedelta(seconds=300))]
    with app.db.transaction() as tx:
        tx.run(
            "UPDATE streams SET ended_at = ?, state = 'ended'",
            (start + timedelta(seconds=600)).replace(tzinfo=None).isoformat(" ", "microseconds"),
        )
    app.viewers.seeing.set_spans(
        SERVICE, opened.id, made.id, [Span(*one) for one in spans], reason="the recording"
    )
    return opened.id


@pytest.mark.parametrize("width", [1440, 390])
def test_a_reviewer_reads_it_at_any_width(served, browser, case, width) -> None:
    site = Site(served, browser, None)
    with site.page(Role.REVIEWER, width=width, height=2400) as watched:
        page = watched.page
        page.goto(f"{served.url}/cases/{case}/viewers")
        first = page.locator(".people > li").first
        expect(first.locator(".name")).to_have_text("heron")
        expect(first).to_contain_text("also in 1 other stopped broadcast")
        assert "81.2.69.142" not in page.content()
        assert "81.2.69.0/24" in first.inner_text()
        expect(page.locator("#map-title + small")).to_contain_text(
            "that a carrier shares among many"
        )
        page.get_by_text("What an address can say").click()
        expect(
            page.get_by_text("Only the source port and the exact time tell them apart")
        ).to_be_visible()
        expect(page.get_by_text("A carrier's own address, shared by many").first).to_be_visible()
        page.get_by_text("Show as table").click()
        expect(page.get_by_role("row", name="United Kingdom")).to_be_visible()
        expect(page.locator(".world g title").first).to_be_attached()
        both_themes(page, f"viewers {width}")
        assert not scrolls_sideways(page)
        page.get_by_role("link", name="Next viewers").click()
        expect(page.locator(".people > li .name").last).to_be_visible()
        assert page.locator(".people > li").count() == 15
        page.go_back()
        page.get_by_text("Say which part").click()
        page.get_by_label("Reason").fill("as the recording shows")
        page.get_by_role("button", name="Save this part").click()
        expect(page.locator("body")).to_contain_text("A person said so")


def test_the_page_stays_small(served, case) -> None:
    answer = served.browser(Role.REVIEWER).get(f"/cases/{case}/viewers")
    assert answer.status_code == 200
    assert len(answer.content) < 40_000


def test_identities_need_a_role_and_a_reason_and_packs_two_people(served, browser, case) -> None:
    site = Site(served, browser, None)
    with site.page(Role.LIVE_MODERATOR) as watched:
        watched.page.goto(f"{served.url}/cases/{case}/viewers")
        expect(watched.page.locator("#sight-title + *, .stack")).not_to_have_count(0)
        assert "heron" not in watched.page.content()
        assert watched.page.get_by_role("button", name="Show identities").count() == 0
    with site.page(Role.REPORT_OFFICER) as watched:
        page = watched.page
        page.goto(f"{served.url}/cases/{case}/viewers")
        page.locator("#f-look").fill("file 12-3")
        page.keyboard.press("Enter")
        expect(page.locator(".people > li").first).to_contain_text("81.2.69.142 port 40000")
        expect(page.locator("body")).to_contain_text("IPFire")
        page.get_by_role("link", name="Cover identities").click()
        watched.allowed += ["409"]
        assert "81.2.69.142" not in page.content()
        form = page.locator("form[action$='/viewers/packs']")
        expect(form).to_contain_text("To police in United Kingdom")
        expect(form.locator(".may .ok")).to_have_count(3)
        form.get_by_label("Its country, by two letters").fill("se")
        form.get_by_label("Their reference").fill("K-7")
        form.get_by_role("button", name="May it leave?").click()
        expect(form.locator(".may .bad")).to_have_count(3)
        expect(form).to_contain_text("reached through the National Crime Agency")
        both_themes(page, "viewers pack")
        form.get_by_label("Authority").fill("Police of Lund")
        form.get_by_label("countries, by two letters").fill("gb, SE")
        form.get_by_label("Reason").fill("file 12-3")
        form.get_by_role("button", name="Propose the pack").click()
        expect(page.get_by_role("alert")).to_contain_text("Not to Police of Lund (SE)")
        expect(form.get_by_label("Their reference")).to_have_value("K-7")
        form.get_by_label("Authority").fill("National Crime Agency")
        form.get_by_label("Its country, by two letters").fill("gb")
        form.get_by_role("button", name="Propose the pack").click()
        expect(page.locator("body")).to_contain_text("waits for a second person")
        whom = "National Crime Agency, United Kingdom · On a lawful request · K-7"
        expect(page.locator("body")).to_contain_text(whom)
        assert page.get_by_role("button", name="Agree, take CSV").count() == 0
        expect(page.locator("#pack")).to_contain_text("proposed it, and it lapses")
    with site.page(Role.INVESTIGATOR) as watched:
        page = watched.page
        page.goto(f"{served.url}/cases/{case}/viewers")
        with page.expect_download() as waited:
            page.get_by_role("button", name="Agree, take CSV").click()
        expect(page.locator("#pack")).to_contain_text("agreed and took it")
        expect(page.locator("#pack")).not_to_contain_text("waits for a second person")
        expect(page.get_by_role("button", name="Propose the pack")).to_be_visible()
        text = waited.value.path().read_text()
        assert "heron" in text
        assert "viewer-0" not in text
    with served.app.db.read() as tx:
        done = [row.action for row in audit.page(tx, limit=50)]
    assert {"viewers.look", "viewers.export", "viewers.propose_pack"} <= set(done)


def test_a_case_without_broadcasts_says_what_to_do(served, browser) -> None:
    with served.app.db.transaction() as tx:
        made = cases.open(
            tx, kind=CaseKind.STREAM, subject=new_id(), why="x", priority=Priority.LOW
        )
    site = Site(served, browser, None)
    with site.page(Role.REVIEWER, width=390) as watched:
        watched.page.goto(f"{served.url}/cases/{made.number}/viewers")
        expect(watched.page.locator(".void")).to_contain_text("breakwater viewers import")
        both_themes(watched.page, "viewers empty")
