"""Write a lake of made-up traffic by the contract: `python -m bench.generate DIRECTORY`.

Twelve weeks, one file a day, sorted and written as the committer's compaction leaves it; devices whose
activity is log-normal, nodes by Zipf's law, and two planted funnels of three steps each: `.common-1` to
`.common-3` together match 8 % of all events, `.rare-1` to `.rare-3` 0.1 %. One device in five is identified.
The same arguments give the same lake.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from deltalake import DeltaTable

from backsight.contract import ELEMENTS, EVENTS, NODES, PARTITIONS, STATEMENTS, TABLES, id64
from backsight_collector.lake.compaction import SORTED_BY
from backsight_collector.lake.data_files import write_files

SITE = "bench"
START = date(2026, 8, 3)
DAYS = 84
EVENTS_PER_DEVICE = 50
SHARES = {"common-1": 0.045, "common-2": 0.025, "common-3": 0.010,
          "rare-1": 0.0006, "rare-2": 0.0003, "rare-3": 0.0001}  # fmt: skip
NODES_PER_STEP = 20

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Traffic:
    """What events are drawn from."""

    nodes: Integers
    weights: npt.NDArray[np.float64]
    classes: list[str]
    devices: Integers
    activity: npt.NDArray[np.float64]
    users: Integers
    """Aligned with `devices`; 0 where nobody was identified."""


def draw_traffic(events: int, nodes: int, random: np.random.Generator) -> Traffic:
    """Devices, nodes and how often each occurs."""
    planted = [name for name in SHARES for _ in range(NODES_PER_STEP)]
    classes = planted + [f"node-{index}" for index in range(nodes - len(planted))]
    zipf = 1.0 / np.arange(1, nodes - len(planted) + 1)
    zipf *= (1 - sum(SHARES.values())) / zipf.sum()
    weights = np.concatenate([np.repeat(list(SHARES.values()), NODES_PER_STEP) / NODES_PER_STEP, zipf])
    count = max(events // EVENTS_PER_DEVICE, 10)
    devices = random.integers(-(2**62), 2**62, count)
    activity = random.lognormal(0.0, 1.0, count)
    users = np.where(random.random(count) < 0.2, random.integers(1, 2**62, count), 0)
    ids = np.array([id64("node", name, index) for index, name in enumerate(classes)])
    return Traffic(ids, weights / weights.sum(), classes, devices, activity / activity.sum(), users)


def draw_day(traffic: Traffic, day: date, count: int, random: np.random.Generator) -> pa.Table:
    """One day's events, sorted by node, then time."""
    node = random.choice(len(traffic.nodes), count, p=traffic.weights)
    device = random.choice(len(traffic.devices), count, p=traffic.activity)
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1_000)
    time = (midnight + random.integers(0, 86_400_000, count)) * 1_000
    order = np.lexsort((time, traffic.nodes[node]))
    node, device, time = node[order], device[order], time[order]
    page = traffic.devices[device] ^ (time // 600_000_000)
    user = traffic.users[device]
    made = {
        "time": time, "client_time": time, "sent_at": time + 900_000, "received_at": time + 1_000_000,
        "node_id": traffic.nodes[node], "device": traffic.devices[device], "page": page,
        "session": traffic.devices[device] ^ (time // 3_600_000_000),
        "sequence": random.integers(0, 200, count),
        "user": pa.array(user, mask=user == 0),
        "type": _repeat("click", count), "host": _repeat("shop.example", count),
        "language": _repeat("en-GB", count), "title": _repeat("Shop", count),
        "user_agent": _pick([f"Mozilla/5.0 (X11; Linux) Firefox/{n}.0" for n in range(120, 140)], device),
        "text": _pick([f"Text {n}" for n in range(500)], node),
        "path": _pick([f"/p/{n}" for n in range(300)], node // 7),
        "x": random.integers(0, 1_280, count), "y": random.integers(0, 720, count),
        "viewport_width": np.full(count, 1_280), "viewport_height": np.full(count, 720),
        "site": _repeat(SITE, count), "date": pa.array([day] * count, pa.date32()),
    }  # fmt: skip
    columns = [
        _column(made[field.name], field.type) if field.name in made else pa.nulls(count, field.type)
        for field in EVENTS
    ]
    return pa.table(columns, schema=EVENTS)


def _column(values: object, kind: pa.DataType) -> pa.Array:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array.cast(pa.int64()).cast(kind) if pa.types.is_timestamp(kind) else array.cast(kind)


def _repeat(word: str, count: int) -> pa.Array:
    return _pick([word], np.zeros(count, np.int64))


def _pick(words: list[str], index: Integers) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(index % len(words), pa.int32()), words)


def make_trie(traffic: Traffic) -> tuple[pa.Table, pa.Table]:
    """The nodes and elements of the traffic: html > body > one button a node, told apart by its class."""
    seen = datetime(START.year, START.month, START.day, tzinfo=UTC)
    tags = [("html", ""), ("body", ""), *(("button", name) for name in traffic.classes)]
    distinct = {description: id64("element", *description) for description in tags}
    elements = [
        {"site": SITE, "element_id": element, "tag": tag, "namespace": "html",
         "attributes": [("class", name)] if name else [], "first_seen": seen}
        for (tag, name), element in distinct.items()
    ]  # fmt: skip
    html, body = id64("node", "html"), id64("node", "body")
    chain = [(html, None, 0), (body, html, 1), *((int(node), body, 2) for node in traffic.nodes)]
    place = {"child_index": 1, "child_last": 1, "type_index": 1, "type_last": 1, "flags": 0}
    nodes = [
        {"site": SITE, "node_id": node, "parent_id": parent, "element_id": distinct[description],
         "depth": depth, "first_seen": seen, **place}
        for (node, parent, depth), description in zip(chain, tags, strict=True)
    ]  # fmt: skip
    return pa.Table.from_pylist(nodes, schema=NODES), pa.Table.from_pylist(elements, schema=ELEMENTS)


def make_statements(traffic: Traffic) -> pa.Table:
    """One identify a device that has a user, on the first day."""
    known = np.flatnonzero(traffic.users)
    count = len(known)
    at = pa.array(
        [datetime(START.year, START.month, START.day, tzinfo=UTC)] * count, EVENTS.field("time").type
    )
    made = {
        "site": _repeat(SITE, count), "kind": _repeat("identify", count), "time": at, "received_at": at,
        "statement_id": pa.array([f"s{index}" for index in known]),
        "device": traffic.devices[known], "user": traffic.users[known],
        "device_id": pa.array([f"d{index}" for index in known]),
        "user_id": pa.array([f"u{index}" for index in known]),
    }  # fmt: skip
    columns = [
        _column(made[field.name], field.type) if field.name in made else pa.nulls(count, field.type)
        for field in STATEMENTS
    ]
    return pa.table(columns, schema=STATEMENTS)


def tables(events: int, nodes: int, seed: int) -> Iterator[tuple[str, pa.Table]]:
    """The lake, part by part: (table, rows)."""
    random = np.random.default_rng(seed)
    traffic = draw_traffic(events, nodes, random)
    made_nodes, elements = make_trie(traffic)
    yield from (("elements", elements), ("nodes", made_nodes), ("statements", make_statements(traffic)))
    for day in range(DAYS):
        count = events * (day + 1) // DAYS - events * day // DAYS
        yield "events", draw_day(traffic, START + timedelta(days=day), count, random)


def generate(root: Path, events: int, nodes: int = 20_000, seed: int = 1) -> None:
    """Write the lake under `root`; an existing one is refused."""
    for name, schema in TABLES.items():
        DeltaTable.create(str(root / name), schema=schema, partition_by=PARTITIONS[name], mode="error")
    for name, rows in tables(events, nodes, seed):
        table = DeltaTable(str(root / name))
        order = SORTED_BY[name]
        bounds = ["received_at"] if name == "events" else []
        files = write_files(root / name, rows, PARTITIONS[name], bounds, sorted_by=order)
        table.create_write_transaction(list(files), "append", table.schema(), PARTITIONS[name])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=Path)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--nodes", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    generate(arguments.directory, arguments.events, arguments.nodes, arguments.seed)


if __name__ == "__main__":
    main()
