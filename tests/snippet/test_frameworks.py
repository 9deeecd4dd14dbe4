"""Pages built with frameworks, as their users build them: what is captured, and what is not.

React, Vue and Svelte make the same page: routes, a keyed list whose rows remove themselves, a dialog in a
portal, a form whose state is the framework's. Turbo and htmx swap parts of pages that a server wrote.
"""

from __future__ import annotations

import mimetypes
from collections import defaultdict
from pathlib import Path

import pytest

from snippet.conftest import SCRIPT

BUILT = Path(__file__).parents[1] / "pages" / "built"
FRAMEWORKS = ("react", "vue", "svelte")
EFFECTS = ("dom", "navigation", "scroll", "focus", "error")


def opened(visit, name):
    """The framework's page, with the snippet on it."""
    for file in (BUILT / name).iterdir():
        kind = mimetypes.guess_type(file.name)[0]
        body = file.read_text().replace("</head>", f"{SCRIPT}</head>")
        visit.site.put_raw(body, f"/{name}/{file.name}", content_type=f"{kind}; charset=utf-8")
    visit.goto(visit.site.url(f"/{name}/index.html"))
    visit.page.get_by_role("heading", name="Herbs").wait_for()
    return visit.attend()


@pytest.fixture(params=FRAMEWORKS)
def app(visit, request):
    return opened(visit, request.param)


def press(visit, name, role="button", within=None):
    """A real click, by the mouse."""
    (within or visit.page).get_by_role(role, name=name, exact=True).click()


def row(visit, herb):
    return visit.page.get_by_role("listitem").filter(has_text=herb)


def named(chain, tag):
    """The nearest element of a type in a chain."""
    return next(element for element in chain if element["tag"] == tag)


def finished(visit):
    """All that was captured, once it has arrived: each page instance's events are numbered without a gap."""
    visit.run("backsight.track('end')")
    visit.events("track")
    events = visit.site.events()
    numbers = defaultdict(list)
    for event in events:
        numbers[event["page"]["id"]].append(event["seq"])
    assert all(sorted(found) == list(range(len(found))) for found in numbers.values()), numbers
    assert not any(batch.get("dropped") for batch in visit.site.batches)
    return [event for event in events if event["type"] != "track"]


def seen(events, *kinds):
    return [(event["type"], event.get("text")) for event in events if event["type"] in kinds]


def effects(click):
    """What first followed a click, by kind; each soon, and while it was watched."""
    found = {kind: click[f"{kind}_ms"] for kind in EFFECTS if click.get(f"{kind}_ms") is not None}
    assert all(0 <= after <= click["watched_ms"] <= 2_500 for after in found.values())
    return set(found)


def paths(events, kind="pageview"):
    """The addresses of some events, after the site's own."""
    addresses = [event["page"]["url"] for event in events if event["type"] == kind]
    return ["/".join(address.split("/")[4:]) for address in addresses]


def test_a_row_that_removes_itself_is_captured_where_it_stood(app):
    """The target, its text and its place among the rows are those at the click, before the list changed."""
    for herb in ("Chives", "Dill"):
        press(app, "Remove", within=row(app, herb))
        row(app, herb).wait_for(state="detached")
    events = finished(app)
    assert seen(events, "click", "submit", "change") == [("click", "Remove")] * 2
    rows = [named(app.site.chain(event), "li") for event in events if event["type"] == "click"]
    assert [(each["attrs"]["data-herb"], each["at"]) for each in rows] == [
        ("chives", [2, 3, 2, 3]),
        ("dill", [2, 2, 2, 2]),
    ]


def test_keyed_rows_that_move_are_captured_in_their_new_places(app):
    """Rows that a framework moves are described where they stand now; the same address is no pageview."""
    press(app, "Reverse")
    press(app, "Add")
    press(app, "Remove", within=row(app, "Fennel"))
    row(app, "Fennel").wait_for(state="detached")
    events = finished(app)
    assert seen(events, "click") == [("click", "Reverse"), ("click", "Add"), ("click", "Remove")]
    assert named(app.site.chain(events[-1]), "li")["at"] == [2, 4, 2, 4]
    assert len(paths(events)) == 1
    assert paths(events, "leave") == []


def test_a_dialog_in_a_portal_stands_where_it_is_in_the_document(app):
    """What a portal draws is captured below the body, though it is gone when its own handler is done."""
    press(app, "Clear")
    press(app, "Yes, clear")
    app.page.get_by_role("dialog").wait_for(state="detached")
    assert app.page.get_by_role("listitem").count() == 0
    events = finished(app)
    clicks = [event for event in events if event["type"] == "click"]
    assert [event["label"] for event in clicks] == ["Clear", "Yes, clear"]
    chain = app.site.chain(clicks[1])
    assert [element["tag"] for element in chain] == ["button", "div", "body", "html"]
    assert chain[1]["attrs"]["role"] == "dialog"


