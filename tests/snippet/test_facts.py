"""Facts beside clicks: copies, first focus, uncaught errors; and that all say what held at their moment."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest

from snippet.conftest import SCRIPT


@pytest.mark.parametrize(
    ("script", "attribute", "expected"),
    [
        ("button.textContent = 'Bought'", None, "Buy"),
        ("button.remove()", None, "Buy"),
        ("document.body.innerHTML = ''", None, "Buy"),
        ("button.className = 'done'", "class", "buy"),
        ("button.setAttribute('data-state', 'off')", "data-state", "on"),
    ],
)
def test_a_click_says_what_held_at_its_moment(shot, script, attribute, expected):
    """Whatever the page's handler changes in the same tick."""
    click = shot(
        "<p></p><button class=buy data-state=on>Buy</button><p></p>"
        f"<script>const button = document.querySelector('button'); button.onclick = () => {{ {script} }}</script>",
        "button",
    )
    assert click["text"] == click["label"] == "Buy"
    target = click["batch"]["elements"][click["batch"]["nodes"][click["node"]][1]]
    assert target["tag"] == "button"
    assert click["batch"]["nodes"][click["node"]][2:6] == [2, 3, 1, 1]
    if attribute:
        assert target["attrs"][attribute] == expected


def test_a_tracked_event_says_what_held_at_its_moment(visit, site):
    """An object that the page changes afterwards, and a title."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run(
        "const props = {n: [1]}; backsight.track('a', props); props.n.push(2); document.title = 'Later'"
    )
    track = visit.events("track")[0]
    assert track["props"] == {"n": [1]}
    assert track["page"]["title"] == "Shop"


def test_what_waits_belongs_to_who_did_it(visit, site):
    """A click whose handler signs in or out is of the one before."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run(
        "document.querySelector('p').click(); backsight.identify('ada'); document.querySelector('p').click()"
    )
    visit.run("backsight.reset(); document.querySelector('p').click()")
    clicks = visit.events("click", 3)
    assert [click["batch"].get("user") for click in clicks] == [None, "ada", None]
    devices = [click["batch"]["device"] for click in clicks]
    assert devices[0] == devices[1] != devices[2]


def test_what_waits_is_dropped_when_consent_is_withdrawn(visit, site):
    """A click in the same tick is neither stored nor sent."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run("document.querySelector('p').click(); backsight.consent(false)")
    visit.run("backsight.consent(true); backsight.track('again')")
    visit.events("track")
    assert site.events("click") == []


def test_a_copy_is_captured_without_what_was_copied(visit, site):
    """The element, and the text that it shows."""
    visit.goto(site.put("<p>Voucher <b>AB12</b></p>"))
    visit.run("getSelection().selectAllChildren(document.querySelector('b'))")
    visit.page.keyboard.press("Control+c")
    copy = visit.events("copy")[0]
    assert site.chain(copy)[0]["tag"] in {"b", "p", "body"}
    assert "props" not in copy


def test_the_first_focus_of_a_control_is_captured(visit, site):
    """Once a page instance; buttons are no fields, and a password field says nothing of itself."""
    visit.goto(
        site.put(
            "<form><input name=mail placeholder=Mail><input type=password name=secret aria-label=Secret>"
            "<textarea></textarea><select></select><button>Go</button><input type=submit><a href=#>Link</a></form>"
        )
    )
    visit.run(
        "for (const each of document.querySelector('form').children) each.focus();"
        "document.querySelector('input').focus()"
    )
    first = visit.events("focus", 4)
    assert [site.chain(event)[0]["tag"] for event in first] == ["input", "input", "textarea", "select"]
    assert first[0]["label"] == "Mail"
    assert "label" not in first[1]
    visit.run(
        "history.pushState({}, '', '/next'); document.activeElement.blur(); document.querySelector('input').focus()"
    )
    assert visit.events("focus", 5)[4]["page"]["url"].endswith("/next")
    assert len(site.events("focus")) == 5


def props_of(visit, script):
    """The `error` event that a script makes, as it was captured."""
    visit.run(f"setTimeout(() => {{ {script} }})")
    error = visit.events("error")[0]
    visit.errors.clear()
    return error["props"]


def test_an_uncaught_error_is_captured_with_its_place(visit, site):
    """Message and source are masked as all texts are."""
    site.put_raw(
        "setTimeout(() => {\n  throw Error('No mail for ada@example.com')\n})",
        "/shop.js",
        content_type="text/javascript",
    )
    visit.goto(site.put("<p>Text</p>"))
    visit.run(
        "document.head.append(Object.assign(document.createElement('script'), {src: '/shop.js?to=bob@example.com'}))"
    )
    props = site.until_events("error")[0]["props"]
    visit.errors.clear()
    assert props == {
        "kind": "error",
        "message": "Uncaught Error: No mail for [email]",
        "source": site.url("/shop.js?to=[email]"),
        "line": 2,
        "column": 9,
    }


def test_a_rejection_is_captured_with_its_place(visit, site):
    """The place comes from its stack."""
    site.put_raw("Promise.reject(Error('Nobody listens'))", "/shop.js", content_type="text/javascript")
    visit.goto(site.put("<p>Text</p>"))
    visit.run("document.head.append(Object.assign(document.createElement('script'), {src: '/shop.js'}))")
    props = site.until_events("error")[0]["props"]
    visit.errors.clear()
    assert props == {
        "kind": "rejection",
        "message": "Nobody listens",
        "source": site.url("/shop.js"),
        "line": 1,
        "column": 16,
    }


def test_a_long_message_holds_nothing_up(visit, site):
    """A stack begins with it, and is looked through once; its place is found nonetheless."""
    site.put_raw("Promise.reject(Error('x'.repeat(1e6)))", "/shop.js", content_type="text/javascript")
    visit.goto(site.put("<p>Text</p>")).attend()
    took = visit.run(
        "new Promise(done => {"
        "  addEventListener('unhandledrejection', () => done(performance.now() - began), {once: true});"
        "  const began = performance.now();"
        "  document.head.append(Object.assign(document.createElement('script'), {src: '/shop.js'})) })"
    )
    props = visit.events("error")[0]["props"]
    visit.errors.clear()
    assert took < 5_000
    assert (props["source"], props["line"]) == (site.url("/shop.js"), 1)


def test_reasons_that_can_not_be_read_are_captured(visit, site):
    """What throws when it is looked at was thrown nonetheless."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run(
        "for (const reason of [Symbol('s'), Object.create(null), {get message() { throw 1 }}, {get stack() { throw 1 }}])"
        "  Promise.reject(reason);"
        "undefined"
    )
    said = [error["props"]["message"] for error in visit.events("error", 4)]
    visit.errors.clear()
    assert said == ["", "", "", "[object Object]"]
    assert all("dropped" not in batch for batch in site.batches)


