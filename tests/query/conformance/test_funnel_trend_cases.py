"""Worked funnels over time, and times to convert, in other tools and by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backsight.reports import funnel
from backsight.reports.funnel import people
from backsight.scan.context import Context
from query.conformance.agreement import of_kind, settle
from query.conformance.cases import Case, context, moment, user_of
from query.conformance.funnels import request_of
from query.conftest import ContextOf


@pytest.mark.parametrize(("case", "name"), of_kind("funnel_trends"))
def test_funnel_trend(context_of: ContextOf, case: Case, name: str) -> None:
    """A funnel over time has the case's periods, and in each those who converted and who dropped out."""
    config, site = case["config"], context(context_of, case)
    asked = request_of(case) | {"interval": config["interval"], "timezone": config.get("timezone", "UTC")}
    trend = funnel.run(asked, site)["trend"]
    users = dict(_users(trend, asked, site, case))
    wanted = case["expect"]["users"]
    settle({"n_periods": len(trend), "users": {key: users[key] for key in wanted}}, case, name)


@pytest.mark.parametrize(("case", "name"), of_kind("funnel_time_to_convert"))
def test_time_to_convert(context_of: ContextOf, case: Case, name: str) -> None:
    """A histogram of the times has the case's bins and mean; there, a last bin begins where ours ends."""
    config = case["config"]
    between = {
        "from": config["from_step"] + 1,
        "to": config["to_step"] + 1,
        "bins": config["bin_count"],
    }
    answer = funnel.run(request_of(case) | {"histogram": between}, context(context_of, case))["histogram"]
    bins = [[each["from"], each["count"]] for each in answer["bins"]]
    made = {
        "bins": [*bins, [answer["bins"][-1]["to"], 0]],
        "average_conversion_time": answer["seconds"]["mean"],
    }
    settle(made, case, name)


def _users(
    trend: list[dict[str, Any]], asked: Mapping[str, Any], site: Context, case: Case
) -> Iterator[tuple[str, list[str]]]:
    """By period, and converted or dropped, the users: as many of them as the period's own figures say.

    Each user of these cases makes one attempt, which belongs to the date on which it began.
    """
    zone = ZoneInfo(asked["timezone"])
    listing = {key: value for key, value in asked.items() if key != "interval"}
    found: dict[str, list[str]] = {}
    for person in people.run({**listing, "step": 1}, site)["persons"]:
        began, ended = person["times"][0], person["times"][-1]
        date = moment(began).astimezone(zone).date()
        state = "dropped" if ended is None else "converted"
        found.setdefault(f"{date} 00:00:00|{state}", []).append(user_of(int(person["person"]), case))
    for period in trend:
        start = f"{datetime.fromisoformat(period['start']):%F} 00:00:00"
        converted, dropped = (sorted(found.get(f"{start}|{state}", [])) for state in ("converted", "dropped"))
        figures = [period["steps"][0]["count"], period["steps"][-1]["count"]]
        assert figures == [len(converted) + len(dropped), len(converted)]
        yield f"{start}|converted", converted
        yield f"{start}|dropped", dropped
