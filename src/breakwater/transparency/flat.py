"""A report as CSV and as JSON: every figure once, named, in the same order each time.

Suppressed counts are an empty value with the note `suppressed`, so that no reader takes them for
zero. Two reports of the same rows are the same bytes but for `made_at`. Tests:
`tests/unit/test_transparency_papers.py`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from breakwater.model.clock import iso
from breakwater.model.transparency import TABLES, Count, Prevalence, Report, Share, Wait

FORMAT: Final = "breakwater-transparency-1"
HEAD: Final = ("figure", "key_1", "key_2", "value", "low", "high", "note")
SUPPRESSED: Final = "suppressed"

DESIGN: Final = (
    "Public broadcasts that run are drawn at random in each ten minutes, with a chance that is known "
    "and kept, in strata by viewers and by whether the account was seen before (systematic, "
    "proportional to weight; Madow 1949). A share is weighted back by one over the chance in each "
    "stratum, and strata by the sizes that were written down. Intervals of 95 %: Clopper and Pearson "
    "by the effective size in each stratum (Korn and Graubard 1998), put together by the squares of "
    "their distances (Zou and Donner 2008); finite where nothing was found. What nobody looked at "
    "is not counted; what waits for a decision is nothing at the lower end and illegal at the upper. "
    "Broadcasts that were stopped are in no frame."
)

Row = tuple[str, str, str, str, str, str, str]


def to_json(report: Report) -> str:
    """The report as JSON, indented, with an end of line."""
    return json.dumps(plain(report), indent=1, ensure_ascii=False, sort_keys=False) + "\n"


def plain(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "format": FORMAT,
        "period": {"from": report.period.first.isoformat(), "to": report.period.last.isoformat()},
        "made_at": iso(report.made_at),
        "version": report.version,
        "services": list(report.services),
        "tables": {
            name: [
                dict(zip(TABLES[name], one.keys, strict=True)) | {"n": one.n}
                | ({"suppressed": True} if one.n is None else {})
                for one in counts
            ]
            for name, counts in report.tables.items()
        },
        "waits": [_wait(one) for one in report.waits],
        "prevalence": _prevalence(report.prevalence),
    }  # fmt: skip


def to_csv(report: Report) -> str:
    """The report as CSV (RFC 4180), one figure a line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    writer.writerows(rows(report))
    return out.getvalue()


def matrix(counts: Iterable[Count]) -> dict[str, dict[str, int]]:
    """Counts of two keys by the first and then the second."""
    out: dict[str, dict[str, int]] = {}
    for one in counts:
        out.setdefault(one.keys[0], {})[one.keys[1]] = one.n or 0
    return out


def rows(report: Report) -> Iterator[Row]:
    """Each figure as a row of `HEAD`."""
    yield ("period", "from", "", report.period.first.isoformat(), "", "", "")
    yield ("period", "to", "", report.period.last.isoformat(), "", "", "")
    yield ("made_at", "", "", iso(report.made_at), "", "", "")
    for name, counts in report.tables.items():
        for one in counts:
            first, second = (*one.keys, "")[:2]
            value, note = ("", SUPPRESSED) if one.n is None else (str(one.n), "")
            yield (name, first, second, value, "", "", note)
    for wait in report.waits:
        hour = "all_day" if wait.hour is None else f"{wait.hour:02}"
        yield ("flags", hour, "", str(wait.flags), "", "", "")
        yield ("flags_waiting", hour, "", str(wait.waiting), "", "", "")
        for name, seconds in (("median", wait.median_s), ("p95", wait.p95_s)):
            value, note = ("", "none") if seconds is None else (f"{seconds:.1f}", "")
            yield ("flag_to_person_s", hour, name, value, "", "", note)
    yield from _spots(report.prevalence)


def _spots(found: Prevalence) -> Iterator[Row]:
    if found.off:
        yield ("prevalence", "", "", "", "", "", found.off)
        return
    for name, share in (("streams", found.streams), ("views", found.views)):
        if share is not None:
            value, note = (
                ("", "nothing_looked_at") if share.value is None else (_p(share.value), "")
            )
            yield ("prevalence", name, "", value, _p(share.low), _p(share.high), note)
            yield ("prevalence_covered", name, "", _p(share.covered), "", "", "")
    for name in ("rounds", "drawn", "looked", "found", "undecided"):
        yield ("spot_checks", name, "", str(getattr(found, name)), "", "", "")
    for one in found.strata:
        for name in ("streams", "viewers", "drawn", "looked", "n_found"):
            yield ("strata", one.name, name, str(getattr(one, name)), "", "", "")
    for why, n in found.left_out.items():
        yield ("left_out", why, "", str(n), "", "", "")
    for basis in found.basis:
        yield ("lawful_basis", "", "", basis, "", "", "")


def _p(share: float) -> str:
    return f"{share:.8f}"


def _wait(one: Wait) -> dict[str, Any]:
    return {
        "hour": one.hour, "flags": one.flags, "waiting": one.waiting,
        "median_s": _seconds(one.median_s), "p95_s": _seconds(one.p95_s),
    }  # fmt: skip


def _seconds(found: float | None) -> float | None:
    return None if found is None else round(found, 1)


def _prevalence(found: Prevalence) -> dict[str, Any]:
    if found.off:
        return {"off": found.off, "basis": list(found.basis)}
    return {
        "streams": _share(found.streams), "views": _share(found.views), "design": DESIGN,
        "basis": list(found.basis), "rounds": found.rounds, "drawn": found.drawn,
        "looked": found.looked, "found": found.found, "undecided": found.undecided,
        "left_out": dict(found.left_out),
        "strata": [
            {
                "name": one.name, "streams": one.streams, "viewers": one.viewers,
                "drawn": one.drawn, "looked": one.looked, "found": one.n_found,
                "undecided": one.n_undecided,
            }
            for one in found.strata
        ],
    }  # fmt: skip


def _share(found: Share | None) -> dict[str, Any] | None:
    if found is None:
        return None
    value = None if found.value is None else round(found.value, 8)
    return {
        "value": value, "low": round(found.low, 8), "high": round(found.high, 8),
        "covered": round(found.covered, 8),
    }  # fmt: skip