@pytest.mark.parametrize("reason", ["'a word'", "undefined", "null", "42", "{}"])
def test_whatever_is_rejected_is_captured(visit, site, reason):
    """A reason need not be an error."""
    visit.goto(site.put("<p>Text</p>"))
    props = props_of(visit, f"Promise.reject({reason})")
    assert props["kind"] == "rejection"
    assert props["message"] == {"'a word'": "a word", "{}": "[object Object]"}.get(reason, reason)
    assert props["line"] is None


def test_an_error_of_another_origin_is_kept(visit, site):
    """Browsers hide what was said: that something failed is a fact nonetheless."""
    site.put_raw("setTimeout(() => { throw Error('hidden') })", "/other.js", content_type="text/javascript")
    visit.goto(site.put("<p>Text</p>"))
    source = site.url("/other.js", host="localhost")
    visit.run(f"document.head.append(Object.assign(document.createElement('script'), {{src: '{source}'}}))")
    assert site.until_events("error")[0]["props"]["message"] == "Script error."
    visit.errors.clear()


def test_an_error_before_its_part_has_arrived_is_told(visit, site):
    """Errors while the page loads are kept for it, with their time and as many as are bounded."""
    visit.goto(
        site.put(
            "<script>setTimeout(() => { throw Error('later') }, 50)</script>",
            head=SCRIPT.replace("async ", ""),
        )
    )
    visit.page.wait_for_function("() => !!backsight.watch")
    [error] = visit.events("error")
    [pageview] = site.events("pageview")
    visit.errors.clear()
    assert error["props"]["message"] == "Uncaught Error: later"
    assert 0 <= error["time"] - pageview["time"] < 10_000


def test_a_picture_that_does_not_load_is_no_error(visit, site):
    """Its event has the same type."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run(
        "new Promise(done => { const i = new Image(); i.onerror = done; i.src = '/none.png'; document.body.append(i) })"
    )
    visit.run("backsight.track('after')")
    visit.events("track")
    assert site.events("error") == []


def test_errors_of_a_page_instance_are_bounded(visit, site):
    """Twenty are captured; how many more there were is counted. Another page instance has its own."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run("for (let i = 0; i < 30; i++) setTimeout(() => { throw Error(`${i}`) })")
    visit.run("new Promise(after => setTimeout(after, 50))")
    assert len(visit.events("error", 20)) == 20
    assert sum(batch.get("dropped", {}).get("error", 0) for batch in site.batches) == 10
    visit.run("history.pushState({}, '', '/next'); setTimeout(() => { throw Error('there') })")
    site.until_events("error", 21)
    visit.errors.clear()
