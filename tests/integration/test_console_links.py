"""Links in a real browser: what waits is judged by keys, and no picture is there before a key is held."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from breakwater.model.access import Role
from breakwater.model.link import EdgeState, LinkKind
from breakwater.records import link_edges, link_lists, link_series
from tests import builders
from tests import builders_links as made
from tests.integration.browsing import chromium
from tests.integration.console_site import until
from tests.integration.link_site import (
    BLUE,
    CONFLICT,
    COPY,
    DECOR,
    DEVICE,
    PERSON,
    PLACE,
    RED,
    SOUND,
    LinkSite,
    link_site,
)
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_console_budget import HTML_BYTES

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1440, "height": 900}
PAGES = {
    "list": "/links", "waiting": "/links/waiting", "series": f"/links/{BLUE}",
    "media": f"/links/{BLUE}/media", "edges": f"/links/{BLUE}/media?what=links",
    "graph alone": f"/links/{BLUE}/graph", "place": f"/links/edges/{PLACE}",
    "sound": f"/links/edges/{SOUND}", "copy": f"/links/edges/{COPY}",
    "device": f"/links/edges/{DEVICE}", "exhibits": "/links/exhibits",
    "exhibit": "/links/exhibits/1",
}  # fmt: skip
CLEAR = """() => [...document.querySelectorAll('[data-clear]')].map((c) =>
  c.width && c.height ? c.getContext('2d').getImageData(0, 0, c.width, c.height).data.reduce((n, v) => n + (v > 0), 0) : 0)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[LinkSite]:
    with link_site(tmp_path_factory.mktemp("links"), browser) as running:
        yield running


def drawn(page: Page) -> None:
    """Until every small still is drawn."""
    expect(page.locator("canvas[data-blur]:not([data-drawn])")).to_have_count(0)


def state(site: LinkSite, number: int) -> EdgeState:
    with site.app.db.read() as tx:
        return link_edges.get(tx, number).edge.state


def go(site: LinkSite, watched: Any, path: str) -> Page:
    watched.page.goto(site.served.url + path)
    return watched.page


@pytest.mark.parametrize("size", [WIDE, PHONE])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_can_be_read_dark_and_light_wide_and_narrow(site, name, size) -> None:
    with site.page(**size) as watched:
        watched.allowed += ["403"]  # a phone is no workstation: it is refused pictures
        answer = watched.page.goto(site.served.url + PAGES[name])
        assert answer.status == 200
        assert len(answer.body()) <= HTML_BYTES, f"{len(answer.body()):,} bytes"
        if name == "series":
            expect(watched.page.locator("[data-graph] a").first).to_be_visible()
        both_themes(watched.page, f"{name} {size['width']}")
        assert not scrolls_sideways(watched.page)


def test_in_german_it_stays_small_and_is_german(site) -> None:
    client = site.served.browser(Role.INVESTIGATOR)
    for path in PAGES.values():
        answer = client.get(path, headers={"Accept-Language": "de"})
        assert len(answer.content) <= HTML_BYTES, f"{path}: {len(answer.content):,} bytes"
    assert "Derselbe Ort" in client.get("/links/waiting", headers={"Accept-Language": "de"}).text


def test_two_numbers_and_the_series_with_what_matters(site) -> None:
    with site.page() as watched:
        page = go(site, watched, "/links")
        expect(page.locator(".nums dt").first).to_have_text("series with something new")
        expect(page.locator(".nums dd").first).to_have_text("3")
        row = page.locator(f"#series-{BLUE}")
        for words in (
            "Blue room",
            "High",
            "30",
            "Same copy, Same place, Same sound",
            "Identified 1",
        ):
            expect(row).to_contain_text(words)
        page.keyboard.press("w")
        page.wait_for_url("**/links/waiting")
        page.keyboard.press("g")
        page.keyboard.press("k")
        page.wait_for_url("**/links")
        page.keyboard.press("/")
        page.keyboard.type("blue")
        page.keyboard.press("Enter")
        expect(page.locator("[data-rows] tbody tr")).to_have_count(1)


def test_leads_say_that_they_are_leads_and_decor_is_not_a_place(site) -> None:
    with site.page() as watched:
        page = go(site, watched, "/links/waiting")
        expect(page.locator(f"#edge-{DECOR}")).to_contain_text("Same décor: series 1 and series 2")
        expect(page.locator(f"#edge-{DECOR}")).to_contain_text("no proof of one room")
        expect(page.locator(f"#edge-{PERSON}")).to_contain_text("It joins nothing by itself")
        expect(page.locator(f"#edge-{CONFLICT}")).to_contain_text("another apart")
        page.get_by_label("What they have in common").select_option("decor")
        page.get_by_role("button", name="Filter").click()
        expect(page.locator("[data-rows] tbody tr")).to_have_count(1)


