"""Whether the lake is in order: files enough to be read fast, a log that does not grow."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

from backsight.contract import TABLES
from backsight.doctor.examination import Examination
from backsight.doctor.findings import Finding
from backsight.results.tables import count, counted

MANY_FILES: Final = 200
"""Files of one day from which on reports take longer to open them than to read them."""
MANY_ENTRIES: Final = 20_000
"""Entries of one table's log: some ten hours of commits each second, of which a day's are kept."""
COMPACT: Final = (
    "Stop the server, run `backsight compact`, and look why the committer did not: its messages say."
)


def lake_files(asked: Examination) -> Finding:
    """The files of the site's days, and the logs of the tables."""
    snapshot = asked.context.snapshot
    files = snapshot.data_files("events")
    days = Counter(file.date for file in files)
    fullest, most = days.most_common(1)[0] if days else (None, 0)
    facts: dict[str, Any] = {
        "files": len(files),
        "days": len(days),
        "bytes": sum(file.size for table in TABLES for file in snapshot.data_files(table)),
        "most_files": most,
        "log_entries": _log_entries(snapshot.lake.folder),
    }
    if most > MANY_FILES:
        words = f"{fullest} has {count(most)} files: reports of it are slow."
        return Finding("lake", "act", words, (COMPACT,), facts)
    longest, entries = max(facts["log_entries"].items(), key=lambda each: each[1], default=("", 0))
    if entries > MANY_ENTRIES:
        words = f"The log of {longest} has {count(entries)} entries: it is not cleaned up."
        return Finding("lake", "act", words, (COMPACT,), facts)
    size = f"{facts['bytes'] / 1e6:,.1f} MB"
    words = f"{counted(len(files), 'file')} of {counted(len(days), 'day')}, {size} with all tables."
    return Finding("lake", "fine", words, (), facts)


def _log_entries(folder: Path | None) -> dict[str, int]:
    """Of each table; of none where the lake lies elsewhere."""
    if folder is None:
        return {}
    return {table: len(list((folder / table / "_delta_log").glob("*.json"))) for table in TABLES}
