"""The table of what may leave, read from TOML: the shipped rules and an operator's own.

In: `allowed.toml` beside this file and, if there is one, the operator's file of the same form.
Out: `model.sending.Sendings`, which whatever sends asks before anything leaves (reference law:
a table *seat × recipient × data class* with the legal basis, default deny). The shipped rules are
engineering notes and no legal advice; an operator's rule adds what a lawyer has said, or forbids.
Tests: `tests/unit/test_sending.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar

from breakwater.errors import BadSettings
from breakwater.model.country import country_code
from breakwater.model.report import ChatIm, EmailMessages, Report
from breakwater.model.sending import (
    ANYWHERE,
    SAME,
    DataClass,
    Occasion,
    Permit,
    RecipientKind,
    SendingRule,
    Sendings,
)

SHIPPED: Final = "allowed.toml"
MEMBERS: Final = frozenset({"seat", "to", "kind", "data", "when", "basis", "why"})

E = TypeVar("E", bound=StrEnum)


def may(seat: str, recipient_country: str, kind: RecipientKind, data_class: DataClass) -> Permit:
    """What the shipped rules say of one sending.

    >>> may("US", "US", RecipientKind.CLEARING, DataClass.MEDIA).allowed
    True
    >>> may("US", "FR", RecipientKind.POLICE, DataClass.IDENTITY).allowed
    False
    """
    return Sendings(seat, shipped()).may(recipient_country, kind, data_class)


@cache
def shipped() -> tuple[SendingRule, ...]:
    """The rules that come with the program."""
    return read(resources.files(__package__).joinpath(SHIPPED).read_text(), own=False)


def sendings(seat: str, own: Path | None) -> Sendings:
    """The table as it holds here.

    Args:
        seat: country of the service; empty: nobody has said.
        own: the operator's file; None: there is none.

    Raises:
        BadSettings: the seat is no country, or the file cannot be read.
    """
    code = country_code(seat)
    if seat.strip() and not code:
        raise BadSettings("seat is a country by its two letters, such as `US`.")
    if own is None:
        return Sendings(code, shipped())
    try:
        text = own.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        raise BadSettings("sendings_file cannot be read.") from None
    return Sendings(code, (*read(text, own=True), *shipped()))


def read(text: str, *, own: bool) -> tuple[SendingRule, ...]:
    """Rules from TOML, in their order.

    Raises:
        BadSettings: it is no such table; the detail names the rule.
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise BadSettings(f"A table of sendings is no TOML: {fault}.") from None
    unknown = sorted(set(told) - {"groups", "allow", "refuse"})
    if unknown:
        raise BadSettings(f"A table of sendings has no part {', '.join(unknown)}.")
    groups: dict[str, frozenset[str]] = {}
    for name, codes in told.get("groups", {}).items():
        groups[name] = _countries(codes, {}, f"group {name}", ())
    rules = []
    for allows, part in ((True, "allow"), (False, "refuse")):
        for number, row in enumerate(told.get(part, ()), start=1):
            rules.append(_rule(row, groups, f"{part} {number}", allows=allows, own=own))
    return tuple(rules)


def classes_of(report: Report) -> frozenset[DataClass]:
    """Which classes of data a report holds; a long text goes as a file and is none by itself."""
    found = {DataClass.FACTS}
    if report.reported or report.recipients or report.victims:
        found.add(DataClass.IDENTITY)
    if any(isinstance(one, ChatIm | EmailMessages) and one.content for one in report.places):
        found.add(DataClass.MESSAGES)
    if any(one.blob is not None for one in report.files):
        found.add(DataClass.MEDIA)
    if any(one.sha256 or one.original_hashes for one in report.files):
        found.add(DataClass.HASHES)
    return frozenset(found)


def _rule(
    row: Any, groups: Mapping[str, frozenset[str]], where: str, *, allows: bool, own: bool
) -> SendingRule:
    if not isinstance(row, Mapping) or set(row) - MEMBERS:
        raise BadSettings(f"Sendings, {where}: its members are {', '.join(sorted(MEMBERS))}.")
    says = str(row.get("basis" if allows else "why", "")).strip()
    if not says:
        word = "basis" if allows else "why"
        raise BadSettings(f"Sendings, {where}: `{word}` says on what it rests.")
    whens = row.get("when", [one.value for one in Occasion] if not allows else ["always"])
    return SendingRule(
        seats=_countries(row.get("seat"), groups, where, {ANYWHERE}),
        to=_countries(row.get("to"), groups, where, {ANYWHERE, SAME}),
        kinds=_words(RecipientKind, row.get("kind"), f"{where}, kind"),
        data=_words(DataClass, row.get("data"), f"{where}, data"),
        when=_words(Occasion, whens, f"{where}, when"), allows=allows, says=says, own=own,
    )  # fmt: skip


def _countries(
    said: Any, groups: Mapping[str, frozenset[str]], where: str, besides: Iterable[str]
) -> frozenset[str]:
    found: set[str] = set()
    for one in _list(said, where):
        codes = groups.get(one, {one} if one in besides else {country_code(one)})
        if "" in codes:
            raise BadSettings(f"Sendings, {where}: {one} is no country and no group.")
        found |= codes
    return frozenset(found)


def _words(kind: type[E], said: Any, where: str) -> frozenset[E]:
    if said == ANYWHERE:
        return frozenset(kind)
    try:
        return frozenset(kind(one) for one in _list(said, where))
    except ValueError:
        known = ", ".join(one.value for one in kind)
        raise BadSettings(f"Sendings, {where}: each is one of {known}.") from None


def _list(said: Any, where: str) -> list[str]:
    words = [said] if isinstance(said, str) else said
    if not isinstance(words, list) or not words or not all(isinstance(one, str) for one in words):
        raise BadSettings(f"Sendings, {where}: it is a word or a list of words.")
    return words
