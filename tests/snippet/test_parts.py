"""What the core offers to parts that are loaded later, and when it loads them."""

from __future__ import annotations

import pytest

from snippet.conftest import SNIPPET

DEFINER = "window.definers = [...(window.definers ?? []), backsight.token]"
TOKEN = "dt_abc-123_X"


@pytest.fixture
def definer(site):
    """Serves a definer that only says that it ran, and with which token."""
    site.put_raw(DEFINER, "/definer.js", content_type="text/javascript")


def loaded(visit):
    visit.page.wait_for_function("() => window.definers")
    return visit.run("definers")


@pytest.mark.parametrize(
    ("address", "left"),
    [
        (f"/#backsight-{TOKEN}", "/"),
        (f"/?a=b#top&backsight-{TOKEN}", "/?a=b#top"),
        (f"/#/route/1?x=y&backsight-{TOKEN}", "/#/route/1?x=y"),
        (f"/#a%26backsight-{TOKEN}", "/#a"),
    ],
)
@pytest.mark.usefixtures("definer")
def test_a_token_leaves_the_address(visit, site, address, left):
    """Before the first pageview, so that it is in nothing that is captured; the definer gets it."""
    site.put("<a href=/next>Next</a>")
    visit.goto(site.url(address))
    assert loaded(visit) == [TOKEN]
    assert visit.run("location.href") == site.url(left)
    site.put("", "/next")
    visit.run("history.pushState({}, '', '/pushed')")
    visit.page.goto(site.url("/next"))
    site.until_events("pageview", 2)
    pages = [event["page"] for event in site.events("pageview")]
    assert pages[0]["url"] == site.url(left)
    assert not any("dt_" in request.raw for request in site.requests)


def test_a_token_in_a_query_is_captured_nowhere(visit, site):
    """A sign-in page says in its query where to return to, token and all."""
    site.put("<p>Next</p>", "/next")
    site.put("<a href=/next>Next</a>", "/login")
    visit.goto(site.url(f"/login?to=%2Fpricing%23backsight-{TOKEN}&a=b"))
    visit.click("a")
    site.until_events("pageview", 2)
    pages = [event["page"] for event in site.events("pageview")]
    assert [page["url"] for page in pages] == [site.url("/login?to=%2Fpricing&a=b"), site.url("/next")]
    assert not any("dt_" in request.raw for request in site.requests)


@pytest.mark.usefixtures("definer")
def test_a_token_stays_with_the_tab(visit, site, another):
    """Later pages of the tab load the definer, other tabs do not."""
    site.put("<p>Text</p>")
    visit.goto(site.url(f"/#backsight-{TOKEN}"))
    loaded(visit)
    visit.goto(site.put("<p>Next</p>", "/next"))
    assert loaded(visit) == [TOKEN]
    other = another().goto(site.url("/next"))
    assert other.run("[window.definers, backsight.token]") == [None, None]


@pytest.mark.usefixtures("definer")
def test_a_frame_is_defined_from_the_page_around_it(visit, site):
    """Storage is shared with frames of the origin, the definer stands once."""
    site.put("<p>Frame</p>", "/frame")
    site.put("<iframe src=/frame></iframe>")
    visit.goto(site.url(f"/#backsight-{TOKEN}"))
    loaded(visit)
    frame = visit.page.frame(url=site.url("/frame"))
    assert frame
    frame.wait_for_function("() => window.backsight?.flush")
    assert frame.evaluate("backsight.token") is None


@pytest.mark.usefixtures("definer")
def test_a_token_pasted_into_an_open_page_is_taken(visit, site):
    """Only the fragment changes: no page instance ends, and a definer that was closed starts anew."""
    visit.goto(site.put("<p>Text</p>"))
    for count in (1, 2):
        visit.run(f"location.hash = 'backsight-{TOKEN}'")
        visit.page.wait_for_function(f"() => window.definers?.length === {count}")
        visit.run("delete backsight.token")
    assert visit.run("location.href") == site.url("/")
    visit.run("backsight.track('after')")
    visit.events("track")
    assert [event["type"] for event in site.events()] == ["pageview", "track"]


