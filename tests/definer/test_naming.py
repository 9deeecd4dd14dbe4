"""Giving a rule a name, and what is said then."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

from definer.faked import count_of, problem

RULE = {"on": "click", "css": "#shop button"}


def hold(definer):
    definer.hold("#red")
    definer.until_count(".choice .spark", 3)
    return definer


def test_a_rule_is_saved_under_a_name(shop):
    """The suggested name is kept or changed; only where there is none of that name yet; count and next steps are said."""
    definer = hold(shop())
    assert definer.run("__panel.querySelector(`[aria-label='Name of the event']`).value") == "Clicked Buy"
    definer.fill("Name of the event", "Bought / red")
    definer.press("Describe it")
    definer.fill("Description", "The red kettle")
    definer.press("Save")
    definer.until("“Bought / red” is defined")
    (asked,) = definer.api.requests("PUT", "events/")
    assert asked.path == "events/Bought%20%2F%20red"
    assert asked.headers["if-none-match"] == "*"
    assert asked.body == {"rules": [RULE], "description": "The red kettle"}
    events = count_of([RULE])
    assert f"{events:,} events by {events // 3:,} persons" in definer.text()
    definer.press("How to ask for it")
    definer.until('site.funnel([{"on": "pageview"}, "Bought / red"])')
    definer.until_count(".badge", 3)


def test_the_next_step_can_be_copied(shop, browsing, site):
    """Copy puts the line into the clipboard, and says so."""
    browsing.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url(""))
    definer = hold(shop())
    definer.press("Save")
    definer.until("is defined")
    definer.press("How to ask for it")
    definer.press("Copy")
    definer.until("Copied")
    assert definer.run("navigator.clipboard.readText()") == 'site.funnel([{"on": "pageview"}, "Clicked Buy"])'


def test_a_name_that_exists_is_offered_to_be_opened(shop, api):
    """Nothing is overwritten: the existing event can be opened, or another name chosen."""
    api.define("Clicked Buy", {"on": "click", "css": "#blue"})
    definer = hold(shop())
    definer.press("Save")
    definer.until("There is already an event called “Clicked Buy”.")
    assert api.names["Clicked Buy"]["rules"] == [{"on": "click", "css": "#blue"}]
    definer.press("Choose another name")
    definer.page.keyboard.type("Clicked Buy again")
    definer.page.keyboard.press("Enter")
    definer.until("“Clicked Buy again” is defined")


def test_opening_the_one_that_exists(shop, api):
    """The way from a taken name leads to that event's rules."""
    api.define("Clicked Buy", {"on": "click", "css": "#blue"})
    definer = hold(shop())
    definer.press("Save")
    definer.press("Open it")
    definer.until("Add a rule by pointing")
    assert definer.run("__panel.querySelector('input.css').value") == "#blue"


def test_a_refusal_is_said_and_the_form_stays(shop, api):
    """What the API does not take is said in its words; saving can be tried again."""
    api.failing["events/Clicked"] = problem(400, "the name has control characters.", field="name")
    definer = hold(shop())
    definer.press("Save")
    definer.until("name: the name has control characters.")
    api.failing.clear()
    definer.press("Save")
    definer.until("is defined")


def test_no_name_no_saving(shop):
    """The button waits for a name."""
    definer = hold(shop())
    definer.fill("Name of the event", " ")
    assert definer.run("__panel.querySelector('.saving .strong').disabled") is True
