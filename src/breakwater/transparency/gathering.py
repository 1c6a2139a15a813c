"""Every figure of a period, read in one snapshot.

In: a period. Out: a `Report`, with small counts suppressed before anything leaves this module. The
same period gives the same report as long as its rows stand; only `made_at` tells when. Read by the
console, `GET /v1/transparency` and `breakwater transparency report`. Contract:
`tests/contract/test_records_transparency.py`.
"""

from __future__ import annotations

from breakwater.model import suppression
from breakwater.model.transparency import Count, Period, Prevalence, Report
from breakwater.records import transparency as figures
from breakwater.records import transparency_spots, transparency_waits, watchers
from breakwater.records.database import Database, Tx
from breakwater.transparency import prevalence

ALL = "all"
"""The key of a total."""
CHILDREN = "children"
"""The key of the total of outcomes."""


class Figures:
    """Makes reports."""

    def __init__(self, *, db: Database, version: str) -> None:
        self._db, self._version = db, version

    def report(self, period: Period) -> Report:
        """The report of a period."""
        with self._db.read() as tx:
            return Report(
                period=period,
                made_at=tx.now,
                version=self._version,
                services=figures.services(tx, period),
                tables={
                    "items": tuple(figures.items(tx, period)),
                    "verdicts": tuple(figures.verdicts(tx, period)),
                    "messages": tuple(figures.messages(tx, period)),
                    "matches": tuple(figures.matches(tx, period)),
                    "decisions": tuple(figures.decided(tx, period)),
                    "overturned": tuple(figures.overturned(tx, period)),
                    "filings": tuple(figures.filed(tx, period)),
                    "requests": tuple(figures.requested(tx, period)),
                    "refusals": tuple(figures.refusals(tx, period)),
                    "countries": _countries(tx, period),
                    "outcomes": _outcomes(tx, period),
                },
                waits=tuple(transparency_waits.waits(tx, period)),
                prevalence=_prevalence(tx, period),
            )


def _countries(tx: Tx, period: Period) -> tuple[Count, ...]:
    """Viewers of cases by country, certain apart from uncertain, each with its total."""
    lines: dict[str, dict[str, int]] = {"certain": {}, "uncertain": {}}
    for code, how, people, _ in watchers.countries(tx, period.start, period.end):
        line = lines["certain" if how == "certain" else "uncertain"]
        line[code or "unknown"] = line.get(code or "unknown", 0) + people
    out = []
    for how, counts in lines.items():
        told = suppression.suppressed(counts)
        out += [Count((code, how), told[code]) for code in sorted(counts)]
        out.append(Count((ALL, how), suppression.total(counts, told)))
    return tuple(out)


def _outcomes(tx: Tx, period: Period) -> tuple[Count, ...]:
    """What became of children, with its total: no count by which a few could be told apart."""
    counts = figures.outcomes(tx, period)
    told = suppression.suppressed(counts)
    whole = Count((CHILDREN,), suppression.total(counts, told))
    return (*(Count((one,), told[one]) for one in counts), whole)


def _prevalence(tx: Tx, period: Period) -> Prevalence:
    """What spot checks tell of how much there is; `off` names why they tell nothing."""
    stated = transparency_spots.bases(tx)
    if not stated:
        return Prevalence(off="never_on")
    rounds, left_out = transparency_spots.rounds(tx, period, list(stated))
    strata = tuple(transparency_spots.strata(tx, period, list(stated)))
    if not strata:
        return Prevalence(off="no_rounds", basis=tuple(dict.fromkeys(stated.values())))
    return Prevalence(
        basis=tuple(dict.fromkeys(stated.values())),
        streams=prevalence.streams(strata),
        views=prevalence.views(strata),
        strata=strata,
        rounds=rounds,
        drawn=sum(one.drawn for one in strata),
        looked=sum(one.looked for one in strata),
        found=sum(one.n_found for one in strata),
        undecided=sum(one.n_undecided for one in strata),
        left_out=left_out,
    )
