"""Pages that stand in the way: names put over the DOM's own, changed built-ins, sheer size, clocks and full storage."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest

SCRIPT = '<script async src="/backsight.js" data-key="wk_test"></script>'

OF_DOCUMENT = "host prerendering hidden referrer title documentElement compatMode addEventListener querySelector getElementById createElement currentScript nodeType parentNode childNodes getRootNode".split()
OF_ELEMENT = "id attributes parentNode parentElement children childNodes tagName localName namespaceURI className nodeType matches getAttribute getRootNode shadowRoot assignedSlot labels host closest".split()


def test_images_named_like_the_documents_properties_change_nothing(visit, site):
    """`<img name=hidden>` stands for document.hidden, and so on: page, place and name are captured as without them."""
    named = "".join(f"<img name={name}>" for name in OF_DOCUMENT)
    visit.goto(site.put(f"{named}<b id=n>Buy</b><button aria-labelledby=n>+</button>"))
    visit.run("void (document.querySelector = () => { throw Error() })")
    visit.page.dispatch_event("button", "click")
    click = visit.events("click")[0]
    assert (click["page"]["title"], click["page"]["referrer"], click["label"]) == ("Shop", "", "Buy")
    assert [(e["tag"], e["flags"]) for e in site.chain(click)] == [("button", 0), ("body", 0), ("html", 0)]
    visit.page.goto("about:blank")
    assert site.until_events("leave")[0]["scroll_percent"] == 100


def test_fields_named_like_a_forms_properties_change_nothing(visit, site):
    """`<input name=id>` stands for form.id, and so on: the form is described as without them."""
    named = "".join(f"<input name={name}>" for name in OF_ELEMENT)
    visit.goto(
        site.put(f'<form id=join class="a b" onsubmit="return false">{named}<button>Join</button></form>')
    )
    visit.click("button")
    visit.page.dispatch_event("form", "click")
    button, form = visit.events("click", 2)
    assert site.chain(form)[0] == {
        "tag": "form", "attrs": {"id": "join", "class": "a b"}, "at": [1, 1, 1, 1], "flags": 0,
    }  # fmt: skip
    assert [e["tag"] for e in site.chain(button)] == ["button", "form", "body", "html"]
    assert site.chain(site.events("submit")[0]) == site.chain(form)


def test_classes_of_the_page_do_not_replace_the_browsers(visit, site):
    """A page's own `class Node` (trees and graphs have them) hides the browser's from every script."""
    own = "<script>class Node {} class Element {} class Document {} class ShadowRoot {} class Event {} class Request {}</script>"
    visit.goto(site.put("<p>Text</p>", head=own + SCRIPT))
    visit.click("p")
    assert site.chain(visit.events("click")[0])[0]["tag"] == "p"


def test_arrays_that_write_themselves_as_text_are_still_arrays(visit, site):
    """Old versions of Prototype give arrays a toJSON that JSON.stringify then quotes a second time."""
    old = "<script>Array.prototype.toJSON = function () { return '[' + this.join() + ']' }</script>"
    visit.goto(site.put("<p>Text</p>", head=old + SCRIPT))
    visit.run(
        "backsight.track('x', {tags: ['a', ['b']], at: new Date(0), own: {toJSON: () => ['c']}, none: undefined})"
    )
    track = visit.events("track")[0]
    assert track["props"] == {"tags": ["a", ["b"]], "at": "1970-01-01T00:00:00.000Z", "own": ["c"]}
    assert track["page"]["viewport"] == [1280, 720]


def test_an_element_called_backsight_is_not_the_stub(visit, site):
    """Elements with an id stand for globals of that name; the calls do not go to them."""
    visit.page.goto(
        site.put("<form id=backsight><input name=loaded><input name=q></form><p>Text</p>", head="")
    )
    visit.page.add_script_tag(
        content="const tag = document.createElement('script'); tag.src = '/backsight.js'; tag.dataset.key = 'wk_test'; document.head.append(tag)"
    )
    visit.page.wait_for_function("() => !!window.backsight?.flush")
    visit.run("document.querySelector('form').remove(); backsight.track('x')")
    assert len(visit.events("track")) == 1


def test_a_history_that_cannot_be_watched_costs_nothing_else(visit, site):
    """Where a page has frozen `history`, routes are found at the next event."""
    visit.goto(site.put("<p>Text</p>", head="<script>Object.freeze(history)</script>" + SCRIPT))
    visit.run("history.pushState(null, '', '/b')")
    visit.click("p")
    assert visit.events("click")[0]["page"]["url"] == site.url("/b")


def test_thousands_of_siblings_are_counted_in_milliseconds(visit, site):
    """Among 50,000 siblings a place is found at once, and is the one of that moment."""
    visit.goto(site.put("<main></main>"))
    visit.run(
        "document.querySelector('main').innerHTML = '<p>row</p><i>x</i>'.repeat(25_000); window.rows = [...document.querySelectorAll('p')]"
    )
    took = visit.run(
        "(() => { rows[9].click(); const t = performance.now(); for (let i = 0; i < 40; i++) rows[20_000 + i].click(); return performance.now() - t })()"
    )
    visit.run("rows[9].click(); rows[0].remove(); rows[9].click(); rows[10].before(rows[8]); rows[9].click()")
    clicks = visit.events("click", 44)
    assert [site.chain(click)[0]["at"] for click in clicks[-3:]] == [
        [19, 49_982, 10, 24_991],
        [18, 49_982, 9, 24_991],
        [17, 49_983, 8, 24_992],
    ]
    assert took < 1_000  # Forty times.


def test_a_huge_text_is_not_read_to_its_end(visit, site):
    """Megabytes in one text node, one attribute and the title cost a click nothing that would be noticed."""
    visit.goto(site.put("<button>x</button>"))
    visit.run(
        "const button = document.querySelector('button'); button.firstChild.data = 'a@'.repeat(4e6); button.title = document.title = 'b '.repeat(4e6); button.setAttribute('aria-label', 'c '.repeat(4e6))"
    )
    took = visit.run(
        "(() => { const t = performance.now(); document.querySelector('button').click(); return performance.now() - t })()"
    )
    click = visit.events("click")[0]
    assert (len(click["text"]), click["label"], len(click["page"]["title"])) == (255, ("c " * 128)[:255], 255)
    assert took < 250


def test_a_links_address_is_masked_before_it_is_cut(shot):
    """A number that the cut would go through is masked whole."""
    path = "x" * 2_018
    click = shot(f'<a href="https://shop.example/{path}?4111111111111111" onclick="return false">Go</a>', "a")
    assert click["href"] == f"https://shop.example/{path}?[card]"[:2_048]
    assert "4111" not in click["href"]


def test_a_clock_that_is_put_back_does_not_stop_sending(visit, site):
    """Waiting as long as the collector asked is enough, whatever the clock says then."""
    visit.page.clock.install()
    visit.goto(site.put("<p>Text</p>"))
    site.answer.status = 503
    site.answer.headers = {"retry-after": "120", "access-control-expose-headers": "retry-after"}
    visit.flush()
    visit.page.wait_for_function("() => Object.keys(localStorage).some(key => key.startsWith('backsight:'))")
    visit.page.clock.set_system_time(visit.run("Date.now()") / 1000 - 3_600)
    site.answer.status = 200
    visit.page.clock.run_for(121_000)
    site.until(lambda: len(site.requests) >= 2, "the retry")


@pytest.mark.parametrize("stray", ["", "nonsense", "0", "0 nonsense", "0 {}", "undefined undefined"])
def test_what_is_no_batch_in_the_queue_breaks_nothing(visit, site, stray):
    """Another page may have taken a stored copy away in the same moment, or something else bears the prefix."""
    visit.page.goto(site.put("", "/plain", head=""))
    visit.run(f"localStorage.setItem('backsight:1', {stray!r}); localStorage.setItem('backsight', 'null')")
    visit.goto(site.put("<p>Text</p>"))
    visit.click("p")
    site.until_events("click")


def test_more_than_the_bound_of_strays_breaks_nothing(visit, site):
    """Letting go of the oldest does not need to understand them."""
    visit.page.goto(site.put("", "/plain", head=""))
    visit.run("for (let i = 0; i < 150; i++) localStorage.setItem('backsight:1' + i, '0 nonsense')")
    site.answer.status = 503
    visit.goto(site.put("<p>Text</p>"))
    site.answer.status = 200
    visit.click("p")
    site.until_events("click")


def test_two_snippets_at_once_capture_once(visit, site):
    """The page's own and a tag manager's: the first holds, and the other changes none of its calls."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run(
        "window.kept = backsight.track; new Promise(done => { const tag = document.createElement('script'); tag.src = '/backsight.js?2'; tag.dataset.key = 'wk_2'; tag.onload = done; document.head.append(tag) }).then(() => 0)"
    )
    assert visit.run("kept === backsight.track")
    visit.click("p")
    visit.events("click")
    assert [(e["type"], e["batch"]["key"]) for e in site.events()] == [
        ("pageview", "wk_test"),
        ("click", "wk_test"),
    ]


