"""Attempts in runs whose events have an order, whatever entry and count are."""

from __future__ import annotations

from backsight.reports.funnel.attempts import Attempts
from backsight.reports.funnel.greedy import first_attempts, successive_attempts
from backsight.reports.funnel.latest import latest_attempts
from backsight.reports.funnel.rules import Rules
from backsight.timelines import Timeline


def ordered_attempts(timeline: Timeline, rules: Rules) -> Attempts:
    """The attempts of runs whose events have an order."""
    if rules.count == "totals":
        return successive_attempts(timeline, rules)
    return first_attempts(timeline, rules) if rules.entry == "first" else latest_attempts(timeline, rules)
