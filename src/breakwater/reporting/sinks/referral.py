"""A referral to police: everything that is known, as JSON and as plain text, in a sealed file.

Satisfies `reporting.ports.ReportSink` with whatever way over it is given. Nothing of the report
stands outside the sealed file. Tests: `tests/contract/test_report_sinks.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Final, Protocol

from breakwater.model.clock import iso
from breakwater.model.filing import Answer, Filing
from breakwater.model.recipient import Parcel
from breakwater.model.report import ChatIm, Party, Report

FORM: Final = "breakwater referral 1"


class Delivery(Protocol):
    """A way over: `ways` has those there are."""

    def hand_over(self, parcel: Parcel, filing: Filing, source: BinaryIO) -> Answer | None:
        """As `ReportSink.hand_over`."""
        ...


class Referral:
    """A sealed file with everything that is known."""

    def __init__(self, way: Delivery) -> None:
        """Take the way over."""
        self._way = way

    def lacks(self, report: Report) -> Sequence[str]:
        """Nothing keeps it: police decide themselves what they can use."""
        del report
        return ()

    def papers(self, report: Report, filing: Filing) -> Mapping[str, bytes]:
        """The report whole, and the same to read."""
        body = {"form": FORM, "number": reference(filing), "report": report.plain()}
        return {"report.json": written(body), "read-me.txt": told(report, filing).encode()}

    def hand_over(self, parcel: Parcel, filing: Filing, source: BinaryIO) -> Answer | None:
        """By its way."""
        return self._way.hand_over(parcel, filing, source)


def reference(filing: Filing) -> str:
    """Our own number of a report, for the recipient."""
    return f"BW-{filing.number}-{filing.version}"


def written(body: Mapping[str, Any]) -> bytes:
    """JSON as it is sealed; half a surrogate is written as its number."""
    text = json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True)
    return text.encode("utf-8", "backslashreplace")


def told(report: Report, filing: Filing) -> str:
    """The report in words; only what is known."""
    summary = report.summary
    lines = [
        f"Referral {reference(filing)}, drafted {iso(filing.created_at)}",
        *([f"URGENT: {summary.escalate}"] if summary.escalate else []),
        "", f"What: {report.kind.value}", f"When: {iso(summary.at)} {summary.at_note}".rstrip(),
        f"Where: {summary.platform}",
        "Who reports: " + ", ".join(one.address for one in report.reporter.person.emails),
    ]  # fmt: skip
    if report.supplementary_of:
        lines.append(f"Adds to: {report.supplementary_of}")
    for title, parties in (
        ("Reported", report.reported), ("Meant for", report.recipients), ("A child", report.victims)
    ):  # fmt: skip
        for one in parties:
            lines += ["", f"{title}:", *_party(one)]
    for place in report.places:
        if isinstance(place, ChatIm) and place.content:
            lines += ["", "What was written:", place.content]
    if report.files:
        lines += ["", "Files:"]
        lines += [
            f"  {one.name or one.original_name}  SHA-256 {one.sha256}" for one in report.files
        ]
    if report.additional:
        lines += ["", "Further:", report.additional]
    return _clean("\n".join([*lines, ""]))


def _party(one: Party) -> list[str]:
    person = one.person
    names = [person.first_name, person.last_name] if person else []
    rows = [
        ("account", one.account), ("service", one.service), ("screen name", one.screen_name),
        ("name", " ".join(filter(None, names))),
        ("e-mail", ", ".join(mail.address for mail in person.emails) if person else ""),
        ("telephone", ", ".join(phone.number for phone in person.phones) if person else ""),
    ]  # fmt: skip
    seen = [
        f"  address: {c.address}" + (f" port {c.port}" if c.port else " (port unknown)")
        + (f" at {iso(c.at)}" if c.at else "") + (f" ({c.event.value})" if c.event else "")
        for c in one.captures
    ]  # fmt: skip
    return [f"  {name}: {value}" for name, value in rows if value] + seen


def _clean(text: str) -> str:
    """No half surrogates, no control characters but the line's end."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return "".join(
        c if c in "\n\t" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text
    )
