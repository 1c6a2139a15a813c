"""An operator's list counts what it names, in whatever spelling, and nobody can read its terms."""

import os
import traceback
from datetime import date

import pytest

from breakwater.comments import strict_yaml
from breakwater.comments.lexicon import Lexicon, load, parse, sealed
from breakwater.comments.lexicon_check import check
from breakwater.comments.normalise import normalise
from breakwater.errors import BadInput, BreakwaterError, NotFound, Unfit
from breakwater.model.comment import Cue, Source

TODAY = date(2026, 1, 2)
KEY = bytes(range(32))
HEAD = """\
version: 1
id: operator-list-A
source: {owner: "somebody", licence: "members only", expires: 2026-12-31}
confidential: true
"""
LIST = (
    HEAD
    + """\
defaults: {match: skeleton_token, weight_nats: 3.0, lang: any}
entries:
  - {t: "marmalade", id: a1}
  - {t: "orange jam", id: a2, match: skeleton_phrase, weight_nats: 4.0, lang: [en, de]}
  - {t: "teapot", id: a3, context: {any_cue: [move_service, payment], within_s: 120}}
  - {h: "one", id: a4}
  - {h: "two", id: a5, match: skeleton_phrase, words: 2, weight_nats: 1.5}
exceptions:
  - {t: "marmalade cake", id: e1, match: skeleton_phrase}
"""
)
LIST = LIST.replace("one", sealed("crumpet", KEY)).replace("two", sealed("clotted cream", KEY))


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return parse(LIST.encode(), today=TODAY, key=KEY)


def ids(lexicon: Lexicon, text: str, lang: str | None = None, ago=None) -> list[str]:
    return [hit.entry.id for hit in lexicon.find(normalise(text), lang, ago)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I like marmalade", ["a1"]),
        ("M A R M A L A D E", ["a1"]),
        ("mаrmаlаde and m4rmal4de", ["a1"]),
        ("some ORANGE-jam please", ["a2"]),
        ("orange and jam", []),
        ("marmalades", []),
        ("a warm crumpet", ["a4"]),
        ("clotted cream tea", ["a5"]),
        ("cream clotted", []),
        ("marmalade cake", []),
        ("marmalade cake with marmalade", ["a1"]),
        ("", []),
    ],
)
def test_terms_are_found_as_skeletons(lexicon: Lexicon, text: str, found: list[str]) -> None:
    assert ids(lexicon, text) == found


def test_entries_of_another_language_do_not_count(lexicon: Lexicon) -> None:
    assert ids(lexicon, "orange jam", "de") == ["a2"]
    assert ids(lexicon, "orange jam", "fr") == []
    assert ids(lexicon, "marmalade", "fr") == ["a1"]


def test_an_entry_with_context_counts_only_soon_after_a_cue(lexicon: Lexicon) -> None:
    assert ids(lexicon, "teapot") == []
    assert ids(lexicon, "teapot", None, {Cue.PAYMENT: 119.0}) == ["a3"]
    assert ids(lexicon, "teapot", None, {Cue.PAYMENT: 121.0, Cue.ASKS_AGE: 0.0}) == []


def test_shares_name_the_list_and_the_entry_and_no_term(lexicon: Lexicon) -> None:
    (share,) = lexicon.shares(lexicon.find(normalise("orange jam")))
    assert (share.source, share.nats, share.ref) == (Source.LEXICON, 4.0, "operator-list-A/a2")
    shown = repr([lexicon, lexicon.terms, lexicon.find(normalise("orange jam"))])
    assert "operator-list-A" in shown
    for term in ("orange", "jam", "marmalade", "crumpet", sealed("crumpet", KEY)[12:24]):
        assert term not in shown
        assert normalise(term).skeleton.text not in shown


def test_a_list_that_others_can_read_is_refused(tmp_path) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(LIST, "utf-8")
    path.chmod(0o600)
    assert load(path, today=TODAY, key=KEY).entries == 5
    for mode in (0o640, 0o604, 0o620, 0o666):
        path.chmod(mode)
        with pytest.raises(Unfit, match="0600"):
            load(path, today=TODAY, key=KEY)


def test_what_is_no_file_is_refused(tmp_path) -> None:
    with pytest.raises(NotFound):
        load(tmp_path / "nothing", today=TODAY)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(BadInput, match="regular"):
        load(tmp_path / "pipe", today=TODAY)


