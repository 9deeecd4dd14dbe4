"""Where capturing must hold: whatever a page is built of, and however it is drawn."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest


def tags(site, event):
    return [e["tag"] for e in site.chain(event)]


def said(site, event):
    """The target's tag and id, and the words of the event."""
    target = site.chain(event)[0]
    return (target["tag"], target["attrs"].get("id"), event.get("text"), event.get("label"))


def test_a_symbol_inside_a_button_counts_for_the_button(visit, site):
    """Nested SVG, `<use>` of a symbol elsewhere, and its background: the target is drawn, what was meant is the button."""
    visit.goto(
        site.put("""<svg style="display: none"><symbol id=cart viewBox="0 0 9 9"><rect width=9 height=9 /></symbol></svg>
      <button id=buy>Buy <svg width=40 height=40><use href="#cart" width=40 height=40 /></svg></button>
      <button id=more><svg width=40 height=40><svg x=10 width=30 height=40><g><path d="M0 0H30V40H0z"/></g></svg></svg> More</button>""")
    )
    visit.page.locator("use").click(force=True)
    visit.page.locator("path").click()
    visit.page.locator("#more > svg").click(position={"x": 3, "y": 3})
    use, path, background = visit.events("click", 3)
    assert tags(site, use)[:3] == ["use", "svg", "button"]
    assert tags(site, path)[:5] == ["path", "g", "svg", "svg", "button"]
    assert tags(site, background)[:2] == ["svg", "button"]
    assert [(e["text"], e["label"], e["target_text"]) for e in (use, path, background)] == [
        ("Buy", "Buy", ""), ("More", "More", ""), ("More", "More", ""),
    ]  # fmt: skip


def test_words_are_those_of_the_whole_button(visit, site):
    """Text in elements inside elements is one text, whichever part was clicked."""
    visit.goto(
        site.put(
            "<a href=# onclick='return false'><div><span>Read <b>the <i id=in>whole</i></b></span> story</div></a>"
        )
    )
    visit.page.click("#in")
    click = visit.events("click")[0]
    assert (click["text"], click["target_text"]) == ("Read the whole story", "whole")


def test_a_label_clicks_its_control(visit, site):
    """The browser clicks the control as well: both are facts, and only the first has a place, since people clicked once."""
    visit.goto(
        site.put(
            "<label id=around>Agree <input id=agree type=checkbox></label><label id=apart for=news>News</label><input id=news type=checkbox>"
        )
    )
    visit.page.click("#around", position={"x": 5, "y": 5})
    visit.page.click("#apart")
    clicks, changes = visit.events("click", 4), visit.events("change", 2)
    assert [said(site, e) for e in clicks] == [
        ("label", "around", "Agree", "Agree"), ("input", "agree", "", "Agree"),
        ("label", "apart", "News", "News"), ("input", "news", "", "News"),
    ]  # fmt: skip
    assert ["x" in e for e in clicks] == [True, False, True, False]
    assert [said(site, e)[1] for e in changes] == ["agree", "news"]
    assert len(site.events("click")) == 4


def test_a_click_by_keyboard_has_no_place(visit, site):
    """Nor has one that a script makes; it would stand in the viewport's corner."""
    visit.goto(site.put("<button>Buy</button>"))
    visit.page.press("button", "Enter")
    visit.page.click("button")
    visit.page.press("button", "Space")
    visit.click("button")
    assert ["x" in e for e in visit.events("click", 4)] == [False, True, False, False]


@pytest.mark.parametrize(
    "handler",
    [
        "event.target.remove()",
        "document.querySelector('main').remove()",
        "document.querySelector('main').innerHTML = ''",
        "document.querySelector('main').innerHTML = '<u>Else</u>'",
        "event.target.replaceWith('gone')",
        "event.target.closest('button').outerHTML = '<u>Else</u>'",
        "event.target.closest('button').textContent = 'Else'",
        "document.body.innerHTML = '<u>Else</u>'",
        "Object.assign(event.target.closest('button'), {id: 'else', className: 'else', title: 'Else'})",
        "document.querySelector('main').before(...Array.from({length: 9}, () => document.createElement('main')))",
        "document.querySelector('main').append(document.createElement('dialog')), document.querySelector('dialog').append(event.target.closest('button'))",
    ],
)
@pytest.mark.parametrize("where", ["window, true", "document, false"])
def test_what_the_page_does_to_the_element_comes_after(visit, site, handler, where):
    """Removed, replaced, moved or changed by the page's own handler of the click, the element is captured as it was clicked."""
    visit.goto(
        site.put(
            f"<main><p>Text</p><button id=buy class=a title=Tip>Buy <b>now</b></button></main><script>const act = event => {{ {handler} }}</script>"
        )
    )
    target, capture = where.split(", ")
    visit.run(f"{target}.addEventListener('click', act, {capture})")
    visit.page.locator("b").dispatch_event("click")
    click = visit.events("click")[0]
    chain = site.chain(click)
    assert tags(site, click) == ["b", "button", "main", "body", "html"]
    assert (chain[1]["attrs"], chain[1]["at"], chain[1]["flags"]) == (
        {"id": "buy", "class": "a", "title": "Tip"}, [2, 1, 1, 1], 0,
    )  # fmt: skip
    assert chain[2]["at"] == [1, 2, 1, 1]
    assert (click["text"], click["label"], click["target_text"]) == ("Buy now", "Buy now", "now")


