"""The raw events behind a number: every figure of a report reconciles to the rows that made it.

    POST /v1/reports/funnel/events
    {…what the report was asked…, …which of its figures…, "limit": 100, "after": "2026-10-01.100"}

A report that counts in SQL is asked for the rows that it counted. One that walks over timelines is walked
again, with the number of each row in its file carried along; what the walk chose is joined to the files by
that number alone. Either way the rows come from the snapshot of the answer, a UTC day at a time, in the order
of time: nothing is held as a whole but, of a walk, a few numbers a row.

rows.py        what a row says: the raw event, whose it is, which names it bears, what its element is
sources.py     which rows: those that a statement picks, or those that a walk chose
answer.py      a page of them, or all, part by part
request.py     which page
funnel.py, retention.py, trend.py, lifecycle.py, paths.py, attribution.py, preview.py
               which rows stand behind a figure of that report, and how a request names it
"""

from backsight.reports.behind.answer import BEHIND, Behind

__all__ = ["BEHIND", "Behind"]
