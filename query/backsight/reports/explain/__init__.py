"""Explain: one person's timeline, and in a report why each of their events counts or does not.

    POST /v1/reports/persons    GET /v1/persons/{person}

request.py      what is asked, checked             who.py        who is meant, and why that is one person
timeline.py     a page of raw events               facts.py      what each of them fills, and what it misses
explanation.py  what each kind of report gives     outcomes.py   what became of an event
conditions.py   which conditions on persons hold   words.py      how things are said
funnel*.py, forced.py, retention.py, counted.py, paths.py, attribution.py, cohort.py    the kinds

No report is worked out here: each kind asks the report's own scan and walk, of one person's events alone
(`Context.person`), and derives the reasons around what they give.
"""

from backsight.reports.explain.report import run, sql

__all__ = ["run", "sql"]
