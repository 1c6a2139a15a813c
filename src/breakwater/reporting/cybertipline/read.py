"""NCMEC's XML as a report: what somebody sent, with everything that stands in its notes.

In: bytes of `<report>` and of the `<fileDetails>` that belong to it, ours or another sender's.
Out: a `model.report.Report`. Parsed without entities, network, document types or huge trees; an
element that the table does not know is refused, not skipped. Notes that `write` made are put back
where they came from. Read by the receiving side for its cases, and by the tests of `write`.
Tests: `tests/property/test_cybertipline_xml.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from lxml import etree

from breakwater.errors import BadInput
from breakwater.model import report_json
from breakwater.model.report import Report, ReportFile
from breakwater.reporting.cybertipline.elements import FILE_DETAILS, REPORT
from breakwater.reporting.cybertipline.form import Element, Form
from breakwater.reporting.cybertipline.letters import Note, apart, unclean
from breakwater.reporting.cybertipline.shape import details_said, report_said

Texts = Mapping[str, bytes]
"""Attached texts by their names."""

_STEP: Final = re.compile(r"(@?[A-Za-z0-9_]+)(?:\[([0-9]{1,9})\])?")
_FILE: Final = re.compile(r"(?P<name>[^ ]+) \((?P<kind>text|JSON|notes)\), SHA-256 [0-9a-f]{64}")


def parsed(document: bytes) -> etree._Element:
    """The root of an XML document from a stranger.

    Raises:
        BadInput: it is not well-formed, has a document type, or is too deep or large.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise BadInput("This is not well-formed XML.") from None
    if root.getroottree().docinfo.doctype:
        raise BadInput("A document type is not allowed in a report.")
    return root


def read_report(
    document: bytes, *, files: Sequence[ReportFile] = (), texts: Texts | None = None
) -> Report:
    """Read a `<report>`.

    Args:
        document: its XML.
        files: its files, each read by `read_file_details`.
        texts: the attached texts that it names, by name; one that is missing leaves the text cut.

    Raises:
        BadInput: it is no report, or says what no report can.
    """
    said = report_said(_Reader(texts or {}).root(parsed(document), REPORT))
    said["files"] = [report_json.plain(one) for one in files]
    return Report.read(said)


def read_file_details(document: bytes) -> tuple[ReportFile, int, str]:
    """Read a `<fileDetails>`: the file, and the recipient's numbers of report and file.

    Raises:
        BadInput: it is none, or says what none can.
    """
    told = _Reader({}).root(parsed(document), FILE_DETAILS)
    report_id, file_id = told.get("report_id"), told.get("file_id")
    if not isinstance(report_id, int) or not isinstance(file_id, str):
        raise BadInput("File details name their report and file.")
    return report_json.read(ReportFile, details_said(told)), report_id, file_id


