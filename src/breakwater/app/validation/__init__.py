"""Known answers, computed anew on this machine: what `breakwater validate` reports to an expert.

In: the jail, a clock, and the answers that ship in `known/` with their sources. Out: one
`Validation` with a `Finding` for each answer, right or wrong, and what it was computed with. The
answers come from others (published vectors, reference programs), never from the code that is
tried. Tests: `tests/integration/test_validate.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from breakwater.app.validation.answers import Answers
from breakwater.app.validation.findings import Finding, Validation
from breakwater.app.validation.machine import made_with
from breakwater.app.validation.media import codecs, distances, exact, pictures
from breakwater.app.validation.proofs import digests, reports, signatures, tree
from breakwater.app.validation.timeline import clip, stretches
from breakwater.media.sandbox import JailPool
from breakwater.model.clock import Clock

__all__ = ["Answers", "Finding", "Validation", "validate"]

Check = Callable[[JailPool, Answers], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (
    digests, exact, pictures, distances, codecs, clip, stretches, tree, signatures, reports,
)  # fmt: skip


def validate(
    pool: JailPool, clock: Clock, *, answers: Answers | None = None,
    told: Callable[[Finding], None] = lambda _: None,
) -> Validation:  # fmt: skip
    """Compute every known answer.

    Args:
        pool: the jail in which media are decoded.
        clock: says when it was done.
        answers: other ones than those that ship.
        told: hears each finding as it is made.
    """
    chosen = answers or Answers.shipped()
    began = clock.now()
    findings = []
    for check in CHECKS:
        for finding in _guarded(check, pool, chosen):
            findings.append(finding)
            told(finding)
    return Validation(began, clock.now(), tuple(findings), made_with(pool))


def _guarded(check: Check, pool: JailPool, answers: Answers) -> Iterator[Finding]:
    """What cannot be computed is wrong, and stops no other answer."""
    try:
        yield from check(pool, answers)
    except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, not the end
        name = check.__name__.replace("_", " ").capitalize()
        yield Finding(name, "every answer", "computed", f"{type(error).__name__}", right=False)
