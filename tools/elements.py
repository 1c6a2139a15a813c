"""Writes the page of NCMEC's form from the table that writes reports.

In: `reporting.cybertipline.elements`. Out: the text of `docs/reference/cybertipline.md`. Run by
`tools/reference.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from breakwater.reporting.cybertipline.elements import COUNTRIES, FILE_DETAILS, REPORT
from breakwater.reporting.cybertipline.form import Attribute, Element, Form

HOLDS: Final = {
    Form.TEXT: "text",
    Form.NAME: "name, whole or not at all",
    Form.URL: "URL",
    Form.TIME: "time, UTC",
    Form.DATE: "date",
    Form.TRUTH: "`true` or `false`",
    Form.NUMBER: "number",
    Form.ADDRESS: "IP address",
    Form.GROUP: "",
    Form.CHOICE: "exactly one of:",
    Form.FLAGS: "an empty element for each that is true",
    Form.MARK: "empty",
    Form.MORE: "text, then what has no room or no field",
    Form.OLD: "read only; see `fileAnnotations`",
}
MOST_WORDS: Final = 12
ABOUT: Final = (
    "Every element of a report to the CyberTipline in its order, from the table that writes it, and "
    "the member of a report that stands in it. `1` must be there, `?` may, `*` any number. Room is in "
    "UTF-16 units. What is over it goes on in `additionalInfo`, marked with the element's name "
    "([Report to authorities](../howto/report.md)).\n"
)


def page() -> str:
    """The page."""
    lines = [
        "# NCMEC's form\n",
        ABOUT,
    ]
    for root in (REPORT, FILE_DETAILS):
        lines += [f"## `{root.name}`\n", "| Element | | Holds | Room | Member |"]
        lines += ["| --- | --- | --- | --- | --- |", *_rows(root, 0), ""]
    return "\n".join(lines)


def _rows(element: Element, depth: int) -> Iterator[str]:
    for attribute in element.attributes:
        yield _attribute(attribute, depth)
    for child in element.children:
        often = "*" if child.many and not child.once else "1" if child.must else "?"
        room = f"{child.room:,}" if child.room else ""
        yield f"| {_indent(depth)}`{child.name}` | {often} | {_holds(child)} | {room} | {_of(child)} |"
        yield from _rows(child, depth + 1)


def _attribute(one: Attribute, depth: int) -> str:
    often = "1" if one.must else "?"
    holds = f"`{one.fixed}`" if one.fixed else _holds(one)
    member = f"`{one.of}`" if one.of else ""
    return f"| {_indent(depth)}`@{one.name}` | {often} | {holds} | | {member} |"


def _of(element: Element) -> str:
    return f"`{element.of}.{element.inner}`" if element.inner else f"`{element.of}`"


def _holds(one: Element | Attribute) -> str:
    if one.words == COUNTRIES:
        return "country: ISO 3166-1, or `A1` `A2` `O1` `AP`"
    if one.form not in {Form.WORD, Form.FLAGS}:
        return HOLDS[one.form]
    if len(one.words) > MOST_WORDS:
        return f"one of {len(one.words)} codes"
    words = " ".join(f"`{word}`" for word in sorted(one.words))
    return f"{HOLDS[Form.FLAGS]}: {words}" if one.form is Form.FLAGS else words


def _indent(depth: int) -> str:
    return "&emsp;" * depth
