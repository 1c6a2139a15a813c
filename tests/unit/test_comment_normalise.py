"""What reads alike is one skeleton; what was undone is counted; nothing is too odd to be read."""

import time
import unicodedata

import numpy as np
import pytest

from breakwater import kernel
from breakwater.comments.folding import CODES, folding
from breakwater.comments.normalise import normalise, weight
from breakwater.kernel import twin

SAME = {
    "case": "BUY Cheap FOLLOWERS",
    "full width": "ｂｕｙ ｃｈｅａｐ ｆｏｌｌｏｗｅｒｓ",
    "mathematical": "𝐛𝐮𝐲 𝓬𝓱𝓮𝓪𝓹 𝖋𝖔𝖑𝖑𝖔𝖜𝖊𝖗𝖘",
    "circled": "ⓑⓤⓨ ⓒⓗⓔⓐⓟ ⓕⓞⓛⓛⓞⓦⓔⓡⓢ",
    "negative squared": "🅱🆄🆈 🅲🅷🅴🅰🅿 🅵🅾🅻🅻🅾🆆🅴🆁🆂",
    "Cyrillic look-alikes": "buу chеар fоllоwеrs",
    "Greek look-alikes": "buy cheαp fοllοwers",
    "zero-width": "b\u200bu\u200cy ch\u2060eap fol\ufefflowers",
    "direction marks": "\u202ebuy\u202c cheap \u2066followers\u2069",
    "tags": "buy\U000e0062 cheap\U000e0075 followers",
    "soft hyphens": "buy che\u00adap follow\u00aders",
    "marks": "b\u0301u\u0302y\u0303 ch\u0304e\u0305ap followers",
    "struck through": "b\u0336u\u0336y\u0336 c\u0336h\u0336e\u0336a\u0336p\u0336 followers",
    "zalgo": "".join(one + "\u0300\u0316\u0317\u0318\u0319" * 4 for one in "buy cheap followers"),
    "spaced": "b u y   c h e a p   f o l l o w e r s",
    "dotted": "b.u.y   c.h.e.a.p   f.o.l.l.o.w.e.r.s",
    "leet": "buy ch34p f0ll0w3r5",
    "signs": "buy che@p fo!!ower$s",
    "repeats": "buyyyy cheeeap folllowerssss",
    "punctuation": "buy, cheap... followers!!!",
    "lines": "buy\n\ncheap\tfollowers",
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_one_skeleton_for_all_that_read_alike(text: str) -> None:
    assert normalise(text).skeleton.text == normalise("buy cheap followers").skeleton.text
    assert normalise(text).skeleton.key == normalise("buy cheap followers").skeleton.key


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("he\u200bl\u200blo", "invisible"),
        ("h" + "\u0301" * 9, "marks"),
        ("h\u0336i", "marks"),
        ("hellо friend", "confusable"),
        ("hellо friend", "mixed"),
        ("ｈello", "forms"),
        ("h e l l o", "joined"),
        ("h3llo", "leet"),
        ("hellooooo", "squeezed"),
        ("hi\ud800", "broken"),
        ("hello " * 800, "uncounted"),
    ],
)
def test_what_was_undone_is_counted(text: str, count: str) -> None:
    assert getattr(normalise(text).skeleton.obfuscation, count) > 0


@pytest.mark.parametrize(
    "text",
    [
        "Ordinary words, with 2 numbers: 17 and 4!",
        "¿Cuántos años tienes? Mañana vendré.",
        "Grüße aus Köln, schöne Straße",
        "Ça va très bien, naïve façade",
        "Amanhã não posso, são três horas",
        "Magandang umaga po sa inyong lahat",
        "Łódź, Øresund, Đặng Thị Hồng",
        "привет, как дела сегодня",
        "γειά σου τι κάνεις",
        "שלום מה שלומך",
        "مرحبا كيف حالك\u200f",
        "今日はAndroidのゲームです",
        "안녕하세요 오늘은",
        "นี่คือข้อความธรรมดา",
        "family 👨‍👩‍👧‍👦 heart ❤️ flag 🇩🇪 thumbs 👍🏽",
    ],
)
def test_ordinary_text_of_any_script_is_no_obfuscation(text: str) -> None:
    assert weight(normalise(text).skeleton.obfuscation) == 0


