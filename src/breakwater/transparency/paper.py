"""The report as a PDF: tables and plots that print well, drawn as lines and letters.

In: a `Report`. Out: bytes that depend on it alone: no clock and no random number goes in, so that
the same rows print the same paper. Plots are those of `plots`. Tests: `tests/unit/test_transparency_papers.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from breakwater.model.clock import iso
from breakwater.model.transparency import Count, Report, Share
from breakwater.transparency import plots
from breakwater.transparency.flat import DESIGN, matrix
from breakwater.transparency.sheet import BOLD, Sheet
from breakwater.transparency.words import OFF, TITLES, named, seconds, share


def to_pdf(report: Report) -> bytes:
    """The report as a PDF."""
    paper = Sheet(f"Transparency report {report.period}", "Figures of a period")
    _title(paper, report)
    paper.part("How much there is")
    _prevalence(paper, report)
    for name, counts in report.tables.items():
        paper.part(TITLES[name])
        if name == "matches":
            _matches(paper, counts)
            continue
        if name == "decisions":
            paper.plot(
                plots.bars([(_name(one), float(one.n or 0), f"{one.n:,}") for one in counts])
            )
        paper.table(["what", "count"], [_cells(one) for one in counts])
    paper.part("From a flag to a person, by hour of the day (UTC)")
    _waits(paper, report)
    return paper.done()


def _title(paper: Sheet, report: Report) -> None:
    """The head of the first page."""
    paper.write("Transparency report", font=BOLD, size=22.0)
    paper.write(
        f"{report.period.first:%d %B %Y} to {report.period.last:%d %B %Y} (UTC), both days "
        "included", size=10.5,
    )  # fmt: skip
    services = ", ".join(one or "without a name" for one in report.services) or "none"
    paper.write(
        f"Services: {services}. Made {iso(report.made_at)} by breakwater {report.version}. Counts "
        'below 5 by country are "suppressed", with as many others as it takes to hide them.',
        size=8.5,
    )


def _matches(paper: Sheet, counts: Sequence[Count]) -> None:
    """By detector as bars, by detector and surface as a table."""
    found = matrix(counts)
    surfaces = list(dict.fromkeys(one.keys[1] for one in counts))
    totals = [(named(detector), sum(row.values())) for detector, row in found.items()]
    paper.plot(plots.bars([(name, float(n), f"{n:,}") for name, n in totals]))
    paper.table(
        ["", *(named(surface) for surface in surfaces)],
        [
            (named(detector), *(f"{row.get(surface, 0):,}" for surface in surfaces))
            for detector, row in found.items()
        ],
    )  # fmt: skip


def _prevalence(paper: Sheet, report: Report) -> None:
    found = report.prevalence
    if found.off:
        paper.write(OFF[found.off])
        return
    shares = [("of broadcasts", found.streams), ("of views", found.views)]
    told = [(name, one) for name, one in shares if one is not None]
    paper.plot(
        plots.whiskers(
            [(name, one.value, one.low, one.high, interval(one)) for name, one in told], share
        )
    )
    paper.write(
        f"{found.looked:,} of {found.drawn:,} draws in {found.rounds:,} rounds were looked at; "
        f"{found.found:,} were found illegal, {found.undecided:,} wait for a decision."
    )
    paper.write(DESIGN, size=8.0)
    for basis in found.basis:
        paper.write(f"Lawful basis: {basis}", size=8.0)
    paper.table(
        ["stratum", "broadcasts", "viewers", "drawn", "looked at", "found"],
        [
            (one.name, f"{one.streams:,}", f"{one.viewers:,}", f"{one.drawn:,}",
             f"{one.looked:,}", f"{one.n_found:,}")
            for one in found.strata
        ],
    )  # fmt: skip


def interval(found: Share) -> str:
    """A share with its interval in words."""
    if found.value is None:
        return "nothing was looked at"
    return f"{share(found.value)}  (95 %: {share(found.low)} to {share(found.high)})"


def _waits(paper: Sheet, report: Report) -> None:
    each = [one for one in report.waits if one.hour is not None]
    paper.plot(plots.hours([(one.median_s, one.p95_s) for one in each], seconds))
    paper.write("Dark: median. Pale: 95th percentile. Of flags that a person has had.", size=8.0)
    paper.table(
        ["hour", "flags", "waiting", "median", "95th percentile"],
        [
            ("all day" if one.hour is None else f"{one.hour:02}:00", f"{one.flags:,}",
             f"{one.waiting:,}", seconds(one.median_s), seconds(one.p95_s))
            for one in report.waits if one.flags or one.hour is None
        ],
    )  # fmt: skip


def _name(one: Count) -> str:
    return " · ".join(named(key) for key in one.keys)


def _cells(one: Count) -> tuple[str, str]:
    return _name(one), "suppressed" if one.n is None else f"{one.n:,}"
