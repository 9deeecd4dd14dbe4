"""How a funnel shows itself: as a data frame, as text, in a notebook and drawn."""

from __future__ import annotations

import json
from typing import Any

from backsight import charts
from backsight.results import Funnel, FunnelPersons

META: dict[str, Any] = {"site": "shop", "warnings": []}
NOTHING = dict.fromkeys(("mean", "median", "p90"))


def step(label: str, count: int, of: int, seconds: float | None = None, **more: Any) -> dict[str, Any]:
    shares = {"from_start": count / of, "from_previous": count / of}
    took = NOTHING if seconds is None else {"mean": seconds, "median": seconds, "p90": seconds}
    return {
        "label": label,
        "count": count,
        "still_open": 1,
        **shares,
        "settled": shares,
        "seconds": took,
        **more,
    }


STEPS = [step("A", 40, 40), step("B", 10, 40, 60), step("C", 20, 40, 3_600)]
EXCLUDING = [{**each, "excluded": n} for n, each in enumerate(STEPS, 5)]
OPTIONAL = [STEPS[0], {**STEPS[1], "optional": True}, STEPS[2]]
PERIODS = [
    {"start": "2026-10-01", "complete": True, "steps": STEPS},
    {"start": "2026-10-02", "complete": False, "steps": STEPS},
]
HISTOGRAM = {
    "from": 1, "to": 3, "persons": 4, "seconds": NOTHING,
    "bins": [{"from": 0, "to": 3_600, "count": 3}, {"from": 3_600, "to": 7_200, "count": 1}],
}  # fmt: skip
CURVE = [{"seconds": 60.0 * n, "converted": n / 100, "at_risk": 100 - n} for n in range(1, 31)]
GROUPS = [
    {"value": ["Firefox"], "steps": STEPS, "trend": PERIODS},
    {"value": None, "steps": STEPS, "trend": PERIODS},
]

ANSWERS: dict[str, dict[str, Any]] = {
    "plain": {"steps": STEPS},
    "excluding": {"steps": EXCLUDING, "count": "totals"},
    "optional": {"steps": OPTIONAL},
    "any order": {"steps": STEPS, "order": "any", "count": "sessions"},
    "over time": {"steps": STEPS, "trend": PERIODS},
    "groups": {"steps": STEPS, "groups": GROUPS, "trend": PERIODS},
    "times": {"steps": STEPS, "histogram": HISTOGRAM, "curve": CURVE},
}


def made(name: str) -> Funnel:
    return Funnel({**ANSWERS[name], "meta": META}, str)


def lines(name: str) -> list[list[str]]:
    """The cells of a funnel's text."""
    return [line.split("  ") for line in repr(made(name)).splitlines()]


def cells(name: str) -> list[list[str]]:
    return [[cell.strip() for cell in line if cell.strip()] for line in lines(name)]


def test_exclusions_have_a_column() -> None:
    """With exclusions text and data frame say how many more would have got there."""
    frame = made("excluding").to_polars()
    assert frame.columns[-1] == "excluded"
    assert frame["excluded"].to_list() == [5, 6, 7]
    assert cells("excluding")[2] == [
        "step", "attempts", "of first", "of previous", "still open", "excluded", "median time",
    ]  # fmt: skip
    assert cells("excluding")[5] == ["2", "B", "10", "25.0%", "25.0%", "1", "6", "1 min"]
    assert "excluded" not in made("plain").to_polars().columns


def test_in_any_order_steps_are_numbers() -> None:
    """What is counted in any order is how many steps were done, not which."""
    assert made("any order").to_polars()["label"].to_list() == ["1 step done", "2 steps done", "3 steps done"]
    assert [row[1] for row in cells("any order")[4:7]] == ["1 step done", "2 steps done", "3 steps done"]
    assert cells("any order")[2][1] == "sessions"
    bars = charts.funnel(ANSWERS["any order"])
    assert [row["name"] for row in bars["data"]["values"]][1] == "2 steps done"
    assert bars["title"]["text"] == "50.0% of 40 sessions converted"


