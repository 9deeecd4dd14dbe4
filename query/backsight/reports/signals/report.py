"""The answer: what goes with the outcome most surely, each with the rule that would name it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import log
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from backsight.reports.context import Context
from backsight.reports.matched import Query, Scan, load_sql
from backsight.reports.order import ORIGIN, PLACE, instant_of
from backsight.reports.request import EPOCH, Common, Range
from backsight.reports.signals.candidates import USED, Rule, rule_of
from backsight.reports.signals.odds import Table, adjusted, chances, interval, odds_ratio
from backsight.reports.signals.request import SignalsRequest, parse
from backsight.reports.signals.watched import Watched, watch_funnel, watch_retention
from backsight.rules.rule import describe, parse_rule
from backsight.rules.steps import Step, parse_step
from backsight.selectors import parse_selector

MOST_CHECKED: Final = 200
"""Most candidates whose rules are counted once more, as rules."""

Answer = dict[str, Any]


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
    candidates = _candidates(asked, watched, context)
    found = _checked(asked, watched, candidates, context)
    return {
        "population": {"persons": persons, "outcome": with_, "share": with_ / persons if persons else None},
        "tested": len(candidates),
        "signals": found,
        "meta": context.meta(_steps(asked), watched.warnings),
    }


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that counts what was done, with its parameters."""
    asked = parse(request, context.now)
    return _counting(asked, _watched(asked, context), context).text(context)


def _watched(asked: SignalsRequest, context: Context) -> Watched:
    if asked.funnel is not None:
        return watch_funnel(asked.funnel, asked.number, context)
    if asked.retention is not None:
        return watch_retention(asked.retention, asked.number, context)
    raise ValueError("signals of no report")


def _steps(asked: SignalsRequest) -> Sequence[Step]:
    report = asked.funnel or asked.retention
    return report.steps if report is not None else ()


def _candidates(asked: SignalsRequest, watched: Watched, context: Context) -> list[Candidate]:
    """What enough persons did and enough did not; of an element whose texts are one, the element alone."""
    persons, with_ = len(watched.person), int(watched.outcome.sum())
    if not with_ or with_ == persons:
        return []
    rows = [
        row
        for row in _counting(asked, watched, context).run(context).to_pylist()
        if persons - row["did"] >= asked.at_least
    ]
    elements = _elements({row["element_id"] for row in rows if row["element_id"] is not None}, context)
    counts = {(row["type"], row["element_id"]): row["did"] for row in rows if row["whole"]}
    made: dict[str, Candidate] = {}
    for row in rows:
        bare = row["element_id"] is None
        if row["whole"] if bare else not row["whole"] and _says_nothing(row, counts):
            continue
        rule = rule_of(row["type"], elements.get(row["element_id"]), row["word"], whole=row["whole"])
        table = Table(row["did"], row["did_with"], persons, with_)
        made.setdefault(repr(rule), Candidate(rule, table))
    return list(made.values())


def _says_nothing(row: Mapping[str, Any], counts: Mapping[tuple[Any, Any], int]) -> bool:
    """Whether an element's text adds nothing to the element: there is none, or everybody met the same."""
    return row["word"] is None or counts.get((row["type"], row["element_id"])) == row["did"]


def _elements(ids: set[int], context: Context) -> dict[int, Mapping[str, Any]]:
    table = context.snapshot.rows("elements")
    chosen = table.filter(pc.is_in(table["element_id"], pa.array(sorted(ids), pa.int64())))
    return {row["element_id"]: row for row in chosen.to_pylist()}


def _checked(
    asked: SignalsRequest, watched: Watched, candidates: Sequence[Candidate], context: Context
) -> list[Answer]:
    """The surest candidates, counted by their own rules, which may hold of more than they were made from."""
    chance_of = dict(zip(map(id, candidates), chances([each.table for each in candidates]), strict=True))
    likely = sorted(candidates, key=lambda each: chance_of[id(each)])[:MOST_CHECKED]
    if not likely:
        return []
    tables = _count(asked, watched, likely, context)
    sure = adjusted([*chances(tables), *[1.0] * (len(candidates) - len(likely))])
    found = [
        _signal(each.rule, table, chance, asked, len(candidates))
        for each, table, chance in zip(likely, tables, sure, strict=False)
        if chance <= 1 - asked.confidence
    ]
    distinct: dict[object, Answer] = {}
    for each in sorted(found, key=lambda each: (-_strength(each), repr(each["rule"]))):
        # Of several rules that the same persons did, the first says it all.
        distinct.setdefault((each["did"]["persons"], each["did"]["outcome"], each["odds_ratio"]), each)
    return list(distinct.values())[: asked.limit]


