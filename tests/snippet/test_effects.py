"""What first followed a click: told by the page's own script, and by the clock."""

from __future__ import annotations

import pytest

KINDS = ("dom_ms", "navigation_ms", "scroll_ms", "focus_ms", "error_ms")


def effects(event):
    return {kind: event[kind] for kind in KINDS if kind in event}


def clicked(visit, script, body="", selector="#b"):
    """A page whose button runs a script, clicked once and watched for 100 ms after it."""
    visit.goto(
        visit.site.put(
            f'<button id=b>Go</button><p id=p>Text</p><input id=i><div style="height:5000px"></div>{body}'
            f"<script>document.querySelector('#b').onclick = () => {{ {script} }}</script>"
        )
    ).attend()
    visit.click(selector)
    visit.run("new Promise(after => setTimeout(after, 100))")
    return visit.events("click")[0]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", set()),
        ("p.firstChild.data = 'Other'", {"dom_ms"}),
        ("p.className = 'open'", {"dom_ms"}),
        ("p.append(document.createElement('b'))", {"dom_ms"}),
        ("b.remove()", {"dom_ms"}),
        ("i.dispatchEvent(new InputEvent('input', {bubbles: true}))", {"dom_ms"}),
        ("history.pushState({}, '', '/other')", {"navigation_ms"}),
        ("history.replaceState({any: 'state'}, '')", set()),
        ("location.hash = 'part'", {"navigation_ms"}),
        ("scrollTo(0, 500)", {"scroll_ms"}),
        ("i.focus()", {"focus_ms"}),
        ("dispatchEvent(new Event('blur'))", {"focus_ms"}),
        ("setTimeout(() => p.hidden = true, 30); scrollTo(0, 500)", {"dom_ms", "scroll_ms"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_kinds_of_effects(visit, script, expected):
    """Each kind is told by what the page did, and nothing else is."""
    click = clicked(visit, script)
    assert set(effects(click)) == expected
    assert all(0 <= ms <= click["watched_ms"] for ms in effects(click).values())
    assert 100 <= click["watched_ms"] <= 2_500


@pytest.mark.parametrize("script", ["throw Error('broken')", "Promise.reject(Error('broken'))"])
def test_an_uncaught_error_is_an_effect(visit, script):
    """Thrown, or rejected and handled nowhere."""
    assert set(effects(clicked(visit, script))) == {"error_ms"}
    assert len(visit.errors) == 1
    visit.errors.clear()


def test_a_change_inside_an_open_shadow_tree_is_an_effect(visit):
    """The trees on the click's path are watched, nested ones too."""
    body = (
        "<div id=outer></div><script>"
        "const tree = outer.attachShadow({mode: 'open'}); tree.innerHTML = '<div></div>';"
        "const inner = tree.firstChild.attachShadow({mode: 'open'}); inner.innerHTML = '<button>In</button>';"
        "inner.firstChild.onclick = () => inner.append('more')</script>"
    )
    visit.goto(visit.site.put(body)).attend()
    visit.run(
        "document.querySelector('#outer').shadowRoot.firstChild.shadowRoot.firstChild.dispatchEvent("
        "new MouseEvent('click', {bubbles: true, composed: true}))"
    )
    assert set(effects(visit.events("click")[0])) == {"dom_ms"}


def test_effects_are_timed_from_the_click(visit):
    """Milliseconds by the page's clock; only the first of a kind counts."""
    visit.page.clock.install(time=0)
    visit.goto(visit.site.put("<p>Text</p>")).attend()
    visit.page.clock.pause_at(10_000)
    visit.click("p")
    for _ in range(2):
        visit.page.clock.run_for(300)
        visit.run("document.querySelector('p').append('more')")
    visit.page.clock.run_for(400)
    click = visit.events("click")[0]
    assert (click["dom_ms"], click["watched_ms"]) == (300, 1_000)


def test_what_comes_too_late_is_no_effect(visit):
    """A click is watched for two and a half seconds."""
    visit.page.clock.install(time=0)
    visit.goto(visit.site.put("<p>Text</p>")).attend()
    visit.page.clock.pause_at(10_000)
    visit.run("backsight.track('before'); document.querySelector('p').click()")
    visit.page.clock.run_for(2_600)
    visit.run("document.querySelector('p').append('more')")
    click = visit.events("click")[0]
    assert (effects(click), click["watched_ms"]) == ({}, 2_500)


def test_a_change_before_a_click_is_not_its_effect(visit):
    """Also in the same task, when the observer has not been told of it yet."""
    visit.goto(visit.site.put("<p>Text</p>")).attend()
    visit.run("const p = document.querySelector('p'); p.click(); p.append('more'); p.click()")
    first, second = visit.events("click", 2)
    assert "dom_ms" in first
    assert effects(second) == {}


def test_the_next_click_ends_the_watch(visit):
    """What follows is the next click's: else a dead click would have the effect of the one that worked."""
    visit.page.clock.install(time=0)
    visit.goto(visit.site.put("<p>Text</p><button id=b onclick='this.append(1)'>Go</button>")).attend()
    visit.page.clock.pause_at(10_000)
    visit.click("p")
    visit.page.clock.run_for(400)
    visit.click("#b")
    visit.page.clock.run_for(100)
    dead, alive = visit.events("click", 2)
    assert (effects(dead), dead["watched_ms"]) == ({}, 400)
    assert (list(effects(alive)), alive["watched_ms"]) == (["dom_ms"], 100)


def test_a_click_that_leaves_the_page_navigates(visit, site):
    """The click goes out as the page ends, and says for how long it was watched."""
    next_page = site.put("", "/next", head="")
    visit.goto(site.put(f'<a href="{next_page}">Next</a>')).attend()
    visit.click("a")
    [click] = site.until_events("click")
    visit.page.wait_for_url(next_page)  # Chromium may not close a page that is about to be another.
    assert "navigation_ms" in effects(click)
    assert click["watched_ms"] <= 2_500


def test_a_download_is_an_effect(visit, site):
    """The page stays, and nothing changes on it."""
    file = site.put("text", "/file", head="", content_disposition="attachment")
    visit.goto(site.put(f'<a href="{file}" download>File</a>')).attend()
    with visit.page.expect_download() as saved:
        visit.click("a")
    saved.value.path()  # Chromium may not close a page that still saves a file.
    assert set(effects(visit.events("click")[0])) == {"navigation_ms"}


def test_a_batch_waits_until_its_last_click_was_watched(visit, site):
    """Two and a half seconds after it, not two after the first event."""
    visit.page.clock.install(time=0)
    visit.goto(site.put("<p>Text</p>")).attend()
    visit.flush()
    site.until_events("pageview")
    visit.page.clock.pause_at(10_000)
    visit.run("backsight.track('first')")
    visit.page.clock.run_for(1_900)
    visit.click("p")
    visit.page.clock.run_for(2_400)
    assert len(site.requests) == 1
    visit.page.clock.run_for(200)
    [click] = site.until_events("click")
    assert click["watched_ms"] == 2_500


def test_a_page_that_is_clicked_all_the_time_sends(visit, site):
    """No batch waits for longer than ten seconds."""
    visit.page.clock.install(time=0)
    visit.goto(site.put("<p>Text</p>")).attend()
    visit.flush()
    site.until_events("pageview")
    visit.page.clock.pause_at(10_000)
    for _ in range(6):
        visit.click("p")
        visit.page.clock.run_for(2_000)
    clicks = site.until_events("click", 5)
    times = [click["time"] for click in clicks]
    assert max(times) - min(times) <= 10_000


def test_a_click_before_its_part_has_arrived_is_not_watched(visit, site):
    """It says nothing of effects, so that no rule takes it for dead; it loads the part for the next ones."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run("const p = document.querySelector('p'); p.click(); p.append('more')")
    visit.page.wait_for_function("() => !!backsight.watch")
    visit.click("p")
    first, second = visit.events("click", 2)
    assert (effects(first), "watched_ms" in first) == ({}, False)
    assert "watched_ms" in second


@pytest.mark.parametrize("sign", ["pointer", "key"])
def test_the_part_is_loaded_at_the_first_sign_of_a_person(visit, site, sign):
    """A pointer that moves, or a key; once, and not before."""
    visit.goto(site.put("<p>Text</p>"))
    visit.events("pageview")
    assert "/effects.js" not in site.gets
    for _ in range(2):
        visit.page.mouse.move(5, 5) if sign == "pointer" else visit.page.keyboard.press("Tab")
        visit.page.wait_for_function("() => !!backsight.watch")
    assert site.gets.count("/effects.js") == 1


def test_where_the_part_cannot_be_loaded_everything_else_works(visit, site):
    """Clicks are captured, and errors are counted."""
    visit.page.route("**/effects.js", lambda route: route.abort())
    visit.goto(site.put("<button>Go</button>"))
    visit.run("for (let i = 0; i < 25; i++) setTimeout(() => { throw Error(`${i}`) })")
    visit.page.click("button")
    assert "watched_ms" not in visit.events("click")[0]
    visit.page.goto(site.put("", "/plain", head=""))
    site.until_events("leave")
    visit.errors.clear()
    batches = {batch["batch"]: batch for batch in site.batches}
    assert sum(batch.get("dropped", {}).get("error", 0) for batch in batches.values()) == 25
