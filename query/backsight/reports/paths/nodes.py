"""The nodes of paths: what the events on a person's way are called.

    "nodes": ["Signed up", {"on": "track", "each": "name"}, {"on": "pageview", "each": "path"}]

The first entry that an event fills names it: a named event by its name, a rule by its label, and with `each`
the value of a property, one node a value. Values are rewritten, then grouped, where they are few: once each,
not once an event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from backsight.contract import MAX_NAME_CHARS
from backsight.errors import InvalidRequest
from backsight.fields import below, check_text, read_list, read_object, read_string, refuse
from backsight.rules.predicates import MAX_PATTERN
from backsight.rules.steps import Step, parse_step

MAX_NODES: Final = 200
MAX_RENAMINGS: Final = 100

Node = tuple[str, str]
"""Kind and name: "event" and a named event's, "rule" and a rule's label, or an entry's label and a value."""


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """The events of a step are one node, or, with `each`, one node for each value of that property."""

    step: Step
    each: str | None = None

    @property
    def kind(self) -> str:
        """The kind of its nodes."""
        if self.each is not None:
            return self.step.label
        return "rule" if self.step.event is None or self.step.where else "event"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Replaces every part of a value that an RE2 expression matches; `\\1` stands for its first group."""

    matches: str
    by: str


@dataclass(frozen=True, slots=True)
class Group:
    """Values that are wholly like a pattern, in which only `*` means something: anything."""

    like: str
    name: str


@dataclass(frozen=True, slots=True)
class Naming:
    """How values become names: all rewrites in their order, then the first group that fits."""

    rewrites: tuple[Rewrite, ...] = ()
    groups: tuple[Group, ...] = ()

    def names(self, values: pa.StringArray) -> pa.StringArray:
        """The name of each value."""
        for rewrite in self.rewrites:
            values = pc.replace_substring_regex(values, rewrite.matches, rewrite.by)
        named = values
        for group in reversed(self.groups):
            named = pc.if_else(pc.match_like(values, _like(group.like)), group.name, named)
        return named


@dataclass(frozen=True)
class Nodes:
    """The nodes that there are, by kind and name; a node's number is its index."""

    listed: Sequence[Node]
    named: pa.Table
    """Which number the events of an `entry` (an index) have where their `value` is such; both not null."""


def parse_nodes(value: object, field: str = "nodes") -> tuple[NodeEntry, ...]:
    """A list of STEPs, or of STEPs with `each`."""
    listed = read_list(value, field, MAX_NODES)
    return tuple(_parse_entry(each, f"{field}[{index}]") for index, each in enumerate(listed))


def parse_naming(fields: Mapping[str, object]) -> Naming:
    """The `rewrite` and `groups` of a request."""
    rewrites = read_list(fields.get("rewrite", ()), "rewrite", MAX_RENAMINGS, 0)
    groups = read_list(fields.get("groups", ()), "groups", MAX_RENAMINGS, 0)
    return Naming(
        tuple(_parse_rewrite(each, f"rewrite[{index}]") for index, each in enumerate(rewrites)),
        tuple(_parse_group(each, f"groups[{index}]") for index, each in enumerate(groups)),
    )


def default_nodes(names: Sequence[str]) -> tuple[NodeEntry, ...]:
    """The nodes of a request that lists none: every named event, else what code tracked, else pages."""
    named = [NodeEntry(Step(name, event=name)) for name in sorted(names)]
    return (*named, *parse_nodes([{"on": "track", "each": "name"}, {"on": "pageview", "each": "path"}]))


def number_nodes(entries: Sequence[NodeEntry], found: pa.Table, naming: Naming) -> Nodes:
    """Numbers the nodes of the entries, of which `found` holds each `entry` with `each` and its `value`s."""
    plain = [index for index, entry in enumerate(entries) if entry.each is None]
    kinds = [entries[index].kind for index in plain]
    kinds += [entries[index].kind for index in found["entry"].to_pylist()]
    values = found["value"].combine_chunks()
    names = [entries[index].step.label for index in plain] + naming.names(values).to_pylist()
    listed = sorted(set(zip(kinds, names, strict=True)))
    number = {node: index for index, node in enumerate(listed)}
    named = pa.table(
        {
            "entry": pa.array([*plain, *found["entry"].to_pylist()], pa.int32()),
            "value": pa.array([""] * len(plain) + values.to_pylist(), pa.string()),
            "node": pa.array([number[node] for node in zip(kinds, names, strict=True)], pa.int32()),
        }
    )
    return Nodes(listed, named)


def _parse_entry(value: object, field: str) -> NodeEntry:
    if not isinstance(value, Mapping) or "each" not in value:
        return NodeEntry(parse_step(value, field))
    each = read_string(value["each"], below(field, "each"), MAX_NAME_CHARS)
    step = parse_step({key: part for key, part in value.items() if key != "each"}, field)
    return NodeEntry(step, each)


def _parse_rewrite(value: object, field: str) -> Rewrite:
    entry = read_object(value, field, ("matches", "as"))
    matches = read_string(entry.get("matches"), below(field, "matches"), MAX_PATTERN)
    by = entry.get("as", "")
    if not isinstance(by, str):
        refuse("this is not a text.", below(field, "as"), by, "what to put there; '\\1' is the first group")
    rewrite = Rewrite(matches, check_text(by, below(field, "as"), MAX_NAME_CHARS))
    try:
        Naming((rewrite,)).names(pa.array(["x"]))
    except pa.ArrowInvalid as error:
        raise InvalidRequest(
            f"this can't be replaced: {error}", field=field, value=matches, valid="RE2 syntax; '\\1' to '\\9'"
        ) from None
    return rewrite


def _parse_group(value: object, field: str) -> Group:
    if isinstance(value, str):
        like = read_string(value, field, MAX_PATTERN)
        return Group(like, like)
    entry = read_object(value, field, ("like", "as"))
    like = read_string(entry.get("like"), below(field, "like"), MAX_PATTERN)
    name = read_string(entry["as"], below(field, "as"), MAX_NAME_CHARS) if "as" in entry else like
    return Group(like, name)


def _like(pattern: str) -> str:
    for special in ("\\", "%", "_"):
        pattern = pattern.replace(special, "\\" + special)
    return pattern.replace("*", "%")
