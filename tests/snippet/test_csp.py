"""Strict content security policies, and scripts at a path of one's own."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest

from .conftest import SNIPPET

STRICT = (
    "default-src 'none'; script-src 'nonce-abc'; style-src 'none'; connect-src {host}; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
WATCH = "<script nonce=abc>window.violations = []; document.addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample))</script>"
BODY = "<h1>Shop</h1><p data-backsight-expose>Text</p><button>Buy</button>"


def tag(src, more=""):
    return f'<script nonce=abc async src="{src}" data-key="wk_test" data-vitals data-expose {more}></script>'


def loaded(visit):
    """Waits until both parts are there, and what is in view was looked at."""
    visit.page.wait_for_function(
        "() => performance.getEntriesByType('resource').filter(e => /vitals|expose/.test(e.name)).length === 2 && !!backsight.leaving"
    )
    visit.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))")


@pytest.mark.parametrize("where", ["same origin", "another origin", "data-host"])
def test_a_strict_policy_is_enough_for_all_parts(visit, site, where):
    """A nonce for the one tag, the host to connect to, no styles, Trusted Types without any policy: all parts work and nothing is violated."""
    host = site.url("", host="localhost") if where != "same origin" else site.url("")
    src = "/backsight.js" if where == "data-host" else f"{host}/backsight.js"
    heard: list[str] = []
    visit.page.on("console", lambda message: heard.append(message.text))
    head = WATCH + tag(src, f'data-host="{host}"' if where == "data-host" else "")
    visit.goto(site.put(BODY, head=head, content_security_policy=STRICT.format(host=host)))
    loaded(visit)
    visit.page.click("button")
    visit.run("backsight.track('x', {n: 1}); backsight.identify('ada'); history.pushState(null, '', '/b')")
    visit.events("vital", 3)
    visit.events("track")
    assert [e["text"] for e in visit.events("expose")] == ["Text", "Text"][: len(site.events("expose"))]
    assert len(visit.events("leave")) == 1
    assert visit.run("violations") == []
    assert [line for line in heard if "favicon" not in line and "404" not in line] == []
    assert {request.headers["Host"] for request in site.requests} == {host.partition("//")[2]}


def test_a_tag_of_tag_managers_under_strict_dynamic(visit, site):
    """A script that a trusted script put in has no nonce; `strict-dynamic` trusts it, and what it loads."""
    policy = f"default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; style-src 'none'; connect-src {site.url('')}"
    manager = "<script nonce=abc>const tag = document.createElement('script'); tag.src = '/backsight.js'; tag.dataset.key = 'wk_test'; tag.dataset.vitals = tag.dataset.expose = ''; document.head.append(tag)</script>"
    visit.goto(site.put(BODY, head=WATCH + manager, content_security_policy=policy))
    loaded(visit)
    assert visit.events("expose")[0]["text"] == "Text"
    assert visit.run("violations") == []


def test_a_policy_by_hosts(visit, site):
    """Without nonces, the host in script-src is enough for all parts."""
    host = site.url("", host="localhost")
    policy = f"default-src 'none'; script-src {host}; style-src 'none'; connect-src {host}"
    visit.goto(
        site.put(
            BODY, head=tag(f"{host}/backsight.js").replace("nonce=abc ", ""), content_security_policy=policy
        )
    )
    loaded(visit)
    assert visit.events("expose")[0]["text"] == "Text"


def test_parts_that_a_policy_forbids_break_nothing(visit, site):
    """A policy that names the script alone: the core works on, and no promise is left rejected."""
    policy = f"default-src 'none'; script-src {site.url('/backsight.js')}; connect-src {site.url('')}"
    visit.goto(
        site.put(BODY, head=tag("/backsight.js").replace("nonce=abc ", ""), content_security_policy=policy)
    )
    visit.page.click("button")
    assert visit.events("click")[0]["text"] == "Buy"
    assert site.events("error") == []


@pytest.mark.parametrize("path", ["/st/site.js", "/a/b/c/x.js?v=3"])
def test_everything_stands_next_to_the_script(visit, site, path):
    """Under a path and name of one's own, the parts come from its folder, and batches go there."""
    folder = path.rpartition("/")[0]
    site.put_raw(SNIPPET.read_text(), path.partition("?")[0], content_type="text/javascript")
    visit.goto(site.put(BODY, "/deep/page", head=tag(path)))
    loaded(visit)
    visit.events("expose")
    assert {request.path for request in site.requests} == {f"{folder}/v1/capture"}
    assert {f"{folder}/vitals.js", f"{folder}/expose.js"} <= set(site.gets)


@pytest.mark.parametrize(
    ("given", "path"),
    [("", "/v1/capture"), ("/", "/v1/capture"), ("/st", "/st/v1/capture"), ("/st/", "/st/v1/capture")],
)
def test_a_host_may_be_a_folder(visit, site, given, path):
    """data-host is an origin or a folder, with or without a slash at its end."""
    host = site.url("", host="localhost")
    visit.goto(site.put(BODY, head=tag("/backsight.js", f'data-host="{host}{given}"')))
    visit.events("pageview")
    assert {(request.headers["Host"], request.path) for request in site.requests} == {
        (host.partition("//")[2], path)
    }


def test_a_base_element_changes_nothing(visit, site):
    """Pages whose addresses are relative to another place still send to the script's own."""
    head = f'<base href="https://elsewhere.example/x/"><script async src="{site.url("/st/backsight.js")}" data-key="wk_test"></script>'
    visit.goto(site.put("<a href='y' onclick='return false'>Go</a>", head=head))
    visit.page.click("a")
    assert visit.events("click")[0]["href"] == "https://elsewhere.example/x/y"
    assert {request.path for request in site.requests} == {"/st/v1/capture"}
