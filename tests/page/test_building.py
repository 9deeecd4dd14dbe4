"""Funnels and retentions that are built by choosing names."""

from __future__ import annotations

import ast
from typing import Any

import httpx

from page.conftest import FUNNEL, RETENTION, Screen, built


def percents(answer: dict[str, Any]) -> list[str]:
    return [f"{step['from_start'] * 100:.1f}%" for step in answer["steps"]]


def test_a_funnel_is_built_with_the_keyboard_alone(screen: Screen, reading: str, api: httpx.Client) -> None:
    """Typing completes names, Enter takes them; figures are the API's, and the address holds the question."""
    page = screen.open("#build", reading).settle().page
    steps = page.get_by_role("combobox", name="Step 1")
    steps.focus()
    for typed, name in (("view", "Viewed pricing"), ("sign", "Signed up")):
        page.keyboard.type(typed)
        page.get_by_role("option", name=name).wait_for()
        page.keyboard.press("Enter")
    page.get_by_label("Range").focus()
    page.keyboard.press("End")
    screen.until("Computed", ".answered")
    answer = api.post(
        "reports/funnel", json={"steps": ["Viewed pricing", "Signed up"], "window": "14d"}
    ).json()
    assert [row[2] for row in screen.settle().table()] == [str(step["count"]) for step in answer["steps"]]
    assert [row[3] for row in screen.table()] == percents(answer)
    assert page.evaluate("() => document.activeElement.tagName") == "SELECT"
    page.reload()
    screen.until("Computed", ".answered")
    assert [row[1] for row in screen.settle().table()] == ["Viewed pricing", "Signed up"]


def test_the_back_button_takes_a_choice_back(screen: Screen, reading: str) -> None:
    """Each choice is a place in the history; steps are put in another order and removed by buttons."""
    page = screen.open(built("funnel", FUNNEL), reading).settle().page
    page.get_by_role("button", name="Move Signed up up").click()
    assert screen.page.evaluate("() => document.activeElement.ariaLabel") == "Move Signed up down"
    page.wait_for_function("() => document.querySelector('.answered tbody td')?.innerText === 'Signed up'")
    page.get_by_role("button", name="Remove Signed up").click()
    page.wait_for_function("() => document.querySelectorAll('.answered tbody tr').length === 1")
    page.go_back()
    page.go_back()
    page.wait_for_function("() => document.querySelectorAll('.answered tbody tr').length === 2")
    page.wait_for_function(
        "() => document.querySelector('.answered tbody td').innerText === 'Viewed pricing'"
    )
    assert [row[1] for row in screen.settle().table()] == ["Viewed pricing", "Signed up"]


def test_a_retention_is_that_of_the_api(screen: Screen, reading: str, api: httpx.Client) -> None:
    """What was asked beside what can be chosen is kept, said and asked."""
    screen.open(built("retention", {**RETENTION, "minimum": 1}), reading).settle()
    answer = api.post("reports/retention", json=RETENTION).json()
    sizes = [str(row["size"]) for row in answer["rows"]]
    assert [row[1] for row in screen.table()][: len(sizes)] == sizes
    said = screen.read(".controls .footnote")
    assert 'to: "2026-10-04"' in said
    assert "minimum: 1" in said


def test_a_breakdown_is_chosen_among_properties_or_typed(screen: Screen, reading: str) -> None:
    """The list knows what was captured; a name that it does not know is taken as typed."""
    page = screen.open(built("funnel", FUNNEL), reading).settle().page
    by = page.get_by_role("combobox", name="Broken down by")
    by.click()
    page.get_by_role("option", name="path").first.click()
    screen.until("/pricing", ".answered")
    by = page.get_by_role("combobox", name="Broken down by")
    by.fill("cart_kind")
    page.keyboard.press("Enter")
    page.wait_for_url("**cart_kind**")
    screen.settle()
    by.press("Escape")
    assert by.input_value() == "cart_kind"


def test_what_is_wrong_with_a_question_is_said_in_the_words_of_the_api(screen: Screen, reading: str) -> None:
    """An address with a name that does not exist shows the nearest that does."""
    screen.expected = ["400"]
    screen.open(built("funnel", {"steps": ["Signd up"]}), reading)
    assert "did you mean 'Signed up'" in screen.until("no named event 'Signd up'")


def test_the_question_is_handed_over_to_analysts(screen: Screen, reading: str) -> None:
    """What is copied is Python that parses, and asks the same."""
    asked = {
        "steps": ["Viewed pricing", {"event": "Signed up", "first_ever": True}],
        "window": "7d",
        "from": "30d",
    }
    page = screen.open(built("funnel", asked), reading).settle().page
    page.get_by_text("The same in Python").click()
    code = page.get_by_label("The question in Python").inner_text()
    called = ast.parse(code).body[-1].value  # type: ignore[attr-defined]
    assert ast.literal_eval(called.args[0]) == asked["steps"]
    given = {each.arg: ast.literal_eval(each.value) for each in called.keywords}
    assert given == {"window": "7d", "since": "30d"}
