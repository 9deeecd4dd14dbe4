"""Rows picked by node, against reading everything and filtering."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight import plain_numbers
from backsight.contract import EVENTS
from backsight.engine import Engine, Files
from backsight.errors import Exceeded
from backsight.held_rows import HeldRows
from backsight.node_rows import NodeFile, NodeRows, picked_schema
from backsight_collector.lake.data_files import write_files
from query.rows import rows_of

COLUMNS = ["time", "type", "node_id", "device", "user", "session", "page", "sequence", "path", "props"]
SCHEMA = pa.schema([EVENTS.field(name) for name in COLUMNS])

Write = Callable[[Path, pa.Table], Any]


def _events(nodes: Sequence[int | None], shift: int = 0) -> pa.Table:
    """A row a node, each value of which is told from the others'."""
    rows = [
        {
            "site": "shop", "date": None, "time": 1_000_000 * (index + shift), "node_id": node,
            "type": "click" if index < 40 else "submit", "device": index + 2**40, "page": -index,
            "user": index if index % 50 != 5 else None, "session": index + 5, "sequence": index,
            "path": "/a" if index % 9 else None, "props": None, "client_time": 0, "received_at": 0,
        }
        for index, node in enumerate(nodes)
    ]  # fmt: skip
    return rows_of("events", rows).drop_columns(["site", "date"])


def _in_small_groups(path: Path, rows: pa.Table) -> None:
    pq.write_table(rows, path, row_group_size=16, compression="none", use_dictionary=["type"])


def _in_several_pages(path: Path, rows: pa.Table) -> None:
    pq.write_table(
        rows, path, row_group_size=32, data_page_size=64, write_batch_size=8, compression="none",
        use_dictionary=False,
    )  # fmt: skip


def _in_new_pages(path: Path, rows: pa.Table) -> None:
    pq.write_table(
        rows, path, row_group_size=16, data_page_version="2.0", compression="none", use_dictionary=False
    )


def _compressed(path: Path, rows: pa.Table) -> None:
    pq.write_table(rows, path, row_group_size=16, write_statistics=False)


def _as_collected(path: Path, rows: pa.Table) -> None:
    [action] = write_files(path.parent, rows, [], [])
    (path.parent / action.path).rename(path)


def _expected(tables: Sequence[pa.Table], nodes: Sequence[int]) -> pa.Table:
    asked = pa.array(nodes, pa.int64())
    return pa.concat_tables(
        [rows.filter(pc.is_in(rows["node_id"], asked)).select(COLUMNS) for rows in tables]
    ).cast(SCHEMA)


def _picked(rows: NodeRows, uris: Sequence[str], nodes: Sequence[int]) -> pa.Table | None:
    picked = rows.pick(uris, SCHEMA, np.array(nodes, np.int64))
    return None if picked is None else picked.cast(SCHEMA)


def _rows(held: int = 2**30, threads: int = 1, kept_bytes: int = 2**20) -> NodeRows:
    return NodeRows(HeldRows(held), kept_bytes, threads)


