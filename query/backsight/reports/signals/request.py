"""What signals can be asked for.

POST /v1/reports/signals
{"funnel": {…a funnel's request…}, "step": 2, "limit": 20, "at_least": 20, "confidence": 0.95}
{"retention": {…a retention's request…}, "period": 1, …}

Of a funnel, who reached step `step` in their first attempt is compared with who got to the one before it and
no further; of a retention report, who returned in period `period` with who did not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backsight.errors import shown
from backsight.fields import read_object, read_whole, refuse
from backsight.reports.funnel.request import FunnelRequest
from backsight.reports.funnel.request import parse as parse_funnel
from backsight.reports.retention.request import RetentionRequest
from backsight.reports.retention.request import parse as parse_retention
from backsight.rules.steps import Step
from backsight.scan.request import Common

FIELDS: Final = ("funnel", "step", "retention", "period", "limit", "at_least", "confidence")
MAX_LISTED: Final = 100
DEFAULT_LISTED: Final = 20
DEFAULT_LEAST: Final = 20
DEFAULT_CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class SignalsRequest:
    """A request for signals, checked; one of `funnel` and `retention` is null."""

    funnel: FunnelRequest | None
    retention: RetentionRequest | None
    number: int
    """Of a funnel: the step to reach, from 1. Of retention: the period to return in."""
    limit: int
    at_least: int
    """How many persons have to have done a thing, and how many not, for it to be looked at."""
    confidence: float

    @property
    def report(self) -> FunnelRequest | RetentionRequest:
        """The request of the report."""
        found = self.funnel or self.retention
        if found is None:
            raise ValueError("signals of no report")
        return found

    @property
    def steps(self) -> Sequence[Step]:
        """The steps of the report."""
        return self.report.steps

    @property
    def common(self) -> Common:
        """What all reports take, of the report."""
        return self.report.common


def parse(request: Mapping[str, object], now: datetime) -> SignalsRequest:
    """The request, checked."""
    fields = {key: value for key, value in read_object(request, "", FIELDS).items() if value is not None}
    if ("funnel" in fields) == ("retention" in fields):
        refuse("one report is needed to explain.", "funnel", None, "either 'funnel' or 'retention'")
    funnel, retention, number = _report(fields, now)
    return SignalsRequest(
        funnel,
        retention,
        number,
        read_whole(fields.get("limit", DEFAULT_LISTED), "limit", 1, MAX_LISTED),
        read_whole(fields.get("at_least", DEFAULT_LEAST), "at_least", 5, 1_000_000),
        _confidence(fields.get("confidence", DEFAULT_CONFIDENCE)),
    )


def _report(
    fields: Mapping[str, object], now: datetime
) -> tuple[FunnelRequest | None, RetentionRequest | None, int]:
    other = "period" if "funnel" in fields else "step"
    if other in fields:
        report = "retention" if other == "period" else "funnel"
        refuse(f"{other!r} belongs to a {report}.", other, fields[other], f"a request with {report!r}")
    if "funnel" in fields:
        funnel = parse_funnel(read_report(fields["funnel"], "funnel"), now)
        last = len(funnel.steps)
        if last < 2:
            refuse("one step has no drop.", "funnel.steps", None, "a funnel of two steps or more")
        return funnel, None, read_whole(fields.get("step", last), "step", 2, last)
    retention = parse_retention(read_report(fields["retention"], "retention"), now)
    if len(retention.lasts) < 2:
        refuse("nobody can return after the first period.", "retention.periods", None, "two periods or more")
    return None, retention, read_whole(fields.get("period", 1), "period", 1, len(retention.lasts) - 1)


def read_report(value: object, field: str) -> Mapping[str, object]:
    """A report's own request."""
    if not isinstance(value, Mapping):
        refuse(f"{shown(value)} is no request.", field, value, f"an object, as the {field} report takes it")
    return value


def _confidence(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.5 <= value < 1:
        refuse(f"{shown(value)} is no confidence.", "confidence", value, "a number from 0.5 to below 1")
    return float(value)
