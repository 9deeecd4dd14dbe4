"""Why something ended: its pages get no visits any more, or they do and it is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np

from backsight.contract import ELEMENT_TYPES, EventType
from backsight.parquet_rows import Integers
from backsight.repairs.activity import Activity, Fallen
from backsight.repairs.sifting import Row, Sifter
from backsight.repairs.silence import BEFORE
from backsight.repairs.things import mostly, shortened

Cause = Literal["no_visits", "no_match"]

MOST_PATHS: Final = 20
"""Pages of one name whose visits are counted."""
ON_PAGES: Final = 0.9
"""Share of its events of whose pages visits are counted."""
DESERTED: Final = 0.1
"""Share of the visits to be expected, below which pages get none any more."""


def paths_of(rows: Sequence[Row]) -> list[str]:
    """The pages on which it mostly happened."""
    paths = mostly(((row.path, row.events) for row in rows), ON_PAGES)
    return [path for path in paths if path is not None][:MOST_PATHS]


def causes_of(
    fallen: Sequence[Fallen], held: Sequence[Sequence[Row]], activity: Activity, sifter: Sifter
) -> list[Cause]:
    """Why each of them ended."""
    paths = [paths_of(rows) for rows in held]
    every = sorted({path for own in paths for path in own})
    visits = sifter.visits(every) if every else {}
    return [
        "no_visits" if _are_deserted(own, each, visits, activity) else "no_match"
        for each, own in zip(fallen, paths, strict=True)
    ]


def in_words(each: Fallen, cause: Cause, rows: Sequence[Row], dates: Sequence[str]) -> str:
    """What happened, in a sentence."""
    silence, paths = each.silence, paths_of(rows)
    many = "its pages" if len(paths) != 1 else shortened(paths[0])
    begun = f"Nothing since {dates[silence.since]}; before, about {rated(silence.rate)} a day."
    if cause == "no_visits":
        verb = "get" if len(paths) != 1 else "gets"
        return f"{begun} {many[0].upper()}{many[1:]} {verb} no visits any more: the rule may still be right."
    kinds = {row.type for row in rows}
    if kinds <= ELEMENT_TYPES:
        visited = "are" if len(paths) != 1 else "is"
        where = f" {many[0].upper()}{many[1:]} {visited} still visited:" if paths else " Most likely"
        return f"{begun}{where} the element was changed or taken away."
    if kinds == {EventType.TRACK.value}:
        return f"{begun} The site's code does not send it any more, or under another name."
    return f"{begun} Nothing that the rule asks for comes any more."


def rated(rate: float) -> str:
    """A number of events a day, as people say it."""
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def _are_deserted(
    paths: Sequence[str],
    each: Fallen,
    visits: Mapping[tuple[str, bool], Integers],
    activity: Activity,
) -> bool:
    """Whether pages get hardly a tenth of the visits that they had, for the site's traffic."""
    none = np.zeros(len(activity.days), np.int64)
    views, others = (
        sum((visits.get((path, viewed), none) for path in paths), none) for viewed in (True, False)
    )
    ended = each.silence.ended
    before = slice(max(0, ended - BEFORE), ended)
    counted = views if views[before].any() else others - each.events  # a site may have no snippet
    if counted[before].sum() <= 0:
        return False
    traffic = activity.traffic.events
    days = [int(np.count_nonzero(traffic[part])) for part in (before, slice(ended, None))]
    # Where bots or a launch multiplied the traffic, pages need not get more visits than before.
    growth = min(traffic[ended:].sum() / traffic[before].sum(), days[1] / days[0])
    expected = counted[before].sum() * growth
    return bool(counted[ended:].sum() < DESERTED * expected)
