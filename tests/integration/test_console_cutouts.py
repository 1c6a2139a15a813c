"""Cut-outs and gates in a real browser: a box is drawn while a picture is held, and two people agree."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from breakwater.model.access import Role
from breakwater.model.link_crop import CropState
from breakwater.records import link_crops
from tests import builders_likeness as models
from tests.integration.browsing import chromium
from tests.integration.link_site import PLACE, LinkSite, link_site
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_console_budget import HTML_BYTES

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1440, "height": 900}
PAGES = {
    "list": "/links/cutouts", "new": "/links/cutouts/new?medium=3&at=0",
    "waits": "/links/cutouts/{made}", "gates": "/links/likeness",
}  # fmt: skip
GIVEN = {"medium": "5", "x": "10", "y": "10", "w": "40", "h": "50", "purpose": "A lamp"}
LAW = "Data Act, section 35: identifying victims of crime"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[LinkSite]:
    here = tmp_path_factory.mktemp("cutouts")
    folder = models.folder(here / "models")
    with link_site(here, browser, likeness_dir=folder) as running:
        yield running


@pytest.fixture(scope="module")
def made(site: LinkSite) -> str:
    """A cut-out that waits."""
    answer = site.served.browser(Role.INVESTIGATOR).post("/links/cutouts", data=GIVEN)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].split("?")[0].rsplit("/", 1)[1])


def kept(site: LinkSite, crop: str) -> CropState:
    with site.app.db.read() as tx:
        return link_crops.get(tx, crop).kept


@pytest.mark.parametrize("size", [WIDE, PHONE])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_can_be_read_dark_and_light_wide_and_narrow(site, made, name, size) -> None:
    with site.page(**size) as watched:
        watched.allowed += ["403"]  # a phone is no workstation: it is refused pictures
        answer = watched.page.goto(site.served.url + PAGES[name].format(made=made))
        assert answer.status == 200
        assert len(answer.body()) <= HTML_BYTES, f"{len(answer.body()):,} bytes"
        both_themes(watched.page, f"{name} {size['width']}")
        assert not scrolls_sideways(watched.page)


def test_in_german_it_is_german(site, made) -> None:
    client = site.served.browser(Role.INVESTIGATOR)
    for name, word in {
        "list": "Ausschnitte",
        "waits": "Ist niemand darauf?",
        "gates": "Freigaben",
    }.items():
        answer = client.get(PAGES[name].format(made=made), headers={"Accept-Language": "de"})
        assert len(answer.content) <= HTML_BYTES
        assert word in answer.text


def test_a_box_is_drawn_while_held_another_person_agrees_and_pixels_alone_leave(site) -> None:
    with site.page(site.person(name="Ada Quist"), **WIDE) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/links/edges/{PLACE}")
        page.get_by_role("link", name="Cut out: medium 3", exact=True).click()
        page.wait_for_url("**/links/cutouts/new**")
        area = page.locator("#board").bounding_box()
        assert area is not None
        page.mouse.move(area["x"] + area["width"] * 0.4, area["y"] + area["height"] * 0.3)
        page.mouse.down()
        expect(page.locator("#board.live")).to_be_visible()
        expect(page.locator("[data-veil]:visible")).to_have_count(0)
        page.mouse.move(area["x"] + area["width"] * 0.6, area["y"] + area["height"] * 0.7, steps=4)
        page.mouse.up()
        expect(page.locator("[data-veil]")).to_be_visible()
        # The picture is 320 by 240 in 16 by 9: it covers three quarters of the width.
        expect(page.get_by_label("From the left")).to_have_value("36.7")
        expect(page.get_by_label("Width")).to_have_value("26.7")
        expect(page.get_by_label("Height")).to_have_value("40.0")
        page.get_by_label("What the appeal is about").fill("A red box on a wall")
        page.get_by_role("button", name="Cut it out").click()
        expect(page.locator("#said")).to_contain_text("Another person looks at exactly this")
        expect(page.locator("#main")).to_contain_text("somebody else looks and agrees")
        assert page.get_by_role("button", name="Agree: it may leave").count() == 0
        where = page.url.split("?")[0]
    crop = where.rsplit("/", 1)[1]
    with site.page(site.person(name="Bea Moss"), **WIDE) as watched:
        watched.allowed += ["409"]
        page = watched.page
        page.goto(where)
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        expect(page.locator("#wrong")).to_contain_text("Look at this cut-out first")
        assert kept(site, crop) is CropState.WAITING
        page.locator("h1").click()
        page.keyboard.down("Space")
        expect(page.locator("[data-veil]:visible")).to_have_count(0)
        page.keyboard.up("Space")
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_contain_text("nobody is in it")
        expect(page.locator("#main")).to_contain_text("Bea Moss")
        with page.expect_download() as waits:
            page.get_by_role("button", name="Download the PNG").click()
        with Image.open(io.BytesIO(waits.value.path().read_bytes())) as out:
            assert (out.format, out.info) == ("PNG", {})
            assert out.size == pytest.approx((320 * 0.267, 240 * 0.4), abs=3)
        page.goto(f"{site.served.url}/links/cutouts")
        row = page.locator("tbody tr", has_text="A red box on a wall")
        for word in ("Two people agreed", "Ada Quist", "Bea Moss"):
            expect(row).to_contain_text(word)


def test_what_is_wrong_is_said_and_what_was_given_stays(site) -> None:
    client = site.served.browser(Role.INVESTIGATOR)
    for wrong in (
        {"w": "0"},
        {"x": "nan"},
        {"x": "no"},
        {"w": "1", "h": "1"},
        {"purpose": "a"},
        {"time_s": "1e9"},
    ):
        answer = client.post("/links/cutouts", data=GIVEN | {"purpose": "A lamp <b>"} | wrong)
        assert answer.status_code == 422, wrong
        assert 'id="wrong"' in answer.text
        assert "<b>" not in answer.text
    assert client.post("/links/cutouts", data=GIVEN | {"medium": "4711"}).status_code == 404
    assert client.get("/links/cutouts/new?medium=4711").status_code == 404
    assert client.get("/links/cutouts/nothing").status_code == 404


def test_who_judges_no_links_sees_no_cut_out_and_a_refused_one_is_gone(site, made) -> None:
    reviewer = site.served.browser(Role.REVIEWER)
    for path in (
        "/links/cutouts",
        f"/links/cutouts/{made}",
        "/links/cutouts/new?medium=3",
        "/links/likeness",
    ):
        assert reviewer.get(path).status_code == 403
    assert reviewer.post(f"/links/cutouts/{made}", data={"what": "refuse"}).status_code == 403
    client = site.served.browser(Role.INVESTIGATOR)
    assert client.post(f"/links/cutouts/{made}/file").status_code == 409
    assert client.post(f"/links/cutouts/{made}", data={"what": "agree"}).status_code == 422
    assert client.post(f"/links/cutouts/{made}", data={"what": "x"}).status_code == 422
    again = client.post("/links/cutouts", data=GIVEN).headers["location"].split("?")[0]
    assert client.post(again, data={"what": "refuse"}).status_code == 303
    assert "not kept any more" in client.get(again).text


def test_off_is_said_first_and_two_people_open_a_gate_by_a_law(site) -> None:
    said = {"model": "squares", "role": "investigator", "place": "GB", "law": LAW}
    one, two = (site.served.browser(Role.INVESTIGATOR) for _ in range(2))
    assert "Off: no gate is open here" in one.get("/links/likeness").text
    for wrong in ({"law": "law"}, {"role": "nobody"}, {"place": "*"}):
        assert one.post("/links/likeness", data=said | wrong).status_code == 422
    assert one.post("/links/likeness", data=said).status_code == 303
    text = one.get("/links/likeness").text
    assert "Waits for a second person" in text
    assert LAW in text
    assert "Off: no gate is open here" in text
    assert "Agree as second person" not in text, "who proposed it is not asked"
    with site.page(site.person(name="Cy Holm"), **WIDE) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/links/likeness")
        page.get_by_role("button", name="Agree as second person").click()
        expect(page.locator("#said")).to_contain_text("Open.")
        expect(page.locator("#off")).to_have_count(0)
        expect(page.locator(".gates")).to_contain_text("and Cy Holm")
        page.get_by_role("button", name="Close at once").click()
        expect(page.locator("#off")).to_contain_text("no gate is open here")
    assert two.post("/links/likeness/nothing", data={"what": "close"}).status_code == 404
    admin = site.served.browser(Role.ADMIN).get("/links/likeness")
    assert admin.status_code == 200
    assert 'href="/links/search"' not in admin.text, "an admin opens gates and no links"
