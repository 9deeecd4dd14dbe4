"""Cohorts: persons under a name, with every version that ever was.

    {"person_where": [COND, …]}                                     dynamic: decided whenever it is asked for
    {"static": {"users": […], "devices": […], "persons": […]}}      static: a list that stays as it is

cohort.py   one version of a cohort, and what it means in a question
lists.py    who is put on a static one's list; freezing
saved.py    the cohorts of a site: put, delete, ask what they were
"""

from backsight.cohorts.cohort import Cohort, Meaning
from backsight.cohorts.lists import read_freeze
from backsight.cohorts.saved import Cohorts

__all__ = ["Cohort", "Cohorts", "Meaning", "read_freeze"]
