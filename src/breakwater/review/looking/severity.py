"""How severe a thing is known to be, before anybody looks at it.

In comes a case or an item of a set; out goes severe, less, or unknown. Known is what a person
answered before (of the thing itself, or of the one it is a copy of), what a scheme made of it,
and what a bank's label announces; a source's claim may announce something severe and never clears
anything. The exposure clock counts what is known; what nobody knows is not opened by somebody
who has met enough severe items, and counts once somebody has judged it
(decision 0016). Asked by `review.looking.views`,
`review.looking.grade_views` and `review.queueing`. Tests: `tests/contract/test_review_steering.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from breakwater.model.case import Case
from breakwater.model.facts import ItemFacts
from breakwater.model.grading import GradeItem
from breakwater.model.upload import Upload
from breakwater.records import decisions, gradesets, grading, quality, schemes, uploads
from breakwater.records.database import Tx
from breakwater.review.looking import policy
from breakwater.review.looking.policy import Severity

GRAVEST_CLAIMS: Final = frozenset({("uk", 1)})
"""Context and category of a source that announce something severe: UK 1 is category A. US 1 is
all abuse material, so that it says nothing of how severe an item is."""


def of_case(tx: Tx, case: Case) -> Severity:
    """What is known of a case: its decisions, and the labels of what its upload matched."""
    judged = [said.facts.item for said in decisions.of_case(tx, case.id) if said.stands]
    upload = uploads.find(tx, case.subject)
    announced = [Severity.SEVERE] if upload is not None and _announced(upload) else []
    return _gravest([*announced, *map(_of_facts, judged)])


def of_look(tx: Tx, case: Case, found: Iterable[Upload]) -> Severity:
    """What a look within a case counts as: unlabelled matches are no ground to keep it shut."""
    announced = any(_announced(upload) for upload in found)
    severe = announced or of_case(tx, case) is Severity.SEVERE
    return Severity.SEVERE if severe else Severity.LESS


def of_items(tx: Tx, items: Iterable[GradeItem]) -> Severity:
    """Of several items of a set together: severe when one is, less when all are."""
    found = {of_item(tx, item) for item in items}
    return next((one for one in (Severity.SEVERE, Severity.UNKNOWN) if one in found), Severity.LESS)


def of_item(tx: Tx, item: GradeItem) -> Severity:
    """What is known of an item of a set, by itself and by the one whose facts it takes."""
    found = [_by_answers(tx, item.number)]
    if item.leader is not None:
        found.append(_by_answers(tx, item.leader))
    upload = uploads.find(tx, item.upload) if item.upload else None
    if upload is not None and _announced(upload):
        found.append(Severity.SEVERE)
    if upload is not None and upload.case is not None:
        said = decisions.of_case(tx, upload.case)
        found += [_of_facts(one.facts.item) for one in said if one.stands]
    if (_context(tx, item), item.claims.get("category")) in GRAVEST_CLAIMS:
        found.append(Severity.SEVERE)
    return _gravest(found)


def _by_answers(tx: Tx, number: int) -> Severity:
    """By earlier answers, as gold, and by what any scheme made of them."""
    gold = quality.gold_of(tx, number)
    answered = [one.facts for one in grading.counting(tx, number)]
    settled = [one.facts for one in grading.results(tx, number)[-1:]]
    codes = [code for one in schemes.of_item(tx, number).values() for code in one.codes]
    found = [_of_facts(facts) for facts in (*answered, *settled, gold.facts if gold else None)]
    return _gravest([*found, *([Severity.SEVERE] if policy.severe(codes) else [])])


def _context(tx: Tx, item: GradeItem) -> str:
    return gradesets.get(tx, item.set).context.casefold()


def _announced(upload: Upload) -> bool:
    """Whether an upload's matches announce something severe."""
    return any(
        match.acting and not match.negative and policy.severe(match.labels)
        for match in (upload.verdict.matches if upload.verdict else ())
    )


def _of_facts(facts: ItemFacts | None) -> Severity:
    if facts is None:
        return Severity.UNKNOWN
    return Severity.SEVERE if facts.activity in policy.SEVERE_ACTS else Severity.LESS


def _gravest(found: Iterable[Severity]) -> Severity:
    known = set(found)
    return next((one for one in (Severity.SEVERE, Severity.LESS) if one in known), Severity.UNKNOWN)
