"""Raw events as rows: all that was captured, and what follows from it today.

The columns are those of the contract, without `site` and `date`, with `names` (the named events that it
bears, as they stood), `person` (whose it is, as statements stood) and `element`, as a selector.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from backsight.contract import EVENTS
from backsight.exports.events import FIRST, RAW
from backsight.reports.explain.elements import MOST_CLASSES, escaped
from backsight.rules.conditions import Conditions
from backsight.scan.context import Context, rfc3339
from backsight.scan.matched import Columns
from backsight.trie import Trie

MAX_NAMES: Final = 200
"""Named events that are looked for; of more, the first by name."""
KEPT_ELEMENTS: Final = 20_000
"""Elements whose words are remembered."""

ROW_SCHEMA: Final = pa.schema(
    [
        *(EVENTS.field(name) for name in FIRST),
        pa.field("names", pa.list_(pa.string())),
        pa.field("person", pa.int64()),
        pa.field("element", pa.string()),
        *(EVENTS.field(name) for name in RAW),
    ]
)
"""Columns of a raw event."""

IDS: Final = frozenset({"person", "node_id", "device", "user", "session", "page", "counted_session"})
"""Columns of 64-bit numbers: text in JSON, which every reader keeps whole."""

Row = Mapping[str, Any]


def names_of(context: Context) -> list[str]:
    """The named events that rows are asked for."""
    return sorted(context.names)[:MAX_NAMES]


def raw_columns(conditions: Conditions, names: Sequence[str]) -> list[tuple[str, str]]:
    """(alias, SQL) of a raw event's columns, as a scan takes them, and whether it bears each name."""
    conditions.columns |= {*FIRST, *RAW}
    columns = [(name, f'e."{name}"') for name in (*FIRST, *RAW)]
    columns += [(f"named_{at}", conditions.event(name, "names")) for at, name in enumerate(names)]
    conditions.customs = {}  # a name may ask for what was never captured: that is not the question's fault
    return columns


def borne_sql(conditions: Conditions, names: Sequence[str]) -> str:
    """SQL of the list of names that a row of `raw_columns` bears."""
    borne = [f"case when named_{at} then {conditions.bind(name)} end" for at, name in enumerate(names)]
    listed = ", ".join(borne) or "cast(null as varchar)"
    return f"list_filter([{listed}], lambda name: name is not null)"


def told_columns(own: pa.Schema, conditions: Conditions, names: Sequence[str], told: Columns) -> str:
    """What a statement selects from its matched rows: its own columns (`told`), then those of ROW_SCHEMA."""
    selected = [f"{sql} as {alias}" for alias, sql in told]
    selected += [f"{borne_sql(conditions, names)} as names", "matched.person"]
    selected += [f'matched."{name}"' for name in (*FIRST, *RAW)]
    assert [alias for alias, _ in told] == own.names  # noqa: S101  # both are ours
    return ",\n    ".join(selected)


class Elements:
    """The elements of a trie in words, each worked out once."""

    def __init__(self, trie: Trie) -> None:
        self._trie = trie
        self._kept: dict[int | None, str | None] = {None: None}

    def column(self, nodes: pa.Array | pa.ChunkedArray) -> pa.Array:
        """Of each node its element; null where there is none, or it is not known."""
        whole = nodes.combine_chunks() if isinstance(nodes, pa.ChunkedArray) else nodes
        coded = whole.dictionary_encode()
        distinct = coded.dictionary.to_pylist()
        self._learn([node for node in distinct if node not in self._kept])
        words = pa.array([self._kept[node] for node in distinct], pa.string())
        return words.take(coded.indices)

    def _learn(self, nodes: Sequence[int]) -> None:
        if len(self._kept) > KEPT_ELEMENTS:
            kept = self._kept
            self._kept = {None: None}
            kept.clear()
        found = self._trie.chains(nodes, 1) if nodes else {}
        for node in nodes:
            chain = found.get(node)
            self._kept[node] = element_words(chain[0].tag, chain[0].attributes) if chain else None


def element_words(tag: str, attributes: Mapping[str, str | None]) -> str:
    """An element as a selector that says what it is: `button#buy.primary`."""
    identifier = attributes.get("id")
    classes = (attributes.get("class") or "").split()[:MOST_CLASSES]
    parts = [f"#{escaped(identifier)}"] if identifier else []
    return "".join([escaped(tag), *parts, *(f".{escaped(each)}" for each in classes)])


def conformed(part: pa.RecordBatch | pa.Table, own: pa.Schema, elements: Elements) -> pa.Table:
    """What a statement gave, by its own columns and ROW_SCHEMA."""
    columns = {name: part[name] for name in part.schema.names} | {"element": elements.column(part["node_id"])}
    schema = pa.schema([*own, *ROW_SCHEMA])
    return pa.table([columns[field.name].cast(field.type) for field in schema], schema=schema)


def shown_rows(rows: pa.Table) -> list[dict[str, Any]]:
    """Rows as JSON has them: ids as text, times in RFC 3339, without what an event has not."""
    return [
        {name: _value(name, value) for name, value in row.items() if value is not None}
        for row in rows.to_pylist()
    ]


def _value(name: str, value: Any) -> Any:
    if name in IDS:
        return str(value)
    if name == "props":
        return json.loads(value)
    if name == "target_attributes":
        return dict(value)
    return rfc3339(value) if hasattr(value, "astimezone") else value
