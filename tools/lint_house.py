"""House law as a lint: what ruff, mypy and the import contract cannot say.

Reads Python and templates under the paths given (default: src, tests, tools, benchmarks) and
prints one line a finding; exits 1 when there is any. Each rule is a function of one file, with
the law it keeps as its docstring; `tests/unit/test_house_rules.py` shows each one biting and
sparing. A line may be let off by `# house: <rule> - <reason>`; without a reason it is not.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
MAX_MODULE = 400
MAX_FUNCTION = 60
MAX_DOCSTRING = 15
VAGUE = {"utils", "util", "common", "helpers", "helper", "const", "consts", "misc", "shared"}
SQL = re.compile(
    r"\s*(SELECT\b.+\bFROM\b|INSERT\s+INTO\b|UPDATE\b.+\bSET\b|DELETE\s+FROM\b|PRAGMA\b|COPY\b.+\bFROM\b"
    r"|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|UNIQUE|TRIGGER|VIEW|FUNCTION)\b)",
    re.IGNORECASE | re.DOTALL,
)
RUNS_SQL = {"execute", "executemany", "executescript", "exec_driver_sql", "text", "bulk"}
LOGGERS = {"log", "logger", "_log", "_logger", "logging", "structlog"}
LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical", "log", "bind", "msg"}
PRIVATE = re.compile(
    r"(^|_)(pixels?|frames?_bytes|media|data|body|payload|content|raw|blob_bytes|chunk|text|message"
    r"|comment|chat|password|secret|token|cookie|authorization|address|ip|email|phone|account_name)$"
)
WAIVER = re.compile(r"#\s*house:\s*(?P<rule>[a-z-]+)\s+-\s+(?P<why>\S.{8,})")

Node = TypeVar("Node", bound=ast.AST)
Place = ast.stmt | ast.expr | ast.ExceptHandler | int


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule at one place."""

    path: Path
    line: int
    rule: str
    words: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.words}"


@dataclass(frozen=True)
class Source:
    """One file: its place in the tree, its text, and (for Python) its syntax tree."""

    path: Path
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """Lines without their ends."""
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, filename=str(self.path))

    @cached_property
    def shipped(self) -> bool:
        """Whether it is part of the package, not a test or tool."""
        return "src" in self.path.parts

    def spares(self, rule: str, first: int, last: int) -> bool:
        """Whether one of these lines, or the line above, lets the rule off with a reason."""
        for line in self.lines[max(0, first - 2) : last]:
            match = WAIVER.search(line)
            if match and match["rule"] == rule:
                return True
        return False

    def walk(self, *kinds: type[Node]) -> Iterator[Node]:
        """Every node of these kinds."""
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))


def _dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or attribute chain; the last parts of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}".lstrip(".")
    return ""


def _leading_text(node: ast.AST) -> str | None:
    """The fixed text of a string that is put together from parts; None for fixed strings."""
    if isinstance(node, ast.JoinedStr) and any(
        isinstance(part, ast.FormattedValue) for part in node.values
    ):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)):
        left = node.left
        if isinstance(left, ast.Constant) and isinstance(left.value, str):
            return left.value
        return _leading_text(left)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "format"
        and isinstance(node.func.value, ast.Constant)
        and isinstance(node.func.value.value, str)
    ):
        return node.func.value.value
    return None


def one_clock(source: Source) -> Iterator[tuple[Place, str]]:
    """The wall clock is read in model/clock.py only; everything else takes a `Clock`."""
    if not source.shipped or source.path.as_posix().endswith("model/clock.py"):
        return
    for node in source.walk(ast.Call):
        name = _dotted(node.func)
        if re.search(r"(^|\.)(datetime|date)\.(now|utcnow|today)$", name):
            yield node, f"{name}() here; take a Clock and ask it"


