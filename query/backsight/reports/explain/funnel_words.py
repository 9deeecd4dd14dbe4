"""A funnel's verdict on one person, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from backsight.reports.explain.explanation import MOST
from backsight.reports.explain.words import either, many, said
from backsight.reports.funnel.request import FunnelRequest

Answer = dict[str, Any]


def verdict_words(
    asked: FunnelRequest, attempts: Sequence[Answer], total: int, missing: Answer | None
) -> list[str]:
    """What became of the person: of each attempt, where there are several."""
    if not attempts:
        within = " within the range" if asked.common.range.first or asked.common.range.end else ""
        first = "any step" if asked.options.order == "any" else f"step 1 ({asked.steps[0].label})"
        return [f"Not in the funnel: no event fills {first}{within}.", *_why(asked, missing)]
    if total == 1:
        why = _why(asked, missing)
        return [*_attempt(asked, attempts[0], "", known=bool(why)), *why]
    words = [_attempt(asked, each, f"Attempt {number}: ") for number, each in enumerate(attempts[:MOST], 1)]
    what = {"sessions": "sessions", "totals": "attempts"}.get(asked.options.count, "groups")
    return [
        f"In the funnel with {many(total, what.removesuffix('s'))}.",
        *(each for of in words for each in of),
    ]


def _attempt(asked: FunnelRequest, attempt: Answer, before: str, *, known: bool = False) -> list[str]:
    """How far it got; and why no further, where that is not known otherwise."""
    steps, reached, zone = asked.steps, attempt["reached"], asked.common.zone
    if not reached:
        return [f"{before}Counts at no step: an exclusion ended every attempt{_would(attempt)}."]
    when = said(datetime.fromisoformat(max(time for time in attempt["steps"] if time)), zone)
    if asked.options.order == "any":
        words = f"{before}Did {reached} of {many(len(steps), 'step')}, the last of them on {when}."
    else:
        words = f"{before}Reached step {reached} of {len(steps)} ({steps[reached - 1].label}) on {when}."
    found = [words]
    if reached < len(steps) and (attempt["excluded"] or attempt["still_open"] or not known):
        found.append(before + _rest(asked, attempt))
    return found


def _rest(asked: FunnelRequest, attempt: Answer) -> str:
    """Why it got no further."""
    if attempt["excluded"]:
        return f"An exclusion kept it from step {either([str(step) for step in attempt['excluded']], 'and')}."
    if attempt["still_open"]:
        return f"Still open until {said(datetime.fromisoformat(attempt['closes']), asked.common.zone)}."
    if asked.options.order == "any":
        return "No attempt did more within its window."
    missing = attempt["reached"] + 1
    return f"No attempt got to step {missing} ({asked.steps[missing - 1].label})."


def _why(asked: FunnelRequest, missing: Answer | None) -> list[str]:
    """How many events fill the step that was not reached, and why none of them counts."""
    if missing is None:
        return []
    step = f"step {missing['step']} ({asked.steps[missing['step'] - 1].label})"
    if not missing["events"]:
        return (
            [f"No {'other ' if missing['taken'] else ''}event fills {step}."] if missing["step"] > 1 else []
        )
    return [_because(each) for each in missing["reasons"]]


def _because(reason: Answer) -> str:
    words = str(reason["words"])
    if reason["events"] == 1:
        return f"1 event {words}."
    return f"{reason['events']:,} events {words.replace('fills', 'fill', 1)} (so the last of them)."


def _would(attempt: Answer) -> str:
    if not attempt["excluded"]:
        return ""
    return f", which would have reached step {max(attempt['excluded'])}"
