"""How the papers tell what every one of them tells: times, sizes, comparisons, lists of files.

In: `model.package` values. Out: words, and blocks on a `Sheet`. Each word stands for something in
the record; where the record has nothing, the paper says so. Tests: `tests/unit/test_papers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from breakwater.model.match import VIEW_WORDS
from breakwater.model.package import (
    Comparison,
    ItemRole,
    PackageDecision,
    PackageFacts,
    PackageItem,
    PackagePerson,
    Rejection,
)
from breakwater.model.signal import View
from breakwater.reporting.papers.sheet import (
    BODY,
    CELL_HASH,
    HASH,
    SMALL,
    Cell,
    Column,
    Sheet,
)

NOTHING: Final = "not recorded"

ROLES: Final[Mapping[ItemRole, str]] = {
    ItemRole.UPLOAD: "uploaded file",
    ItemRole.BROADCAST: "part of a broadcast",
    ItemRole.CONTEXT: "record written down here",
}

WHY_NOT: Final[Mapping[Rejection, str]] = {
    Rejection.NONE: "",
    Rejection.QUARANTINED: "the entry was in quarantine",
    Rejection.NOT_ENABLED: "the bank's share was not switched on",
    Rejection.LOW_QUALITY: "the picture says too little to be compared",
    Rejection.EXPIRED: "the entry had expired",
    Rejection.HARMLESS: "an entry known to be harmless agrees as well",
    Rejection.DECIDED: "a person decided that it does not count",
    Rejection.APART: "people agreed that it is something else",
}

AS_PRINTED: Final = (
    "‹U+0000› stands for a character that shows nothing, or that no font here has: its Unicode "
    "code point."
)


def when(moment: datetime | None) -> str:
    """A moment to the second, in UTC."""
    if moment is None:
        return NOTHING
    told = moment.astimezone(UTC)
    return f"{told.day} {told:%B} {told.year}, {told:%H:%M:%S} UTC"


def briefly(moment: datetime | None) -> str:
    """A moment for a narrow column."""
    return NOTHING if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def size(octets: int) -> str:
    """How long a file is."""
    return f"{octets:,} bytes"


def who(person: PackagePerson | None) -> str:
    """Somebody with the moment at which they did it."""
    return "nobody" if person is None else f"{person.name}, {when(person.at)}"


def many(count: int, one: str, more: str) -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else more}"


def distance(one: Comparison) -> str:
    """What a comparison found."""
    if one.limit == 0:
        return "equal" if one.distance == 0 else "not equal"
    return f"{one.distance} of {one.bits} bits differ"


def found(one: Comparison) -> tuple[str, ...]:
    """The same with what it is judged by; equal values need neither limit nor quality."""
    return (distance(one), f"limit {one.limit}, quality {one.quality}")[: 2 if one.limit else 1]


def place(one: Comparison) -> str:
    """Where in the file, and how the file was turned."""
    parts = []
    if one.frame is not None:
        parts.append(f"frame {one.frame}")
    if one.time_s is not None:
        parts.append(f"{one.time_s:.2f} s")
    if one.view != View.ORIGINAL:
        parts.append(VIEW_WORDS[View(one.view)])
    return ", ".join(parts) or "whole file"


def known(one: Comparison) -> str:
    """Which entry it was compared with."""
    told = f"{one.bank}, entry {one.entry}"
    return f"{told}, of {one.source}" if one.source else told


def digests(item: PackageItem) -> str:
    """SHA-256, in full."""
    return item.sha256 or NOTHING


def present(item: PackageItem) -> tuple[str, ...]:
    """Where a file lies in the package, or why it does not."""
    if not item.path:
        return ("not in the package", item.gap) if item.gap else ("not in the package",)
    notes = [item.path]
    if item.transcoded:
        notes.append(f"Not the bytes that were sent: {item.transcoding or 'converted'}.")
    if item.gap:
        notes.append(item.gap)
    return tuple(notes)


FILES: Final = (
    Column("No.", 4),
    Column("In the package", 17),
    Column("Name at the service", 20),
    Column("SHA-256", 28, CELL_HASH),
    Column("Received", 20),
)
"""Columns of a list of files."""


def sent_from(item: PackageItem) -> str:
    """Address and port that a file was sent from; empty: nobody told them."""
    if not item.address:
        return ""
    return f"sent from {item.address}, port {item.port or 'unknown'}"


def file_row(item: PackageItem) -> tuple[Cell, ...]:
    """One file under `FILES`."""
    sent = sent_from(item)
    return (
        str(item.number),
        present(item),
        (item.name, sent) if sent else item.name,
        digests(item),
        (briefly(item.received_at), size(item.size)),
    )


def about(sheet: Sheet, facts: PackageFacts) -> None:
    """Whose record it is: the same lines on every paper."""
    sheet.tell("Case", f"No. {facts.case_number}, opened {when(facts.case_opened_at)}")
    sheet.tell("Case identifier", str(facts.case), HASH)
    sheet.tell("Package identifier", str(facts.package), HASH)
    sheet.tell("Held by", facts.organisation or NOTHING)
    sheet.tell("Service", facts.service or NOTHING)
    sheet.tell("Account at the service", facts.account or NOTHING)
    sheet.tell("Legal reference", facts.reference or "none given")


def log(sheet: Sheet, facts: PackageFacts) -> None:
    """Where the record stands in the signed log."""
    audit = facts.audit
    sheet.tell("Log", audit.origin, HASH)
    sheet.tell("Signing key", audit.key, HASH)
    sheet.tell(
        "Signed checkpoint", f"{many(audit.size, 'entry', 'entries')}, signed {audit.signed_at}"
    )
    sheet.tell("Root of the checkpoint", audit.root, HASH)
    sheet.tell(
        "Entries in the extract",
        f"{many(len(audit.numbers), 'entry', 'entries')}; the making of this package is entry "
        f"{audit.exported:,}",
    )


def decided(one: PackageDecision) -> str:
    """What somebody said, and whether it was taken back."""
    said = one.kind.replace("_", " ")
    if one.role:
        said += f"; the account's holder: {one.role.replace('_', ' ')}"
    return said if one.stands else f"{said} (taken back)"


def tools(sheet: Sheet, facts: PackageFacts) -> None:
    """What computed something, and in which version."""
    for name, version in facts.tools:
        sheet.tell(name, version)
    if not facts.tools:
        sheet.write(NOTHING, BODY)


def missing(sheet: Sheet, facts: PackageFacts) -> None:
    """What the package does not have, and why."""
    gaps = [*facts.gaps, *(f"File {one.number}: {one.gap}" for one in facts.items if one.gap)]
    for gap in gaps:
        sheet.point("–", gap)
    if not gaps:
        sheet.write("Nothing that the record knows of.", BODY)


def printed(sheet: Sheet) -> None:
    """How to read names, where one was printed by its code points."""
    if sheet.coded:
        sheet.space(4)
        sheet.write(AS_PRINTED, SMALL)


def foot(facts: PackageFacts) -> str:
    """Left of the number of each page."""
    return f"Case {facts.case_number} · package {facts.package} · {briefly(facts.made_at)}"
