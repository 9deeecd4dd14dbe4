"""Paths: what persons did next, session by session, from a step, to it or around it.

    POST /v1/reports/paths
    {"start": STEP, "end": STEP, "around": STEP, "nodes": [STEP | STEP + {"each": "path"}, …],
     "rewrite": [{"matches": "/$", "as": ""}], "groups": ["/product/*", {"like": "/blog/*", "as": "Blog"}],
     "exclude": [STEP, …], "repeats": "first" | "last" | "keep", "steps": 5, "limit": 25,
     "session": {"gap": "30m", "starts": STEP}}

request.py   what is asked, checked
nodes.py     what the events on the way are called
naming.py    how values become their names
walk.py      from rows to transitions
report.py    scan, walk, answer
"""

from backsight.reports.paths.report import run, sql

__all__ = ["run", "sql"]
