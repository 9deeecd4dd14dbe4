"""Which files each commit of `events` added, as the table's log has it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from pyarrow.fs import FileType

from backsight.lake import Snapshot, TableVersion

MOST_COMMITS: Final = 500
"""Commits that one answer looks through: of a collector that folds every second, some minutes."""


@dataclass(frozen=True, slots=True)
class Added:
    """A file that a commit added."""

    version: int
    uri: str
    rows: int


def added_since(snapshot: Snapshot, version: int, most_rows: int) -> tuple[list[Added], int] | None:
    """The site's files that commits after a version added, with at least `most_rows` rows if there are so
    many, and the last commit that was looked at.

    Null where that can't be told any more: there were too many since, files are gone, or rows were taken
    away (a person was deleted).
    """
    table = snapshot.tables["events"]
    if not -1 <= version <= table.version or table.version - version > MOST_COMMITS:
        return None
    found: list[Added] = []
    rows, last = 0, version
    while last < table.version and rows < most_rows:
        last += 1
        actions = _actions(table, last)
        if actions is None or any(each.get("remove", {}).get("dataChange") for each in actions):
            return None
        own = list(_own(actions, last, table, snapshot.site))
        found, rows = found + own, rows + sum(each.rows for each in own)
    return (found, last) if _are_there(found, table) else None


def _own(actions: list[dict[str, Any]], version: int, table: TableVersion, site: str) -> Iterator[Added]:
    for action in actions:
        add = action.get("add")
        if add and add.get("dataChange") and _partition(add) == site:
            rows = int(json.loads(add["stats"])["numRecords"])
            yield Added(version, f"{table.root}/{unquote(add['path'])}", rows)


def _partition(add: Mapping[str, Any]) -> object:
    return add["partitionValues"].get("site")


def _actions(table: TableVersion, version: int) -> list[dict[str, Any]] | None:
    """What a commit did; null where its entry is not kept any more."""
    if table.storage is None:
        return None
    try:
        with table.storage.open_input_stream(f"_delta_log/{version:020d}.json") as stream:
            return [json.loads(line) for line in stream.read().splitlines() if line]
    except FileNotFoundError:
        return None


def _are_there(files: list[Added], table: TableVersion) -> bool:
    if table.storage is None or not files:
        return True
    paths = [file.uri.removeprefix(f"{table.root}/") for file in files]
    return all(info.type is FileType.File for info in table.storage.get_file_info(paths))
