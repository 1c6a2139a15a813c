"""The report of known answers as a PDF: for a court's expert, and beside a certification.

In: a `Validation`. Out: PDF of A4 (`reporting.papers`). It says what was right and what was not;
that the program is fit for anything is for the reader to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from breakwater.app.validation.findings import Finding, Validation
from breakwater.model.clock import iso
from breakwater.reporting.papers.painting import painted
from breakwater.reporting.papers.sheet import BODY, CELL_HASH, HASH, SMALL, STRONG, Column, Sheet

ABOUT: Final[Mapping[str, str]] = {
    "Digests": "The examples of the standards themselves (FIPS 180-4, RFC 1321).",
    "Exact hashes": "Ordinary files that ship with the program; known: GNU coreutils.",
    "PDQ": "Photographs; known: pdqhash 0.2.8, equal to the published values bit for bit. Computed "
    "by the program, by each variant of its compiled loops that this processor has, and by the "
    "plain Python that goes with an evidence package.",
    "Distances": "Bits that differ between the values above; known: computed from the published "
    "values.",
    "Decoders": "One small file of each format that is taken.",
    "Video": "Four seconds of a doorknob; known: vPDQ's hash of each frame, and the clip found in "
    "itself.",
    "Log": "Roots and proofs of the tree of RFC 6962; known: certificate-transparency-go.",
    "Signatures": "Ed25519, RFC 8032 section 7.1: right ones are right, changed ones are not.",
    "Reports": "Example reports with every element, held to the schema that receivers use here.",
}  # fmt: skip
_COLUMNS: Final = (
    Column("Answer", 30), Column("Known", 33, CELL_HASH), Column("Found here", 33, CELL_HASH),
    Column("Result", 10),
)  # fmt: skip


def report_of(made: Validation) -> bytes:
    """The report."""
    sheet = Sheet(
        title="Report of known answers",
        subject="Known values, computed anew by the installed version",
        author="breakwater", foot=f"Known answers · {iso(made.began_at)}",
    )  # fmt: skip
    sheet.name("Report of known answers", "Known values, computed anew on this machine")
    count = len(made.findings)
    if made.ok:
        sheet.box(f"All {count} answers are right.", STRONG)
    else:
        sheet.box(f"WRONG: {len(made.wrong)} of {count} answers.", STRONG)
    sheet.tell("Begun", iso(made.began_at))
    sheet.tell("Ended", iso(made.ended_at))
    for name, group in made.made_with.items():
        sheet.heading(name)
        for label, told in group.items():
            sheet.tell(label, told, HASH if len(told) == 64 else BODY)
    if made.wrong:
        sheet.heading("What is wrong")
        sheet.table(_COLUMNS, [_row(one) for one in made.wrong])
    for part in dict.fromkeys(one.part for one in made.findings):
        sheet.heading(part)
        sheet.write(ABOUT.get(part, ""), SMALL)
        sheet.space(4)
        sheet.table(_COLUMNS, [_row(one) for one in made.findings if one.part == part])
    sheet.heading("By whom")
    for label in ("Name", "Organisation", "Date", "Signature"):
        sheet.blank(label)
    return painted(sheet)


def _row(one: Finding) -> tuple[str, ...]:
    return one.name, one.known, one.found, "right" if one.right else "WRONG"
