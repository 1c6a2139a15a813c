"""Senders killed at any point, a receiving side that loses things: none lost, none filed twice."""

from __future__ import annotations

import os
import random

from tests.integration.ispws_site import receiving
from tests.integration.killed_reports import MISBEHAVES, Outbox

KILLS = 5_000 if os.environ.get("LONG") == "1" else 200


def test_reports_survive_kills_of_their_sender(tmp_path):
    draw = random.Random(6)
    with receiving(tmp_path / "receiver") as receiver:
        receiver.plan(seed=6, faults=list(MISBEHAVES))
        outbox = Outbox(tmp_path, receiver)
        try:
            outbox.add(20, draw)
            while outbox.kills < KILLS:
                if outbox.strike(draw.getrandbits(32)) == 0:
                    outbox.add(20, draw)
            receiver.forget()
            assert outbox.strike(None) == 0
        finally:
            outbox.close()
        found = outbox.tally()
    assert (found.lost, found.twice, found.unlisted, found.incomplete) == (0, 0, 0, 0), found
    assert found.orphans, "a killed sender leaves some"
