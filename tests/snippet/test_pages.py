"""Page instances: loads, client-side routes, leaving, and coming back."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest


def test_a_page_is_sent_though_nothing_happens_on_it(visit, site):
    """Nobody clicks, nobody leaves, nothing calls for it: the pageview goes out by itself."""
    visit.goto(site.put("<p>Text</p>"))
    assert len(site.until_events("pageview")) == 1


def test_a_load_is_a_pageview(visit, site):
    """The first load gives address, referrer, title, viewport and language."""
    before = site.put('<a href="/next?x=1#y">Next</a>', head="")
    after = site.put("<p>Text</p>", "/next")
    visit.page.goto(before)
    visit.page.click("a")
    visit.page.wait_for_function("() => !!window.backsight?.flush")
    view = visit.events("pageview")[0]
    assert view["page"] == {
        "id": view["page"]["id"], "url": after + "?x=1#y", "referrer": before, "title": "Shop",
        "viewport": [1280, 720], "language": "en-US",
    }  # fmt: skip
    assert (view["seq"], set(view) - {"batch"}) == (0, {"type", "page", "seq", "time"})


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("history.pushState(null, '', '/b')", "/b"),
        ("history.replaceState(null, '', '/c?d')", "/c?d"),
        ("location.hash = 'e'", "/#e"),
    ],
)
def test_a_client_side_route_is_a_page_instance(visit, site, route, path):
    """The old instance is left, and a new one begins with the old address as referrer and numbers from 0."""
    start = visit.goto(site.put("<p>Text</p>")).page.url
    visit.run(f"void ({route})")
    visit.click("p")
    first, second = visit.events("pageview", 2)
    left, click = visit.events("leave")[0], visit.events("click")[0]
    assert (second["page"]["url"], second["page"]["referrer"]) == (site.url(path), start)
    assert left["page"]["id"] == first["page"]["id"] != second["page"]["id"] == click["page"]["id"]
    assert [e["seq"] for e in (first, left, second, click)] == [0, 1, 0, 1]


def test_going_back_in_a_client_side_history_is_a_route(visit, site):
    """popstate begins a page instance too."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run("history.pushState(null, '', '/b')")
    visit.run(
        "new Promise(done => { addEventListener('popstate', done, {once: true}); history.back() }).then(() => 0)"
    )
    assert [v["page"]["url"] for v in visit.events("pageview", 3)] == [site.url(p) for p in ("/", "/b", "/")]


def test_the_same_address_is_the_same_page(visit, site):
    """History entries that keep the address are no new page instance."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run("history.pushState({n: 1}, ''); history.replaceState({n: 2}, '', location.href)")
    visit.click("p")
    visit.events("click")
    assert len(site.events("pageview")) == 1


def test_a_route_taken_behind_the_snippets_back_is_found_at_the_next_event(visit, site):
    """A router that kept the browser's own function is noticed late, not never."""
    head = "<script>window.kept = history.pushState.bind(history)</script><script async src=/backsight.js data-key=wk_test></script>"
    visit.goto(site.put("<p>Text</p>", head=head))
    visit.run("kept(null, '', '/kept')")
    visit.click("p")
    assert visit.events("click")[0]["page"]["url"] == site.url("/kept")
    assert len(site.events("pageview")) == 2


def test_the_title_is_the_one_that_the_router_sets_afterwards(visit, site):
    """Routers set the title after the address; the pageview waits for it."""
    visit.goto(site.put("<p>Text</p>"))
    visit.flush()
    visit.run(
        "history.pushState(null, '', '/b'); setTimeout(() => { document.title = 'B'; backsight.track('now') })"
    )
    assert visit.page.wait_for_function("() => document.title === 'B'")
    visit.events("track")
    assert [v["page"]["title"] for v in visit.events("pageview", 2)] == ["Shop", "B"]
    assert site.events("leave")[0]["page"]["title"] == "Shop"


