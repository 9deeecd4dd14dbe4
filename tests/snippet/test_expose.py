"""Elements marked with data-backsight-expose, where the tag asks for it: recorded when they came into view."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest

SCRIPT = '<script async src="/backsight.js" data-key="wk_test" data-expose></script>'
LOADED = "() => !!backsight.leaving"
TALL = "<div style='height: 3000px'></div>"

# What is in view has been looked at, and told to observers.
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"


def put(visit, body, path="/", head=SCRIPT):
    visit.goto(visit.site.put(body, path, head=head))
    visit.page.wait_for_function(LOADED)
    visit.run(DRAWN)


def ids(visit):
    """The ids of all elements that were recorded up to now."""
    visit.run(DRAWN)
    visit.run("backsight.track('now')")
    count = len(visit.site.events("track"))
    visit.events("track", count + 1)
    return [visit.site.chain(e)[0]["attrs"].get("id") for e in visit.site.events("expose")]


def test_what_is_in_view_is_recorded_once(visit, site):
    """An element that is visible at once; one further down when it is scrolled to; neither again."""
    put(
        visit,
        f"<p id=top data-backsight-expose>Top</p>{TALL}<p id=low data-backsight-expose=offer>Low</p><p>No</p>",
    )
    assert ids(visit) == ["top"]
    visit.run("document.querySelector('#low').scrollIntoView()")
    assert ids(visit) == ["top", "low"]
    visit.run("scrollTo(0, 0)")
    visit.run(DRAWN)
    visit.run("scrollTo(0, 4000)")
    assert ids(visit) == ["top", "low"]
    top, low = site.events("expose")
    assert (low["text"], site.chain(low)[0]["attrs"]) == (
        "Low",
        {"id": "low", "data-backsight-expose": "offer"},
    )
    assert set(top) - {"page", "batch"} == {"type", "seq", "time", "node", "text", "label"}


def test_half_of_it_must_be_visible(visit, site):
    """Less than half of an element is not enough; a scroll that shows the rest is."""
    put(
        visit,
        f"<div style='height: 620px'></div><div id=half data-backsight-expose style='height: 300px'></div>{TALL}",
    )
    assert ids(visit) == []
    visit.run("scrollTo(0, 100)")
    assert ids(visit) == ["half"]


@pytest.mark.parametrize("height", [2_000, 20_000, 500_000])
def test_of_an_element_taller_than_the_window_half_a_window_is_enough(visit, site, height):
    """Half of it could never be seen at once."""
    put(
        visit,
        f"<div style='height: 600px'></div><div id=tall data-backsight-expose style='height: {height}px'></div>",
    )
    assert ids(visit) == []
    visit.run("scrollTo(0, 500)")
    assert ids(visit) == ["tall"]


def test_what_is_added_or_marked_later_is_recorded(visit, site):
    """Also deep in what was added; what has lost its mark before it came into view is not."""
    put(visit, f"<main></main><p id=marked>Marked</p>{TALL}<p id=unmarked data-backsight-expose>Not</p>")
    visit.run(
        "document.querySelector('main').innerHTML = '<section><i id=deep data-backsight-expose>Deep</i></section>'; document.querySelector('#marked').setAttribute('data-backsight-expose', '')"
    )
    visit.run(
        "document.querySelector('#unmarked').removeAttribute('data-backsight-expose'); scrollTo(0, 4000)"
    )
    visit.run(DRAWN)
    visit.run("scrollTo(0, 0)")
    assert sorted(ids(visit)) == ["deep", "marked"]


def test_open_shadow_trees_are_looked_into(visit, site):
    """Those that are there, nested or declared, those that are attached later, and what is added to them; not closed ones."""
    declared = "<div><template shadowrootmode=open><p id=declared data-backsight-expose>Declared</p></template></div>"
    put(
        visit,
        declared
        + """<x-a></x-a><x-late></x-late><x-closed></x-closed><script>
      const root = document.querySelector('x-a').attachShadow({mode: 'open'}); root.innerHTML = '<x-b></x-b>';
      root.firstChild.attachShadow({mode: 'open'}).innerHTML = '<p id=nested data-backsight-expose>Nested</p>';
    </script>""",
    )
    visit.run("""document.querySelector('x-late').attachShadow({mode: 'open'}).innerHTML = '<p id=late data-backsight-expose>Late</p>';
      document.querySelector('x-closed').attachShadow({mode: 'closed'}).innerHTML = '<p id=closed data-backsight-expose>Closed</p>'""")
    visit.run(DRAWN)
    visit.run("""const added = document.createElement('p'); added.id = 'added'; added.dataset.backsightExpose = '';
      document.querySelector('x-late').shadowRoot.append(added)""")
    assert sorted(ids(visit)) == ["added", "declared", "late", "nested"]


def test_a_page_instance_of_its_own_is_looked_at_anew(visit, site):
    """After a client-side route what is in view counts again, and each event belongs to the instance where it was seen."""
    put(visit, f"<p id=top data-backsight-expose>Top</p>{TALL}<p id=low data-backsight-expose>Low</p>")
    visit.run("history.pushState(null, '', '/b')")
    assert ids(visit) == ["top", "top"]
    first, second = site.events("pageview")
    assert [e["page"]["id"] for e in site.events("expose")] == [first["page"]["id"], second["page"]["id"]]


def test_coming_back_from_the_cache_is_looked_at_anew(cached, site):
    """The page instance that begins then has exposures of its own."""
    cached.page.add_init_script("addEventListener('pageshow', event => { window.kept = event.persisted })")
    put(cached, "<p id=top data-backsight-expose>Top</p>")
    cached.page.goto(site.put("", "/plain", head=""))
    site.until_events("leave")
    cached.run("history.back()")
    cached.page.wait_for_function("() => window.kept === true")
    cached.run(DRAWN)
    assert ids(cached) == ["top", "top"]
    assert len({e["page"]["id"] for e in site.events("expose")}) == 2


def test_privacy_holds_for_exposures_too(visit, site):
    """Nothing of an ignored element, no words of a redacted one; masks apply."""
    put(
        visit,
        "<p data-backsight-ignore><b id=ignored data-backsight-expose>Ada</b></p>"
        "<p id=redacted data-backsight-redact data-backsight-expose title=Ada>Ada</p><p id=masked data-backsight-expose>ada@example.com</p>",
    )
    assert ids(visit) == ["redacted", "masked"]
    assert [e.get("text") for e in site.events("expose")] == [None, "[email]"]
    assert all("Ada" not in request.raw for request in site.requests)


def test_hostile_pages_are_looked_at_too(visit, site):
    """Fields named like an element's properties, and a frozen prototype, keep nothing from being found."""
    named = "".join(f"<input name={name}>" for name in ("matches", "shadowRoot", "nodeType", "children"))
    put(
        visit,
        f"<form id=f data-backsight-expose>{named}<b id=in data-backsight-expose>x</b></form><img name=createTreeWalker>",
        head="<script>Object.freeze(Element.prototype); class Node {}</script>" + SCRIPT,
    )
    assert sorted(ids(visit)) == ["f", "in"]


def test_without_the_attribute_nothing_is_loaded(visit, site):
    """A page that does not ask for it pays nothing."""
    visit.goto(site.put("<p id=top data-backsight-expose>Top</p>", head=SCRIPT.replace(" data-expose", "")))
    assert ids(visit) == []
    assert (
        visit.run("performance.getEntriesByType('resource').some(e => e.name.endsWith('expose.js'))") is False
    )
