"""A report's JSON in the shape of NCMEC's form, and back, where the two are not built alike.

In: `Report.plain()`, or what `read` found in XML. Out: the same members where the form has them:
the kind of incident in its summary, the sum of a file among its details, and a time that lies
ahead of the clock as the latest there may be, with the told one stated in its description. Tests:
`tests/property/test_cybertipline_xml.py`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from breakwater.model import report_json
from breakwater.model.report import DetailKind, Report, ReportFile

SUMS: Final = {"sha256": "SHA-256 of this file", "md5": "MD5 of this file"}
_AHEAD: Final = "[As told: {}, which had not surely passed by every clock when this was written.]"
_TOLD: Final = re.compile(
    re.escape(_AHEAD).replace(re.escape("{}"), "(?P<at>[-+:.TZ0-9]+)") + r"(?: (?P<note>.*))?",
    re.DOTALL,
)


def report_told(report: Report, latest: datetime) -> dict[str, Any]:
    """The members of a report as the form has them; its files are told one by one."""
    told = report.plain()
    del told["files"]
    summary = told["summary"]
    summary["kind"] = told.pop("kind")
    if report.summary.at > latest:
        stated = _AHEAD.format(summary["at"])
        summary["at_note"] = f"{stated} {summary['at_note']}" if summary["at_note"] else stated
        summary["at"] = latest.isoformat()
    return told


def report_said(told: dict[str, Any]) -> dict[str, Any]:
    """What `report_told` made, as `Report.read` takes it."""
    summary = told.get("summary", {})
    if "kind" in summary:
        told["kind"] = summary.pop("kind")
    stated = _TOLD.fullmatch(summary.get("at_note", ""))
    if stated:
        summary["at"] = stated["at"]
        summary["at_note"] = stated["note"] or ""
    return told


def details_told(file: ReportFile) -> dict[str, Any]:
    """The members of a file as the form has them, without where its bytes are kept here."""
    told: dict[str, Any] = report_json.plain(file)
    del told["blob"]
    sums = {name: told.pop(member) for member, name in SUMS.items()}
    pairs = [{"name": name, "value": value} for name, value in sums.items() if value]
    if pairs:
        told["details"] = [{"kind": DetailKind.HASH.value, "pairs": pairs}, *told["details"]]
    return told


def details_said(told: dict[str, Any]) -> dict[str, Any]:
    """What `details_told` made, as a file of `Report.read`."""
    told.pop("report_id", None)
    told.pop("file_id", None)
    members = {name: member for member, name in SUMS.items()}
    details = told.get("details") or [{}]
    pairs = details[0].get("pairs", [])
    if pairs and all(one.get("name") in members for one in pairs):
        told.update({members[one["name"]]: one["value"] for one in pairs})
        told["details"] = details[1:]
    return told
