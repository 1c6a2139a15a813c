"""Any report becomes XML that the form takes, and nothing of it is lost on the way and back."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from lxml import etree
from tests.builders_report import FILES, NOW, REPORTS

from breakwater.model import report as r
from breakwater.reporting import receiving
from breakwater.reporting.cybertipline.read import read_file_details, read_report
from breakwater.reporting.cybertipline.write import (
    attached_texts,
    file_details_xml,
    report_xml,
)

LONG = bool(os.environ.get("LONG"))
MANY = settings(
    max_examples=2_000 if LONG else 25,
    derandomize=not LONG,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
pytestmark = pytest.mark.timeout(3_600 if LONG else 300)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The one that the receiving side wrote without a look at the writer's table."""
    return etree.XMLSchema(etree.parse(Path(receiving.__file__).with_name("schema.xsd")))


@MANY
@given(report=REPORTS)
def test_a_report_is_what_the_receiving_side_takes(
    schema: etree.XMLSchema, report: r.Report
) -> None:
    schema.assertValid(etree.fromstring(report_xml(report, now=NOW)))


@MANY
@given(file=FILES)
def test_a_file_is_what_the_receiving_side_takes(
    schema: etree.XMLSchema, file: r.ReportFile
) -> None:
    document = file_details_xml(file, report_id=7, file_id="a" * 32, now=NOW)
    schema.assertValid(etree.fromstring(document))


@MANY
@given(report=REPORTS)
def test_a_report_says_the_same_when_it_is_read_back(report: r.Report) -> None:
    document = report_xml(report, now=NOW)
    texts = {one.name: one.data for one in attached_texts(report, now=NOW)}
    assert read_report(document, texts=texts) == report


@MANY
@given(file=FILES)
def test_a_file_says_the_same_when_it_is_read_back(file: r.ReportFile) -> None:
    document = file_details_xml(file, report_id=7, file_id="a" * 32, now=NOW)
    assert read_file_details(document) == (replace(file, blob=None), 7, "a" * 32)