class _Reader:
    """One pass over a document."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def root(self, node: etree._Element, element: Element) -> dict[str, Any]:
        """The members of the whole document."""
        if node.tag != element.name:
            raise BadInput(f"The root is <{element.name}>.")
        return self._group(node, element)

    def _group(self, node: etree._Element, element: Element) -> dict[str, Any]:
        told: dict[str, Any] = {}
        notes: list[Note] = []
        known = {child.name: child for child in element.children}
        _attributes(node, element, told)
        for one in node:
            child = known.get(str(one.tag))
            if child is None:
                raise BadInput(f"<{element.name}> has no element of this name.")
            if child.form is Form.MORE:
                text, added = apart(one.text or "")
                told["additional"] = "\n".join(filter(None, (told.get("additional"), text)))
                notes.extend(self._all(added))
            else:
                self._put(told, child, one)
        for note in sorted(notes, key=_depth):
            self._restore(told, element, note)
        return told

    def _put(self, told: dict[str, Any], child: Element, node: etree._Element) -> None:
        """One element's value, where its member stands."""
        holder, name = _holder(told, child.of)
        if child.form is Form.OLD:
            holder.setdefault(name, []).append(child.name)
        elif child.form is Form.FLAGS:
            holder.setdefault(name, []).extend(str(flag.tag) for flag in node)
        elif child.many:
            holder.setdefault(name, []).append(self._value(told, child, node))
        else:
            holder[name] = self._value(told, child, node)

    def _value(self, told: dict[str, Any], child: Element, node: etree._Element) -> Any:
        if child.form is Form.GROUP:
            return self._group(node, child)
        if child.form is Form.CHOICE:
            named = {one.name: one for one in child.children}
            if len(node) != 1 or str(node[0].tag) not in named:
                raise BadInput(f"<{child.name}> holds exactly one kind of place.")
            which = named[str(node[0].tag)]
            return {"is": which.of, **self._group(node[0], which)}
        if child.form is Form.MARK:
            return True
        value = _leaf(child.form, node.text or "")
        if not child.inner:
            _attributes(node, child, told)
            return value
        item = {child.inner: value}
        _attributes(node, child, item)
        return item

    def _restore(self, told: dict[str, Any], element: Element, note: Note) -> None:
        """Put a note back where it came from; one that fits nowhere stays in the words."""
        value = self._noted(note)
        steps = [_STEP.fullmatch(step) for step in note.path.split("/")]
        try:
            _place(told, element, [(one[1], int(one[2] or 0)) for one in steps if one], value)
        except (KeyError, IndexError, TypeError, AttributeError):
            words = f"{note.path}: {note.value}"
            told["additional"] = "\n".join(filter(None, (told.get("additional"), words)))

    def _noted(self, note: Note) -> Any:
        if note.kind == "more":
            return note.value
        kind, value = "JSON", note.value
        if note.kind == "file":
            kind, text = self._attached(note)
            if text is None:
                return None
            value = unclean(text)
        try:
            return json.loads(value) if kind == "JSON" else value
        except ValueError:
            raise BadInput("A note of this report cannot be read.") from None

    def _all(self, notes: Sequence[Note]) -> Iterator[Note]:
        """The notes, those in an attached text among them."""
        for note in notes:
            kind, text = self._attached(note) if note.kind == "file" else ("", None)
            if kind == "notes" and text is not None:
                yield from apart(text)[1]
            else:
                yield note

    def _attached(self, note: Note) -> tuple[str, str | None]:
        """What kind of text a note names, and the text; None when it is not here."""
        found = _FILE.fullmatch(note.value)
        data = self._texts.get(found["name"]) if found else None
        try:
            return (found["kind"] if found else ""), None if data is None else data.decode()
        except UnicodeDecodeError:
            raise BadInput("A text of this report cannot be read.") from None


def _place(told: Any, element: Element, steps: Sequence[tuple[str, int]], value: Any) -> None:
    """Set a member by the names of elements that lead to it."""
    (name, number), *rest = steps
    if value is None:
        return
    if name.startswith("@"):
        told[_attribute(element, name)] = value
        return
    child = next((one for one in element.children if one.name == name), None)
    if child is None:
        told[name] = value
        return
    holder, key = _holder(told, child.of)
    if child.form is Form.MORE:
        holder["additional"] = value
    elif rest and rest[0][0].startswith("@") and not child.inner and child.form is not Form.GROUP:
        told[_attribute(child, rest[0][0])] = value
    elif rest:
        inner = holder[key][number - 1] if number else holder[key]
        _place(inner, child, rest, value)
    elif number:
        holder.setdefault(key, []).insert(number - 1, value)
    else:
        holder[key] = value


def _attribute(element: Element, step: str) -> str:
    """The member that an attribute holds."""
    return {f"@{one.name}": one.of for one in element.attributes}[step]


def _depth(note: Note) -> tuple[int, list[int]]:
    """Items of outer lists before what lies within them, each list from its beginning."""
    numbers = [int(step[2] or 0) for step in _STEP.finditer(note.path)]
    return len(numbers), numbers


def _holder(told: dict[str, Any], of: str) -> tuple[dict[str, Any], str]:
    """The dict in which a member stands, and its name there."""
    *outer, name = of.split(".")
    for one in outer:
        told = told.setdefault(one, {})
    return told, name


def _attributes(node: etree._Element, element: Element, told: dict[str, Any]) -> None:
    """The attributes of an element, as members."""
    known = {one.name: one for one in element.attributes}
    for name, text in node.attrib.items():
        attribute = known.get(str(name))
        if attribute is None:
            raise BadInput(f"<{element.name}> has no attribute of this name.")
        if not attribute.fixed:
            told[attribute.of] = _leaf(attribute.form, str(text))


def _leaf(form: Form, text: str) -> Any:
    """A value in its JSON form."""
    if form is Form.TRUTH:
        if text.strip() not in {"true", "false", "1", "0"}:
            raise BadInput("A flag is true or false.")
        return text.strip() in {"true", "1"}
    if form is Form.NUMBER:
        try:
            return int(text) if text.strip().lstrip("+-").isdecimal() else float(text)
        except ValueError:
            raise BadInput("A number is written in digits.") from None
    if form in {Form.TEXT, Form.NAME}:
        return unclean(text)
    return text.strip()
