"""Lines of IRC: tags as Twitch sends them, plain ones as RFC 2812 has them, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.live.hearing.irc_lines import Line, Unread, events, parse
from breakwater.model.comment import MessageKind as K

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SENT = "1772366400000"
PRIVMSG = (
    "@badge-info=;color=#0D4200;display-name=Ann;id=b34ccfc7-4977;bits=50;tmi-sent-ts=" + SENT
    + ";user-id=12 :ann!ann@ann.tmi.twitch.tv PRIVMSG #quay :hello  all :)"
)  # fmt: skip


def told(line: str) -> list[tuple[object, ...]]:
    return [
        (one.kind, one.author, one.text, one.amount) for one in events(parse(line.encode()), NOW)
    ]


def test_a_message_has_its_id_its_time_its_author_and_its_text():
    first, gift = events(parse(PRIVMSG.encode()), NOW)
    assert (first.id, first.author, first.text) == ("b34ccfc7-4977", "ann", "hello  all :)")
    assert first.at == datetime.fromtimestamp(1_772_366_400, UTC)
    assert (gift.kind, gift.amount) == (K.GIFT, 50.0)


def test_a_plain_server_gives_no_ids_so_each_gets_one():
    one, two = (events(parse(b":bo!b@host PRIVMSG #quay :hi\r"), NOW)[0] for _ in range(2))
    assert (one.author, one.text, one.at) == ("bo", "hi", NOW)
    assert one.id != two.id


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (":bo!b@h JOIN #quay", [(K.JOIN, "bo", "", None)]),
        (":bo!b@h JOIN :#quay", [(K.JOIN, "bo", "", None)]),
        (":bo!b@h PART #quay :bye", [(K.LEAVE, "bo", "", None)]),
        (":bo!b@h PRIVMSG #quay :\x01ACTION waves\x01", [(K.COMMENT, "bo", "waves", None)]),
        ("@login=bo;target-msg-id=m-1 :tmi CLEARMSG #quay :gone", [(K.DELETE, "bo", "", None)]),
        ("@ban-duration=9 :tmi CLEARCHAT #quay :bo", [(K.DELETE, "bo", "", None)]),
        (":tmi CLEARCHAT #quay", []),
        ("@login=bo;msg-id=resub :tmi USERNOTICE #quay :a year", [(K.COMMENT, "bo", "a year", None)]),
        ("@login=bo;msg-id=raid :tmi USERNOTICE #quay", []),
        (
            "@login=bo;msg-id=submysterygift;msg-param-mass-gift-count=5 :tmi USERNOTICE #quay",
            [(K.GIFT, "bo", "", 5.0)],
        ),
        (":srv 353 me = #quay :ann bo", []),
    ],
)  # fmt: skip
def test_what_happened(line, wanted):
    assert told(line) == wanted


def test_what_is_deleted_is_named_by_its_own_id():
    (gone,) = events(parse(b"@login=bo;target-msg-id=m-1 :tmi CLEARMSG #quay :x"), NOW)
    assert gone.id == "m-1"


def test_tags_are_unescaped():
    line = parse(rb"@a=one\stwo\:three\\four\;b= :x PING :y")
    assert line.tags["a"] == "one two;three\\four", "a backslash at the end is none"
    assert line.last == "y"


@given(st.binary(max_size=600))
def test_any_bytes_are_a_line_or_none(raw):
    try:
        line = parse(raw)
    except Unread:
        return
    for one in events(line, NOW):
        assert one.id
        assert one.author
    assert "canary" not in repr(Line("PRIVMSG", "canary", ("canary",), {"a": "canary"}))
