"""What Chromium lets a page do with a definer's token, across origins and within its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from backsight.api import create_api
from backsight.data_directory import DataDirectory
from backsight.keys import Keys
from shop_site import definer_token, secret_key, serve

ASK = """async ([url, key, method, body, headers, referrerPolicy]) => {
  try {
    const response = await fetch(url, {method, body, referrerPolicy, credentials: "omit",
      headers: {authorization: `Bearer ${key}`, "content-type": "application/json", ...headers}});
    return [response.status, response.headers.get("etag"), await response.text()];
  } catch (error) { return [0, null, String(error)]; }
}"""
RULES = '{"rules": [{"on": "any"}]}'

Ask = Callable[..., list[Any]]


def with_pages(api: ASGIApp) -> ASGIApp:
    """The API, below /st/ too, and an empty page at every other path."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path.startswith("/st/v1/"):
            scope = {**scope, "path": path[3:], "raw_path": scope["raw_path"][3:]}
        page: Response = HTMLResponse("<!doctype html><title>Shop</title>")
        await (api if "/v1/" in path else page)(scope, receive, send)

    return app


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[str]:
    """Where both are served."""
    directory = DataDirectory(data, threads=1)
    keys = Keys(directory.store)
    with serve(with_pages(create_api(directory.site, keys.authenticate, tokens=keys))) as url:
        yield url
    directory.close()


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """A page in Chromium."""
    with chromium.new_page() as opened:
        yield opened


@pytest.fixture
def ask(page: Page, server: str) -> Ask:
    """Asks the API from a page of an origin, as the definer does."""

    def asking(
        origin: str, key: str, method: str = "GET", path: str = "/v1/definer", body: str | None = None,
        policy: str = "origin", **headers: str,
    ) -> list[Any]:  # fmt: skip
        page.goto(f"{origin}/page")
        url = path if origin == server else f"{server}{path}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer: list[Any] = page.evaluate(ASK, [url, key, method, body, sent, policy])
        return answer

    return asking


@pytest.fixture
def other(server: str) -> str:
    """Another origin that has pages: the same server by another name."""
    return server.replace("127.0.0.1", "localhost")


def test_a_page_of_the_tokens_origin_defines_across_origins(data: Path, ask: Ask, other: str) -> None:
    """Chromium's preflights let every operation of the definer through, with its headers and ETags."""
    token = definer_token(data, other)
    assert ask(other, token)[0] == 200
    status, etag, _ = ask(other, token, "PUT", "/v1/events/Pointed", RULES, if_none_match="*")
    assert (status, etag) == (200, '"1"')
    assert ask(other, token, "POST", "/v1/events/preview", RULES)[0] == 200
    assert ask(other, token, "PUT", "/v1/events/Pointed", RULES, if_match='"7"')[0] == 412
    assert ask(other, token, "POST", "/v1/events/preview", "{}")[0] == 400
    assert ask(other, token, "DELETE", "/v1/events/Pointed", if_match='"1"')[0] == 204


def test_a_page_reads_that_its_token_has_expired(data: Path, ask: Ask, other: str) -> None:
    """The page is told, instead of a failure of the network."""
    status, _, said = ask(other, definer_token(data, other, 0))
    assert (status, "expired" in said) == (401, True)


@pytest.mark.parametrize("path", ["/v1/reports/persons", "/v1/cohorts/preview", "/v1/definer/links"])
def test_a_page_reaches_nothing_else(data: Path, ask: Ask, other: str, path: str) -> None:
    """Chromium does not even send what no preflight allows, with a token or a secret key."""
    for key in (definer_token(data, other), secret_key(data, "admin")):
        assert ask(other, key, "POST", path, "{}")[0] == 0


def test_a_page_of_another_origin_reads_nothing(data: Path, ask: Ask, server: str, other: str) -> None:
    """With a token of another origin, known or not, there is nothing that a page could read."""
    token = definer_token(data, "https://shop.example")
    assert ask(other, token)[0] == 0
    definer_token(data, other)
    assert ask(other, token)[0] == 0


@pytest.mark.parametrize("folder", ["", "/st"])
def test_a_page_asks_its_own_origin(data: Path, ask: Ask, server: str, folder: str) -> None:
    """Where the API stands at the site's own address the token is good for reading and changing alike."""
    token = definer_token(data, server)
    assert ask(server, token, path=f"{folder}/v1/definer")[0] == 200
    assert ask(server, token, "PUT", f"{folder}/v1/events/Own", RULES)[0] == 200
    assert ask(server, token, "DELETE", f"{folder}/v1/events/Own")[0] == 204


def test_a_page_that_says_nothing_of_itself_may_not_read(data: Path, ask: Ask, server: str) -> None:
    """Without origin and referrer nobody knows which page asks."""
    status, _, said = ask(server, definer_token(data, server), policy="no-referrer")
    assert (status, "another origin" in said) == (403, True)
