"""The people of a report on its page in a real browser: who was found here, who is meant, and naming one."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from breakwater.model.access import Permission, Principal, Role
from breakwater.model.broadcast import Sender, Viewer
from breakwater.model.case import CaseKind, Priority
from breakwater.model.clock import iso
from breakwater.model.decision import AccountRole, DecisionFacts
from breakwater.model.ids import Id, new_id
from breakwater.model.stream import Control, StreamState
from breakwater.model.watch import Act, ActKind
from breakwater.records import (
    accounts,
    audit,
    cases,
    stream_orders,
    stream_people,
    streams,
    watch_acts,
)
from tests.integration.browsing import chromium
from tests.integration.deciding import K
from tests.integration.served import serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_filing import FOUND
from tests.integration.test_filing_page import page_of
from tests.integration.test_review_views import somebody

SERVICE = Principal(new_id(), "clips", frozenset(Permission), service="clips")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with (
        serving(
            tmp_path_factory.mktemp("site"), live_watch=False,
            reports_email="safety@example.net", reports_platform="Clips",
        ) as served,
        chromium() as browser,
    ):  # fmt: skip
        yield served, browser, None


@pytest.fixture(scope="module")
def case(site) -> Id:
    """A stopped broadcast that one account paid for; another shares the broadcaster's device."""
    app = site[0].app
    with app.db.transaction() as tx:
        tx.lock_changes()
        sender = Sender(
            service="clips", account="caster", device="tablet", address="203.0.113.5", port=4400
        )
        stream = streams.start(tx, server="", name="live/1", sender=sender)
        stream_people.join(tx, stream.id, sender)
        accounts.put(tx, "clips", "caster", {"born": "1980-01-01"}, taken_at=tx.now)
        opened = cases.open(
            tx, kind=CaseKind.STREAM, subject=stream.id, why="Seen.", priority=Priority.NOW,
            service="clips", account="caster", by="live",
        )  # fmt: skip
        streams.set_case(tx, stream.id, opened.id)
        stream_people.add_viewers(tx, stream, [
            Viewer("payer", "198.51.100.7", 40_000, tx.now, tx.now, device="phone"),
            Viewer("coot", "198.51.100.8", 40_001, tx.now, tx.now, device="tablet"),
        ])  # fmt: skip
        watch_acts.add(tx, stream, [Act(ActKind.PAID, "payer", tx.now, "p1")], by="clips")
    said = [
        {"id": f"m{n}", "author": f"viewer-{n % 7}", "text": f"la la number {n}",
         "at": iso(stream.started_at + timedelta(seconds=n))}
        for n in range(250)
    ]  # fmt: skip
    blob = app.vault.put(io.BytesIO(json.dumps({"comments": said}).encode()), purpose="evidence")
    with app.db.transaction() as tx:
        stream_orders.keep(tx, stream.id, "comments", blob=blob, detail="250 comments")
        stream_orders.want(tx, streams.get(tx, stream.id), Control.CUT, by="sam", why="person")
        streams.set_state(tx, stream.id, StreamState.ENDED)
    who = somebody(app, Role.REVIEWER)
    facts = DecisionFacts(role=AccountRole.SUSPECT, item=FOUND.item)
    app.review.decisions.decide(who, opened.id, K.ILLEGAL, reason="seen", facts=facts)
    app.reporting.filings.draft(opened.id)
    return opened.id


def opened_page(site, case, watched, session, url):
    watched.page.context.add_cookies([{
        "name": site[0].api.state.gate.cookie, "value": session, "url": site[0].url,
        "httpOnly": True, "sameSite": "Strict",
    }])  # fmt: skip
    watched.page.goto(f"{url}?n=1")
    return watched.page


def test_the_page_says_who_was_found_here_and_for_whom_it_was_meant(site, case, tmp_path) -> None:
    context, session, url = page_of(site, case)
    with context as watched:
        page = opened_page(site, case, watched, session, url)
        main = page.locator("main")
        expect(main).to_contain_text("coot: found here, by same device (confidence 60 %)")
        expect(page.get_by_role("heading", name="For whom it was meant")).to_be_visible()
        expect(main).to_contain_text("Paid while it was illegal.")
        page.get_by_text("What was written (251 lines)").click()
        expect(main).to_contain_text("The first 100 lines are shown; all of them are sent whole.")
        both_themes(page, "a report with people")
        assert not scrolls_sideways(page)
        assert len(page.content().encode()) < 40_000
        page.set_viewport_size({"width": 390, "height": 844})
        assert not scrolls_sideways(page)


def test_somebody_is_named_without_a_script_and_a_child_is_refused(site, case) -> None:
    app = site[0].app
    with app.db.transaction() as tx:
        accounts.put(tx, "clips", "small", {"born": "2015-01-01"}, taken_at=tx.now)
    context, session, url = page_of(site, case, java_script_enabled=False)
    with context as watched:
        watched.allowed.append("409 (Conflict)")  # a child is refused as a recipient
        page = opened_page(site, case, watched, session, url)

        def name(account, part):
            page.get_by_label("Account, as the service calls it").fill(account)
            page.get_by_label("Part").select_option(label=part)
            page.get_by_label("Why: it stands in the report").fill("Seen in the recording.")
            page.get_by_role("button", name="Name them in the draft").click()

        name("teal", "For whom it was meant")
        expect(page.locator("main")).to_contain_text("Named by a person: Seen in the recording.")
        name("small", "For whom it was meant")
        expect(page.get_by_role("alert")).to_contain_text("only ever a victim")
        name("small", "A child")
        expect(page.get_by_role("heading", name="A child")).to_be_visible()
    with app.db.read() as tx:
        assert set(audit.actions(tx)) >= {"filing.name", "filing.change"}
