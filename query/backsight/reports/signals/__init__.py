"""Signals: of all that persons did and nobody named, what goes with going on, and what with leaving.

request.py      what is asked, checked
watched.py      whom to compare, and for how long each was watched
counting.py     the statements that count what they did
candidates.py   what they did, as rules that could be named
odds.py         how much doing it changes the odds, and how sure that is
report.py       the answer
"""

from backsight.reports.signals.report import run, sql
from backsight.reports.signals.request import parse

__all__ = ["parse", "run", "sql"]
