"""Twenty disguises: each changes text, none is the same twice by chance, eight are kept apart."""

import unicodedata

import pytest

from breakwater.comments.normalise import normalise
from breakwater.comments.obfuscate import FAMILIES, OPEN, augmented, family
from breakwater.errors import BadInput

TEXT = "Please buy cheap followers at our little shop today, thanks"
UNDONE = (
    "mathematical", "small_capitals", "cyrillic", "zero_width", "stacked", "circled", "selectors",
    "direction",
)  # fmt: skip


def test_there_are_twenty_and_eight_of_them_are_reserved() -> None:
    assert len({one.id for one in FAMILIES}) == 20
    assert sum(one.reserved for one in FAMILIES) == 8
    assert {one.id for one in OPEN} == {one.id for one in FAMILIES if not one.reserved}


@pytest.mark.parametrize("one", FAMILIES, ids=lambda one: one.id)
def test_a_disguise_changes_text_the_same_way_each_time(one) -> None:
    changed = one.of(TEXT)
    assert changed != TEXT
    assert changed == one.of(TEXT)
    assert any(one.of(TEXT, str(seed)) != changed for seed in range(5)) or one.id in {
        "mathematical", "small_capitals", "circled",
    }  # fmt: skip
    for odd in ("", " ", "a", "😀", "\ud800", "١٢", "ab cd  ef\n"):
        one.of(odd)


@pytest.mark.parametrize("name", UNDONE)
def test_what_only_looks_otherwise_is_undone(name: str) -> None:
    assert normalise(family(name).of(TEXT)).skeleton.text == normalise(TEXT).skeleton.text


def test_a_reader_still_reads_it() -> None:
    letters = [
        c for c in unicodedata.normalize("NFKC", family("mathematical").of(TEXT)) if c != " "
    ]
    assert "".join(letters) == TEXT.replace(" ", "")
    assert sorted(family("swapped").of(TEXT)) == sorted(TEXT)


def test_training_never_sees_a_reserved_disguise() -> None:
    drawn = {augmented(f"{TEXT} {n}")[1] for n in range(400)}
    assert drawn == {one.id for one in OPEN}
    text, name = augmented(TEXT)
    assert family(name).of(TEXT) == text


def test_an_unknown_disguise_is_refused() -> None:
    with pytest.raises(BadInput):
        family("upside_down")