def test_an_optional_step_is_no_base() -> None:
    """Who dropped is counted from the last step that nobody may leave out; the optional one is marked."""
    rows = charts.funnel(ANSWERS["optional"])["data"]["values"]
    assert [(row["name"], row["before"], row["dropped"]) for row in rows] == [
        ("1. A", 40, 0),
        ("2. B (optional)", 40, 30),
        ("3. C", 40, 20),
    ]
    assert cells("optional")[5][1] == "B (optional)"


def test_periods_are_rows() -> None:
    """Over time there is a row a period and one of the whole range; what may yet change is marked."""
    assert [row[0] for row in cells("over time")[4:7]] == ["2026-10-01", "2026-10-02", "all"]
    assert [row[-1] for row in cells("over time")[4:7]] == ["50.0%", "50.0%*", "50.0%"]
    assert cells("over time")[-1] == ["* some windows are still open"]
    frame = made("over time").to_polars()
    assert frame["start"].to_list() == [None] * 3 + ["2026-10-01"] * 3 + ["2026-10-02"] * 3


def test_groups_are_named_once() -> None:
    """A group's name stands at its first step; in the data frame at every figure."""
    assert [row[0] for row in cells("groups")[4:10]] == ["Firefox", "2", "3", "(all others)", "2", "3"]
    assert set(made("groups").to_polars()["group"]) == {"Firefox", "(all others)"}


def test_groups_over_time_have_a_table() -> None:
    """With groups and periods, the share of each group stands under the funnel, a row a period."""
    shown = repr(made("groups"))
    rows = [line.split() for line in shown[shown.index("Converted, by group") :].splitlines()]
    assert rows[2] == ["start", "Firefox", "(all", "others)"]
    assert rows[4:7] == [
        ["2026-10-01", "50.0%", "50.0%"], ["2026-10-02", "50.0%*", "50.0%*"], ["all", "50.0%", "50.0%"],
    ]  # fmt: skip
    assert rows[-1] == ["*", "some", "windows", "are", "still", "open"]


def test_persons_have_the_time_of_their_last_step() -> None:
    """The table says when; steps that were left out or not reached have no time."""
    at = ["2026-10-01T09:00:00Z", None, "2026-10-01T09:00:01.5Z", None]
    one = {"person": "-1", "user_id": None, "device_ids": [], "traits": {}, "times": at}
    persons = FunnelPersons({"total": 2, "persons": [one], "next": "-1", "meta": META}, str)
    assert [line.split() for line in repr(persons).splitlines()[4:7]] == [
        ["-1", "2026-10-01", "09:00:01"], [], ["There", "are", "more", "persons:", "after='-1'."],
    ]  # fmt: skip
    assert persons.to_polars()["times"][0] == json.dumps(at)


def test_times_have_tables_of_their_own() -> None:
    """How long it took, and how the share grew, stand under the funnel: the curve's last point among them."""
    text = repr(made("times"))
    funnel, took, grew = _split(text)
    assert funnel.startswith("Funnel")
    assert took.splitlines()[0] == "From step 1 to step 3"
    assert took.splitlines()[-1].split() == ["1", "h", "2", "h", "1", "25.0%"]
    assert grew.splitlines()[0] == "Converted, with time"
    assert len(grew.splitlines()) - 4 == 10
    assert grew.splitlines()[-1].split() == ["30", "min", "30.0%", "70"]
    assert made("times")._repr_html_().count("<table ") == 3


def _split(text: str) -> list[str]:
    """The three tables of a text, by their titles."""
    first, second = text.index("From step"), text.index("Converted, with time")
    return [text[:first].rstrip(), text[first:second].rstrip(), text[second:]]


def test_persons_are_a_frame() -> None:
    """Who reached a step is a row each; nobody is a frame, too."""
    nobody = FunnelPersons({"total": 0, "persons": [], "next": None, "meta": META}, str)
    assert nobody.to_polars().columns == ["person", "user_id", "device_ids", "traits", "times"]
