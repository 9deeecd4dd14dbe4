"""The answer: what goes with the outcome most surely, each with the rule that would name it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from backsight.fields import MAX_STRING
from backsight.reports import funnel, retention
from backsight.reports.signals.candidates import Rule, label_of, rule_of
from backsight.reports.signals.counting import Done, span, table_of
from backsight.reports.signals.odds import Table, adjusted, chance, interval, odds_ratio
from backsight.reports.signals.request import SignalsRequest, parse
from backsight.reports.signals.watched import NOBODY, Watched, watch_funnel, watch_retention
from backsight.scan.context import Context

CHECKED: Final = 3
"""Candidates whose rules are counted once more, as rules, for each signal that may be listed."""

Answer = dict[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that was done, as a rule, with who did it."""

    rule: Rule
    table: Table


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    watched = _watched(asked, context)
    persons, with_ = len(watched.person), int(watched.outcome.sum())
    done = Done(watched, asked, span(watched), context)
    tested, found = _signals(done) if 0 < with_ < persons else (0, [])
    return {
        "population": {"persons": persons, "outcome": with_, "share": with_ / persons if persons else None},
        "tested": tested,
        "signals": found,
        "meta": context.meta(asked.steps, watched.warnings),
    }


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that answers a request, with its parameters: that of the report, then that of what was done (by
    those whom the report found, who are not looked up for this).
    """
    asked = parse(request, context.now)
    report, text = ("funnel", funnel.sql) if asked.funnel is not None else ("retention", retention.sql)
    own: Any = request[report]
    done = Done(NOBODY, asked, asked.common.range, context).scan()
    return f"{text(own, context)};\n\n{done.text(context)}"


def _watched(asked: SignalsRequest, context: Context) -> Watched:
    if asked.funnel is not None:
        return watch_funnel(asked.funnel, asked.number, context)
    if asked.retention is not None:
        return watch_retention(asked.retention, asked.number, context)
    raise ValueError("signals of no report")


def _signals(done: Done) -> tuple[int, list[Answer]]:
    """How many things were compared, and the signals among them."""
    candidates = _candidates(done)
    return len(candidates), _checked(done, candidates)


def _candidates(done: Done) -> list[Candidate]:
    """What enough persons did and enough did not; of an element whose texts are one, the element alone."""
    least, persons = done.asked.at_least, len(done.watched.person)
    rows = [row for row in done.candidates(least) if persons - sum(row["did"]) >= least]
    elements = _elements({row["element_id"] for row in rows if row["element_id"] is not None}, done.context)
    counts = {(row["type"], row["element_id"]): sum(row["did"]) for row in rows if row["whole"]}
    made: dict[str, Candidate] = {}
    for row in sorted(rows, key=lambda row: (-sum(row["did"]), repr(row["word"]))):
        if _says_nothing(row, counts):
            continue
        rule = rule_of(row["type"], elements.get(row["element_id"]), row["word"], whole=row["whole"])
        if len(rule.get("css", "")) <= MAX_STRING:
            table = table_of(row["strata"], row["did"], row["did_with"], done.population)
            made.setdefault(repr(rule), Candidate(rule, table))
    return list(made.values())


def _says_nothing(row: Row, counts: Mapping[tuple[Any, Any], int]) -> bool:
    """Whether there is nothing to name: neither an element nor a word, or a word that everybody met there."""
    if row["element_id"] is None:
        return not row["word"]
    return not row["whole"] and (
        not row["word"] or counts.get((row["type"], row["element_id"])) == sum(row["did"])
    )


def _elements(ids: set[int], context: Context) -> dict[int, Row]:
    table = context.snapshot.rows("elements")
    chosen = table.filter(pc.is_in(table["element_id"], pa.array(sorted(ids), pa.int64())))
    return {row["element_id"]: row for row in chosen.to_pylist()}


def _checked(done: Done, candidates: Sequence[Candidate]) -> list[Answer]:
    """The surest candidates, counted by their own rules, which may hold of more than they were made from."""
    surest = sorted(candidates, key=lambda each: -each.table.distance)[: CHECKED * done.asked.limit]
    if not surest:
        return []
    rules = [each.rule for each in surest]
    tables = done.tables(rules)
    chances = adjusted([*map(chance, tables), *[1.0] * (len(candidates) - len(surest))])
    found = [
        _signal(rule, table, each, done.asked.confidence, len(candidates))
        for rule, table, each in zip(rules, tables, chances, strict=False)
        if each <= 1 - done.asked.confidence
    ]
    sure = [each for each in found if _strength(each) > 0]
    return _distinct(sorted(sure, key=lambda each: (-_strength(each), repr(each["rule"]))))[
        : done.asked.limit
    ]


def _distinct(signals: Iterable[Answer]) -> list[Answer]:
    """Of several rules that the same persons did, the first says it all."""
    distinct: dict[object, Answer] = {}
    for each in signals:
        distinct.setdefault((each["did"]["persons"], each["did"]["outcome"], each["odds_ratio"]), each)
    return list(distinct.values())


def _strength(signal: Answer) -> float:
    """How far the odds ratio is from 1 for sure; not above 0 where that is not sure."""
    low, high = signal["interval"]
    return max(log(low), -log(high))


def _signal(rule: Rule, table: Table, chance: float, confidence: float, tested: int) -> Answer:
    did, did_with = int(table.did.sum()), int(table.did_with.sum())
    other = int(table.among.persons.sum()) - did
    other_with = int(table.among.outcome.sum()) - did_with
    low, high = interval(table, confidence, tested)
    return {
        "rule": rule,
        "label": label_of(rule),
        "did": {"persons": did, "outcome": did_with, "share": did_with / did},
        "did_not": {"persons": other, "outcome": other_with, "share": other_with / other if other else None},
        "expected": table.expected / did,
        "support": did / (did + other),
        "lift": did_with / table.expected,
        "odds_ratio": odds_ratio(table),
        "interval": [low, high],
        "chance": chance,
    }
