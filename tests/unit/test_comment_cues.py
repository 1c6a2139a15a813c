"""Cues: each kind is seen in each language, ordinary chatter shows none, and rates are kept."""

import gzip
import json
import math
import tomllib
from pathlib import Path

import pytest

from breakwater.comments import cues
from breakwater.comments.cues import RATES, Cues, Rate, phrases, shipped
from breakwater.comments.normalise import normalise
from breakwater.model.comment import Cue, Source

CHAT = Path(__file__).parents[1] / "data/chat"
SENTENCES = tomllib.loads((CHAT / "cues.toml").read_text("utf-8"))
LANGS = ("en", "es", "fr", "de", "pt", "tl")
SHOWN = [
    (lang, kind, text)
    for lang, kinds in SENTENCES.items()
    for kind, texts in kinds.items()
    for text in texts
]


def test_six_languages_have_sentences_of_all_eight_kinds() -> None:
    assert shipped().langs == LANGS
    for lang in LANGS:
        assert set(SENTENCES[lang]) == {*Cue, "none"}


@pytest.mark.parametrize(("lang", "kind", "text"), SHOWN)
def test_a_sentence_shows_its_cue_and_no_other_language_is_needed(lang, kind, text) -> None:
    found = shipped().find(normalise(text), lang)
    if kind == "none":
        assert not found
    else:
        assert Cue(kind) in found
        assert Cue(kind) in shipped().find(normalise(text), None)


@pytest.mark.parametrize(
    "text",
    ["ADD ME ON TELEGRAM", "аdd mе on tеlеgrаm", "a d d   m e   o n   t e l e g r a m", "add me 0n t3l3gr4m",
     "add\u200b me on tele\u200bgram", "addd meee on telegrammm"],
)  # fmt: skip
def test_a_disguised_cue_is_the_same_cue(text: str) -> None:
    assert Cue.MOVE_SERVICE in shipped().find(normalise(text), "en")


@pytest.mark.parametrize(
    "text",
    ["10.35.39.20 - 10.35.39.40", "2024-10-11 12:30:55", "[ 4357.748427] probe failed",
     "commit 1234567890123456", "https://example.org/20041102220700/x", "1,000,000,000 of them", "@ann hello"],
)  # fmt: skip
def test_addresses_dates_and_versions_are_no_telephone_numbers(text: str) -> None:
    assert Cue.CONTACT not in shipped().find(normalise(text), "en")


def test_a_price_alone_and_an_attribute_alone_specify_nothing() -> None:
    for text in ("it costs $20", "a tall singer", "the song is 20 minutes"):
        assert Cue.SPECIFIES not in shipped().find(normalise(text), "en")


def test_a_phrase_has_parts_with_few_words_between() -> None:
    assert [one.parts for one in phrases(Cue.SECRECY, "hold ~ from us|them")] == [
        (("hold",), ("from", "us")),
        (("hold",), ("from", "them")),
    ]
    one = Cues({"en": {"secrecy": ["hold ~ from us"]}}, {})
    for text, shown in (
        ("hold from us", True),
        ("please hold it all from us ok", True),
        ("hold it all just for now from us", False),
        ("hold it from", False),
        ("from us hold", False),
    ):
        assert bool(one.find(normalise(text), "en")) is shown, text


def test_a_rarer_cue_weighs_more_and_little_data_weighs_less() -> None:
    assert Rate(1, 10_000).nats > Rate(100, 10_000).nats > Rate(600, 10_000).nats
    assert Rate(0, 100).nats < Rate(0, 10_000).nats
    assert Rate(9_000, 10_000).nats == cues.LEAST
    assert Rate(0, 10**7).nats == cues.MOST
    assert Rate(3, 100).upper > 0.03


def test_shares_name_the_cue_and_never_the_words() -> None:
    one = shipped()
    found = one.find(normalise("how old are you, add me on telegram"), "en")
    shares = one.shares(found, "en")
    assert [share.ref for share in shares] == ["asks_age", "move_service"]
    assert all(share.source is Source.CUE and 0 < share.nats <= cues.MOST for share in shares)


def test_an_unmeasured_language_weighs_its_cues_by_a_stated_number() -> None:
    bare = Cues({"en": {"asks_age": ["how old are you"]}}, {})
    assert bare.nats(Cue.ASKS_AGE, "en") == cues.UNMEASURED


def test_measured_rates_name_their_corpora_and_count_all_kinds() -> None:
    kept = json.loads(RATES.read_text("utf-8"))
    for lang in LANGS:
        corpora = kept["corpora"][lang]
        assert corpora
        assert all(one["messages"] > 0 and one["source"] and one["licence"] for one in corpora)
        for cue in Cue:
            hits, messages = kept["rates"][f"{lang}/{cue.value}"]
            assert messages == sum(one["messages"] for one in corpora)
            assert Rate(hits, messages).upper < 0.05, (lang, cue)


def test_rates_on_the_ordinary_chat_that_the_tests_hold_agree_with_the_kept_ones() -> None:
    lines = gzip.decompress((CHAT / "ordinary.txt.gz").read_bytes()).decode("utf-8").splitlines()
    texts = [line for line in lines if not line.startswith("#")]
    assert len(texts) >= 1_000
    kept = json.loads(RATES.read_text("utf-8"))["rates"]
    one = shipped()
    for cue in Cue:
        hits = sum(cue in one.find(normalise(text), "en") for text in texts)
        rate = Rate(*kept[f"en/{cue.value}"])
        allowed = rate.upper * len(texts)
        assert hits <= allowed + 4 * math.sqrt(allowed) + 1, cue
