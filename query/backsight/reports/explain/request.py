"""What can be asked of one person.

POST /v1/reports/persons
{"person": {"user": "u1"} | {"device": "d1"} | "123",
 "order": "newest" | "oldest", "limit": 100, "after": CURSOR,
 "report": "funnel", "request": {…that report's request…}, "only": "considered"}

GET /v1/persons/{person}?order=…&limit=…&after=… is the same without a report.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from backsight.errors import shown
from backsight.fields import read_choice, read_object, read_string, read_whole, refuse
from backsight.reports.explain.who import Who, read_who
from backsight.scan.person_ids import DEFAULT_LISTED, MAX_LISTED

FIELDS: Final = ("person", "report", "request", "only", "order", "limit", "after")
ORDERS: Final = ("newest", "oldest")
REPORTS: Final = (
    "funnel", "retention", "trend", "lifecycle", "stickiness", "paths", "attribution", "cohort",
)  # fmt: skip
"""Reports that are about persons."""

_CURSOR: Final = re.compile(r"(\d{1,19})\.(-?\d{1,19})\.(\d{1,10})")

Place = tuple[int, int, int]
"""Where an event stands in a timeline: its place, its page instance, its sequence number."""


@dataclass(frozen=True, slots=True)
class PersonRequest:
    """A request, checked; that of the report is checked where it is understood."""

    who: Who
    order: str
    limit: int
    after: Place | None
    report: str | None
    request: Mapping[str, object]
    considered: bool
    """Only events that fill something the report asks for."""


def parse(request: Mapping[str, object]) -> PersonRequest:
    """The request, checked."""
    fields = {key: each for key, each in read_object(request, "", FIELDS).items() if each is not None}
    if "person" not in fields:
        refuse("nobody is asked about.", "person", None, "{\"user\": ID}, or a 'person' of an answer")
    report = read_choice(fields["report"], "report", REPORTS) if "report" in fields else None
    for name in ("request", "only"):
        if name in fields and report is None:
            refuse("this goes with a report.", name, fields[name], f"a 'report', or no '{name}'")
    return PersonRequest(
        read_who(fields["person"]),
        read_choice(fields.get("order", "newest"), "order", ORDERS),
        read_whole(fields.get("limit", DEFAULT_LISTED), "limit", 1, MAX_LISTED),
        _read_cursor(fields["after"]) if "after" in fields else None,
        report,
        _read_report(fields.get("request", {})),
        "only" in fields and read_choice(fields["only"], "only", ("considered",)) == "considered",
    )


def cursor(place: Place) -> str:
    """Where a timeline goes on, as `after` takes it."""
    return ".".join(map(str, place))


def _read_report(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        refuse(f"{shown(value)} is not an object.", "request", value, "the request of the report")
    if "as_of" in value:
        refuse("this belongs to the whole question.", "request.as_of", None, "'as_of' beside 'request'")
    return value


def _read_cursor(value: object) -> Place:
    found = _CURSOR.fullmatch(read_string(value, "after", 60))
    numbers = tuple(map(int, found.groups())) if found else ()
    if len(numbers) != 3 or any(not -(2**63) <= number < 2**63 for number in numbers):
        refuse(f"{shown(value)} is no cursor.", "after", value, "the 'next' of an answer")
    return numbers[0], numbers[1], numbers[2]
