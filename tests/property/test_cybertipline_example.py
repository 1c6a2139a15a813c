"""Examples hold every element, and the schema of the receiving side takes each of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from typer.testing import CliRunner

from breakwater.cli.report import app
from breakwater.errors import BadInput
from breakwater.reporting import receiving
from breakwater.reporting.cybertipline.check import Schema
from breakwater.reporting.cybertipline.elements import FILE_DETAILS, REPORT
from breakwater.reporting.cybertipline.example import WRITTEN, documents, reports
from breakwater.reporting.cybertipline.form import Element, Form
from breakwater.reporting.cybertipline.read import read_report
from breakwater.reporting.cybertipline.write import attached_texts, report_xml

OURS = Path(receiving.__file__).with_name("schema.xsd")
COUNT = 4_000 if os.environ.get("LONG") else 100
"""Three documents each, on average."""

pytestmark = pytest.mark.timeout(3_600 if COUNT > 100 else 300)


def _named(element: Element) -> Iterator[str]:
    """Every path of elements and attributes that a document may have."""
    for attribute in element.attributes:
        yield f"{element.name}/@{attribute.name}"
    if element.form is Form.FLAGS:
        yield from (f"{element.name}/{word}" for word in element.words)
    for child in element.children:
        if child.form is not Form.OLD:
            yield f"{element.name}/{child.name}"
            yield from _named(child)


def _found(root: etree._Element) -> Iterator[str]:
    for one in root.iter(etree.Element):
        yield from (f"{one.tag}/@{name}" for name in one.attrib)
        yield from (f"{one.tag}/{child.tag}" for child in one)


@pytest.mark.parametrize("seed", range(3))
def test_ten_examples_have_every_element_and_attribute(seed: int) -> None:
    found = {name for _, xml in documents(10, seed) for name in _found(etree.fromstring(xml))}
    assert {*_named(REPORT), *_named(FILE_DETAILS)} - found == set()


def test_the_receiving_side_takes_every_example() -> None:
    schema = Schema(OURS)
    faults = [(name, one) for name, xml in documents(COUNT, seed=6) for one in schema.faults(xml)]
    assert faults == []


def test_an_example_says_the_same_when_it_is_read_back() -> None:
    for report in reports(COUNT // 10, seed=3):
        texts = {one.name: one.data for one in attached_texts(report, now=WRITTEN)}
        back = read_report(report_xml(report, now=WRITTEN), files=report.files, texts=texts)
        assert back == report


def test_the_same_seed_gives_the_same_reports() -> None:
    assert list(documents(2, seed=5)) == list(documents(2, seed=5))
    assert list(documents(1, seed=5)) != list(documents(1, seed=6))


def test_the_command_writes_and_checks(tmp_path: Path) -> None:
    run = CliRunner()
    made = run.invoke(app, ["example", "--count", "3", "--seed", "9", "--out", str(tmp_path)])
    assert made.exit_code == 0, made.output
    files = sorted(tmp_path.glob("report-0000?.xml"))
    assert len(files) == 3
    ask = ["validate", "--xsd", str(OURS), "--json", str(tmp_path)]
    assert json.loads(run.invoke(app, ask).stdout)["ok"] is True
    spoilt = files[0].read_bytes().replace(b"</incidentType>", b" and more secret</incidentType>")
    files[0].write_bytes(spoilt)
    files[1].write_bytes(b"<report>")
    told = run.invoke(app, ask)
    assert told.exit_code == 65
    assert list(json.loads(told.stdout)["invalid"]) == [str(files[0]), str(files[1])]
    assert "secret" not in told.output
    words = json.loads(told.stdout)["invalid"][str(files[0])][0]["words"]
    assert words.startswith(
        "Element 'incidentType': what stands there is none of those allowed: {'"
    )
    assert "'Child Sex Trafficking', " in words


@pytest.mark.parametrize("value", ["secret", "' is secret, '", "secret' is a secret value 'x' has"])
def test_a_value_of_a_type_is_not_said(value: str) -> None:
    xml = next(xml for _, xml in documents(1, seed=0))
    begins, ends = b"<incidentDateTime>", b"</incidentDateTime>"
    head, rest = xml.split(begins, 1)
    spoilt = head + begins + value.encode() + ends + rest.split(ends, 1)[1]
    (fault,) = Schema(OURS).faults(spoilt)
    assert "secret" not in fault.words
    assert fault.words.startswith("Element 'incidentDateTime': what stands there is not a valid")


def test_without_paths_examples_are_checked() -> None:
    told = CliRunner().invoke(app, ["validate", "--xsd", str(OURS), "--count", "2"])
    assert told.exit_code == 0, told.output


RNG = """<element name="report" xmlns="http://relaxng.org/ns/structure/1.0"
 datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes"><zeroOrMore>
 <element><anyName/><text/></element></zeroOrMore></element>"""
INCLUDES = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
 <xs:include schemaLocation="{}"/></xs:schema>"""


def test_relax_ng_is_a_schema_too(tmp_path: Path) -> None:
    path = tmp_path / "form.rng"
    path.write_text(RNG)
    assert Schema(path).faults(b"<report><a>b</a></report>") == ()
    assert Schema(path).faults(b"<other/>")


def test_a_schema_may_include_what_is_beside_it(tmp_path: Path) -> None:
    (tmp_path / "part.xsd").write_bytes(OURS.read_bytes())
    path = tmp_path / "whole.xsd"
    path.write_text(INCLUDES.format("part.xsd"))
    assert Schema(path).faults(b"<report/>")
    assert next(Schema(path).faults(xml) for _, xml in documents(1, seed=1)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "<a/>",
        "<!DOCTYPE a SYSTEM 'http://example.org/a'><a/>",
        INCLUDES.format("http://example.org/a.xsd"),
        INCLUDES.format("../a.xsd"),
        INCLUDES.format("/etc/a.xsd"),
    ],
)
def test_what_is_no_schema_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.xsd"
    path.write_text(text)
    with pytest.raises(BadInput):
        Schema(path)
