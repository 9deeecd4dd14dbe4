"""Device, session and user: who the batches say it was."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations


def owner(event):
    return tuple(event["batch"].get(name) for name in ("device", "session", "user"))


def test_device_and_session_hold_across_pages_and_tabs(visit, site, another):
    """Tabs of one browser share both."""
    visit.goto(site.put("<p>Text</p>"))
    visit.goto(site.put("<p>Text</p>", "/two"))
    another().goto(site.url("/two")).flush()
    owners = {owner(view) for view in visit.events("pageview", 3)}
    assert len(owners) == 1
    assert all(len(part) >= 20 for part in owners.pop()[:2])


def test_a_session_ends_after_half_an_hour_without_activity(visit, site):
    """29 minutes are a pause, 31 are another session; the device stays, and leaving is no activity."""
    visit.page.clock.install()
    visit.goto(site.put("<p>Text</p>"))
    for minutes in (29, 29, 31):
        visit.page.clock.fast_forward(minutes * 60_000)
        visit.click("p")
        visit.flush()
    clicks = site.until_events("click", 3)
    sessions = [owner(click)[1] for click in clicks]
    assert sessions[0] == sessions[1] == owner(site.events("pageview")[0])[1] != sessions[2]
    assert len({owner(click)[0] for click in clicks}) == 1
    visit.page.clock.fast_forward(31 * 60_000)
    visit.page.goto(site.put("", "/plain", head=""))
    assert owner(site.until_events("leave")[0])[1] == sessions[2]


def test_identify_holds_from_then_on(visit, site):
    """What came before stays anonymous, in its own batch; the user holds on the next page, in every tab, until reset."""
    visit.goto(site.put("<p>Text</p>"))
    visit.click("p")
    visit.run("backsight.identify('ada', {plan: 'pro'})")
    identify = visit.events("identify")[0]
    assert (identify["user"], identify["traits"], owner(identify)[2]) == ("ada", {"plan": "pro"}, "ada")
    assert [owner(e)[2] for e in site.events() if e["type"] in ("pageview", "click")] == [None, None]
    visit.goto(site.put("<p>Text</p>", "/two"))
    assert owner(visit.events("pageview", 2)[1])[2] == "ada"


def test_another_user_is_another_batch_on_the_same_device(visit, site):
    """The device is kept; who is who is decided when the question is asked."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run(
        "backsight.identify('ada'); document.querySelector('p').click(); backsight.identify('bob'); document.querySelector('p').click()"
    )
    clicks = visit.events("click", 2)
    assert [owner(click)[2] for click in clicks] == ["ada", "bob"]
    assert len({owner(click)[:2] for click in clicks}) == 1


def test_reset_begins_a_new_device(visit, site, another):
    """After reset nobody is identified, on a new device and session, also in the other tab."""
    other = another().goto(site.put("<p>Text</p>"))
    visit.goto(site.url())
    visit.run(
        "backsight.identify('ada'); document.querySelector('p').click(); backsight.reset(); document.querySelector('p').click()"
    )
    before, after = map(owner, visit.events("click", 2))
    assert before[2] == "ada"
    assert after[2] is None
    assert before[0] != after[0]
    assert before[1] != after[1]
    other.click("p")
    assert owner(other.events("click", 3)[2]) == after


def test_calls_are_written_as_they_were_made(visit, site):
    """Properties are those of the moment of the call; ids are text; a number is one too."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run(
        "const props = {sku: 12, tags: ['a']}; backsight.track('Added', props); props.sku = 13; backsight.addUserProperties({seats: 3}); backsight.identify(7)"
    )
    track = visit.events("track")[0]
    assert (track["name"], track["props"]) == ("Added", {"sku": 12, "tags": ["a"]})
    assert visit.events("traits")[0]["traits"] == {"seats": 3}
    assert visit.events("identify")[0]["user"] == "7"


def test_calls_that_cannot_be_meant_are_counted(visit, site):
    """Nobody is identified by nothing, and a call never throws into the page."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run(
        "const loop = {}; loop.loop = loop; backsight.identify(''); backsight.identify(); backsight.identify('x'.repeat(257)); backsight.track('loop', loop); backsight.track('big', {x: 'ü'.repeat(20000)}); backsight.track('fine')"
    )
    track = visit.events("track")[0]
    assert (track["name"], track["batch"]["dropped"]) == ("fine", {"handler": 4, "size": 1})
    visit.run("backsight.track('next')")
    assert "dropped" not in visit.events("track", 2)[1]["batch"]


def test_where_storage_is_denied_ids_live_with_the_page(visit, site):
    """In a sandboxed frame there is neither storage nor cookie: capturing works, and nothing throws."""
    inner = site.put(
        "<p>Inner</p>",
        "/inner",
        head=f'<script async src="{site.url("/backsight.js")}" data-key="wk_test"></script>',
    )
    visit.page.goto(site.put(f'<iframe sandbox="allow-scripts" src="{inner}"></iframe>', head=""))
    frame = visit.page.frame_locator("iframe").locator("p")
    frame.wait_for()
    (inside,) = (f for f in visit.page.frames if f.url == inner)
    inside.wait_for_function("() => !!window.backsight?.flush")
    inside.evaluate(
        "document.querySelector('p').click(); backsight.identify('ada'); document.querySelector('p').click(); backsight.flush()"
    )
    clicks = site.until_events("click", 2)
    assert [owner(click)[2] for click in clicks] == [None, "ada"]
    assert len({owner(event)[:2] for event in site.events()}) == 1


def test_without_storage_there_is_no_cookie_either(visit, site):
    """Where localStorage is denied, nothing is kept: the device lasts as long as the page."""
    deny = "<script>Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})</script>"
    head = deny + '<script async src="/backsight.js" data-key="wk_test"></script>'
    visit.goto(site.put("<p>Text</p>", head=head)).flush()
    visit.goto(site.put("<p>Text</p>", "/two", head=head)).flush()
    first, second = site.until_events("pageview", 2)
    assert owner(first)[0] != owner(second)[0]
    assert visit.run("document.cookie") == ""


def test_full_storage_is_like_none(visit, site):
    """When nothing can be written, one session still is one session."""
    full = "<script>for (let n = 2 ** 20; n >= 1; n /= 2) try { for (;;) localStorage['x' + Math.random()] = 'x'.repeat(n) } catch {}</script>"
    visit.goto(
        site.put("<p>Text</p>", head=full + '<script async src="/backsight.js" data-key="wk_test"></script>')
    )
    visit.click("p")
    visit.flush()
    visit.click("p")
    visit.events("click", 2)
    assert len({owner(event) for event in site.events()}) == 1
    assert visit.run("localStorage.backsight") is None
