"""Papers of a report: the same bytes each time, every figure in them, nothing suppressed as zero."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pypdfium2
import pytest
from tests.transparency_sample import report

from breakwater.model.transparency import Prevalence
from breakwater.transparency import plots
from breakwater.transparency.flat import to_csv, to_json
from breakwater.transparency.paper import to_pdf
from breakwater.transparency.words import seconds, share


def test_the_same_report_is_the_same_bytes() -> None:
    assert to_pdf(report()) == to_pdf(report())
    assert to_csv(report()) == to_csv(report())
    assert to_json(report()) == to_json(report())


def test_csv_and_json_say_the_same_and_hide_the_same() -> None:
    rows = list(csv.reader(io.StringIO(to_csv(report()))))
    told = json.loads(to_json(report()))
    assert {len(row) for row in rows} == {7}
    assert ["countries", "GB", "certain", "", "", "", "suppressed"] in rows
    assert {"country": "GB", "certainty": "certain", "n": None, "suppressed": True} in told[
        "tables"
    ]["countries"]
    in_csv = [(row[1], row[2], row[3]) for row in rows if row[0] == "matches"]
    in_json = [
        (one["detector"], one["surface"], str(one["n"])) for one in told["tables"]["matches"]
    ]
    assert in_csv == in_json
    assert ("list", "live", "0") in in_csv
    (streams,) = [row for row in rows if row[:2] == ["prevalence", "streams"]]
    assert float(streams[3]) == told["prevalence"]["streams"]["value"]
    assert float(streams[5]) == told["prevalence"]["streams"]["high"]
    assert "Clopper and Pearson" in told["prevalence"]["design"]


def text_of(made: bytes) -> tuple[str, int]:
    document = pypdfium2.PdfDocument(made)
    pages = [page.get_textpage().get_text_range() for page in document]
    images = sum(
        one.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE
        for page in document
        for one in page.get_objects()
    )
    return "\n".join(pages), images


def test_the_paper_has_every_figure_and_draws_plots_as_lines() -> None:
    text, images = text_of(to_pdf(report()))
    assert images == 0, "plots are lines and letters, and print at any size"
    for words in ("1,203,400", "größer", "suppressed", "95 %:", "Legitimate interest", "Live"):
        assert words in text
    assert "Reports of users" in text


def test_a_paper_without_prevalence_says_why() -> None:
    off = replace(report(), prevalence=Prevalence(off="never_on"), tables={"items": ()}, waits=())
    text, _ = text_of(to_pdf(off))
    assert "prevalence_basis" in text
    assert json.loads(to_json(off))["prevalence"] == {"off": "never_on", "basis": []}
    assert "prevalence,,,,,,never_on" in to_csv(off)


@pytest.mark.parametrize("most", [0.0, 0.3, 1.0, 47.0, 900.0, 4_000.0, 5e7])
def test_axes_reach_what_they_show_in_few_steps(most: float) -> None:
    for made in (plots.steps(most), plots.times(most)):
        assert made[0] == 0
        assert made[-1] >= most * 0.999
        assert 2 <= len(made) <= 7


def test_words_of_shares_and_times() -> None:
    assert [share(one) for one in (0.0, 1.0, 0.0379, 0.00000123)] == [
        "0 %", "100 %", "3.79 %", "0.000123 %",
    ]  # fmt: skip
    assert [seconds(one) for one in (0.0, 59.0, 3_600.0, 200_000.0)] == [
        "0 s",
        "59 s",
        "1 h",
        "2.3 d",
    ]
