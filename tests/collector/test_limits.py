"""What a key may send: the token bucket, and how keys are remembered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backsight_collector.http.keys import MAX_REMEMBERED, RememberedSites
from backsight_collector.http.limits import RateLimit


def test_a_batch_larger_than_the_burst_is_let_in_and_paid_for() -> None:
    """It comes through once, then the key waits until the debt is paid."""
    limit = RateLimit(rate=10, burst=20)
    assert limit.wait("key", 1_000, 0) == 0
    assert limit.wait("key", 1, 0) == 98
    assert limit.wait("key", 1, 97.5) == 0.5
    assert limit.wait("key", 1, 98.1) == 0


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 50)), max_size=40))
def test_the_average_never_passes_the_rate(batches: list[tuple[float, int]]) -> None:
    """Whatever the rhythm, what was let in is at most the burst, the rate times the time, and one batch."""
    limit = RateLimit(rate=10, burst=30)
    now = let_in = 0.0
    for pause, events in batches:
        now += pause
        if limit.wait("key", events, now) == 0:
            let_in += events
    assert let_in <= 30 + 10 * now + 50


def test_made_up_keys_do_not_fill_the_memory() -> None:
    """However many keys are asked for, only so many are remembered, and the good one still has its site."""
    sites = RememberedSites({"wk_good": "shop"}.get, seconds=5)
    for number in range(2 * MAX_REMEMBERED):
        assert sites.of(f"wk_{number}", 0) is None
    assert len(sites._remembered) <= MAX_REMEMBERED
    assert sites.of("wk_good", 0) == "shop"


def test_a_revoked_key_is_forgotten_in_time() -> None:
    """A remembered site is asked for again after the time that was set."""
    known = {"wk_good": "shop"}
    sites = RememberedSites(known.get, seconds=5)
    assert sites.of("wk_good", 0) == "shop"
    known.clear()
    assert sites.of("wk_good", 4.9) == "shop"
    assert sites.of("wk_good", 5.1) is None
