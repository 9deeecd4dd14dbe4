"""Requests as the OpenAPI document shows them; a test runs each."""

from __future__ import annotations

from typing import Any, Final

REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "FunnelRequest": {
        "steps": [
            "Viewed pricing",
            {"event": "Signed up", "where": [{"property": "browser", "op": "is", "value": "Firefox"}]},
            {"on": "track", "name": "Order Completed", "label": "Bought"},
        ],
        "window": "7d",
        "entry": "any",
        "from": "2026-10-01",
        "to": "2026-10-31",
        "timezone": "Europe/Vienna",
    },
    "FunnelPersonsRequest": {
        "steps": ["Viewed pricing", "Signed up"],
        "window": "7d",
        "from": "2026-10-01",
        "to": "2026-10-31",
        "step": 2,
        "dropped": True,
        "limit": 10,
    },
    "FunnelEventsRequest": {
        "steps": ["Viewed pricing", "Signed up"],
        "window": "7d",
        "from": "2026-10-01",
        "to": "2026-10-31",
        "step": 2,
        "limit": 10,
    },
    "RetentionEventsRequest": {
        "start": "Viewed pricing",
        "return": "Signed up",
        "brackets": [1, 3, 7],
        "from": "2026-10-01",
        "to": "2026-10-31",
        "cell": {"start": "2026-10-01", "period": 0},
    },
    "TrendEventsRequest": {
        "series": ["Signed up", {"event": "Signed up", "measure": "persons", "label": "People"}],
        "interval": "week",
        "from": "2026-10-01",
        "to": "2026-10-31",
        "cell": {"series": 2, "at": "2026-09-28"},
    },
    "LifecycleEventsRequest": {
        "event": {"on": "any", "label": "Anything"},
        "interval": "week",
        "from": "2026-09-01",
        "to": "2026-10-31",
        "cell": {"at": "2026-09-28", "state": "new"},
    },
    "StickinessEventsRequest": {
        "event": "Signed up",
        "from": "2026-10-01",
        "to": "2026-10-31",
        "cell": {"periods": 1},
    },
    "PathsEventsRequest": {
        "start": "Viewed pricing",
        "from": "2026-10-01",
        "to": "2026-10-31",
        "edge": {"step": 1, "source": {"kind": "event", "name": "Viewed pricing"}},
    },
    "AttributionEventsRequest": {
        "conversion": "Signed up",
        "by": ["path"],
        "touches": {"on": "pageview"},
        "from": "2026-10-01",
        "to": "2026-10-31",
        "cell": {"group": ["/pricing"]},
    },
    "PreviewEventsRequest": {
        "rules": [{"on": "submit", "css": "form#signup"}],
        "from": "2026-10-01",
        "limit": 10,
    },
    "RetentionRequest": {
        "start": "Signed up",
        "return": {"on": "any", "label": "Anything"},
        "period": "week",
        "periods": 8,
        "cohort": "first_ever",
        "breakdown": {"by": ["utm_source"], "limit": 5},
        "from": "2026-09-01",
        "to": "2026-10-31",
    },
    "RetentionPersonsRequest": {
        "start": "Viewed pricing",
        "return": "Signed up",
        "brackets": [1, 3, 7],
        "from": "2026-10-01",
        "to": "2026-10-31",
        "cell": {"start": "2026-10-01", "period": 1, "returned": False},
        "limit": 10,
    },
    "TrendRequest": {
        "series": ["Signed up", {"event": "Signed up", "measure": "persons", "label": "People"}],
        "interval": "week",
        "breakdown": {"by": ["browser"], "limit": 5},
        "formulas": [{"formula": "A / B", "label": "Per person"}],
        "from": "2026-10-01",
        "to": "2026-10-31",
        "where": [{"property": "path", "op": "not_contains", "value": "/internal"}],
    },
    "LifecycleRequest": {
        "event": {"on": "any", "label": "Anything"},
        "interval": "week",
        "from": "2026-09-01",
        "to": "2026-10-31",
    },
    "StickinessRequest": {"event": "Signed up", "interval": "day", "from": "2026-10-01", "to": "2026-10-31"},
    "PathsRequest": {
        "start": "Viewed pricing",
        "nodes": ["Signed up", {"on": "track", "each": "name"}, {"on": "pageview", "each": "path"}],
        "rewrite": [{"matches": "(.)/$", "as": "\\1"}],
        "groups": ["/product/*", {"like": "/blog/*", "as": "Blog"}],
        "steps": 4,
        "session": {"gap": "30m"},
        "from": "2026-10-01",
        "to": "2026-10-31",
    },
    "AttributionRequest": {
        "conversion": {"on": "track", "name": "Order Completed", "label": "Bought"},
        "by": ["utm_source", "utm_medium"],
        "touch": "last",
        "lookback": "30d",
        "property": "props.price",
        "from": "2026-10-01",
        "to": "2026-10-31",
    },
    "SignalsRequest": {
        "funnel": {
            "steps": ["Viewed pricing", "Signed up"],
            "window": "7d",
            "from": "2026-10-01",
            "to": "2026-10-31",
        },
        "step": 2,
        "at_least": 50,
        "confidence": 0.99,
    },
    "PersonsRequest": {
        "person": "device:ada",
        "report": "funnel",
        "request": {"steps": ["Viewed pricing", "Signed up"], "window": "7d", "from": "2026-10-01"},
        "only": "considered",
        "order": "oldest",
    },
    "PreviewRequest": {
        "rules": [
            {
                "on": "click",
                "css": "form#signup button",
                "text": {"op": "contains", "value": "Sign"},
                "page": {"path": {"op": "is", "value": "/join"}},
            }
        ],
        "against": [{"on": "submit", "css": "form#signup"}],
        "from": "2026-10-01",
    },
    "PlanRequest": {
        "definitions": {
            "version": 1,
            "events": {
                "Signed up": {"on": "submit", "css": "form#signup", "description": "The form on /join"},
                "Bought": {"rules": [{"on": "track", "name": "Order Completed"}, {"css": "#buy"}]},
            },
            "cohorts": {"Buyers": {"person_where": [{"did": "Bought"}]}},
        },
        "file": "events.yaml",
        "overwrite": ["Signed up"],
        "from": "2026-10-01",
    },
    "ApplyRequest": {
        "definitions": {
            "version": 1,
            "events": {"Bought": {"on": "track", "name": "Order Completed"}},
        },
        "file": "shop.yaml",
    },
    "DoctorRequest": {"days": 7, "timezone": "Europe/Vienna"},
    "PropertiesRequest": {"sample": 50_000},
    "Definition": {
        "rules": [{"on": "submit", "css": "form#signup"}, {"on": "track", "name": "Account Created"}],
        "description": "The form on /join, or the call from the mobile site.",
    },
    "ActivityRequest": {"days": 30, "timezone": "Europe/Vienna"},
    "ElementsRequest": {"limit": 10, "days": 60},
    "CandidatesRequest": {
        "elements": [
            {"tag": "html"},
            {"tag": "body"},
            {"tag": "form", "attrs": {"class": "card md:flex", "id": "signup"}},
            {"tag": "button", "attrs": {"class": "btn btn-primary"}},
        ],
        "nodes": [
            [-1, 0, 1, 1, 1, 1],
            [0, 1, 1, 1, 1, 1],
            [1, 2, 1, 1, 1, 1],
            [2, 3, 1, 1, 1, 1],
        ],
        "node": 3,
        "text": "Sign up",
        "label": "Sign up",
        "page": {"url": "https://shop.example/join", "title": "Join"},
    },
    "LinkRequest": {"url": "https://shop.example/pricing", "minutes": 30},
    "CohortPreviewRequest": {
        "person_where": [
            {"did": "Signed up", "at_least": 2, "within": "30d"},
            {"not": {"property": "plan", "op": "is", "value": "free"}},
        ],
        "timezone": "Europe/Vienna",
        "limit": 10,
    },
    "CohortDefinition": {
        "person_where": [
            {"did": "Viewed pricing", "at_least": 3, "within": "30d"},
            {"did": "Signed up", "exactly": 0},
        ],
        "description": "Looked at pricing again and again, and has not signed up.",
    },
    "Freeze": {"as": "Undecided in October", "timezone": "Europe/Vienna"},
    "SqlRequest": {
        "sql": "select date, count(distinct person) as persons from named_events\n"
        "where name = $name and date >= $since group by date order by date",
        "params": {"name": "Signed up", "since": "2026-10-01"},
        "limit": 1_000,
    },
    "KeyRequest": {"scopes": ["read"], "label": "dashboard", "expires": "90d"},
    "KeyChange": {
        "origins": ["https://shop.example", "https://*.shop.example"],
        "events_per_second": 500,
        "pages_only": True,
    },
    "Rotation": {"days": 7},
    "SavedDefinition": {
        "report": "funnel",
        "request": {"steps": ["Viewed pricing", "Signed up"], "window": "7d", "from": "30d"},
        "description": "From the prices to an account, the last 30 days.",
    },
    "ShareRequest": {"days": 30, "label": "board meeting"},
    "DeletionRequest": {"persons": ["device:ada", {"device": "bob"}]},
}
"""By the schema that they are examples of."""

PROBLEM: Final[dict[str, Any]] = {
    "type": "urn:backsight:problem:invalid-request",
    "title": "Invalid request",
    "status": 400,
    "detail": "there is no named event 'Signd up'.",
    "field": "steps[1]",
    "value": "Signd up",
    "valid": "did you mean 'Signed up'",
}
