"""Rows become timelines: whole persons, in order, whatever the rows' own order and the chunks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight import person_chunks, timelines
from backsight.timelines import Timeline, Timelines

Row = dict[str, Any]

PRODUCTS = np.array([3 << 40 | low for low in range(4)], np.uint64)
ALIKE = (PRODUCTS * np.uint64(pow(int(person_chunks.SPREAD), -1, 2**64))).view(np.int64).tolist()
"""Persons whose products with SPREAD differ in the lowest bits alone."""

PERSONS = st.sampled_from([-(2**63), -5, 0, 1, 2, 2**63 - 1, *ALIKE])
PLACES = st.one_of(st.integers(0, 3), st.integers(0, 2**62), st.integers(2**40, 2**40 + 3))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "person": PERSONS,
            "place": PLACES,
            "page": st.integers(-2, 2),
            "part": st.integers(-1, 1),
            "value": st.none() | st.integers(0, 9),
            "flag": st.booleans(),
            "text": st.none() | st.sampled_from(["a", "b", ""]),
        }
    ),
    max_size=40,
)
SCHEMA = pa.schema(
    [("person", pa.int64()), ("place", pa.int64()), ("page", pa.int64()), ("part", pa.int64()),
     ("value", pa.int64()), ("flag", pa.bool_()), ("text", pa.string()), ("number", pa.int32())]
)  # fmt: skip


def table_of(rows: list[Row], piece: int) -> pa.Table:
    """The rows, numbered as they come, in pieces of so many."""
    numbered = [{**row, "number": number} for number, row in enumerate(rows)]
    parts = [numbered[at : at + piece] for at in range(0, len(numbered), piece)]
    return pa.concat_tables([pa.Table.from_pylist(part, SCHEMA) for part in parts] or [SCHEMA.empty_table()])


def key_of(row: Row, parts: bool) -> tuple[int, ...]:
    return row["person"], row["part"] if parts else 0, row["place"], row["page"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, chunk=st.integers(1, 50), piece=st.integers(1, 50), parts=st.booleans())
def test_timelines_have_each_person_once_and_in_order(
    rows: list[Row], chunk: int, piece: int, parts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks together are all rows; no person stands in two; within one all are sorted, equal ones kept."""
    monkeypatch.setattr(timelines, "FEW_ROWS", 0)
    monkeypatch.setattr(timelines, "CHUNK_ROWS", chunk)
    monkeypatch.setattr(person_chunks, "PIECE_ROWS", piece)
    table = table_of(rows, piece + 1)
    table = table if parts else table.drop_columns(["part"])
    asked = Timelines(table, threads=2)
    made = asked.map(lambda timeline: read(timeline, asked))
    assert sorted(row["number"] for part in made for row in part) == list(range(len(rows)))
    persons = [{row["person"] for row in part} for part in made]
    assert sum(map(len, persons)) == len(set().union(*persons))
    for part in made:
        for row in part:
            original = rows[row["number"]]
            assert row == {**original, "number": row["number"], "part": original["part"] if parts else None}
        by_person: dict[int, list[Row]] = {}
        for row in part:
            by_person.setdefault(row["person"], []).append(row)
        assert [row for each in by_person.values() for row in each] == part
        for each in by_person.values():
            assert [key_of(row, parts) for row in each] == sorted(key_of(row, parts) for row in each)


def read(timeline: Timeline, asked: Timelines) -> list[Row]:
    """The rows of a timeline; its numbers are checked on the way."""
    names = [name for name in timeline.columns if name != "part"]
    columns = {name: timeline.columns[name].tolist() for name in names}
    parts = [None] * len(timeline) if timeline.part is None else timeline.part.tolist()
    words = asked.words("text")
    found = [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    runs = [(row["person"], part) for row, part in zip(found, parts, strict=True)]
    starts = [at for at in range(len(runs)) if at == 0 or runs[at] != runs[at - 1]]
    assert timeline.starts.tolist() == starts
    assert timeline.first.tolist() == [
        max(start for start in starts if start <= at) for at in range(len(runs))
    ]
    assert timeline.person.tolist() == columns["person"]
    assert timeline.place.tolist() == columns["place"]
    for row, part in zip(found, parts, strict=True):
        missing = row["value"] is None or np.isnan(row["value"])
        row |= {"part": part, "text": words[row["text"]], "value": None if missing else int(row["value"])}
    return found


def test_many_rows_are_dealt_into_no_more_chunks_than_a_byte_tells_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However small chunks should be, there are at most 256."""
    monkeypatch.setattr(timelines, "FEW_ROWS", 0)
    monkeypatch.setattr(timelines, "CHUNK_ROWS", 1)
    numbers = np.arange(5_000)
    table = pa.table({"person": numbers, "place": numbers})
    sizes = Timelines(table, 2).map(len)
    assert len(sizes) == 256
    assert sum(sizes) == len(numbers)
    assert min(sizes) > 0, "ids are spread evenly"


def test_no_rows_are_one_empty_timeline() -> None:
    """A scan that finds nothing is walked over all the same."""
    assert Timelines(SCHEMA.empty_table(), 2).map(len) == [0]