_node = st.one_of(st.none(), st.integers(-5, 30))
_file = st.sampled_from([1, 10, 60, 200]).flatmap(lambda size: st.lists(_node, min_size=size, max_size=size))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(_file, min_size=1, max_size=3),
    asked=st.sets(st.integers(-7, 32), max_size=8),
    in_order=st.booleans(),
    write=st.sampled_from([_in_small_groups, _in_several_pages, _in_new_pages, _compressed, _as_collected]),
    threads=st.sampled_from([1, 2]),
    near=st.sampled_from([0, 64, plain_numbers.NEAR]),
)
def test_picks_what_a_filter_finds(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[list[int | None]],
    asked: set[int],
    in_order: bool,
    write: Write,
    threads: int,
    near: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the order of a file's rows and however it is written, the rows of the nodes are given."""
    monkeypatch.setattr(plain_numbers, "NEAR", near)
    folder = tmp_path_factory.mktemp("files")
    tables = []
    for number, nodes in enumerate(files):
        nodes = sorted(nodes, key=lambda node: (node is None, node)) if in_order else nodes
        tables.append(_events(nodes, shift=1_000 * number))
        write(folder / f"{number}.parquet", tables[-1])
    uris = [str(folder / f"{number}.parquet") for number in range(len(files))]
    expected = _expected(tables, sorted(asked))
    rows = _rows(threads=threads)
    for _ in range(2):
        picked = _picked(rows, uris, sorted(asked))
        if 4 * len(expected) > sum(map(len, files)):
            assert picked is None
        else:
            assert picked is not None
            assert picked.equals(expected)


def test_a_column_that_a_file_lacks_is_null(tmp_path: Path) -> None:
    """Files of older versions of the schema are read by the newest."""
    path = tmp_path / "old.parquet"
    _in_small_groups(path, _events(range(50)).drop_columns(["session", "path"]))
    picked = _picked(_rows(), [str(path)], [7, 45])
    assert picked is not None
    assert picked["session"].to_pylist() == [None, None]
    assert picked["path"].to_pylist() == [None, None]
    assert picked["type"].to_pylist() == ["click", "submit"]


def test_far_files_are_left_to_the_engine() -> None:
    """Only files of this machine are picked from."""
    assert _picked(_rows(), ["s3://bucket/events/1.parquet"], [1]) is None


def test_answers_stay_right_when_memory_is_short(tmp_path: Path) -> None:
    """What is remembered of files is bounded; what was forgotten is read again."""
    uris = [str(tmp_path / f"{number}.parquet") for number in range(3)]
    for uri in uris:
        _in_small_groups(Path(uri), _events(range(50)))
    rows = _rows(kept_bytes=0)
    for _ in range(2):
        picked = _picked(rows, uris, [3])
        assert picked is not None
        assert picked["device"].to_pylist() == [2**40 + 3] * 3


def test_a_question_about_more_than_there_is_room_for_reads_only_the_rest_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that fit stay remembered; those asked for before make room for those asked for now."""
    uris = [str(tmp_path / f"{number}.parquet") for number in range(4)]
    for uri in uris:
        _in_small_groups(Path(uri), _events(range(50)))
    opened: list[int] = []
    open_file = NodeFile.open
    monkeypatch.setattr(NodeFile, "open", lambda path: opened.append(int(path.stem)) or open_file(path))
    rows = _rows(kept_bytes=2 * open_file(Path(uris[0])).bytes)
    for asked in (uris[:3], uris[:3], uris[3:], uris[3:]):
        _picked(rows, asked, [3])
    assert opened == [0, 1, 2, 2, 3]


def test_the_collector_writes_what_reports_pick_as_it_lies_in_memory(tmp_path: Path) -> None:
    """Time, device, page and sequence of a row are read without decoding those of its neighbours."""
    path = tmp_path / "events.parquet"
    _as_collected(path, _events(range(100)))
    group = pq.read_metadata(path).row_group(0)
    chunks = {group.column(index).path_in_schema: group.column(index) for index in range(group.num_columns)}
    for name in ("time", "device", "page", "sequence"):
        assert (chunks[name].compression, set(chunks[name].encodings)) == ("UNCOMPRESSED", {"PLAIN", "RLE"})


@pytest.mark.parametrize("asked", [[3], list(range(100)), []])
def test_the_engine_may_give_more_rows_but_never_fewer(
    tmp_path: Path, engine: Engine, asked: list[int]
) -> None:
    """A relation of some nodes has all of their rows."""
    path = tmp_path / "events.parquet"
    _as_collected(path, _events(range(100)))
    files = Files([str(path)], SCHEMA, np.array(asked, np.int64))
    found = engine.query("select node_id from events", tables={"events": files})["node_id"].to_pylist()
    assert set(asked) <= set(found)


def test_more_rows_than_fit_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room for picked rows is taken file by file: what does not fit never stands in memory as a whole."""
    uris = [str(tmp_path / f"{number}.parquet") for number in range(5)]
    for uri in uris:
        _in_small_groups(Path(uri), _events([7] * 1_000 + [8] * 9_000))
    read: list[int] = []
    read_rows = NodeFile.read
    monkeypatch.setattr(
        NodeFile, "read", lambda file, *asked: read.append(len(asked[0])) or read_rows(file, *asked)
    )
    with pytest.raises(Exceeded):
        _picked(_rows(held=150_000), uris, [7])
    assert 0 < len(read) < len(uris)


def test_the_same_rows_are_read_once_while_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question asked again reads only what it had not read; the one asked longest ago makes room; other
    nodes or columns are another question."""
    uris = [str(tmp_path / f"{number}.parquet") for number in range(3)]
    for uri in uris:
        _in_small_groups(Path(uri), _events(range(50)))
    read: list[Any] = []
    read_rows = NodeFile.read
    monkeypatch.setattr(
        NodeFile, "read", lambda file, at, schema: read.append(at.tolist()) or read_rows(file, at, schema)
    )

    def reads(rows: NodeRows, uris: Sequence[str], node: int) -> int:
        read.clear()
        picked = _picked(rows, uris, [node])
        assert picked is not None
        assert picked["node_id"].to_pylist() == [node] * len(uris)
        return len(read)

    size = read_rows(NodeFile.open(Path(uris[0])), np.array([3]), picked_schema(SCHEMA)).nbytes
    rows = _rows(held=2 * 4 * size + 2)  # half of it for what is kept: four files of one question
    assert [reads(rows, uris[:2], 3), reads(rows, uris, 3), reads(rows, uris, 3)] == [2, 1, 0]
    assert [reads(rows, uris, 4), reads(rows, uris, 4), reads(rows, uris, 3)] == [3, 0, 3]
    rows.forget_rows()
    assert [reads(rows, uris, 3), reads(rows, uris, 3)] == [3, 0]


def test_rows_kept_for_later_make_room_for_what_is_asked_now(tmp_path: Path) -> None:
    """Where memory is short, what was kept is let go before a question is refused."""
    path = tmp_path / "events.parquet"
    _in_small_groups(path, _events([7] * 100 + [8] * 100 + [9] * 1_000))
    size = NodeFile.open(path).read(np.array([0]), picked_schema(SCHEMA)).nbytes
    held = HeldRows(2 * size + size // 2, lambda: rows.forget_rows())
    rows = NodeRows(held)
    for node in (7, 8, 7, 8):
        picked = _picked(rows, [str(path)], [node])
        assert picked is not None
        assert picked.num_rows == 100
    spare = pa.table({"x": pa.array(range(2 * size // 8))})
    assert held.take(spare.schema, spare.to_batches()).equals(spare)


def test_rows_stay_held_as_long_as_a_table_made_of_them() -> None:
    """Memory is free again when neither what was read nor what was made of it is needed."""
    part = pa.table({"x": pa.array(range(100))})
    held = HeldRows(part.nbytes)
    whole = held.joined(part.schema, [held.take(part.schema, part.to_batches())])
    with pytest.raises(Exceeded):
        held.take(part.schema, part.to_batches())
    del whole
    assert held.take(part.schema, part.to_batches()).equals(part)
