"""The trend: how much of each of several steps, by calendar period.

request.py    what is asked, checked
report.py     ask, combine, answer
statement.py  the SQL: one pass over the events, then sums of small figures
measures.py   what a series measures: in SQL, and from sums to values
active.py     persons who were active in the days before
formulas.py   arithmetic between series
"""

from backsight.reports.trend.measures import MEASURES
from backsight.reports.trend.report import run, sql
from backsight.reports.trend.request import INTERVALS, MAX_SERIES, parse

__all__ = ["INTERVALS", "MAX_SERIES", "MEASURES", "parse", "run", "sql"]
