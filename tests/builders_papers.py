"""Facts of evidence packages as papers print them; ordinary words in many scripts."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from breakwater.model.ids import Id
from breakwater.model.package import (
    Comparison,
    ItemRole,
    PackageAudit,
    PackageDecision,
    PackageFacts,
    PackageItem,
    PackageKey,
    PackagePerson,
    PackageReport,
    Rejection,
    Stretch,
)
from breakwater.model.sending import Occasion, RecipientKind

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

NAMES = (
    "holiday at the lake.jpg", "Фотография с озера.jpg", "صورة البحيرة 2026.jpg", "תמונה מהאגם.jpg",
    "湖畔的照片.jpg", "みずうみの写真.png", "호수 사진.png", "รูปทะเลสาบ.jpg", "झील की तस्वीर.jpg",
    "🏖️ lake 👨‍👩‍👧 😀.mp4", "lake\u202egpj.exe", "line\nbreak\ttab.jpg", "=1+1.csv", "Zoë Åström – ſt.jpg",
)  # fmt: skip
"""Names of files as services told them, honest and otherwise."""


def ident(number: int) -> Id:
    """The same id for the same number."""
    return Id(str(UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0000 + number)))


def digest(text: str, kind: str = "sha256") -> str:
    """A hash that looks like one."""
    return hashlib.new(kind, text.encode(), usedforsecurity=False).hexdigest()


def person(name: str = "Ada Olsen", minutes: int = 0) -> PackagePerson:
    """Somebody who did something."""
    return PackagePerson(ident(7), name, AT + timedelta(minutes=minutes))


def comparison(number: int = 1, rejected: Rejection = Rejection.NONE) -> Comparison:
    """A comparison of PDQ, or of SHA-256 for even numbers."""
    if number % 2 == 0:
        same = digest(f"exact {number}")
        return Comparison(1, "sha256", 256, same, same, 0, 0, "original", 100, "PARTNERS", 40 + number, "a hotline", (), negative=False, rejected=rejected)  # fmt: skip
    return Comparison(
        1, "pdq", 256, digest(f"own {number}"), digest(f"known {number}"), 4 + number % 28, 31,
        "flipx" if number % 3 == 0 else "original", 96, "OWN_LIST", 1000 + number, "this service",
        ("lake",), negative=False, frame=number * 30, time_s=number * 1.2, luma=f"luma/{number}.bin",
        rejected=rejected,
    )  # fmt: skip


def item(number: int, name: str = "", **changed: object) -> PackageItem:
    """One file of a case."""
    name = name or NAMES[(number - 1) % len(NAMES)]
    made = PackageItem(
        number, ident(100 + number), ItemRole.UPLOAD, f"media/{number:04d}.jpg", name, "image/jpeg",
        120_000 + number, digest(f"file {number}"), digest(f"file {number}", "md5"),
        digest(f"file {number}", "sha1"), AT + timedelta(minutes=number), account="maker-17",
        viewed=number % 2 == 0, comparisons=(comparison(number), comparison(number + 1, Rejection.DECIDED)),
        facts=(("Activity", "none"),),
    )  # fmt: skip
    return replace(made, **changed)


def key(name: str = "Police of Lund, forensic desk", country: str = "SE") -> PackageKey:
    """A recipient's key."""
    public = "age1" + digest(name)[:58]
    return PackageKey(ident(9), name, country, RecipientKind.POLICE, public, "", ident(7), AT)


def audit(entries: int = 12) -> PackageAudit:
    """A place in the log."""
    numbers = tuple(range(20, 20 + entries))
    return PackageAudit(
        4_321, digest("root"), numbers, "breakwater/0123456789abcdef",
        "breakwater/0123456789abcdef+0a1b2c3d+AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
        "2026-03-04T05:00:00Z", 31,
    )  # fmt: skip


def package(files: int = len(NAMES), **changed: object) -> PackageFacts:
    """A package with everything in it."""
    made = PackageFacts(
        package=ident(1), case=ident(2), case_number=814, case_kind="upload",
        case_why="PDQ is 5 bits from entry 1001 of OWN_LIST (limit 31).", case_opened_at=AT,
        service="pictures.example", account="maker-17", organisation="Pictures Example Ltd",
        reference="K-2026-0815 / Юг", occasion=Occasion.ALWAYS, reason="The agency of Lund asked for the records.",
        made_at=AT + timedelta(hours=3), proposed=person("Ada Olsen", 170),
        agreed=person("Мария Соколова", 175), items=tuple(item(n) for n in range(1, files + 1)),
        decisions=(
            PackageDecision("illegal", person("Ada Olsen", 60), person("王小明", 65), "Agrees with the known picture; the same room.", stands=True),
            PackageDecision("wrong_match", person("Ada Olsen", 50), None, "Taken for another lake.", stands=False),
        ),
        reports=(
            PackageReport(12, "ncmec", "finished", "4564654", AT, AT + timedelta(days=1), AT + timedelta(hours=2), ("reports/12/report.xml", "reports/12/receipt.xml")),
        ),
        audit=audit(), recipients=(key(), key("NCA – referrals", "GB")),
        tools=(("breakwater", "0.1.0"), ("kernel", "avx2"), ("Pillow", "13.0.0"), ("PyAV", "17.0.0")),
        gaps=("The broadcast's sound was not kept.",),
    )  # fmt: skip
    return replace(made, **changed)


def stretched(one: PackageItem) -> PackageItem:
    """The same file, with a stretch of a known video."""
    found = Stretch(1, 3, "OWN_LIST", "lake", 1.0, 9.5, 20.0, 28.5, 6.25, 17, mirrored=False)
    return replace(one, stretches=(found,))
