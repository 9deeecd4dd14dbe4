"""Write a lake of made-up traffic by the contract: `python -m bench.generate DIRECTORY`.

Twelve weeks with the rhythm of the week and the day, growing; one file a day, written by the collector's own
code and sorted as its compaction leaves it. Devices' activity is log-normal, pages and what stands on them
follow Zipf's law over a trie of many levels; one device in five is identified, some users have two devices,
and a few devices two users. The same arguments give the same lake.

Selectors with known shares of all events: `.common-1` to `.common-3` together about 8 % (as `.step-1` to
`.step-12`, a journey of twelve steps), `.some-1` to `.some-3` 1 %, `.rare-1` to `.rare-3` 0.1 %. The answers
that `.planted-1` to `.planted-3` (a funnel) and `.weekly-1`, `.weekly-2` (retention) must give are written
to `plant.json` beside the tables.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.transaction import AddAction, RemoveAction

from backsight.contract import PARTITIONS, TABLES
from backsight_collector.lake.compaction import SORTED_BY, TARGET_ROWS
from backsight_collector.lake.data_files import write_files
from bench.lake.columns import DAYS
from bench.lake.days import Site, draw_day, share_out
from bench.lake.elements import make_pages
from bench.lake.people import make_people, make_statements
from bench.lake.plant import RETURNS, WEEKS, Plant, make_plant
from bench.terminal import tell

PLANT: Final = "plant.json"
NODES_TO_EVENTS: Final = 50
"""Events to a distinct node, within the bounds below."""
MOST_NODES: Final = 1_000_000
LEAST_NODES: Final = 20_000


def generate(root: Path, events: int, nodes: int | None = None, seed: int = 1) -> None:
    """Write the lake under `root`; an existing one is refused. `nodes` follow from `events` unless given."""
    for name, schema in TABLES.items():
        DeltaTable.create(str(root / name), schema=schema, partition_by=PARTITIONS[name], mode="error")
    random = np.random.default_rng(seed)
    wanted = nodes or min(max(events // NODES_TO_EVENTS, LEAST_NODES), MOST_NODES)
    pages, node_rows, element_rows = make_pages(wanted, random)
    people, plant = make_people(events, random), make_plant(events, random)
    statements = pa.concat_tables([make_statements(people), plant.statements])
    for name, rows in (("elements", element_rows), ("nodes", node_rows), ("statements", statements)):
        order = [(column, "ascending") for column in SORTED_BY[name]]
        _commit(root, name, _write(root, name, rows.sort_by(order)))
    counts = share_out(events)
    _write_days(root, Site(pages, people, plant), counts.tolist(), seed)
    (root / PLANT).write_text(json.dumps(_answers(plant, counts.tolist(), events, len(node_rows)), indent=1))


def _write_days(root: Path, site: Site, counts: list[int], seed: int) -> None:
    """Two days at a time: most of the work holds no lock of Python's."""
    began, done = perf_counter(), 0

    def write(day: int) -> list[AddAction]:
        return _write(root, "events", draw_day(site, day, counts[day], seed))

    with ThreadPoolExecutor(2) as pool:
        for day, actions in enumerate(pool.map(write, range(DAYS))):
            _commit(root, "events", actions)
            done += counts[day]
            tell(f"{done:,} of {sum(counts):,} events, {done / (perf_counter() - began):,.0f} a second")
    tell("")


def _write(root: Path, name: str, rows: pa.Table) -> list[AddAction]:
    bounds = ["received_at"] if name == "events" else []
    return [
        action
        for part in _files(rows)
        for action in write_files(root / name, part, PARTITIONS[name], bounds, sorted_by=SORTED_BY[name])
    ]


def _files(rows: pa.Table) -> Iterator[pa.Table]:
    """Files of as many rows as compaction makes at most."""
    for start in range(0, rows.num_rows, TARGET_ROWS):
        yield rows.slice(start, TARGET_ROWS)


def _commit(root: Path, name: str, actions: list[AddAction]) -> None:
    table = DeltaTable(str(root / name))
    table.create_write_transaction(
        list[AddAction | RemoveAction](actions), "append", table.schema(), PARTITIONS[name]
    )


def _answers(plant: Plant, by_day: list[int], events: int, nodes: int) -> dict[str, object]:
    size, returned = plant.retention
    return {
        "events": events,
        "nodes": nodes,
        "by_day": by_day,
        "funnel": plant.funnel,
        "retention": {"weeks": WEEKS, "size": size, "returned": dict(zip(RETURNS, returned, strict=True))},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=Path, help="where to; must not hold a lake yet")
    parser.add_argument(
        "--events", type=int, default=10_000_000, help="how many raw events (default 10 million)"
    )
    parser.add_argument("--nodes", type=int, help="distinct nodes (default: a fiftieth of the events, "
                        f"{LEAST_NODES:,} to {MOST_NODES:,})")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    generate(arguments.directory, arguments.events, arguments.nodes, arguments.seed)


if __name__ == "__main__":
    main()
