"""Batches on their way: when they go, again if they must, and where they wait."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import json
import threading

import pytest

QUEUED = "Object.keys(localStorage).filter(key => key.startsWith('backsight:')).length"


def without_time(raw):
    return {name: value for name, value in json.loads(raw).items() if name != "sent_at"}


def distinct_batches(site):
    return {batch["batch"] for batch in site.batches}


def test_a_batch_goes_out_by_itself(visit, site):
    """Two seconds after its first event, without any call."""
    visit.goto(site.put("<p>Text</p>"))
    visit.click("p")
    site.until_events("click")
    assert [len(batch["events"]) for batch in site.batches] == [2]


def test_a_full_batch_goes_out_at_once(visit, site):
    """At 50 events the batch is closed; the rest waits for the next."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run("for (let i = 0; i < 120; i++) document.querySelector('p').click()")
    visit.events("click", 120)
    assert [len(batch["events"]) for batch in site.batches] == [50, 50, 21]
    assert [e["seq"] for e in site.events()] == list(range(121))


def test_no_batch_outgrows_what_may_leave_with_the_page(visit, site):
    """By bytes, too, a batch is closed while it still fits the keepalive quota."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run("for (let i = 0; i < 40; i++) backsight.track('big', {text: 'ü'.repeat(2000)})")
    visit.events("track", 40)
    sizes = [len(request.raw.encode()) for request in site.requests]
    assert len(sizes) >= 3
    assert max(sizes) < 60_000


def test_another_origin_needs_no_preflight(visit, site):
    """The body goes as text/plain, so that it also leaves when the page is left."""
    head = f'<script async src="{site.url("/backsight.js", host="localhost")}" data-key="wk_test"></script>'
    visit.goto(site.put("<p>Text</p>", head=head))
    visit.events("pageview")
    headers = site.requests[0].headers
    assert headers["Host"].startswith("localhost")
    assert headers["Content-Type"].lower() == "text/plain;charset=utf-8"
    assert "Cookie" not in headers
    assert site.preflights == 0


@pytest.mark.parametrize("status", [0, 408, 429, 500, 503])
def test_what_was_not_taken_is_sent_again(visit, site, status):
    """The same batch under the same id, with the time at which it was really sent."""
    visit.goto(site.put("<p>Text</p>"))
    site.answer.status = status
    visit.flush()
    site.until(lambda: len(site.requests) >= 2, "a retry")
    site.answer.status = 200
    count = len(site.requests)
    site.until(lambda: len(site.requests) > count, "another retry")
    first, *others = site.requests
    assert {json.dumps(without_time(other.raw)) for other in others} == {json.dumps(without_time(first.raw))}
    times = [request.batch["sent_at"] for request in site.requests]
    assert times == sorted(times)  # Chromium itself repeats a request that was answered by 408 at once
    assert times[0] < times[-1]
    visit.page.wait_for_function(f"() => {QUEUED} === 0")


@pytest.mark.parametrize("status", [400, 401, 404, 413])
def test_what_is_refused_for_good_is_dropped(visit, site, status):
    """Another 4xx ends the batch; one that was too large is counted."""
    visit.goto(site.put("<p>Text</p>"))
    site.answer.status = status
    visit.flush()
    site.until(lambda: site.requests, "the batch")
    site.answer.status = 200
    visit.click("p")
    click = visit.events("click")[0]
    assert len(distinct_batches(site)) == len(site.requests) == 2
    assert click["batch"].get("dropped") == ({"size": 1} if status == 413 else None)


def test_a_collector_that_asks_for_time_gets_it(visit, site):
    """Retry-After holds back retries, new batches and flushes alike."""
    visit.page.clock.install()
    visit.goto(site.put("<p>Text</p>"))
    site.answer.status = 503
    site.answer.headers = {"retry-after": "120", "access-control-expose-headers": "retry-after"}
    visit.flush()
    visit.page.wait_for_function(f"() => {QUEUED} === 1")
    visit.click("p")
    visit.flush()
    visit.page.clock.fast_forward(100_000)
    visit.run("dispatchEvent(new Event('online')); dispatchEvent(new PageTransitionEvent('pagehide'))")
    visit.run("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert len(site.requests) == 1
    site.answer.status = 200
    visit.page.clock.fast_forward(30_000)
    site.until_events("leave")


def test_batches_wait_through_a_reload(visit, site):
    """What could not be sent is sent by the next page."""
    visit.goto(site.put("<p>Text</p>"))
    site.answer.status = 0
    visit.click("p")
    visit.flush()
    visit.page.wait_for_function(f"() => {QUEUED} === 1")
    visit.run("backsight.track('second'); backsight.flush()")
    visit.page.goto(site.put("", "/plain", head=""))
    assert visit.run(QUEUED) == 3
    site.answer.status = 200
    visit.goto(site.put("<p>Text</p>", "/next")).flush()

    def sent():  # what the page before sent as it ended may still arrive
        return [request for request in site.requests if request.headers.get("Referer", "").endswith("/next")]

    site.until(lambda: len({each.batch["batch"] for each in sent()}) >= 4, "three old batches and a new one")
    visit.page.wait_for_function(f"() => {QUEUED} === 0")
    types = [event["type"] for event in sorted(site.events(), key=lambda event: event["time"])]
    assert types == ["pageview", "click", "track", "leave", "pageview"]


def test_a_collector_that_does_not_tell_gets_it_again(visit, site):
    """One that says nothing of what is missing gets what was not answered once more, unchanged."""
    last = left_right_after(visit, site)
    visit.goto(site.url())
    visit.page.wait_for_function(f"() => {QUEUED} === 0")
    first, second = (request for request in site.requests if request.batch["batch"] == last)
    assert without_time(first.raw) == without_time(second.raw)


def left_right_after(visit, site):
    """Leaves a page right after a click, and gives the id of its last batch, of which the page heard no answer."""
    visit.goto(site.put("<p>Text</p>"))
    visit.click("p")
    visit.page.goto(site.put("", "/plain", head=""))
    site.until_events("leave")
    return site.events("leave")[0]["batch"]["batch"]


def test_the_next_page_asks_for_what_was_not_answered(visit, site):
    """At once, by a batch without events; what the collector has is forgotten, and was sent once."""
    last = left_right_after(visit, site)
    site.answer.body = '{"missing": []}'
    visit.goto(site.url())
    visit.page.wait_for_function(f"() => {QUEUED} === 0")
    visit.flush()
    site.until(lambda: len(site.requests) == 3, "the batch, the question and the next batch")
    assert [(batch.get("unsure"), len(batch["events"])) for batch in site.batches] == [
        (None, 3),
        ([last], 0),
        (None, 1),
    ]


def test_what_the_collector_misses_is_sent(visit, site):
    """Whole and under its id, so that nothing is lost if it had never arrived."""
    last = left_right_after(visit, site)
    lost = site.requests.pop()
    site.answer.body = json.dumps({"missing": [last]})
    visit.goto(site.url())
    visit.page.wait_for_function(f"() => {QUEUED} === 0")
    question, repeated = site.requests
    assert question.batch["events"] == []
    assert without_time(repeated.raw) == without_time(lost.raw)


def test_what_nobody_answered_is_asked_for_again(visit, site):
    """A page that ends before its question is answered leaves its batches to the next one."""
    last = left_right_after(visit, site)
    site.answer.hold = threading.Event()
    visit.goto(site.url())
    visit.page.goto(site.url("/plain"))
    site.until_events("leave", 2)
    second = site.events("leave")[1]["batch"]["batch"]
    site.answer.hold.set()
    site.answer.hold = None
    site.answer.body = '{"missing": []}'
    before = len(site.requests)
    visit.goto(site.url())
    visit.page.wait_for_function(f"() => {QUEUED} === 0")
    assert {last, second} <= set(site.batches[before]["unsure"])
    assert [batch["batch"] for batch in site.batches].count(last) == 1


def test_what_was_captured_offline_is_not_taken_for_sent(visit, site, browsing):
    """A page that ends without a network leaves its batches to be sent, not to be asked for."""
    visit.goto(site.put("<p>Text</p>"))
    browsing.set_offline(True)
    visit.click("p")
    visit.run("dispatchEvent(new PageTransitionEvent('pagehide'))")
    copies = (
        "Object.keys(localStorage).filter(key => key.startsWith('backsight:')).map(key => localStorage[key])"
    )
    assert [copy[:2] for copy in visit.run(copies)] == ["0 "]
    browsing.set_offline(False)
    visit.goto(site.url("/")).flush()
    site.until_events("click")
    site.until_events("leave")


def test_what_others_wrote_in_its_place_holds_nothing_up(visit, site):
    """A copy that can't be read is taken away, and what the other copies hold is asked for and sent."""
    visit.page.goto(site.put("", "/plain", head=""))
    copy = '{"sent_at":0,"events":[],"v":1,"key":"wk_test","device":"d","batch":"1b"}'
    visit.run(
        f"""() => {{
        const now = Date.now();
        localStorage['backsight:' + now + 'a'] = '0! {{"sent_at":0,';
        localStorage['backsight:' + now + 'b'] = '0! ' + {copy!r};
        }}"""
    )
    visit.goto(site.put("<p>Text</p>"))
    site.until(lambda: any(batch.get("batch") == "1b" for batch in site.batches), "the other copy")
    visit.page.wait_for_function("() => !Object.keys(localStorage).some(key => key.startsWith('backsight:'))")


