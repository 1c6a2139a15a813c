"""Classifiers of an operator by the API, on the page and on a case; by hand and by machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from breakwater.app.checks_classifiers import classifiers as doctor
from breakwater.model.access import Role
from breakwater.model.case import CaseKind, Priority
from breakwater.model.classifier import Step, Tally
from breakwater.model.ids import new_id
from breakwater.records import cases
from breakwater.records import classifiers as rows
from tests import classifier_house
from tests.builders_onnx import brightness, card
from tests.integration.browsing import chromium
from tests.integration.console_site import Site
from tests.integration.served import serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways

MODEL = brightness()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    where = tmp_path_factory.mktemp("classifiers")
    with (
        chromium() as browser,
        serving(where, classifiers=True, classifier_people=2, classifier_bytes=20_000) as served,
    ):
        yield Site(served, browser, None)  # type: ignore[arg-type]


def test_the_api_takes_a_model_and_two_people_switch_it_on(site: Site) -> None:
    first, second = site.served.browser(Role.ADMIN), site.served.browser(Role.ADMIN)

    def add(text: str, body: bytes = MODEL) -> tuple[int, str]:
        answer = first.post(
            "/v1/classifiers", data={"card": text}, files={"model": ("model.onnx", body)}
        )
        return answer.status_code, answer.text

    assert add(card(MODEL, sha256="0" * 64))[0] == 422
    assert add(card(MODEL, hook="curl"))[0] == 422
    code, text = add(card(brightness(domain="mine")), brightness(domain="mine"))
    assert code == 422
    assert "mine" in text
    assert add(card(MODEL), MODEL + b"\0" * 200_000)[0] == 413
    assert add(card(MODEL))[0] == 201
    assert add(card(MODEL))[0] == 409
    listed = first.get("/v1/classifiers").json()
    assert listed["on"] is True
    assert [(one["name"], one["state"]) for one in listed["classifiers"]] == [("bright", "waiting")]
    assert first.post("/v1/classifiers/bright/confirm").status_code == 409
    assert second.post("/v1/classifiers/bright/confirm").json()["state"] == "on"
    tried = first.post("/v1/classifiers/bright/check").json()
    assert tried["fit"]
    assert first.post("/v1/classifiers/bright/off").json()["state"] == "off"
    assert first.get("/v1/classifiers/none").status_code == 404
    assert site.served.browser(Role.REVIEWER).get("/v1/classifiers").status_code == 403
    assert first.delete("/v1/classifiers/bright").json()["state"] == "removed"
    assert first.get("/v1/classifiers").json()["classifiers"] == []


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_works_without_scripts_and_says_what_fails(site: Site, width: int) -> None:
    app, name = site.served.app, f"page-{width}"
    made = classifier_house.add(app, id=name, name=f"a bright picture {width}").classifier
    with site.page(Role.ADMIN, width=width, java_script_enabled=False) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/settings/classifiers")
        expect(page.get_by_text("Waits for a second person")).to_be_visible()
        expect(page.get_by_text("breakwater classifier add FOLDER")).to_be_visible()
        page.get_by_role("button", name=f"Agree: a bright picture {width}, version 1").click()
        expect(page.get_by_text("Agreed. It gives scores from now on.")).to_be_visible()
        page.get_by_role("button", name=f"Try it: a bright picture {width}, version 1").click()
        expect(page.get_by_text(f"{name} can be used.")).to_be_visible()
    with app.db.transaction() as tx:
        rows.step(tx, made.id, Step.FAILED, by="system", detail="too_slow")
    with site.page(Role.ADMIN, width=width) as watched:
        watched.page.goto(f"{site.served.url}/settings/classifiers")
        expect(watched.page.get_by_text("It did not answer in time.")).to_be_visible()
        both_themes(watched.page, f"classifiers {width}")
        assert not scrolls_sideways(watched.page)
        watched.page.goto(f"{site.served.url}/settings")
        expect(watched.page.get_by_text(f"No scores from {name}")).to_be_visible()
    (found,) = doctor(app.settings)
    assert found.state == "warn"
    assert f"{name}: It did not answer in time." in found.found
    app.scoring.classifiers.remove(name, classifier_house.ADMIN)
    (found,) = doctor(app.settings)
    assert found.state == "ok"


def test_a_case_says_in_words_what_a_classifier_said_and_that_it_decides_nothing(
    site: Site,
) -> None:
    app = site.served.app
    made = classifier_house.add(app, id="on-case").classifier
    subject = new_id()
    with app.db.transaction() as tx:
        case = cases.open(
            tx, kind=CaseKind.STREAM, subject=subject, why="A viewer reported it.",
            priority=Priority.MEDIUM, service="live", account="", by="system",
        )  # fmt: skip
        rows.keep(tx, [Tally(made.id, subject, 7, 2, 0.93, 4.0, tx.now, "too_slow")])
    with site.page(Role.LIVE_MODERATOR) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/cases/{case.id}")
        expect(
            page.get_by_text(
                "A classifier of yours, a bright picture, version 1, gave 0.93 (threshold 0.80); "
                "scores alone decide nothing."
            )
        ).to_be_visible()
        expect(page.get_by_text("No score from a bright picture, version 1")).to_be_visible()
        both_themes(page, "scores on a case")