@pytest.mark.parametrize(
    "before",
    [
        "for (const of of [Object, Array, Function, String, EventTarget, Node, Element, HTMLElement, Document, Event, History, Storage]) Object.freeze(of.prototype)",
        "Object.defineProperty(Object.prototype, 'extra', {get() { throw Error('extra') }, enumerable: false})",
        "Object.prototype.extended = function () {}; Array.prototype.extended = function () {}; String.prototype.extended = 1",
        "delete window.requestIdleCallback; delete window.navigation; delete Element.prototype.closest; delete AbortSignal.timeout",
    ],
    ids=["frozen", "throwing property", "extended", "old browser"],
)
def test_prototypes_that_a_page_changed_before(visit, site, before):
    """Frozen, extended or missing built-ins cost nothing: clicks, routes and custom events are captured as elsewhere."""
    visit.goto(site.put("<button id=buy>Buy <b>now</b></button>", head=f"<script>{before}</script>" + SCRIPT))
    visit.page.click("b")
    visit.run("backsight.track('x', {n: 1, list: [1]})")
    visit.run("void history.pushState(null, '', '/b')")
    visit.events("leave")
    click, track = visit.events("click")[0], site.events("track")[0]
    assert (click["text"], [e["tag"] for e in site.chain(click)]) == (
        "Buy now",
        ["b", "button", "body", "html"],
    )
    assert track["props"] == {"n": 1, "list": [1]}
    assert len(visit.events("pageview", 2)) == 2
    assert not any(batch.get("dropped") for batch in site.batches)


def test_prototypes_that_a_page_changes_later(visit, site):
    """What is read of the DOM was taken when the snippet loaded."""
    visit.goto(site.put("<button id=buy title=Tip>Buy</button>"))
    visit.run("""for (const [of, name] of [[Element, 'getAttribute'], [Element, 'matches'], [Node, 'getRootNode'], [EventTarget, 'addEventListener'], [Document, 'querySelector']])
        of.prototype[name] = () => { throw Error('mine') };
      for (const [of, name] of [[Element, 'attributes'], [Element, 'localName'], [Node, 'parentNode'], [Node, 'childNodes'], [Node, 'nodeType'], [Document, 'title']])
        Object.defineProperty(of.prototype, name, {get() { return 'mine' }})""")
    visit.run("document.getElementById('buy').click(); backsight.track('end')")
    visit.events("track")
    click = visit.events("click")[0]
    assert (click["text"], click["page"]["title"]) == ("Buy", "Shop")
    assert site.chain(click)[0]["attrs"] == {"id": "buy", "title": "Tip"}
    assert [e["tag"] for e in site.chain(click)] == ["button", "body", "html"]