def test_what_left_with_a_page_long_ago_is_not_repeated(visit, site):
    """The collector forgets repeats after a day: older ones that the browser had taken are let go, and only these."""
    visit.page.goto(site.put("", "/plain", head=""))
    hours = {"left today": (2, "!"), "left long ago": (21, "!"), "never sent": (500, "")}
    for name, (ago, sent) in hours.items():
        body = json.dumps({"sent_at": 0, "batch": name, "pages": [], "events": []}, separators=(",", ":"))
        key = f"'backsight:' + (Date.now() - {ago} * 3_600_000) + 'x'"
        visit.run(f"localStorage.setItem({key}, '0{sent} ' + {json.dumps(body)})")
    visit.goto(site.put("<p>Text</p>"))
    visit.events("pageview")
    visit.page.wait_for_function(f"() => {QUEUED} === 0")
    assert distinct_batches(site) & set(hours) == {"left today", "never sent"}


def test_what_the_browser_took_as_the_page_ended_is_marked(visit, site):
    """A copy says whether the browser had taken it; a failed attempt takes that back."""
    visit.goto(site.put("<p>Text</p>"))
    visit.page.goto(site.put("", "/plain", head=""))
    site.until_events("leave")
    copies = (
        "Object.entries(localStorage).filter(([key]) => key.startsWith('backsight:')).map(([, copy]) => copy)"
    )
    assert [copy.split(" ")[0] for copy in visit.run(copies)] == ["0!"]


