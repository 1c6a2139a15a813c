"""The report in a browser: nothing is loaded, nothing breaks, it can be read at any width."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from breakwater.cli.comments_measure import _tokens
from breakwater.comments.measure import measure
from breakwater.comments.report import page
from breakwater.comments.rows import Row
from tests.builders_comments import chats, episode, package, rows
from tests.integration import browsing
from tests.integration.test_console_axe import violations


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> str:
    told = [*rows(first=1000), *rows(first=2000, groups=2, lang="fr")]
    for number, one in enumerate(chats(6, minutes=22)):
        told += [Row(t.text, False, f"h{number}", "en", one.id, t.author, t.at) for t in one.told]
        if number > 3:
            told += [
                Row(t.text, True, f"h{number}", "en", one.id, t.author, 650 + t.at)
                for t in episode()
            ]
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page(measure(told, package()), _tokens()), "utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing.chromium() as running:
        yield running


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_report_is_read_without_a_network_at_any_width(
    browser: Browser, report: str, scheme: str, width: int
) -> None:
    with browsing.guarded(browser, width=width, color_scheme=scheme) as seen:
        seen.allowed.append("left this machine: file:")
        page_ = seen.page
        page_.goto(report)
        assert "Surrogate" in page_.inner_text("main")
        assert page_.evaluate("document.documentElement.scrollWidth") <= width
        assert page_.locator("svg").count() == 5
        for at in range(5):
            box = page_.locator("svg").nth(at).bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) > 120
        seen_as = page_.evaluate(
            "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
        )
        assert seen_as == (
            ["rgb(230, 234, 238)", "rgb(16, 20, 24)"]
            if scheme == "dark"
            else ["rgb(20, 25, 31)", "rgb(247, 248, 250)"]
        )
        page_.keyboard.press("Tab")
        assert page_.evaluate("document.activeElement.className") == "wide"
        outside = page_.evaluate(
            "[...document.querySelectorAll('svg text')].filter((t) => {"
            " const a = t.getBoundingClientRect(), b = t.closest('svg').getBoundingClientRect();"
            " return a.left < b.left - 1 || a.right > b.right + 1 || a.bottom > b.bottom + 1;"
            "}).map((t) => t.textContent)"
        )
        assert outside == []
        assert not violations(page_, "html")
