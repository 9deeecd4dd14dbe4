"""The tables that the definer sends are those that clicks would have sent, and hold nothing that somebody typed."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import json

import pytest

from pages.sites import PAGES

SECRETS = """<form><input id=name value=written><textarea>Dear diary</textarea><div contenteditable><b title=mine>Love letter</b></div>
<input type=password placeholder=hush><select><option selected>Chosen</select></form>
<div data-backsight-redact><a href=/invoice/12 title=Invoice>Invoice 12</a></div>
<p data-backsight-ignore class=hidden-away><b>Nothing</b></p><p data-mail="ada@example.com"><button id=send>Send</button></p>"""


def asked(definer, css):
    """The body that asks for candidates of an element."""
    definer.hold(css)
    definer.until("What should count?")
    return definer.api.requests("POST", "candidates")[-1].body


def chain(body, index):
    """What stands at a node and its ancestors: description, places and flags."""
    while index >= 0:
        parent, element, *rest = body["nodes"][index]
        yield {**body["elements"][element], "rest": rest}
        index = parent


def test_what_is_held_says_what_a_click_would(shop, site):
    """Texts, names, address and context of the held element are those of its click."""
    definer = shop()
    definer.run("addEventListener('click', event => event.preventDefault())")
    for css in ("#blue", "#away", "#email"):
        site.requests.clear()
        body = asked(definer, css)
        definer.page.keyboard.press("Alt+Shift+P")
        definer.run("css => document.querySelector(css).click()", css)
        definer.run("backsight.flush()")
        definer.page.keyboard.press("Alt+Shift+P")
        (click,) = site.until_events("click")
        facts = ("text", "label", "href", "target_text")
        assert [body.get(fact) for fact in facts] == [click.get(fact) for fact in facts]
        assert dict(body["texts"]).get(body["node"], "") == (click["text"] or "")
        assert body["page"] == {"url": site.url("/shop"), "title": "Shop"}


@pytest.mark.parametrize("page", ["tailwind", "shadow", "quirks"])
def test_every_element_stands_as_the_snippet_captures_it(definer, site, page):
    """All elements of a page, through its shadow trees: descriptions, places and flags agree with those of their clicks."""
    html = (PAGES / f"{page}.html").read_text()
    script = '<script async src="/backsight.js" data-key="wk_test"></script>'
    head, found, rest = html.partition("</head>")
    html = f"{head}{script}{found}{rest}" if found else script + html
    definer.open(site.put_raw(html, "/"))
    definer.page.keyboard.press("Alt+Shift+P")
    definer.run(CLICK_ALL)
    definer.run("backsight.flush()")
    site.until_events("click", definer.run("window.clicked"))
    captured = {signature(site.chain(event)) for event in site.events("click")}
    definer.page.keyboard.press("Alt+Shift+P")
    definer.run("document.querySelector('a, button, [href]').focus()")
    definer.page.keyboard.press("Enter")
    definer.until("What should count?")
    body = definer.api.requests("POST", "candidates")[-1].body
    sent = {signature(chain(body, index)) for index in range(len(body["nodes"]))}
    assert captured == sent


def signature(elements):
    """A context as text; the definer's own element is no part of the page, so it counts in no place."""
    said = []
    for element in elements:
        places = element.get("rest") or [*element["at"], element["flags"]]
        said.append([element["tag"], element.get("ns"), element.get("attrs") or {}, places])
    return json.dumps(said, sort_keys=True)


CLICK_ALL = """() => {
  const all = [];
  const visit = root => { for (const e of root.querySelectorAll('*')) { if (e !== __panel.host) all.push(e); if (e.shadowRoot) visit(e.shadowRoot) } };
  visit(document);
  addEventListener('click', e => e.preventDefault());
  __panel.host.remove(); // It comes back with the next frame.
  for (const e of all) e.dispatchEvent(new MouseEvent('click', {bubbles: true, composed: true, cancelable: true}));
  window.clicked = all.length;
}"""


def test_nothing_that_was_typed_or_is_private_is_sent(definer, site):
    """Values, contents of editable elements, redacted attributes, ignored elements and masked ones stay in the page."""
    definer.open(site.put(SECRETS))
    definer.page.locator("#name").evaluate("e => { e.value = 'typed' }")
    raw = json.dumps(asked(definer, "#send"))
    for word in (
        "written",
        "typed",
        "diary",
        "Love",
        "mine",
        "hush",
        "Chosen",
        "invoice",
        "Invoice",
        "hidden-away",
        "ada@",
    ):
        assert word not in raw
    assert '"data-mail": null' in raw


def test_a_huge_page_is_sent_in_part_nearest_first(definer, site):
    """Of more than 20,000 elements those around the held one are sent, with the right places among all siblings."""
    rows = "".join(f"<li><i>{i}</i></li>" for i in range(15_000))
    definer.open(site.put(f"<ul>{rows}</ul><footer><button id=end>End</button></footer>"))
    definer.run("document.querySelector('#end').scrollIntoView()")
    body = asked(definer, "#end")
    assert len(body["nodes"]) == 20_000
    assert body["nodes"][body["node"]][2:6] == [1, 1, 1, 1]
    tags = [element["tag"] for element in body["elements"]]
    items = [node for node in body["nodes"] if tags[node[1]] == "li"]
    assert items[7][2:6] == [8, 15_000 - 7, 8, 15_000 - 7]
    assert [part["tag"] for part in chain(body, body["node"])] == ["button", "footer", "body", "html"]
