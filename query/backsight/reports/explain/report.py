"""One person: who it is, a page of what they did, and what became of it in a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from backsight.errors import InvalidRequest
from backsight.reports import lifecycle as lifecycles
from backsight.reports import membership
from backsight.reports import stickiness as sticking
from backsight.reports.attribution import sql as attribution_sql
from backsight.reports.explain import attribution, cohort, counted, funnel, paths, retention
from backsight.reports.explain.conditions import failing, judge
from backsight.reports.explain.explanation import Explanation
from backsight.reports.explain.facts import Fact, Facts, Test
from backsight.reports.explain.outcomes import Outcome, ignored, outside
from backsight.reports.explain.request import PersonRequest, parse
from backsight.reports.explain.timeline import Page, Seen, places_query, read_page, shown_events
from backsight.reports.explain.who import alone, described, seen, seen_query
from backsight.reports.funnel import sql as funnel_sql
from backsight.reports.paths import sql as paths_sql
from backsight.reports.retention import sql as retention_sql
from backsight.reports.trend import sql as trend_sql
from backsight.scan.context import Context
from backsight.scan.matched import Query


@dataclass(frozen=True, slots=True)
class Kind:
    """A report: how one person in it is explained, what it looks for, and its SQL."""

    explain: Callable[[Mapping[str, object], Context], Explanation]
    looks_for: Callable[[Mapping[str, object], Context], Sequence[Test]]
    sql: Callable[[Mapping[str, object], Context], str]


KINDS: Final[Mapping[str, Kind]] = {
    "funnel": Kind(funnel.explain, funnel.looks_for, funnel_sql),
    "retention": Kind(retention.explain, retention.looks_for, retention_sql),
    "trend": Kind(counted.trend, counted.series_of, trend_sql),
    "lifecycle": Kind(counted.lifecycle, counted.event_of, lifecycles.sql),
    "stickiness": Kind(counted.stickiness, counted.event_of, sticking.sql),
    "paths": Kind(paths.explain, paths.looks_for, paths_sql),
    "attribution": Kind(attribution.explain, attribution.looks_for, attribution_sql),
    "cohort": Kind(cohort.explain, cohort.looks_for, membership.sql),
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
    since = seen(asked.context)
    person = described(asked.request.who, since, asked.context)
    tests = asked.explanation.tests if asked.explanation else []
    page = read_page(asked.request, asked.context, tests, asked.facts, since.bounds)
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
    """The SQL that says how much there is of the person and where the page's events stand, with its
    parameters; then that of the report, of this person's events alone.
    """
    asked = parse(request)
    own = alone(asked.who, context)
    if asked.report is None:
        return _text([seen_query(own), places_query(asked, own, [])], own)
    kind = KINDS[asked.report]
    with _within_request():
        queries = [seen_query(own), places_query(asked, own, kind.looks_for(asked.request, own))]
        return f"{_text(queries, own)};\n\n{kind.sql(asked.request, own)}"


def _text(queries: Sequence[Query], context: Context) -> str:
    return ";\n\n".join(query.text(context) for query in queries)


def _asked(request: Mapping[str, object], context: Context) -> Asked:
    asked = parse(request)
    own = alone(asked.who, context)
    if asked.report is None:
        return Asked(asked, own, None)
    with _within_request():
        return Asked(asked, own, KINDS[asked.report].explain(asked.request, own))


@contextmanager
def _within_request() -> Iterator[None]:
    """What is wrong with the report's request is told by where that stands."""
    try:
        yield
    except InvalidRequest as error:
        at = f"request.{error.field}" if error.field else "request"
        raise type(error)(error.message, field=at, value=error.value, valid=error.valid) from error


def _explained(asked: Asked, of: Explanation, page: Page) -> tuple[Answer, list[Outcome]]:
    """The verdict, and what became of each event."""
    holds, judged = judge(of.common.person_where, "request.person_where", of.common, asked.context)
    verdict: Answer = {
        "counted": of.counted, "words": list(of.words), "timezone": of.common.zone.key,
        "person_where": judged, **of.verdict,
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


def _gate(of: Explanation, seen: Seen, fact: Fact) -> Outcome | None:
    """Why a report does not look at an event at all."""
    if fact.failed is not None:
        return ignored("where", f"`where` does not hold: {fact.failed}")
    return outside(seen.time, of.bounds, of.common.zone, of.last)