def test_an_expired_list_is_refused() -> None:
    parse(LIST.encode(), today=date(2026, 12, 31), key=KEY)
    with pytest.raises(BadInput, match="expired on 2026-12-31"):
        parse(LIST.encode(), today=date(2027, 1, 1), key=KEY)


WRONG = {
    "version": LIST.replace("version: 1", "version: 2"),
    "unknown key": LIST + "marmalade: 1\n",
    "unknown key of an entry": LIST.replace("id: a1", "id: a1, marmalade: 1"),
    "not confidential": LIST.replace("confidential: true", "confidential: false"),
    "same id": LIST.replace("id: a2", "id: a1"),
    "term and seal": LIST.replace('{t: "marmalade",', '{t: "marmalade", h: "x",'),
    "neither": LIST.replace('{t: "marmalade", id: a1}', "{id: a1}"),
    "two words as a token": LIST.replace('"marmalade"', '"marmalade pot"'),
    "no words": LIST.replace('"marmalade"', '"..."'),
    "match": LIST.replace("skeleton_phrase, weight_nats: 4.0", "regex, weight_nats: 4.0"),
    "weight": LIST.replace("4.0", "40.0"),
    "weight of words": LIST.replace("4.0", "marmalade"),
    "lang": LIST.replace("[en, de]", "[english]"),
    "cue": LIST.replace("payment]", "marmalade]"),
    "seconds": LIST.replace("within_s: 120", "within_s: soon"),
    "seal": LIST.replace("hmac-sha256:", "sha256:"),
    "short seal": LIST.replace(sealed("crumpet", KEY), sealed("crumpet", KEY)[:-2]),
    "id of words": LIST.replace("id: a1", 'id: "marmalade jam"'),
    "number for a term": LIST.replace('"marmalade"', "17"),
    "alias": HEAD + "entries: &x\n  - {t: marmalade, id: a1}\nexceptions: *x\n",
    "tag": HEAD + "entries: !!python/object:os.system marmalade\n",
    "key twice": HEAD + "entries: []\nentries:\n  - {t: marmalade, id: a1}\n",
    "syntax": HEAD + "entries: [{t: marmalade, id: a1\n",
    "tab": HEAD + "entries:\n\t- {t: marmalade, id: a1}\n",
    "deep": HEAD + "entries: " + "[" * 200_000 + "marmalade",
    "date": LIST.replace("2026-12-31", "marmalade"),
    "list": "- marmalade\n",
    "empty": "",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_wrong_list_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(BreakwaterError) as caught:
        parse(text.encode(), today=TODAY, key=KEY)
    shown = "".join(traceback.format_exception(caught.value))
    assert isinstance(caught.value, BadInput)
    assert caught.value.detail
    assert "marmalade" not in shown.replace("test_comment_lexicon", "")
    assert caught.value.__cause__ is None


def test_bytes_that_are_no_text_are_refused() -> None:
    for data in (b"\xff\xfe", "\ud800".encode("utf-8", "surrogatepass"), b"\x00"):
        with pytest.raises(BadInput):
            strict_yaml.load(data)


def test_a_sealed_list_without_its_key_is_refused() -> None:
    with pytest.raises(BadInput, match="a4 is sealed"):
        parse(LIST.encode(), today=TODAY)


def test_another_key_finds_nothing_sealed() -> None:
    other = parse(LIST.encode(), today=TODAY, key=bytes(32))
    assert ids(other, "crumpet") == []


def test_the_check_finds_what_never_counts_and_what_always_does() -> None:
    text = HEAD + (
        "entries:\n  - {t: marmalade, id: a1}\n  - {t: MARMALADE, id: a2}\n  - {t: up, id: a3}\n"
        "  - {t: hello, id: a4}\n  - {t: teapot, id: a5}\n"
        "exceptions:\n  - {t: teapot, id: e1}\n  - {t: sugar, id: e2}\n"
    )
    ordinary = ["hello there"] * 3 + ["good morning"] * 97
    found = check(parse(text.encode(), today=TODAY), today=TODAY, ordinary=ordinary)
    assert {(one.entry, one.what) for one in found} == {
        ("a2", "is the same as a1 when it is normalised"),
        ("a3", "is shorter than 3 letters when it is normalised"),
        ("a4", "stands in 3 of 100 ordinary messages"),
        ("a5", "never counts: e1 is the same"),
        ("e2", "is an exception to no entry"),
    }
    soon = check(parse(text.encode(), today=TODAY), today=date(2026, 12, 20))
    assert soon[0].what == "expires on 2026-12-31"
