"""The disclosure schedule: everything that was compared and decided, also what speaks against.

In: `model.package.PackageFacts`. Out: one CSV with a line a thing, and the same as a PDF. Rejected
comparisons are listed like counted ones, with the reason: the other side is entitled to what may
undermine the case (United Kingdom: Criminal Procedure and Investigations Act 1996 s.3 and s.7A
with its Code of Practice; United States: Brady v. Maryland, Federal Rule of Criminal Procedure
16). In the CSV a text that a spreadsheet would take for a formula has an apostrophe before it;
`facts.json` of the package has it bare. Tests: `tests/unit/test_papers.py`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Final

from breakwater.model.package import Comparison, PackageFacts, PackageItem
from breakwater.reporting.papers import telling
from breakwater.reporting.papers.painting import painted
from breakwater.reporting.papers.sheet import A4, BODY, CELL_HASH, SMALL, Cell, Column, Sheet

LANDSCAPE: Final = (A4[1], A4[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLine:
    """One line of the CSV; what does not apply is empty.

    Attributes:
        part: `file`, `comparison`, `rejected`, `stretch`, `decision`, `report`, `log`, `missing`.
        name_codes: code points of a name that is not plain ASCII, so that none can be mistaken.
    """

    part: str
    file: str = ""
    path: str = ""
    name: str = ""
    name_codes: str = ""
    sha256: str = ""
    md5: str = ""
    size: str = ""
    at: str = ""
    kind: str = ""
    own: str = ""
    known: str = ""
    distance: str = ""
    limit: str = ""
    place: str = ""
    entry: str = ""
    revision: str = ""
    by: str = ""
    second: str = ""
    counts: str = ""
    why_not: str = ""
    words: str = ""


def schedule_csv(facts: PackageFacts) -> bytes:
    """The schedule as CSV (RFC 4180), UTF-8 with a byte-order mark for spreadsheets."""
    text = io.StringIO()
    names = [one.name for one in fields(ScheduleLine)]
    writer = csv.DictWriter(text, names, lineterminator="\r\n")
    writer.writeheader()
    for line in lines(facts):
        writer.writerow({name: _bare(value) for name, value in asdict(line).items()})
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "backslashreplace")


def lines(facts: PackageFacts) -> Iterator[ScheduleLine]:
    """Every line, in the order of the PDF."""
    yield from (_file(item) for item in facts.items)
    for item in facts.items:
        yield from (_comparison(item, one) for one in item.comparisons if not one.rejected)
    yield from (_comparison(item, one) for item, one in facts.rejected)
    yield from _stretches(facts)
    for made in facts.decisions:
        yield ScheduleLine(
            part="decision", kind=telling.decided(made) if made.stands else made.kind, at=telling.briefly(made.by.at), by=made.by.name,
            second=made.second.name if made.second else "", words=made.reason,
            counts="yes" if made.stands else "no", why_not="" if made.stands else "taken back",
        )  # fmt: skip
    for report in facts.reports:
        yield ScheduleLine(
            part="report", file=str(report.number), kind=report.destination,
            known=report.report_id, words=report.state, at=telling.briefly(report.finished_at),
            path=" ".join(report.papers),
        )  # fmt: skip
    for number in facts.audit.numbers:
        yield ScheduleLine(part="log", file=str(number))
    for gap in facts.gaps:
        yield ScheduleLine(part="missing", words=gap)
    for item in facts.items:
        if item.gap:
            yield ScheduleLine(part="missing", file=str(item.number), words=item.gap)


def _file(item: PackageItem) -> ScheduleLine:
    seen = "; ".join(f"{label}: {value}" for label, value in item.facts)
    said = [
        telling.sent_from(item),
        f"Converted: {item.transcoding}." if item.transcoded else "",
        seen,
    ]
    told = "; ".join(one for one in said if one)
    return ScheduleLine(
        part="file", file=str(item.number), path=item.path, name=item.name,
        name_codes=_codes(item.name), sha256=item.sha256, md5=item.md5, size=str(item.size),
        at=telling.briefly(item.received_at), kind=item.type, words=told.strip(),
        counts="viewed whole by a person here" if item.viewed else "not viewed whole by the log",
    )  # fmt: skip


def _comparison(item: PackageItem, one: Comparison) -> ScheduleLine:
    return ScheduleLine(
        part="rejected" if one.rejected else "comparison", file=str(item.number), path=item.path,
        kind=one.kind, own=one.own, known=one.known, distance=str(one.distance),
        limit=str(one.limit), place=telling.place(one), entry=telling.known(one),
        revision=str(one.revision), counts="no" if one.rejected else "yes",
        why_not=telling.WHY_NOT[one.rejected],
        words=f"quality {one.quality}" + ("; known harmless" if one.negative else ""),
    )  # fmt: skip


def _stretches(facts: PackageFacts) -> Iterator[ScheduleLine]:
    for item in facts.items:
        for one in item.stretches:
            yield ScheduleLine(
                part="stretch", file=str(item.number), path=item.path, entry=f"{one.bank}, known video {one.reel}",
                place=f"{one.start_s:.2f} to {one.end_s:.2f} s, there {one.reference_start_s:.2f} to {one.reference_end_s:.2f} s",
                revision=str(one.revision), counts="no" if one.rejected else "yes",
                why_not=telling.WHY_NOT[one.rejected],
                words=f"score {one.score:.2f} over {one.frames} frames" + (", mirrored" if one.mirrored else ""),
            )  # fmt: skip


def _codes(name: str) -> str:
    """Code points of what is not plain ASCII; empty for what is."""
    if all(" " <= letter <= "~" for letter in name):
        return ""
    return " ".join(f"U+{ord(letter):04X}" for letter in name)


def _bare(value: str) -> str:
    """A cell that no spreadsheet computes, on one line."""
    flat = value.replace("\r", "␍").replace("\n", "␊").replace("\x00", "␀")
    return f"'{flat}" if flat[:1] in {"=", "+", "-", "@", "\t"} else flat


def schedule_pdf(facts: PackageFacts) -> bytes:
    """The schedule as a PDF of A4, broad side up."""
    sheet = Sheet(
        title=f"Disclosure schedule, case {facts.case_number}",
        subject="Everything that was compared and decided, also what was rejected",
        author=facts.organisation or "breakwater", size=LANDSCAPE, foot=telling.foot(facts),
    )  # fmt: skip
    sheet.name(
        "Disclosure schedule",
        f"Case {facts.case_number}: what was compared and decided, also what was rejected",
    )
    telling.about(sheet, facts)
    sheet.heading("1  Files")
    _table(sheet, telling.FILES, [telling.file_row(item) for item in facts.items])
    counted = [(i, c) for i in facts.items for c in i.comparisons if not c.rejected]
    sheet.heading(f"2  Comparisons that count ({len(counted):,})")
    _table(sheet, COUNTED, [_row(item, one) for item, one in counted])
    sheet.heading(f"3  Comparisons that were rejected ({len(facts.rejected):,})")
    _table(
        sheet,
        REJECTED,
        [(*_row(item, one), telling.WHY_NOT[one.rejected]) for item, one in facts.rejected],
    )
    _rest(sheet, facts)
    telling.printed(sheet)
    return painted(sheet)


COUNTED: Final = (
    Column("File", 5), Column("Kind", 7), Column("Value of the file", 30, CELL_HASH),
    Column("Known value", 30, CELL_HASH), Column("Found", 16), Column("Where", 12),
    Column("Entry", 20),
)  # fmt: skip
REJECTED: Final = (*COUNTED, Column("Why it does not count", 18))


def _row(item: PackageItem, one: Comparison) -> tuple[Cell, ...]:
    return (
        str(item.number), one.kind, one.own or telling.NOTHING, one.known,
        telling.found(one), telling.place(one),
        (telling.known(one), f"verdict {one.revision}"),
    )  # fmt: skip


def _rest(sheet: Sheet, facts: PackageFacts) -> None:
    stretches = [one for one in lines(facts) if one.part == "stretch"]
    sheet.heading(f"4  Stretches of known videos ({len(stretches):,})")
    columns: tuple[Column, ...] = (
        Column("File", 6), Column("Known video", 22), Column("Where", 30), Column("Found", 26),
        Column("Counts", 8), Column("Why not", 26),
    )  # fmt: skip
    _table(sheet, columns, [
        (one.file, one.entry, one.place, one.words, one.counts, one.why_not) for one in stretches
    ])  # fmt: skip
    sheet.heading("5  Decisions, also those that were taken back")
    columns = (
        Column("Decision", 14), Column("By", 26), Column("Second person", 26),
        Column("Reason", 42), Column("Stands", 8),
    )  # fmt: skip
    _table(sheet, columns, [
        (one.kind.replace("_", " "), telling.who(one.by), telling.who(one.second), one.reason, "yes" if one.stands else "no")
        for one in facts.decisions
    ])  # fmt: skip
    sheet.heading("6  Reports to authorities")
    columns = (
        Column("No.", 6), Column("To", 18), Column("State", 14), Column("Their number", 20),
        Column("Filed", 20), Column("Papers in the package", 40),
    )  # fmt: skip
    _table(sheet, columns, [
        (str(one.number), one.destination, one.state, one.report_id or "none",
         telling.briefly(one.finished_at), ", ".join(one.papers))
        for one in facts.reports
    ])  # fmt: skip
    sheet.heading("7  Log")
    telling.log(sheet, facts)
    numbers = ", ".join(f"{number:,}" for number in facts.audit.numbers)
    sheet.write(f"Entries: {numbers or 'none'}", SMALL)
    sheet.heading("8  Missing")
    telling.missing(sheet, facts)


def _table(sheet: Sheet, columns: tuple[Column, ...], rows: Sequence[tuple[Cell, ...]]) -> None:
    if rows:
        sheet.table(columns, rows)
    else:
        sheet.write("None.", BODY)
