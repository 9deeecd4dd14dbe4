"""One person: who it is, a page of what they did, and what became of it in a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from backsight.errors import InvalidRequest
from backsight.reports.context import Context
from backsight.reports.explain import attribution, cohort, counted, funnel, paths, retention
from backsight.reports.explain.conditions import failing, judge
from backsight.reports.explain.explanation import Explanation
from backsight.reports.explain.facts import Facts
from backsight.reports.explain.outcomes import Outcome, ignored, outside
from backsight.reports.explain.request import PersonRequest, parse
from backsight.reports.explain.timeline import Page, places_query, read_page, shown_events
from backsight.reports.explain.who import alone, described, seen_query

KINDS: Final[Mapping[str, Callable[[Mapping[str, object], Context], Explanation]]] = {
    "funnel": funnel.explain,
    "retention": retention.explain,
    "trend": counted.trend,
    "lifecycle": counted.lifecycle,
    "stickiness": counted.stickiness,
    "paths": paths.explain,
    "attribution": attribution.explain,
    "cohort": cohort.explain,
}

Answer = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A request, with the person's own context and what explains the report."""

    request: PersonRequest
    context: Context
    explanation: Explanation | None

    @property
    def facts(self) -> Facts:
        """What is asked of every event."""
        if self.explanation is None:
            return Facts(self.context)
        of = self.explanation
        return Facts(self.context, of.tests, of.common.where, of.columns)


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field, and NotFound for a person."""
    asked = _asked(request, context)
    person = described(asked.request.who, asked.context)
    tests = asked.explanation.tests if asked.explanation else []
    page = read_page(asked.request, asked.context, tests, asked.facts)
    events = shown_events(page, asked.context)
    answer: Answer = {"person": person, "events": events, "next": page.next}
    warnings = list(page.warnings)
    if asked.explanation is not None:
        verdict, outcomes = _explained(asked, asked.explanation, page)
        for event, outcome in zip(events, outcomes, strict=True):
            event["outcome"] = outcome.to_json()
        answer |= {"report": asked.request.report, "verdict": verdict}
        warnings += asked.explanation.warnings
    mentioned = asked.explanation.mentioned if asked.explanation else ()
    return {**answer, "meta": context.meta(mentioned, warnings)}


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that says who the person is and where the page's events stand, with its parameters."""
    asked = _asked(request, context)
    tests = asked.explanation.tests if asked.explanation else []
    queries = [seen_query(asked.context), places_query(asked.request, asked.context, tests)]
    return ";\n\n".join(query.text(asked.context) for query in queries)


def _asked(request: Mapping[str, object], context: Context) -> Asked:
    asked = parse(request)
    own = alone(asked.who, context)
    if asked.report is None:
        return Asked(asked, own, None)
    try:
        return Asked(asked, own, KINDS[asked.report](asked.request, own))
    except InvalidRequest as error:
        at = f"request.{error.field}" if error.field else "request"
        raise type(error)(error.message, field=at, value=error.value, valid=error.valid) from error


def _explained(asked: Asked, of: Explanation, page: Page) -> tuple[Answer, list[Outcome]]:
    """The verdict, and what became of each event."""
    holds, judged = judge(of.common.person_where, "request.person_where", of.common, asked.context)
    verdict: Answer = {
        "counted": of.counted, "words": list(of.words), "person_where": judged, **of.verdict,
    }  # fmt: skip
    if not holds:
        reason = f"`person_where` does not hold: {failing(judged)}" if judged else "the person has no events"
        words = [f"Not asked about: {reason}."]
        outcome = ignored("person_where", reason)
        return verdict | {"counted": False, "words": words}, [outcome] * len(page.events)
    facts = asked.facts
    every = [(seen, facts.read(seen.row)) for seen in page.events]
    outcomes = [_gate(of, *event) for event in every]
    within = [at for at, outcome in enumerate(outcomes) if outcome is None]
    own = dict(zip(within, of.outcomes([every[at] for at in within]), strict=True))
    return verdict, [outcome or own[at] for at, outcome in enumerate(outcomes)]


def _gate(of: Explanation, seen: Any, fact: Any) -> Outcome | None:
    """Why a report does not look at an event at all."""
    if fact.failed is not None:
        return ignored("where", f"`where` does not hold: {fact.failed}")
    return outside(seen.time, of.bounds, of.common.zone, of.last)