def no_built_sql(source: Source) -> Iterator[tuple[Place, str]]:
    """SQL is fixed text with parameters, never put together from values."""
    if "tests" in source.path.parts:
        return
    for node in source.walk(ast.JoinedStr, ast.BinOp, ast.Call):
        text = _leading_text(node)
        if text is not None and SQL.match(text):
            yield node, "SQL put together from parts; use parameters or SQLAlchemy Core"
    for node in source.walk(ast.Call):
        if _dotted(node.func).rsplit(".", 1)[-1] not in RUNS_SQL or not node.args:
            continue
        first = node.args[0]
        if isinstance(first, ast.JoinedStr) and _leading_text(first) is not None:
            yield node, "an f-string is run as SQL"


def nothing_private_in_logs(source: Source) -> Iterator[tuple[Place, str]]:
    """Log calls carry a fixed event name and ids: no media bytes, chat text, addresses, secrets."""
    if not source.shipped:
        return
    for node in source.walk(ast.Call):
        owner, _, method = _dotted(node.func).rpartition(".")
        if owner.rsplit(".", 1)[-1] not in LOGGERS or method not in LOG_METHODS:
            continue
        if node.args and not (
            isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
        ):
            yield node, "the event of a log call is a fixed string; facts are keywords"
        for word in node.keywords:
            if word.arg is not None and PRIVATE.search(word.arg):
                yield node, f"{word.arg}= in a log call"
            elif _last_name(word.value) and PRIVATE.search(_last_name(word.value)):
                yield node, f"{_last_name(word.value)} in a log call"
        for value in node.args[1:]:
            if _last_name(value) and PRIVATE.search(_last_name(value)):
                yield node, f"{_last_name(value)} in a log call"


def _last_name(node: ast.AST) -> str:
    """The last part of a name; empty for anything computed (`len(data)` is a number)."""
    return _dotted(node).rsplit(".", 1)[-1]


def small(source: Source) -> Iterator[tuple[Place, str]]:
    """Modules have at most 400 lines, functions 60, module docstrings 15."""
    if len(source.lines) > MAX_MODULE:
        yield MAX_MODULE, f"{len(source.lines)} lines; a module has at most {MAX_MODULE}"
    functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = [
        *source.walk(ast.FunctionDef),
        *source.walk(ast.AsyncFunctionDef),
    ]
    for node in functions:
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > MAX_FUNCTION:
            yield node, f"{node.name} has {length} lines; a function has at most {MAX_FUNCTION}"
    doc = ast.get_docstring(source.tree)
    if source.shipped and doc and len(doc.splitlines()) > MAX_DOCSTRING:
        yield 1, f"the module docstring has more than {MAX_DOCSTRING} lines"


def named_from_the_field(source: Source) -> Iterator[tuple[Place, str]]:
    """No room is called after nothing: utils, common, helpers."""
    for part in (*source.path.parts[:-1], source.path.stem):
        if part.lower() in VAGUE:
            yield 1, f"`{part}` says nothing; name it after what it does"


def nothing_unfinished(source: Source) -> Iterator[tuple[Place, str]]:
    """No marks of unfinished work: finish it, or leave it out and open an issue."""
    marks = re.compile(r"#.*\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b|\bNotImplemented" r"Error\b")
    for number, line in enumerate(source.lines, 1):
        if marks.search(line):
            yield number, "a mark of unfinished work"


def exceptions_explained(source: Source) -> Iterator[tuple[Place, str]]:
    """`except Exception` stands only where a boundary must not die, with a comment that says so."""
    if not source.shipped:
        return
    for node in source.walk(ast.ExceptHandler):
        name = _dotted(node.type) if node.type else ""
        if node.type is None or name in {"Exception", "BaseException"}:
            around = source.lines[node.lineno - 2 : node.lineno + 1]
            if not any(re.search(r"#\s*(noqa:[^-]+-\s*)?[A-Za-z].{8,}", line) for line in around):
                yield node, "a catch of everything, without a comment that says why"


