"""YAML read strictly and silently: plain values only, and no error quotes the file.

In: bytes. Out: plain values, or a `BadInput` that names a line. No tags, no aliases (which can
grow without bound), no key twice. What a parser would quote may be a confidential term, so its
own error never leaves here, not even as a cause. Tests: tests/unit/test_comment_lexicon.py.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Set
from typing import Any, Final

import yaml

from breakwater.errors import BadInput

DEEPEST: Final = 16

_Parser: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, which reads a long list in a tenth of the time; else Python's own."""


class _Strict(_Parser):  # type: ignore[misc]  # yaml comes without types
    """Safe values, without keys that stand twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        made: dict[Hashable, Any] = super().construct_mapping(node, deep)
        if len(made) != len(node.value):
            raise yaml.MarkedYAMLError(problem_mark=node.start_mark)
        return made


def _refuse_wild(text: str) -> None:
    """Stop at the first alias, and where brackets nest deeper than any list of ours."""
    depth = 0
    for event in yaml.parse(text, Loader=_Parser):
        depth += isinstance(event, yaml.events.CollectionStartEvent)
        depth -= isinstance(event, yaml.events.CollectionEndEvent)
        if depth > DEEPEST or isinstance(event, yaml.events.AliasEvent):
            raise yaml.MarkedYAMLError(problem_mark=event.start_mark)


def load(data: bytes) -> Any:
    """The values of a document.

    Raises:
        BadInput: it is not UTF-8 or not plain YAML.
    """
    wrong = ""
    try:
        text = data.decode("utf-8")
        _refuse_wild(text)
        return yaml.load(text, Loader=_Strict)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError:
        wrong = "The file is not UTF-8."
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = f", line {mark.line + 1}" if mark else ""
        wrong = (
            f"The file is not plain YAML{at} (no aliases, tags, depth or keys that stand twice)."
        )
    except (yaml.YAMLError, ValueError, RecursionError):
        wrong = "The file is not plain YAML."
    raise BadInput(wrong)  # outside of the handler: the parser's error is not even its context


def mapping(
    value: Any, where: str, *, need: Set[str] = frozenset(), may: Set[str] = frozenset()
) -> Mapping[str, Any]:
    """A mapping with these keys and no other.

    Raises:
        BadInput: a key is missing or unknown; unknown ones are counted, not quoted.
    """
    if not isinstance(value, dict):
        raise BadInput(f"{where} is not a mapping.")
    missing = sorted(need - value.keys())
    if missing:
        raise BadInput(f"{where} lacks {', '.join(missing)}.")
    unknown = value.keys() - need - may
    if unknown:
        known = ", ".join(sorted(need | may))
        raise BadInput(f"{where} has {len(unknown)} unknown keys; known are {known}.")
    return value