def test_no_picture_before_the_key_both_while_it_is_held_and_none_after(site) -> None:
    ada = site.person(name="Ada Quist")
    before = site.looks(3)
    with site.page(ada) as watched:
        page = go(site, watched, f"/links/edges/{PLACE}")
        drawn(page)
        assert site.looks(3) == ["s1", *before], "one row for the stills of the page"
        for one in page.locator("main :is(button, a, .still):visible").all():
            one.hover()
        assert "POST /links/look/views" not in watched.requests
        assert page.evaluate(CLEAR) == [0, 0]
        page.locator("h1").click()
        page.keyboard.down("Space")
        expect(page.locator("[data-veil]:visible")).to_have_count(0)
        assert all(page.evaluate(CLEAR)), "both are seen together"
        page.keyboard.up("Space")
        assert page.evaluate(CLEAR) == [0, 0]
        assert (site.looks(3)[0], site.looks(31)[0]) == ("s3", "s3")
        until(lambda: site.app.review.exposure.status(site.principal(ada)).used.total_seconds() > 0)
        page.keyboard.press("m")
        expect(page.locator(".points")).to_be_hidden()
        page.keyboard.press("ArrowRight")
        page.wait_for_url("**pair=1**")
        expect(page.locator("#main")).to_contain_text("21 points match")


def test_what_was_found_is_said_in_words(site) -> None:
    with site.page() as watched:
        page = go(site, watched, f"/links/edges/{SOUND}")
        expect(page.locator("#main")).to_contain_text("93 of 100 bits of the prints agree")
        go(site, watched, f"/links/edges/{COPY}")
        expect(page.locator("#main")).to_contain_text(
            "0:00 to 0:39 of the first is 0:12 to 0:51 of the second"
        )
        go(site, watched, f"/links/edges/{DEVICE}")
        expect(page.locator("#main")).to_contain_text(
            "The number is hidden. Shared by 3 of 40 media"
        )


def test_by_keys_alone_a_verdict_the_next_link_and_undo(site) -> None:
    with site.page() as watched:
        watched.allowed += ["400", "422"]
        page = go(site, watched, f"/links/edges/{DECOR}")
        page.keyboard.press("Enter")
        expect(page.locator("#verdict-status")).to_have_text("Choose an answer, then Enter.")
        page.keyboard.press("3")
        expect(page.locator("#verdict-status")).to_contain_text("no proof of one room")
        page.keyboard.press("r")
        page.keyboard.type("Two hotels of one chain.")
        page.keyboard.press("Enter")
        expect(page.locator("#done")).to_contain_text("the same décor only")
        assert state(site, DECOR) is EdgeState.REJECTED
        assert not page.url.endswith(f"/{DECOR}")
        page.keyboard.press("z")
        expect(page.locator("#said")).to_contain_text("the link waits again")
        page.wait_for_url(f"**/links/edges/{DECOR}")
        assert state(site, DECOR) is EdgeState.MACHINE
        expect(page.locator("#main")).to_contain_text("Two hotels of one chain.")
        page.keyboard.press("4")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: not url.endswith(f"/{DECOR}"))
        assert state(site, DECOR) is EdgeState.MACHINE, "who is not sure says nothing"


def test_a_confirmed_link_joins_and_it_works_without_scripts(site) -> None:
    with site.app.db.transaction() as tx:
        made.medium(tx, 601, media_type="image/png")
        made.medium(tx, 602, media_type="image/png")
        made.edge(tx, 950, 601, 602, score=0.3)
    with site.page(java_script_enabled=False) as watched:
        page = go(site, watched, "/links/edges/950")
        page.get_by_label("The same copy").check(force=True)
        page.get_by_role("button", name="Save and open next").click()
        expect(page.locator("#done")).to_contain_text("both belong to one series")
    with site.app.db.read() as tx:
        series = link_series.of_medium(tx, 601)
        assert series is not None
        assert link_series.members(tx, series.number) == [601, 602]
        assert link_lists.series_of(tx, [601])[601][0] == series.number


