"""The candidates for what is held: their history, what they find on the page, and how they are narrowed."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from definer.conftest import SHOP
from definer.faked import candidate, count_of, daily, problem


def previews(definer):
    return [asked.body["rules"] for asked in definer.api.requests("POST", "preview")]


def test_each_candidate_stands_with_its_history(shop, api):
    """Words, selector, events and persons of the last 90 days, texts, pages, overlapping names, steadiness, and a line."""
    api.define("Bought", {"on": "click", "css": ".unseen"})
    definer = shop()
    definer.hold("#red")
    definer.until_count(".choice .spark", 3)
    cards = definer.run("[...__panel.querySelectorAll('.choice')].map(card => card.innerText)")
    events = count_of([{"on": "click", "css": "#shop button"}])
    assert cards[0].startswith("this “Buy” button")
    for words in (
        "#shop button",
        f"{events:,} events by {events // 3:,} persons",
        "2 different texts · only on /shop",
        "50% already in “Bought”",
        "Steady: its class was there",
    ):
        assert words in cards[0]
    assert "Fairly steady" in cards[1]
    assert "May not last" in cards[2]
    asked = definer.api.requests("POST", "preview")
    assert {each.body["from"] for each in asked} == {str(datetime.now(UTC).date() - timedelta(days=89))}
    definer.press("What was left out, and why")
    definer.until(".css-1x2y9z")


def test_the_line_shows_each_day(shop):
    """The line has 90 points, the highest where most events were; screen readers are told it in words."""
    definer = shop()
    definer.hold("#red")
    definer.until_count(".choice .spark", 3)
    line, label = definer.run(
        "[__panel.querySelector('.choice .line').getAttribute('d'), __panel.querySelector('.choice .spark').getAttribute('aria-label')]"
    )
    heights = [float(point.split(" ")[1]) for point in line[1:].split("L")]
    given = {
        each["date"]: each["events"] for each in daily(count_of([{"on": "click", "css": "#shop button"}]))
    }
    days = [str(datetime.now(UTC).date() - timedelta(days=89 - i)) for i in range(90)]
    counts = [given.get(day, 0) for day in days]
    assert len(heights) == 90
    assert [height == min(heights) for height in heights] == [count == max(counts) for count in counts]
    assert f"at most {max(counts)} events" in label


def test_what_a_candidate_finds_is_outlined_as_one_moves(shop):
    """Moving between candidates, by mouse or arrows, outlines what each finds, and says how many to screen readers."""
    definer = shop()
    definer.hold("#red")
    definer.until_count(".choice", 3)
    assert definer.run("[...__panel.querySelectorAll('.here')].map(e => e.innerText)") == [
        "4 on this page",
        "4 on this page",
        "2 on this page",
    ]
    definer.until_count(".frame.match", 4)
    definer.press("anything that says")
    definer.until_count(".frame.match", 2)
    definer.page.keyboard.press("ArrowUp")
    definer.page.keyboard.press("ArrowUp")
    definer.page.keyboard.press("ArrowUp")
    definer.page.wait_for_function(
        "() => __panel.querySelector('.choice').getAttribute('aria-checked') === 'true'"
    )
    definer.until_count(".frame.match", 4)
    assert definer.run("__panel.activeElement.innerText").startswith("this “Buy” button")
    assert "4 elements of this page" in definer.text()


def test_narrowing_counts_anew(shop):
    """Text, page and property are added to the chosen rule; the count and what is outlined follow."""
    definer = shop()
    definer.hold("#red")
    definer.until_count(".choice .spark", 3)
    definer.press("Narrow it down")
    definer.choose("Text", "is “Buy”")
    definer.until_count(".frame.match", 2)
    definer.choose("Page", "this page")
    definer.fill("Property", "browser")
    definer.fill("Value", "Firefox")
    rule = {
        "on": "click",
        "css": "#shop button",
        "text": {"op": "is", "value": "Buy"},
        "page": {"path": {"op": "is", "value": "/shop"}},
        "where": [{"property": "browser", "op": "is", "value": "Firefox"}],
    }
    definer.until(f"Counts {count_of([rule]):,} events")
    assert [rule] in previews(definer)
    definer.press("Save")
    definer.until("is defined")
    assert definer.api.names["Clicked Buy"]["rules"] == [rule]


def test_narrowing_by_part_of_the_text_and_pages_like_it(definer, site):
    """What is typed is contained in the text; pages like this one differ in the part that names one thing."""
    definer.open(site.put(SHOP, "/p/12"))
    definer.hold("#red")
    definer.until_count(".choice .spark", 3)
    definer.press("Narrow it down")
    definer.choose("Text", "contains…")
    definer.fill("Part of the text", "uy")
    definer.choose("Page", "pages like /p/*")
    definer.until_count(".frame.match", 2)
    definer.press("Save")
    definer.until("is defined")
    (rule,) = definer.api.names["Clicked Buy"]["rules"]
    assert rule["text"] == {"op": "contains", "value": "uy"}
    assert rule["page"] == {"path": {"op": "matches", "value": "^/p/[^/]+$"}}


def test_an_answer_that_was_overtaken_is_dropped(shop, api):
    """The history of a narrowing that is no longer asked for does not replace the newer one, however late it comes."""
    definer = shop()
    definer.hold("#red")
    definer.until_count(".choice .spark", 3)
    api.holds['"is", "value": "Buy"'.replace(": ", ":").replace(", ", ",")] = late = threading.Event()
    definer.press("Narrow it down")
    definer.choose("Text", "is “Buy”")
    definer.until("Counting…")
    definer.choose("Text", "is “Add”")
    newer = count_of([{"on": "click", "css": "#shop button", "text": {"op": "is", "value": "Add"}}])
    definer.until(f"Counts {newer:,} events")
    with definer.page.expect_response(lambda response: '"value":"Buy"' in (response.request.post_data or "")):
        late.set()
    definer.choose("Page", "any page")
    assert f"Counts {newer:,} events" in definer.text()


def test_while_the_api_is_slow_there_are_skeletons(shop, api):
    """Cards stand with lines to come, and letting go while they are asked for leaves nothing behind."""
    api.holds["preview"] = threading.Event()
    definer = shop()
    definer.hold("#red")
    definer.until_count(".choice .skeleton", 3)
    definer.page.keyboard.press("Escape")
    definer.until("Point at something")
    api.holds["preview"].set()
    definer.hold("#blue")
    definer.until_count(".choice .spark", 3)


@pytest.mark.parametrize("part", ["candidates", "preview"])
def test_errors_are_said_in_words_and_tried_again(shop, api, part):
    """A problem's detail and hint are shown where the answer would stand."""
    api.failing[part] = problem(400, "there is no such node.", field="node", valid="an index of nodes")
    definer = shop()
    definer.hold("#red")
    definer.until("node: there is no such node. Valid: an index of nodes.")
    api.failing.clear()
    definer.press("Try again")
    definer.until("persons")


