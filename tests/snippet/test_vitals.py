"""Web vitals, where the tag asks for them: values as the browser measured them, before the page instance ends."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

SCRIPT = '<script async src="/backsight.js" data-key="wk_test" data-vitals></script>'
NAMES = {"TTFB", "FCP", "LCP", "CLS", "INP"}
TEXT = "<h1>Shop</h1><button>Buy</button><div id=late></div><p>Below</p>"
SCRIPTS = "performance.getEntriesByType('resource').map(e => new URL(e.name).pathname).filter(path => path.endsWith('.js'))"
LOADED = "() => !!backsight.leaving"

# Two frames: what was drawn has been measured, and told to observers.
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(() => done(0)))))"

# The browser has told observers, the library's before this one, how long the first interaction took.
TOUCHED = "new Promise(done => new PerformanceObserver(() => done(0)).observe({type: 'first-input', buffered: true}))"


def put(visit, body=TEXT, path="/", head=SCRIPT):
    visit.goto(visit.site.put(body, path, head=head))
    visit.page.wait_for_function(LOADED)
    visit.page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
    visit.run(DRAWN)
    return visit


def values(site, page_id=None):
    return {
        e["name"]: e["props"]["value"] for e in site.events("vital") if page_id in (None, e["page"]["id"])
    }


def test_vitals_are_recorded_before_the_leave(visit, site):
    """Each stands once, in the page instance's last batch, with value and rating; they are about no element."""
    put(visit)
    visit.run("document.querySelector('#late').style.height = '300px'")
    visit.run(DRAWN)
    visit.page.click("button")
    visit.run(TOUCHED)
    visit.run(DRAWN)
    measured = visit.run(
        "[performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.getEntriesByType('navigation')[0].responseStart]"
    )
    visit.page.goto("about:blank")
    leave = site.until_events("leave")[0]
    vitals = site.events("vital")
    assert {e["name"] for e in vitals} == NAMES
    assert len(vitals) == len(NAMES)
    assert all(e["seq"] < leave["seq"] and e["page"]["id"] == leave["page"]["id"] for e in vitals)
    assert all(e["props"]["rating"] in {"good", "needs-improvement", "poor"} for e in vitals)
    assert all(set(e) - {"batch"} == {"type", "page", "seq", "time", "name", "props"} for e in vitals)
    got = values(site)
    assert [got["FCP"], got["TTFB"]] == measured
    assert 0 < got["CLS"] < 1


def test_vitals_are_recorded_when_the_page_is_hidden(visit, site):
    """On a phone nothing may come after that; what changes later is recorded again, what does not is not."""
    put(visit)
    hide = "Object.defineProperty(document, 'visibilityState', {get: () => 'hidden', configurable: true}); Object.defineProperty(Document.prototype, 'hidden', {get: () => true, configurable: true}); document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))"
    visit.run(hide)
    first = site.until_events("vital", 4)
    assert {e["name"] for e in first} == NAMES - {"INP"}
    visit.run(
        "document.dispatchEvent(new Event('visibilitychange', {bubbles: true})); backsight.track('end')"
    )
    visit.events("track")
    assert len(site.events("vital")) == 4


def test_a_client_side_route_ends_the_page_instances_vitals(visit, site):
    """What was measured until then belongs to the route that was left."""
    put(visit)
    visit.run("history.pushState(null, '', '/b')")
    visit.events("leave")
    first, second = visit.events("pageview", 2)
    assert {"FCP", "LCP", "TTFB", "CLS"} == set(values(site, first["page"]["id"]))
    assert not {"FCP", "TTFB"} & set(values(site, second["page"]["id"]))


def test_without_the_attribute_nothing_is_loaded(visit, site):
    """Neither the library nor an event of it."""
    visit.goto(site.put(TEXT))
    assert visit.run(SCRIPTS) == ["/backsight.js"]
    visit.page.goto("about:blank")
    site.until_events("leave")
    assert site.events("vital") == []


def test_without_consent_nothing_is_loaded(visit, site):
    """The library comes with consent, and still tells what had been measured."""
    visit.goto(site.put(TEXT, head=SCRIPT.replace("data-vitals", "data-vitals data-consent=required")))
    assert visit.run(SCRIPTS) == ["/backsight.js"]
    visit.run("backsight.consent(true)")
    visit.page.wait_for_function(LOADED)
    visit.run(DRAWN)
    visit.page.goto("about:blank")
    site.until_events("leave")
    assert {"FCP", "LCP", "TTFB"} <= set(values(site))


def test_coming_back_from_the_cache_is_measured_anew(cached, site):
    """A page instance of its own has vitals of its own."""
    cached.page.add_init_script("addEventListener('pageshow', event => { window.kept = event.persisted })")
    put(cached)
    cached.page.goto(site.put("", "/plain", head=""))
    site.until_events("leave")
    cached.run("history.back()")
    cached.page.wait_for_function("() => window.kept === true")
    cached.run(DRAWN)
    cached.page.goto(site.url("/plain"))
    second = site.until_events("leave", 2)[1]
    assert {"FCP", "LCP", "TTFB"} <= set(values(site, second["page"]["id"]))