def test_the_graph_is_walked_by_arrows_and_its_stills_are_one_page_each(site) -> None:
    ada = site.person()
    with site.page(ada) as watched:
        page = go(site, watched, f"/links/{BLUE}")
        graph = page.locator("[data-graph]")
        expect(graph.locator("a")).to_have_count(30)
        drawn(page)
        expect(graph.locator("a[tabindex='0']")).to_have_count(1)
        graph.locator("a[tabindex='0']").focus()
        first = page.evaluate("document.activeElement.getAttribute('aria-label')")
        page.keyboard.press("ArrowRight")
        second = page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert first != second
        page.keyboard.press("Enter")
        page.wait_for_url("**at=**")
        expect(page.locator("#graph header")).to_contain_text(f"Around medium {second.split()[1]}")
        asked = [one for one in watched.requests if one == "POST /links/look/stills"]
        assert 2 <= len(asked) <= 4, "the strip and the graph of two pages"
        assert "POST /links/look/views" not in watched.requests


def test_a_series_is_named_noted_and_given_something_to_do(site) -> None:
    with site.page() as watched:
        watched.allowed += ["409", "400"]
        page = go(site, watched, f"/links/{RED}")
        page.get_by_text("Name and priority").click()
        page.get_by_label("Name, never a child's").fill("Harbour hotel")
        page.get_by_label("Priority", exact=True).select_option("now")
        page.get_by_role("button", name="Save the change").click()
        expect(page.locator("h1")).to_contain_text("Series 2 · Harbour hotel")
        page.locator("h1").click()
        page.keyboard.press("n")
        page.keyboard.type("Seen in a brochure.")
        page.keyboard.press("Enter")
        expect(page.locator("#history")).to_contain_text("Seen in a brochure.")
        page.get_by_label("What is to be done").fill("Ask the chain.")
        page.get_by_role("button", name="Add the task").click()
        page.get_by_role("button", name="It is done").click()
        expect(page.locator("#tasks")).to_contain_text("Done")
        page.evaluate("document.querySelector('[name=version]').value = 1")
        page.get_by_text("Name and priority").click()
        page.get_by_role("button", name="Save the change").click()
        expect(page.locator("#wrong")).to_contain_text("Somebody else changed this series")


def test_who_works_on_a_series_opens_its_lead_and_takes_it_as_vics(site) -> None:
    with site.page() as watched:
        page = go(site, watched, f"/links/{RED}")
        expect(page.get_by_role("link", name="Take it as VICS")).to_have_count(0)
        page.get_by_role("button", name="Open a lead to work on it").click()
        expect(page.locator("main")).to_contain_text("asked for by a person.")
        page = go(site, watched, f"/links/{RED}")
        expect(page.get_by_role("button", name="Open a lead to work on it")).to_have_count(0)
        page.get_by_role("link", name="Take it as VICS").click()
        expect(page.locator("h1")).to_contain_text("VICS")


def test_an_alias_leads_to_what_it_means_now_and_an_unknown_number_nowhere(site) -> None:
    client = site.served.browser(Role.INVESTIGATOR)
    assert "Blue room" in client.get("/links/7").text
    assert client.get("/links/4711").status_code == 404
    assert client.get("/links/edges/4711").status_code == 404
    assert client.get("/links?after=never~x").status_code == 200


def test_who_seeks_no_links_opens_none_and_who_only_reads_says_nothing(site) -> None:
    for role in (Role.REVIEWER, Role.GRADER, Role.ADMIN, Role.QA_LEAD):
        client = site.served.browser(role)
        assert client.get("/links").status_code == 403
        assert client.get(f"/links/edges/{PLACE}").status_code == 403
        assert client.post(f"/links/edges/{PLACE}", data={"verdict": "confirm"}).status_code == 403
        assert 'href="/links"' not in client.get("/").text
    assert state(site, PLACE) is EdgeState.MACHINE


def test_a_case_says_which_series_it_belongs_to_to_those_who_seek_links(site) -> None:
    with site.app.db.transaction() as tx:
        case = builders.case(tx)
        made.medium(tx, 701, case=case.id)
        made.medium(tx, 702)
        made.series(tx, 70, [701, 702], name="Attic")
    shown = site.served.browser(Role.INVESTIGATOR).get(f"/cases/{case.id}").text
    assert '<a href="/links/70">70 · Attic</a>' in shown
    assert "/links/70" not in site.served.browser(Role.REVIEWER).get(f"/cases/{case.id}").text


def test_exhibits_are_counted_and_what_was_wrong_is_said(site) -> None:
    client = site.served.browser(Role.INVESTIGATOR)
    text = client.get("/links/exhibits").text
    for words in ("Operation Reed", "Taken in", "Directory"):
        assert words in text
    text = client.get("/links/exhibits/1").text
    assert "photos/3.jpg" in text
    assert "The file is cut short." in text
    assert client.get("/links/exhibits/4711").status_code == 404
    assert site.served.browser(Role.REVIEWER).get("/links/exhibits").status_code == 403


