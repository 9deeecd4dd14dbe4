"""Clocks that jump by hours and days, while everything runs and while nothing does."""

from __future__ import annotations

import pytest

from faults.conftest import Built
from faults.scale import IS_LONG

HOURS = (5.0, 80.0, -30.0, 200.0, 0.0) if IS_LONG else (80.0, -30.0)


@pytest.mark.long
def test_a_clock_that_jumps_loses_and_doubles_nothing(built: Built) -> None:
    """Whatever the time is said to be, what is sent again is dropped, and no file in use is deleted."""
    house = built()
    for hours in HOURS:
        with house.crowd.visiting():
            house.await_events(150)
            house.set_clock(hours)
            house.crowd.resend(20)
            house.await_events(150)
    assert house.settled() == []


def test_a_clock_that_jumped_while_nothing_ran(built: Built) -> None:
    """What is sent again after the start is known, though its first time seems to be days ago."""
    house = built()
    for hours in HOURS:
        with house.crowd.visiting():
            house.await_events(150)
        assert house.settled() == []
        house.backsight.cut_off()
        house.set_clock(hours)
        house.backsight.start()
        house.crowd.resend(20)
    assert house.settled() == []
