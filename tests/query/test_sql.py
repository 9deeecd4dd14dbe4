"""The SQL of each shape of report stands in `golden/`, so that a change of it shows in review.

`BACKSIGHT_GOLDEN=write pytest tests/query/test_sql.py` writes the files anew.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backsight import candidates, doctor, repairs
from backsight.candidates import unnamed
from backsight.contract import id64
from backsight.reports import (
    attribution,
    explain,
    funnel,
    lifecycle,
    membership,
    paths,
    preview,
    retention,
    signals,
    stickiness,
    trend,
)
from query.conftest import ContextOf
from query.rows import event, statement

GOLDEN = Path(__file__).parent / "golden"
DAY = datetime(2026, 10, 1, 12, tzinfo=UTC)
OCTOBER = {"from": "2026-10-01", "to": "2026-10-31"}
NASTY = "'; drop table events; --\n$p0"

SHAPES: dict[str, tuple[Any, dict[str, Any], list[dict[str, Any]]]] = {
    "activity": (repairs, {"days": 7, "timezone": "Europe/Berlin"}, []),
    "doctor": (doctor, {}, []),
    "candidates": (
        candidates,
        {"elements": [{"tag": "button"}], "nodes": [[-1, 0, 1, 1, 1, 1]], "node": 0, "text": NASTY},
        [],
    ),
    "elements": (unnamed, {"limit": 5, "days": 7}, [statement("identify", DAY, device=1, user=11)]),
    "funnel_any": (funnel, {"steps": ["A", "B", "A"]}, []),
    "funnel_first": (funnel, {"steps": ["A", "B"], "entry": "first", "range": "all", **OCTOBER}, []),
    "funnel_of_elements": (funnel, {"steps": [{"css": "button"}, {"css": "form"}]}, []),
    "funnel_of_bursts": (
        funnel,
        {"steps": [{"rage": {}, "css": "button"}, {"rage": {"clicks": 5, "within": "2.5s"}}], **OCTOBER},
        [],
    ),
    "funnel_of_three_elements": (
        funnel,
        {"steps": [{"css": "button"}, {"css": "a"}, {"css": "button, a"}], **OCTOBER},
        [],
    ),
    "funnel_of_identified_persons": (
        funnel,
        {"steps": ["A", "B"], "person_where": [{"property": "plan", "op": "is", "value": NASTY}]},
        [statement("identify", DAY, device=1, user=11)],
    ),
    "funnel_of_a_shared_device": (
        funnel,
        {"steps": ["A"]},
        [statement("identify", DAY, device=1, user=user) for user in (11, 12)],
    ),
    "funnel_strict_with_exclusions": (
        funnel,
        {
            "steps": ["A", {"event": "B", "optional": True, "first_ever": True}, "A"],
            "order": "strict",
            "exclude": [{"event": {"on": "track", "name": NASTY}, "after": 1, "before": 3}],
            **OCTOBER,
        },
        [],
    ),
    "funnel_held_by_group": (
        funnel,
        {
            "steps": ["A", "B"],
            "hold": [f"props.{NASTY}", "path"],
            "count": "sessions",
            "breakdown": {"by": ["browser", "person.plan"], "attribution": "all"},
            **OCTOBER,
        },
        [statement("identify", DAY, device=1, user=11)],
    ),
    "funnel_of_decided_sessions": (
        funnel,
        {
            "steps": ["A", "B"],
            "order": "any",
            "count": "sessions",
            "session": {"gap": "30m", "starts": "C"},
            **OCTOBER,
        },
        [],
    ),
    "retention_first_in_range": (retention, {"start": "A", "return": "B", **OCTOBER}, []),
    "retention_recurring": (
        retention,
        {"start": "A", "return": "B", "cohort": "recurring", "returned": "on_or_after", **OCTOBER},
        [],
    ),
    "retention_first_ever": (retention, {"start": "A", "return": "B", "cohort": "first_ever", **OCTOBER}, []),
    "retention_measured_by_group": (
        retention,
        {
            "start": "A",
            "return": "B",
            "mode": "rolling",
            "breakdown": {"by": ["path", "person.plan"]},
            "measure": {"measure": "sum", "property": "props.price"},
            **OCTOBER,
        },
        [],
    ),
    "trend": (
        trend,
        {
            "series": ["A", {"event": "B", "measure": "persons"}, {"event": "B", "measure": "sessions"}],
            **OCTOBER,
        },
        [],
    ),
    "trend_of_everything": (trend, {"series": [{"on": "any"}], **OCTOBER}, []),
    "trend_of_a_property": (
        trend,
        {
            "series": [{"event": "A", "measure": kind, "property": "x"} for kind in ("avg", "p90")],
            "timezone": "Europe/Berlin",
            **OCTOBER,
        },
        [],
    ),
    "trend_of_a_shared_device": (
        trend,
        {"series": [{"event": "A", "measure": "persons"}], "cumulative": True, **OCTOBER},
        [statement("identify", DAY, device=1, user=user) for user in (11, 12)],
    ),
    "trend_broken_down": (
        trend,
        {
            "series": ["A", {"event": "B", "measure": "persons"}],
            "breakdown": {"by": ["path", "person.plan"], "limit": 3},
            "cumulative": True,
            **OCTOBER,
        },
        [statement("identify", DAY, device=1, user=11)],
    ),
    "trend_of_active_persons": (
        trend,
        {
            "series": [{"event": "A", "measure": "active_persons", "over": "7d"}],
            "breakdown": {"by": ["path"]},
            "compare": "previous",
            **OCTOBER,
        },
        [],
    ),
    "person": (explain, {"person": "1", "limit": 10}, []),
    "person_considered": (
        explain,
        {
            "person": {"user": "u1"},
            "report": "funnel",
            "request": {"steps": ["A", {"css": "button"}], "window": "1d"},
            "only": "considered",
            "order": "oldest",
            "after": "6899613696000000002.-7.2",
        },
        [statement("identify", DAY, device=1, user=user) for user in (id64("user", "u1"), 12)],
    ),
    "lifecycle": (lifecycle, {"event": "A", **OCTOBER}, []),
    "stickiness": (stickiness, {"event": "A", **OCTOBER}, []),
    "trend_of_decided_sessions": (
        trend,
        {
            "series": [{"event": "A", "measure": "sessions"}],
            "session": {"gap": "30m", "starts": "B"},
            **OCTOBER,
        },
        [],
    ),
    "paths": (
        paths,
        {
            "start": "A",
            "exclude": [{"on": "leave"}],
            "groups": [NASTY],
            "rewrite": [{"matches": NASTY, "as": NASTY}],
            **OCTOBER,
        },
        [],
    ),
    "paths_by_decided_sessions": (
        paths,
        {
            "around": "A",
            "nodes": ["B"],
            "session": {"gap": "30m", "starts": "C"},
            "where": [{"property": "path", "op": "is", "value": NASTY}],
            **OCTOBER,
        },
        [statement("identify", DAY, device=1, user=11)],
    ),
    "attribution": (
        attribution,
        {"conversion": "A", "by": ["utm_source", "referrer_host"], "property": "props.price", **OCTOBER},
        [],
    ),
    "attribution_by_decided_sessions": (
        attribution,
        {
            "conversion": "A",
            "by": [f"props.{NASTY}"],
            "session": {"gap": "30m"},
            "where": [{"property": "path", "op": "is", "value": NASTY}],
            **OCTOBER,
        },
        [],
    ),
    "signals_of_a_funnel": (
        signals,
        {"funnel": {"steps": ["A", {"css": "button"}], "entry": "first", **OCTOBER}},
        [statement("identify", DAY, device=1, user=11)],
    ),
    "signals_of_retention": (
        signals,
        {
            "retention": {
                "start": "A",
                "return": {"on": "any"},
                "where": [{"property": "path", "op": "is_not", "value": NASTY}],
                **OCTOBER,
            },
            "at_least": 50,
        },
        [],
    ),
    "preview": (preview, {"rules": [{"on": "track", "name": "A"}]}, []),
    "preview_against": (
        preview,
        {"rules": [{"css": "button"}], "against": [{"css": "form"}, {"on": "track", "name": "A"}]},
        [],
    ),
    "cohort_of_persons_who_did": (
        membership,
        {
            "person_where": [
                {"did": {"css": "button"}, "at_least": 2, "at_most": 9, "within": "30d"},
                {"not": {"did_first": "A", "from": "2026-10-05"}},
                {"any": [{"property": "plan", "op": "is", "value": NASTY}, {"did": "B", "exactly": 0}]},
            ]
        },
        [statement("identify", DAY, device=1, user=11)],
    ),
    "cohort_of_persons_who_did_in_periods": (
        membership,
        {"person_where": [{"did_in_periods": "A", "period": "week", "periods": 4, "times": 2}]},
        [],
    ),
}


@pytest.mark.parametrize("shape", list(SHAPES))
def test_the_sql_is_the_golden_one(context_of: ContextOf, shape: str) -> None:
    """The statement of a shape has not changed, or its golden file has changed with it."""
    report, request, said = SHAPES[shape]
    seen = {"site": "shop", "first_seen": DAY}
    place = {
        "depth": 0,
        "child_index": 1,
        "child_last": 1,
        "type_index": 1,
        "type_last": 1,
        "flags": 0,
        **seen,
    }
    nodes = [{"node_id": number, "element_id": number, **place} for number in (71, 72)]
    elements = [
        {"element_id": number, "tag": tag, "namespace": "html", "attributes": [], **seen}
        for number, tag in ((71, "button"), (72, "a"))
    ]
    made = report.sql(request, context_of([event("A", DAY)], said, nodes=nodes, elements=elements)) + "\n"
    path = GOLDEN / f"{shape}.sql"
    if os.environ.get("BACKSIGHT_GOLDEN") == "write":
        path.write_text(made)
    assert made == path.read_text()


@pytest.mark.parametrize("shape", list(SHAPES))
def test_values_stay_out_of_the_statement(context_of: ContextOf, shape: str) -> None:
    """No value of a request stands in the statement itself."""
    report, request, said = SHAPES[shape]
    shown = report.sql(request, context_of([event("A", DAY)], said))
    statements = [line for line in shown.splitlines() if not line.startswith("--")]
    assert "drop table" not in "\n".join(statements)
    assert report.run(request, context_of([event("A", DAY)], said))["meta"]["site"] == "shop"
