"""Frames, tabs and pages that are not plainly shown: one visitor, one session, and silence where nothing can be done."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import shutil
import subprocess
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from backsight.demo.browser import FLAGS, find_chromium

from .conftest import SNIPPET, Visit

SCRIPT = '<script async src="/backsight.js" data-key="wk_test"></script>'
READY = "() => !!window.backsight?.flush"


def said(page):
    """Collects what a page, with its frames, writes to the console or throws."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def frame_of(visit, selector="iframe"):
    frame = visit.page.query_selector(selector).content_frame()
    frame.wait_for_function(READY)
    return frame


WRITTEN = """<iframe></iframe><script>const inner = document.querySelector('iframe').contentDocument;
  inner.open(); inner.write('<title>Inner</title><button>Inner</button><script src="/backsight.js" data-key="wk_test"><' + '/script>'); inner.close();</script>"""


@pytest.mark.parametrize(
    ("body", "address"),
    [
        ('<iframe src="/inner"></iframe>', "/inner"),
        (f"<iframe srcdoc='<title>Inner</title><button>Inner</button>{SCRIPT}'></iframe>", "about:srcdoc"),
        (WRITTEN, "/"),
        (
            f"<iframe src='javascript:`<title>Inner</title><button>Inner</button>{SCRIPT}`'></iframe>",
            "about:blank",
        ),
    ],
    ids=["address", "srcdoc", "written", "javascript"],
)
def test_a_frame_joins_the_pages_session(visit, site, body, address):
    """A frame of the same origin with its own snippet is a page instance of its own, of the same device and session."""
    site.put("<button>Inner</button>", "/inner")
    visit.goto(site.put(f"<button>Outer</button>{body}"))
    frame = frame_of(visit)
    frame.eval_on_selector("button", "element => element.click()")
    frame.evaluate("backsight.flush()")
    visit.click("button")
    inner, outer = sorted(visit.events("click", 2), key=lambda e: e["text"])
    assert (inner["text"], outer["text"]) == ("Inner", "Outer")
    assert inner["page"]["url"] in (address, site.url(address))
    assert inner["page"]["id"] != outer["page"]["id"]
    assert [e["tag"] for e in site.chain(inner)] == ["button", "body", "html"]
    assert inner["page"]["referrer"] in (outer["page"]["url"], "")
    ids = {(e["batch"]["device"], e["batch"]["session"]) for e in (inner, outer)}
    assert len(ids) == 1


def test_a_frame_without_snippet_is_not_captured(visit, site):
    """Nor does the page's own snippet look into it."""
    site.put("<button>Inner</button>", "/inner", head="")
    visit.goto(site.put("<button>Outer</button><iframe src='/inner'></iframe>"))
    visit.page.frame_locator("iframe").locator("button").click()
    visit.page.click("body > button")
    assert [e["text"] for e in visit.events("click")] == ["Outer"]


def test_a_user_identified_in_the_page_is_so_in_its_frame(visit, site):
    """And what the frame resets is reset for the page."""
    site.put("<button>Inner</button>", "/inner")
    visit.goto(site.put("<iframe src='/inner'></iframe>"))
    frame = frame_of(visit)
    visit.run("backsight.identify('ada')")
    frame.evaluate("backsight.track('in frame')")
    frame.evaluate("backsight.flush()")
    track = visit.events("track")[0]
    assert (track["batch"]["user"], track["page"]["url"]) == ("ada", site.url("/inner"))
    frame.evaluate("backsight.reset()")
    visit.run("backsight.track('in page')")
    other = visit.events("track", 2)[1]
    assert "user" not in other["batch"]
    assert other["batch"]["device"] != track["batch"]["device"]


