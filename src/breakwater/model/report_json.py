"""Reports as JSON and back: each value by its declared type, nothing by its looks.

In: the frozen values of `model.report`. Out: dicts, lists, words and numbers; times as RFC 3339,
sets sorted, a place under the name of its class. What is read is checked as strictly as what is
made, because a sealed draft is kept for a year and read by a newer program. Tests:
`tests/unit/test_report_model.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from breakwater.errors import BadInput

T = TypeVar("T")

WHICH: Final = "is"
"""Under this name a value says which of several classes it is."""


def plain(value: Any) -> Any:
    """A value of a report as JSON keeps it."""
    if is_dataclass(value) and not isinstance(value, type):
        kinds = _kinds(type(value))
        return {name: _tagged(getattr(value, name), kind) for name, kind in kinds.items()}
    if isinstance(value, frozenset):
        return sorted(plain(one) for one in value)
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    return value


def read(kind: type[T], said: Any) -> T:
    """Read what `plain` wrote.

    Raises:
        BadInput: a member is unknown, missing, or of another type; the detail names it.
    """
    return cast("T", _read(kind, said, kind.__name__))


def _tagged(value: Any, kind: Any) -> Any:
    """A value, or each of a tuple's, with the name of its class where the type leaves a choice."""
    if isinstance(value, tuple) and len(_classes(get_args(kind)[0])) > 1:
        return [{WHICH: type(one).__name__, **plain(one)} for one in value]
    return plain(value)


@cache
def _kinds(kind: type) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


@cache
def _classes(kind: Any) -> Mapping[str, type]:
    """The classes among which a union chooses; one class is a choice of one."""
    choices = get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)
    return {one.__name__: one for one in choices if isinstance(one, type) and is_dataclass(one)}


def _read(kind: Any, said: Any, where: str) -> Any:
    if isinstance(kind, NewType):
        kind = kind.__supertype__
    origin = get_origin(kind)
    if origin in {tuple, frozenset}:
        if not isinstance(said, list):
            raise BadInput(f"{where} is a list.")
        inner = get_args(kind)[0]
        return origin(_read(inner, one, where) for one in said)
    if origin in {Union, UnionType}:
        return _one_of(kind, said, where)
    if is_dataclass(kind):
        return _value(cast("type", kind), said, where)
    return _leaf(kind, said, where)


def _one_of(kind: Any, said: Any, where: str) -> Any:
    if NoneType in get_args(kind):
        wanted = next(one for one in get_args(kind) if one is not NoneType)
        return None if said is None else _read(wanted, said, where)
    named = _classes(kind)
    which = said.get(WHICH) if isinstance(said, Mapping) else None
    if not isinstance(which, str) or which not in named:
        raise BadInput(f"{where} says under `{WHICH}` which it is: {', '.join(named)}.")
    rest = {name: value for name, value in said.items() if name != WHICH}
    return _value(named[which], rest, where)


def _value(kind: type, said: Any, where: str) -> Any:
    kinds = _kinds(kind)
    if not isinstance(said, Mapping):
        raise BadInput(f"{where} is an object.")
    unknown = sorted(str(name) for name in said if name not in kinds)
    if unknown:
        raise BadInput(f"{where} has no member {', '.join(unknown)}.")
    members = {name: _read(kinds[name], value, f"{where}.{name}") for name, value in said.items()}
    try:
        return kind(**members)
    except TypeError:
        raise BadInput(f"{where} lacks a member that it must have.") from None


def _leaf(kind: type, said: Any, where: str) -> Any:
    try:
        if issubclass(kind, StrEnum):
            return kind(said)
        if kind is datetime or kind is date:
            return kind.fromisoformat(said)
    except (TypeError, ValueError):
        raise BadInput(f"{where} is none that is known.") from None
    if kind is float and type(said) is int:
        return float(said)
    if type(said) is not kind:
        raise BadInput(f"{where} is of another type.")
    return said
