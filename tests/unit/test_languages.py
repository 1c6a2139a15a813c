"""Protects every word a person reads: it is in a catalogue, translated, and safely put in."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from breakwater.model.match import VIEW_WORDS, View
from breakwater.web import languages
from breakwater.web.languages import PSEUDO, choose, speak
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark
from breakwater.web.pages.render import FOLDER
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, later, say, say_n

ROOT = Path(__file__).parents[2]
CATALOGUES = sorted(languages.FOLDER.glob("*.po"))
NOW = datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC)


def load_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("words_tool", ROOT / "tools/words.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["words_tool"] = module
    spec.loader.exec_module(module)
    return module


tool = load_tool()


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    speak(choose("en", ""))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.stem)
def test_a_catalogue_has_the_words_of_now_and_lacks_none(path: Path):
    before = tool.read(path)
    assert not tool.stale(before, tool.gather()), "stale: run tools/words.py"
    assert tool.missing(before) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.stem)
def test_a_translation_puts_in_the_same_values_and_no_markup_of_its_own(path: Path):
    marks = re.compile(r"%\(\w+\)[sd]|%%|<[^>]*>")
    for message in tool.read(path):
        if not message.id:
            continue
        plural = isinstance(message.id, tuple | list)
        wanted = {*marks.findall(message.id[-1] if plural else message.id)}
        for said in message.string if plural else (message.string,):
            found = {*marks.findall(said)} if said else wanted
            loose = {m for m in found ^ wanted if not (plural and m == "%(n)s")}
            assert not loose, (message.id, said)


def test_templates_only_ever_translate_their_own_words():
    """`_` marks its answer as safe markup: words of anybody else would reach the page unescaped."""
    for path in sorted(FOLDER.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        for call in re.findall(r"\b(?:_|gettext|ngettext|pgettext)\(\s*(.)", text):
            assert call in "\"'", f"{path.name}: _( takes a fixed sentence"


def test_a_person_s_choice_comes_before_what_the_browser_asks_for():
    assert choose("", "de-AT,de;q=0.9,en;q=0.8").tag == "de"
    assert choose("en", "de").tag == "en"
    assert choose("", "fr;q=0.9, de;q=0.2, en;q=0.1").tag == "de"
    assert choose("", "de;q=0, en").tag == "en"
    assert choose("xx", "tlh").tag == "en"
    assert choose("", "").tag == "en"
    assert choose("", ";;q=x,\x00," * 50).tag == "en"


def test_the_pseudo_language_is_spoken_only_when_it_is_chosen():
    assert choose("", PSEUDO).tag == "en"
    assert choose(PSEUDO, "de").tag == PSEUDO
    assert PSEUDO not in [language.tag for language in languages.offered()]


def test_a_sentence_is_said_in_the_language_of_the_request():
    assert say("Case %(n)s", n=7) == "Case 7"
    speak(choose("de", ""))
    assert say("Nothing is waiting.") == "Nichts wartet."
    assert say("A sentence that no catalogue has.") == "A sentence that no catalogue has."
    assert say("") == ""
    assert words.count(1234567) == "1.234.567"
    assert words.size(4_200_000) == "4,2 MB"
    assert words.full(NOW) == "21. Nov. 2026, 14:02:07 UTC"
    assert words.due(NOW + timedelta(days=2), NOW).words == "in 2 Tagen"
    assert words.since(NOW - timedelta(days=2), NOW).words == "2 Tage"


def test_one_and_many_are_told_apart():
    assert say_n("%(n)s day", "%(n)s days", 1) == "1 day"
    speak(choose("de", ""))
    assert say_n("%(n)s day", "%(n)s days", 1) == "1 Tag"
    assert say_n("%(n)s day", "%(n)s days", 0) == "0 Tage"


def test_a_table_of_words_is_said_when_it_is_read():
    table = Spoken({"a": Mark("ok", later("Closed")), "b": Mark("held", later("Held"))})
    speak(choose(PSEUDO, ""))
    assert table["a"] == Mark("ok", "[Çļöšéđ]")
    assert (len(table), list(table), table.get("c")) == (2, ["a", "b"], None)


def test_the_pseudo_language_keeps_placeholders_and_markup():
    assert languages.accented("Due <b>%(at)s</b>, 100%%") == "[Đûé <b>%(at)s</b>, 100%%]"


def test_the_scripts_carry_their_own_words_and_no_others():
    script = choose("de", "").script
    assert choose("en", "").script == {}
    assert script
    text = "\n".join(p.read_text() for p in (FOLDER.parent / "static/js").glob("*.js"))
    assert [key for key in script if key not in text] == []
    assert set(choose(PSEUDO, "").script) >= set(script)


@pytest.mark.parametrize("view", [view for view in View if view is not View.ORIGINAL])
def test_how_a_copy_was_turned_is_said_in_the_reader_s_language(view):
    speak(choose("de", ""))
    told = retold(f"Very close match: 6 of 256 bits differ (limit 31), {VIEW_WORDS[view]}")
    assert "match" not in told, told
    assert VIEW_WORDS[view] not in told, told


def test_words_of_one_and_many_stand_where_they_are_gathered():
    for path in (FOLDER.parent / "pages").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say_n":
                said = [isinstance(word, ast.Constant) for word in node.args[:2]]
                assert said == [True, True], f"{path.name}:{node.lineno}"