def _strength(signal: Answer) -> float:
    """How far the odds ratio is from 1 for sure."""
    low, high = signal["interval"]
    return max(log(low), -log(high))


def _signal(rule: Rule, table: Table, chance: float, asked: SignalsRequest, tested: int) -> Answer:
    other, other_with = table.persons - table.did, table.persons_with - table.did_with
    share = table.did_with / table.did
    low, high = interval(table, asked.confidence, tested)
    return {
        "rule": rule,
        "label": describe(parse_rule(rule)),
        "did": {"persons": table.did, "outcome": table.did_with, "share": share},
        "did_not": {"persons": other, "outcome": other_with, "share": other_with / other if other else None},
        "support": table.did / table.persons,
        "lift": share / (table.persons_with / table.persons),
        "odds_ratio": odds_ratio(table),
        "interval": [low, high],
        "chance": chance,
    }


# ── The statements ──────────────────────────────────────────────────────────────────────────────────────────


def _counting(asked: SignalsRequest, watched: Watched, context: Context) -> Query:
    nodes, elements = context.trie.nearest(parse_selector(USED))
    text = load_sql("signals_candidates").replace("{least}", str(asked.at_least)).strip()
    own = ["type", "node_id", "text", "path", "name"]
    tables = {"nearest": pa.table({"node_id": nodes, "element_id": elements})}
    return _scan(asked, watched, context, own, []).query(text, {"watched": watched.table, **tables})


def _count(
    asked: SignalsRequest, watched: Watched, candidates: Sequence[Candidate], context: Context
) -> list[Table]:
    steps = [parse_step(each.rule, "rule") for each in candidates]
    flags = [f"bool_or(matched.does_{number}) as did_{number}" for number in range(len(steps))]
    figures = [
        f"count(case when did_{number} then 1 end) as did_{number},"
        f" count(case when did_{number} and outcome then 1 end) as with_{number}"
        for number in range(len(steps))
    ]
    text = load_sql("signals_rules").replace("{flags}", ",\n        ".join(flags))
    scan = _scan(asked, watched, context, [], steps)
    query = scan.query(text.replace("{figures}", ",\n    ".join(figures)).strip(), {"watched": watched.table})
    row = query.run(context).to_pylist()[0]
    persons, with_ = len(watched.person), int(watched.outcome.sum())
    return [
        Table(row[f"did_{number}"], row[f"with_{number}"], persons, with_) for number in range(len(steps))
    ]


def _scan(
    asked: SignalsRequest, watched: Watched, context: Context, own: Sequence[str], steps: Sequence[Step]
) -> Scan:
    """Every event of the watched, whether it has a name already (the report's own steps are names too)."""
    conditions = context.conditions()
    conditions.columns |= {"time", "page", "sequence", *own}
    named = [
        *(conditions.event(name, "named") for name in sorted(context.names)),
        *(conditions.step(step, "step") for step in _steps(asked)),
    ]
    columns = [("place", PLACE), *((name, f"e.{name}") for name in own)]
    tests = [
        ("named", "(" + " or ".join(dict.fromkeys(named)) + ")"),
        *((f"does_{number}", conditions.step(step, "rule")) for number, step in enumerate(steps)),
        ("happened", "true"),
    ]
    common = Common(Range(None, None), ZoneInfo("UTC"), (), ())
    return Scan(
        context,
        common,
        conditions,
        columns,
        tests,
        [Step("any", rule=parse_rule({"on": "any"}))],
        _span(watched),
    )


def _span(watched: Watched) -> Range:
    """From the first to the last moment at which anybody was watched."""
    if not len(watched.person):
        return Range(EPOCH, EPOCH + timedelta(microseconds=1))
    first, last = instant_of(int(watched.first.min())), instant_of(int(watched.last.max()))
    return Range(_moment(first), _moment(last + 1))


def _moment(instant: int) -> Any:
    return EPOCH + timedelta(microseconds=instant + ORIGIN)
