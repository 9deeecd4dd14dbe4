"""Whether what is stored is what was acknowledged, and whether reports agree with the visitors' own count."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

import backsight
from backsight.contract import id64
from faults.load import STEPS, Batch, Ledger
from faults.processes import PATIENCE_S, await_true

ALWAYS: Final = {"from_": "2000-01-01", "to": "2059-12-31"}
"""Clocks jump: a report is asked about all of time."""
Identity = tuple[int, int]


def settled(data: Path, ledger: Ledger, seconds: float = PATIENCE_S) -> list[str]:
    """Waits until what was acknowledged is stored; what is then wrong with the lake, if anything is."""
    acknowledged = _identities(batch for batch in ledger.batches() if batch.heard is not None)
    deleted = _identities(batch for visitor in ledger.deleted for batch in visitor.batches)

    def is_done() -> bool:
        stored = _stored(data).keys()
        return not acknowledged - stored and not deleted & stored

    # What never comes is lost, which is told below.
    with contextlib.suppress(AssertionError):
        await_true("as many events", lambda: stored_events(data) >= len(acknowledged), seconds)
        await_true("all events", is_done, seconds, every=0.3)
    return [*violations(data, ledger), *disagreements(data, ledger)]


def violations(data: Path, ledger: Ledger, heard_by: int | None = None) -> list[str]:
    """What the lake lacks, or holds twice, or was never sent; of what was heard by then."""
    stored = _stored(data)
    required = (
        batch
        for batch in ledger.batches()
        if batch.heard is not None and (heard_by is None or batch.heard <= heard_by)
    )
    vanished = list(ledger.vanished)
    sent = _identities([*ledger.batches(), *vanished])
    return [
        *_some("acknowledged, not stored", _identities(required) - stored.keys()),
        *_some("stored more than once", {key for key, times in stored.items() if times > 1}),
        *_some("stored, and never sent or deleted since", stored.keys() - sent),
        *_some("stored in part", {batch.id for batch in vanished if _is_torn(batch, stored)}),
        *_unsound(data),
    ]


def stored_events(data: Path) -> int:
    """By the log alone, as quickly as can be."""
    path = str(data / "lake/events")
    return DeltaTable(path).count() if DeltaTable.is_deltatable(path) else 0


def disagreements(data: Path, ledger: Ledger) -> list[str]:
    """Where reports differ from what visitors did who were all acknowledged."""
    visitors = [one for one in ledger.visitors if one.batches]
    types = sum((batch.types for one in visitors for batch in one.batches), Counter[str]())
    reached = [sum(one.reached >= place for one in visitors) for place in range(1, len(STEPS) + 1)]
    funnel_steps = [{"on": "track", "name": step} for step in STEPS]
    series = [*funnel_steps, {"on": "identify"}, {"on": "identify", "measure": "persons"}]
    counted = [*(types[step] for step in STEPS), types["identify"], types["identify"]]
    with backsight.open(data) as site:
        funnel = [step["count"] for step in site.funnel(funnel_steps, **ALWAYS).steps]
        trend = [one["total"] for one in site.trend(series, "all", **ALWAYS).series]
    return [
        *([] if funnel == reached else [f"the funnel says {funnel}, visitors say {reached}"]),
        *([] if trend == counted else [f"the trend says {trend}, visitors say {counted}"]),
    ]


def _identities(batches: Iterable[Batch]) -> set[Identity]:
    return {(id64("page", batch.page), number) for batch in batches for number in batch.sequences}


def _stored(data: Path) -> Counter[Identity]:
    rows = _rows(data, "events", ["page", "sequence"])
    return Counter(zip(rows["page"].to_pylist(), rows["sequence"].to_pylist(), strict=True))


def _is_torn(batch: Batch, stored: Counter[Identity]) -> bool:
    return len({key in stored for key in _identities([batch])}) > 1


def _unsound(data: Path) -> Iterator[str]:
    """What stands twice in the other tables, or is referred to and missing."""
    events, nodes = (
        _rows(data, "events", ["node_id"]),
        _rows(data, "nodes", ["node_id", "parent_id", "element_id", "depth"]),
    )
    elements = _rows(data, "elements", ["element_id"])
    for rows, name in (
        (nodes, "node_id"),
        (elements, "element_id"),
        (_rows(data, "statements", ["statement_id"]), "statement_id"),
    ):
        if rows.num_rows != pc.count_distinct(rows[name]).as_py():
            yield f"a {name} is stored more than once"
    letters = _rows(data, "dead_letters", ["batch", "index", "detail"]).to_pylist()
    yield from _some(
        "dead letters stored more than once",
        _repeated((row["batch"], row["index"], row["detail"]) for row in letters),
    )
    below = nodes.filter(pc.greater(nodes["depth"], 0))
    for name, used, known in (
        ("a node of an event", events["node_id"], nodes["node_id"]),
        ("a node's parent", below["parent_id"], nodes["node_id"]),
        ("a node's element", nodes["element_id"], elements["element_id"]),
    ):
        if not pc.all(pc.is_in(used.drop_null(), known.combine_chunks()), min_count=0).as_py():
            yield f"{name} is missing"


def _repeated(keys: Iterable[Any]) -> set[Any]:
    return {key for key, times in Counter(keys).items() if times > 1}


def _some(what: str, which: set[Any]) -> list[str]:
    return [f"{what}: {len(which)}, such as {min(which)}"] if which else []


def _rows(data: Path, table: str, columns: list[str]) -> pa.Table:
    """Committed rows, read by deltalake itself; none where nothing was committed yet."""
    path = str(data / "lake" / table)
    if not DeltaTable.is_deltatable(path):
        return pa.table({name: pa.array([], pa.int64()) for name in columns})
    return DeltaTable(path).to_pyarrow_table(columns=columns)
