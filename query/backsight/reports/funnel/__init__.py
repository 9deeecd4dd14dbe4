"""The funnel: how many persons did the steps one after another, within the window.

request.py    what is asked, checked
report.py     scan, walk, answer
attempts.py   the attempt that counts, of every person at once
ties.py       the same, one by one, for the few persons whose events have no complete order
summary.py    attempts become counts, shares and times
"""

from backsight.reports.funnel.report import run, sql
from backsight.reports.funnel.request import parse
from backsight.reports.funnel.rules import MAX_STEPS

__all__ = ["MAX_STEPS", "parse", "run", "sql"]
