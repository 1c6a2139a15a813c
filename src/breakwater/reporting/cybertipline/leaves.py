"""One value of a report as the text of one element or attribute, if the form takes it.

In: a value in its JSON form, and what the table says of its element. Out: the text, and whether
it says everything: what is cut, replaced or refused is carried on by `write` in a note. Nothing
is ever made up: a value the form refuses has no text. Tests:
`tests/unit/test_cybertipline_write.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from breakwater.reporting.cybertipline.form import Attribute, Element, Form
from breakwater.reporting.cybertipline.letters import clean, cut, units

Spec = Element | Attribute
Leaf = tuple[str | None, bool]
"""The text, or None where there is none; and whether it is all that was told."""

REFUSED: Final[Leaf] = (None, False)
_URL: Final = re.compile(r"[^\s\x00-\x20<>\"{}|\\^`\[\]\x7f-\xa0\ud800-\udfff\ufffe\uffff\u27e6]+")
_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def leaf(spec: Spec, told: Any, *, now: datetime, most: int | None) -> Leaf:
    """The text of one value.

    Args:
        spec: the element or attribute.
        told: the value in its JSON form.
        now: the moment of writing: a later one is refused by the recipient.
        most: UTF-16 units of a text without a limit of its own; None: any number.
    """
    if spec.form is Form.TIME:
        return _time(told, now)
    if spec.form is Form.TEXT:
        return _text(told, spec.room or most)
    return _FORMS[spec.form](spec, told)


def moment(at: datetime) -> str:
    """A time as the form takes it: ISO 8601 in UTC, with as many digits as were told."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _time(told: str, now: datetime) -> Leaf:
    at = datetime.fromisoformat(told)
    return (moment(at), True) if at <= now else (moment(now), False)


def _text(told: str, room: int | None) -> Leaf:
    text = clean(told)
    if room is None or units(text) <= room:
        return text, True
    return cut(text, room), False


def _name(spec: Spec, told: str) -> Leaf:
    text = clean(told)
    if spec.room is not None and units(text) > spec.room:
        return REFUSED
    pattern = spec.pattern if isinstance(spec, Attribute) else None
    if pattern is not None and not pattern.fullmatch(text):
        return REFUSED
    return text, True


def _url(spec: Spec, told: str) -> Leaf:
    if spec.room is not None and units(told) > spec.room:
        return REFUSED
    if not _URL.fullmatch(told) or _PERCENT.search(told) or told.count("#") > 1:
        return REFUSED
    if not _SCHEME.match(told) and ":" in told.partition("/")[0]:
        return REFUSED
    try:
        urlsplit(told).port  # noqa: B018 - it is read to learn whether it can be
    except ValueError:
        return REFUSED
    return told, True


def _word(spec: Spec, told: str) -> Leaf:
    if told in spec.words:
        return told, True
    return (spec.other, False) if isinstance(spec, Element) and spec.other else REFUSED


def _number(spec: Spec, told: float) -> Leaf:
    del spec
    return format(Decimal(repr(told)), "f"), True


def _truth(spec: Spec, told: bool) -> Leaf:
    del spec
    return ("true" if told else "false"), True


def _date(spec: Spec, told: str) -> Leaf:
    del spec
    return told, True


def _address(spec: Spec, told: str) -> Leaf:
    del spec
    address, scope, _ = told.partition("%")
    return address, not scope


_FORMS: Final[Mapping[Form, Callable[[Spec, Any], Leaf]]] = {
    Form.NAME: _name,
    Form.URL: _url,
    Form.DATE: _date,
    Form.TRUTH: _truth,
    Form.NUMBER: _number,
    Form.WORD: _word,
    Form.ADDRESS: _address,
}
