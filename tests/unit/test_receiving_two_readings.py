"""Two readings of one page: what writes reports, and the schema that receives them, agree.

They were written without looking at one another. A report with random elements in random places
that the one writes and the other refuses is a mistake of one of them.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from breakwater.reporting.cybertipline import example
from breakwater.reporting.receiving import reading, rules
from breakwater.reporting.receiving.triage import triage

COUNT = 2_000 if os.environ.get("LONG") == "1" else 60
AFTER = datetime.now(UTC) + timedelta(days=1)


def test_every_report_that_is_written_here_is_taken_here() -> None:
    files = 0
    for name, xml in example.documents(COUNT, 11):
        if xml.lstrip().startswith(b"<?xml") and b"<fileDetails" in xml[:200]:
            rules.file_details(xml, now=AFTER)
            reading.file_facts(xml)
            files += 1
        else:
            rules.report(xml, now=AFTER)
            found = reading.contents(xml)
            assert triage(found, ()).reasons, name
            assert found.incident
    assert files > COUNT / 2
