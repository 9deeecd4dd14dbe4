"""The page hears nothing of the definer, and pays nothing while nothing is done."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest

from definer.conftest import SHOP

RAISED = """window.raised = 0; const hide = HTMLElement.prototype.hidePopover;
  HTMLElement.prototype.hidePopover = function () { raised++; return hide.call(this) };"""
FRAMES = "count => new Promise(done => { const next = () => count-- ? requestAnimationFrame(next) : done(raised); next() })"

HEARD = """<script>
  window.heard = [];
  const types = 'keydown keyup focus blur focusin focusout input change toggle beforetoggle pointerdown mousedown click copy'.split(' ');
  for (const type of types) document.addEventListener(type, e => heard.push(type + ' ' + e.target.localName), true);
</script>"""


def test_it_comes_to_rest(definer, site, api):
    """Once it stands it is not put on top again and again: only when the page has put something there."""
    definer.page.add_init_script(RAISED)
    api.define("Bought", {"on": "click", "css": "#red"})
    definer.open(site.put(SHOP + "<div id=pop popover=manual>Pop</div>", "/shop"))
    definer.until_count(".badge", 1)
    before = definer.run(FRAMES, 10)
    assert definer.run(FRAMES, 40) == before
    definer.run("document.querySelector('#pop').showPopover()")
    assert definer.run(FRAMES, 40) == before + 1


def test_the_page_hears_nothing_and_gets_everything_back(definer, site, api):
    """From opening to closing no listener of the page is told; focus, selection and scroll position are as they were."""
    api.define("Bought", {"on": "click", "css": "#red"})
    tall = SHOP + HEARD + "<div style='height: 3000px'></div>"
    state = "[document.activeElement.id, String(getSelection()), scrollY, document.documentElement.outerHTML.length]"
    url = site.put(tall, "/shop")
    definer.page.goto(url)
    definer.page.wait_for_function("() => !!window.backsight?.flush")
    definer.run(
        "scrollTo(0, 50); getSelection().selectAllChildren(document.querySelector('h1')); document.querySelector('#away').focus({preventScroll: true}); heard.length = 0"
    )
    before = definer.run(state)
    definer.run(
        "token => new Promise(done => { backsight.token = token; const s = document.createElement('script'); s.src = '/definer.js'; s.onload = () => { s.remove(); done() }; document.head.append(s) })",
        definer.api.token,
    )
    definer.until("on this page")
    definer.hold("#red")
    definer.until("events by")
    definer.press("", css="input[aria-label='Name of the event']")
    definer.page.keyboard.type("Red")
    definer.press("Names")
    definer.press("Bought", css=".item")
    definer.until("What counts")
    definer.press("Close the definer")
    definer.page.wait_for_function("() => !document.querySelector('backsight-definer')")
    assert definer.run("heard") == []
    assert definer.run(state) == before


def test_escape_gives_the_keyboard_back(shop):
    """What is held with Enter has the focus again after Escape, and Tab goes on from there."""
    definer = shop()
    definer.run("document.querySelector('#red').focus()")
    definer.page.keyboard.press("Enter")
    definer.until("What should count?")
    assert definer.run("__panel.activeElement !== null")
    definer.page.keyboard.press("Escape")
    definer.until("Point at something")
    assert definer.run("document.activeElement.id") == "red"


@pytest.mark.parametrize(
    ("press", "then"),
    [("‹ All names", "Find a name"), ("Keep it", "Delete…"), ("Remove this rule", "Add a rule by pointing")],
    ids=["back", "keep", "remove"],
)
def test_the_focus_stays_in_the_panel(shop, api, press, then):
    """Where the pressed button goes away, the focus is on what is around it: Tab does not begin anew at the page."""
    api.define("Bought", {"on": "click", "css": "#red"}, {"on": "click", "css": "#blue"})
    definer = shop()
    definer.press("Names")
    definer.press("Bought", css=".item")
    definer.until("What counts")
    if press == "Keep it":
        definer.press("Delete…")
    definer.press(press)
    definer.page.wait_for_function(
        "then => [...__panel.querySelectorAll('.body *')].some(e => (e.placeholder ?? e.innerText) === then)",
        arg=then,
    )
    assert definer.run("__panel.querySelector('.body').contains(__panel.activeElement)")


def test_a_modal_dialog_in_a_shadow_tree_does_not_shut_it_out(definer, site):
    """No event tells of it; the panel is usable all the same, and so is the dialog to point at."""
    dialog = "<x-ask></x-ask><script>customElements.define('x-ask', class extends HTMLElement { connectedCallback() { this.attachShadow({mode: 'open'}).innerHTML = '<dialog><button id=sure>Sure</button></dialog>' } })</script>"
    definer.open(site.put(dialog))
    definer.run("document.querySelector('x-ask').shadowRoot.querySelector('dialog').showModal()")
    definer.page.wait_for_function("() => __panel.host.getRootNode() !== document")
    definer.hold("#sure")
    definer.until("What should count?")
    definer.press("Names")
    definer.until("Nothing has a name yet")


def test_it_is_seen_over_a_fullscreen_element(definer, site):
    """A page that shows a part of itself in full screen has the panel over it, and clicks there are held."""
    full = "<div id=film style='background: #abc'><button id=play>Play</button></div><button id=full onclick='film.requestFullscreen()'>Full</button>"
    definer.open(site.put(full))
    definer.press("Use the page")
    definer.hold("#full")
    definer.page.wait_for_function("() => document.fullscreenElement")
    definer.press("Use the page")
    definer.until("Point at something")
    definer.hold("#play")
    definer.until("What should count?")


def test_badges_leave_their_elements_to_be_pointed_at(browsing, site, api):
    """In a window as narrow as a phone's too, with two names on one button, its middle is the page's."""
    from definer.conftest import Definer

    page = browsing.new_page()
    page.set_viewport_size({"width": 390, "height": 760})
    for name in ("A name that is longer than its button", "Bought"):
        api.define(name, {"on": "click", "css": "#right"})
    button = "<p style='margin: 200px 8px 0 0; text-align: right'><button id=right>Buy</button></p>"
    definer = Definer(page, site, api).open(site.put(button))
    definer.until_count(".badge", 2)
    assert (
        definer.run(
            "() => { const r = right.getBoundingClientRect(); return document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2).id }"
        )
        == "right"
    )
    assert definer.errors == []


def test_it_stands_where_lines_end(definer, site):
    """On a page that is written from right to left the panel begins at the left."""
    definer.open(site.put("<script>document.documentElement.dir = 'rtl'</script>" + SHOP))
    assert definer.run("__panel.querySelector('.panel').getBoundingClientRect().x") == 12
    definer.hold("#blue")
    definer.until("What should count?")


def test_a_new_site_is_told_what_to_expect(shop, api):
    """Where nothing was captured yet no zeros are counted: the name is for what is to come."""
    none = {"distinct": 0, "top": []}
    api.preview = lambda _: {
        "events": 0,
        "persons": 0,
        "daily": [],
        "overlaps": [],
        "texts": none,
        "pages": none,
    }
    definer = shop()
    definer.hold("#red")
    definer.until("None in the last 90 days; it counts from now on.")
    assert definer.count(".spark") == 0
    definer.press("Save")
    definer.until("is defined")
    assert "it counts from now on" in definer.text()
    assert "Saved Clicked Buy." in definer.run("__panel.querySelector('.live').innerText")
    definer.press("Not named yet")
    definer.until("No clicks without a name in the last 30 days.")


def test_a_name_does_not_overlap_itself(shop, api):
    """What else an event's clicks count as is said of others only."""
    api.define("Bought", {"on": "click", "css": "#red"})
    definer = shop()
    definer.press("Names")
    definer.press("Bought", css=".item")
    definer.until("in 90 days")
    assert "already in" not in definer.text()


def test_badges_stay_off_the_words_of_what_is_held(shop, api):
    """Both can be read: the badge of the held button stands above the words at its frame."""
    api.define("Bought", {"on": "click", "css": "#red"})
    definer = shop()
    definer.until_count(".badge", 1)
    definer.hold("#red")
    definer.frame("held")
    definer.page.wait_for_function(
        """() => { const [a, b] = ['.badge', '.held .tag'].map(css => __panel.querySelector(css).getBoundingClientRect());
          return a.bottom <= b.top + 1 || a.left >= b.right }"""
    )