def test_components_that_delegate_the_focus(visit, site):
    """A click beside the field, inside its component, focuses the field: the click's target is what was clicked, the focus's is the field."""
    visit.goto(
        site.put("""<x-field></x-field><script>
      document.querySelector('x-field').attachShadow({mode: 'open', delegatesFocus: true}).innerHTML =
        '<p id=hint>Your name</p><input id=name aria-label=Name>';
    </script>""")
    )
    visit.page.locator("#hint").click()
    visit.page.keyboard.type("Ada")
    visit.page.keyboard.press("Enter")
    click, focus = visit.events("click")[0], visit.events("focus")[0]
    assert said(site, click)[:2] == ("p", "hint")
    assert said(site, focus) == ("input", "name", "", "Name")
    assert tags(site, focus) == ["input", "x-field", "body", "html"]
    assert said(site, visit.events("change")[0])[:2] == ("input", "name")
    assert all('"Ada' not in request.raw for request in site.requests)


def test_a_button_slotted_through_two_components(visit, site):
    """What is slotted on and on belongs to the page; what is drawn around it gives the words, and its link the address."""
    visit.goto(
        site.put("""<x-card><b id=light>Light</b></x-card><script>
      customElements.define('x-link', class extends HTMLElement { constructor() { super(); this.attachShadow({mode: 'open'}).innerHTML = '<a href="/inner" onclick="return false"><slot></slot></a>' } });
      customElements.define('x-card', class extends HTMLElement { constructor() { super(); this.attachShadow({mode: 'open'}).innerHTML = '<x-link>See <slot></slot></x-link>' } });
    </script>""")
    )
    visit.page.click("#light")
    click = visit.events("click")[0]
    assert tags(site, click) == ["b", "x-card", "body", "html"]
    assert (click["text"], click["href"]) == ("See Light", site.url("/inner"))


def test_dialogs_and_popovers(visit, site):
    """What is drawn in the top layer is captured where it stands in the page; a click on the backdrop is the dialog's."""
    visit.goto(
        site.put("""<main><button id=open popovertarget=tip>Open</button><div id=tip popover><a href="#x">In the popover</a></div></main>
      <dialog id=ask><form method=dialog><button id=yes>Yes</button></form></dialog>""")
    )
    visit.page.click("#open")
    visit.page.click("#tip a")
    visit.run("document.querySelector('#tip').hidePopover(); document.querySelector('#ask').showModal()")
    visit.page.mouse.click(5, 5)
    visit.page.click("#yes")
    opened, link, backdrop, yes = visit.events("click", 4)
    assert said(site, opened) == ("button", "open", "Open", "Open")
    assert tags(site, link) == ["a", "div", "main", "body", "html"]
    assert said(site, backdrop)[:2] == ("dialog", "ask")
    assert tags(site, yes) == ["button", "form", "dialog", "body", "html"]
    assert tags(site, visit.events("submit")[0])[0] == "form"


def test_details_and_selects(visit, site):
    """A summary is what was meant, not all that it hides; a list's options are never told apart by what they say."""
    visit.goto(
        site.put(
            "<details><summary>Delivery <b>times</b></summary>Three days</details>"
            "<select id=size aria-label=Size><option>Small</option><option value=l>Large</option></select><select id=list size=2><option id=one>Ada</option><option>Bob</option></select>"
        )
    )
    visit.page.click("summary b")
    visit.page.select_option("#size", "l")
    visit.page.click("#one")
    summary, option = visit.events("click", 2)
    assert (summary["text"], summary["target_text"]) == ("Delivery times", "times")
    assert tags(site, summary)[:3] == ["b", "summary", "details"]
    assert said(site, option) == ("option", None, None, None) or said(site, option)[2:] == (None, None)
    assert said(site, visit.events("change")[0]) == ("select", "size", "", "Size")
    assert all(
        word not in request.raw for request in site.requests for word in ("Ada", "Large", "Small", "Three")
    )


