"""Worked cases of other tools: facts from their own tests and documentation, with their sources, in `cases/`.

A case is a statement about its own vendor. It runs here with the options of ours that say what that vendor
meant; `docs/conformance.md` tells which run, and which ones contradict what Backsight means by the word.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backsight.contract import id64
from backsight.scan.context import Context
from query.conftest import ContextOf
from query.rows import Row, event, statement

Case = Mapping[str, Any]

FOLDER = Path(__file__).parents[1] / "cases"
CASES: dict[str, Case] = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
OPERATORS = {"exact": "is", "icontains": "contains", "not_icontains": "not_contains", "regex": "matches"}
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SEEN = datetime(2000, 1, 1, tzinfo=UTC)


def moment(text: str) -> datetime:
    """An instant of a case."""
    return datetime.fromisoformat(text)


# ── Events, users and elements → our rows ───────────────────────────────────────────────────────────────────


def context(context_of: ContextOf, case: Case) -> Context:
    """The case's events, each from the device of its raw id, and each device identified as its user.

    A case that counts raw ids instead of persons has devices alone: no statement says whose they are.
    """
    tags = sorted({part["tag_name"] for row in case["events"] for part in row.get("elements", ())[:1]})
    said = [] if case["config"].get("aggregate_by") == "distinct_id" else _statements(case)
    return context_of(
        [_event(row, tags) for row in case["events"]],
        said,
        nodes=[_node(number) for number in range(len(tags))],
        elements=[_element(number, tag) for number, tag in enumerate(tags)],
        now=NOW,
    )


def of_each_user(case: Case) -> Iterator[tuple[str, Case]]:
    """Every user with a case of their events alone."""
    for user in dict.fromkeys(row["user"] for row in case["events"]):
        yield user, {**case, "events": [row for row in case["events"] if row["user"] == user]}


def user_of(person: int, case: Case) -> str:
    """The case's name of one of our persons."""
    return next(row["user"] for row in case["events"] if id64("user", row["user"]) == person)


def _event(row: Mapping[str, Any], tags: list[str]) -> Row:
    columns: dict[str, Any] = {"device": _device(row), "props": json.dumps(row["props"])}
    for target in row.get("elements", ())[:1]:
        columns |= {"type": "click", "name": None, "node_id": tags.index(target["tag_name"])}
        columns |= {key: target.get(key) for key in ("text", "href")}
    return event(row["event"], moment(row["ts"]), **columns)


def _statements(case: Case) -> list[Row]:
    traits = {name: json.dumps(user.get("props", {})) for name, user in case.get("users", {}).items()}
    return [
        statement(
            "identify",
            moment(row["ts"]),
            device=_device(row),
            user=id64("user", row["user"]),
            traits=traits.get(row["user"], "{}"),
        )
        for row in case["events"]
    ]


def _device(row: Mapping[str, Any]) -> int:
    return id64("device", row.get("distinct_id", row["user"]))


def _node(number: int) -> Row:
    place = {"depth": 0, "child_index": 1, "child_last": 1, "type_index": 1, "type_last": 1, "flags": 0}
    return {"site": "shop", "node_id": number, "element_id": number, "first_seen": SEEN, **place}


def _element(number: int, tag: str) -> Row:
    kept = {"namespace": "html", "attributes": [], "first_seen": SEEN}
    return {"site": "shop", "element_id": number, "tag": tag, **kept}


# ── Conditions → our rules and predicates ───────────────────────────────────────────────────────────────────


def step(condition: Mapping[str, Any]) -> dict[str, Any]:
    """A step of ours from a step, event or series of a case."""
    return {"any": [_rule(each) for each in condition["match"]], "label": condition["name"]}


def wheres(config: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """`where` and `person_where` of a report from a case's filters."""
    about = config.get("where", ())
    return {
        "where": [predicate(each) for each in about if each["on"] != "person"],
        "person_where": [predicate(each) for each in about if each["on"] == "person"],
    }


def predicate(condition: Mapping[str, Any]) -> dict[str, Any]:
    """A predicate of ours; a list of values means one of them."""
    op, value = OPERATORS.get(condition["op"], condition["op"]), condition.get("value")
    made = {"property": property_of(condition["key"], condition["on"]), "op": op}
    if op in ("is_set", "is_not_set"):
        return made
    return made | ({"op": "in", "value": value} if isinstance(value, list) else {"value": value})


def property_of(key: str, on: str) -> str:
    """Our name of a case's property."""
    return ("person." if on == "person" else "props.") + key


def _rule(condition: Mapping[str, Any]) -> dict[str, Any]:
    where = [predicate(each) for each in condition.get("where", ())]
    if "element" in condition:
        element = condition["element"]
        tests = {key: {"op": "is", "value": element[key]} for key in ("text", "href") if key in element}
        return {"on": "click", "css": element.get("tag_name", "*"), "where": where, **tests}
    named = {"on": "any"} if condition["event"] is None else {"on": "track", "name": condition["event"]}
    return {**named, "where": where}
