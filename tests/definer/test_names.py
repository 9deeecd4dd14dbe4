"""Names that exist: on the page, in the list, opened, changed, repaired, deleted; and what has none yet."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest

from definer.conftest import SHOP
from definer.faked import activity, count_of

BLUE = {"on": "click", "css": "#blue"}
RED = {"on": "click", "css": "#red"}


def open_name(definer, name="Bought"):
    definer.press("Names", css="[role=tab]")
    definer.press(name, css=".item")
    definer.until("Add a rule by pointing")
    return definer


def test_names_stand_on_the_page_with_their_counts(shop, api):
    """A badge at each element that bears a name; rules of pages and tracked events have none; a badge opens the name."""
    api.define("Bought", {"on": "click", "css": ".buy"})
    api.define("Joined", {"on": "submit", "css": "#signup"})
    api.define("Looked", {"on": "pageview"})
    api.define("Ordered", {"on": "track", "name": "Order"})
    definer = shop()
    definer.until_count(".badge", 3)
    definer.page.wait_for_function("() => __panel.querySelector('.badge').textContent === 'Bought222'")
    definer.until("2 names on this page.")
    definer.press("Joined", css=".badge")
    definer.until("Add a rule by pointing")
    definer.press("‹ All names")
    definer.press("Show names on the page")
    definer.until_count(".badge", 0)


def test_badges_appear_with_their_elements(shop, api):
    """An element that comes later gets its badge, one that goes loses it."""
    api.define("Bought", BLUE)
    definer = shop()
    definer.until_count(".badge", 1)
    definer.run("document.querySelector('#blue').remove()")
    definer.until_count(".badge", 0)
    definer.run(
        "document.querySelector('#shop').insertAdjacentHTML('beforeend', '<button id=blue>Back</button>')"
    )
    definer.until_count(".badge", 1)


def test_the_list_shows_what_each_counts_and_whether_it_is_here(shop, api):
    """Names with their figures and days; what fell silent comes first, and what is typed finds names."""
    api.define("Bought", BLUE)
    api.define("Looked", {"on": "pageview"}, activity=activity(90, silent_since="2026-10-12"))
    definer = shop()
    definer.press("Names", css="[role=tab]")
    definer.until("222 events by 55 persons")
    rows = definer.run("[...__panel.querySelectorAll('.item')].map(e => e.innerText.split('\\n')[0])")
    assert rows == ["Looked", "Bought"]
    definer.until("Silent since 12 October 2026")
    definer.until("1 on this page")
    definer.fill("Find a name", "bou")
    definer.until_gone("Looked")


def test_a_changed_selector_shows_what_it_gains_and_loses(shop, api):
    """The difference is asked of the engine; saving changes only the version that was opened."""
    api.define("Bought", BLUE)
    definer = open_name(shop())
    definer.fill("Selector", "#shop .buy")
    changed = [{"on": "click", "css": "#shop .buy"}]
    before, after = count_of([BLUE]), count_of(changed)
    definer.until(f"{before:,} → {after:,} events")
    definer.until(f"loses {before - after} events")
    asked = definer.api.requests("POST", "preview")[-1]
    assert (asked.body["rules"], asked.body["against"]) == (changed, [BLUE])
    definer.until_count(".frame.match", 2)
    definer.press("Save the change")
    definer.until("Saved. It holds for all of history.")
    assert api.names["Bought"]["rules"] == changed
    assert definer.api.requests("PUT", "events/")[0].headers["if-match"] == '"1"'


def test_what_is_no_selector_is_not_asked(shop, api):
    """A selector that the browser can't read is marked, and cannot be saved."""
    api.define("Bought", BLUE)
    definer = open_name(shop())
    definer.fill("Selector", "#shop [")
    definer.until("not a selector")
    assert definer.run("__panel.querySelector('input.css').getAttribute('aria-invalid')") == "true"
    assert "Save the change" not in definer.text()


def test_a_rule_is_added_by_pointing_even_on_another_page(shop, api, site):
    """The draft goes along; the rule that is pointed at there is weighed, added and saved."""
    api.define("Bought", BLUE)
    site.put(SHOP, "/p/12")
    definer = open_name(shop())
    definer.press("Add a rule by pointing")
    definer.until("Point at what “Bought” should count as well")
    definer.page.goto(site.url("/p/12"))
    definer.until("Point at what “Bought” should count as well")
    definer.hold("#red")
    definer.until("Add to “Bought”")
    definer.press("See what it adds")
    added = {"on": "click", "css": "#shop button"}
    definer.until(f"gains {count_of([added]):,} events")
    definer.press("Add to “Bought”")
    definer.until("Save the change")
    assert definer.count(".rule") == 2
    definer.press("Save the change")
    definer.until("Saved. It holds for all of history.")
    assert api.names["Bought"]["rules"] == [BLUE, added]