def test_an_editor_inside_a_component(visit, site):
    """The host around an editable element may speak of it; what is written inside stays."""
    visit.goto(
        site.put("""<x-editor aria-label=Note></x-editor><script>
      document.querySelector('x-editor').attachShadow({mode: 'open'}).innerHTML = '<div id=area contenteditable><p>Dear Ada</p></div>';
    </script>""")
    )
    visit.page.locator("#area p").click()
    visit.page.keyboard.type("secret")
    click = visit.events("click")[0]
    assert tags(site, click)[:3] == ["p", "div", "x-editor"]
    assert not {"target_text", "target_label"} & {k for k, v in click.items() if v}
    assert all(word not in request.raw for request in site.requests for word in ("Ada", "secret", "Dear"))


def test_an_element_of_another_document(visit, site):
    """What was made in a frame and put into the page is the page's; what went into a frame without snippet is no longer."""
    visit.goto(
        site.put(
            "<iframe srcdoc='<button id=made title=Tip><b>Made</b></button>'></iframe><button id=own>Own</button>"
        )
    )
    visit.page.frame_locator("iframe").locator("#made").wait_for()
    visit.run(
        "void document.body.append(document.querySelector('iframe').contentDocument.querySelector('#made'))"
    )
    visit.page.click("#made b")
    visit.run(
        "void document.querySelector('iframe').contentDocument.body.append(document.querySelector('#own'))"
    )
    visit.page.frame_locator("iframe").locator("#own").click()
    visit.run("backsight.track('end')")
    visit.events("track")
    (click,) = site.events("click")
    assert said(site, site.events("click")[0])[0] == "b"
    assert (click["text"], tags(site, click)) == ("Made", ["b", "button", "body", "html"])
    assert site.chain(click)[1]["attrs"] == {"id": "made", "title": "Tip"}


def test_a_page_that_writes_itself(visit, site):
    """`document.write` while it loads changes nothing, also if it writes the snippet's own tag."""
    visit.goto(
        site.put(
            """<script>document.write('<button id=written>Written</button><script src="/backsight.js" data-key="wk_test"><' + '/script>')</script>""",
            head="",
        )
    )
    visit.page.click("#written")
    assert said(site, visit.events("click")[0]) == ("button", "written", "Written", "Written")
    assert len(site.events("pageview")) == 1


def test_a_page_that_is_written_anew(visit, site):
    """`document.open` takes all listeners away: nothing more is heard, nothing throws, and the page's own calls still work."""
    visit.goto(site.put("<button>Old</button>"))
    visit.click("button")
    visit.run(
        """document.open(); document.write('<button>New</button><script src="/backsight.js" data-key="wk_test"><' + '/script>'); document.close()"""
    )
    visit.page.wait_for_function("() => document.readyState === 'complete'")
    visit.click("button")
    visit.run("backsight.track('written')")
    visit.events("track")
    assert [(e["type"], e["seq"]) for e in site.events()] == [("pageview", 0), ("click", 1), ("track", 2)]


def test_a_zoomed_page(visit, site):
    """Zoomed by the browser or by two fingers, places are CSS pixels of the layout viewport, as the page's own scripts see them."""
    visit.goto(
        site.put(
            "<button style='position: absolute; left: 100px; top: 50px; width: 80px; height: 30px'>Buy</button><div style='height: 3000px'>"
        )
    )
    session = visit.page.context.new_cdp_session(visit.page)
    session.send(
        "Emulation.setDeviceMetricsOverride",
        {"width": 640, "height": 360, "deviceScaleFactor": 2, "mobile": False},
    )
    session.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 2})
    visit.run("addEventListener('click', event => { window.seen = [event.clientX, event.clientY] })")
    visit.page.locator("button").click()
    click = visit.events("click")[0]
    assert [click["x"], click["y"]] == visit.run("seen.map(Math.round)")
    assert 100 <= click["x"] <= 180
    assert 50 <= click["y"] <= 80
    visit.page.goto("about:blank")
    assert 1 <= site.until_events("leave")[0]["scroll_percent"] <= 100
