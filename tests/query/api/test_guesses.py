"""Whoever tries keys that open nothing has to wait; nobody else has to."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from backsight.api.guesses import BURST, MOST_ADDRESSES, SECONDS, Guesses
from backsight.api.problems import HTTPError
from query.api.asking import client, problem
from shop_site import secret_key, served, write_data


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def is_held_up(guesses: Guesses, address: str | None) -> bool:
    """Whether one more failure of the address is one too many."""
    try:
        guesses.failed(address)
    except HTTPError as error:
        return error.status == 429 and int(error.headers["Retry-After"]) >= 1
    return False


def test_an_address_that_failed_too_often_waits_and_then_may_try_again() -> None:
    """So many failures at once, then one more whenever the time for one has gone by."""
    clock = Clock()
    guesses = Guesses(clock)
    assert not any(is_held_up(guesses, "192.0.2.1") for _ in range(BURST))
    assert is_held_up(guesses, "192.0.2.1")
    assert not is_held_up(guesses, "192.0.2.2")
    clock.now = SECONDS
    assert not is_held_up(guesses, "192.0.2.1")
    assert is_held_up(guesses, "192.0.2.1")


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8::1", "2001:db8::2:3:4:5", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        (None, None, True),
        ("no address", "no address", True),
    ],
)
def test_what_counts_as_one_sender(one: str | None, other: str | None, is_same: bool) -> None:
    """An IPv4 address; of IPv6 the 64 bits that a sender can't choose; whatever else stands for itself."""
    guesses = Guesses(Clock())
    for _ in range(BURST):
        guesses.failed(one)
    assert is_held_up(guesses, other) == is_same


def test_memory_is_bounded() -> None:
    """However many addresses fail, no more than so many are remembered."""
    guesses = Guesses(Clock())
    for number in range(MOST_ADDRESSES + 100):
        guesses.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(guesses._free_at) == MOST_ADDRESSES
    assert f"backsight_api_keys_refused_total {MOST_ADDRESSES + 100}" in guesses.metrics()


def test_over_http_a_guesser_is_told_to_wait_and_the_trail_stays_quiet(tmp_path: Path) -> None:
    """After too many unknown keys the answer is 429, but to no good key, new or not; no audit line."""
    write_data(tmp_path)
    with served(tmp_path) as url, client(url, secret_key(tmp_path, "admin")) as admin:
        before = admin.get("/v1/audit").json()
        guesses = (
            httpx.get(f"{url}/v1/events", headers={"Authorization": f"Bearer sk_{number:040}"})
            for number in range(5 * BURST)
        )
        held_up = next(guess for guess in guesses if problem(guess, guess.status_code)["status"] != 401)
        assert problem(held_up, 429)["type"] == "urn:backsight:problem:too-many-attempts"
        assert 1 <= int(held_up.headers["Retry-After"]) <= SECONDS
        assert problem(httpx.get(f"{url}/v1/events"), 401)["detail"] == "no key was sent"
        assert admin.get("/v1/audit").json() == before
        with client(url, secret_key(tmp_path, "read")) as never_seen_before:
            assert never_seen_before.get("/v1/events").status_code == 200
