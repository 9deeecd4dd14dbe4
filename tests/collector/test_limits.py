"""What a key may send: so much a second, and its share of what waits for the disk."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backsight_collector.http.limits import TURN, DeviceLimit, RateLimit
from backsight_collector.http.shares import Shares


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


def test_half_of_what_may_wait_is_for_those_that_do_not_fill_it() -> None:
    """One key gets half of it; another then still gets in, up to as much as each would have of that half."""
    shares = Shares(1_000)
    assert fill(shares, "hot", 100) == 5
    assert fill(shares, "other", 100) == 2
    assert fill(shares, "third", 60) == 2
    assert fill(shares, "hot", 10) == 0


def fill(shares: Shares, key: str, size: int) -> int:
    """How often so much more may wait for the key."""
    count = 0
    while shares.is_fair(key, size):
        shares.add(key, size)
        count += 1
    return count


requests = st.tuples(st.sampled_from("abcd"), st.integers(1, 300), st.booleans())


@given(st.lists(requests, max_size=60))
def test_no_key_has_more_than_half_and_none_is_shut_out(sent: list[tuple[str, int, bool]]) -> None:
    """Whoever sends what, and whatever leaves meanwhile: a key with nothing waiting is always let in."""
    shares, waiting = Shares(1_000), list[tuple[str, int]]()
    for key, size, leaves in sent:
        mine = sum(each for owner, each in waiting if owner == key)
        is_fair = shares.is_fair(key, size)
        assert is_fair or mine
        assert not is_fair or not mine or mine + size <= 500
        if is_fair:
            shares.add(key, size)
            waiting.append((key, size))
        if leaves and waiting:
            shares.remove(*waiting.pop(0))
    for key, size in waiting:
        shares.remove(key, size)
    assert fill(shares, "a", 1) == 500


Sent = list[tuple[float, str, int]]


@given(st.lists(st.tuples(st.floats(0, 40), st.sampled_from("abc"), st.integers(1, 90)), max_size=60))
def test_devices_are_limited_as_if_all_were_remembered(batches: Sent) -> None:
    """What is forgotten of a device would have said nothing: each is treated as by a bucket of its own."""
    limit, oracle = DeviceLimit(rate=10, burst_seconds=3), RateLimit(burst_seconds=3)
    now = 0.0
    for pause, device, events in batches:
        now += pause
        assert limit.wait(device, events, now) == oracle.wait(device, events, now, rate=10)


def test_made_up_devices_take_no_more_memory_than_there_is_for_them() -> None:
    """However many there are, few are remembered; and a device that went on is still known."""
    limit = DeviceLimit(rate=10, burst_seconds=3, most=100)
    for number in range(10_000):
        assert limit.wait(f"made up {number}", 1, now=number / 1e6) == 0
        assert len(limit._now) + len(limit._before) <= 200
    assert limit.wait("loud", 1_000, now=1) == 0
    for number in range(99):
        limit.wait(f"another {number}", 1, now=1)
    assert limit.wait("loud", 1, now=1) > 0
    assert limit.wait("loud", 1, now=1 + 3 * TURN + 70) == 0
