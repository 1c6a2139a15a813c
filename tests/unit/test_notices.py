"""Protects what users are told: whole in every language, neutral, and nothing of the content."""

from __future__ import annotations

import re

import pytest

from breakwater.model.notice import DecidedBy, Measure
from breakwater.review.deciding.telling import EEA, every_text, text_in

LANGUAGES = sorted(every_text())
FACTS = {"legal_ground", "explanation", *(f"facts_{kind}" for kind in DecidedBy)}
ACCUSING = re.compile(
    r"\b(abuser?|criminal|offen[cs]e|offender|guilty|victim|porn\w*|perver\w*|suspect\w*|police"
    r"|täter\w*|straf\w*|schuld\w*|opfer\w*|verdäch\w*|polizei\w*)\b",
    re.IGNORECASE,
)


def test_there_is_english_and_another_language():
    assert {"en", "de"} <= set(LANGUAGES)
    assert text_in("de-AT") is every_text()["de"]
    assert text_in("DE") is every_text()["de"]
    assert text_in("tlh") is text_in("") is every_text()["en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text(language: str):
    texts = every_text()[language]
    assert texts["language"] == language
    assert texts["version"] >= 1
    named = {"language", "version", "decided_by", "statement", *Measure}
    assert set(texts) == named
    for measure in Measure:
        assert set(texts[measure]) == {"what", "why", "appeal"}, measure
        assert all(len(said) > 20 for said in texts[measure].values())
    assert set(texts["decided_by"]) == set(DecidedBy)
    assert set(texts["statement"]) == FACTS


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_user_reads_accuses_nobody_and_does_not_shout(language: str):
    texts = every_text()[language]
    read = [said for measure in Measure for said in texts[measure].values()]
    for said in (*read, *texts["decided_by"].values()):
        assert not ACCUSING.search(said), said
        assert "!" not in said


def test_a_restricting_measure_always_says_how_to_appeal():
    for language, word in (("en", "appeal"), ("de", "Beschwerde")):
        for measure in (Measure.HELD, Measure.UNREADABLE, Measure.BLOCKED, Measure.CONFIRMED):
            assert word in every_text()[language][measure]["appeal"]


def test_the_territory_is_the_economic_area():
    assert len(EEA) == len(set(EEA)) == 30
    assert list(EEA) == sorted(EEA)
