"""No hidden count can be computed from what is told: neither from its line, nor from its total."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from breakwater.model.suppression import LEAST, suppressed, total

COUNTS = st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(0, 30))


@settings(max_examples=300, deadline=None)
@given(COUNTS)
@example({"A": 4, "B": 4})
@example({"A": 1, "B": 1})
@example({"A": 3})
@example({"A": 1, "B": 1, "C": 1, "D": 1, "E": 40})
def test_what_is_hidden_could_still_be_anything_from_one_to_the_least(counts) -> None:
    told = suppressed(counts)
    assert told.keys() == counts.keys()
    assert all(told[name] in {None, count} for name, count in counts.items())
    assert not any(count is not None and 0 < count < LEAST for count in told.values())
    hidden = [name for name, count in told.items() if count is None]
    sum_ = total(counts, told)
    if not hidden:
        assert sum_ == sum(counts.values())
    elif sum_ is not None:
        left = sum_ - sum(count for count in told.values() if count is not None)
        others = len(hidden) - 1
        assert left - others >= LEAST, "one of them may be LEAST or more"
        assert left >= others + 1, "and each of them may be 1"
        assert others >= 1


@settings(max_examples=200, deadline=None)
@given(COUNTS)
def test_no_more_is_hidden_than_it_takes(counts) -> None:
    told = suppressed(counts)
    small = {name for name, count in counts.items() if 0 < count < LEAST}
    extra = {name for name, count in told.items() if count is None} - small
    assert bool(extra) <= bool(small)
    for name in extra:
        without = [counts[one] for one in (extra | small) - {name}]
        # the largest of those hidden for others' sake was needed
        if counts[name] == max(counts[one] for one in extra):
            assert len(without) < 2 or sum(without) - (len(without) - 1) < LEAST
