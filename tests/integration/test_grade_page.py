"""Protects graders' time and eyes: one child in at most ten keys, nothing shown before the key.

In a real browser over a real installation; the policy is on, and nothing leaves this machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from breakwater.model.access import Role
from breakwater.model.facts import Activity, AgeBand, FirstLook, ItemFacts, Known, Sex
from breakwater.model.grading import Grading, ItemState
from breakwater.model.ids import Id
from breakwater.records import gradesets, grading, views
from tests.integration.browsing import Guarded, chromium
from tests.integration.console_site import PIXELS, until
from tests.integration.grade_site import GradeSite, grade_site, make_set

VIDEO = Path(__file__).parent.parent / "data/videos/pattern-sd-with-small-logo-bar.mp4"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradeSite]:
    with grade_site(tmp_path_factory.mktemp("grade") / "here", browser) as running:
        yield running


def opened(site: GradeSite, watched: Guarded, number: int) -> Page:
    watched.page.goto(f"{site.served.url}/grade/sets/{number}")
    expect(watched.page.locator("#panel .now")).to_have_count(1)
    return watched.page


def press(page: Page, keys: str) -> int:
    """Press keys one by one; how many."""
    pressed = keys.split()
    for key in pressed:
        page.keyboard.press(key)
    return len(pressed)


def asked(watched: Guarded, what: str) -> int:
    """How often the page has asked for something; looking lets the browser tell."""
    watched.page.evaluate("0")
    return watched.requests.count(what)


def at_item(page: Page, number: int) -> None:
    expect(page.locator(f"#grade[data-item-number='{number}']")).to_be_visible()


def answers(site: GradeSite, name: str, number: int) -> list[Grading]:
    with site.served.app.db.read() as tx:
        return grading.by_grader(tx, Id(site.people[name].id), number, limit=50)


def looks_of(site: GradeSite, name: str) -> list[views.Viewing]:
    with site.served.app.db.read() as tx:
        return views.since(tx, Id(site.people[name].id), tx.now.replace(year=2000))


def test_full_facts_of_one_child_in_at_most_ten_keys_and_each_further_in_four(site):
    number = make_set(site.served.app, 4)
    with site.page(Role.GRADER, name="Ada") as watched:
        page = opened(site, watched, number)
        first = int(page.locator("#grade").get_attribute("data-item-number"))
        one = press(page, "1 4 1 3 Enter")
        at_item(page, first + 1)
        two = press(page, "2 5 2 2 c 4 1 2 Enter")
        at_item(page, first + 2)
        flagged = press(page, "1 4 3 3 s l k Enter")
        at_item(page, first + 3)
        copied = press(page, "a Enter")
        expect(page.locator("main")).to_contain_text("Nothing is waiting for you")
    assert (one, two, flagged, copied) == (5, 9, 8, 2)
    same, third, second, initial = (a.facts for a in answers(site, "Ada", number))
    assert initial.activity is Activity.NONE
    assert [str(c) for c in initial.children] == ["11-13/female/unclear"]
    assert [c.age for c in second.children] == [AgeBand.FROM_14, AgeBand.FROM_11]
    assert [c.sex for c in second.children] == [Sex.MALE, Sex.FEMALE]
    assert (third.self_generated, third.live_capture, third.victim) == (True, True, Known.YES)
    assert same == third
    assert answers(site, "Ada", number)[0].ms > 0


def test_what_seldom_goes_together_is_asked_once(site):
    number = make_set(site.served.app, 2)
    with site.page(Role.GRADER, name="Ben") as watched:
        page = opened(site, watched, number)
        press(page, "2 6 1 1 Enter")
        expect(page.get_by_role("alert")).to_contain_text("14 or older is marked prepubescent")
        assert answers(site, "Ben", number) == []
        press(page, "Backspace")
        expect(page.get_by_role("alert")).to_have_count(0)
        press(page, "1 Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        held = page.locator("#grade").get_attribute("data-item-number")
        press(page, "Enter")
        at_item(page, int(held) + 1)
        press(page, "Enter")
        expect(page.get_by_role("alert")).to_contain_text("activity is not answered")
        watched.allowed.append("422")
    (kept,) = answers(site, "Ben", number)
    assert kept.asked == ("older_prepubescent",)


def test_one_answer_back_another_child_gone_and_digits_for_offenders(site):
    number = make_set(site.served.app, 2)
    with site.page(Role.GRADER, name="Cleo") as watched:
        page = opened(site, watched, number)
        press(page, "3 Backspace 2 5 2 c Backspace 2 f 3 y d Enter")
        until(lambda: len(answers(site, "Cleo", number)) == 1)
        expect(page.locator("h1")).to_have_text("2 of 2")
        press(page, "n")
        expect(page.locator("main")).to_contain_text("Nothing is waiting for you")
    last, first = answers(site, "Cleo", number)
    assert last.look is FirstLook.NOT_PERTINENT
    assert first.facts == ItemFacts.read({
        "activity": "posing_or_nudity", "children": ["14-15/male/pubescent"], "offenders": 3,
        "realism": "drawn",
    })  # fmt: skip


def test_no_clear_picture_before_the_key_and_only_small_grey_of_the_next_item(site):
    number = make_set(site.served.app, 3)
    with site.page(Role.GRADER, name="Dora") as watched:
        page = opened(site, watched, number)
        until(lambda: asked(watched, "POST /grade/stills") == 2)
        assert page.evaluate(PIXELS) == 0
        assert "POST /grade/views" not in watched.requests
        page.keyboard.down("Space")
        until(lambda: page.evaluate(PIXELS) > 0)
        page.keyboard.up("Space")
        assert page.evaluate(PIXELS) == 0
        press(page, "1 4 1 3 Enter")
        until(lambda: asked(watched, "POST /grade/stills") == 3)
        until(lambda: page.locator("canvas[data-drawn]").count() == 1)
        assert asked(watched, "POST /grade/stills") == 3, "only the one after it was asked for"
        until(lambda: len(looks_of(site, "Dora")) == 4)
        until(
            lambda: all(
                one.ms is not None for one in looks_of(site, "Dora") if one.level.value == "s3"
            )
        )
    looks = looks_of(site, "Dora")
    assert sorted(look.level.value for look in looks) == ["s1", "s1", "s1", "s3"]
    assert all(look.ms is not None for look in looks if look.level.value == "s3")


def test_a_stretch_of_a_video_has_facts_of_its_own(site):
    number = make_set(site.served.app, 0, video=VIDEO.read_bytes())
    with site.page(Role.GRADER, name="Eve") as watched:
        page = opened(site, watched, number)
        expect(page.locator(".strip button")).to_have_count(24)
        press(page, "2 4 1 3 ArrowRight [ ArrowRight ArrowRight ] 2 Enter")
        expect(page.locator("main")).to_contain_text("Nothing is waiting for you")
    (kept,) = answers(site, "Eve", number)
    (segment,) = kept.facts.segments
    assert segment.activity is Activity.POSING_OR_NUDITY
    assert 0 < segment.start_s < segment.end_s < 6
    assert segment.children == (0,)


def test_two_stretches_with_different_children_by_keys_alone(site):
    number = make_set(site.served.app, 0, video=VIDEO.read_bytes())
    with site.page(Role.GRADER, name="Fay") as watched:
        watched.allowed.append("422")
        page = opened(site, watched, number)
        press(page, "2 4 1 3 c 2 2 1")
        press(page, "[ ArrowRight ] 2")
        expect(page.locator("[data-field='seen-1']")).to_have_class("ask seen now")
        expect(page.locator("[data-field='seen-1'] .opt:visible")).to_have_count(3)
        press(page, "2 ArrowRight [ ArrowRight ArrowRight ] 1")
        press(page, "Enter")
        expect(page.locator("#wrong")).to_contain_text("Stretch 2 lacks who is in it")
        expect(page.locator("[data-field='seen-2']")).to_have_class("ask seen now")
        press(page, "0 1 2 1 Enter")
        expect(page.locator("#wrong")).to_have_count(0)
        page.wait_for_url("**/grade?done=*")
    (kept,) = answers(site, "Fay", number)
    assert [str(child) for child in kept.facts.children] == [
        "11-13/female/unclear", "3-6/male/prepubescent",
    ]  # fmt: skip
    assert [(s.activity, s.children) for s in kept.facts.segments] == [
        (Activity.POSING_OR_NUDITY, (1,)), (Activity.NONE, (1,)),
    ]  # fmt: skip
    assert kept.facts.segments[0].end_s <= kept.facts.segments[1].start_s


def test_the_first_pass_marks_a_page_and_full_facts_come_one_by_one(site):
    number = make_set(site.served.app, 5)
    with site.page(Role.GRADER, name="Finn") as watched:
        page = watched.page
        page.goto(f"{site.served.url}/grade/sets/{number}/first")
        expect(page.locator("[data-tile]")).to_have_count(5)
        until(lambda: page.locator("[data-tile] canvas[data-drawn]").count() == 5)
        press(page, "1 2 3 ArrowLeft ArrowLeft Backspace ArrowLeft 2")
        page.keyboard.down("Space")
        until(lambda: asked(watched, "POST /grade/views") == 1)
        page.keyboard.up("Space")
        press(page, "Enter")
        expect(page.locator("[data-tile]")).to_have_count(2)
    looks = {a.item % 5: a.look for a in answers(site, "Finn", number)}
    assert sorted(look.value for look in looks.values()) == [
        "cannot_tell", "full_facts", "not_pertinent",
    ]  # fmt: skip


def test_the_form_works_without_scripts(site):
    number = make_set(site.served.app, 2)
    with site.page(Role.GRADER, name="Gil", java_script_enabled=False) as watched:
        page = watched.page
        page.goto(f"{site.served.url}/grade/sets/{number}")
        for word in ("None", "11 to 13", "Female", "Unclear"):
            page.get_by_label(word).last.check(force=True)
        page.get_by_role("button", name="Save and open next").click()
        expect(page.locator("h1")).to_have_text("2 of 2")
        page.get_by_role("button", name="Second opinion").click()
        expect(page.locator("main")).to_contain_text("Nothing is waiting for you")
    assert [a.look for a in answers(site, "Gil", number)] == [
        FirstLook.CANNOT_TELL, FirstLook.FULL_FACTS,
    ]  # fmt: skip


def test_going_back_shows_one_s_answer_and_saving_replaces_it(site):
    number = make_set(site.served.app, 2)
    with site.page(Role.GRADER, name="Hal") as watched:
        page = opened(site, watched, number)
        press(page, "1 4 1 3 Enter")
        expect(page.locator("h1")).to_have_text("2 of 2")
        press(page, "u")
        expect(page.locator("main")).to_contain_text("You answered this item.")
        assert page.locator("[name=age-1]:checked").get_attribute("value") == "11-13"
        press(page, "Backspace 2 Enter")
        expect(page.locator("h1")).to_have_text("2 of 2")
    newest, before = answers(site, "Hal", number)
    assert newest.replaces == before.id
    assert str(newest.facts.children[0]) == "11-13/female/pubescent"


def test_near_copies_are_confirmed_by_one_look(site):
    app = site.served.app
    number = make_set(app, 4)
    with app.db.transaction() as tx:
        leader, *near = gradesets.page(tx, number)
        for one in near:
            gradesets.change(
                tx, one, state=ItemState.NEAR, leader_number=leader.number, bits=4
            )  # fmt: skip
    with site.page(Role.GRADER, name="Ivy") as watched:
        page = opened(site, watched, number)
        press(page, "1 4 1 3 Enter")
        expect(page.locator("h1")).to_have_text("Near copies of one item")
        expect(page.locator("[data-tile]")).to_have_count(4)
        until(lambda: page.locator("[data-tile] canvas[data-drawn]").count() == 4)
        press(page, "2 a Enter")
        expect(page.locator("main")).to_contain_text("Nothing is waiting for you")
        opened(site, watched, number)
    with app.db.read() as tx:
        states = [one.state for one in gradesets.page(tx, number)]
        holds = [grading.present(tx, one) for one in gradesets.page(tx, number)]
    settled = ItemState.SETTLED
    assert states == [settled, ItemState.OPEN, settled, settled]
    assert [result.facts if result else None for result in holds].count(holds[0].facts) == 3
