"""The funnel: how many persons did the steps one after another, within the window.

request.py, options.py     what is asked, checked
report.py, people.py       scan, walk, answer: the figures, and who they are
scan.py                    the events that play a part, and what each does: bits (rules.py)
firsts.py, parts.py        steps that only a first event fills; sessions and held values
walk.py                    the attempts that count, of all persons at once (attempts.py), by their order:
  latest.py, greedy.py       entry any; entry first and totals
  unordered.py               steps in any order
  ties.py, arrangements.py   the few whose events have no complete order
  units.py                   from what attempts are made in to what counts
counting.py                of the whole range, and of each period
groups.py, summary.py      attempts become groups, counts, shares and times
histogram.py, survival.py  how long it takes, and how the share grows
"""

from backsight.reports.funnel.report import run, sql
from backsight.reports.funnel.request import parse
from backsight.reports.funnel.rules import MAX_STEPS

__all__ = ["MAX_STEPS", "parse", "run", "sql"]
