"""Cases that contradict what Backsight means by choice: the reason, and what Backsight answers instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Contradiction:
    """Why a case's vendor and we differ; `ours` has the shape of the case's `expect`."""

    reason: str
    ours: Any


STARTED_AND_CONVERTED: list[dict[str, Any]] = [
    {"name": "sign up", "count": 1, "average_conversion_time": None, "median_conversion_time": None},
    {"name": "buy", "count": 1, "average_conversion_time": 3600, "median_conversion_time": 3600},
]

UNORDERED_STEP_ONE: str = (
    "posthog_funnel_unordered_breakdown__"
    "test_funnel_step_non_array_breakdown_with_step_one_attribution_incomplete_funnel"
)

CONTRADICTIONS: dict[str, Contradiction] = {
    "amplitude_docs__simultaneous_one_second": Contradiction(
        "Amplitude lets events of one second stand in either order. Here an event has its exact time and,"
        " within a page, its number, which tell which one came first; only events of the very same time on"
        " different pages may stand in either order.",
        {"steps": [{"count": 1}, {"count": 0}]},
    ),
    UNORDERED_STEP_ONE: Contradiction(
        "PostHog runs a funnel in any order as several funnels, one for each order of its steps, and a person"
        " may get into a group by each of them: one here converts in the group without a value, and is in"
        " that of Chrome besides. In Backsight one attempt of a person counts, and its second step, here, is"
        " whatever was done second.",
        {
            "groups": [
                {"value": [""], "steps": STARTED_AND_CONVERTED, "users_at_step": {"1": ["person1"]}},
                {"value": ["alakazam"], "steps": STARTED_AND_CONVERTED, "users_at_step": {"1": ["person4"]}},
            ],
            "result_len": 2,
        },
    ),
    "posthog_retention_new__test_retention_24h_window_rejects_cumulative": Contradiction(
        "Who came back 24 hours after the start or later is as well defined as who came back in a calendar"
        " period or later. PostHog refuses the question; Backsight answers it.",
        {"error": None},
    ),
    "posthog_trends__test_active_user_math": Contradiction(
        "Weekly active persons are those of the seven days that end with a day, whether or not anything"
        " happened on that day itself. PostHog of 2022 left days without events at zero.",
        {"points": [{"series": 0, "field": "data", "value": [3, 2, 2, 2, 2, 2, 2, 2]}]},
    ),
}