@pytest.mark.parametrize("sandbox", ["allow-scripts", "allow-scripts allow-forms allow-popups"])
def test_a_sandboxed_frame_says_nothing(visit, site, sandbox):
    """Without an origin there is neither storage nor cookie: nothing throws, nothing is written to the console, and the page around is not touched."""
    heard = said(visit.page)
    site.put("<button>Inner</button>", "/inner")
    visit.goto(site.put(f"<button>Outer</button><iframe sandbox='{sandbox}' src='/inner'></iframe>"))
    frame = frame_of(visit)
    frame.click("button")
    frame.evaluate(
        "backsight.identify('ada'); backsight.track('x'); backsight.reset(); backsight.consent(false); backsight.consent(true); backsight.flush()"
    )
    visit.page.click("body > button")
    outer, *_ = sorted(visit.events("click", 2), key=lambda e: e["text"] != "Outer")
    assert (outer["text"], "user" in outer["batch"]) == ("Outer", False)
    assert [line for line in heard if "favicon" not in line and "404" not in line] == []


def test_a_frame_without_scripts_is_left_alone(visit, site):
    """Nothing runs in it."""
    site.put("<button>Inner</button>", "/inner")
    visit.goto(site.put("<button>Outer</button><iframe sandbox='allow-same-origin' src='/inner'></iframe>"))
    visit.page.click("body > button")
    visit.events("click")
    assert {e["page"]["url"] for e in site.events()} == {site.url("/")}


def test_a_page_from_a_disk_is_silent(visit, site, tmp_path):
    """With the script beside it there is nowhere to send to: nothing is captured, stored or written to the console."""
    shutil.copy(SNIPPET, tmp_path)
    page = tmp_path / "page.html"
    page.write_text('<script src="backsight.js" data-key="wk_test" data-vitals></script><button>Buy</button>')
    heard = said(visit.page)
    visit.page.goto(page.as_uri())
    visit.page.click("button")
    assert visit.run("[typeof backsight.track, localStorage.length]") == ["undefined", 0]
    visit.page.goto("about:blank")
    assert heard == []


def test_a_page_from_a_disk_with_a_host_is_captured(visit, site, tmp_path):
    """As in applications that are made of such pages; the script may come from the host."""
    page = tmp_path / "page.html"
    page.write_text(
        f'<script src="{site.url("/backsight.js")}" data-key="wk_test" data-vitals></script><button>Buy</button>'
    )
    heard = said(visit.page)
    visit.page.goto(page.as_uri())
    visit.page.click("button")
    assert visit.events("click")[0]["page"]["url"] == page.as_uri()
    visit.page.goto("about:blank")
    assert heard == []


AHEAD = """<button>Next</button><script>
  if (document.prerendering) document.addEventListener('prerenderingchange', () => setTimeout(() => { document.querySelector('button').click(); backsight.flush() }));
  addEventListener('load', () => { document.querySelector('button').click(); localStorage.setItem(location.pathname, 'drawn') });
</script>"""
VISITED = """<script type=speculationrules>{"prerender": [{"urls": ["/next", "/never"], "eagerness": "immediate"}]}</script><script>
  addEventListener('storage', () => { if (localStorage.getItem('/next') && localStorage.getItem('/never')) location.href = '/next' });
</script>"""


