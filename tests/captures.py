"""Batches as the snippet sends them, journals that hold them, and the lake read back by deltalake itself."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from backsight.contract import id64
from backsight_collector.journal.records import Capture, Record, encode_record
from backsight_collector.journal.writer import Journal

NOW = 1_795_000_000_000_000
"""When the collector received the first batch, in microseconds."""
SITE = "shop"

ELEMENTS = [
    {"tag": "html", "attrs": {"lang": "en"}},
    {"tag": "body"},
    {"tag": "button", "attrs": {"class": "btn", "data-sku": "12"}},
]
NODES = [[-1, 0, 1, 1, 1, 1, 0], [0, 1, 2, 1, 1, 1, 0], [1, 2, 4, 3, 1, 2, 0]]


def click(seq: int, **fields: object) -> dict[str, object]:
    return {"type": "click", "page": 0, "seq": seq, "time": NOW // 1000 - 5_000 + seq, "node": 2, **fields}


def batch(page: str, events: Iterable[dict[str, object]], **fields: object) -> dict[str, Any]:
    """One page's events; everything else can be set."""
    return {
        "v": 1,
        "key": "wk_test",
        "batch": f"batch of {page}",
        "device": "device-1",
        "session": "session-1",
        "sent_at": NOW // 1000 - 1_000,
        "pages": [{"id": page, "url": "https://shop.example/p/12?a=1#top"}],
        "elements": ELEMENTS,
        "nodes": NODES,
        "events": list(events),
        **fields,
    }


def capture(sent: dict[str, Any], received_at: int = NOW, site: str = SITE) -> Capture:
    return Capture(received_at, site, "Agent/1.0", json.dumps(sent).encode())


def write_journal(data_dir: Path, records: Iterable[Record], writer: str = "collector") -> list[int]:
    """Appends records to a journal as its one writer, in a new segment; their positions."""
    journal = Journal(data_dir / "journal" / writer)
    try:
        return [journal.append_now(encode_record(record)) for record in records]
    finally:
        journal.close()


def stored(data_dir: Path, table: str) -> list[dict[str, Any]]:
    """A table's committed rows, read by deltalake itself."""
    rows: list[dict[str, Any]] = DeltaTable(str(data_dir / "lake" / table)).to_pyarrow_table().to_pylist()
    return rows


def identities(data_dir: Path) -> list[tuple[str, int, int]]:
    """(site, page, sequence) of all stored events, in order."""
    return sorted((row["site"], row["page"], row["sequence"]) for row in stored(data_dir, "events"))


def identity(page: str, seq: int, site: str = SITE) -> tuple[str, int, int]:
    return site, id64("page", page), seq


def assert_sound(data_dir: Path) -> None:
    """Nothing stands twice in the lake, and everything that is referred to is there."""
    events, nodes, elements = (stored(data_dir, name) for name in ("events", "nodes", "elements"))
    statements, letters = stored(data_dir, "statements"), stored(data_dir, "dead_letters")
    known_nodes = [(row["site"], row["node_id"]) for row in nodes]
    known_elements = [(row["site"], row["element_id"]) for row in elements]
    places = [(row["site"], row["batch"], row["index"], row["detail"]) for row in letters]
    for keys in (identities(data_dir), known_nodes, known_elements, places):
        assert len(keys) == len(set(keys))
    assert len({row["statement_id"] for row in statements}) == len(statements)
    assert {(row["site"], row["node_id"]) for row in events if row["node_id"] is not None} <= set(known_nodes)
    assert {(row["site"], row["parent_id"]) for row in nodes if row["depth"]} <= set(known_nodes)
    assert {(row["site"], row["element_id"]) for row in nodes} <= set(known_elements)


class Stop(threading.Event):
    """A stop signal that is given after so many waits."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.left = waits
        self.pauses: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout)
        self.left -= 1
        if self.left <= 0:
            self.set()
        return self.is_set()
