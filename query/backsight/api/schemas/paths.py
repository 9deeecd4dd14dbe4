"""Paths: the request and the answer."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import (
    COUNT,
    NAME,
    SECONDS,
    TEXT,
    Schema,
    array,
    choice,
    either,
    full,
    obj,
    ref,
)  # fmt: skip
from backsight.api.schemas.request import COMMON
from backsight.api.schemas.rules import step
from backsight.reports.paths.naming import MAX_RENAMINGS
from backsight.reports.paths.nodes import MAX_NODES
from backsight.reports.paths.request import MAX_EDGES, MAX_EXCLUDED, MAX_NODES_OF_PATH
from backsight.reports.paths.walk import REPEATS
from backsight.rules.predicates import MAX_PATTERN

_PATTERN: Final = {**TEXT, "minLength": 1, "maxLength": MAX_PATTERN}

SCHEMAS: Final[dict[str, Schema]] = {
    "Node": step(each={**NAME, "description": "A property: every value of it is a node of its own"}),
    "PathsRequest": obj(
        {
            **COMMON,
            "start": {**ref("Step"), "description": "Paths from its first event in a session"},
            "end": {**ref("Step"), "description": "Paths to its first event in a session (after `start`)"},
            "around": {**ref("Step"), "description": "Paths to and from its first event in a session"},
            "nodes": array(ref("Node"), minItems=1, maxItems=MAX_NODES,
                           description="What names an event; the first that it fills does"),
            "rewrite": array(
                obj({"matches": _PATTERN, "as": {**TEXT, "maxLength": 200}}, ("matches",)),
                maxItems=MAX_RENAMINGS,
                description="Replaces what an RE2 expression matches in values of `each`, one after another",
            ),
            "groups": array(
                either(_PATTERN, obj({"like": _PATTERN, "as": NAME}, ("like",))),
                maxItems=MAX_RENAMINGS,
                description="Patterns of whole values, `*` for anything; the first that fits names the node",
            ),
            "exclude": array(ref("Step"), maxItems=MAX_EXCLUDED, description="Events that are no nodes"),
            "repeats": choice(*REPEATS, default="first", description="What a node twice in a row counts as"),
            "steps": {"type": "integer", "minimum": 2, "maximum": MAX_NODES_OF_PATH, "default": 5},
            "limit": {"type": "integer", "minimum": 1, "maximum": MAX_EDGES, "default": 25,
                      "description": "Edges of each step"},
            "session": ref("Session"),
        }
    ),
    "Paths": full(
        {
            "edges": array(
                full(
                    {
                        "source": full({"kind": TEXT, "name": TEXT}),
                        "target": full({"kind": TEXT, "name": TEXT}),
                        "step": {"type": "integer"},
                        "events": COUNT,
                        "persons": COUNT,
                        "seconds": full({"mean": SECONDS, "median": SECONDS}),
                    }
                )
            ),
            "steps": array(
                full(
                    {
                        "step": {"type": "integer"},
                        "edges": COUNT,
                        "events": COUNT,
                        "persons": COUNT,
                        "stopped": {**COUNT, "description": "Paths that go no further"},
                    }
                )
            ),
            "paths": COUNT,
            "persons": COUNT,
            "meta": ref("Meta"),
        }
    ),
}  # fmt: skip
