"""What a click, a change and a submit say, and about which element."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest


def test_the_true_target_is_inside_the_button(visit, site):
    """A click on an icon is captured with the icon as target and the button as what it was meant for."""
    visit.goto(
        site.put(
            '<button class="md:flex w-1/2"><svg viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg><b>Save</b></button>'
        )
    )
    visit.run(
        "document.querySelector('path').dispatchEvent(new MouseEvent('click', {bubbles: true, composed: true}))"
    )
    click = visit.events("click")[0]
    path, svg, button, *_ = site.chain(click)
    assert (path["tag"], path["ns"]) == ("path", "svg")
    assert svg["attrs"] == {"viewBox": "0 0 9 9"}
    assert button["attrs"] == {"class": "md:flex w-1/2"}
    assert (click["text"], click["label"], click["target_text"]) == ("Save", "Save", "")


def test_a_click_has_its_place_in_the_viewport(visit, site):
    """The position is in CSS pixels from the viewport's corner."""
    visit.goto(
        site.put(
            '<button style="position:fixed;left:40px;top:30px;width:20px;height:10px;padding:0"></button>'
        )
    )
    visit.page.mouse.click(45, 33)
    click = visit.events("click")[0]
    assert (click["x"], click["y"]) == (45, 33)


def test_a_link_gives_its_absolute_address(shot, site):
    """The address is that of the nearest link, resolved."""
    click = shot('<base href="/a/"><a href="b?c=1#d" onclick="return false"><i>Go</i></a>', "i")
    assert click["href"] == site.url("/a/b?c=1#d")


def test_a_links_address_has_no_password(shot):
    """User name and password are left out of it."""
    click = shot('<a href="https://ada:secret@shop.example/x" onclick="return false">Go</a>', "a")
    assert click["href"] == "https://shop.example/x"


def test_an_svg_link_is_a_link(visit, site):
    """Links inside SVG have an address too."""
    visit.goto(site.put('<svg><a href="/svg" onclick="return false"><text>Go</text></a></svg>'))
    visit.page.dispatch_event("text", "click")
    click = visit.events("click")[0]
    assert (click["href"], click["text"]) == (site.url("/svg"), "Go")


@pytest.mark.parametrize(
    "handler", ["event.preventDefault()", "event.stopPropagation()", "event.stopImmediatePropagation()"]
)
def test_a_page_that_stops_events_is_captured_all_the_same(visit, site, handler):
    """Capturing comes first, and leaves the event to the page as it was."""
    visit.goto(
        site.put(
            f'<button>Go</button><script>document.body.addEventListener("click", event => {{{handler}; window.seen = event.defaultPrevented}}, true)</script>'
        )
    )
    visit.click("button")
    assert len(visit.events("click")) == 1
    assert visit.run("window.seen") is ("prevent" in handler)


def test_an_element_that_its_own_handler_removes_is_captured_where_it_was(visit, site):
    """The page's handlers run after the capture, so the ancestors are those of the moment of the click."""
    visit.goto(
        site.put(
            '<ul><li>1<li class="row"><button onclick="this.closest(\'ul\').remove()">Delete</button></ul>'
        )
    )
    visit.click("button")
    button, li, ul, body, html = site.chain(visit.events("click")[0])
    assert [e["tag"] for e in (button, li, ul, body, html)] == ["button", "li", "ul", "body", "html"]
    assert (li["attrs"], li["at"]) == ({"class": "row"}, [2, 1, 2, 1])


def test_a_change_says_that_and_not_what(visit, site):
    """Typing, ticking and choosing are captured as changes without a value, under the control's label."""
    visit.goto(
        site.put(
            "<label>Name <input id=n></label><label for=c>News</label><input id=c type=checkbox>"
            "<select id=s aria-label=Colour><option>Red<option value=42>Green</select><textarea id=t title=Note></textarea>"
        )
    )
    visit.page.fill("#n", "hunter2-secret")
    visit.page.check("#c")
    visit.page.select_option("#s", "42")
    visit.page.fill("#t", "hunter2-secret")
    visit.run("document.activeElement.blur()")
    changes = visit.events("change", 4)
    assert [(c["text"], c["label"]) for c in changes] == [
        ("", "Name"),
        ("", "News"),
        ("", "Colour"),
        ("", "Note"),
    ]
    assert all(
        typed not in request.raw for request in site.requests for typed in ("hunter2", "Green", '"42"')
    )


def test_a_submit_names_the_form(visit, site):
    """A form that the page submits by itself is captured with its submit event."""
    visit.goto(
        site.put(
            '<form id=signup action="/x" onsubmit="return false"><input name=parentNode><input name=attributes><input name=localName><button>Join</button></form>'
        )
    )
    visit.click("button")
    click, submit = visit.events("click")[0], visit.events("submit")[0]
    assert click["seq"] < submit["seq"]
    assert site.chain(submit)[0] == {
        "tag": "form",
        "attrs": {"id": "signup", "action": "/x"},
        "at": [1, 1, 1, 1],
        "flags": 0,
    }
    assert [e["tag"] for e in site.chain(click)] == ["button", "form", "body", "html"]


def test_a_click_on_the_document_itself_is_nobodys(visit, site):
    """An event whose target is no element breaks nothing."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run(
        "document.dispatchEvent(new Event('click')); window.dispatchEvent(new Event('click')); document.querySelector('p').click()"
    )
    assert len(visit.events("click")) == 1
    assert all("dropped" not in batch for batch in site.batches)
