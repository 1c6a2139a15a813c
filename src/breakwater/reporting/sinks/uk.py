"""The UK's report: fields, times and degrees of urgency as data over the larger report.

In: a report and a profile (`uk.toml`, or an operator's copy). Out: `report.json` with the
profile's fields, the assessment of urgency, the declaration that all reasonably available
information is in it, and what it adds to; what is not known is named, never left out silently
(Online Safety Act 2023 s.66, SI 2026/268; reference law). Tests: `tests/contract/test_report_sinks.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO, Final

from breakwater.errors import BadSettings
from breakwater.model.filing import Answer, Filing
from breakwater.model.recipient import Parcel
from breakwater.model.report import Report
from breakwater.reporting.sinks.referral import Delivery, reference, told, written

SHIPPED: Final = "uk.toml"
FORM: Final = "breakwater uk report 1"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the recipient's form.

    Attributes:
        path: where in the larger report it stands, `reported[].captures[].port`; empty: `value`.
        needed: a report without it is not sent; `why` says what it is for.
    """

    name: str
    path: str = ""
    value: str = ""
    needed: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """A recipient's form as data.

    Attributes:
        urgency: its words for `danger`, `running` and `otherwise`.
        declaration: what is declared; empty: nothing is.
    """

    law: str
    fields: tuple[Field, ...]
    urgency: Mapping[str, str]
    declaration: str
    due: timedelta
    due_urgent: timedelta


def profile(own: Path | None = None) -> Profile:
    """The shipped profile, or an operator's.

    Raises:
        BadSettings: the file cannot be read, or is no profile.
    """
    try:
        text = (
            resources.files(__package__).joinpath(SHIPPED).read_text()
            if own is None
            else own.read_text(encoding="utf-8")
        )
        told_ = tomllib.loads(text)
        fields = tuple(
            Field(
                str(row["name"]), str(row.get("from", "")), str(row.get("value", "")),
                bool(row.get("needed", False)), str(row.get("why", "")),
            )
            for row in told_["field"]
        )  # fmt: skip
        return Profile(
            law=str(told_["law"]), fields=fields, urgency=dict(told_["urgency"]),
            declaration=str(told_.get("declaration", "")),
            due=timedelta(hours=float(told_["due_hours"])),
            due_urgent=timedelta(hours=float(told_["due_urgent_hours"])),
        )  # fmt: skip
    except (OSError, UnicodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as e:
        raise BadSettings(f"A profile of a recipient cannot be read: {type(e).__name__}.") from None


class UkReport:
    """Writes by a profile."""

    def __init__(self, way: Delivery, form: Profile) -> None:
        """Take the way over and the form."""
        self._way = way
        self._form = form

    def lacks(self, report: Report) -> Sequence[str]:
        """Fields that must be there, and the declaration."""
        plain = report.plain()
        missing = [
            f"{one.name} is not known. {one.why}".strip()
            for one in self._form.fields
            if one.needed and not values_at(plain, one.path)
        ]
        if self._form.declaration and report.complete is not True:
            missing.append(
                "Nobody has declared that all reasonably available information is in it."
            )
        return missing

    def papers(self, report: Report, filing: Filing) -> Mapping[str, bytes]:
        """The form, the whole report, and the same to read."""
        plain = report.plain()
        found = {
            one.name: one.value or values_at(plain, one.path) for one in self._form.fields
        }  # fmt: skip
        body: dict[str, Any] = {
            "form": FORM, "law": self._form.law, "number": reference(filing),
            "urgency": report.urgency or self.urgency(report, urgent=filing.urgent),
            "fields": {name: value for name, value in found.items() if value},
            "not_known": sorted(name for name, value in found.items() if not value),
            "declaration": self._form.declaration if report.complete else "",
        }  # fmt: skip
        whole = {"number": reference(filing), "report": plain}
        return {
            "report.json": written(body), "whole.json": written(whole),
            "read-me.txt": told(report, filing).encode(),
        }  # fmt: skip

    def urgency(self, report: Report, *, urgent: bool) -> str:
        """How urgent, in the recipient's words."""
        which = "otherwise"
        if urgent or report.summary.escalate:
            which = "danger" if "danger" in report.summary.escalate else "running"
        return str(self._form.urgency.get(which, which))

    def hand_over(self, parcel: Parcel, filing: Filing, source: BinaryIO) -> Answer | None:
        """By its way."""
        return self._way.hand_over(parcel, filing, source)


def values_at(plain: Any, path: str) -> list[Any]:
    """Everything at a path of a report as JSON, what is empty left out.

    >>> values_at({"a": [{"b": 1}, {"b": None}, {"c": 2}]}, "a[].b")
    [1]
    """
    found = [plain]
    for step in path.split(".") if path else ():
        name, many = step.removesuffix("[]"), step.endswith("[]")
        inner = [one.get(name) for one in found if isinstance(one, Mapping)]
        found = [each for one in inner if one for each in one] if many else inner
    return [one for one in found if one not in (None, "", [], {})] if path else []
