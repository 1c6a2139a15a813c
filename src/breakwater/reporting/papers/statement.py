"""A draft of a witness statement for courts of England and Wales.

In: `model.package.PackageFacts`. Out: a PDF of A4 for a witness to check, complete and sign.
What the law asks for:

- Criminal Justice Act 1967 s.9(2): signed by its maker; a declaration that it is true to the best
  of their knowledge and belief and was made knowing that, if tendered in evidence, they would be
  liable to prosecution for wilfully stating in it what they knew to be false or did not believe
  to be true; served on the other parties, none of whom objects in time. s.9(3): the age of a maker
  under 18; who read it to a maker who cannot; copies of exhibits, or how to inspect them.
- Criminal Procedure Rules, rule 16.2 (name, age if under 18, declaration, signature) and rule 16.3
  (an exhibit is identified clearly); Criminal Justice Act 1967 s.9(7).

A witness says what they know. The draft says only what the record shows, and says that it is the
record which shows it. Tests: `tests/unit/test_papers.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.model.package import PackageFacts
from breakwater.reporting.papers import telling
from breakwater.reporting.papers.painting import painted
from breakwater.reporting.papers.sheet import BODY, CELL_HASH, SMALL, STRONG, Column, Sheet

DRAFT: Final = "DRAFT. Not a statement until the witness has checked, completed and signed it."

DECLARATION: Final = (
    "This statement (consisting of ______ page(s) each signed by me) is true to the best of my "
    "knowledge and belief and I make it knowing that, if it is tendered in evidence, I shall be "
    "liable to prosecution if I have wilfully stated in it anything which I know to be false, or "
    "do not believe to be true."
)
"""In the words of the form of statement that police and prosecutors use (MG11)."""


def s9(facts: PackageFacts) -> bytes:
    """The draft of a statement that produces the package and its files."""
    sheet = Sheet(
        title=f"Draft witness statement, case {facts.case_number}",
        subject="Criminal Justice Act 1967, s.9; Criminal Procedure Rules, r 16.2",
        author=facts.organisation or "breakwater", draft=DRAFT, foot=telling.foot(facts),
    )  # fmt: skip
    sheet.name(
        "Witness statement", "Criminal Procedure Rules, r 16.2; Criminal Justice Act 1967, s.9"
    )
    sheet.blank("Statement of")
    sheet.blank("Age if under 18")
    sheet.write('If over 18, write "over 18".', SMALL)
    sheet.blank("Occupation")
    sheet.space(4)
    sheet.box(DECLARATION, BODY)
    sheet.blank("Signature")
    sheet.blank("Date")
    _says(sheet, facts)
    _exhibits(sheet, facts)
    _record(sheet, facts)
    _end(sheet)
    return painted(sheet)


def _says(sheet: Sheet, facts: PackageFacts) -> None:
    sheet.heading("Statement")
    sheet.write("Strike out what is not true of you; nothing here was said by you yet.", SMALL)
    sheet.space(4)
    held = facts.organisation or "____________________"
    inside = sum(bool(item.path) for item in facts.items)
    for at, words in enumerate(
        (
            (
                "I am employed by ____________________ as ____________________. I have worked there "
                "since ____________________."
            ),
            (
                "My duties give me access to the records named in this statement, which are held by "
                f"{held}. I make this statement from those records. Where I speak of my own knowledge, "
                "I say so."
            ),
            (
                f"I have looked at the records of case number {facts.case_number} and at the evidence "
                f"package {facts.package} made from them on {telling.when(facts.made_at)}. The record "
                f"shows that its making was proposed by {facts.proposed.name} and agreed by "
                f"{facts.agreed.name}."
            ),
            (
                f"I produce the package, which holds "
                f"{telling.many(inside, 'file', 'files')} of the case, as exhibit ________. I produce "
                "the files listed below under the marks that I have written beside them."
            ),
            (
                "On ____________________ I computed the SHA-256 values of the files with "
                "____________________ and compared them with the values below. They were / were not "
                "the same."
            ),
            (
                "Whether the computer that kept the record was working properly at the time, and how I "
                "know: ____________________"
            ),
        ),
        start=1,
    ):
        sheet.point(f"{at}.", words)


def _exhibits(sheet: Sheet, facts: PackageFacts) -> None:
    sheet.heading("Exhibits")
    columns = (
        Column("Mark", 8), Column("File", 17), Column("Name at the service", 18),
        Column("SHA-256", 28, CELL_HASH), Column("Received", 20),
    )  # fmt: skip
    rows = [("________", (f"No. {item.number}", *telling.present(item)), *telling.file_row(item)[2:])
            for item in facts.items]  # fmt: skip
    if rows:
        sheet.table(columns, rows)
    else:
        sheet.write("The case has no files.", BODY)


def _record(sheet: Sheet, facts: PackageFacts) -> None:
    sheet.heading("What the record shows")
    telling.about(sheet, facts)
    telling.log(sheet, facts)
    for one in facts.decisions:
        sheet.tell("Decision", f"{telling.decided(one)}: {telling.who(one.by)}")
    for report in facts.reports:
        told = f"No. {report.number} to {report.destination}: {report.state}"
        number = f", their number {report.report_id}" if report.report_id else ""
        sheet.tell("Report", f"{told}{number}, filed {telling.when(report.finished_at)}")
    sheet.space(4)
    sheet.write("Missing", STRONG)
    telling.missing(sheet, facts)
    telling.printed(sheet)


def _end(sheet: Sheet) -> None:
    sheet.heading("Signatures", keep=130)
    sheet.blank("Signature")
    sheet.blank("Signature witnessed by")
    sheet.blank("Date")
    sheet.heading("Only where the witness cannot read the statement", keep=130)
    sheet.write(
        "I, ____________________, read this statement to the witness before it was signed. "
        "[Criminal Justice Act 1967, s.9(3)(b)]"
    )
    sheet.blank("Signature")
    sheet.blank("Date")
    sheet.write(
        "A copy is served on each other party before the hearing, with each exhibit or what is "
        "needed to inspect it [s.9(2)(c), s.9(3)(c)]. Whether media may be copied for that is for "
        "the prosecutor and the court. This draft is no legal advice.",
        SMALL,
    )