def test_a_rule_is_removed(shop, api):
    """Of several rules any can go, the last one can't; undo brings it back."""
    api.define("Bought", BLUE, RED)
    definer = open_name(shop())
    definer.press("Remove this rule")
    definer.until_count(".rule", 1)
    assert "Remove this rule" not in definer.text()
    definer.press("Undo")
    definer.until_count(".rule", 2)
    definer.press("Remove this rule")
    definer.press("Save the change")
    definer.until("Saved. It holds for all of history.")
    assert api.names["Bought"]["rules"] == [RED]


def test_somebody_elses_change_is_not_overwritten(shop, api):
    """A version that came meanwhile is said, and can be looked at."""
    api.define("Bought", BLUE)
    definer = open_name(shop())
    definer.fill("Selector", ".buy")
    definer.until("Save the change")
    api.define("Bought", RED, version=2)
    definer.press("Save the change")
    definer.until("Somebody else has changed it meanwhile.")
    definer.press("Show their version")
    definer.page.wait_for_function("() => __panel.querySelector('input.css')?.value === '#red'")
    assert api.names["Bought"]["rules"] == [RED]


def test_a_name_is_deleted_when_that_is_confirmed(shop, api):
    """Asked first; kept if so wished; deleted with the version that was looked at."""
    api.define("Bought", BLUE)
    definer = open_name(shop())
    definer.press("Delete…")
    definer.press("Keep it")
    definer.press("Delete…")
    definer.until("Delete “Bought”?")
    assert "Bought" in api.names
    definer.press("Delete it")
    definer.until("Nothing has a name yet")
    assert definer.api.requests("DELETE", "events/")[0].headers["if-match"] == '"1"'
    assert api.names == {}
    definer.until_count(".badge", 0)


@pytest.fixture
def repair():
    return {
        "silent_since": "2026-10-12", "rule": RED, "rules": [BLUE, RED], "words": "“Buy” in .card took its place",
        "why": ["same name “Buy”", "same page /shop"], "found": {"events": 340, "persons": 120},
        "before": {"events": 1200}, "after": {"events": 1540}, "overlap": {"events": 0},
    }  # fmt: skip


def test_a_repair_is_shown_with_its_effect_and_accepted_with_one_click(shop, api, repair):
    """The proposal says why, and what it does to the past; accepting it saves the widened rules."""
    api.define("Bought", BLUE, activity=activity(1200, "2026-10-12"), repair=repair)
    definer = shop()
    definer.press("Names", css="[role=tab]")
    definer.until("Can be repaired: 340 events found")
    open_name(definer)
    for words in (
        "Silent since 12 October 2026",
        "took its place",
        "same page /shop",
        "1,200 → 1,540 events",
    ):
        assert words in definer.text()
    definer.press("Accept the repair")
    definer.until("Saved. It holds for all of history.")
    assert api.names["Bought"]["rules"] == [BLUE, RED]
    assert definer.api.requests("PUT", "events/")[0].headers["if-match"] == '"1"'
    assert "Accept the repair" not in definer.text()


def test_what_has_no_name_is_shown_on_the_page_or_named_from_afar(shop, api):
    """The most clicked elements: those on this page can be pointed at, all can be named by their rule."""
    here = {"tag": "button", "attributes": {}, "text": "Buy", "label": "Buy", "events": 1204, "persons": 310,
            "pages": ["/shop", "/p"], "name": "Clicked Buy", "rule": RED, "words": "the “Buy” button", "stability": 0.9}  # fmt: skip
    away = {
        **here,
        "rule": {"on": "click", "css": "#gone"},
        "words": "the “Gone” link",
        "name": "Clicked Gone",
        "pages": ["/old"],
    }
    api.unnamed = [here, away]
    definer = shop()
    definer.press("Not named yet")
    definer.until("1,204 clicks by 310 persons · on 2 pages")
    definer.until("not on this page")
    definer.press("Name it Clicked Gone")
    definer.until("the “Gone” link")
    definer.press("Save")
    definer.until("“Clicked Gone” is defined")
    assert api.names["Clicked Gone"]["rules"] == [{"on": "click", "css": "#gone"}]
    definer.press("Not named yet")
    definer.press("Show it")
    definer.until("button “Buy”")
    assert definer.frame("held")[1] == definer.run(
        "() => { const r = document.querySelector('#red').getBoundingClientRect(); return [r.x, r.y, r.width, r.height].map(Math.round) }"
    )
