"""Keeps the catalogues of the console's words: gathers what the code says, and says what is missing.

In: templates, page modules, browser scripts, and tables that are data (keys, rail, audit acts,
errors). Out: `src/breakwater/web/words/*.po` brought up to date, translations kept, what nobody
says any more dropped. `--check` writes nothing and exits 1 when a catalogue is stale or lacks a
translation; a language tag as argument begins a new one. Held true by `tests/unit/test_languages.py`.
"""

from __future__ import annotations

import ast
import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from breakwater import errors
from breakwater.web.pages import retold
from breakwater.web.pages.rail import LINKS
from breakwater.web.pages.read_audit import ACTIONS

ROOT: Final = Path(__file__).resolve().parents[1] / "src/breakwater"
FOLDER: Final = ROOT / "web/words"
KEYWORDS: Final[dict[str, Any]] = {
    "say": None, "say_n": (1, 2), "sayN": (1, 2), "later": None,
    "_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2),
}  # fmt: skip
TEMPLATES: Final = {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}

SHOWN: Final = (
    "access", "banks/cutting.py", "enforcement/wishes.py", "hub/lists.py", "hub/members.py", "hub/publishing.py", "hub/rules.py", "linking/cropping.py", "linking/likeness.py", "linking/searching.py", "live/servers.py", "model", "records",
    "reporting/naming.py", "review", "vics.py", "web/pages",
)  # fmt: skip
"""Rooms, and single files of others, whose refusals reach a page; what only the API or a command says stays English."""

Ids = str | tuple[str, ...]


def gather() -> Catalog:
    """Every word that a person may read on a page, with the file that says it."""
    found = Catalog(project="breakwater")
    for place, ids, context in (*_of_files(), *_of_tables(), *_of_errors()):
        if ids:
            found.add(ids, locations=[(place, None)], context=context)
    return found


def _of_files() -> Iterator[tuple[str, Ids, str | None]]:
    kinds: tuple[tuple[str, str, Any], ...] = (
        ("web/templates/**/*.html", "jinja2.ext:babel_extract", TEMPLATES),
        ("web/pages/**/*.py", "python", {}),
        ("web/static/js/**/*.js", "javascript", {}),
    )
    for pattern, method, options in kinds:
        for path in sorted(ROOT.glob(pattern)):
            with path.open("rb") as source:
                for _, ids, _, context in extract(method, source, KEYWORDS, options=options):
                    yield _place(path), ids, context


def _of_tables() -> Iterator[tuple[str, Ids, str | None]]:
    """Words that stand in data: keys, rail, acts of the audit log, sentences of records."""
    table = json.loads((ROOT / "web/keys.json").read_text("utf-8"))
    for words in (*table["words"].values(), *(key["words"] for key in table["keys"])):
        yield "web/keys.json", words, None
    for link in LINKS:
        yield "web/pages/rail.py", link.word, None
        yield "web/pages/rail.py", link.group, None
    for words in ACTIONS.values():
        yield "web/pages/read_audit.py", str(words), None
    for words in retold.sentences():
        yield "web/pages/retold.py", words, None


def _of_errors() -> Iterator[tuple[str, Ids, str | None]]:
    """What error pages say: the title of every class, and every detail that is a fixed sentence."""
    kinds = [k for k in vars(errors).values() if isinstance(k, type)]
    known = {k.__name__: k for k in kinds if issubclass(k, errors.BreakwaterError)}
    for kind in known.values():
        yield "errors.py", kind.title(), None
    shown = [sorted((ROOT / room).rglob("*.py")) or [ROOT / room] for room in SHOWN]
    for path in (file for room in shown for file in room):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                said = node.args[0]
                fixed = isinstance(said, ast.Constant) and isinstance(said.value, str)
                if node.func.id in known and fixed and " " in str(said.value):
                    yield _place(path), str(said.value), None


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> Catalog:
    """One catalogue as it stands."""
    with path.open("rb") as source:
        return read_po(source, locale=path.stem)


def begun(tag: str) -> Catalog:
    """An empty catalogue of a language."""
    return Catalog(
        locale=tag,
        project="breakwater",
        version="1",
        msgid_bugs_address="the project's issues",
        last_translator="the breakwater authors",
        language_team=tag,
        fuzzy=False,
        header_comment="# Words of the console. Kept by tools/words.py; only translations are written by hand.",
    )


def renewed(before: Catalog, fresh: Catalog) -> Catalog:
    """A catalogue with the words of now: translations kept, the rest dropped, nothing guessed."""
    before.update(fresh, no_fuzzy_matching=True, update_creation_date=False)
    before.obsolete.clear()
    return before


def printed(catalogue: Catalog) -> bytes:
    """As it stands in its file: by place, without line numbers, so that a change stays small."""
    out = io.BytesIO()
    write_po(out, catalogue, width=100, include_lineno=False, sort_by_file=True)
    return out.getvalue()


def missing(catalogue: Catalog) -> list[Ids]:
    """What has no translation."""
    return [message.id for message in catalogue if message.id and not _complete(message.string)]


def _complete(said: str | Sequence[str] | None) -> bool:
    return bool(said) if said is None or isinstance(said, str) else all(said)


def stale(before: Catalog, fresh: Catalog) -> bool:
    """Whether a catalogue has other words than the code."""
    return _listed(before) != _listed(fresh)


def _listed(catalogue: Catalog) -> set[tuple[Any, str | None]]:
    return {(message.id, message.context) for message in catalogue if message.id}


def main(argv: Iterable[str]) -> int:
    """Bring every catalogue up to date, or only look with `--check`."""
    asked = list(argv)
    fresh, wrong = gather(), 0
    for tag in asked:
        if not tag.startswith("-") and not (FOLDER / f"{tag}.po").exists():
            (FOLDER / f"{tag}.po").write_bytes(printed(begun(tag)))
    for path in sorted(FOLDER.glob("*.po")):
        before = read(path)
        old = stale(before, fresh)
        after = renewed(before, fresh)
        lacking = missing(after)
        print(f"{path.name}: {len(after)} messages, {len(lacking)} without a translation")
        if "--check" in asked:
            for words in lacking:
                print(f"  {words}")
            wrong |= old or bool(lacking)
        else:
            path.write_bytes(printed(after))
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
