"""What is to be exported, checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from backsight.errors import Conflict, InvalidRequest, nearest, shown
from backsight.scan.request import Common, Range, read_common, read_request

TABLES: Final = ("events", "persons", "statements", "dead_letters", "nodes", "elements")
FORMATS: Final[Mapping[str, tuple[str, ...]]] = {
    "parquet": (".parquet",),
    "csv": (".csv",),
    "ndjson": (".ndjson", ".jsonl", ".json"),
}
"""Formats, and how files of them are called."""
OWN_FIELDS: Final = ("events", "table", "format")
ALWAYS: Final = Range(None, None)


@dataclass(frozen=True)
class ExportRequest:
    """What goes where: into one file, or (`is_folder`) into a folder with one file a day."""

    path: Path
    table: str
    format: str
    is_folder: bool
    names: tuple[str, ...]
    """Only events that bear one of these names; empty: all."""
    common: Common


def parse(path: str | Path, request: Mapping[str, object], now: datetime) -> ExportRequest:
    """`{"table", "format", "events": [NAME, …], "from", "to", "timezone", "where", "person_where"}`; without
    a range, all of history. Raises InvalidRequest, and Conflict where there is something at `path`
    already."""
    asked = read_request(request, OWN_FIELDS)
    target = Path(path)
    table = _one_of(asked.get("table", "events"), "table", TABLES)
    named = next((name for name, ends in FORMATS.items() if target.suffix.lower() in ends), None)
    form = _one_of(asked.get("format", named or "parquet"), "format", tuple(FORMATS))
    if named is not None and form != named:
        raise InvalidRequest(
            f"a file that is called {target.name} is no {form}.", field="path", value=str(path),
            valid=f"a name that ends in {FORMATS[form][0]}, or a folder's",
        )  # fmt: skip
    _require_free(target)
    names = asked.get("events", ())
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):  # type: ignore[attr-defined]
        raise InvalidRequest("expected a list of names.", field="events", value=names, valid='["Signed up"]')
    if table != "events" and (used := {"events", "where", "person_where"} & asked.keys()):
        raise InvalidRequest(f"{min(used)} chooses events.", field="table", value=table, valid="events")
    common = _common({key: each for key, each in asked.items() if key not in OWN_FIELDS}, now)
    return ExportRequest(target, table, form, named is None, tuple(names), common)  # type: ignore[arg-type]


def _common(asked: dict[str, object], now: datetime) -> Common:
    """With all of history where no range is asked for."""
    bounded = "from" in asked or "to" in asked
    common = read_common({"from": "1970-01-01", **asked}, now)
    return common if bounded else Common(ALWAYS, common.zone, common.where, common.person_where)


def _one_of(value: object, field: str, valid: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in valid:
        raise InvalidRequest(
            f"there is no such {field}.", field=field, value=value, valid=nearest(str(value), valid, listed=6)
        )
    return value


def _require_free(path: Path) -> None:
    is_free = not path.exists() or (path.is_dir() and not any(path.iterdir()))
    if not is_free:
        raise Conflict(
            f"{shown(str(path))} is there already, and an export never writes over it.",
            field="path", value=str(path),
            valid="a file that does not exist, or a folder that does not exist or is empty",
        )  # fmt: skip
