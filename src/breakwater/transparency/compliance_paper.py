"""How the measures of a code stand, as JSON and as a PDF.

In: a `Compliance`. Out: text or bytes that depend on it alone. Read by the console, `GET
/v1/compliance` and `breakwater compliance report`. Tests: `tests/contract/test_measures.py`.
"""

from __future__ import annotations

import json
from typing import Any, Final

from breakwater.model.clock import iso
from breakwater.model.compliance import Compliance, MeasureState
from breakwater.transparency.sheet import BOLD, Sheet

FORMAT: Final = "breakwater-compliance-1"


def to_json(found: Compliance) -> str:
    """As JSON, indented, with an end of line."""
    return json.dumps(plain(found), indent=1, ensure_ascii=False) + "\n"


def plain(found: Compliance) -> dict[str, Any]:
    """As plain values."""
    return {
        "format": FORMAT,
        "code": {"id": found.code.id, "title": found.code.title, "source": found.code.source,
                 "edition": found.code.edition},
        "made_at": iso(found.made_at),
        "version": found.version,
        "measures": [_plain(one) for one in found.measures],
    }  # fmt: skip


def _plain(one: MeasureState) -> dict[str, Any]:
    return {
        "id": one.measure.id, "name": one.measure.name, "reference": one.measure.code,
        "on": one.checked.on, "since": None if one.since is None else iso(one.since),
        "why_off": one.checked.why,
        "proof": [
            {"what": proof.what, "value": proof.value, "rows": proof.rows}
            for proof in one.checked.proofs
        ],
        "history": [{"on": turned.on, "at": iso(turned.at)} for turned in one.history],
    }  # fmt: skip


def to_pdf(found: Compliance) -> bytes:
    """As a PDF."""
    paper = Sheet(f"Measures: {found.code.title}", "Measures of a code")
    paper.write("Measures and what proves them", font=BOLD, size=20.0)
    paper.write(found.code.title, size=11.0)
    paper.write(
        f"{found.code.edition}. {found.code.source} Made {iso(found.made_at)} by breakwater "
        f"{found.version}. Whether a measure is on is looked up in the rows that the work leaves.",
        size=8.5,
    )
    on = sum(one.checked.on for one in found.measures)
    paper.write(f"{on} of {len(found.measures)} are on.", font=BOLD)
    for one in found.measures:
        paper.part(one.measure.name)
        since = "" if one.since is None else f" since {iso(one.since)}"
        state = "On" if one.checked.on else "Off"
        paper.write(f"{state}{since}. Reference: {one.measure.code}.")
        if one.checked.why:
            paper.write(one.checked.why)
        if one.checked.proofs:
            paper.table(
                ["proof", "figure", "rows"],
                [(proof.what, proof.value, proof.rows) for proof in one.checked.proofs],
                first=0.5,
            )
    return paper.done()