def test_controlled_inputs_say_that_they_changed_and_never_to_what(app):
    """Each control is one change, however often its framework wrote its value; the form is submitted once."""
    page = app.page
    page.get_by_label("Name").press_sequentially("lavender")
    page.get_by_label("Size").select_option("large")
    page.get_by_label("Gift").check()
    page.get_by_label("Greeting").press_sequentially("for granny")
    press(app, "Order")
    page.get_by_text("Ordered 1").wait_for()
    events = finished(app)
    changes = [event["label"] for event in events if event["type"] == "change"]
    assert sorted(changes) == ["Gift", "Greeting", "Name", "Size"]
    (submit,) = [event for event in events if event["type"] == "submit"]
    form = app.site.chain(submit)[0]
    assert (form["tag"], form["attrs"]["aria-label"]) == ("form", "Order")
    assert seen(events, "submit", "click")[-2:] == [("click", "Order"), ("submit", submit.get("text"))]
    sent = "".join(request.raw.lower() for request in app.site.requests)
    assert not any(typed in sent for typed in ("lavender", "granny", "large"))


def test_generated_ids_and_scoped_classes_are_captured_as_they_are(app):
    """Ids of useId and classes of modules are the page's own; what comes of them is decided when asked."""
    app.page.get_by_label("Name").click()
    (click,) = [event for event in finished(app) if event["type"] == "click"]
    target = app.site.chain(click)[0]
    assert target["attrs"]["id"] == app.page.get_by_label("Name").get_attribute("id")
    assert target["tag"] == "input"
    assert click["label"] == "Name"


def test_a_route_is_one_pageview_with_its_own_title(app):
    """Each route begins one page instance and ends one, by links and by going back, with its own title."""
    press(app, "About", "link")
    app.page.get_by_role("heading", name="About").wait_for()
    app.page.go_back()
    app.page.get_by_role("heading", name="Herbs").wait_for()
    events = finished(app)
    home, about, back = [event["page"] for event in events if event["type"] == "pageview"]
    assert [page["title"] for page in (home, about, back)] == ["Herbs", "About herbs", "Herbs"]
    assert home["url"] == back["url"] != about["url"]
    assert (about["referrer"], back["referrer"]) == (home["url"], about["url"])
    assert [event["page"]["id"] for event in events if event["type"] == "leave"] == [home["id"], about["id"]]
    (click,) = [event for event in events if event["type"] == "click"]
    assert (click["page"]["id"], click["text"]) == (home["id"], "About")


def test_clicks_tell_what_followed_them(app):
    """One that draws anew is followed by a change, one that routes by a navigation, a dead one by neither."""
    press(app, "Remove", within=row(app, "Chives"))
    row(app, "Chives").wait_for(state="detached")
    press(app, "Reverse")
    press(app, "Herbs", "heading")
    remove, reverse, dead = [event for event in finished(app) if event["type"] == "click"]
    assert "dom" in effects(remove)
    assert "navigation" not in effects(remove) | effects(reverse)
    assert "dom" in effects(reverse)
    assert effects(dead) <= {"focus"}  # It takes it from the button that was clicked before.
    press(app, "About", "link")
    app.page.get_by_role("heading", name="About").wait_for()
    app.events("pageview", 2)
    (routed,) = [event for event in app.site.events("click") if event["text"] == "About"]
    assert effects(routed) >= {"dom", "navigation"}


def test_turbo_visits_are_pageviews_and_its_frames_are_not(visit):
    """Turbo's drive swaps the body under one script; a frame is swapped in place, and captured after."""
    opened(visit, "turbo")
    press(visit, "More on basil", "link")
    press(visit, "Buy basil")
    press(visit, "About", "link")
    press(visit, "Who")
    visit.page.go_back()
    visit.page.get_by_role("heading", name="Herbs").wait_for()
    press(visit, "Herbs", "heading")
    events = finished(visit)
    clicks = ["More on basil", "Buy basil", "About", "Who", "Herbs"]
    assert seen(events, "click") == [("click", text) for text in clicks]
    assert paths(events) == ["index.html", "about.html", "index.html"]
    assert paths(events, "leave") == ["index.html", "about.html"]
    titles = [event["page"]["title"] for event in events if event["type"] == "pageview"]
    assert titles == ["Herbs", "About herbs", "Herbs"]
    by_text = {event["text"]: event for event in events if event["type"] == "click"}
    assert "dom" in effects(by_text["More on basil"])
    assert effects(by_text["About"]) >= {"dom", "navigation"}
    bought = next(event for event in events if event.get("text") == "Buy basil")
    assert named(visit.site.chain(bought), "turbo-frame")["attrs"]["id"] == "detail"


def test_htmx_swaps_are_no_pageviews_unless_they_push_an_address(visit):
    """A button that its own answer replaces is captured as it was; a pushed address is one pageview."""
    opened(visit, "htmx")
    press(visit, "Show basil")
    press(visit, "Buy")
    press(visit, "About", "link")
    press(visit, "Who")
    events = finished(visit)
    assert seen(events, "click") == [("click", text) for text in ("Show basil", "Buy", "About", "Who")]
    shown = [event for event in events if event["type"] == "click"][:2]
    rows = [named(visit.site.chain(event), "li") for event in shown]
    assert [each["attrs"].get("class") for each in rows] == [None, "shown"]
    assert paths(events) == ["index.html", "about"]
    assert paths(events, "leave") == ["index.html"]
    (_, about) = [event["page"] for event in events if event["type"] == "pageview"]
    assert about["title"] == "About herbs"
