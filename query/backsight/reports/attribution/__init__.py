"""Attribution: to which touch a conversion is owed: the campaign, or whatever else brought the person.

    POST /v1/reports/attribution
    {"conversion": STEP, "by": ["utm_source", "utm_medium"], "touch": "last" | "first" | "linear",
     "touches": STEP, "lookback": "30d", "count": "every" | "first", "per": "event" | "session",
     "property": "price", "limit": 25, "session": {"gap": "30m", "starts": STEP}}

request.py   what is asked, checked
credit.py    from rows to what each touch is owed
report.py    scan, walk, answer
"""

from backsight.reports.attribution.report import run, sql

__all__ = ["run", "sql"]
