"""Documents held against a schema that somebody has: offline, hardened, and without their values.

In: an XSD or RELAX NG file and XML documents. Out: what is wrong with each, by line and element;
values are left out, because what is written to a terminal may be kept. NCMEC's own schema comes
from its `/xsd` and is not in this repository. A schema may include files beside it, and nothing
from anywhere else. Tests: `tests/property/test_cybertipline_example.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lxml import etree

from breakwater.errors import BadInput
from breakwater.reporting.cybertipline.read import parsed

RELAX_NG: Final = "{http://relaxng.org/ns/structure/1.0}"
_ELSEWHERE: Final = re.compile(r"^\s*([A-Za-z][A-Za-z0-9+.-]*:|/|\\)|\.\.")
_CHOICE: Final = re.compile(
    r"(?s)(?:\[facet 'enumeration'\] )?The value '.*' is not an element of the set (\{.*\})"
)
_TYPED: Final = re.compile(
    r"(?s)^(Element '[^']*'(?:, attribute '[^']*')?: )'.*' is not a valid value of"
)
_VALUE: Final = re.compile(r"(?s)(value|content) '.*'( is| has|,)")
MOST_FAULTS: Final = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: `line` of the document, and the validator's words."""

    line: int
    words: str


class Schema:
    """A schema, read once."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            BadInput: it is no schema, or wants something from elsewhere.
        """
        try:
            root = parsed(path.read_bytes())
        except OSError:
            raise BadInput("The schema cannot be read.") from None
        for one in root.iter(etree.Element):
            wanted = one.get("schemaLocation") or one.get("href") or ""
            if _ELSEWHERE.search(wanted):
                raise BadInput("The schema includes something that is not beside it.")
        tree = root.getroottree()
        tree.docinfo.URL = path.resolve().as_uri()
        made = etree.RelaxNG if str(root.tag).startswith(RELAX_NG) else etree.XMLSchema
        try:
            self._schema = made(tree)
        except (etree.XMLSchemaParseError, etree.RelaxNGParseError):
            raise BadInput("This is neither an XML schema nor RELAX NG.") from None

    def faults(self, document: bytes) -> tuple[Fault, ...]:
        """What is wrong with a document; empty: it is valid."""
        try:
            root = parsed(document)
        except BadInput as error:
            return (Fault(0, error.detail),)
        if self._schema.validate(root):
            return ()
        log = list(self._schema.error_log)[:MOST_FAULTS]
        return tuple(Fault(one.line, _without_value(one.message)) for one in log)


def _without_value(said: str) -> str:
    """The validator's words: the element and what is allowed there, never what stands there.

    >>> _without_value("Element 'a': [facet 'enumeration'] The value 'x' is not an element of the set {'b', 'c'}.")
    "Element 'a': what stands there is none of those allowed: {'b', 'c'}."
    >>> _without_value("Element 'a': 'x' is not a valid value of the atomic type 'xs:date'.")
    "Element 'a': what stands there is not a valid value of the atomic type 'xs:date'."
    """
    for pattern, words in (
        (_CHOICE, r"what stands there is none of those allowed: \1"),
        (_TYPED, r"\1what stands there is not a valid value of"),
    ):
        if pattern.search(said):
            return pattern.sub(words, said)
    return _VALUE.sub(r"\1\2", said)
