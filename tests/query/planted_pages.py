"""Lakes planted for candidates: pages as HTML, what was clicked on them, on which day, in which visit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from backsight.contract import id64
from backsight.rules.rule import Rule
from backsight.scan.context import Context
from page_tables import tables_of
from query.conftest import ContextOf
from query.rows import SITE, Row, event

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SEEN = {"site": SITE, "first_seen": NOW}


@dataclass
class Clicks:
    """Rows of the three tables that clicks on pages leave."""

    events: list[Row] = field(default_factory=list)
    nodes: dict[int, Row] = field(default_factory=dict)
    elements: dict[int, Row] = field(default_factory=dict)

    def click(self, html: str, node: int, days_ago: int, visit: int, **columns: Any) -> None:
        """One click on a node of a page, with the text that stands in it."""
        tables = tables_of(html)
        ids = self._plant(tables)
        said = {"text": dict(map(tuple, tables["texts"])).get(node)}
        moment = NOW - timedelta(days=days_ago, minutes=1 + visit % 600)
        known = {"type": "click", "name": None, "node_id": ids[node], "session": visit, "device": visit}
        self.events.append(event("", moment, **({**known, "path": "/"} | said | columns)))

    def context(self, context_of: ContextOf, names: dict[str, tuple[Rule, ...]] | None = None) -> Context:
        """A context over them."""
        return context_of(
            self.events,
            nodes=[*self.nodes.values()],
            elements=[*self.elements.values()],
            names=names or {},
            now=NOW,
        )

    def _plant(self, tables: dict[str, Any]) -> list[int]:
        ids: list[int] = []
        depths: list[int] = []
        for parent, element, *places in tables["nodes"]:
            described = tables["elements"][element]
            number = self._describe(described["tag"], sorted(described["attrs"].items()))
            above = ids[parent] if parent >= 0 else None
            depths.append(depths[parent] + 1 if parent >= 0 else 0)
            ids.append(id64("node", above, number, *places))
            names = ("child_index", "child_last", "type_index", "type_last", "flags")
            own = {"node_id": ids[-1], "parent_id": above, "element_id": number, "depth": depths[-1]}
            self.nodes[ids[-1]] = {**own, **dict(zip(names, places, strict=True)), **SEEN}
        return ids

    def _describe(self, tag: str, attributes: list[tuple[str, str]]) -> int:
        number = id64("element", tag, *(part for pair in attributes for part in pair))
        own = {"element_id": number, "tag": tag, "namespace": "html", "attributes": attributes}
        self.elements[number] = {**own, **SEEN}
        return number


def asked(html: str, node: int, *, texts: bool = True, **more: Any) -> dict[str, Any]:
    """The request for candidates for a node of a page, with its text."""
    tables = tables_of(html)
    known = tables.pop("texts")
    said = {"text": dict(map(tuple, known)).get(node, "")}
    return {**tables, "node": node, **said, **({"texts": known} if texts else {}), **more}
