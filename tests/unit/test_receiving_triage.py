"""How urgent a received report is: a child in danger before all, and every reason shown."""

from __future__ import annotations

import pytest

from breakwater.model.case import Priority
from breakwater.reporting.receiving.reading import Contents, FileFacts, Person
from breakwater.reporting.receiving.triage import LAST, RULES, USUAL, triage

PLAIN = "Child Pornography (possession, manufacture, and distribution)"


def said(*annotations: str) -> FileFacts:
    return FileFacts(annotations=frozenset(annotations))


@pytest.mark.parametrize(
    ("report", "files", "wanted"),
    [
        (Contents(PLAIN), (), Priority.MEDIUM),
        (Contents(PLAIN, escalation="Now."), (), Priority.NOW),
        (Contents(PLAIN, escalation="Now.", batched=True), (), Priority.NOW),
        (Contents(PLAIN, annotations=frozenset({"sadisticOnlineExploitation"})), (), Priority.NOW),
        (Contents(PLAIN), (said(), said("liveStreaming")), Priority.HIGH),
        (Contents(PLAIN), (said("infant"),), Priority.HIGH),
        (Contents("Online Enticement of Children for Sexual Acts"), (), Priority.HIGH),
        (Contents("Child Sexual Molestation"), (), Priority.HIGH),
        (Contents(PLAIN, people=(Person("victim"),)), (), Priority.HIGH),
        (Contents(PLAIN, people=(Person("reported"),)), (), Priority.MEDIUM),
        (Contents(PLAIN, batched=True), (said("potentialMeme"),), Priority.LOW),
    ],
)
def test_the_most_urgent_reason_decides(report: Contents, files, wanted: Priority):
    found = triage(report, files)
    assert found.priority is wanted
    assert found.reasons


def test_every_reason_is_shown_the_weightiest_first():
    report = Contents(
        PLAIN, escalation="Now.", annotations=frozenset({"sextortion"}), people=(Person("victim"),)
    )
    reasons = triage(report, (said("infant"),)).reasons
    assert len(reasons) == 4
    assert reasons[0] == RULES[0][1]
    ranks = [priority.rank for priority, why, _ in RULES if why in reasons]
    assert ranks == sorted(ranks)


def test_what_spread_widely_comes_last_and_says_why():
    assert triage(Contents(PLAIN, batched=True), ()).reasons == (LAST,)
    assert triage(Contents(PLAIN), ()).reasons == (USUAL,)
