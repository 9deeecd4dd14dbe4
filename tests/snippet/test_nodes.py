"""The node table, held against the browser's own selectors."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest

PAGE = """
<header><nav><a href=#>1</a> text <a href=#>2</a><!-- comment --><span>3</span><a href=#>4</a></nav></header>
<main><table><tr><td>1<td>2<tr><td>3<td id=cell>4</table>
<svg><g><circle/><rect/><circle id=dot /></g></svg><math><mi id=x>x</mi><mo>+</mo></math>
<div><p>1</p><x-y>2</x-y><p>3</p><x-y id=custom>4</x-y><p>5</p></div></main>
"""

POSITIONS = """element => {
  const found = [];
  for (; element; element = element.parentElement) {
    const at = ['child', 'last-child', 'of-type', 'last-of-type'].map(kind => {
      for (let n = 1; ; n++) if (element.matches(`:nth-${kind}(${n})`)) return n;
    });
    found.push({tag: element.localName, at});
  }
  return found;
}"""


@pytest.mark.parametrize(
    "selector", ["nav a:last-child", "nav span", "#cell", "#dot", "#x", "#custom", "body", "html"]
)
def test_positions_are_those_of_the_browsers_selectors(visit, site, selector):
    """Each ancestor's four positions are the ones for which :nth-child() and its relatives match."""
    visit.goto(site.put(PAGE))
    expected = visit.page.eval_on_selector(selector, POSITIONS)
    visit.page.dispatch_event(selector, "click")
    chain = site.chain(visit.events("click")[0])
    assert [{"tag": e["tag"], "at": e["at"]} for e in chain] == expected
    assert {e["flags"] for e in chain} == {0}


def test_ancestors_are_written_once(visit, site):
    """Clicks on one page share their ancestors, and a repeated click adds no line at all."""
    visit.goto(site.put("<ul>" + "<li><button>Delete</button>" * 10 + "</ul>"))
    visit.run("for (let i = 0; i < 2; i++) document.querySelectorAll('button').forEach(b => b.click())")
    batch = visit.events("click", 20)[0]["batch"]
    assert len(batch["nodes"]) == 3 + 10 * 2
    assert [e["tag"] for e in batch["elements"]] == ["html", "body", "ul", "li", "button"]
    assert all(parent < index for index, (parent, *_) in enumerate(batch["nodes"]))


def test_what_changed_between_two_clicks_is_another_line(visit, site):
    """Each event's ancestors are as they were at that event."""
    visit.goto(site.put("<div class=a><button onclick=\"this.parentNode.className = 'b'\">Go</button></div>"))
    visit.click("button")
    visit.click("button")
    first, second = visit.events("click", 2)
    assert [site.chain(e)[1]["attrs"]["class"] for e in (first, second)] == ["a", "b"]


def test_attributes_are_kept_by_the_list(shot, site):
    """Listed attributes stay verbatim; values, styles, handlers and foreign namespaces never leave; long ones are null."""
    click = shot(
        '<input type=submit id=" a " class="md:flex  w-1/2" value=Secret style="color:red" onclick="1" formaction=/x '
        f'data-x="ü&quot;" aria-label="" disabled-not data-long="{"x" * 1025}" data-fits="{"x" * 1024}">',
        "input",
    )
    assert site.chain(click)[0]["attrs"] == {
        "type": "submit", "id": " a ", "class": "md:flex  w-1/2", "data-x": 'ü"', "aria-label": "",
        "data-long": None, "data-fits": "x" * 1024,
    }  # fmt: skip


def test_attributes_of_another_namespace_are_left_out(visit, site):
    """Only attributes without a namespace are sent, under the name that the document holds."""
    visit.goto(site.put('<svg viewBox="0 0 1 1"><use xlink:href="#a" href="#b" id=u></use></svg>'))
    visit.page.dispatch_event("#u", "click")
    assert site.chain(visit.events("click")[0])[0]["attrs"] == {"href": "#b", "id": "u"}


def test_quirks_mode_is_flagged(visit, site):
    """A document without a doctype says so on each node."""
    visit.goto(
        site.put_raw('<head><script async src="/backsight.js" data-key="wk_test"></script></head><p>Text')
    )
    visit.click("p")
    assert {e["flags"] for e in site.chain(visit.events("click")[0])} == {2}


def test_a_tree_that_left_the_document_is_flagged(visit, site):
    """If something removed the element before, its chain ends at a root that is not the document's."""
    visit.goto(
        site.put(
            "<div><p>Text</p></div>",
            head="<script>addEventListener('click', e => e.target.parentNode.remove(), true)</script><script async src=/backsight.js data-key=wk_test></script>",
        )
    )
    visit.click("p")
    p, div = site.chain(visit.events("click")[0])
    assert (p["flags"], div["flags"]) == (0, 4)


def test_a_very_deep_page_loses_that_event_and_counts_it(visit, site):
    """Deeper than the wire allows, an event is counted as lost; the next one is captured."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run("""
      let deep = document.body;
      for (let i = 0; i < 600; i++) deep = deep.appendChild(document.createElement('div'));
      deep.click(); document.querySelector('p').click()
    """)
    click = visit.events("click")[0]
    assert site.chain(click)[0]["tag"] == "p"
    assert click["batch"]["dropped"] == {"handler": 1}
