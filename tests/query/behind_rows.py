"""The raw events behind figures, as tests read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from backsight.reports.behind import BEHIND
from backsight.scan.context import Context

Row = dict[str, Any]


def behind(kind: str, request: Mapping[str, Any], context: Context, **own: Any) -> list[Row]:
    """All rows behind a figure; that a page of them says the same of their number is seen to."""
    asked = {**request, **{name: value for name, value in own.items() if value is not None}}
    schema, parts = BEHIND[kind].parts(asked, context)
    rows: list[Row] = pa.Table.from_batches(list(parts), schema).to_pylist()
    page = BEHIND[kind].run({**asked, BEHIND[kind].size: 3}, context)
    assert page["total"] == len(rows)
    assert page["persons"] == len(people(rows))
    assert [(each["page"], each["sequence"]) for each in page["events"]] == [
        (str(row["page"]), row["sequence"]) for row in rows[:3]
    ]
    return rows


def people(rows: list[Row]) -> set[int]:
    """Whose they are."""
    return {row["person"] for row in rows}


def event_of(row: Mapping[str, Any]) -> tuple[int, int]:
    """Which event a row is."""
    return row["page"], row["sequence"]
