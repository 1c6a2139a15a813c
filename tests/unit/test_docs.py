"""Documentation is true: commands exist, links lead somewhere, reference pages are the code's."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from itertools import dropwhile
from pathlib import Path

import pytest
import typer

from breakwater.cli import program
from breakwater.model.event import EventType
from breakwater.observe import Metrics
from breakwater.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
WRITTEN = [page for page in PAGES if page.parent.name != "reference"]


def load_tool(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / f"tools/{name}.py")
    assert spec
    assert spec.loader
    if str(ROOT / "tools") not in sys.path:
        sys.path.append(str(ROOT / "tools"))  # as when it is run: its neighbours are importable
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


reference = load_tool("reference")


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_reference_page_is_what_the_code_says(name: str):
    committed = (ROOT / "docs/reference" / name).read_text("utf-8")
    assert committed == reference.NOTE + reference.PAGES[name](), "stale: run make docs"


def test_every_setting_error_event_and_metric_is_described():
    assert [name for name, f in Settings.model_fields.items() if not f.description] == []
    assert [k for k in EventType if k not in reference.EVENTS] == []
    assert [f.name for f in Metrics().registry.collect() if not f.documentation] == []
    for kind in reference.every_error():
        assert kind.__doc__, kind
        assert kind.title().endswith("."), kind


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def commands_in(text: str) -> list[list[str]]:
    """Lines of console blocks, without comments."""
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [
        line.split("#")[0].split() for line in joined.splitlines() if line.split("#")[0].strip()
    ]


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_every_command_in_a_page_exists(page: Path):
    for line in commands_in(page.read_text("utf-8")):
        words = list(dropwhile(lambda word: "=" in word, line))
        if words[0] == "make":
            target = next(word for word in words[1:] if "=" not in word)
            assert target in make_targets(), words
        if words[0].endswith("breakwater"):
            assert_command(words[1:])


def assert_command(words: list[str]) -> None:
    """Each name and option is one that the command line knows."""
    command = typer.main.get_command(program)
    context = command.make_context("breakwater", ["doctor"], resilient_parsing=True)
    rest = iter(words)
    for word in rest:
        if word.startswith("-"):
            known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
            assert word in known, (word, words)
            next(rest, None)
        elif hasattr(command, "get_command"):
            found = command.get_command(context, word)
            assert found is not None, words
            command = found
        else:
            known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
            options = [w for w in (word, *rest) if w.startswith("--")]
            assert set(options) <= known, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page: Path):
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_decision_is_in_the_list_and_has_its_three_parts():
    listed = (ROOT / "docs/decisions/index.md").read_text("utf-8")
    decisions = sorted((ROOT / "docs/decisions").glob("0*.md"))
    assert decisions
    for path in decisions:
        text = path.read_text("utf-8")
        assert f"({path.name})" in listed
        for part in ("## Context", "## Decision", "## What follows", "Status: "):
            assert part in text, path.name


def test_the_site_builds_strictly_without_a_network(tmp_path: Path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)]
    closed = {"PATH": "/usr/bin:/bin", "https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "NO_MKDOCS_2_WARNING": "1"}  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env=closed, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    pages = "".join(page.read_text("utf-8") for page in tmp_path.rglob("*.html"))
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"https?://", pages)
