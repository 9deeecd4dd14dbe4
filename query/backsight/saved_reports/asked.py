"""Whether a saved report can be asked: its request is read by the report's own parser, and the named events
and cohorts in it have to stand. Nothing is run, and the lake is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any, Final

from backsight.cohorts import Meaning
from backsight.errors import InvalidRequest, nearest, shown
from backsight.fields import below, refuse
from backsight.reports import lifecycle
from backsight.reports.attribution.request import parse as parse_attribution
from backsight.reports.funnel.request import parse as parse_funnel
from backsight.reports.paths.request import parse as parse_paths
from backsight.reports.retention.request import parse as parse_retention
from backsight.reports.signals.request import parse as parse_signals
from backsight.reports.trend.request import parse as parse_trend
from backsight.rules.steps import Step
from backsight.scan.moments import read_zone
from backsight.scan.person_conditions import InCohort, parse_person_where

Json = Mapping[str, Any]

_PARSERS: Final[Mapping[str, Callable[[Json, datetime, Json], object]]] = {
    "funnel": lambda request, now, names: parse_funnel(request, now),
    "retention": lambda request, now, names: parse_retention(request, now),
    "trend": lambda request, now, names: parse_trend(request, now),
    "lifecycle": lambda request, now, names: lifecycle.parse(request, now),
    "stickiness": lambda request, now, names: lifecycle.parse(request, now),
    "paths": parse_paths,
    "attribution": lambda request, now, names: parse_attribution(request, now),
    "signals": lambda request, now, names: parse_signals(request, now),
}
REPORTS_SAVED: Final = tuple(_PARSERS)
"""The reports that can be saved: questions of a site as a whole, which have a chart. Lists of persons, one
person's timeline and what is asked while something is defined are asked where they are needed.
"""


@dataclass(frozen=True)
class Names:
    """What stands on the site: named events, and cohorts."""

    events: Json
    cohorts: Mapping[str, Meaning]


def require_askable(report: str, request: Json, names: Names, now: datetime) -> None:
    """Raises InvalidRequest, naming the field below `request`, for what can't be asked at `now`."""
    if "as_of" in request:
        refuse("a saved report is asked of the site as it stands.", "request.as_of", None,
               "the request without 'as_of'")  # fmt: skip
    try:
        asked = _PARSERS[report](request, now, names.events)
    except InvalidRequest as error:
        field = below("request", error.field) if error.field else "request"
        raise type(error)(error.message, field=field, value=error.value, valid=error.valid) from error
    for part in _parts(asked):
        _require_standing(part, request, names, now, ())


def _require_standing(
    part: object, request: Json, names: Names, now: datetime, chain: tuple[str, ...]
) -> None:
    if isinstance(part, Step) and part.event is not None:
        _require("named event", part.event, names.events, request, chain)
    elif isinstance(part, InCohort) and part.name not in chain:
        _require("cohort", part.name, names.cohorts, request, chain)
        for each in _parts(_conditions(names.cohorts[part.name], now)):
            _require_standing(each, request, names, now, (*chain, part.name))


def _require(what: str, name: str, known: Json, request: Json, chain: tuple[str, ...]) -> None:
    if name not in known:
        asked = chain[0] if chain else name
        by = f", which cohort {shown(chain[-1])} asks for" if chain else ""
        field = next(_places(request, asked, "request"), "request")
        refuse(f"there is no {what} {shown(name)}{by}.", field, name, nearest(name, known))


def _conditions(cohort: Meaning, now: datetime) -> object:
    try:
        return parse_person_where(cohort.person_where or (), "person_where", read_zone("UTC", ""), now)
    except InvalidRequest:  # a moment that has no meaning any more: told by whoever asks, not by its names
        return ()


def _parts(asked: object) -> Iterator[object]:
    """Every step and cohort in a request that was read, however it nests."""
    if isinstance(asked, InCohort):
        yield asked
    elif isinstance(asked, Mapping):
        yield from _parts(list(asked.values()))
    elif isinstance(asked, list | tuple):
        for each in asked:
            yield from _parts(each)
    elif is_dataclass(asked):
        if isinstance(asked, Step):
            yield asked
        for field in fields(asked):
            yield from _parts(getattr(asked, field.name))


def _places(value: object, name: str, field: str) -> Iterator[str]:
    """Where a name stands in a request."""
    if value == name:
        yield field
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _places(each, name, below(field, str(key)))
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from _places(each, name, f"{field}[{index}]")
