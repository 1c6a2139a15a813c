"""Papers that go with an evidence package: what a court, an officer or counsel reads.

In: `model.package.PackageFacts`. Out: PDF and CSV, the same bytes for the same facts. Asked for by
`reporting.packages`.
"""

from __future__ import annotations

from breakwater.model.package import PackageFacts
from breakwater.reporting.papers.certificate import Rule, fre902
from breakwater.reporting.papers.cover import cover
from breakwater.reporting.papers.disclosure import schedule_csv, schedule_pdf
from breakwater.reporting.papers.statement import s9

__all__ = ["Rule", "cover", "every", "fre902", "s9", "schedule_csv", "schedule_pdf"]


def every(facts: PackageFacts) -> dict[str, bytes]:
    """All papers of a package by the names of their files."""
    return {
        "cover.pdf": cover(facts),
        "disclosure-schedule.pdf": schedule_pdf(facts),
        "disclosure-schedule.csv": schedule_csv(facts),
        **{f"draft-fre-902-{rule}.pdf": fre902(facts, rule) for rule in Rule},
        "draft-uk-s9-statement.pdf": s9(facts),
    }