def test_a_title_that_changes_is_another_state_of_the_same_page(visit, site):
    """The entry's id repeats with the other title."""
    visit.goto(site.put("<p>Text</p>"))
    visit.click("p")
    visit.run("document.title = '(1) Shop'")
    visit.click("p")
    pages = [(e["page"]["id"], e["page"]["title"]) for e in visit.events("click", 2)]
    assert pages == [(pages[0][0], "Shop"), (pages[0][0], "(1) Shop")]


def test_a_form_field_called_title_is_not_the_title(visit, site):
    """A page's named elements do not stand in for the document's own properties."""
    visit.goto(site.put('<form name="title"></form><p>Text</p>'))
    visit.click("p")
    assert visit.events("click")[0]["page"]["title"] == "Shop"


def test_leaving_tells_how_long_and_how_far(visit, site):
    """The last event of a page instance has the visible time and the deepest point reached."""
    visit.goto(site.put('<div style="height:7200px">long</div>'))
    visit.run(
        "new Promise(done => { addEventListener('scroll', () => setTimeout(done), {once: true}); scrollTo(0, 2880) })"
    )
    visit.run("scrollTo(0, 0)")
    visible = visit.run("performance.now()")
    visit.page.goto("about:blank")
    leave = site.until_events("leave")[0]
    assert 45 <= leave["scroll_percent"] <= 52
    assert 0 <= leave["duration_ms"] <= visible + 5_000


def test_every_event_reaches_the_collector_when_the_page_is_left(visit, site):
    """A click on a link that leads away at once is not lost, nor is the leave."""
    visit.goto(site.put('<a href="about:blank" id=away>Away</a>'))
    # In a task of its own: an evaluation that its own navigation interrupts may never be answered.
    visit.run("void setTimeout(() => (location.assign('/elsewhere'), document.querySelector('a').click()))")
    site.until_events("leave")
    assert [e["type"] for e in site.events()] == ["pageview", "click", "leave"]


def test_coming_back_from_the_cache_is_a_page_instance(visit, site):
    """A page that the browser had kept begins anew, and its events are numbered anew."""
    start = visit.goto(site.put("<p>Text</p>")).page.url
    visit.run("""history.replaceState(null, '');
      dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}));
      dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}));
      document.querySelector('p').click()""")
    first, second = visit.events("pageview", 2)
    click = visit.events("click")[0]
    assert (second["page"]["url"], second["seq"], click["seq"]) == (start, 0, 1)
    assert click["page"]["id"] == second["page"]["id"] != first["page"]["id"]
    assert len(site.events("leave")) == 1


def test_a_page_drawn_ahead_of_its_visit_waits(visit, site):
    """While a page is prerendered nothing is captured; it begins when the visit does."""
    early = "<script>window.drawing = true; Object.defineProperty(document, 'prerendering', {get: () => drawing, configurable: true})</script>"
    visit.page.goto(
        site.put("<p>Text</p>", head=early + '<script src="/backsight.js" data-key="wk_test"></script>')
    )
    visit.click("p")
    assert visit.run("localStorage.length") == 0
    visit.run(
        "drawing = false; document.dispatchEvent(new Event('prerenderingchange')); document.querySelector('p').click()"
    )
    visit.events("click")
    assert [(e["type"], e["seq"]) for e in site.events()] == [("pageview", 0), ("click", 1)]


def test_the_real_cache_keeps_a_page_that_is_captured(cached, site):
    """The snippet does not keep Chromium from its back/forward cache; leaving and coming back are each captured once."""
    cached.page.add_init_script("addEventListener('pageshow', event => { window.kept = event.persisted })")
    cached.goto(site.put("<p>Text</p>"))
    cached.click("p")
    cached.page.goto(site.put("", "/plain", head=""))
    site.until_events("leave")
    cached.run("history.back()")
    cached.page.wait_for_function("() => window.kept === true")
    cached.click("p")
    cached.events("click", 2)
    first, second = site.events("pageview")
    assert [(e["page"]["id"] == first["page"]["id"], e["type"], e["seq"]) for e in site.events()] == [
        (True, "pageview", 0), (True, "click", 1), (True, "leave", 2), (False, "pageview", 0), (False, "click", 1),
    ]  # fmt: skip
    assert first["batch"]["session"] == second["batch"]["session"]
