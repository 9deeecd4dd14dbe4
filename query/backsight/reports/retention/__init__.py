"""Retention: of the persons who started in a period, how many returned in it and in each period after it.

request.py    what is asked, checked
frame.py      the table that it makes: rows of cohorts, columns of periods, and which of them are over
report.py     scan, walk, answer
starts.py     who is in which cohort, since when
walk.py       which columns each of them returned in
summary.py    that becomes counts, shares and measures, by group
persons.py    who is in a cell
"""

from backsight.reports.retention.persons import run as run_persons
from backsight.reports.retention.report import run, sql
from backsight.reports.retention.request import COHORTS, MAX_COLUMNS, MAX_MINIMUM, MODES, RETURNED, parse

__all__ = [
    "COHORTS",
    "MAX_COLUMNS",
    "MAX_MINIMUM",
    "MODES",
    "RETURNED",
    "parse",
    "run",
    "run_persons",
    "sql",
]
