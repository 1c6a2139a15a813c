"""Calibration from traffic nobody labelled: counts, forecasts, a folder, and what is refused."""

import json
import traceback
from dataclasses import replace

import pytest
from tests.builders_comments import chats, package

from breakwater.comments.calibrate import Band, Budget
from breakwater.comments.rows import Told, read_traffic
from breakwater.comments.traffic import Kept, Still, cells_of, forecast, learned
from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.comment import Level, MessageKind

BUSY = ("shop", "en", Band.BUSY)


def traffic(count: int = 6) -> list[Told]:
    held = [
        replace(one, at=one.at + 1e9 + 100 * number, stream=chat.id, service="shop")
        for number, chat in enumerate(chats(count))
        for one in chat.told
    ]
    return sorted(held, key=lambda one: one.at)


@pytest.fixture(scope="module")
def counts():
    return learned(traffic(), package())


def test_each_message_is_counted_once_and_blocks_after_scores_are_known(counts) -> None:
    told = traffic()
    seen = sum(float(counts.cell(*key).null.seen.sum()) for key in cells_of(counts))
    assert seen == pytest.approx(len(told), rel=0.01)  # they fade with a half-life of a week
    cell = counts.cell(*BUSY)
    assert cell.null.known
    assert cell.blocks >= 6  # whole ten minutes of each chat
    assert cell.peaks[Level.STREAM].hours == pytest.approx(cell.blocks / 6, abs=0.2)
    assert counts.nats(*BUSY, 5.0) > 1.0 > counts.nats(*BUSY, -5.0)


def test_a_forecast_says_thresholds_bounds_and_what_is_not_known(counts) -> None:
    loose, tight = (forecast(counts, Budget(rate, 1, 1)) for rate in (2.0, 0.01))
    at = {one.level: one for one in loose if one.band is Band.BUSY}
    less = {one.level: one for one in tight if one.band is Band.BUSY}
    assert set(at) == set(Level)
    for level, one in at.items():
        assert one.seen is not None
        assert one.seen.low <= one.seen.per_hour <= one.seen.high
        assert one.predicted is not None
        assert less[level].solved.threshold >= one.solved.threshold
        assert less[level].predicted >= 0.01 * 0.1  # nothing seen is never a promise of nothing
    assert not at[Level.STREAM].solved.abstains


def test_two_runs_give_the_same_counts_and_the_folder_gives_them_back(tmp_path, counts) -> None:
    again = learned(traffic(), package())
    assert again.snapshot() == counts.snapshot()
    Kept(counts, "fruit-1").save(tmp_path / "a", package(), {"asked": 1})
    Kept(again, "fruit-1").save(tmp_path / "b", package(), {"asked": 1})
    for one in (tmp_path / "a").iterdir():
        assert one.read_bytes() == (tmp_path / "b" / one.name).read_bytes()
    kept = Kept.load(tmp_path / "a", package(), Still)
    assert kept.counts.snapshot() == counts.snapshot(nameless=True)
    kept.counts.observe(*BUSY, 1.0, 0.0)
    kept.counts.block(*BUSY, {Level.STREAM: 9.0})
    assert kept.counts.snapshot() == counts.snapshot(nameless=True)
    with pytest.raises(Conflict):
        Kept(counts, "fruit-1").save(tmp_path / "a", package(), {})
    text = (tmp_path / "a" / "calibration.json").read_text()
    assert "table" not in text
    assert "s0" not in text


def test_a_folder_that_was_changed_or_is_of_another_model_is_refused(tmp_path, counts) -> None:
    Kept(counts, "fruit-1").save(tmp_path / "a", package(), {})
    with pytest.raises(BadInput, match="made with fruit-1"):
        Kept.load(tmp_path / "a", package(augment=True, name="fruit-2"))
    with pytest.raises(BadInput, match="made with fruit-1"):
        Kept.load(tmp_path / "a", None)
    path = tmp_path / "a" / "calibration.json"
    held = json.loads(path.read_text())
    path.write_text(json.dumps({**held, "form": 2}))
    with pytest.raises(BadInput, match="changed or cut short"):
        Kept.load(tmp_path / "a", package())
    with pytest.raises(NotFound):
        Kept.load(tmp_path / "b", package())


def test_no_messages_is_no_calibration() -> None:
    with pytest.raises(BadInput):
        learned([], package())


def test_traffic_is_read_in_order_of_time_with_what_rows_leave_out(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "text,ts,stream,author,lang,kind\nlater,2026-11-22T10:00:05+01:00,s,a,,\n"
        "first,1763802000,s,b,de,\n,1763802001,s,c,,gift\n",
        "utf-8",
    )  # fmt: skip
    told = read_traffic(path, "en", "shop")
    assert [one.text for one in told] == ["first", "", "later"]
    assert [one.lang for one in told] == ["de", "en", "en"]
    assert told[1].kind is MessageKind.GIFT
    assert {one.service for one in told} == {"shop"}
    assert "first" not in repr(told)


BROKEN = {
    "time.csv": "text,ts,stream,author\nmarmalade,noon,s,a\n",
    "early.csv": "text,ts,stream,author\nmarmalade,-1,s,a\n",
    "late.csv": "text,ts,stream,author\nmarmalade,1e300,s,a\n",
    "nan.jsonl": '{"text": "marmalade", "ts": NaN, "stream": "s", "author": "a"}\n',
    "stream.csv": "text,ts,stream,author\nmarmalade,1,,a\n",
    "kind.csv": "text,ts,stream,author,kind\nmarmalade,1,s,a,shout\n",
    "column.csv": "text,ts,stream,author,label\nmarmalade,1,s,a,1\n",
    "text.jsonl": '{"text": 5, "ts": 1, "stream": "s", "author": "marmalade"}\n',
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_row_that_is_none_is_refused_by_number_and_never_quoted(tmp_path, name: str) -> None:
    (tmp_path / name).write_text(BROKEN[name], "utf-8")
    with pytest.raises(BadInput, match="Row 1") as caught:
        read_traffic(tmp_path / name)
    assert "marmalade" not in "".join(traceback.format_exception(caught.value))
