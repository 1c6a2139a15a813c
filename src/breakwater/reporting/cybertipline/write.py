"""A report as the XML that NCMEC takes: valid whatever was told, and nothing that was told lost.

In: a `model.report.Report`, or one of its files with the numbers the recipient gave. Out: bytes
of `<report>` or `<fileDetails>`, made from the table in `elements` alone. What a field has no room
for, what the form has no field for and what its field refuses goes on in `additionalInfo`, marked
with the name of its element; a very long text goes into a file of its own (`attached_texts`) that
is uploaded with the others. A time ahead of the clock is written as the latest there may be, and
stated as told. Read back by `read`. Tests: `tests/property/test_cybertipline_xml.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from lxml import etree

from breakwater.errors import BadInput
from breakwater.model.clock import SystemClock
from breakwater.model.report import Report, ReportFile
from breakwater.reporting.cybertipline.elements import FILE_DETAILS, REPORT
from breakwater.reporting.cybertipline.form import Attribute, Element, Form
from breakwater.reporting.cybertipline.leaves import leaf
from breakwater.reporting.cybertipline.letters import Note, clean, cut, units, with_notes
from breakwater.reporting.cybertipline.shape import details_told, report_told

LONGEST: Final = 100_000
"""UTF-16 units of one text in a report: a longer one is a file of its own."""

NOTES_ROOM: Final = 10 * LONGEST
"""UTF-16 units of one `additionalInfo`: parsers take ten million bytes of one text, no more."""

SKEW: Final = timedelta(seconds=5)
"""So far the recipient's clock may be behind ours: a time it has not reached is refused (4100)."""

Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AttachedText:
    """A text of a report that is a file of its own: UTF-8, uploaded beside the media."""

    name: str
    data: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


def report_xml(report: Report, *, now: datetime | None = None) -> bytes:
    """The `<report>`.

    Args:
        report: whole.
        now: the moment of writing; None: the system's clock.
    """
    latest = _latest(now)
    return _written(REPORT, report_told(report, latest), _Writer(latest, LONGEST))


def attached_texts(report: Report, *, now: datetime | None = None) -> tuple[AttachedText, ...]:
    """The texts that are too long for the report, in the order in which it names them."""
    latest = _latest(now)
    writer = _Writer(latest, LONGEST)
    _written(REPORT, report_told(report, latest), writer)
    return tuple(writer.texts)


def file_details_xml(
    file: ReportFile, *, report_id: int, file_id: str, now: datetime | None = None
) -> bytes:
    """The `<fileDetails>` of a file that was uploaded.

    Args:
        file: as it stands in the report.
        report_id: the recipient's number of the report.
        file_id: the recipient's name of the file.
        now: the moment of writing; None: the system's clock.
    """
    told = {"report_id": report_id, "file_id": file_id, **details_told(file)}
    return _written(FILE_DETAILS, told, _Writer(_latest(now), None))


def _latest(now: datetime | None) -> datetime:
    """The latest time that may be written."""
    return (now or SystemClock().now()) - SKEW


def _written(root: Element, told: Told, writer: _Writer) -> bytes:
    node = writer.group(root, told, [], "")
    if node is None:
        raise BadInput("The report lacks what the form cannot do without.")
    document: bytes = etree.tostring(node, xml_declaration=True, encoding="UTF-8")
    return document


