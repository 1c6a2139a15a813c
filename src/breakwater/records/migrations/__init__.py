"""The schema's history: one chain of revisions, run by `records.migrate` from the package.

A new revision: change the tables, then `python -m breakwater.records.draft NAME`,
read what it wrote, set `HEAD`. `tests/migration/` runs the whole chain on both databases and
fails when it does not end where the tables are. Never rename in a batch operation.
"""

from typing import Final

HEAD: Final = "0016"
"""The newest revision: what this program reads and writes."""