def test_a_page_without_a_token_loads_nothing(visit, site):
    """Nor do words in an address that only look like one."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run("location.hash = 'backsight-other'; location.hash = 'mybacksight-dt_1'")
    visit.run("backsight.track('after')")
    visit.events("track")
    assert not {"/definer.js", "/vitals.js", "/expose.js"} & set(site.gets)
    assert visit.run("location.hash") == "#mybacksight-dt_1"


def test_paused_captures_nothing_of_the_dom(visit, site):
    """While the definer holds clicks; what code says goes on."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run("backsight.paused = true")
    visit.click("p")
    visit.run("backsight.track('said'); backsight.paused = false")
    visit.click("p")
    visit.events("click")
    assert [event["type"] for event in site.events()] == ["pageview", "track", "click"]


def test_a_part_records_with_all_privacy_rules(visit, site):
    """Of an element, or of none."""
    visit.goto(
        site.put("<p id=a title=ada@example.com>Text</p><div data-backsight-ignore><p id=b>No</p></div>")
    )
    visit.run(
        "backsight.record('expose', document.querySelector('#b'), {});"
        "backsight.record('expose', document.querySelector('#a'), {});"
        "backsight.record('vital', null, {name: 'LCP', props: {value: 1}})"
    )
    vital = visit.events("vital")[0]
    [expose] = site.events("expose")
    assert (vital["name"], vital["props"]) == ("LCP", {"value": 1})
    assert expose["text"] == "Text"
    assert site.chain(expose)[0]["attrs"] == {"id": "a", "title": None}


@pytest.mark.parametrize(
    "given",
    [
        "",
        "'x'",
        "'x', {}, {}",
        "'x', window, {}",
        "'x', 'body', {}",
        "'x', document.body",
        "'x', null, 1n",
        "'x', null, (() => { const a = {}; a.a = a; return a })()",
        "'x', document.body, (() => { const a = {}; a.a = a; return a })()",
        "'x', document.body, {get props() { throw 1 }}",
        "'x', document.body, {toJSON() { throw 1 }}",
        "'x', document.body, new Proxy({}, {ownKeys() { throw 1 }})",
        "{toString() { throw 1 }}, document.body, {}",
    ],
)
def test_whatever_a_page_asks_to_record_breaks_nothing(visit, site, given):
    """Neither the page, nor what else is captured: each batch is one that can be read."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run(f"backsight.record({given}); backsight.track('after')")
    assert visit.events("track")[0]["name"] == "after"
    assert site.events()[0]["type"] == "pageview"


@pytest.mark.parametrize(
    ("tag", "folder"),
    [
        ('src="/st/site.js"', "/st/"),
        ('src="/backsight.js" data-host="{origin}"', "/"),
        ('src="/backsight.js" data-host="{origin}/in/take"', "/in/take/"),
        ('src="/backsight.js" data-host="{origin}/in/take/"', "/in/take/"),
    ],
)
def test_everything_stands_next_to_the_script(visit, site, tag, folder):
    """Batches and parts, unless data-host names another place."""
    site.put_raw(SNIPPET.read_text(), "/st/site.js", content_type="text/javascript")
    site.put_raw("", f"{folder}expose.js", content_type="text/javascript")
    tag = tag.format(origin=site.url("").rstrip("/"))
    visit.goto(site.put("<p>Text</p>", head=f'<script async {tag} data-key="wk_test" data-expose></script>'))
    assert visit.run("backsight.base") == site.url(folder)
    visit.events("pageview")
    assert [request.path for request in site.requests] == [f"{folder}v1/capture"]
    site.until(lambda: f"{folder}expose.js" in site.gets, "the part")
