"""When something fell to nothing: found where it did, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, exp, factorial, lgamma, log

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backsight.repairs.silence import Silence, chance_of, find_silence

Counts = npt.NDArray[np.int64]
DAYS = 90
WEEKDAYS = np.arange(DAYS) % 7
"""The first day is a Monday."""


def traffic(level: float = 1_000) -> Counts:
    """Events of the site, fewer on weekends."""
    week = np.array([1.1, 1.1, 1.1, 1.1, 1.0, 0.7, 0.7])
    return np.random.default_rng(3).poisson(level * week[WEEKDAYS])


def steady(rate: float, days: range = range(DAYS), weekdays: Sequence[int] = range(7)) -> Counts:
    """Something that happens so many times a day, on some days."""
    counts = np.random.default_rng(5).poisson(rate, DAYS)
    at = np.arange(DAYS)
    return np.where(np.isin(at, np.array(days)) & np.isin(WEEKDAYS, np.array(weekdays)), counts, 0)


def found(counts: Counts, of_site: Counts | None = None, whole: int = DAYS - 1) -> Silence | None:
    return find_silence(counts, traffic() if of_site is None else of_site, WEEKDAYS, whole)


@pytest.mark.parametrize("rate", [3, 10, 200])
@pytest.mark.parametrize("ended", [40, 69, 80])
def test_the_day_is_found(rate: float, ended: int) -> None:
    """What came steadily and does not any more is silent from the day on which it did not."""
    silence = found(steady(rate, range(ended)))
    assert silence is not None
    assert silence.ended == ended
    assert silence.since == ended
    assert silence.rate == pytest.approx(rate, rel=0.25)
    assert silence.expected == pytest.approx(rate * (DAYS - 1 - ended), rel=0.3)


def test_working_days_are_told_from_others() -> None:
    """Of what happens from Monday to Friday a weekend is no silence; its date is the Monday after."""
    friday = 13 * 7 - 3 - 7  # the Friday of the last but one week
    until = range(friday + 1)
    assert found_until(steady(20, until, range(5)), friday + 3) is None
    silence = found(steady(20, until, range(5)))
    assert silence is not None
    assert silence.since == friday + 3
    assert silence.since % 7 == 0


def found_until(counts: Counts, days: int) -> Silence | None:
    """What was found when so many days were over."""
    return find_silence(counts[: days + 1], traffic()[: days + 1], WEEKDAYS[: days + 1], days)


def test_a_day_of_silence_is_none_yet() -> None:
    """It takes two whole days: what arrives a day late, or one odd day, is not called silent."""
    counts = steady(50, range(60))
    assert next(days for days in range(50, 70) if found_until(counts, days) is not None) == 62


def test_what_is_rare_is_not_called_silent() -> None:
    """A few events a month may well stay away for some weeks."""
    assert found(steady(0.2, range(60))) is None


def test_the_rarer_the_longer_it_takes() -> None:
    """The bound is on chance: once a day takes some two weeks."""
    lengths = []
    for rate in (1.0, 5.0, 50.0):
        counts = steady(rate, range(60))
        lengths.append(next(days for days in range(50, DAYS) if found_until(counts, days) is not None) - 60)
    assert lengths[0] >= 12
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[2] == 2


def test_nobody_is_silent_where_the_site_is() -> None:
    """Days on which nothing at all was captured say nothing; nor do many of them."""
    of_site, counts = traffic(), steady(50, range(60))
    of_site[60:] = 0
    assert found(counts, of_site) is None


def test_less_traffic_is_no_silence() -> None:
    """Where the whole site gets a thousandth of its visits, little can be expected."""
    of_site, counts = traffic(), steady(5, range(60))
    of_site[60:] = 1
    assert found(counts, of_site) is None


@pytest.mark.parametrize("times", [10, 100, 1_000])
@pytest.mark.parametrize("begun", [60, 80, 86])
def test_what_goes_on_as_before_is_not_silent_beside_bots_or_a_launch(times: int, begun: int) -> None:
    """Traffic that is multiplied, for good or for days, makes nothing silent that came as it always did."""
    launch, bots = traffic(), traffic()
    launch[begun:] *= times
    bots[begun : begun + 3] *= times
    for rate in (3, 30, 300):
        assert found(steady(rate), launch) is None
        assert found(steady(rate), bots) is None


def test_what_ends_with_a_launch_is_silent() -> None:
    """No more is missed than there was before, however much the traffic grew."""
    launch = traffic()
    launch[70:] *= 50
    silence = found(steady(30, range(70)), launch)
    assert silence is not None
    assert (silence.ended, silence.since) == (70, 70)
    assert silence.expected < 30 * 20


def test_bursts_are_no_silence() -> None:
    """What comes for a week each month had pauses as long before."""
    counts = np.where(np.arange(DAYS) % 30 < 7, 40, 0)
    assert counts[60:67].all()
    assert not counts[67:].any()
    assert found(counts) is None


def test_stragglers_do_not_hide_it() -> None:
    """A tab left open, a page in a cache: a hundredth of what came is next to nothing."""
    counts = steady(100, range(60))
    counts[[63, 70, 71]] = 2
    silence = found(counts)
    assert silence is not None
    assert silence.ended == 60


def test_a_fall_is_no_silence() -> None:
    """A tenth of what came is not nothing."""
    counts = steady(100, range(60)) + steady(10, range(60, DAYS))
    assert found(counts) is None


def test_what_came_back_is_not_silent() -> None:
    """After a pause of weeks it is there again, be it only since today."""
    counts = steady(30, range(60))
    counts[DAYS - 1] = 25
    assert found(counts) is None


def test_nothing_ever() -> None:
    """What never came did not fall silent; nor on a site without any traffic, or of one day."""
    nothing = np.zeros(DAYS, np.int64)
    assert found(nothing) is None
    assert found(nothing, nothing) is None
    assert find_silence(nothing[:1], traffic()[:1], WEEKDAYS[:1], 1) is None
    assert find_silence(nothing[:0], traffic()[:0], WEEKDAYS[:0], 0) is None


@settings(max_examples=75, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.01, 0.3),
    st.floats(1.0, 8.0),
    st.sets(st.integers(0, 6), min_size=1),
    st.sets(st.integers(0, DAYS - 1), max_size=30),
    st.integers(8, DAYS),
)
def test_what_goes_on_is_never_called_silent(
    seed: int, share: float, scatter: float, weekdays: set[int], pauses: set[int], days: int
) -> None:
    """A steady share of the traffic, however much it scatters, on whichever days: it never seems to end."""
    random = np.random.default_rng(seed)
    of_site = random.poisson(300, DAYS)
    of_site[list(pauses)] = 0
    mean = np.where(np.isin(WEEKDAYS, list(weekdays)), share * of_site, 0.0)
    over = max(scatter - 1, 1e-9)
    rates = random.gamma(np.maximum(mean / over, 1e-9)) * over
    counts = random.poisson(np.where(mean > 0, rates, 0))
    assert find_silence(counts[:days], of_site[:days], WEEKDAYS[:days], days - 1) is None


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 40), st.floats(0.01, 60))
def test_chances_without_scatter_are_poisson_s(came: int, expected: float) -> None:
    """The distribution function, term by term."""
    terms = (exp(-expected) * expected**k / factorial(k) for k in range(came + 1))
    assert chance_of(came, expected, 1.0) == pytest.approx(sum(terms), rel=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 30), st.integers(1, 30), st.integers(2, 9))
def test_chances_with_scatter_are_negative_binomial(came: int, size: int, dispersion: int) -> None:
    """Failures before the `size`-th success: mean size * (d - 1), variance d times that."""
    success = 1 / dispersion
    terms = (comb(k + size - 1, k) * success**size * (1 - success) ** k for k in range(came + 1))
    assert chance_of(came, size * (dispersion - 1), dispersion) == pytest.approx(sum(terms), rel=1e-9)


def test_chances_of_parts_of_a_success() -> None:
    """The size need not be whole."""
    expected, dispersion, came = 4.2, 2.5, 3
    size, success = expected / (dispersion - 1), 1 / dispersion
    terms = (
        exp(lgamma(k + size) - lgamma(size) - lgamma(k + 1) + size * log(success) + k * log(1 - success))
        for k in range(came + 1)
    )
    assert chance_of(came, expected, dispersion) == pytest.approx(sum(terms), rel=1e-9)
