"""From a link of `backsight define` to a funnel with the event that was pointed at, all of it real."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from backsight.demo.serving import free_port
from definer.conftest import Definer
from journey.conftest import serving_shop
from journey.running import SECRET_KEY, WRITE_KEY, answers, await_true

ADDS = {"ada": 2, "ben": 1, "cleo": 0}
"""How often each visitor puts something from the shelf into the basket."""
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("BACKSIGHT_")} | {
    "BACKSIGHT_WRITE_KEY": WRITE_KEY,
    "BACKSIGHT_SECRET_KEY": SECRET_KEY,
}


@dataclass(frozen=True)
class Running:
    """`backsight up`, and the shop whose pages send to it."""

    data: Path
    backsight: str
    shop: str

    def ask(self, path: str, body: object) -> Any:
        """What the secret key is answered."""
        return (
            httpx.post(f"{self.backsight}{path}", json=body, headers=bearer(SECRET_KEY))
            .raise_for_status()
            .json()
        )

    def link(self, page: str = "/") -> str:
        """What `backsight define` prints for a page of the shop."""
        done = subprocess.run(
            [sys.executable, "-m", "backsight.cli", "define", self.shop + page, "--data", str(self.data)],
            env=ENVIRONMENT, capture_output=True, check=True, timeout=60, text=True,
        )  # fmt: skip
        return done.stdout.strip()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def running(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """All parts on one port, and a shop that three persons have visited."""
    data, port = tmp_path_factory.mktemp("up"), free_port()
    command = [sys.executable, "-m", "backsight.cli", "up", "--data", str(data), "--port", str(port)]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    try:
        await_true("backsight up", lambda: answers(port))
        with serving_shop(f"http://127.0.0.1:{port}") as shop:
            made = Running(data, f"http://127.0.0.1:{port}", shop)
            for times in ADDS.values():
                visit(chromium, shop, times)
            await_true("the visits in the lake", lambda: clicks(made) == sum(ADDS.values()))
            yield made
    finally:
        process.terminate()
        process.wait(30)


def visit(chromium: Browser, shop: str, times: int) -> None:
    """A person of their own looks at the shop and adds from its shelf so often."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(shop)
    page.wait_for_function("() => !!window.backsight?.flush")
    for _ in range(times):
        page.locator(".shelf button.add").first.click()
    with page.expect_response("**/v1/capture"):
        page.evaluate("backsight.flush()")
    context.close()


def clicks(running: Running) -> int:
    found: int = running.ask("/v1/events/preview", {"rules": [{"on": "click", "css": ".shelf button.add"}]})[
        "events"
    ]
    return found


