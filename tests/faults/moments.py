"""The moments at which a process is killed on purpose: between any two steps that make something durable."""

from __future__ import annotations

from typing import Final

from backsight.contract import TABLES
from faults.plan import Moment

SEGMENT: Final = r"/journal/collector/[^/]*\.segment$"
JOURNAL: Final = r"/journal/collector$"
PARQUET: Final = r"/{table}/.*[0-9a-f-]{{36}}\.parquet$"
PARTITION: Final = r"/{table}/site=[^/]*(/date=[^/]*)?$"
ENTRY: Final = r"/{table}/_delta_log/\d+\.json$"
LOG: Final = r"/{table}/_delta_log$"


def _journal() -> dict[str, Moment]:
    return {
        "half a group is written to the journal": Moment("up", "write", SEGMENT, "halfway", nth=5),
        "a group is written, not synced": Moment("up", "fdatasync", SEGMENT, "before", nth=5),
        "a group is synced, not acknowledged": Moment("up", "fdatasync", SEGMENT, "after", nth=5),
        "a new segment stands in no folder yet": Moment("up", "fsync", JOURNAL, "before"),
    }


def _tables() -> dict[str, Moment]:
    found = {}
    for table in TABLES:
        found |= {
            f"{table}: Parquet is written, not synced": Moment(
                "committer", "fsync", PARQUET.format(table=table), "before"
            ),
            f"{table}: Parquet is durable, not in the log": Moment(
                "committer", "fsync", PARTITION.format(table=table), "after"
            ),
            f"{table}: the log entry is written, not synced": Moment(
                "committer", "fsync", ENTRY.format(table=table), "before"
            ),
            f"{table} has committed, the next table has not": Moment(
                "committer", "fsync", LOG.format(table=table), "after"
            ),
        }
    return found


def _clearing() -> dict[str, Moment]:
    events = {"table": "events"}
    return {
        "all is committed, the journal not trimmed": Moment("committer", "unlink", SEGMENT, "before"),
        "the journal is trimmed, its folder not synced": Moment("committer", "fsync", JOURNAL, "before"),
        "a merge's Parquet is written, not synced": Moment(
            "committer", "fsync", PARQUET.format(**events), "before", thread="compaction"
        ),
        "a merge is written, not committed": Moment(
            "committer", "fsync", PARTITION.format(**events), "after", thread="compaction"
        ),
        "a merge's log entry is written, not synced": Moment(
            "committer", "fsync", ENTRY.format(**events), "before", holding='"remove"'
        ),
        "a merge has committed": Moment(
            "committer", "fsync", ENTRY.format(**events), "after", holding='"remove"'
        ),
        "a checkpoint is written, not synced": Moment(
            "committer", "fsync", r"/events/_delta_log/.*\.checkpoint\.parquet$", "before"
        ),
        "a checkpoint is synced, the log not cleared": Moment(
            "committer", "fsync", r"/events/_delta_log/_last_checkpoint$", "after"
        ),
        "old files are being deleted": Moment("committer", "unlink", PARQUET.format(**events), "after"),
    }


MOMENTS: Final[dict[str, Moment]] = {**_journal(), **_tables(), **_clearing()}
