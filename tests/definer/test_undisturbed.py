"""Neither the page nor the definer gets in the other's way."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest

from definer.conftest import SHOP

STRICT = (
    "default-src 'none'; script-src 'nonce-abc'; style-src 'nonce-abc'; connect-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


def test_the_layout_of_the_page_stays_as_it_is(definer, site):
    """Every element is where it was without the definer, and no scroll bar came."""
    url = site.put(SHOP, "/shop")
    places = "[...document.querySelectorAll('body, body *')].map(e => { const r = e.getBoundingClientRect(); return [e.localName, r.x, r.y, r.width, r.height] })"
    definer.page.goto(url)
    before = definer.run(places)
    definer.open(f"{url}?again")
    definer.hold("#red")
    definer.until("What should count?")
    assert definer.run(places) == before
    assert definer.run("document.documentElement.scrollWidth <= innerWidth")


def test_styles_of_the_page_stay_out(definer, site):
    """Rules for everything, even important ones, change neither the panel nor its place."""
    plain = look(definer.open(site.put(SHOP, "/shop")))
    hostile = "<style>:not(html) { font: 40px/3 fantasy !important; color: red !important; display: none !important; transform: rotate(90deg) !important; opacity: .2 !important } html { font-size: 40px; direction: rtl } backsight-definer, [popover] { position: static !important; width: 10px !important; visibility: hidden !important; filter: blur(9px) !important }</style>"
    styled = look(definer.open(site.put(hostile + SHOP, "/styled")))
    assert styled == plain


def look(definer):
    definer.until("has a name yet")
    return definer.run(
        """() => { const panel = __panel.querySelector('.panel'), r = panel.getBoundingClientRect(), s = getComputedStyle(panel), host = getComputedStyle(__panel.host);
          return [r.x, r.y, r.width, r.height, s.fontFamily, s.fontSize, s.color, s.direction, s.visibility, host.opacity, host.transform, host.filter] }"""
    )


def test_a_strict_policy_is_kept(definer, site):
    """With a nonce for scripts and styles, no inline styles, and Trusted Types required, all of it works without a violation."""
    policy = f"{STRICT}; report-uri /none"
    head = '<script async nonce="abc" src="/backsight.js" data-key="wk_test"></script>'
    violations = "<script nonce=abc>window.violations = []; document.addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI))</script>"
    page = violations + SHOP.replace("<style>", "<style nonce=abc>")
    definer.open(site.put(page, "/strict", head=head, content_security_policy=policy))
    definer.hold("#red")
    definer.until("events by")
    definer.press("Save")
    definer.until("is defined")
    assert definer.style_of("panel", "position") == "fixed"
    assert definer.run("violations") == []


def test_keys_typed_into_the_panel_are_not_the_pages(definer, site):
    """Shortcuts of the page hear nothing of what is typed, in any phase; the focus is not taken back by a trap."""
    trap = """<script>
      window.keys = [];
      for (const target of [document, document.body]) for (const type of ['keydown', 'keyup', 'keypress', 'input', 'beforeinput', 'paste'])
        for (const capture of [true, false]) target.addEventListener(type, e => keys.push(type), capture);
      for (const type of ['focusin', 'focusout']) document.addEventListener(type, e => { keys.push(type); document.querySelector('#email').focus() }, true);
      for (const type of ['pointerdown', 'mousedown', 'click']) document.addEventListener(type, e => { e.preventDefault(); e.stopImmediatePropagation() }, true);
    </script>"""
    definer.open(site.put(SHOP + trap, "/shop"))
    definer.hold("#red")
    definer.until("What should count?")
    definer.press("", css="input[aria-label='Name of the event']")
    definer.fill("Name of the event", "Gone /x")
    assert definer.run("__panel.querySelector(`[aria-label='Name of the event']`).value") == "Gone /x"
    assert definer.run("keys") == []


@pytest.mark.parametrize(
    "wipe",
    [
        "document.body.innerHTML = ''",
        "document.body.replaceWith(document.createElement('body'))",
        "document.querySelector('backsight-definer').remove()",
        "document.documentElement.replaceChildren(document.createElement('body'))",
    ],
    ids=["contents", "body", "host", "everything"],
)
def test_it_survives_what_wipes_the_page(shop, wipe):
    """The panel is back with its state, and works."""
    definer = shop()
    definer.press("Names")
    definer.until("Nothing has a name yet")
    definer.run(wipe)
    definer.page.wait_for_function("() => __panel.host.isConnected && __panel.host.matches(':popover-open')")
    definer.press("Point")
    definer.until("Point at something")


def test_a_modal_dialog_of_the_page_does_not_shut_it_out(definer, site):
    """Over a modal dialog, outside of which all is inert, the panel can be used, and elements in the dialog be held."""
    dialog = "<dialog id=dialog><button id=sure>Sure</button><button id=no onclick='dialog.close()'>No</button></dialog><button id=ask onclick='dialog.showModal()'>Ask</button>"
    definer.open(site.put(dialog))
    definer.run("document.querySelector('#dialog').showModal()")
    definer.page.wait_for_function(
        "() => __panel.host.parentNode.id === 'dialog' && __panel.host.matches(':popover-open')"
    )
    definer.hold("#sure")
    definer.until("What should count?")
    definer.fill("Name of the event", "Sure")
    definer.press("Save")
    definer.until("“Sure” is defined")
    definer.run("document.querySelector('#dialog').close()")
    definer.page.wait_for_function("() => __panel.host.parentNode === document.documentElement")
    definer.press("Define another")
    definer.until("Point at something")


def test_it_lies_over_everything(definer, site):
    """Neither the highest z-index nor a popover that is shown later covers the panel."""
    cover = "<style>#over { position: fixed; inset: 0; z-index: 2147483647; background: #fff } #pop { inset: 0; width: 100%; height: 100% }</style><div id=over></div><div id=pop popover=manual>Pop</div>"
    definer.open(site.put(cover))
    definer.run("document.querySelector('#pop').showPopover()")
    definer.page.wait_for_function(
        "() => { const r = __panel.querySelector('.panel').getBoundingClientRect(); return document.elementFromPoint(r.x + 20, r.y + 20) === __panel.host }"
    )


def test_what_page_and_api_say_is_never_markup(definer, site, api):
    """Texts, names, descriptions and errors that look like markup are shown as they are."""
    evil = "<img src=x onerror=top.hit=1>"
    api.define(evil, {"on": "click", "css": "#red"}, description=evil)
    definer.open(
        site.put(SHOP.replace("<span>Buy</span>", "<span>&lt;img src=x onerror=top.hit=1></span>"), "/shop")
    )
    definer.until_count(".badge", 1)
    definer.hold("#red")
    definer.until(f"button “{evil}”")
    definer.press("Names")
    definer.press(evil, css=".item")
    definer.until("What counts")
    assert definer.run("[!!window.hit, __panel.querySelectorAll('img').length]") == [False, 0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_have_contrast(browsing, site, api, scheme):
    """Every text of the panel stands out from its ground by at least 4.5 to 1, as WCAG AA asks."""
    from definer.conftest import Definer

    page = browsing.new_page()
    page.emulate_media(color_scheme=scheme)
    definer = Definer(page, site, api)
    api.define("Bought", {"on": "click", "css": "#red"})
    definer.open(site.put(SHOP, "/shop"))
    definer.hold("#red")
    definer.until("events by")
    faint = definer.run(CONTRASTS)
    definer.press("Save")
    definer.until("is defined")
    assert faint + definer.run(CONTRASTS) == []


CONTRASTS = """() => {
  const parse = color => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c } return [255, 255, 255] };
  const faint = [];
  for (const e of __panel.querySelectorAll('.panel *')) {
    const says = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!says || !e.checkVisibility() || e.ariaHidden || e.closest(':disabled')) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) faint.push([e.className, e.innerText, ratio.toFixed(2)]);
  }
  return faint;
}"""


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 480), (600, 800), (340, 600)])
@pytest.mark.parametrize("left", [False, True], ids=["right", "left"])
def test_the_panel_fits_into_any_window(shop, width, height, left):
    """On either side, in every screen, nothing sticks out of the window or is cut off sideways; it can be made small."""
    definer = shop()
    definer.page.set_viewport_size({"width": width, "height": height})
    if left:
        definer.press("Move to the other side")
    for screen in ("Names", "Not named yet", "Point"):
        definer.press(screen)
        assert definer.run(STICKING_OUT) == []
    definer.run("document.querySelector('#red').focus()")
    definer.page.keyboard.press("Enter")
    definer.until_count(".choice .spark", 3)
    definer.press("Narrow it down")
    assert definer.run(STICKING_OUT) == []
    definer.press("Make the panel small")
    definer.until_gone("Names")
    assert definer.run("__panel.querySelector('.panel').offsetHeight") < 110
    definer.press("Make the panel larger")
    definer.until("What should count?")


STICKING_OUT = """() => [...__panel.querySelectorAll('.panel, .panel *')].filter(e => {
  const r = e.getBoundingClientRect(), panel = __panel.querySelector('.panel').getBoundingClientRect();
  if (!r.width || e.closest('.crumbs, .live, svg, option')) return false;
  const out = panel.x < 0 || panel.y < 0 || panel.right > innerWidth || panel.bottom > innerHeight;
  return out || r.x < panel.x - 1 || r.right > panel.right + 1;
}).map(e => e.outerHTML.slice(0, 80))"""
