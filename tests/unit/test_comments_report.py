"""The report: one file that needs nothing else, says what stands in, and quotes no message."""

import re
import xml.dom.minidom
from dataclasses import replace

import pytest
from tests.builders_comments import chats, episode, package, rows

from breakwater.comments.measure import Measured, measure
from breakwater.comments.obfuscate import FAMILIES
from breakwater.comments.plots import Axes, Bar, Line, Range, bars, lines, ranges
from breakwater.comments.report import page
from breakwater.comments.rows import Row

TOKENS = ":root{--bg:light-dark(#fff,#000)}"


@pytest.fixture(scope="module")
def held() -> Measured:
    told = [*rows(first=1000)]
    for number, one in enumerate(chats(5, minutes=22)):
        told += [Row(t.text, False, f"h{number}", "en", one.id, t.author, t.at) for t in one.told]
        if number == 4:
            told += [Row(t.text, True, "h4", "en", one.id, t.author, 650 + t.at) for t in episode()]
    return measure(told, package())


def test_the_page_needs_nothing_else_and_runs_nothing(held: Measured) -> None:
    said = page(held, TOKENS)
    assert TOKENS in said
    assert "default-src 'none'" in said
    for word in ("<script", "http:", "https:", "src=", "url(", "@import", "onload"):
        assert word not in said.lower(), word
    assert len(said.encode()) < 120_000


def test_each_plot_is_drawn_and_what_it_shows_stands_in_a_table(held: Measured) -> None:
    said = page(held, TOKENS)
    plots = re.findall(r"<svg.*?</svg>", said)
    assert len(plots) == 5
    for one in plots:
        xml.dom.minidom.parseString(
            one.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
        )
        assert "nan" not in one.lower()
    for one in FAMILIES:
        assert one.about in said
    assert said.count("<td>reserved</td>") == 8
    assert said.count("<table") == 3
    assert f"{held.total.precision.value:.3f}" in said


def test_a_surrogate_is_named_wherever_figures_stand(held: Measured) -> None:
    said = page(held, TOKENS)
    assert said.count("Surrogate:") >= 4  # at the head, and before each table
    real = replace(held, surrogate=False, outcome=replace(held.outcome, surrogate=False))
    assert "Surrogate:" not in page(real, TOKENS)


def test_no_message_stands_in_it_and_words_of_a_card_cannot_break_out(held: Measured) -> None:
    card = {**held.card, "about": "<img onerror=x>", "title": '"><u>', "failures": ["</ul><i>"]}
    said = page(replace(held, card=card, package="<b>x"), TOKENS)
    for word in ("<img", "<i>", "<b>x", '"><u>'):
        assert word not in said
    for word in ("pear", "table 1", "drawer", "s0"):
        assert word not in page(held, TOKENS)


def test_without_streams_or_disguises_it_says_so(held: Measured) -> None:
    said = page(replace(held, outcome=None, no_outcome="The rows have no ts.", suite=None), TOKENS)
    assert "Not measured. The rows have no ts." in said
    assert "Under disguise" not in said


def test_a_plot_holds_what_it_is_given() -> None:
    axes = Axes("t", "x", "y", (0, 1), (0, 1), [(0, "0")], [(1, "1")])
    two = lines(axes, [Line("a <b>", [(0, 0), (2, 2)]), Line("b", [(0, 1), (1, 0)], steps=True)])
    assert "a &lt;b&gt;" in two
    assert two.count("<path") == 6  # two ticks, two series, two in the key
    top = lines(axes, [Line("a", [(0, 0), (1, 1)])])
    over = lines(axes, [Line("a", [(0, 0), (9, 9)])])
    assert top == over  # never outside of the frame
    assert 'width="' in bars("t", [Bar("one", 2.0), Bar("two", 0.5, hollow=True)], 0.97)
    drawn = ranges("t", [Range("none", 0.0, 0.0, 3.0), Range("some", 0.1, 0.2, 0.4)], "per hour")
    assert drawn.count("<circle") == 1  # nothing was counted in the first
