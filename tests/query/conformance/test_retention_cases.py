"""Other tools' worked retention tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from backsight.errors import InvalidRequest
from backsight.reports import retention
from backsight.scan.context import Context
from query.conformance.agreement import of_kind, settle
from query.conformance.cases import Case, context, step, user_of
from query.conformance.retentions import columns_of, request_of
from query.conftest import ContextOf

Table = list[list[int]]


@pytest.mark.parametrize(("case", "name"), of_kind("retention"))
def test_retention(context_of: ContextOf, case: Case, name: str) -> None:
    """A retention table has every figure of the case: first our size, then our returns."""
    asked, site, expect = request_of(case), context(context_of, case), case["expect"]
    if "error" in expect:
        settle({"error": _error(asked, site)}, case, name)
        return
    answer = retention.run(asked, site)
    made = {key: _observed(key, wanted, answer, case) for key, wanted in expect.items() if key != "users"}
    if "users" in expect:
        made["users"] = [_with_users(row, answer, asked, site, case) for row in expect["users"]]
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
        **columns_of(config),
    }
    (row,) = retention.run(request, context(context_of, case))["rows"]
    (interval,) = [at for at, count in enumerate(row["returned"]) if count]
    settle({"interval": interval}, case, name)


def _observed(key: str, wanted: Any, answer: Mapping[str, Any], case: Case) -> object:
    rows = answer["rows"]
    table = _table(rows)
    if key == "counts":
        return _as_far_as(wanted, table)
    if key == "values":
        return _as_far_as(wanted, [row["values"] for row in rows])
    if key == "row_map":
        return {row["start"]: cells[: len(wanted[row["start"]])]
                for row, cells in zip(rows, table, strict=True) if row["start"] in wanted}  # fmt: skip
    if key == "other_rows_empty":
        return not any(any(cells) for row, cells in zip(rows, table, strict=True)
                       if row["start"] not in case["expect"]["row_map"])  # fmt: skip
    if key == "rows":
        return [_row(row, table[_number(row)], answer["labels"]) for row in wanted]
    if key == "cells":
        return [_cell(cell, answer) for cell in wanted]
    if key == "groups":
        return [{"value": group["value"], "counts": _table(group["rows"])} for group in answer["groups"]]
    return {
        "n_rows": len(rows),
        "labels": answer["labels"],
        "dates": [f"{row['start'][:16]}:00Z" for row in rows],
        "group_values": [value for group in answer.get("groups", ()) for value in group["value"]],
    }[key]


def _table(rows: Iterable[Mapping[str, Any]]) -> Table:
    return [[row["size"], *row["returned"][1:]] for row in rows]


def _as_far_as(wanted: Sequence[Sequence[float]], table: Sequence[list[float]]) -> list[list[float]]:
    """The cells that the case gives; behind them, where it has none, nobody may be."""
    assert not any(any(row[len(cells) :]) for row, cells in zip(table, wanted, strict=True))
    return [row[: len(cells)] for row, cells in zip(table, wanted, strict=True)]


def _row(wanted: Mapping[str, Any], cells: list[int], labels: list[str]) -> dict[str, Any]:
    return {key: {"row": wanted["row"], "counts": cells, "labels": labels}[key] for key in wanted}


def _cell(wanted: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    tables = {tuple(group["value"]): group for group in answer.get("groups", ())}
    rows = (tables[tuple(wanted["group"])] if "group" in wanted else answer)["rows"]
    row, at = rows[_number(wanted)], wanted["interval"]
    figures = {"count": _table([row])[0][at]} | ({"value": row["values"][at]} if "values" in row else {})
    return {key: figures.get(key, value) for key, value in wanted.items()}


def _with_users(
    wanted: dict[str, Any], answer: Mapping[str, Any], asked: Mapping[str, Any], site: Context, case: Case
) -> dict[str, Any]:
    """The row with the users of each of its cells; the first has the whole cohort."""
    start = answer["rows"][_number(wanted)]["start"]
    cells = [{"start": start} | ({"period": at} if at else {}) for at in range(len(wanted["by_interval"]))]
    pages = [retention.run_persons({**asked, "cell": cell}, site)["persons"] for cell in cells]
    return wanted | {"by_interval": [[user_of(int(each["person"]), case) for each in page] for page in pages]}


def _error(asked: Mapping[str, Any], site: Context) -> str | None:
    """The error's name there, where we refuse, too."""
    try:
        retention.run(asked, site)
    except InvalidRequest:
        return "ValidationError"
    return None


def _number(row: Mapping[str, Any]) -> int:
    """The row's number: "Day 3" is the fourth."""
    return int(row["row"].split()[1])
