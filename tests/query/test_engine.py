"""The engine: bound parameters, relations of a query's own, nothing from the network."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backsight.engine import UNITS, Derived, Engine, Files
from backsight.errors import Cancelled


def test_parameters_are_bound(engine: Engine) -> None:
    """A value is a value, whatever it spells."""
    nasty = "'; drop table x; --"
    answer = engine.query(
        "select $text as text, $at as at", {"text": nasty, "at": datetime(2026, 1, 1, tzinfo=UTC)}
    )
    assert answer.to_pylist() == [{"text": nasty, "at": datetime(2026, 1, 1, tzinfo=UTC)}]


def test_relations_belong_to_one_query(engine: Engine) -> None:
    """Queries at the same time may give different relations one name, and none is left behind."""
    answers: dict[int, int] = {}

    def ask(number: int) -> None:
        table = pa.table({"x": [number] * 1_000})
        answers[number] = engine.query("select sum(x) as total from part", tables={"part": table})["total"][
            0
        ].as_py()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: number * 1_000 for number in range(8)}
    with pytest.raises(duckdb.CatalogException):
        engine.query("select * from part")


def test_files_read_by_name(engine: Engine, tmp_path: Path) -> None:
    """Files of different schemas are one relation, no files an empty one; quotes in a path are harmless."""
    pq.write_table(pa.table({"a": pa.array([1], pa.int64())}), tmp_path / "it's old.parquet")
    pq.write_table(pa.table({"b": ["x"], "a": pa.array([2], pa.int64())}), tmp_path / "new.parquet")
    schema = pa.schema([("a", pa.int64()), ("b", pa.string())])
    uris = [str(tmp_path / "it's old.parquet"), str(tmp_path / "new.parquet")]
    rows = engine.query("select a, b from t order by a", tables={"t": Files(uris, schema)})
    assert rows.to_pylist() == [{"a": 1, "b": None}, {"a": 2, "b": "x"}]
    assert engine.query("select a, b from t", tables={"t": Files([], schema)}).num_rows == 0


def test_every_column_of_the_contract_has_a_type_of_sql(engine: Engine, tmp_path: Path) -> None:
    """A file of nothing but nulls reads with the contract's types."""
    from backsight.contract import TABLES

    for name, schema in TABLES.items():
        loose = pa.schema([pa.field(field.name, field.type) for field in schema])
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table([pa.nulls(1, field.type) for field in loose], schema=loose), path)
        assert engine.query("select * from t", tables={"t": Files([str(path)], schema)}).num_rows == 1


def test_a_derived_relation_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another statement's rows are a relation, kept by key while there is room; the oldest goes first."""
    monkeypatch.setattr("backsight.engine.KEPT_RELATIONS", 2)
    engine = Engine(threads=1)

    def ask(key: str, value: int) -> object:
        # Rows that differ under one key tell whether they were computed or kept.
        inner = {"base": pa.table({"x": [value]})}
        derived = Derived("select x + $more as y from base", {"more": 1}, inner, key)
        return engine.query("select y from derived", tables={"derived": derived})["y"].to_pylist()

    assert [ask("a", 1), ask("a", 5), ask("b", 2), ask("a", 6)] == [[2], [2], [3], [2]]
    assert [ask("c", 3), ask("a", 7), ask("b", 8)] == [[4], [2], [9]]
    engine.close()


def test_instants_are_utc(engine: Engine) -> None:
    """Whatever the machine's timezone, an instant comes back in UTC."""
    answer = engine.query(
        "select timestamptz '2026-01-01 00:00:00+02' as at, date_part('hour', now()) as hour"
    )
    assert answer["at"][0].as_py() == datetime(2025, 12, 31, 22, tzinfo=UTC)
    assert answer["hour"][0].as_py() in {datetime.now(UTC).hour, (datetime.now(UTC).hour - 1) % 24}


def test_nothing_is_installed_behind_ones_back(engine: Engine) -> None:
    """An extension that is not there is not fetched."""
    settings = engine.query("select value from duckdb_settings() where name like 'auto%_known_extensions'")
    assert settings["value"].to_pylist() == ["false", "false"]


def test_bounds_are_taken() -> None:
    """Threads and memory are those asked for."""
    bounded = Engine(threads=1, memory="256MB")
    settings = bounded.query(
        "select current_setting('threads') as threads, current_setting('memory_limit') as memory"
    )
    assert settings.to_pylist() == [{"threads": 1, "memory": "244.1 MiB"}]
    bounded.close()


def test_bounds_by_default() -> None:
    """Unless told otherwise, the database and the rows of answers leave a quarter of the memory to others."""
    default = duckdb.connect().execute("select current_setting('memory_limit')").fetchall()[0][0]
    engine = Engine()
    of_all = (
        engine.memory * 1.5 / (float(default.split()[0]) * 2 ** (10 * UNITS.index(default.split()[1])) / 0.8)
    )
    assert 0.7 < of_all <= 0.76
    engine.close()


def test_a_query_can_be_interrupted() -> None:
    """A query that would run for minutes ends when asked to, and the engine answers the next one."""
    engine = Engine(threads=1)
    raised: list[BaseException] = []
    started = threading.Event()

    def ask() -> None:
        started.set()
        try:
            engine.query("select sum(hash(a.range + b.range)) from range(1000000) a, range(1000000) b")
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    started.wait()
    while thread.is_alive():
        engine.interrupt()
        thread.join(0.01)
    assert len(raised) == 1
    assert engine.query("select 1 as one")["one"][0].as_py() == 1
    engine.close()
