"""The page's files: what browsers are told of them, and when they need not load them again."""

from __future__ import annotations

import gzip

import httpx
import pytest

from backsight.api.page_files import POLICY, SMALL
from backsight.page import read_files
from query.api.asking import problem

FILES = sorted(read_files())


@pytest.mark.parametrize("path", ["/", "/shared", *(f"/page/{name}" for name in FILES)])
def test_files_are_whole_in_both_forms(url: str, path: str) -> None:
    """Each file comes as it was built, packed or not, with a policy that lets nothing else in."""
    name = path.removeprefix("/page/") if path.startswith("/page/") else "index.html"
    content = read_files()[name]
    with httpx.Client(base_url=url, headers={"Accept-Encoding": "identity"}) as client:
        plain = client.get(path)
        packed = client.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})
        head = client.head(path)
    assert plain.content == packed.content == content
    assert "content-encoding" not in plain.headers
    assert ("content-encoding" in packed.headers) <= (len(content) >= SMALL)
    assert (head.status_code, head.content) == (200, b"")
    for answer in (plain, packed, head):
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert not answer.headers["content-type"].startswith("application/octet-stream")
    assert plain.headers["content-length"] == head.headers["content-length"] == str(len(content))


def test_large_files_are_packed(url: str) -> None:
    """What compresses well goes over the wire compressed, except where the browser takes no gzip."""
    name = max(FILES, key=lambda each: len(read_files()[each]))
    content = read_files()[name]
    for accept, expected in (("gzip", "gzip"), ("gzip;q=0", None), ("identity", None), ("*", "gzip")):
        with httpx.stream("GET", f"{url}/page/{name}", headers={"Accept-Encoding": accept}) as answer:
            sent = b"".join(answer.iter_raw())
        assert answer.headers.get("content-encoding") == (expected if len(content) >= SMALL else None)
        assert (gzip.decompress(sent) if "content-encoding" in answer.headers else sent) == content


@pytest.mark.parametrize("path", ["/", "/shared", f"/page/{FILES[0]}"])
def test_what_did_not_change_is_not_sent_again(url: str, path: str) -> None:
    """304 without a body for who has the same file, also where a proxy marked its tag; else all of it."""
    tag = httpx.get(url + path).headers["etag"]
    for seen in (tag, f"W/{tag}", f'"other", {tag}', tag[:-1] + '-gzip"', "*"):
        answer = httpx.get(url + path, headers={"If-None-Match": seen})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert answer.headers["content-security-policy"] == POLICY
    assert httpx.get(url + path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/page/",
        "/page/nothing.js",
        "/page/..%2f__init__.py",
        "/page/%2e%2e/app.py",
        "/page/static/index.html",
    ],
)
def test_nothing_else_is_served(api: httpx.Client, path: str) -> None:
    """A file that the page has not is 404, wherever it may stand on the disk."""
    problem(api.get(path), 404)


def test_the_page_holds_nothing_of_a_site(url: str) -> None:
    """Without a key, with one, or with one that opens nothing, the page is the same; it sets no cookies."""
    pages = [httpx.get(url, headers={"Authorization": f"Bearer {key}"}) for key in ("x", "sk_" + "0" * 40)]
    assert {page.content for page in [*pages, httpx.get(url)]} == {read_files()["index.html"]}
    assert all("set-cookie" not in page.headers for page in pages)
    problem(httpx.post(url), 405)