def exemptions_explained(source: Source) -> Iterator[tuple[Place, str]]:
    """Every `noqa` and `type: ignore` names its rule and says why, on its line."""
    for number, line in enumerate(source.lines, 1):
        if not source.shipped:
            continue
        match = re.search(r"#\s*(noqa|type:\s*ignore)(?P<rest>.*)$", line)
        if match and not re.match(
            r"(:\s*[A-Z0-9, ]+|\[[a-z, -]+\])\s*[-#]+\s*\S.{6,}", match["rest"]
        ):
            yield number, "an exemption without its rule and reason: `# noqa: S101 - why`"


def named_tests_exist(source: Source) -> Iterator[tuple[Place, str]]:
    """A test that the code points at is there, so that nobody trusts one that never was."""
    if not source.shipped:
        return
    for number, line in enumerate(source.lines, 1):
        for named in re.findall(r"\btests/[a-z_/0-9]+\.py\b", line):
            if not (ROOT / named).is_file():
                yield number, f"`{named}` is not there"


Rule = Callable[[Source], Iterator[tuple[Place, str]]]
PYTHON_RULES: dict[str, Rule] = {
    "one-clock": one_clock,
    "no-built-sql": no_built_sql,
    "private-logs": nothing_private_in_logs,
    "small": small,
    "names": named_from_the_field,
    "unfinished": nothing_unfinished,
    "broad-except": exceptions_explained,
    "exemptions": exemptions_explained,
    "named-tests": named_tests_exist,
}


def template_rules(source: Source) -> Iterator[tuple[Place, str]]:
    """Templates parse, escape everything, and hold nothing the CSP (`default-src 'none'`) refuses."""
    import jinja2  # noqa: PLC0415 - only templates need it; the rest runs with no package at all

    try:
        jinja2.Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(source.text)
    except jinja2.TemplateSyntaxError as wrong:
        yield wrong.lineno, f"does not parse: {wrong.message}"
    rules = {
        r"<script(?![^>]*\bsrc=)": "an inline script",
        r"<style\b|\sstyle\s*=\s*[\"'{]": "an inline style",
        r"<[^>]*\son[a-z]+\s*=\s*[\"'{]": "an inline event handler",
        r"\|\s*safe\b|\bMarkup\(|autoescape\s+false": "unescaped output",
        r"(src|href|action)=[\"']?(https?:)?//": "an address outside this server",
        r"<img(?![^>]*\balt=)": "an img without alt",
    }
    for pattern, words in rules.items():
        for match in re.finditer(pattern, source.text, re.IGNORECASE):
            yield source.text.count("\n", 0, match.start()) + 1, words


TEMPLATE_RULES: dict[str, Rule] = {"template": template_rules}


def check(path: Path, text: str) -> list[Finding]:
    """All findings in one file."""
    source = Source(path, text)
    found = []
    rules = PYTHON_RULES if path.suffix == ".py" else TEMPLATE_RULES
    for rule, function in rules.items():
        for where, words in function(source):
            first = where if isinstance(where, int) else where.lineno
            last = first if isinstance(where, int) else (where.end_lineno or first)
            if isinstance(where, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ExceptHandler)):
                last = first
            if not source.spares(rule, first, last):
                found.append(Finding(path, first, rule, words))
    return found


def check_tree(roots: list[Path]) -> list[Finding]:
    """All findings under these folders, in order of path and line."""
    files = [
        path
        for root in roots
        for path in ([root] if root.is_file() else sorted(root.rglob("*")))
        if path.suffix in {".py", ".html"} and "data" not in path.parts and path.is_file()
    ]
    found = [finding for path in files for finding in check(path, path.read_text("utf-8"))]
    return sorted(set(found), key=lambda finding: (str(finding.path), finding.line))


def main(arguments: list[str]) -> int:
    """Print the findings; 1 when there are any."""
    roots = [Path(name) for name in arguments or ["src", "tests", "tools", "benchmarks"]]
    found = check_tree([root for root in roots if root.exists()])
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