@pytest.fixture
def pointing(running: Running, chromium: Browser) -> Iterator[tuple[Definer, list[Request]]]:
    """A tab in which the definer can be opened, and what is asked of the API there."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    definer = Definer(page, None, None)  # type: ignore[arg-type]
    yield definer, asked
    assert definer.errors == []
    context.close()


def test_from_a_link_to_a_funnel(running: Running, pointing: tuple[Definer, list[Request]]) -> None:
    """Hover, hold, choose, name, save: the funnel counts those who had clicked before anybody had named it."""
    definer, asked = pointing
    definer.page.goto(running.link())
    definer.until("Point at something")
    assert "dt_" not in definer.page.url
    add = ".shelf button.add"
    definer.page.locator(add).first.scroll_into_view_if_needed()
    definer.point(f"{add} svg")
    assert "button" in definer.frame("hover")[0]
    definer.hold(f"{add} svg")
    definer.until("What should count?")
    assert 2 <= definer.count(".choice") <= 4
    definer.until_count(".choice .spark", definer.count(".choice"))
    definer.press("4 on this page", css=".choice")
    definer.until("Counts 3 events by 2 persons")
    definer.fill("Name of the event", "Added from the shelf")
    definer.press("Save")
    definer.until("“Added from the shelf” is defined")
    definer.until_count(".badge", 3)
    funnel = {"steps": [{"on": "pageview"}, {"on": "click"}, "Added from the shelf"]}
    looked, *went_on = [step["count"] for step in running.ask("/v1/reports/funnel", funnel)["steps"]]
    assert looked in {3, 4}  # Who points at things looks at the shop, too, and may be counted already.
    assert went_on == [2, 1]  # Ada alone clicked, and then added once more.
    assert_asked(running, asked)


def assert_asked(running: Running, asked: list[Request]) -> None:
    """Expected requests, each with the token in its header and nowhere else."""
    api = [
        request
        for request in asked
        if f"{running.backsight}/v1/" in request.url and "capture" not in request.url
    ]
    paths = {(request.method, request.url.partition("/v1/")[2].partition("?")[0]) for request in api}
    assert paths - {("OPTIONS", path) for _, path in paths} == {
        ("GET", "definer"), ("GET", "events"), ("POST", "elements/candidates"), ("POST", "events/preview"),
        ("PUT", "events/Added%20from%20the%20shelf"),
    }  # fmt: skip
    asking = [request for request in api if request.method != "OPTIONS"]
    assert all(request.headers["authorization"].startswith("Bearer dt_") for request in asking)
    assert not any("dt_" in request.url or "dt_" in request.headers.get("referer", "") for request in asked)
    sent = [request.post_data or "" for request in asked if "capture" in request.url]
    assert not any("dt_" in body for body in sent)


def test_names_and_what_has_none_stand_on_the_page(
    running: Running, pointing: tuple[Definer, list[Request]]
) -> None:
    """An event that was defined elsewhere has its badge with its count; what has no name is listed, and can be shown."""
    definer, _ = pointing
    named = {"rules": [{"on": "click", "css": ".shelf button.add"}]}
    httpx.put(
        f"{running.backsight}/v1/events/Filled", json=named, headers=bearer(SECRET_KEY)
    ).raise_for_status()
    definer.page.goto(running.link())
    definer.page.wait_for_function(
        "() => [...window.__panel?.querySelectorAll('.badge') ?? []].some(badge => badge.textContent === 'Filled3')"
    )
    definer.press("Names", css="[role=tab]")
    definer.press("Filled", css=".item")
    definer.until("3 events by 2 persons")
    definer.press("Delete…")
    definer.press("Delete it")
    definer.until("Deleted Filled")
    assert "Filled" not in str(httpx.get(f"{running.backsight}/v1/events", headers=bearer(SECRET_KEY)).json())
    definer.press("Not named yet")
    definer.until("Clicked most in the last 30 days")
    definer.page.wait_for_function("() => !__panel.querySelector('.body .skeleton')")
    assert definer.count(".trouble") == 0


def token_of(link: str) -> str:
    return link.partition("backsight-")[2]


def test_the_token_is_good_for_this_origin_and_these_operations_alone(
    running: Running, chromium: Browser
) -> None:
    """Pages of other origins, requests without a token, and other operations are refused."""
    token = token_of(running.link())
    own = {**bearer(token), "Origin": running.shop}

    def status(path: str, headers: dict[str, str]) -> int:
        return httpx.post(
            f"{running.backsight}{path}", json={"rules": [{"on": "click"}]}, headers=headers
        ).status_code

    assert status("/v1/events/preview", own) == 200
    assert status("/v1/events/preview", {"Origin": running.shop}) == 401
    assert status("/v1/events/preview", {**own, "Origin": "https://evil.example"}) == 403
    assert status("/v1/reports/trend", own) == 403
    assert status("/v1/definer/links", own) == 403


def test_another_sites_page_reads_nothing(running: Running, browsing: BrowserContext) -> None:
    """Even with the token the browser keeps the answers from a page of another origin; there the definer says so."""
    token = token_of(running.link())
    page = browsing.new_page()
    page.goto(f"{running.backsight}/readyz")
    answered = [
        fetched(page, f"{running.shop}/../v1/events", token),
        fetched(page, f"{running.backsight}/v1/events", token),
    ]
    assert "shop" not in str(answered)
    other = running.shop.replace("127.0.0.1", "localhost")
    definer = Definer(browsing.new_page(), None, None)  # type: ignore[arg-type]
    definer.page.goto(f"{other}/#backsight-{token}")
    definer.page.wait_for_function("() => window.__panel?.querySelector('.notice')")
    assert definer.count(".tabs") == 0
    assert definer.errors == []


def fetched(page: Page, url: str, token: str) -> object:
    """What a page can read of an answer."""
    script = """async ([url, token]) => {
      try { const got = await fetch(url, {headers: {authorization: 'Bearer ' + token}}); return [got.status, await got.text()] }
      catch { return 'kept away' }
    }"""
    return page.evaluate(script, [url, token])
