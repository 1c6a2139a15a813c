"""The engine over chats: alarms with reasons, abstaining, budgets, teaching, restarts.

The reader here is arithmetic: a message is the number it says. What real text weighs is tested
where text is read.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from breakwater.comments.calibrate import Band, Budget, Calibration, histogram
from breakwater.comments.chat import LANGS
from breakwater.comments.engine import Engine, Heard, Read
from breakwater.comments.explain import ABSTAINED, LOST, UNCOUNTED
from breakwater.comments.limits import FIXED
from breakwater.errors import BadInput
from breakwater.model.comment import (
    Cue,
    Level,
    Message,
    MessageKind,
    Scored,
    Share,
    Source,
)

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
POSITIVE = histogram(np.random.default_rng(1).normal(4, 1.5, 4_000))
PEOPLE = Budget(pages=6, people=5, streams=600)


class Numbers:
    """`raw listed directive`: a score, nats of a list, and whether it is a directive."""

    def read(
        self, text: str, lang: str | None = None, ago: Mapping[Cue, float] | None = None
    ) -> Read:
        raw, listed, *rest = text.split()
        by = [Share(Source.MODEL, float(raw), "numbers/1")]
        if float(listed):
            by.append(Share(Source.LEXICON, float(listed), "list-a/e1"))
        scored = Scored(sum(one.nats for one in by), tuple(by), lang=lang or "und")
        cues = (Cue.DIRECTIVE,) if rest else ()
        return Read(scored, zlib.crc32(text.encode()), None if lang is None else float(raw), cues)


def engine(calibration: Calibration | None = None) -> Engine:
    return Engine(
        reader=Numbers(), calibration=calibration or Calibration({"en": POSITIVE}), budget=PEOPLE,
        secret=b"0123456789abcdef",
    )  # fmt: skip


def said(
    made: Engine, n: int, at_s: float, text: str, *, author: str = "ann", stream: str = "s1",
    kind: MessageKind = MessageKind.COMMENT, lang: str | None = "en",
) -> Heard:  # fmt: skip
    when = START + timedelta(seconds=at_s)
    return made.take(stream, "site", Message(f"m{n}", author, when, text, lang, kind))


def taught() -> Calibration:
    """Two hours of each of sixty ordinary streams."""
    random = np.random.default_rng(20261122)
    calibration = Calibration({"en": POSITIVE})
    made = engine(calibration)
    for stream in range(60):
        for n in range(360):
            text = f"{random.normal(-4, 1.5):.3f} 0"
            said(made, n, 20.0 * n, text, author=f"a{stream}-{n % 60}", stream=f"t{stream}")
    return calibration


@pytest.fixture(scope="module")
def learned() -> Calibration:
    return taught()


def test_five_accounts_with_nothing_blatant_alarm_and_say_why(learned: Calibration) -> None:
    made = engine(learned)
    alarms, n = [], 0
    for step in range(120):
        n += 1
        said(made, n, 10.0 * step, "-4.5 0", author=f"b{step % 40}")
        if step >= 30 and step % 2 == 0:
            n += 1
            heard = said(
                made, n, 10.0 * step + 3, f"{1.5 + step % 5 / 10} 0", author=f"x{step % 5}"
            )
            assert heard.scored.nats < 9
            alarms += heard.alarms
    first = next(one for one in alarms if one.level is Level.STREAM)
    assert (first.at - START).total_seconds() < 300 + 300
    assert first.evidence >= first.threshold
    assert len(first.why.messages) <= 10
    assert {one.author for one in first.why.messages} <= {f"x{k}" for k in range(5)}
    assert first.why.messages[0].by[0].source is Source.MODEL
    assert first.why.authors[0].author.startswith("x")
    assert first.why.clears_in_s > 0
    assert first.why.benign_hours > 0
    assert not first.why.abstained


def test_ordinary_chat_does_not_alarm(learned: Calibration) -> None:
    random = np.random.default_rng(7)
    made = engine(learned)
    alarms = []
    for stream in range(20):
        for n in range(180):
            text = f"{random.normal(-4, 1.5):.3f} 0"
            heard = said(made, n, 20.0 * n, text, author=f"a{stream}-{n % 60}", stream=f"o{stream}")
            alarms += heard.alarms
    assert len(alarms) <= 4  # one is what the budget allows in 20 stream-hours


def test_what_is_sent_again_teaches_nothing() -> None:
    calibration = Calibration({"en": POSITIVE})
    made = engine(calibration)
    for n in (1, 2, *[2] * 50):
        heard = said(made, n, 10.0, "-4 0")
    assert heard.again
    assert sum(one["messages"] for one in calibration.snapshot()["cells"]) == 2


def test_an_alarm_does_not_ring_again_within_ten_minutes() -> None:
    made = engine()
    rang = [said(made, n, 30.0 * n, f"0 {5 + n}").alarms for n in range(60)]
    times = [n for n, alarms in enumerate(rang) if any(a.level is Level.MESSAGE for a in alarms)]
    assert times == [0, 20, 40]


def test_where_nothing_is_calibrated_only_lists_and_cues_count_and_it_says_so() -> None:
    made = engine()
    quiet = said(made, 1, 0.0, "15 0")
    assert quiet.scored.abstained
    assert quiet.scored.nats == 0
    loud = said(made, 2, 10.0, "15 4.5")
    assert loud.scored.nats == 4.5
    (alarm,) = [one for one in loud.alarms if one.level is Level.MESSAGE]
    assert alarm.threshold == FIXED[Level.MESSAGE]
    assert alarm.why.abstained
    assert ABSTAINED in alarm.why.notes


def test_an_unknown_language_abstains_in_a_calibrated_chat_too(learned: Calibration) -> None:
    made = engine(learned)
    assert not said(made, 1, 0.0, "2 0").scored.abstained
    assert said(made, 2, 1.0, "2 0", lang=None).scored.abstained


def test_a_model_that_weighs_against_fixed_limits_is_said_to_weigh() -> None:
    calibration = Calibration({"en": POSITIVE})
    random = np.random.default_rng(3)
    for _ in range(3_000):
        calibration.observe(
            "site", "en", Band.SLOW, float(random.normal(-4, 1.5)), START.timestamp()
        )
    made = engine(calibration)
    heard = said(made, 1, 0.0, "6 6")
    assert not heard.scored.abstained
    (alarm,) = [one for one in heard.alarms if one.level is Level.MESSAGE]
    assert (alarm.threshold, alarm.why.abstained) == (FIXED[Level.MESSAGE], False)
    assert alarm.why.notes == (UNCOUNTED,)


def test_twice_the_people_answer_twice_the_alarms(learned: Calibration) -> None:
    few, many = (
        learned.solve("site", "en", Band.SLOW, Budget(pages=6, people=n, streams=600))
        for n in (2, 20)
    )
    assert few[Level.STREAM].threshold > many[Level.STREAM].threshold


def test_an_alarm_that_was_right_does_not_teach_and_a_wrong_one_does() -> None:
    for found, blocks in ((True, 0), (False, 1)):
        calibration = Calibration({"en": POSITIVE})
        random = np.random.default_rng(3)
        for _ in range(3_000):
            calibration.observe(
                "site", "en", Band.SLOW, float(random.normal(-4, 1.5)), START.timestamp()
            )
        made = engine(calibration)
        for n in range(40):
            said(made, n, 15.0 * n, "0 6")
        said(made, 99, 601.0, "-5 0")
        peaks = calibration.cell("site", "en", Band.SLOW).peaks[Level.MESSAGE]
        assert peaks.hours == 0
        made.decided("s1", found=found)
        assert peaks.hours == pytest.approx(blocks / 6)


def quiet() -> Calibration:
    """Ordinary traffic is known, and no ten minutes of it were counted yet."""
    calibration = Calibration({"en": POSITIVE})
    for _ in range(3_000):
        calibration.observe("site", "en", Band.SLOW, -4.0, START.timestamp())
    return calibration


@pytest.mark.parametrize(("found", "hours"), [(True, 0), (False, 1 / 6)])
def test_what_waits_for_a_decision_outlives_a_restart_and_its_chat(
    found: bool, hours: float
) -> None:
    before, calibration = engine(quiet()), quiet()
    said(before, 1, 0.0, "0 6")
    said(before, 2, 601.0, "-5 0")
    before.ended("s1")
    after = engine(calibration)
    after.restore_across(json.loads(json.dumps(before.snapshot_across())))
    peaks = calibration.cell("site", "en", Band.SLOW).peaks[Level.MESSAGE]
    for _ in range(2):  # told twice, it teaches once
        after.decided("s1", found=found)
        assert peaks.hours == pytest.approx(hours)
    assert after.snapshot_across()["waiting"] == []


@pytest.mark.parametrize(("found", "hours"), [(True, 0), (False, 1 / 6)])
def test_a_decision_within_the_same_ten_minutes_counts_for_them(found: bool, hours: float) -> None:
    made, calibration = engine(quiet()), quiet()
    said(made, 1, 0.0, "0 6")
    made.decided("s1", found=found)
    again = engine(calibration)
    again.restore("s1", json.loads(json.dumps(made.snapshot("s1"))))
    said(again, 2, 601.0, "-5 0")
    said(again, 3, 1_202.0, "-5 0")
    said(again, 4, 90_000.0, "-5 0")
    ordinary = 2 / 6
    peaks = calibration.cell("site", "en", Band.SLOW).peaks[Level.MESSAGE]
    assert peaks.hours == pytest.approx(ordinary + hours), "also after a day"


def test_an_answer_moves_the_limit_of_every_chat_at_once(learned: Calibration) -> None:
    """What people call ordinary rings once for all chats, and not once for each."""
    made = engine(Calibration.restored({"en": POSITIVE}, learned.snapshot()))

    def rings(stream: str, at_s: float) -> bool:
        alarms = said(made, int(at_s), at_s, "-4 30", stream=stream).alarms
        return any(one.level is Level.MESSAGE for one in alarms)

    for stream in ("s1", "s2", "s3"):
        said(made, 1, 0.0, "-4 0", stream=stream)
    assert rings("s1", 10.0)
    assert rings("s2", 20.0)
    said(made, 3, 700.0, "-4 0")
    made.decided("s1", found=False)
    assert not rings("s3", 710.0)


def test_an_alarm_nobody_answered_in_a_day_was_ordinary() -> None:
    calibration = Calibration({"en": POSITIVE})
    for _ in range(3_000):
        calibration.observe("site", "en", Band.SLOW, -4.0, START.timestamp())
    made = engine(calibration)
    said(made, 1, 0.0, "0 6")
    said(made, 2, 601.0, "-5 0")
    peaks = calibration.cell("site", "en", Band.SLOW).peaks[Level.MESSAGE]
    assert peaks.hours == 0
    for n in range(2):
        said(made, 10 + n, 90_000.0 + 700 * n, "-5 0", stream="s2")
    assert peaks.hours == pytest.approx(2 / 6)


def test_gifts_reports_and_sanctioned_accounts_raise_what_lies_across() -> None:
    made = engine()
    base = said(made, 1, 0.0, "-5 0").steps
    for n, kind in enumerate((MessageKind.REPORT, MessageKind.JOIN, MessageKind.GIFT)):
        said(made, 10 + n, 1.0 + n, "", author=f"r{n}", kind=kind)
    when = START + timedelta(seconds=10)
    made.take("s1", "site", Message("m50", "known", when, kind=MessageKind.JOIN), sanctioned=True)
    after = said(made, 60, 11.0, "-5 0").steps
    across = [next(s.evidence for s in steps if s.level is Level.ACROSS) for steps in (base, after)]
    assert across[1] > across[0] + 2


def test_what_was_said_shortly_before_is_context_for_lists_and_outlives_a_restart() -> None:
    class Listening(Numbers):
        ago: Mapping[Cue, float] | None = None

        def read(
            self, text: str, lang: str | None = None, ago: Mapping[Cue, float] | None = None
        ) -> Read:
            self.ago = ago
            return super().read(text, lang)

    reader = Listening()
    made = Engine(
        reader=reader, calibration=Calibration({}), budget=PEOPLE, secret=b"0123456789abcdef"
    )
    said(made, 1, 0.0, "0 1 directive")
    assert not reader.ago
    said(made, 2, 30.0, "0 0")
    assert reader.ago == {Cue.DIRECTIVE: 30.0}
    said(made, 3, 30.0, "0 0", stream="s2")
    assert not reader.ago
    kept = json.loads(json.dumps(made.snapshot("s1")))
    made.ended("s1")
    made.restore("s1", kept)
    said(made, 4, 90.0, "0 0")
    assert reader.ago == {Cue.DIRECTIVE: 90.0}


def test_a_chat_of_a_thousand_languages_keeps_a_few() -> None:
    made = engine()
    for n in range(1_000):
        said(made, n, 1.0 * n, "0 1", lang=f"x{n}")
    kept = made.snapshot("s1")
    assert kept is not None
    assert len(kept["langs"]) <= LANGS + 1


def test_an_edit_counts_anew_only_if_it_says_something_else() -> None:
    made = engine()
    first = said(made, 1, 0.0, "0 2")
    again = said(made, 1, 10.0, "0 2", kind=MessageKind.EDIT)
    same = said(made, 1, 20.0, "0 2", kind=MessageKind.EDIT)
    other = said(made, 1, 30.0, "0 2.5", kind=MessageKind.EDIT)
    author = [
        next(s.evidence for s in h.steps if s.level is Level.AUTHOR)
        for h in (first, again, same, other)
    ]
    assert author[2] <= author[1]
    assert author[3] > author[2]


def test_sums_go_on_through_a_restart_and_the_explanation_says_what_is_lost() -> None:
    before, whole = engine(), engine()
    for n in range(30):
        said(before, n, 5.0 * n, f"0 {n % 3}", author=f"a{n % 4}")
        said(whole, n, 5.0 * n, f"0 {n % 3}", author=f"a{n % 4}")
    kept = json.dumps(before.snapshot("s1"))
    after = engine()
    after.restore("s1", json.loads(kept))
    after.restore_across(json.loads(json.dumps(before.snapshot_across())))
    heard, unbroken = (said(one, 40, 400.0, "0 9", author="z") for one in (after, whole))
    assert heard.steps == unbroken.steps
    assert LOST in heard.alarms[0].why.notes
    assert LOST not in unbroken.alarms[0].why.notes
    assert "a1" not in kept
    assert "m1" not in kept


def test_a_decided_or_ended_chat_is_let_go() -> None:
    made = engine()
    said(made, 1, 0.0, "0 3")
    made.ended("s1")
    assert made.snapshot("s1") is None


@pytest.mark.parametrize("kept", [{}, {"form": 7}, {"form": 1, "service": "x"}])
def test_what_is_no_snapshot_is_refused(kept: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        engine().restore("s1", kept)


def test_a_weak_secret_is_refused() -> None:
    with pytest.raises(BadInput):
        Engine(reader=Numbers(), calibration=Calibration({}), budget=PEOPLE, secret=b"short")