def test_a_models_likeness_is_listed_named_and_judged_by_nobody_without_its_gate(site) -> None:
    with site.app.db.transaction() as tx:
        made.medium(tx, 611, media_type="image/png")
        made.medium(tx, 612, media_type="image/png")
        made.edge(tx, 960, 611, 612, LinkKind.PERSON, method="likeness 0011223344556677")
        made.edge(tx, 961, 611, 612, LinkKind.DEVICE, score=0.3)
    client = site.served.browser(Role.INVESTIGATOR)
    asked = client.get("/v1/links/waiting?limit=200").json()["waiting"]
    numbers = [one["link"]["number"] for one in asked]
    assert (961 in numbers, 960 in numbers) == (True, False)
    assert "edge-961" in (text := client.get("/links/waiting").text)
    assert "edge-960" not in text
    assert "edge-960" not in client.get("/links/waiting?kind=person").text
    assert "/links/edges/960" not in client.get("/links/edges/961").text
    assert [one["number"] for one in client.get("/v1/links/media/611").json()["links"]] == [961]
    said = {"verdict": "confirm", "reason": "One person."}
    assert client.get("/links/edges/960").status_code == 403
    assert client.get("/v1/links/edges/960").status_code == 403
    assert client.post("/links/edges/960", data=said).status_code == 403
    assert client.post("/links/edges/960/back").status_code == 403
    assert client.post("/v1/links/edges/960/verdicts", json=said).status_code == 403
    assert state(site, 960) is EdgeState.MACHINE


def test_what_a_model_compared_is_framed_and_named_as_no_proof(site) -> None:
    found = {
        "a_s": 1.0,
        "a_box": [0.25, 0.25, 0.25, 0.5],
        "b_s": 2.0,
        "b_box": [0.5, 0.25, 0.25, 0.5],
    }
    evidence = {
        "likenesses": [found],
        "pairs": [{"a_s": 1.0, "b_s": 2.0, "inliers": 0, "points": []}],
    }
    with site.app.db.transaction() as tx:
        made.medium(tx, 831, media_type="video/mp4", width=160, height=90)
        made.medium(tx, 832, media_type="video/mp4", width=160, height=90)
        made.edge(tx, 985, 831, 832, LinkKind.PERSON, evidence=evidence)
    with site.page() as watched:
        page = go(site, watched, "/links/edges/985")
        assert page.locator(".points .over.box").get_attribute("d") == (
            "M40 22.5H80V67.5H40ZM246 22.5H286V67.5H246Z"
        )
        expect(page.locator("#pair")).to_contain_text("Alike is not the same person.")
        expect(page.locator(".points")).to_be_visible()
        page.get_by_role("button", name="Boxes").click()
        expect(page.locator(".points")).to_be_hidden()
        both_themes(page, "the panel of a likeness")


def test_what_a_verdict_would_pull_apart_is_said_before_and_taken_back_on_the_same_page(
    site,
) -> None:
    with site.app.db.transaction() as tx:
        for number in (821, 822, 823):
            made.medium(tx, number, media_type="image/png")
        made.edge(tx, 981, 821, 822, score=0.9)
        made.edge(tx, 982, 821, 823, state=EdgeState.REJECTED)
        made.edge(tx, 983, 822, 823, score=0.3)
        made.series(tx, 981, [821, 822])
    with site.page() as watched:
        watched.allowed += ["400", "409", "422"]
        page = go(site, watched, "/links/edges/983")
        expect(page.get_by_role("note")).to_contain_text("leave series 981")
        expect(page.get_by_role("button", name="Take it back")).to_have_count(0)
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        expect(page.locator("#done")).to_contain_text("both belong to one series")
        with site.app.db.read() as tx:
            assert link_series.members(tx, 981) != [821, 822]
            apart = link_series.history(tx, 981)
        assert 983 in {step.facts.get("edge") for step in apart}
        page = go(site, watched, "/links/edges/983")
        expect(page.get_by_role("note")).to_have_count(0)
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("It is confirmed already.")
        page.keyboard.press("z")
        expect(page.locator("#said")).to_contain_text("the link waits again")
    assert state(site, 983) is EdgeState.MACHINE
    with site.app.db.read() as tx:
        assert link_series.members(tx, 981) == [821, 822]
