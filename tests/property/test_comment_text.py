"""Folding and features of text: the compiled ones give the twin's answers, on any string."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater import kernel
from breakwater.comments.folding import folding
from breakwater.comments.normalise import normalise, weight
from breakwater.kernel import twin
from breakwater.model.comment import Obfuscation

WEIGHTS = np.random.default_rng(1).integers(-32768, 32768, 1 << 12).astype(np.int16)
ODD = "aAiIlLmn013457@$!| ._-\n\t\u200b\u200d\u0301\u0336\u20dd\ufe0f\u0430\u043e\u03bfＡ𝐇🅰🇩🇪😀안ㄱ\ud800\ufdfa\u0633ﷲ½"
EVERYTHING = st.text(st.characters(exclude_categories=()), max_size=60)
ODDLY = st.text(st.sampled_from(ODD), max_size=60)
ANY = EVERYTHING | ODDLY
WORDY = st.lists(
    st.text(st.sampled_from("abcdefghklmnoprstuvwz"), min_size=2, max_size=9),
    min_size=1,
    max_size=8,
).map(" ".join)

pytestmark = pytest.mark.skipif(len(kernel.variants()) == 1, reason="no compiled kernel here")


@settings(max_examples=400, deadline=None)
@given(ANY)
def test_the_compiled_folding_gives_the_twins_answer(text: str) -> None:
    assert kernel.text_fold(folding().tables, text) == twin.text_fold(*folding().tables, text)


@settings(max_examples=200, deadline=None)
@given(ANY, st.integers(8, 18))
def test_the_compiled_features_are_the_twins(text: str, bits: int) -> None:
    assert kernel.text_features(text, bits).tobytes() == twin.text_features(text, bits)


@settings(max_examples=100, deadline=None)
@given(ANY)
def test_the_compiled_sum_is_the_twins(text: str) -> None:
    skeleton = normalise(text).skeleton.text
    wanted = twin.text_weigh(skeleton, 12, WEIGHTS)
    assert kernel.text_weigh(skeleton, WEIGHTS, 12) == wanted
    assert wanted[1] == len(kernel.text_features(skeleton, 12))


@settings(max_examples=600, deadline=None)
@given(ANY)
def test_a_skeletons_skeleton_is_itself(text: str) -> None:
    once = normalise(text).skeleton
    again = normalise(once.text).skeleton
    assert (again.text, again.key) == (once.text, once.key)


@settings(deadline=None)
@given(ANY)
def test_case_and_width_make_no_difference(text: str) -> None:
    wide = "".join(
        chr(ord(one) + 0xFEE0) if one.isascii() and one.isalnum() else one for one in text
    )
    assert normalise(wide).skeleton.text == normalise(text).skeleton.text


def _hidden(text: str, places: int) -> str:
    return "".join(one + "\u200b" * (at < places) for at, one in enumerate(text))


def _stacked(text: str, places: int) -> str:
    return "".join(one + "\u0301\u0302\u0303\u0304" * (at < places) for at, one in enumerate(text))


def _wide(text: str, places: int) -> str:
    return "".join(
        chr(ord(one) + 0xFEE0) if at < places and one != " " else one for at, one in enumerate(text)
    )


def _padded(text: str, places: int) -> str:
    return text + " " * (4096 - len(text)) + "x" * places


def _struck(text: str, places: int) -> str:
    return "".join(one + "\u0336" * (at < places) for at, one in enumerate(text))


@pytest.mark.parametrize("way", [_hidden, _stacked, _wide, _padded, _struck])
@settings(max_examples=60, deadline=None)
@given(WORDY, st.integers(0, 60), st.integers(0, 60))
def test_more_obfuscation_is_never_less_evidence(way, text: str, some: int, more: int) -> None:
    few, many = sorted((some, more))
    less, greater = normalise(way(text, few)).skeleton, normalise(way(text, many)).skeleton
    assert all(
        a <= b for a, b in zip(less.obfuscation.counts, greater.obfuscation.counts, strict=True)
    )
    assert weight(less.obfuscation) <= weight(greater.obfuscation)
    if way is not _padded:
        assert less.text == greater.text


@given(st.lists(st.integers(0, 99), min_size=10, max_size=10), st.integers(0, 9))
def test_the_weight_never_falls_when_a_count_rises(counts: list[int], which: int) -> None:
    more = [count + (at == which) for at, count in enumerate(counts)]
    assert weight(Obfuscation(*counts)) <= weight(Obfuscation(*more))