def test_more_than_the_quota_leaves_in_part_and_waits_in_part(visit, site):
    """64 KB of keepalive bodies may be in flight: what does not fit stays for the next page, and nothing is lost."""
    visit.goto(site.put("<p>Text</p>"))
    site.answer.hold = threading.Event()
    visit.run("for (let i = 0; i < 60; i++) backsight.track('big', {i, text: 'x'.repeat(4000)})")
    visit.page.goto(site.put("", "/plain", head=""))
    waiting = visit.run(QUEUED)
    assert waiting >= 4
    site.answer.hold.set()
    site.answer.hold = None
    visit.goto(site.url()).flush()
    site.until_events("track", 60)
    visit.page.wait_for_function(f"() => {QUEUED} === 0")
    assert sorted(e["props"]["i"] for e in site.events("track")) == list(range(60))


def test_hiding_the_page_sends(visit, site):
    """On a phone it may be the last thing that happens: what was captured goes out, and the page lives on."""
    visit.page.add_init_script(
        "Object.defineProperty(Document.prototype, 'hidden', {get: () => !!window.isHidden})"
    )
    visit.page.clock.install(time=0)
    visit.goto(site.put("<p>Text</p>")).attend()
    visit.page.clock.pause_at(10_000)
    visit.click("p")
    visit.run("window.isHidden = true; document.dispatchEvent(new Event('visibilitychange'))")
    [click] = site.until_events("click")
    assert "navigation_ms" in click
    visit.page.wait_for_function(f"() => {QUEUED} === 0")
    assert site.events("leave") == []


def test_a_browser_without_keepalive_loses_nothing(visit, site):
    """Its requests end with the page: the stored copies go with the next one."""
    old = "<script>const f = fetch; window.fetch = (url, {keepalive, ...rest}) => f(url, rest)</script>"
    visit.goto(
        site.put("<p>Text</p>", head=old + '<script async src="/backsight.js" data-key="wk_test"></script>')
    )
    visit.run("for (let i = 0; i < 40; i++) backsight.track('big', {i, text: 'x'.repeat(4000)})")
    visit.page.goto(site.put("", "/plain", head=""))
    assert visit.run(QUEUED) >= 3
    visit.goto(site.url()).flush()
    site.until_events("track", 40)
    site.until_events("leave")
    visit.page.wait_for_function(f"() => {QUEUED} === 0")
    assert sorted(e["props"]["i"] for e in site.events("track")) == list(range(40))


