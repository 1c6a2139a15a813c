"""Protects the strict policy: what it would refuse, or htmx would silently do wrong, is not written.

The bans and their reasons stand in the console specification §9 ("traps"); keys in §6.
"""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest

from breakwater.model.access import Permission
from breakwater.model.decision import AccountRole
from breakwater.web.pages.assets import FOLDER as STATIC
from breakwater.web.pages.keytable import FILE, KeyTable
from breakwater.web.pages.models import Viewer
from breakwater.web.pages.render import FOLDER

TEMPLATES = sorted(FOLDER.rglob("*.html"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))

BANNED = {
    "inline style (refused by the policy)": r"\sstyle\s*=",
    "inline handler (refused by the policy)": r"\son[a-z]+\s*=\s*[\"']",
    "hx-on (dead with allowEval:false)": r"hx-on\b",
    "js: values (vanish with allowEval:false)": r"[\"'{\s]js:",
    "javascript: address": r"javascript:",
    "trigger filter (always true with allowEval:false)": r"hx-trigger\s*=\s*\"[^\"]*\[",
    "morph with settings (needs eval)": r"morph:\s*\{",
    "inline script": r"<script(?![^>]*\ssrc=)",
    "inline style sheet": r"<style\b",
    "a picture with an address": r"<img\b",
    "video": r"<video\b",
    "data: or blob: address": r"=\s*[\"'](?:data|blob):",
    "autoescape switched off": r"\|\s*safe\b|autoescape\s+false",
    "another site": r"(?:src|href|action)\s*=\s*[\"']https?:",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
@pytest.mark.parametrize("why", BANNED)
def test_no_template_has_what_the_policy_or_htmx_would_break(path: Path, why: str):
    assert not re.search(BANNED[why], path.read_text(encoding="utf-8")), why


def test_the_bans_see_what_they_ban():
    wrong = [
        '<p style="color: red">', "<b onclick='x()'>", '<p hx-on:click="x">', '"js:x"',
        '<a href="javascript:x">', "<p hx-trigger=\"keyup[key=='x']\">", "morph:{a:1}",
        "<script>x</script>", "<style>", "<img src=x>", "<video>", 'src="data:x"', "{{ x|safe }}",
        '<a href="https://x">',
    ]  # fmt: skip
    for text, pattern in zip(wrong, BANNED.values(), strict=True):
        assert re.search(pattern, text), text


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_no_script_makes_code_or_markup_of_text(path: Path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\beval\(|new Function|innerHTML|outerHTML\s*=|insertAdjacentHTML|"
                         r"document\.write|createObjectURL|https?://", text)  # fmt: skip


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_every_form_that_changes_something_carries_the_session_s_token(path: Path):
    text = path.read_text(encoding="utf-8")
    token = re.search(r"{% macro token\(\) %}(.*?){% endmacro %}", text)
    text = text.replace("{{ token() }}", token.group(1) if token else "")
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL):
        at_the_door = re.search(r'action="/(login|portal)[/"{]', form)
        assert at_the_door or 'name="csrf"' in form


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_every_button_and_link_is_a_real_one(path: Path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<(?:div|span)[^>]*role=\"(?:button|link)\"", text)
    for tag in re.findall(r"<a\s[^>]*>", text):
        assert "href=" in tag, tag


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_words_neither_shout_nor_praise(path: Path):
    words = re.sub(r"\{[{%#].*?[}%#]\}|<!doctype html>|<[^>]*>", " ", path.read_text("utf-8"))
    assert "!" not in words
    assert not re.search(
        r"\b(?:great|awesome|oops|sorry|please|congratulations)\b", words, re.IGNORECASE
    )


KEYS = KeyTable.read()


def test_no_two_keys_of_a_page_clash():
    pages = {key.page for key in KEYS.keys} - {"everywhere", "go"}
    for page in pages:
        here = [k for k in KEYS.keys if k.page in {page, "everywhere", "go"}]
        pressed = list(itertools.chain.from_iterable(
            [k.key] + ([k.also] if k.also else []) for k in here
        ))  # fmt: skip
        assert len(pressed) == len(set(pressed)), page
        starts = {key.split(" ")[0] for key in pressed if " " in key and not key.startswith("Ctrl")}
        assert not starts & set(pressed), "a first key of two means nothing alone"


def test_every_key_has_an_id_of_its_own_and_words():
    ids = [key.id for key in KEYS.keys]
    assert len(ids) == len(set(ids))
    assert all(key.words and key.words[0].isupper() for key in KEYS.keys)
    assert set(json.loads(FILE.read_text("utf-8"))["words"]) >= {key.page for key in KEYS.keys}


def test_every_key_does_something():
    texts = [p.read_text("utf-8") for p in (*TEMPLATES, *SCRIPTS)]
    text = "\n".join(texts).replace('"${page}.', '"PAGE.').replace("`${page}.", "`PAGE.")
    for key in KEYS.keys:
        made = re.sub(
            r"^(queue|appeals|banks|audit|people|qa|links|links_waiting|links_cutouts|grade_first|grade_stack)\.(up|down|before|after)$",
            r"PAGE.\2",
            key.id,
        )
        go = key.id.startswith("go.") and "go.{{ link.id }}" in text
        role = key.id.removeprefix("danger.") in set(AccountRole)
        go |= role and "danger.{{ value }}" in text
        assert go or key.id in text or f"{made}`" in text, f"nothing answers to {key.id}"


def test_the_sheet_offers_only_pages_its_viewer_may_open():
    auditor = Viewer("A", "Auditor", frozenset({Permission.AUDIT_READ}))
    offered = {key.id for _, keys in KEYS.sheet("audit", auditor) for key in keys}
    assert "go.audit" in offered
    assert not offered & {"go.queue", "go.banks", "case.reveal"}


def test_what_is_drawn_by_keys_is_in_the_table():
    used = set()
    for path in TEMPLATES:
        used |= set(re.findall(r"cap\(\"([a-z._]+)\"\)", path.read_text("utf-8")))
    assert used <= {key.id for key in KEYS.keys}
