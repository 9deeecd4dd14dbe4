"""Putting the snippet on a site."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "snippet.md"


def stub() -> str:
    """The inline script as the documentation shows it."""
    (code,) = re.findall(r"^(<script>window\.backsight.*</script>)$", DOCUMENT.read_text(), re.MULTILINE)
    return str(code)


def test_calls_made_before_it_has_loaded_are_not_lost(visit, site):
    """The documented stub queues them, and they follow the pageview in order; references taken before still work."""
    early = (
        stub()
        + "<script>window.kept = backsight; backsight.track('one', {n: 1}); backsight.identify('ada'); backsight.track('two')</script>"
    )
    visit.goto(
        site.put("<p>Text</p>", head=early + '<script async src="/backsight.js" data-key="wk_test"></script>')
    )
    visit.run("kept.track('three')")
    visit.events("track", 3)
    assert [(e["type"], e.get("name"), e["batch"].get("user")) for e in site.events()] == [
        ("pageview", None, None), ("track", "one", None), ("identify", None, "ada"), ("track", "two", "ada"),
        ("track", "three", "ada"),
    ]  # fmt: skip
    assert site.events("track")[0]["props"] == {"n": 1}


def test_a_wrong_name_in_the_queue_breaks_nothing(visit, site):
    """The other calls are still made."""
    early = stub() + "<script>backsight.q.push(['tarck', ['x']]); backsight.track('fine')</script>"
    visit.goto(site.put("", head=early + '<script async src="/backsight.js" data-key="wk_test"></script>'))
    assert visit.events("track")[0]["name"] == "fine"


def test_loading_twice_captures_once(visit, site):
    """A second script tag, with the same key or another, does nothing; nor does the stub after it."""
    twice = "".join(f'<script src="/backsight.js?{n}" data-key="wk_{n}"></script>' for n in range(3))
    visit.goto(site.put("<p>Text</p>" + stub(), head=twice))
    visit.click("p")
    visit.events("click")
    assert [(e["type"], e["batch"]["key"]) for e in site.events()] == [
        ("pageview", "wk_0"),
        ("click", "wk_0"),
    ]


def test_a_strict_content_security_policy_is_enough(visit, site):
    """No eval, no inline script or style: the script's host and the collector's are all that must be allowed."""
    visit.page.add_init_script(
        "window.violations = []; addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective))"
    )
    policy = "default-src 'none'; script-src 'self'; connect-src 'self'"
    visit.goto(site.put("<p>Text</p>", content_security_policy=policy))
    visit.click("p")
    visit.events("click")
    assert visit.run("violations") == []


def test_batches_may_go_to_another_host(visit, site):
    """data-host names it; the script may then come from anywhere."""
    head = f'<script async src="/backsight.js" data-key="wk_test" data-host="{site.url("", host="localhost")}"></script>'
    visit.goto(site.put("<p>Text</p>", head=head))
    visit.events("pageview")
    assert site.requests[0].headers["Host"].startswith("localhost")


def test_a_tag_put_in_by_script_works(visit, site):
    """As tag managers do it."""
    head = "<script>const tag = document.createElement('script'); tag.src = '/backsight.js'; tag.dataset.key = 'wk_test'; document.head.append(tag)</script>"
    visit.goto(site.put("<p>Text</p>", head=head))
    assert visit.events("pageview")[0]["batch"]["key"] == "wk_test"


def test_without_a_key_nothing_happens(visit, site):
    """The page works as it did."""
    visit.page.goto(site.put("<p>Text</p>", head='<script src="/backsight.js"></script>'))
    visit.click("p")
    assert visit.run("localStorage.length") == 0
    assert visit.run("typeof backsight.track") == "undefined"
