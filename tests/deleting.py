"""Ada, who is to be deleted, and Bob, who stays: what they do, how one is deleted, where she still stands."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from backsight.contract import id64
from backsight_collector.committer import Committer, CommitterSettings
from backsight_collector.deletion import document as documents
from backsight_collector.deletion.document import read_document
from backsight_collector.journal.records import Capture, Deletion
from captures import NOW, SITE, batch, capture, click, stored, write_journal

SECOND = 1_000_000
THEN = NOW + 60 * SECOND
"""When the deletion is asked for."""
ADA, BOB = id64("user", "ada@shop.example"), id64("user", "bob")
MARKERS = (
    b"ada@shop.example",
    b"device-of-ada",
    b"Ada's own words",
    b"ada-trait",
    b"ada-prop",
    b"ada-broken",
)


def said(kind: str, seq: int, **fields: object) -> dict[str, object]:
    return {"type": kind, "page": 0, "seq": seq, "time": NOW // 1000 - 2_000 + seq, **fields}


def of_ada() -> list[Capture]:
    """What Ada does, in the order in which it arrives: everything bears a marker."""
    identify = said("identify", 3, user="ada@shop.example", traits={"mail": "ada-trait"})
    broken = {**said("click", -1), "text": "ada-broken"}
    ada: dict[str, Any] = {"device": "device-of-ada"}
    return [
        capture(batch("a1", [click(0, text="Ada's own words"), broken], **ada, batch="1")),
        capture(
            batch(
                "a2",
                [identify, said("track", 4, name="Bought", props={"what": "ada-prop"})],
                **ada,
                batch="2",
            )
        ),
        capture(
            batch("a3", [click(0)], device="device-of-ada-2", user="ada@shop.example", batch="3"), NOW + 3
        ),
    ]


def of_bob(page: str = "b", **fields: Any) -> list[Capture]:
    bad = said("click", -2)
    sent = batch(page, [click(0), click(1), bad], device="device-of-bob", user="bob", batch=page, **fields)
    return [capture(sent, NOW + 7)]


def fold_all(data_dir: Path, **options: Any) -> Committer:
    committer = Committer(data_dir, CommitterSettings(**options))
    while committer.step().more:
        pass
    committer.step()
    committer.close()
    return committer


def ask(data_dir: Path, *persons: int, at: int = THEN, name: str = "del_1", site: str = SITE) -> None:
    write_journal(data_dir, [Deletion(at, site, name, persons)], "admin")


def delete(data_dir: Path, *persons: int, at: int = THEN, name: str = "del_1") -> documents.Document:
    ask(data_dir, *persons, at=at, name=name)
    fold_all(data_dir)
    found = read_document(data_dir / "lake", name)
    assert found is not None
    assert found.is_done
    return found


def bytes_below(folder: Path) -> Iterable[tuple[Path, bytes]]:
    """Every file as it is, and of Parquet also what it says when it is read."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()
            if path.suffix == ".parquet":
                yield path, repr(pq.ParquetFile(path).read().to_pylist()).encode()


def found_below(folder: Path, markers: Iterable[bytes] = MARKERS) -> set[tuple[Path, bytes]]:
    return {(path, marker) for path, text in bytes_below(folder) for marker in markers if marker in text}


def rows(data_dir: Path) -> dict[str, list[str]]:
    """All rows of the tables that hold persons, in an order of their own."""
    return {
        name: sorted(repr(sorted(row.items(), key=str)) for row in stored(data_dir, name))
        for name in ("events", "statements", "dead_letters")
    }
