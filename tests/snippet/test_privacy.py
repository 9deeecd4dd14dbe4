"""What never leaves the page, and who decides."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

CONSENT = '<script async src="/backsight.js" data-key="wk_test" data-consent="required"></script>'


def test_nothing_inside_ignored_elements_is_captured(visit, site):
    """Neither their events nor their texts."""
    visit.goto(
        site.put(
            "<div data-backsight-ignore><button>A</button><input></div><button>Pay <i data-backsight-ignore>Ada</i></button>"
        )
    )
    visit.click("div button")
    visit.run("document.querySelector('input').dispatchEvent(new Event('change', {bubbles: true}))")
    visit.click("body > button")
    click = visit.events("click")[0]
    assert (click["text"], click["label"]) == ("Pay", "Pay")
    assert [(e["type"], e["seq"]) for e in site.events()] == [("pageview", 0), ("click", 1)]


def test_redacted_elements_keep_only_what_rules_stand_on(shot, site):
    """Texts, addresses and values are withheld, in the marked element and below; its ancestors are not."""
    click = shot(
        '<div title=Box><section data-backsight-redact><a id=link class="a b" role=link title=Ada data-n=7 href="/ada" '
        'onclick="return false">Ada <b>L.</b></a></section></div>',
        "b",
    )
    _, a, section, div, *_ = site.chain(click)
    assert a["attrs"] == {
        "id": "link",
        "class": "a b",
        "role": "link",
        "title": None,
        "data-n": None,
        "href": None,
    }
    assert (section["attrs"], div["attrs"]) == ({"data-backsight-redact": None}, {"title": "Box"})
    assert not {"text", "label", "target_text", "target_label", "href"} & set(click)
    assert "Ada" not in site.requests[0].raw


def test_a_redacted_part_is_left_out_of_the_texts_around_it(visit, site):
    """Also where another element refers to it by label."""
    visit.goto(
        site.put(
            "<button>Hello <b data-backsight-redact>Ada</b>!</button><p data-backsight-redact><b id=n>Ada</b></p>"
            '<a href=# onclick="return false" aria-labelledby=n>Profile</a>'
        )
    )
    visit.click("button")
    visit.click("a")
    first, second = visit.events("click", 2)
    assert [first["text"], first["label"], second["text"], second["label"]] == [
        "Hello !",
        "Hello !",
        "Profile",
        "Profile",
    ]


@pytest.mark.parametrize(
    "field",
    [
        '<input type=password aria-label="Ada\'s secret">',
        '<input type=text autocomplete="current-password" aria-label="Ada\'s secret">',
        '<input autocomplete="billing cc-number" aria-label="Ada\'s secret">',
        '<input autocomplete="one-time-code" aria-label="Ada\'s secret">',
    ],
)
def test_secret_fields_say_only_that_they_changed(visit, site, field):
    """Fields for passwords, cards and codes have neither text nor label nor attribute values."""
    visit.goto(site.put(field))
    visit.page.fill("input", "hunter2")
    visit.run("document.activeElement.blur()")
    change = visit.events("change")[0]
    assert site.chain(change)[0]["tag"] == "input"
    assert not {"text", "label"} & set(change)
    assert all(typed not in request.raw for request in site.requests for typed in ("hunter2", "secret"))


def test_what_people_write_into_the_page_never_leaves(visit, site):
    """The contents of an editable element are no text, and its elements' attributes are withheld."""
    visit.goto(site.put('<div contenteditable><p>Dear <a href="/ada" title="Ada">Ada</a></p></div>'))
    visit.click("a")
    visit.click("p")
    visit.click("div")
    visit.events("click", 3)
    assert all(typed not in request.raw for request in site.requests for typed in ("Ada", "ada", "Dear"))


