"""What a key may send: the token bucket, and how keys are remembered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backsight_collector.http.limits import RateLimit


def test_a_batch_larger_than_the_burst_is_let_in_and_paid_for() -> None:
    """It comes through once, then the key waits until the debt is paid."""
    limit = RateLimit(burst_seconds=2)
    assert limit.wait("key", 1_000, 0, rate=10) == 0
    assert limit.wait("key", 1, 0, rate=10) == 98
    assert limit.wait("key", 1, 97.5, rate=10) == 0.5
    assert limit.wait("key", 1, 98.1, rate=10) == 0


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 50)), max_size=40))
def test_the_average_never_passes_the_rate(batches: list[tuple[float, int]]) -> None:
    """Whatever the rhythm, what was let in is at most the burst, the rate times the time, and one batch."""
    limit = RateLimit(burst_seconds=3)
    now = let_in = 0.0
    for pause, events in batches:
        now += pause
        if limit.wait("key", events, now, rate=10) == 0:
            let_in += events
    assert let_in <= 30 + 10 * now + 50
