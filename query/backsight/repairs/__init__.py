"""How active names are, what fell silent, and which rule takes up what took its place.

request.py      what is asked, checked
bits.py         many tests as bits of few numbers
counting.py     many tests counted in one scan: by day, and of how many persons
activity.py     names and their rules, counted; which of them fell silent
silence.py      when a count fell to nothing, and how sure that is
sifting.py      the scans for what those held of, and for what is like it
things.py       what tells one thing from another
successors.py   what took the place of something: new things that are like it
widening.py     rules that take them up, tried on all of the past
causes.py       whether pages get no visits any more
report.py       the answer
"""

from backsight.repairs.report import run, sql
from backsight.repairs.request import parse

__all__ = ["parse", "run", "sql"]
