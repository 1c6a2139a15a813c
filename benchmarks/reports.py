"""Reports filed while their sender is killed and the receiving side loses requests and answers.

Both sides are real: our sender with its database, forked warm and killed at points it reaches or
after some milliseconds; `breakwater reports serve --dialect ispws` as the receiving side, with 8 %
lost requests, 8 % lost answers, 3 % errors and 2 % wrong MD5. Each report carries a mark, so that
the receiving side says what was lost, filed twice, or left open. Beside it a client that keeps no
state between calls and believes HTTP's status, as existing ones do, in the same run.
"""

import os
import random
import tempfile
import time
from pathlib import Path

from tests.integration.ispws_site import receiving
from tests.integration.killed_reports import MISBEHAVES, Outbox, Tally

from benchmarks.harness import Result, Row, Target, quick

OURS, NAIVE = "breakwater", "no state between calls (reimplemented)"
AT_ONCE = 20
NAIVE_KILLS = 100


def filed(kills: int, seed: int, *, naive: bool = False) -> tuple[Tally, int, float]:
    """What is true after so many kills; answers kills and seconds too."""
    draw, start = random.Random(seed), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with receiving(place / "receiver") as receiver:
            receiver.plan(seed=seed, faults=list(MISBEHAVES))
            outbox = Outbox(place, receiver, naive=naive)
            try:
                outbox.add(AT_ONCE, draw)
                while outbox.kills < kills:
                    if outbox.strike(draw.getrandbits(32)) == 0:
                        outbox.add(AT_ONCE, draw)
                receiver.forget()
                outbox.strike(None)
            finally:
                outbox.close()
            return outbox.tally(), outbox.kills, time.perf_counter() - start


def rows_of(subject: str, found: Tally, kills: int, seconds: float) -> list[Row]:
    """As the table shows them."""
    case = f"{kills} kills"
    told = {
        "reports wanted": found.filings, "lost": found.lost, "filed twice": found.twice,
        "filed without all files described": found.incomplete,
        "opened and never finished": found.orphans, "of these not listed": found.unlisted,
    }  # fmt: skip
    rows = [Row(case, subject, name, value, "reports") for name, value in told.items()]
    return [*rows, Row(case, subject, "seconds", seconds, "s")]


def run() -> Result:
    """Ours with 200 kills, 5,000 with LONG=1, and a naive client beside it."""
    kills = 5_000 if os.environ.get("LONG") == "1" else 40 if quick() else 200
    ours, died, seconds = filed(kills, seed=7)
    rows = rows_of(OURS, ours, died, seconds)
    naive, naive_died, naive_seconds = filed(min(kills, NAIVE_KILLS), seed=7, naive=True)
    rows += rows_of(NAIVE, naive, naive_died, naive_seconds)
    return Result(
        "reports",
        tuple(rows),
        (
            Target.at_most("reports lost", ours.lost, 0),
            Target.at_most("reports filed twice", ours.twice, 0),
            Target.at_most("open reports that no list names", ours.unlisted, 0),
            Target.at_most("reports filed without all of their files", ours.incomplete, 0),
            Target.at_least("kills", died, kills),
        ),
        ("Waits between tries are shortened to milliseconds; everything else is as it runs.",),
    )
