"""From the attempts of runs to those of what a funnel counts: persons, sessions, or all there are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.funnel.attempts import NOT_REACHED, Attempts
from backsight.reports.funnel.rules import Rules
from backsight.scan.order import instant_of

SESSION = "session"
"""Column of the scan's rows: the session of each event, where sessions are counted."""


def counted(attempts: Attempts, rules: Rules) -> Attempts:
    """Of the attempts of each unit's runs the best; none where an exclusion removes the person."""
    if not len(attempts.person):
        return attempts
    several = rules.held and rules.count != "totals"
    if several and rules.entry == "first":
        began, unit = instant_of(attempts.began), units(attempts, rules)
        attempts = attempts.only(began == _least(began, unit)[unit])
    if rules.exclude_mode == "person" and rules.exclusions:
        attempts = _without_killed(attempts)
    return _best(attempts, units(attempts, rules)) if several else attempts


def units(attempts: Attempts, rules: Rules) -> Integers:
    """The number of each attempt's unit."""
    if rules.count != "sessions":
        return numbered(attempts.person)
    session = attempts.columns.at(SESSION, attempts.rows[0])
    return numbered(numbered(attempts.person) * (len(session) + 1) + numbered(session))


def numbered(values: Integers) -> Integers:
    """The number, from 0, of each value among those that there are."""
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _least(values: Integers, unit: Integers) -> Integers:
    least = np.full(unit.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, unit, values)
    return least


def _without_killed(attempts: Attempts) -> Attempts:
    """No attempt of a person of whom one was excluded counts anywhere."""
    person = numbered(attempts.person)
    gone = (np.bincount(person, weights=attempts.killed) > 0)[person]
    return replace(
        attempts,
        places=np.where(gone, NOT_REACHED, attempts.places),
        last_start=np.where(gone, NOT_REACHED, attempts.last_start),
        excluded=attempts.excluded | (gone & (attempts.places != NOT_REACHED)),
    )


def _best(attempts: Attempts, unit: Integers) -> Attempts:
    """Of each unit's attempts the one that got furthest, and there first (and latest, as `ranks` has it)."""
    order = np.lexsort((*ranks(attempts), unit))
    chosen = order[np.append(True, np.diff(unit[order]) != 0)]
    last = np.full(len(chosen), NOT_REACHED, np.int64)
    np.maximum.at(last, unit, attempts.last_start)
    return replace(attempts.only(chosen), last_start=last)


def ranks(attempts: Attempts) -> list[Integers]:
    """Keys that sort attempts, the best first, the last key weighing most.

    They are how far an attempt got, how soon, how late it began, and how late each of its steps was, from the
    last one back.
    """
    instants = np.where(attempts.places == NOT_REACHED, NOT_REACHED, instant_of(attempts.places))
    steps = np.arange(len(instants))[:, None]
    furthest = np.where(instants == NOT_REACHED, NOT_REACHED, steps).max(axis=0)
    return [*-instants, -instants[0], instants.max(axis=0), -furthest]


def with_excluded(attempts: Attempts, free: Attempts, rules: Rules) -> Attempts:
    """The attempts, with how far they'd have got without exclusions: as `free`, of the same units, did."""
    attempts, free = (each.only(np.argsort(units(each, rules))) for each in (attempts, free))
    counted = attempts.places != NOT_REACHED
    return replace(
        attempts,
        rows=np.where(counted.any(axis=0), attempts.rows, free.rows),
        excluded=(free.places != NOT_REACHED) & ~counted,
        unhindered=free.rows,
    )