def test_a_busy_api_is_asked_once_more(shop, api):
    """After 503 the definer waits as long as it is told, and asks again by itself."""
    api.failing["candidates"] = (*problem(503, "too many questions at once")[:2], {"retry-after": "1"})
    definer = shop()
    with definer.page.expect_response(lambda response: response.status == 503):
        definer.hold("#red")
    api.failing.clear()
    definer.until("What should count?")


@pytest.mark.parametrize(
    ("css", "types", "on"),
    [("#email", ["change", "focus", "click"], "change"), ("#signup", ["submit", "click"], "submit")],
    ids=["field", "form"],
)
def test_fields_change_and_forms_submit(shop, css, types, on):
    """For controls and forms the likeliest event comes first, and another can be chosen."""
    definer = shop()
    definer.hold("#email")
    definer.until("What should count?")
    if css == "#signup":
        definer.press("form#signup", css=".crumb")
    definer.page.wait_for_function(
        "on => __panel.querySelector('[aria-label=When]')?.options.length === on", arg=len(types)
    )
    definer.page.wait_for_function("() => __panel.querySelector('.choice')")
    assert definer.api.requests("POST", "candidates")[-1].body["on"] == on
    with definer.page.expect_response("**/v1/elements/candidates"):
        definer.choose("When", "is clicked")
    assert definer.api.requests("POST", "candidates")[-1].body["on"] == "click"


def test_selectors_past_shadow_roots_find_what_they_find(definer, site, api):
    """`:host` and elements of nested trees are outlined, as the collector will count them."""
    api.candidates = [candidate("in any card", {"on": "click", "css": ":host(.card) button"}, 0.9, "kind")]
    definer.open(
        site.put(
            "<x-a class=card></x-a><x-a></x-a><script>for (const e of document.querySelectorAll('x-a')) e.attachShadow({mode: 'open'}).innerHTML = '<button>Buy</button>'</script>"
        )
    )
    definer.hold("x-a.card button")
    definer.until("1 on this page")
    definer.until_count(".frame.match", 1)