@pytest.mark.parametrize(
    "signal", ["doNotTrack: {get: () => '1'}", "globalPrivacyControl: {get: () => true}"]
)
def test_a_browser_that_asks_not_to_be_tracked_is_not(visit, site, signal):
    """Nothing is captured, sent or stored; the page's own calls do nothing, not even consent."""
    head = f"<script>Object.defineProperties(navigator, {{{signal}}})</script><script async src=/backsight.js data-key=wk_test></script>"
    visit.goto(site.put("<p>Text</p>", head=head))
    visit.click("p")
    visit.run(
        "backsight.consent(true); backsight.track('x'); backsight.identify('ada'); backsight.reset(); backsight.flush()"
    )
    visit.page.goto(site.put("", "/plain", head=""))
    assert visit.run("localStorage.length + document.cookie.length") == 0
    assert site.requests == []


def test_without_required_consent_nothing_happens(visit, site):
    """Before it is given nothing is captured, sent or stored; then the page begins; the decision holds on the next page."""
    visit.goto(site.put("<p>Text</p>", head=CONSENT))
    visit.click("p")
    visit.run("backsight.track('early'); backsight.identify('ada'); backsight.flush()")
    assert visit.run("localStorage.length + document.cookie.length") == 0
    visit.run("backsight.consent(true)")
    visit.click("p")
    visit.events("click")
    assert [(e["type"], e["seq"]) for e in site.events()] == [("pageview", 0), ("click", 1)]
    assert "user" not in site.batches[0]
    visit.goto(site.put("<p>Text</p>", "/two", head=CONSENT))
    assert visit.events("pageview", 2)[1]["page"]["url"] == site.url("/two")


def test_what_was_before_consent_is_never_told(visit, site):
    """Focus and errors before it are not kept until later, and the part that tells of them is not even fetched."""
    visit.goto(site.put("<input name=early><input name=late>", head=CONSENT))
    visit.run(
        "setTimeout(() => { throw Error('early') }); Promise.reject(Error('early'));"
        "document.querySelector('[name=early]').focus();"
        "dispatchEvent(new PointerEvent('pointerover')); new Promise(after => setTimeout(after, 50))"
    )
    assert site.gets.count("/effects.js") == 0
    visit.run("backsight.consent(true)")
    visit.attend()
    visit.run("setTimeout(() => { throw Error('late') }); document.querySelector('[name=late]').focus()")
    [error] = visit.events("error")
    [focus] = visit.events("focus")
    visit.errors.clear()
    assert error["props"]["message"] == "Uncaught Error: late"
    assert site.chain(focus)[0]["attrs"] == {"name": "late"}
    assert site.gets.count("/effects.js") == 1
    assert all("early" not in request.raw for request in site.requests)


def test_consent_taken_back_forgets(visit, site):
    """What was not sent is dropped, ids are forgotten, and the next pages stay silent."""
    visit.goto(site.put("<p>Text</p>"))
    visit.events("pageview")
    count = len(site.requests)
    visit.click("p")
    visit.run("backsight.identify('ada'); backsight.consent(false)")
    visit.click("p")
    visit.flush()
    assert visit.run("JSON.stringify(localStorage)") == '{"backsight":"{\\"consent\\":false}"}'
    sent = [e["type"] for b in site.batches[count:] for e in b["events"]]
    visit.goto(site.put("<p>Text</p>", "/two"))
    visit.click("p")
    visit.flush()
    visit.page.goto("about:blank")
    assert [e["type"] for b in site.batches[count:] for e in b["events"]] == sent
    assert "identify" not in sent


def test_passwords_in_addresses_are_left_out(site, chromium: Browser):
    """The user name and password of a URL are no part of the page's address."""
    page = chromium.new_page()
    page.goto(site.put("<p>Text</p>").replace("http://", "http://ada:hunter2@") + "?q=me@x")
    page.wait_for_function("() => !!window.backsight?.flush")
    page.evaluate("backsight.flush()")
    view = site.until_events("pageview")[0]
    assert view["page"]["url"] == site.url("/?q=me@x")
    assert "hunter2" not in str(site.batches)
    page.close()
