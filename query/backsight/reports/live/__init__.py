"""What is captured right now: the newest raw events, and then, poll by poll, what was stored since.

    GET /v1/live?after=CURSOR&limit=100

Rows are told apart by where they are stored: by the commit that added them, and their number in it. So no
row is told twice and none is left out, late ones included, whatever compaction merges meanwhile: what it
replaced stays readable for as long as snapshots do (BACKSIGHT_SNAPSHOT_HOURS). Only the files of commits
since the cursor are read.

cursor.py     a place in the order of storage
commits.py    which files each commit added
report.py     the rows, and how many there were by the minute
"""

from backsight.reports.live.report import run, sql

__all__ = ["run", "sql"]
