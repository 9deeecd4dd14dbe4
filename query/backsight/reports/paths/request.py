"""What a paths report is asked, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backsight.fields import read_choice, read_list, refuse
from backsight.reports.paths.naming import Naming, parse_naming
from backsight.reports.paths.nodes import NodeEntry, default_nodes, parse_nodes
from backsight.reports.paths.walk import REPEATS
from backsight.reports.sessions import SessionRule, read_session
from backsight.rules.steps import Step, parse_step
from backsight.scan.request import Common, read_common, read_request, read_whole

FIELDS: Final = (
    "start", "end", "around", "nodes", "rewrite", "groups", "exclude", "repeats", "steps", "limit", "session",
)  # fmt: skip
MARKS: Final = {"start": "starts", "end": "ends", "around": "around"}
"""Fields that mark a path, and the columns that say which events do."""
MAX_NODES_OF_PATH: Final = 20
MAX_EDGES: Final = 1_000
MAX_EXCLUDED: Final = 50


@dataclass(frozen=True, slots=True)
class PathsRequest:
    """A paths report's request, checked."""

    marks: Mapping[str, Step]
    """By field: "start", "end", "around"."""
    nodes: tuple[NodeEntry, ...]
    naming: Naming
    exclude: tuple[Step, ...]
    repeats: str
    steps: int
    limit: int
    session: SessionRule | None
    common: Common

    @property
    def entries(self) -> list[tuple[NodeEntry, str]]:
        """What names an event, in the order in which it is asked, each with its field: the marks first."""
        marks = [(NodeEntry(step), field) for field, step in self.marks.items()]
        return [*marks, *((entry, f"nodes[{index}]") for index, entry in enumerate(self.nodes))]

    @property
    def mentioned(self) -> list[Step]:
        """Every step of the request."""
        own = [entry.step for entry, _ in self.entries]
        return [*own, *self.exclude, *(self.session.steps if self.session else ())]


def parse(request: Mapping[str, object], now: datetime, names: Mapping[str, object]) -> PathsRequest:
    """The request, checked; `names` are the site's named events."""
    fields = read_request(request, FIELDS)
    exclude = read_list(fields.get("exclude", ()), "exclude", MAX_EXCLUDED, 0)
    return PathsRequest(
        _parse_marks(fields),
        parse_nodes(fields["nodes"]) if "nodes" in fields else default_nodes(list(names)),
        parse_naming(fields),
        tuple(parse_step(each, f"exclude[{index}]") for index, each in enumerate(exclude)),
        read_choice(fields.get("repeats", "first"), "repeats", REPEATS),
        read_whole(fields.get("steps", 5), "steps", 2, MAX_NODES_OF_PATH),
        read_whole(fields.get("limit", 25), "limit", 1, MAX_EDGES),
        read_session(fields),
        read_common(fields, now),
    )


def _parse_marks(fields: Mapping[str, object]) -> dict[str, Step]:
    if "around" in fields and ("start" in fields or "end" in fields):
        refuse("a path is looked at around a step, or from one, or to one.", "around", fields["around"],
               "'around' alone; or 'start', 'end' or both")  # fmt: skip
    return {field: parse_step(fields[field], field) for field in MARKS if field in fields}
