"""Pointing at elements and holding them, without the page's notice."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest

from definer.conftest import SHOP

HEARD = """<script>
  window.heard = [];
  const types = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click', 'dblclick', 'auxclick', 'submit', 'dragstart', 'focusin', 'touchstart'];
  for (const type of types) for (const capture of [true, false]) document.addEventListener(type, e => heard.push(type), capture);
  document.querySelectorAll('button, a, input').forEach(e => e.addEventListener('click', () => heard.push('own click')));
</script>"""


def test_hover_frames_what_would_be_captured(shop):
    """The frame is around the button that is meant, not the icon in it, and says what it is."""
    definer = shop()
    definer.point("#blue circle")
    words, place = definer.frame("hover")
    assert words == "button “Buy”"
    box = definer.page.locator("#blue").bounding_box()
    assert place == [round(box[side]) for side in ("x", "y", "width", "height")]


def test_hover_says_the_names_that_an_element_bears(shop, api):
    """Existing names stand at the frame, and on the held element's summary."""
    api.define("Bought blue", {"on": "click", "css": "#blue"})
    definer = shop()
    definer.until_count(".badge", 1)
    definer.point("#blue span")
    assert definer.frame("hover")[0] == "button “Buy” · “Bought blue”"
    definer.hold("#blue span")
    definer.until("Counts already as")


def test_a_held_click_never_reaches_the_page(definer, site):
    """No handler of the page, whatever its phase, hears of any part of the click; a link is not followed."""
    definer.open(site.put(SHOP + HEARD, "/shop"))
    for css in ("#blue svg", "#away", "#join", "#email"):
        definer.page.mouse.dblclick(*definer.center(css))
        definer.until("What should count?")
    definer.page.mouse.click(*definer.center("#red"), button="middle")
    assert definer.run("heard") == []
    assert definer.run("document.activeElement.localName") == "body"
    assert definer.page.url == site.url("/shop")


def test_nothing_is_captured_while_clicks_are_held(shop, site):
    """The core does not record clicks that were held, nor those in the panel; it does once the page is used."""
    definer = shop()
    definer.hold("#red")
    definer.until("What should count?")
    definer.press("Use the page")
    definer.until_gone("What should count?")
    definer.hold("#blue")
    definer.run("backsight.flush()")
    clicks = site.until_events("click")
    assert [site.chain(click)[0]["attrs"].get("id") for click in clicks] == [None]
    assert site.chain(clicks[0])[1]["attrs"]["id"] == "blue"


def test_the_page_can_be_used_and_pointed_at_again(definer, site):
    """The switch and its shortcut pass clicks to the page, and hold them again; Esc lets go of what is held."""
    definer.open(site.put(SHOP + HEARD, "/shop"))
    definer.page.keyboard.press("Alt+Shift+P")
    definer.until("Clicks go to the page")
    definer.hold("#red")
    assert "own click" in definer.run("heard")
    definer.page.keyboard.press("Alt+Shift+P")
    definer.hold("#red")
    definer.until("What should count?")
    definer.page.keyboard.press("Escape")
    definer.until("Point at something")
    assert definer.count(".frame.held") == 0
    assert definer.run("heard").count("own click") == 1


def test_scripts_of_the_page_still_click(definer, site):
    """A click that the page's own code makes is none of ours."""
    definer.open(site.put(SHOP + HEARD, "/shop"))
    definer.run("document.querySelector('#blue').click()")
    assert "own click" in definer.run("heard")
    assert definer.count(".frame.held") == 0


def test_an_element_is_held_by_keyboard(shop):
    """Tab frames what it reaches, Enter holds it and goes to the panel, arrows go to the parent and back."""
    definer = shop()
    definer.run("document.querySelector('#red').focus()")
    definer.page.keyboard.press("Shift+Tab")
    assert definer.frame("hover")[0] == "button “Buy”"
    definer.page.keyboard.press("Enter")
    definer.until("What should count?")
    assert definer.run("__panel.activeElement.innerText") == "button#blue"
    definer.page.keyboard.press("ArrowLeft")
    definer.until("div “Blue Buy”")
    definer.page.keyboard.press("ArrowRight")
    definer.until("button “Buy”")
    assert definer.run("location.pathname") == "/shop"


