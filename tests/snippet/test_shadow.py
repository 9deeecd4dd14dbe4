"""Shadow trees: true targets, hosts, slots, and events that do not leave their tree."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

COMPONENTS = """<x-shop class=host><b id=light>Light</b></x-shop><script>
  class Inner extends HTMLElement { constructor() {
    super(); this.attachShadow({mode: 'open'}).innerHTML =
      '<p></p><form onsubmit="return false"><label>Size <input id=field></label><button id=deep>Buy</button></form>' } }
  class Shop extends HTMLElement { constructor() {
    super(); this.attachShadow({mode: 'open'}).innerHTML =
      '<style></style><div part=frame><x-inner></x-inner><button id=around><slot></slot></button></div>' } }
  customElements.define('x-inner', Inner); customElements.define('x-shop', Shop);
  window.shop = document.querySelector('x-shop').shadowRoot;
  window.inner = shop.querySelector('x-inner').shadowRoot;
</script>"""


def described(chain):
    return [(e["tag"], e["attrs"].get("id"), e["flags"]) for e in chain]


def test_the_target_is_the_innermost_through_nested_trees(visit, site):
    """The chain goes from shadow child to host, and each shadow root's children are numbered among themselves."""
    visit.goto(site.put(COMPONENTS))
    visit.run("inner.querySelector('#deep').click()")
    chain = site.chain(visit.events("click")[0])
    assert described(chain) == [
        ("button", "deep", 0), ("form", None, 1), ("x-inner", None, 0), ("div", None, 1),
        ("x-shop", None, 0), ("body", None, 0), ("html", None, 0),
    ]  # fmt: skip
    assert [e["at"] for e in chain[:4]] == [[2, 1, 1, 1], [2, 1, 1, 1], [1, 2, 1, 1], [2, 1, 1, 1]]


def test_slotted_content_belongs_to_its_own_tree(visit, site):
    """A slotted element's ancestors are those of the page; the button drawn around it is what was meant."""
    visit.goto(site.put(COMPONENTS))
    visit.click("#light")
    click = visit.events("click")[0]
    assert described(site.chain(click))[:2] == [("b", "light", 0), ("x-shop", None, 0)]
    assert (click["text"], click["label"], click["target_text"]) == ("Light", "Light", "Light")


def test_change_and_submit_inside_a_tree_are_captured_once(visit, site):
    """Events that are not composed are heard inside their tree, however often it was entered before."""
    visit.goto(site.put(COMPONENTS))
    visit.page.locator("#field").fill("secret")
    visit.page.locator("#field").press("Enter")
    visit.page.locator("#field").fill("secret again")
    visit.run("document.activeElement.blur(), inner.activeElement?.blur()")
    changes, submits = visit.events("change", 2), visit.events("submit", 1)
    assert [(c["label"], described(site.chain(c))[0]) for c in changes] == [
        ("Size", ("input", "field", 0))
    ] * 2
    assert len(submits) == 1
    assert all("secret" not in request.raw for request in site.requests)


def test_a_composed_change_is_not_captured_twice(visit, site):
    """A change event that a component sends through all trees is one event."""
    visit.goto(site.put(COMPONENTS))
    visit.run("inner.querySelector('#deep').click()")
    visit.run(
        "inner.querySelector('#field').dispatchEvent(new Event('change', {bubbles: true, composed: true}))"
    )
    visit.run("backsight.track('end')")
    visit.events("track")
    assert len(site.events("change")) == 1


def test_a_closed_tree_shows_its_host(visit, site):
    """What is closed stays closed: the target is the host."""
    visit.goto(
        site.put(
            "<x-closed></x-closed><script>window.closed_ = document.querySelector('x-closed').attachShadow({mode: 'closed'}); closed_.innerHTML = '<button>Go</button>'</script>"
        )
    )
    visit.run("closed_.querySelector('button').click()")
    assert site.chain(visit.events("click")[0])[0]["tag"] == "x-closed"


def test_ignoring_reaches_through_hosts_and_slots(visit, site):
    """Elements are ignored inside an ignored host, and where they are slotted into an ignored part."""
    visit.goto(
        site.put("""<div data-backsight-ignore><x-a></x-a></div><x-b><i>slotted</i></x-b><p>seen</p><script>
      document.querySelector('x-a').attachShadow({mode: 'open'}).innerHTML = '<button>A</button>';
      document.querySelector('x-b').attachShadow({mode: 'open'}).innerHTML = '<div data-backsight-ignore><slot></slot></div>';
    </script>""")
    )
    visit.run(
        "document.querySelector('x-a').shadowRoot.querySelector('button').click(); document.querySelector('i').click()"
    )
    visit.click("p")
    assert [site.chain(e)[0]["tag"] for e in visit.events("click")] == ["p"]
