"""Settings of live streams: media servers entered and checked, banks that two people let cut."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from breakwater.banks.manage import NewBank
from breakwater.errors import NotFound
from breakwater.live.servers import NewServer
from breakwater.model.access import Role
from breakwater.model.bank import BankAction
from breakwater.model.broadcast import Sender
from breakwater.model.server import ServerKind
from breakwater.model.stream import StreamState
from breakwater.records import streams
from tests.integration.browsing import chromium
from tests.integration.console_site import Site
from tests.integration.served import OPERATOR, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways

PASSWORD = "seven grey herons wait"


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


def test_a_bank_cuts_by_itself_once_two_people_signed_for_it(site: Site) -> None:
    def mark(browser, act: str, **more: str) -> httpx.Response:
        facts = {"bank": "KNOWN", "act": act, "reason": "Verified by two hotlines."} | more
        return browser.post("/settings/live/banks", data=facts)

    first, second = (site.served.browser(Role.ADMIN, password=PASSWORD) for _ in range(2))
    unsigned = mark(first, "propose")
    assert unsigned.status_code == 200
    assert "Sign: bank KNOWN may cut by itself." in unsigned.text
    assert mark(first, "propose", password="a wrong one entirely").status_code == 422
    assert "Waits for a second person" not in first.get("/settings/live").text
    assert mark(first, "propose", password=PASSWORD).status_code == 303
    assert mark(first, "confirm", password=PASSWORD).status_code == 409
    assert "proposes that bank KNOWN may cut by itself: Verified" in mark(second, "confirm").text
    assert "May cut by itself" not in first.get("/settings/live").text
    assert mark(second, "confirm", password=PASSWORD).status_code == 303
    assert "May cut by itself" in first.get("/settings/live").text
    assert mark(first, "forbid").status_code == 303
    assert "May cut by itself" not in first.get("/settings/live").text
    assert site.served.browser(Role.REVIEWER).get("/settings/live").status_code == 403


@pytest.mark.parametrize("width", [1440, 390])
def test_a_bank_is_marked_by_keyboard_with_a_password(site: Site, width: int) -> None:
    person = site.served.person(Role.ADMIN)
    site.served.browser(person=person, password=PASSWORD)
    with site.page(Role.ADMIN, width=width, person=person) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/settings/live")
        page.get_by_role("button", name="Propose that KNOWN may cut by itself").press("Enter")
        page.get_by_label("Why, for the second person").press_sequentially("Verified twice.")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        both_themes(page, f"signing a bank {width}", within="form.sign")
        assert not scrolls_sideways(page)
        page.keyboard.press("Enter")
        expect(page.get_by_text("A second person has to agree.")).to_be_visible()
        page.get_by_role("button", name="Disagree").click()


def test_a_media_server_is_changed_and_its_passes_are_never_shown(site: Site) -> None:
    servers = site.served.app.live.servers
    known = servers.add(server("brook"), OPERATOR)
    admin = site.served.browser(Role.ADMIN)
    page = admin.get("/settings/live?edit=brook").text
    shared = known.shared
    for secret in (shared.user, shared.password, shared.hook, shared.signing, shared.watch):
        assert f'value="{secret}"' not in page
        assert secret == "breakwater" or secret not in page
    form = {
        "name": "brook", "version": "1", "service": "clips", "control_url": "http://127.0.0.1:8",
        "networks": "10.0.0.0/8, 192.0.2.7", "active": "true",
    }  # fmt: skip
    assert admin.post("/settings/live/change", data=form).status_code == 303
    made = servers.get("brook")
    assert (made.service, made.control_url, made.active) == ("clips", "http://127.0.0.1:8", True)
    assert made.hook_networks == ("10.0.0.0/8", "192.0.2.7/32")
    kept = servers.by_hook(shared.hook).shared
    assert kept == shared, "what was left empty stays"
    late = admin.post("/settings/live/change", data=form)
    assert late.status_code == 409
    assert "Somebody changed this media server meanwhile." in late.text
    wrong = form | {"version": "2", "control_url": "ftp://x"}
    assert admin.post("/settings/live/change", data=wrong).status_code == 422
    assert admin.post("/settings/live/change", data=form | {"version": "2", "password": "new"})
    assert servers.by_hook(shared.hook).shared.password == "new"
    assert admin.get("/settings/live?edit=none-such").status_code == 200


def test_a_media_server_is_removed_when_nothing_of_it_is_watched_and_history_stays(
    site: Site,
) -> None:
    app = site.served.app
    known = app.live.servers.add(server("weir"), OPERATOR)
    with app.db.transaction() as tx:
        stream = streams.start(tx, server="weir", name="live/1", sender=Sender(service="clips"))
    admin = site.served.browser(Role.ADMIN)
    assert "1 stream of it runs." in admin.get("/settings/live?edit=weir").text
    refused = admin.post("/settings/live/remove", data={"name": "weir"})
    assert refused.status_code == 409
    assert "Streams of it are watched: 1." in refused.text
    with app.db.transaction() as tx:
        streams.set_state(tx, stream.id, StreamState.ENDED)
    assert admin.post("/settings/live/remove", data={"name": "weir"}).status_code == 303
    with pytest.raises(NotFound):
        app.live.servers.by_hook(known.shared.hook)
    with app.db.read() as tx:
        assert streams.get(tx, stream.id).server == "weir"
    app.live.servers.add(server("lock"), OPERATOR)
    with app.db.transaction() as tx:
        last = streams.start(tx, server="lock", name="live/2", sender=Sender(service="clips"))
    app.live.servers.change("lock", {"active": False}, OPERATOR)
    assert admin.post("/settings/live/remove", data={"name": "lock"}).status_code == 303
    with app.db.read() as tx:
        assert streams.get(tx, last.id).state is StreamState.ENDED, "nobody watches it any more"


@pytest.mark.parametrize("width", [1440, 390])
def test_changing_a_media_server_can_be_used_by_everybody(site: Site, width: int) -> None:
    name = f"pond-{width}"
    site.served.app.live.servers.add(server(name), OPERATOR)
    with site.page(Role.ADMIN, width=width) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/settings/live")
        page.get_by_role("link", name=f"Change {name}").press("Enter")
        both_themes(page, f"changing a server {width}")
        assert not scrolls_sideways(page)
        page.get_by_label("In use").press("Space")
        page.get_by_role("button", name="Save the changes").press("Enter")
        expect(page.get_by_text("The media server is changed.")).to_be_visible()
        expect(page.get_by_text("Not in use").first).to_be_visible()


def server(name: str) -> NewServer:
    return NewServer(name, ServerKind.NGINX_RTMP, "clips", control_url="http://127.0.0.1:9")
