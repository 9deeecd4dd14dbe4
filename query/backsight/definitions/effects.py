"""What an edit of a named event does to the past: events and persons gained and lost, and which they are.

Counted in one scan of what matches before or after; a second reads the texts of what moves, where anything
does. Persons are gained who did it after the edit and not before: before + gained - lost is after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from backsight.contract import ELEMENTS
from backsight.definitions.edits import Edit
from backsight.engine import Files, Relation
from backsight.errors import InvalidRequest
from backsight.reports.overlaps import KIND, Overlap, overlaps_sql
from backsight.rules.conditions import Conditions
from backsight.rules.rule import AnyRule, RuleOrAny, rule_to_json
from backsight.rules.steps import Step
from backsight.scan.captured import require_captured
from backsight.scan.context import Context, rfc3339
from backsight.scan.matched import Query, Scan, nodes_of
from backsight.scan.request import Common
from backsight.sql import load_sql

SAMPLE: Final = 5
"""Kinds of events that are shown of what is gained, and of what is lost."""
SILENT_DAYS: Final = 30
"""A rule that matched nothing for so many days is told of."""
MOST_OVERLAPS: Final = 10

Json = dict[str, Any]


@dataclass(frozen=True)
class Effects:
    """Questions for the effects of edits: of the site as it will be after all of them."""

    after: Context
    common: Common

    def of(self, edit: Edit) -> Json:
        """The effect of one edit, as the API tells it."""
        asked = _Asked(edit, self.after, self.common)
        query, names = asked.counts()
        told = {(row["figure"], row["key"]): row["value"] for row in query.run(self.after).to_pylist()}
        sides = {
            side: {"events": told[side, 0], "persons": told[f"{side}_persons", 0]}
            for side in ("before", "after", "gained", "lost")
        }
        moved = sides["gained"]["events"] + sides["lost"]["events"]
        sample = asked.sample().run(self.after).to_pylist() if moved else []
        overlaps = [{"name": name, "events": told["overlap", number]} for number, name in enumerate(names)]
        return {
            **sides,
            "sample": {
                side: [_sampled(row) for row in sample if row["gained"] == (side == "gained")]
                for side in ("gained", "lost")
            },
            "overlaps": sorted(
                (each for each in overlaps if each["events"]),
                key=lambda each: (-each["events"], each["name"]),
            )[:MOST_OVERLAPS],
            "dead": [
                dead for number, rule in enumerate(asked.after_rules)
                if (dead := asked.dead(rule, told["rule", number], told["rule_last", number]))
            ],
            "warnings": list(dict.fromkeys([*query.warnings, *asked.warnings()])),
        }  # fmt: skip


@dataclass(frozen=True)
class _Asked:
    """One edit, with all that is needed to ask about it."""

    edit: Edit
    context: Context
    common: Common

    @property
    def before_rules(self) -> tuple[RuleOrAny, ...]:
        return () if self.edit.before is None else self.edit.before.rules

    @property
    def after_rules(self) -> tuple[RuleOrAny, ...]:
        return () if self.edit.after is None else self.edit.after.rules

    def counts(self) -> tuple[Query, Sequence[str]]:
        """The statement that counts, and the names whose overlap it counts, in the order of their numbers."""
        conditions = self.context.conditions()
        tests, steps = self._tests(conditions)
        rules = [(f"rule_{at}", conditions.rule(rule)) for at, rule in enumerate(self.after_rules)]
        others = [name for name in self.context.names if name != self.edit.key[1]] if self.after_rules else []
        names = [Overlap.of(number, name, conditions) for number, name in enumerate(sorted(others))]
        conditions.customs = {}  # what nobody captured matches nothing: `warnings` tell of it
        columns = [("time", "e.time"), *rules]
        columns += [(name.alias, name.test) for name in names if not name.by_kind]
        kinds = ""
        if any(name.by_kind for name in names):
            conditions.columns |= KIND
            columns += [(column, f"e.{column}") for column in sorted(KIND)]
            kinds = f",\n{load_sql('preview_kinds')}"
        text = load_sql("plan_effect").replace("{kinds}", kinds)
        text = text.replace("{rules}", "".join(map(_rule_sql, range(len(rules)))))
        text = text.replace("{overlaps}", overlaps_sql(names))
        scan = Scan(self.context, self.common, conditions, columns, tests, steps, self.common.range)
        return scan.query(text), sorted(others)

    def sample(self) -> Query:
        """The statement that shows what moves."""
        conditions = self.context.conditions()
        tests, steps = self._tests(conditions)
        shown = ("time", "type", "name", "text", "path", "node_id")
        conditions.columns |= set(shown)
        conditions.customs = {}
        columns = [(column, f"e.{column}") for column in shown]
        scan = Scan(
            self.context, self.common, conditions, columns, tests, steps, self.common.range, persons=False
        )
        tables: dict[str, Relation] = {
            "nodes": self.context.trie.elements_of_nodes(),
            "elements": Files(self.context.snapshot.files("elements"), ELEMENTS),
        }
        return scan.query(load_sql("plan_sample").replace("{limit}", conditions.bind(SAMPLE)), tables)

    def _tests(self, conditions: Conditions) -> tuple[list[tuple[str, str]], list[Step]]:
        sides = [("matches", self.after_rules), ("stood", self.before_rules)]
        steps = [Step(alias, rule=AnyRule(rules)) for alias, rules in sides]
        return [(step.label, conditions.step(step)) for step in steps], steps

    def warnings(self) -> list[str]:
        """What is wrong with the rules though they can be asked."""
        conditions = self.context.conditions()
        for number, rule in enumerate(self.after_rules):
            conditions.rule(rule, f"rules[{number}]")
        try:
            require_captured(conditions.customs, self.context)
        except InvalidRequest as error:
            return [str(error)]
        return []

    def dead(self, rule: RuleOrAny, events: int, last: int | None) -> Json | None:
        """What is said of a rule that matches nothing, or nothing of late; nothing of others."""
        latest = None if last is None else datetime.fromtimestamp(0, UTC) + timedelta(microseconds=last)
        if latest is not None and (self.common.range.end is not None or latest >= self._lately):
            return None
        nodes = nodes_of([Step("rule", rule=rule)], self.context)
        return {
            "rule": rule_to_json(rule),
            "events": events,
            "last": None if latest is None else rfc3339(latest),
            "elements": None if nodes is None else len(nodes),
        }

    @property
    def _lately(self) -> datetime:
        """Since when a rule has to match something, of a site that captures something."""
        watermark = self.context.snapshot.watermark or self.context.now
        return min(watermark, self.context.now) - timedelta(days=SILENT_DAYS)


def _rule_sql(number: int) -> str:
    counted = f"\nunion all\nselect 'rule', {number}, count(*) from matched where rule_{number}"
    last = f"\nunion all\nselect 'rule_last', {number}, epoch_us(max(time)) from matched where rule_{number}"
    return counted + last


def _sampled(row: Json) -> Json:
    element = None if row["tag"] is None else {"tag": row["tag"], "attributes": dict(row["attributes"] or ())}
    told = {key: row[key] for key in ("type", "name", "text", "path", "events")}
    return {**told, "element": element}
