"""The most clicked elements that bear no name yet, each with a name and a rule that would suit it.

A click counts for what is meant by it: the nearest thing around its target that people use. Things are told
apart by where they stand and by what they say, not by tokens, which may be made anew with each visit.

GET /v1/elements?limit=20&days=30
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from backsight.candidates.held import Held, count_uses
from backsight.candidates.meant import meant_by
from backsight.candidates.page import Page
from backsight.candidates.places import places_of
from backsight.candidates.request import Asked
from backsight.candidates.scopes import candidates_of, stability_of
from backsight.candidates.words import named
from backsight.contract import MAX_NAME_CHARS
from backsight.fields import read_object, read_whole
from backsight.rules.rule import is_telling, parse_rule
from backsight.rules.steps import Step
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.request import Common, Range
from backsight.selectors.nodes import Nodes
from backsight.sql import load_sql

LIMIT: Final = 20
MOST: Final = 100
DAYS: Final = 30
MOST_DAYS: Final = 3_660
PAGES: Final = 5
"""Pages that are listed of each, the most used first."""

CLICK: Final = "click"

Answer = dict[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """The request, checked."""

    limit: int
    days: int


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = _statement(parse(request), context)
    taken = set(context.names)
    rows = groupby(asked.run(context).to_pylist(), lambda row: (row["node"], row["said"]))
    listed = [list(of_one) for _, of_one in rows]
    held = [_held(of_one[0], context) for of_one in listed]
    count_uses(held, context)
    elements = [_to_json(of_one, each, taken) for of_one, each in zip(listed, held, strict=True)]
    return {"elements": elements, "meta": context.meta((), asked.warnings)}


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that finds them, with its parameters."""
    return _statement(parse(request), context).text(context)


def parse(request: Mapping[str, object]) -> Listing:
    """The request, checked."""
    fields = {
        key: each for key, each in read_object(request, "", ("limit", "days")).items() if each is not None
    }
    return Listing(
        read_whole(fields.get("limit", LIMIT), "limit", 1, MOST),
        read_whole(fields.get("days", DAYS), "days", 1, MOST_DAYS),
    )


def _statement(asked: Listing, context: Context) -> Query:
    conditions = context.conditions()
    step = Step("click", rule=parse_rule({"on": CLICK}))
    names = [name for name, meant in sorted(context.names.items()) if all(map(is_telling, meant))]
    bearing = " or ".join(dict.fromkeys(conditions.event(name, "named") for name in names)) or "false"
    wanted = f"({conditions.step(step)} and not ({bearing}))"
    conditions.columns |= {"node_id", "text", "label", "path"}
    columns = [(name, f"e.{name}") for name in ("node_id", "text", "label", "path")]
    bounds = Range(_before(context.now, asked.days), context.now + timedelta(microseconds=1))
    common = Common(bounds, ZoneInfo("UTC"), (), ())
    scan = Scan(context, common, conditions, columns, [("wanted", wanted)], [step], bounds)
    text = load_sql("elements_unnamed").replace("{limit}", conditions.bind(asked.limit))
    text = text.replace("{pages}", conditions.bind(PAGES))
    return scan.query(text, {"meant": _meant(context)})


def _before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


def _meant(context: Context) -> pa.Table:
    """Of each node: what is meant by a click on it, the place of that, and the element that it is."""
    nodes, _ = context.trie.parts
    own = meant_by(context.trie)
    return pa.table(
        {
            "node_id": nodes.rows.node_id,
            "node": own.astype(np.int64),
            "place": places_of(context.trie)[own],
            "element_id": nodes.rows.element_id[own],
        }
    )


def _held(row: Row, context: Context) -> Held:
    page, said = _page_of(row["node"], context), row["said"]
    text = said if row["text"] == said else ""  # what it is called says more than another text
    return Held(Asked(page, page.size - 1, CLICK, text, "" if text else said, {}), context)


def _to_json(rows: Sequence[Row], held: Held, taken: set[str]) -> Answer:
    """One element: a row each of its pages."""
    row, page = rows[0], held.page
    best = candidates_of(held)[0]
    return {
        "tag": page.tag(held.node),
        "attributes": dict(page.attributes(held.node)),
        "text": row["text"] or None,
        "label": row["label"] or None,
        "events": row["events"],
        "persons": row["persons"],
        "pages": [
            {"path": each["path"], "events": each["page_events"]} for each in rows if each["path"] is not None
        ],
        "name": _name(page, held, taken),
        "rule": best.rule(CLICK),
        "words": best.words,
        "stability": round(stability_of(best, held), 3),
    }


def _page_of(node: int, context: Context) -> Page:
    """A page of nothing but a node and those around it, itself the last."""
    nodes, elements = context.trie.parts
    chain = _outwards(nodes, node)[::-1]
    described = zip(*elements.described(nodes.element[chain]), strict=True)
    numbers, flags = nodes.rows.numbers[:, chain], nodes.rows.flags[chain]
    rows = [[at - 1, at, *numbers[:, at].tolist(), int(flags[at])] for at in range(len(chain))]
    return Page([(tag, "html", dict(attributes)) for tag, attributes in described], np.array(rows, np.int64))


def _outwards(nodes: Nodes, node: int) -> list[int]:
    chain = [node]
    while (node := int(nodes.parent[node])) >= 0:
        chain.append(node)
    return chain


def _name(page: Page, held: Held, taken: set[str]) -> str:
    """`Click “Add to basket”`; with a number, where something else is called so."""
    said = held.said.value if held.said else ""
    what = f"“{said}”" if said else named(page, held.node, "")
    base = "".join(c for c in f"Click {what}" if c.isprintable())[: MAX_NAME_CHARS - 8]
    name = _unused(base, taken)
    taken.add(name)
    return name


def _unused(base: str, taken: Collection[str]) -> str:
    number = 1
    while (name := base if number == 1 else f"{base} ({number})") in taken:
        number += 1
    return name