def test_crumbs_go_to_the_parent_and_into_children(shop):
    """The way from the page to what was pointed at can be walked in both directions, past its end too."""
    definer = shop()
    definer.hold("#blue span")
    definer.until("What should count?")
    definer.press("span", css=".crumb")
    definer.until_count(".crumb[aria-pressed=true]", 1)
    assert definer.run("__panel.querySelector('.crumb[aria-pressed=true]').innerText") == "span"
    definer.press("div.card", css=".crumb")
    definer.until("div “Blue Buy”")
    assert definer.frame("held")[1][2] == 342


def test_a_control_that_is_disabled_can_be_held(shop):
    """Disabled controls get no click, but they are held as well."""
    definer = shop()
    definer.hold("#off")
    definer.until("button “Sold out”")


def test_frames_follow_the_page(definer, site):
    """A frame stays around its element as the page scrolls, inside fixed elements and with a zoomed root."""
    page = "<style>html { zoom: 1.25 } nav { position: fixed; top: 200px; left: 30px }</style><nav><button id=fixed>Fixed</button></nav><p style='height: 900px'></p><button id=deep>Deep</button><p style='height: 900px'></p>"
    definer.open(site.put(page))
    definer.run("scrollTo(0, 900)")
    for css in ("#fixed", "#deep"):
        definer.hold(css)
        definer.until("What should count?")
        assert close(definer, css)
    definer.page.mouse.wheel(0, 60)
    definer.page.wait_for_function("scrollY === 960")
    definer.page.wait_for_function(
        "() => Math.abs(__panel.querySelector('.frame.held').getBoundingClientRect().y - document.querySelector('#deep').getBoundingClientRect().y) < 2"
    )


def close(definer, css):
    """Whether the held frame is where the element is, in pixels of the window."""
    definer.frame("held")
    return definer.run(
        """css => { const a = __panel.querySelector('.frame.held').getBoundingClientRect(), b = document.querySelector(css).getBoundingClientRect();
          return ['x', 'y', 'width', 'height'].every(side => Math.abs(a[side] - b[side]) < 2) }""",
        css,
    )


def test_elements_of_open_shadow_trees_are_held(definer, site):
    """The true target inside nested trees is meant, and what is found there is outlined."""
    definer.open(
        site.put(
            "<x-a></x-a><script>const a = document.querySelector('x-a').attachShadow({mode: 'open'}); a.innerHTML = '<p>Shop</p><x-b></x-b>';"
            "a.querySelector('x-b').attachShadow({mode: 'open'}).innerHTML = '<button><i>Buy</i></button>'</script>"
        )
    )
    definer.hold("i")
    definer.until("every button")
    definer.press("every button")
    definer.until_count(".frame.match", 1)
    assert definer.text().count("1 on this page") == 2


@pytest.mark.parametrize(
    ("page", "css", "words"),
    [
        ("<iframe src=/inner width=300 height=200></iframe>", "iframe", "A frame has a page of its own"),
        ("<div data-backsight-ignore><button>Secret</button></div>", "button", "Nothing is captured here"),
    ],
    ids=["frame", "ignored"],
)
def test_what_cannot_be_captured_is_refused_in_words(definer, site, page, css, words):
    """Frames and ignored elements are framed, but no rule is made for them; a frame's page gets no click."""
    site.put(
        "<button style='width: 100%; height: 100vh' onclick='top.pressed = true'>Inner</button>",
        "/inner",
        head="",
    )
    definer.open(site.put(page))
    definer.point(css)
    definer.hold(css)
    definer.until(words)
    assert definer.run("!!window.pressed") is False
    assert definer.api.requests("POST", "candidates") == []


def test_what_the_page_takes_away_is_let_go_of(shop):
    """An element that is gone is no longer held."""
    definer = shop()
    definer.hold("#blue")
    definer.until("What should count?")
    definer.run("document.querySelector('#blue').remove()")
    definer.until("Point at something")
