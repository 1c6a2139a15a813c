"""The first paper of a package: what is in it, who made it, when, and how anybody checks it.

In: `model.package.PackageFacts`. Out: a PDF of A4. For the officer who opens the package and for
a court that asks where it came from (reference reliability, "Evidence": an independent party
repeats everything offline; ACPO Good Practice Guide for Digital Evidence, principle 3). Tests:
`tests/unit/test_papers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from breakwater.model.package import PackageFacts, grouped
from breakwater.model.sending import Occasion
from breakwater.reporting.papers import telling
from breakwater.reporting.papers.painting import painted
from breakwater.reporting.papers.sheet import BODY, HASH, SMALL, STRONG, Column, Sheet

_STEPS: Final = (
    (
        "Read the fingerprint of your own key, below, to whoever sent the package, by telephone, at a "
        "number that you had before: so you both know that it was sealed to you."
    ),
    (
        "Open the sealed file with your key: age --decrypt -i YOUR_KEY_FILE PACKAGE.age > package.tar, "
        "and unpack it into an empty folder."
    ),
    (
        "In that folder run: python3 -I -S verify.py. It is a plain text file that needs nothing but "
        "Python and no network. It computes every SHA-256 anew, follows every entry of the log to the signed "
        "checkpoint, checks the signature (Ed25519, RFC 8032), and computes every perceptual hash "
        "(PDQ) and every distance from the small grey pictures in the package."
    ),
    (
        "To repeat the decoding of the media as well, install pdqhash and Pillow, and run: python3 "
        "verify.py --with-pdqhash."
    ),
    (
        "Ask the sender for the public key of the log by another way than the package itself, and "
        "compare it with the one below."
    ),
)


OCCASIONS: Final[Mapping[Occasion, str]] = {
    Occasion.ALWAYS: "any time",
    Occasion.DANGER: "somebody's life is in danger",
    Occasion.REQUEST: "a lawful request",
}


def cover(facts: PackageFacts) -> bytes:
    """The cover of a package."""
    sheet = Sheet(
        title=f"Evidence package, case {facts.case_number}",
        subject="What this package holds, who made it, when, and how to verify it",
        author=facts.organisation or "breakwater",
        foot=telling.foot(facts),
    )
    sheet.name("Evidence package", f"Case {facts.case_number}, made {telling.when(facts.made_at)}")
    sheet.box(
        "The files of this package may be unlawful to hold, to show or to pass on. It is for the "
        "recipients named below alone. Open it only where the law allows you to."
    )
    _what(sheet, facts)
    _who(sheet, facts)
    _verify(sheet, facts)
    sheet.heading("What is missing")
    telling.missing(sheet, facts)
    _decisions(sheet, facts)
    _reports(sheet, facts)
    sheet.heading("Files")
    if facts.items:
        sheet.table(telling.FILES, [telling.file_row(item) for item in facts.items])
    else:
        sheet.write("The case has no files.", BODY)
    sheet.heading("Made with")
    telling.tools(sheet, facts)
    telling.printed(sheet)
    return painted(sheet)


def _what(sheet: Sheet, facts: PackageFacts) -> None:
    sheet.heading("What")
    telling.about(sheet, facts)
    sheet.tell("Found as", facts.case_kind)
    sheet.tell("Why it is a case", facts.case_why)
    inside = [item for item in facts.items if item.path]
    total = telling.size(sum(item.size for item in inside))
    told = (
        f"{telling.many(len(facts.items), 'file', 'files')}, {len(inside):,} of them here, {total}"
    )
    sheet.tell("Files", told)
    counted = sum(not one.rejected for item in facts.items for one in item.comparisons)
    sheet.tell("Comparisons", f"{counted:,} counted, {len(facts.rejected):,} rejected; the "
               "disclosure schedule lists them all")  # fmt: skip


def _who(sheet: Sheet, facts: PackageFacts) -> None:
    sheet.heading("Who and when")
    sheet.tell("Made", telling.when(facts.made_at))
    sheet.tell("Proposed by", telling.who(facts.proposed))
    sheet.tell("Agreed by", telling.who(facts.agreed))
    sheet.tell("Reason", facts.reason or telling.NOTHING)
    sheet.tell("Occasion", OCCASIONS[facts.occasion])
    for recipient, kind, basis in facts.bases:
        sheet.tell(f"Legal basis: {kind}", f"{basis} ({recipient})")
    for key in facts.recipients:
        sheet.space(3)
        sheet.tell("Sealed to", f"{key.name} ({key.country})", STRONG)
        sheet.tell("Key", key.key, HASH)
        sheet.tell("Fingerprint of the key", grouped(key.fingerprint), HASH)
    if not facts.recipients:
        sheet.tell("Sealed to", "nobody")


def _verify(sheet: Sheet, facts: PackageFacts) -> None:
    sheet.heading("How to verify it")
    for at, step in enumerate(_STEPS, start=1):
        sheet.point(f"{at}.", step)
    sheet.space(4)
    telling.log(sheet, facts)
    sheet.write(
        "The checkpoint is a signed note as C2SP tlog-checkpoint describes it, over a tree of "
        "RFC 6962: an entry that was changed, taken out or put in later does not lead to its root.",
        SMALL,
    )


def _decisions(sheet: Sheet, facts: PackageFacts) -> None:
    sheet.heading("What people decided")
    columns = (
        Column("Decision", 16), Column("By", 24), Column("Second person", 24),
        Column("Reason", 36),
    )  # fmt: skip
    rows = [
        (
            telling.decided(one),
            telling.who(one.by),
            telling.who(one.second),
            one.reason,
        )
        for one in facts.decisions
    ]
    if rows:
        sheet.table(columns, rows)
    else:
        sheet.write("No decision is recorded.", BODY)


def _reports(sheet: Sheet, facts: PackageFacts) -> None:
    sheet.heading("Reports to authorities")
    columns = (
        Column("No.", 5), Column("To", 14), Column("State", 14), Column("Their number", 18),
        Column("Actual knowledge", 24), Column("Filed", 24),
    )  # fmt: skip
    rows = [
        (
            str(one.number), one.destination, one.state, one.report_id or "none",
            telling.briefly(one.knowledge_at), telling.briefly(one.finished_at),
        )
        for one in facts.reports
    ]  # fmt: skip
    if rows:
        sheet.table(columns, rows)
    else:
        sheet.write("No report was filed for this case.", BODY)