def test_a_page_that_the_browser_draws_ahead(chromium, site, tmp_path):
    """A prerendered page is silent until it is visited, and one that never is stays silent: in a Chromium without a debugger, which keeps it from prerendering."""
    for path in ("/next", "/never"):
        site.put(AHEAD, path, head='<script src="/backsight.js" data-key="wk_test"></script>')
    path = find_chromium(SimpleNamespace(chromium=chromium.browser_type))
    command = [
        path,
        *FLAGS,
        "--headless=new",
        "--no-sandbox",
        f"--user-data-dir={tmp_path}",
        site.put(VISITED),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            site.until_events("click")
            site.until_events("pageview", 2)
        finally:
            browser.terminate()
    assert {"/next", "/never"} <= set(site.gets)
    told = [(e["page"]["url"], e["type"], e["seq"]) for e in site.events() if e["type"] != "leave"]
    first, second = site.url(), site.url("/next")
    assert sorted(told) == [(first, "pageview", 0), (second, "click", 1), (second, "pageview", 0)]
    assert site.events("click")[0]["page"]["referrer"] == first
    assert len({b["session"] for b in site.batches}) == 1


def test_a_tab_that_was_opened_in_the_background(visit, site):
    """Its pageview is captured, but it counts no visible time until it is shown."""
    hide = """Object.defineProperty(Document.prototype, 'hidden', {get: () => window.away ?? true, configurable: true})"""
    visit.page.add_init_script(hide)
    visit.page.clock.install(time=1_792_540_800)
    visit.goto(site.put("<p>Text</p>"))
    visit.page.clock.run_for(60_000)
    visit.run("away = false; document.dispatchEvent(new Event('visibilitychange'))")
    visit.page.clock.run_for(7_000)
    visit.run("away = true; document.dispatchEvent(new Event('visibilitychange'))")
    visit.page.clock.run_for(60_000)
    visit.run("history.pushState(null, '', '/b')")
    leave = visit.events("leave")[0]
    assert len(site.events("pageview")) >= 1
    assert 7_000 <= leave["duration_ms"] < 8_000


def test_several_tabs_at_once(visit, site, another):
    """Ten tabs, clicking in turns: one device, one session, each event once, each page instance numbered without a gap."""
    site.put("<button>Buy</button>")
    tabs = [another().goto(site.url()) for _ in range(9)] + [visit.goto(site.url())]
    for _ in range(5):
        for tab in tabs:
            tab.click("button")
    for tab in tabs:
        tab.page.close()
    site.until_events("leave", 10)
    site.until_events("click", 50)
    numbers: dict[str, list[int]] = {}
    for event in site.events():
        numbers.setdefault(event["page"]["id"], []).append(event["seq"])
    assert sorted(map(sorted, numbers.values())) == [list(range(7))] * 10
    assert len({(b["device"], b["session"]) for b in site.batches}) == 1


def test_where_cookies_and_storage_are_denied(visit, site):
    """A browser set to keep nothing is captured for as long as the page lasts, in silence."""
    denied = """for (const [of, name] of [[window, 'localStorage'], [window, 'sessionStorage'], [Document.prototype, 'cookie']])
      Object.defineProperty(of, name, {get() { throw new DOMException('denied', 'SecurityError') }, set() { throw new DOMException('denied', 'SecurityError') }})"""
    heard = said(visit.page)
    visit.page.add_init_script(denied)
    visit.goto(site.put("<button>Buy</button>"))
    visit.click("button")
    visit.run("backsight.identify('ada'); backsight.track('x'); backsight.flush()")
    visit.events("track")
    visit.run("history.pushState(null, '', '/b')")
    visit.events("pageview", 2)
    assert len({(b["device"], b["session"]) for b in site.batches}) == 1
    assert site.batches[-1]["user"] == "ada"
    assert [line for line in heard if "404" not in line] == []


def test_a_frame_that_is_removed_in_its_own_click(visit, site):
    """What happened in it arrives, though its document is gone at once."""
    site.put("<button onclick='parent.document.querySelector(\"iframe\").remove()'>Close</button>", "/inner")
    visit.goto(site.put("<iframe src='/inner'></iframe>"))
    frame_of(visit).locator("button").click()
    expect(visit.page.locator("iframe")).to_have_count(0)
    assert site.until_events("click")[0]["text"] == "Close"


def test_snippets_in_different_windows_do_not_share_a_page(visit, site):
    """A window opened by the page is a page instance of its own, in the same session."""
    site.put("<button>Two</button>", "/two")
    visit.goto(site.put("<button onclick=\"window.open('/two')\">One</button>"))
    with visit.page.expect_popup() as opened:
        visit.page.click("button")
    popup = Visit(site, opened.value)
    popup.page.wait_for_function(READY)
    popup.click("button")
    popup.events("click", 1)
    visit.events("click", 2)
    assert {e["text"] for e in site.events("click")} == {"One", "Two"}
    assert len({(b["device"], b["session"]) for b in site.batches}) == 1
    assert len({e["page"]["id"] for e in site.events("click")}) == 2