@dataclass(slots=True)
class _Writer:
    """One pass over the table.

    Attributes:
        latest: no time may be later.
        most: room of a text whose field has no limit; None: there is always room.
        texts: what became a file of its own.
    """

    latest: datetime
    most: int | None
    texts: list[AttachedText] = field(default_factory=list)

    def group(
        self, element: Element, told: Told, notes: list[Note], path: str
    ) -> etree._Element | None:
        """A group with its children; None when the form refuses it without a child it lost."""
        node = etree.Element(element.name)
        holds = any(child.form is Form.MORE for child in element.children)
        mine: list[Note] = []
        if not self._attributes(node, element, told, mine, "" if holds else path):
            return None
        within = "" if holds else path
        for child in element.children:
            if child.form is Form.MORE:
                continue
            before = len(node)
            self._child(node, child, told, mine, within)
            if child.must and len(node) == before:
                return None
        self._unnamed(element, told, mine, within)
        if holds:
            self._more(node, told, mine)
        else:
            notes.extend(mine)
        return node

    def _child(
        self, node: etree._Element, child: Element, told: Told, notes: list[Note], path: str
    ) -> None:
        """The elements of one member, behind what stands in the group already."""
        value = member(told, child.of)
        if child.form is Form.OLD or (absent(value) and not child.must):
            self._lone(child, told, notes, path)
            return
        if child.form in {Form.MARK, Form.FLAGS}:
            self._set(node, child, told, notes, path)
            return
        if child.unless and told.get("relevance") == child.unless:
            self._note(notes, _under(path, child.name), value)
            return
        items = value if child.many else [value]
        chosen = _chosen(items) if child.once else None
        for number, item in enumerate(items, 1):
            here = _under(path, f"{child.name}[{number}]" if child.many else child.name)
            inner: list[Note] = []
            made = None
            if chosen is None or number == chosen:
                made = self._one(child, item, told, inner, here)
            if made is None:
                self._note(notes, here, item)
            else:
                node.append(made)
                notes.extend(inner)

    def _one(
        self, child: Element, item: Any, told: Told, notes: list[Note], path: str
    ) -> etree._Element | None:
        """One element of one value; None when the form refuses it."""
        if child.form is Form.GROUP:
            return self.group(child, item or {}, notes, path)
        if child.form is Form.CHOICE:
            which = next(one for one in child.children if one.of == item["is"])
            inner = self.group(which, item, notes, f"{path}/{which.name}")
            if inner is None:
                return None
            node = etree.Element(child.name)
            node.append(inner)
            return node
        value = item[child.inner] if child.inner else item
        text, whole = leaf(child, value, now=self.latest, most=self.most)
        if text is None:
            return None
        node = etree.Element(child.name)
        node.text = text
        if not whole:
            self._note(notes, path, value)
        if child.inner:
            self._unnamed(child, item, notes, path)
        beside = item if child.inner else told
        return node if self._attributes(node, child, beside, notes, path) else None

    def _attributes(
        self, node: etree._Element, element: Element, told: Told, notes: list[Note], path: str
    ) -> bool:
        """Set them; False when one is refused that must be there."""
        for one in element.attributes:
            text, whole = one.fixed or None, True
            value = None if one.fixed else told.get(one.of)
            if not absent(value):
                text, whole = leaf(one, value, now=self.latest, most=None)
            if text is not None:
                node.set(one.name, text)
            elif one.must:
                return False
            if not whole:
                self._note(notes, _under(path, f"@{one.name}"), value)
        return True

    def _lone(self, child: Element, told: Told, notes: list[Note], path: str) -> None:
        """Attributes of an element that is not there, where they are members beside it."""
        if child.inner or child.form in {Form.GROUP, Form.CHOICE, Form.MARK}:
            return
        for one in child.attributes:
            if not absent(told.get(one.of)):
                self._note(notes, _under(path, f"{child.name}/@{one.name}"), told[one.of])

    def _set(
        self, node: etree._Element, child: Element, told: Told, notes: list[Note], path: str
    ) -> None:
        """Elements that say something by being there."""
        value = told[child.of]
        if child.form is Form.MARK and value:
            mark = etree.SubElement(node, child.name)
            self._attributes(mark, child, told, notes, path)
        elif child.form is Form.FLAGS:
            barred = child.barred if child.unless == told.get("relevance") else frozenset()
            if barred & set(value):
                self._note(notes, _under(path, child.name), value)
            words = sorted(set(value) - barred)
            if words:
                flags = etree.SubElement(node, child.name)
                for word in words:
                    etree.SubElement(flags, word)

    def _unnamed(self, element: Element, told: Told, notes: list[Note], path: str) -> None:
        """Members that no element holds."""
        named = {one.of.partition(".")[0] for one in element.children}
        named |= {one.of for one in element.attributes} | {element.inner, "is"}
        named |= {one.of for child in element.children for one in _beside(child)}
        for name, value in told.items():
            if name not in named and not absent(value):
                self._note(notes, _under(path, name), value)

    def _more(self, node: etree._Element, told: Told, notes: list[Note]) -> None:
        """What was told in words, and the notes."""
        text = clean(told.get("additional", ""))
        if self.most is not None and units(text) > self.most:
            self._note(notes, "additionalInfo", told["additional"])
            text = cut(text, self.most)
        said = with_notes(text, notes)
        if self.most is not None and units(said) > NOTES_ROOM:
            name = self._attach(with_notes("", notes), "notes")
            said = with_notes(text, [Note("file", "additionalInfo", name)])
        if said:
            etree.SubElement(node, "additionalInfo").text = said

    def _note(self, notes: list[Note], path: str, value: Any) -> None:
        words = value if isinstance(value, str) else _json(value)
        kind = "more" if isinstance(value, str) else "data"
        if self.most is None or units(clean(words)) <= self.most:
            notes.append(Note(kind, path, words))
            return
        named = self._attach(clean(words), "text" if kind == "more" else "JSON")
        notes.append(Note("file", path, named))

    def _attach(self, words: str, kind: str) -> str:
        """Make a clean text a file of its own; answers how a note names it."""
        text = AttachedText(f"report-text-{len(self.texts) + 1}.txt", words.encode())
        self.texts.append(text)
        return f"{text.name} ({kind}), SHA-256 {text.sha256}"


def member(told: Told, of: str) -> Any:
    """A member, or a member of a member."""
    value: Any = told
    for name in of.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def absent(value: Any) -> bool:
    """Whether nobody knows it; False and 0 are known."""
    return value is None or value in ("", [], {})


def _beside(child: Element) -> Iterator[Attribute]:
    """Attributes of a plain element, whose values are members beside it."""
    if not child.inner and child.form not in {Form.GROUP, Form.CHOICE, Form.MARK}:
        yield from child.attributes


def _under(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _chosen(captures: list[Told]) -> int:
    """Of several addresses the one from which the file was uploaded, else the first."""
    uploads = (n for n, one in enumerate(captures, 1) if one.get("event") == "Upload")
    return next(uploads, 1)


def _json(value: Any) -> str:
    return json.dumps(_known(value), ensure_ascii=False)


def _known(value: Any) -> Any:
    """A value without what nobody knows."""
    if isinstance(value, Mapping):
        return {name: _known(one) for name, one in value.items() if not absent(one)}
    return [_known(one) for one in value] if isinstance(value, list) else value
