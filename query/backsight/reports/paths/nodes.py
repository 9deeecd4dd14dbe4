"""The nodes of paths: what the events on a person's way are called.

    "nodes": ["Signed up", {"on": "track", "each": "name"}, {"on": "pageview", "each": "path"}]

The first entry that an event fills names it: a named event by its name, a rule by its label, and with `each`
the value of a property, one node a value. Values get their names (`naming.py`) where they are few: once each,
not once an event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backsight.contract import MAX_NAME_CHARS
from backsight.errors import Exceeded
from backsight.fields import below, read_list, read_string
from backsight.parquet_rows import Integers
from backsight.reports.paths.naming import Naming
from backsight.rules.steps import Step, parse_step

MAX_NODES: Final = 200
MAX_VALUES: Final = 5_000_000
"""Most values that may name nodes: each takes some hundred bytes, and stands in memory."""

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


class NodeList:
    """Nodes by their number; there may be millions, of which a few are looked at."""

    def __init__(self, kinds: pa.StringArray, names: pa.StringArray) -> None:
        self._kinds, self._names = kinds, names

    def __getitem__(self, number: int) -> Node:
        return self._kinds[number].as_py(), self._names[number].as_py()

    def find(self, kind: str, name: str) -> int | None:
        """The number of a node; None where there is none such."""
        same = pc.and_(pc.equal(self._kinds, kind), pc.equal(self._names, name))
        at: int = pc.index(same, True).as_py()
        return None if at < 0 else at


@dataclass(frozen=True)
class Nodes:
    """The nodes that there are, by kind and name; a node's number is its index."""

    listed: NodeList
    named: pa.Table
    """Which number the events of an `entry` (an index) have where their `value` is such; both not null."""


def parse_nodes(value: object, field: str = "nodes") -> tuple[NodeEntry, ...]:
    """A list of STEPs, or of STEPs with `each`."""
    listed = read_list(value, field, MAX_NODES)
    return tuple(_parse_entry(each, f"{field}[{index}]") for index, each in enumerate(listed))


def default_nodes(names: Sequence[str]) -> tuple[NodeEntry, ...]:
    """The nodes of a request that lists none: every named event, else what code tracked, else pages."""
    named = [NodeEntry(Step(name, event=name)) for name in sorted(names)]
    return (*named, *parse_nodes([{"on": "track", "each": "name"}, {"on": "pageview", "each": "path"}]))


def number_nodes(entries: Sequence[NodeEntry], found: pa.Table, naming: Naming) -> Nodes:
    """Numbers the nodes of the entries, of which `found` holds each `entry` with `each` and its `value`s.

    Raises Exceeded for more than MAX_VALUES of these.
    """
    if found.num_rows > MAX_VALUES:
        raise _too_many_values(found.num_rows)
    plain = [index for index, entry in enumerate(entries) if entry.each is None]
    values = found["value"].combine_chunks()
    labels = pa.array([entries[index].step.label for index in plain], pa.string())
    entry = pa.concat_arrays([pa.array(plain, pa.int32()), found["entry"].combine_chunks()])
    kinds, kind = _ranked(pa.array([entry.kind for entry in entries], pa.string()).take(entry))
    names, name = _ranked(pa.concat_arrays([labels, naming.names(values)]))
    pairs, node = np.unique(kind * len(names) + name, return_inverse=True)
    of_pair = np.divmod(pairs, max(1, len(names)))
    listed = NodeList(kinds.take(pa.array(of_pair[0])), names.take(pa.array(of_pair[1])))
    value = pa.concat_arrays([pa.array([""] * len(plain), pa.string()), values])
    return Nodes(listed, pa.table({"entry": entry, "value": value, "node": pa.array(node.astype(np.int32))}))


def _ranked(texts: pa.StringArray) -> tuple[pa.StringArray, Integers]:
    """The distinct texts in order, and where each of the texts stands among them."""
    coded = texts.dictionary_encode()
    order = pc.sort_indices(coded.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return coded.dictionary.take(pa.array(order)), rank[coded.indices.to_numpy()]


def _too_many_values(count: int) -> Exceeded:
    return Exceeded(
        f"{count:,} values name nodes.",
        field="nodes",
        value=count,
        valid=f"at most {MAX_VALUES:,}: a property with fewer values, a 'where' or a shorter range",
    )


def _parse_entry(value: object, field: str) -> NodeEntry:
    if not isinstance(value, Mapping) or "each" not in value:
        return NodeEntry(parse_step(value, field))
    each = read_string(value["each"], below(field, "each"), MAX_NAME_CHARS)
    step = parse_step({key: part for key, part in value.items() if key != "each"}, field)
    return NodeEntry(step, each)
