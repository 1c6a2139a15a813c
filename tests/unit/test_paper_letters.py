"""Names in any script are seen on paper, in their order, and nothing hides in them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.reporting.papers.direction import ordered
from breakwater.reporting.papers.letters import BOLD, FIXED, PLAIN, font_of, joined, pieces, shown


@pytest.mark.parametrize(
    "text",
    ["holiday at the lake", "Фотография с озера", "λίμνη", "湖畔的照片", "みずうみ", "호수 사진",
     "תמונה", "ทะเลสาบ", "Zoë Åström ☐ 😀", "հայերեն", "ქართული"],
)  # fmt: skip
def test_names_are_printed_as_they_are(text: str) -> None:
    assert shown(text) == unicodedata.normalize("NFC", text)
    assert all(font_of(letter, PLAIN) for letter in text)


def test_a_name_cannot_hide_its_ending() -> None:
    assert shown("lake\u202egpj.exe") == "lake‹U+202E›gpj.exe"
    assert shown("a\u200bb\u00adc\x00\n") == "a‹U+200B›b‹U+00AD›c‹U+0000, U+000A›"
    assert shown("\ud800") == "‹U+D800›"


def test_pictures_that_no_font_has_are_told_by_name() -> None:
    assert shown("🏖\ufe0f") == "‹U+1F3D6 beach with umbrella, U+FE0F›"


def test_arabic_letters_take_the_shapes_their_neighbours_ask_for() -> None:
    assert joined("بيت") == "\ufe91\ufef4\ufe96"
    assert joined("دار") == "\u062f\u0627\u0631".replace("د", "\ufea9").replace("ا", "\ufe8d").replace("ر", "\ufead")  # fmt: skip
    assert joined("سلام") == "\ufeb3\ufefc\ufee1"
    assert joined("بَيت")[0] == "\ufe91"  # a mark between letters parts nothing
    assert joined("Lund") == "Lund"


@pytest.mark.parametrize(
    ("read", "drawn"),
    [
        ("abc אבג def", "abc גבא def"),
        ("אבג 123", "123 גבא"),
        ("(אבג)", "(גבא)"),
        ("א(ב)ג", "ג(ב)א"),
        ("אבג דהו.jpg", "והד גבא.jpg"),
        ("plain 1, 2", "plain 1, 2"),
        ("אֶבג", "גבאֶ"),
        ("الف 12%", "12 فلا%"),
        ("", ""),
    ],
)
def test_lines_are_drawn_in_the_order_of_their_scripts(read: str, drawn: str) -> None:
    assert ordered(read) == drawn


@given(st.text(max_size=60), st.sampled_from([PLAIN, BOLD, FIXED]))
def test_no_letter_is_lost_or_a_box(text: str, font: str) -> None:
    line = shown(text, font)
    assert all(font_of(letter, font) for letter in line)
    drawn = "".join(piece.text for piece in pieces(line, font))
    mirrored = str.maketrans("()[]{}<>«»‹›", "((((((((((((")
    assert sorted(drawn.translate(mirrored)) == sorted(line.translate(mirrored))
