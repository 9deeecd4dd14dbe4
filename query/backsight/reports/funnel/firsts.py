"""Steps that only a person's first event ever can fill."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from backsight.parquet_rows import Integers
from backsight.scan.order import instant_of
from backsight.timelines import Flags


def only_first_ever(rows: pa.Table, steps: Iterable[int], first: int | None) -> pa.Table:
    """The rows from a place on; `steps` (counted from 1) are filled by the first rows of all history alone.

    Events of one time on different pages may each have been the first.
    """
    bits = rows["steps"].to_numpy().copy()
    person, place, page, sequence = (
        rows[name].to_numpy() for name in ("person", "place", "page", "sequence")
    )
    for step in steps:
        bit = 1 << (step - 1)
        filling = np.flatnonzero(bits & bit)
        bits[filling[~_may_be_first(*(each[filling] for each in (person, place, page, sequence)))]] &= ~bit
    kept = bits != 0
    if first is not None:
        kept &= place >= first
    at = rows.schema.get_field_index("steps")
    return rows.set_column(at, "steps", pa.array(bits)).filter(pa.array(kept))


def _may_be_first(person: Integers, place: Integers, page: Integers, sequence: Integers) -> Flags:
    """Whether nothing of the same person certainly came before each event."""
    instant = instant_of(place)
    order = np.lexsort((sequence, page, instant, person))
    who, when, where = person[order], instant[order], page[order]
    fresh = np.append(True, who[1:] != who[:-1])[: len(who)]
    starts = np.flatnonzero(fresh)
    soonest = np.repeat(when[starts], np.diff(np.append(starts, len(who))))
    first_of_page = fresh | np.append(True, where[1:] != where[:-1])[: len(who)]
    found = np.zeros(len(person), np.bool_)
    found[order] = (when == soonest) & first_of_page
    return found
