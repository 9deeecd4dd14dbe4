from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsight_collector.fold import seen as seen_module
from backsight_collector.fold.seen import GENERATION, HOUR, Seen

LAST = 2**31 - 1

pairs = st.tuples(st.integers(-3, 3), st.integers(0, 12) | st.integers(LAST - 3, LAST))


@given(st.lists(pairs, max_size=80), st.lists(pairs, max_size=20), st.integers(1, 4))
def test_add_says_what_a_set_would(
    asked: list[tuple[int, int]], loaded: list[tuple[int, int]], active: int
) -> None:
    """Whatever was loaded, packed and recalled, `add` is true for exactly the pairs that are new."""
    seen, oracle = Seen(0, active_pages=active), set(loaded)
    seen.load(
        np.array([key for key, _ in loaded], np.int64), np.array([place for _, place in loaded], np.int32)
    )
    for pair in asked:
        seen.recall({pair[0]})
        assert seen.add(*pair) is (pair not in oracle)
        oracle.add(pair)


def test_an_event_is_remembered_for_a_whole_generation() -> None:
    """A repeat is found until 24 hours after the first arrival, wherever that lay in its generation."""
    seen = Seen(0)
    seen.turn(GENERATION - 1)
    seen.recall({7})
    assert seen.add(7, 0)
    seen.turn(2 * GENERATION - 2)
    seen.recall({7})
    assert not seen.add(7, 0)


def test_an_event_is_forgotten_after_two_generations() -> None:
    """What is older than twice 24 hours costs no memory any more."""
    seen = Seen(0)
    seen.recall({7})
    seen.add(7, 0)
    for hour in range(2 * GENERATION // HOUR + 1):
        seen.turn(hour * HOUR)
    assert len(seen) == 0


def test_a_clock_that_jumps_makes_nothing_forgotten() -> None:
    """Only hours in which something arrived count, however many the clock says have passed."""
    seen = Seen(0)
    seen.recall({7})
    seen.add(7, 0)
    for days in (3, 9, -20, 40, 0):
        seen.turn(days * GENERATION)
    seen.recall({7})
    assert not seen.add(7, 0)


def test_memory_stays_bounded_and_says_so() -> None:
    """Past the bound the older generation is forgotten early, and that is counted."""
    seen = Seen(0, max_ranges=100, active_pages=10)
    for key in range(1_000):
        seen.recall({key})
        seen.add(key, 0)
        assert len(seen) <= 100 + 3 * 10
    assert seen.early > 0


def test_what_came_last_is_remembered_past_the_bound() -> None:
    """A quarter of the bound at least, however many pages there were before: retries come soon."""
    seen = Seen(0, max_ranges=100, active_pages=10)
    for key in range(1_000):
        seen.recall({key, max(0, key - 25)})
        assert seen.add(key, 0)
        assert key < 25 or not seen.add(key - 25, 0)


def test_many_pages_make_few_runs_and_none_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """So looking a page up stays cheap, and no fold waits until all that is remembered was sorted anew."""
    monkeypatch.setattr(seen_module, "_MAX_RUN", 2_000)
    seen, rewritten = Seen(0, active_pages=10), [0]
    joined = seen_module._Ranges.joined

    def counted(before: seen_module._Ranges, last: seen_module._Ranges) -> seen_module._Ranges:
        rewritten[0] += len(before.keys) + len(last.keys)
        return joined(before, last)

    monkeypatch.setattr(seen_module._Ranges, "joined", counted)
    for key in range(10_000):
        seen.recall({key})
        seen.add(key, 0)
    runs = [len(run.keys) for run in seen._current.runs]
    assert max(runs) <= 2_000
    assert len(runs) <= 10_000 / 1_000 + 5
    assert rewritten[0] < 12 * 10_000


def test_a_page_in_order_costs_one_range() -> None:
    """Sequence numbers that follow each other are kept as one range, however many there are."""
    seen = Seen(0, active_pages=1)
    for sequence in range(5_000):
        seen.recall({1})
        seen.add(1, sequence)
    seen.recall({2})
    seen.add(2, 0)
    seen.recall({3})
    assert len(seen) <= 12