def test_emoji_are_words() -> None:
    assert normalise("so😀good😀😀").words == ["so", "😀", "god", "😀", "😀"]
    assert normalise("❤️").words == ["❤"]


def test_composed_and_decomposed_are_one() -> None:
    for text in ("Amanhã não, são três", "안녕하세요", "Đặng Thị Hồng", "が"):
        apart = unicodedata.normalize("NFD", text)
        assert normalise(apart).skeleton.text == normalise(text).skeleton.text


def test_numbers_stay_numbers() -> None:
    assert normalise("call 100 305 or ٣٠٥ now").words == ["cal", "100", "305", "or", "305", "now"]


def test_signs_that_end_or_address_are_no_letters() -> None:
    assert normalise("hello! @bob costs $5").words == ["helo", "bob", "costs", "5"]


@pytest.mark.parametrize(
    "text",
    ["", "   ", "\n", "\u200b" * 50, "\u0301" * 50, "...", "\x00\x01", "\ud800\udfff", "\ufffe"],
)
def test_nothing_is_an_empty_skeleton(text: str) -> None:
    normal = normalise(text)
    assert normal.skeleton.text == ""
    assert kernel.text_features(normal.skeleton.text).size == 0


def test_a_message_of_ten_megabytes_costs_what_a_page_costs() -> None:
    page, book = "hello there " * 341, "hello there " * 870_000
    normalise(page)
    took = []
    for text in (page, book):
        began = time.process_time()
        for _ in range(20):
            normal = normalise(text)
        took.append(time.process_time() - began)
    assert normal.skeleton.obfuscation.uncounted == len(book) - 4096
    assert took[1] < 50 * took[0] + 0.5  # not two thousand times as long


@pytest.mark.parametrize("text", ["\ufdfa" * 5000, "😀" * 5000, "a " * 5000, "\u0301" * 10**6])
def test_nothing_grows_beyond_its_cap(text: str) -> None:
    skeleton = normalise(text).skeleton
    assert len(skeleton.text) <= 4096
    assert skeleton.obfuscation.uncounted > 0
    assert normalise(skeleton.text).skeleton.text == skeleton.text


def test_equal_messages_have_equal_keys_and_different_ones_do_not() -> None:
    texts = [f"message number {a} {b}" for a in range(60) for b in range(60)]
    keys = {normalise(text).skeleton.key for text in texts}
    assert len(keys) == len({normalise(text).skeleton.text for text in texts})


def test_a_representation_shows_no_words() -> None:
    assert "hello" not in repr(normalise("hello"))
    assert "helo" not in repr(normalise("hello"))


@pytest.mark.skipif(len(kernel.variants()) == 1, reason="no compiled kernel here")
def test_every_character_is_folded_as_the_twin_folds_it() -> None:
    tables = folding().tables
    for first in range(0, CODES, 4001 * 7):  # a seventh of all in long strings
        text = "".join(map(chr, range(first, min(first + 4000, CODES))))
        assert kernel.text_fold(tables, text) == twin.text_fold(*tables, text)


def test_tables_that_do_not_fit_are_refused_and_wild_ones_read_nothing_outside() -> None:
    blocks, cells, pool = folding().tables
    with pytest.raises(ValueError, match="4352"):
        kernel.text_fold((blocks[:-1].copy(), cells, pool), "a")
    for seed in range(20):
        random = np.random.default_rng(seed)
        wrong = (
            random.integers(0, 1 << 16, blocks.size).astype(np.uint16),
            random.integers(0, 1 << 32, cells.size).astype(np.uint32),
            random.integers(0, 1 << 32, 5_000).astype(np.uint32),
        )
        text = "".join(map(chr, random.integers(0, CODES, 200)))
        assert kernel.text_fold(wrong, text) == twin.text_fold(*wrong, text)
    wild = np.full_like(cells, 0xFFFFFF01)
    assert kernel.text_fold((blocks + 60_000, cells, pool), "abc")[0] == ""
    assert kernel.text_fold((blocks, wild, pool), "abc")[0] == "abc"
    with pytest.raises(ValueError, match="bits"):
        kernel.text_features("abc", 19)
    with pytest.raises(ValueError, match="weights"):
        kernel.text_weigh("abc", np.zeros(8, np.int16), 12)
    with pytest.raises((ValueError, TypeError)):
        kernel.text_features("a" * 9000, 18)
