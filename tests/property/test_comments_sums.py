"""More evidence never lowers a sum; later copies and restarts never raise one."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.comments.sequential import ChatSums, Seen

NATS = st.floats(-4, 8, allow_nan=False)
CHAT = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 20), st.floats(0, 200), NATS),
    min_size=1, max_size=60,
)  # fmt: skip


def messages(told: list[tuple[int, int, float, float]]) -> list[Seen]:
    at, made = 0.0, []
    for n, (author, text, gap, nats) in enumerate(told):
        at += gap
        made.append(Seen(n, author, text, at, nats))
    return made


def after(chat: list[Seen]) -> tuple[float, dict[int, float]]:
    sums = ChatSums()
    for one in chat:
        sums.take(one)
    end = chat[-1].at
    return sums.stream(end), {key: value for key, _, value in sums.authors(end, 100)}


@settings(max_examples=150, deadline=None)
@given(CHAT, st.data(), st.floats(0, 6))
def test_more_evidence_never_lowers_a_sum(
    told: list[tuple[int, int, float, float]], data: st.DataObject, more: float
) -> None:
    chat = messages(told)
    which = data.draw(st.integers(0, len(chat) - 1))
    raised = [replace(m, nats=m.nats + more) if n == which else m for n, m in enumerate(chat)]
    stream, authors = after(chat)
    stream_more, authors_more = after(raised)
    assert stream_more >= stream - 1e-12
    assert all(authors_more.get(key, 0.0) >= value - 1e-12 for key, value in authors.items())


@settings(max_examples=60, deadline=None)
@given(CHAT, st.data())
def test_a_restart_anywhere_changes_nothing(
    told: list[tuple[int, int, float, float]], data: st.DataObject
) -> None:
    chat = messages(told)
    cut = data.draw(st.integers(0, len(chat)))
    whole, parts = ChatSums(), ChatSums()
    for n, one in enumerate(chat):
        if n == cut:
            parts = ChatSums.restored(parts.snapshot())
        assert whole.take(one) == parts.take(one)
    assert whole.snapshot() == parts.snapshot()
