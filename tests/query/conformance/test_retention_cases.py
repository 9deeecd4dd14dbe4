"""Other tools' worked retention tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from backsight.reports import retention
from query.conformance.agreement import of_kind, settle
from query.conformance.cases import Case, context, of_each_user, step
from query.conformance.retentions import request_of
from query.conftest import ContextOf


@pytest.mark.parametrize(("case", "name"), of_kind("retention"))
def test_retention(context_of: ContextOf, case: Case, name: str) -> None:
    """A retention table has every figure of the case: first our size, then our returns."""
    request, expect = request_of(case), case["expect"]
    rows = retention.run(request, context(context_of, case))["rows"]
    made = {key: _observed(key, wanted, rows, case) for key, wanted in expect.items() if key != "users"}
    if "users" in expect:
        tables = {user: _table(retention.run(request, context(context_of, alone))["rows"])
                  for user, alone in of_each_user(case)}  # fmt: skip
        made["users"] = [_with_users(row, tables) for row in expect["users"]]
    settle(made, case, name)


@pytest.mark.parametrize(("case", "name"), of_kind("retention_interval"))
def test_retention_interval(context_of: ContextOf, case: Case, name: str) -> None:
    """The one return of the case lies in the period that its documentation names."""
    config = case["config"]
    first = case["events"][0]["ts"]
    request = {
        "start": step(config["start_event"]),
        "return": step(config["return_event"]),
        "period": config["period"],
        "week_start": config["week_start"],
        "from": first,
        "to": first,
        "timezone": config.get("timezone", "UTC"),
    }
    (row,) = retention.run(request, context(context_of, case))["rows"]
    (interval,) = [at for at, count in enumerate(row["returned"]) if count]
    settle({"interval": interval}, case, name)


def _observed(key: str, wanted: Any, rows: Sequence[dict[str, Any]], case: Case) -> object:
    table = _table(rows)
    if key == "counts":
        assert not any(any(row[len(cells) :]) for row, cells in zip(table, wanted, strict=True))
        return [row[: len(cells)] for row, cells in zip(table, wanted, strict=True)]
    if key == "row_map":
        return {row["start"]: cells[: len(wanted[row["start"]])]
                for row, cells in zip(rows, table, strict=True) if row["start"] in wanted}  # fmt: skip
    if key == "other_rows_empty":
        others = [cells for row, cells in zip(rows, table, strict=True)
                  if row["start"] not in case["expect"]["row_map"]]  # fmt: skip
        return not any(any(cells) for cells in others)
    if key == "cells":
        return [cell | {"count": table[_number(cell)][cell["interval"]]} for cell in wanted]
    if key == "labels":
        return [f"{case['config']['period'].title()} {number}" for number in range(len(rows))]
    if key == "dates":
        return [f"{row['start'][:16]}:00Z" for row in rows]
    return {"n_rows": len(rows)}[key]


def _table(rows: Sequence[dict[str, Any]]) -> list[list[int]]:
    return [[row["size"], *row["returned"][1:]] for row in rows]


def _with_users(row: dict[str, Any], tables: Mapping[str, list[list[int]]]) -> dict[str, Any]:
    """The users of each cell: those whose own events, alone, count in it."""
    cells = range(len(row["by_interval"]))
    found = [[user for user, table in tables.items() if table[_number(row)][cell]] for cell in cells]
    return row | {"by_interval": found}


def _number(row: dict[str, Any]) -> int:
    """The row's number: "Day 3" is the fourth."""
    return int(row["row"].split()[1])
