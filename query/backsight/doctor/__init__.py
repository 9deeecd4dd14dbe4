"""The doctor: what is wrong with a site, and what to do about it.

examination.py  what is asked, checked; what several checks look at
findings.py     one matter that a check found
capturing.py    is anything captured
names.py        names that fell silent; selectors that match nothing
losses.py       what got lost between pages and the collector
refusals.py     what the collector refused
attributes.py   values that are not kept
bots.py         events of bots
lake_files.py   files and logs of the lake
machine.py      collector, committer and disk
report.py       the answer
"""

from backsight.doctor.report import run, sql

__all__ = ["run", "sql"]
