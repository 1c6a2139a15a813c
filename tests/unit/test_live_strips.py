"""Strips are whole or they are none: a pull that ends, a still out of turn, a broadcast not watched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from tests.builders_live import START, stream
from tests.conftest import SettableClock

from breakwater.errors import NotFound
from breakwater.live.preroll import Ring
from breakwater.live.watching.childwire import Message
from breakwater.live.watching.post import Post, Seen
from breakwater.live.watching.strips import PATIENCE_S, Strips
from breakwater.media.wire import BadAnswer
from breakwater.model.ids import Id, new_id
from breakwater.model.live import Sampling
from breakwater.records.leases import Lease

STILL = b"RIFF\0\0\0\0WEBPsmall"


class _Line:
    """What was asked of a watcher."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def ask(self, *what: Any) -> None:
        self.asked.append(what)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.fixture
def post() -> Post:
    lease = Lease("watch/x", "owner", 3, START)
    made = Post(stream(), lease, Seen(0.0), cast("Any", None), Ring(1, 1))
    made.link, made.fresh = cast("Any", _Line()), False
    return made


@pytest.fixture
def strips(clock: SettableClock, post: Post) -> Strips:
    def post_of(stream: Id) -> Post:
        if stream != post.stream.id:
            raise NotFound("not here")
        return post

    return Strips(clock, post_of)


def still(number: int, name: str = "a", picture: bytes = STILL) -> Message:
    return Message("strip", {"name": name, "n": number, "time": 2.0 * number}, picture)


def test_a_whole_strip_is_handed_over_once(
    strips: Strips, post: Post, clock: SettableClock
) -> None:
    now = clock.now().timestamp()
    assert strips.ask(post.stream.id, "a", stills=2, every_s=2.0)
    assert cast("Any", post.link).asked == [(post.stream.id, 3, "strip", "a 2 2.0")]
    assert post.wanted(now) is Sampling.FAST, "more than key frames while it is taken"
    assert not strips.ask(post.stream.id, "b", stills=2, every_s=2.0), "one at a time"
    strips.told(post, still(0))
    strips.told(post, still(0, name="older"))
    assert strips.over() == []
    strips.told(post, still(1))
    assert post.wanted(now) is Sampling.KEY
    (done,) = strips.over()
    assert (done.name, done.whole, done.stills) == ("a", True, [STILL, STILL])
    assert strips.over() == []


def test_a_pull_that_ends_in_the_middle_is_no_strip(
    strips: Strips, post: Post, clock: SettableClock
) -> None:
    strips.ask(post.stream.id, "a", stills=2, every_s=2.0)
    strips.told(post, still(0))
    strips.ended(post)
    (done,) = strips.over()
    assert not done.whole
    assert done.stills == []
    strips.ask(post.stream.id, "b", stills=2, every_s=2.0)
    clock.advance(2 * 2.0 + PATIENCE_S + 1)
    (late,) = strips.over()
    assert not late.whole


def test_what_a_child_made_up_ends_it(strips: Strips, post: Post) -> None:
    strips.ask(post.stream.id, "a", stills=1, every_s=2.0)
    for wrong in (still(1), still(0, picture=b""), still(0, picture=b"GIF89a" + bytes(20))):
        with pytest.raises(BadAnswer):
            strips.told(post, wrong)
    strips.told(post, still(0))
    with pytest.raises(BadAnswer):
        strips.told(post, still(1))


def test_only_what_is_watched_here_is_asked_for(strips: Strips, post: Post) -> None:
    assert not strips.ask(new_id(), "a", stills=2, every_s=2.0)
    post.over_at = 1.0
    assert not strips.ask(post.stream.id, "a", stills=2, every_s=2.0)
    post.over_at, post.fresh = None, True
    assert not strips.ask(post.stream.id, "a", stills=2, every_s=2.0)
    post.fresh, post.link = False, None
    assert not strips.ask(post.stream.id, "a", stills=2, every_s=2.0)
