"""Legal requests as values: the table of moves has an end everywhere, and clocks follow the law."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from breakwater.errors import BadInput, Conflict
from breakwater.model.request import (
    MOVES,
    Basis,
    Direction,
    Move,
    RequestState,
    after,
    due_of,
    moves_of,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BEGIN = {Direction.INCOMING: RequestState.OPEN, Direction.OUTGOING: RequestState.DRAFT}


def reached(direction):
    """Every state that moves lead to, and how many people a way to it takes at least."""
    found, ways = {BEGIN[direction]}, [BEGIN[direction]]
    while ways:
        at = ways.pop()
        for (begin, _), to in MOVES[direction].items():
            if begin is at and to not in found:
                found.add(to)
                ways.append(to)
    return found


@pytest.mark.parametrize("direction", list(Direction))
def test_every_state_that_is_reached_ends_or_goes_on_and_an_end_is_final(direction):
    for state in reached(direction):
        going = [move for move in moves_of(direction, state) if move is not Move.NOTE]
        assert bool(going) is not state.ended


def test_nothing_goes_out_to_an_authority_but_by_two_acts_of_people():
    ways = {to: at for (at, move), to in MOVES[Direction.INCOMING].items() if move is Move.ANSWER}
    assert ways == {RequestState.ANSWERED: RequestState.APPROVED}
    confirms = [
        (a, m) for (a, m), to in MOVES[Direction.INCOMING].items() if to is RequestState.APPROVED
    ]
    assert confirms == [(RequestState.SECOND, Move.CONFIRM)]


def test_what_is_not_in_the_table_is_not_possible_and_a_note_always_is():
    for direction in Direction:
        for state in RequestState:
            assert after(direction, state, Move.NOTE) is state
            for move in set(Move) - set(moves_of(direction, state)):
                with pytest.raises(Conflict):
                    after(direction, state, move)


def test_the_clock_is_the_requests_own_or_the_laws():
    assert due_of(Basis.EMERGENCY, NOW, None) == NOW + timedelta(hours=8)
    assert due_of(Basis.EPOC, NOW, None) == NOW + timedelta(days=10)
    assert due_of(Basis.ORDER, NOW, None) == NOW + timedelta(days=30)
    named = NOW + timedelta(days=3)
    assert due_of(Basis.EPOC, NOW, named) == named
    with pytest.raises(BadInput):
        due_of(Basis.ORDER, NOW, NOW - timedelta(seconds=1))
