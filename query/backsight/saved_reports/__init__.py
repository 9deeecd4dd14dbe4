"""Saved reports: questions under a name, with every version that ever was, and links that share answers.

    {"report": "funnel", "request": {"steps": […], "from": "30d"}, "description": "…"}

report.py   one version of a saved report
asked.py    whether it can be asked: by the report's own parser, and the names that stand
saved.py    the saved reports of a site: put, delete, list, broken ones included
links.py    links that share one
shared.py   what is told to whoever has a link
"""

from backsight.saved_reports.asked import REPORTS_SAVED
from backsight.saved_reports.links import LinkRequests, ShareLink
from backsight.saved_reports.report import SavedReport
from backsight.saved_reports.saved import SavedReports

__all__ = ["REPORTS_SAVED", "LinkRequests", "SavedReport", "SavedReports", "ShareLink"]