def test_where_its_part_cannot_be_loaded_what_earlier_pages_left_waits(visit, site):
    """It is neither sent twice nor lost: the next page that can takes it over."""
    last = left_right_after(visit, site)
    visit.run(
        "localStorage['backsight:1never'] = '0 ' + JSON.stringify({sent_at: 0, batch: 'never', pages: [], events: []})"
    )
    visit.page.route("**/recovery.js", lambda route: route.abort())
    visit.goto(site.url())
    visit.events("pageview", 2)
    visit.page.goto(site.url("/plain"))
    assert visit.run(QUEUED) >= 2
    visit.page.unroute("**/recovery.js")
    site.answer.body = '{"missing": []}'
    visit.goto(site.url())
    visit.page.wait_for_function(f"() => {QUEUED} === 0")
    sent = [batch["batch"] for batch in site.batches]
    assert (sent.count(last), sent.count("never")) == (1, 1)
    assert any(last in batch.get("unsure", []) for batch in site.batches)


def test_the_bounds_hold_where_its_part_cannot_be_loaded(visit, site):
    """Of what nobody answered, too, the oldest batches go, and their events are counted."""
    visit.page.goto(site.put("", "/plain", head=""))
    visit.run(
        "for (let i = 0; i < 130; i++) localStorage['backsight:' + (1e12 + i) + 'x'] = '0! ' + "
        "JSON.stringify({sent_at: 0, batch: `${i}`, pages: [], events: [1, 2]})"
    )
    visit.page.route("**/recovery.js", lambda route: route.abort())
    visit.goto(site.put("<p>Text</p>"))
    visit.events("pageview")  # The batch whose closing finds that there are too many.
    visit.run("backsight.track('after')")
    track = visit.events("track")[0]
    assert visit.run(QUEUED) <= 100
    assert track["batch"]["dropped"]["queue"] >= 60


def test_a_question_is_asked_again_when_there_is_time(visit, site):
    """A collector that fails is asked later, and meanwhile nothing is sent again."""
    last = left_right_after(visit, site)
    site.answer.status = 503
    visit.goto(site.url())
    site.until(lambda: sum("unsure" in batch for batch in site.batches) >= 2, "the question, again")
    site.answer.status = 200
    site.answer.body = '{"missing": []}'
    visit.page.wait_for_function(f"() => {QUEUED} === 0")
    assert [batch["batch"] for batch in site.batches].count(last) == 1


def test_a_batch_that_a_living_tab_claims_is_left_to_it(visit, site):
    """A page takes over what no one claims, or no one claims any more, and leaves the rest alone."""
    visit.page.goto(site.put("", "/plain", head=""))
    claims = {"free": "0", "expired": "Date.now() - 1", "claimed": "Date.now() + 60_000"}
    for name, until in claims.items():
        body = json.dumps({"sent_at": 0, "batch": name, "pages": [], "events": []}, separators=(",", ":"))
        visit.run(f"localStorage.setItem('backsight:1{name}', `${{{until}}} ` + {json.dumps(body)})")
    visit.goto(site.put("<p>Text</p>"))
    visit.events("pageview")
    visit.page.wait_for_function(f"() => {QUEUED} === 1")
    assert distinct_batches(site) & set(claims) == {"free", "expired"}


def test_the_queue_is_bounded_and_counts_what_it_lets_go(visit, site):
    """Past its bounds the oldest batches go; how many events that were, the collector learns."""
    visit.goto(site.put("<p>Text</p>"))
    site.answer.status = 503
    visit.run(
        "for (let i = 0; i < 300; i++) backsight.track('big', {i, text: 'x'.repeat(4000)}), i % 10 || backsight.flush()"
    )
    visit.page.wait_for_function(f"() => {QUEUED} > 0")
    assert visit.run("JSON.stringify(localStorage).length") < 700_000
    site.requests.clear()
    site.answer.status = 200
    visit.run("dispatchEvent(new Event('online'))")
    site.until(lambda: any(e["props"]["i"] == 299 for e in site.events("track")), "the last event")
    visit.run("backsight.track('end')")
    visit.flush()
    site.until(lambda: any(e["name"] == "end" for e in site.events("track")), "the end")
    batches = {batch["batch"]: batch for batch in site.batches}
    dropped = sum(batch.get("dropped", {}).get("queue", 0) for batch in batches.values())
    assert len(site.events("track")) + len(site.events("pageview")) + dropped == 302


def test_an_answer_that_never_comes_ends_in_a_retry(visit, site):
    """A collector that hangs does not block the queue for ever."""
    visit.page.add_init_script(
        "AbortSignal.timeout = () => { const c = new AbortController(); setTimeout(() => c.abort(), 50); return c.signal }"
    )
    visit.goto(site.put("<p>Text</p>"))
    site.answer.hold = held = threading.Event()
    visit.flush()
    site.until(lambda: len(site.requests) >= 2, "a retry")
    site.answer.hold = None
    held.set()
    visit.page.wait_for_function(f"() => {QUEUED} === 0")
    assert len(distinct_batches(site)) == 1
