"""The demo's chat: what five accounts write alarms together, and no message of theirs alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from breakwater.cli import demo_chat, demo_comments
from breakwater.comments.calibrate import Budget, Calibration
from breakwater.comments.engine import Engine
from breakwater.comments.model import SHIPPED, load
from breakwater.comments.reader import MessageReader
from breakwater.model.comment import Level, Message

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = """
<ol class="told"><li>
  <p class="row"><strong>Author 2</strong><time>12:00</time><span>3.2 nats</span></p>
  <p class="quote" dir="auto">you &amp; I</p>
  <p class="meta">surrogate model +3.2</p></li><li class="held">
  <p class="row"><strong>Author 1</strong><time>12:01</time><span>2.1 nats</span></p>
  <p class="covered"></p>
  <p class="meta">payment or gift +2.1</p></li></ol>"""


def test_half_an_hour_in_order_offers_of_five_accounts_five_a_minute() -> None:
    minutes = list(demo_chat.minutes(NOW))
    messages = [one for minute in minutes for one in minute.messages]
    times = [datetime.fromisoformat(one["at"]) for one in messages]
    assert times == sorted(times)
    assert NOW - timedelta(minutes=30) < times[0]
    assert times[-1] < NOW
    assert len({one["id"] for one in messages}) == len(messages)
    assert not any(minute.offers for minute in minutes[: demo_chat.WARM_MINUTES])
    for minute in minutes[demo_chat.WARM_MINUTES :]:
        wrote = [one["author"] for one in minute.messages if one["id"] in minute.offers]
        assert len(wrote) == len(set(wrote)) == 5
    assert [list(minute.messages) for minute in minutes] == [
        list(minute.messages) for minute in demo_chat.minutes(NOW)
    ]


def test_an_alarm_within_five_minutes_and_no_message_alarms_alone() -> None:
    package = load(SHIPPED)
    engine = Engine(
        reader=MessageReader(package), calibration=Calibration(package.positives),
        budget=Budget(4.0, 1, 1), secret=b"0123456789abcdef",
    )  # fmt: skip
    rang: dict[Level, datetime] = {}
    first = None
    for minute in demo_chat.minutes(NOW):
        for one in minute.messages:
            at = datetime.fromisoformat(one["at"])
            first = first or (at if one["id"] in minute.offers else None)
            said = Message(one["id"], one["author"], at, one["text"], one["lang"])
            heard = engine.take("s", "demo", said)
            rang |= {alarm.level: at for alarm in heard.alarms if alarm.level not in rang}
            if one["id"] in minute.offers:
                assert not heard.scored.abstained, "the model is heard"
    assert first is not None
    assert Level.MESSAGE not in rang
    assert first < rang[Level.STREAM] <= first + timedelta(minutes=5)
    assert min(rang.values()) > first


def test_an_explanation_is_read_from_the_page_of_a_chat() -> None:
    assert demo_comments.explanation(PAGE) == [
        {"author": "Author 2", "nats": "3.2 nats", "said": "you & I", "by": "surrogate model +3.2"},
        {"author": "Author 1", "nats": "2.1 nats", "said": "", "by": "payment or gift +2.1"},
    ]
