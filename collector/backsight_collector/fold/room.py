"""How many elements and nodes a site may have: whoever knows its public write key can make them up.

Every element and node of a batch can be one that never was before. The committer and every process that
answers reports hold all of a site's, so there is a limit for the site, and a fifth of it for each day: else
one bad hour would use up what years of releases need. Past a limit contexts are *cut*: what is known of an
event's ancestors stays, from the root down, and one node named CUT_TAG stands for the rest. So everything
that is known goes on as before, and the events of the rest still count for the ancestors that they share.

Nothing of this is stored: what there is, and since when, is read from `nodes` and `elements` at every start.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from backsight.contract import CONTEXT_DAYS, DAY_MICROSECONDS
from backsight_collector.fold.attributes import Attributes

Int64s = npt.NDArray[np.int64]

CHARACTERS = 32
"""An element weighs one, and one more for so many characters of its attributes; a node weighs one."""


def weight(attributes: Attributes) -> int:
    """What an element with these attributes takes."""
    return 1 + sum(len(name) + len(value or "") for name, value in attributes) // CHARACTERS


class Room:
    """One site's: `limit` in all, and a share of it for each UTC day by the collector's clock."""

    def __init__(self, limit: int) -> None:
        self.cut_events = 0
        """Since the committer's start."""
        self._limit, self._daily = limit, max(1, limit // CONTEXT_DAYS)
        self._all = self._today = self._day = 0
        self.consequence: str | None = None
        """In words, once something was cut."""

    def fits(self, weight: int, received_at: int) -> bool:
        """Whether something that weighs so much may be added."""
        self._turn(received_at // DAY_MICROSECONDS)
        return self._today + weight <= self._daily and self._all + weight <= self._limit

    def take(self, weight: int, received_at: int) -> bool:
        """Adds it, if it fits."""
        if not self.fits(weight, received_at):
            self.refuse()
            return False
        self._today += weight
        self._all += weight
        return True

    def load(self, weights: Int64s, first_seen: Int64s) -> None:
        """Counts what is stored already, by when it was seen first (microseconds)."""
        if not len(weights):
            return
        days = first_seen // DAY_MICROSECONDS
        self._turn(int(days.max()))
        self._today += int(weights[days == self._day].sum())
        self._all += int(weights.sum())

    def _turn(self, day: int) -> None:
        if day > self._day:
            self._day, self._today = day, 0

    def refuse(self) -> None:
        """Something did not fit: says so from now on."""
        if self._daily - self._today < self._limit - self._all:
            self.consequence = f"new ones are cut: more than {self._daily} were new within a day"
        else:
            self.consequence = f"new ones are cut: {self._limit} are in use"
