"""The doors of a whole server: headers of every answer, who asks behind a proxy, keys that are in use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.routing import Route

from backsight.api.guesses import BURST
from backsight.api.page_files import POLICY
from backsight.keys import Keys
from backsight.store.sqlite import SQLiteStore
from backsight_collector.http.app import Collector
from query.test_server import Process, eventually, run, starting

PAGE = "https://shop.example"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("doors")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Process]:
    """A server that takes its machine for a proxy."""
    with starting(folder) as begin:
        yield begin(TRUSTED_PROXIES="127.0.0.1", SCRIPT_PATH="/st/site.js")


def paths_of(server: Process, tmp_path: Path) -> set[str]:
    """The path of every route: the collector's, and those that the document lists."""
    routes = Collector(tmp_path, lambda _: None).routes
    document = httpx.get(f"{server.url}/v1/openapi.json").json()
    assert len(routes) > 5
    assert len(document["paths"]) > 30
    collectors = {route.path for route in routes if isinstance(route, Route)}
    return {
        *collectors,
        *document["paths"],
        "/v1/openapi.json",
        "/",
        "/shared",
        "/nothing/here",
        "/st/site.js",
        "/st/v1/events",
    }


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD", "TRACE"])
@pytest.mark.parametrize("key", [False, True], ids=["without a key", "with a key"])
def test_every_answer_is_nothing_but_what_it_says(
    server: Process, tmp_path: Path, method: str, key: bool
) -> None:
    """Whatever is asked of whichever route: never sniffed, kept nowhere, unless it is public."""
    headers = {"Authorization": f"Bearer {server.secret_key}"} if key else {}
    with httpx.Client(base_url=server.url, headers=headers) as client:
        for path in sorted(paths_of(server, tmp_path)):
            answer = client.request(method, path, content=b"{}" if method == "POST" else None)
            told = answer.headers
            assert told["x-content-type-options"] == "nosniff", (path, answer)
            assert "server" not in told
            assert "x-powered-by" not in told
            if told.get("cross-origin-resource-policy") == "cross-origin":
                assert (told["access-control-allow-origin"], method in {"GET", "HEAD"}) == ("*", True), path
                assert told["cache-control"].startswith("public, max-age="), path
                continue
            if told["cache-control"] == "no-cache":  # the page, which holds nothing of any site
                assert (path, told["content-security-policy"]) in {("/", POLICY), ("/shared", POLICY)}
                assert method in {"GET", "HEAD"}
                continue
            assert told["cache-control"] == "no-store", path
            if "access-control-allow-origin" not in told:
                assert told["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'", path
                assert told["referrer-policy"] == "no-referrer", path
                assert told["cross-origin-resource-policy"] == "same-origin", path


def test_pages_of_other_origins_may_load_the_scripts_alone(server: Process) -> None:
    """What pages embed says so; the API and the health of the server are closed to them."""
    for path in ("/backsight.js", "/st/site.js", "/st/effects.js"):
        assert httpx.get(server.url + path).headers["cross-origin-resource-policy"] == "cross-origin"
    for path in ("/healthz", "/readyz", "/metrics", "/v1/events", "/v1/openapi.json"):
        assert httpx.get(server.url + path).headers["cross-origin-resource-policy"] == "same-origin"


def test_the_trail_tells_who_asked_behind_the_proxy(server: Process) -> None:
    """A trusted proxy's client stands in the audit line, whatever that client wrote into the header."""
    headers = {"Authorization": f"Bearer {server.secret_key}", "X-Forwarded-For": "6.6.6.6, 192.0.2.7"}
    made = httpx.post(f"{server.url}/v1/keys", json={"label": "behind"}, headers=headers).json()
    lines = httpx.get(f"{server.url}/v1/audit", headers=headers).json()["lines"]
    assert (lines[0]["subject"], lines[0]["address"]) == (made["key_id"], "192.0.2.7")


def test_a_guesser_behind_the_proxy_is_held_up_alone(server: Process) -> None:
    """Attempts count for who makes them; others behind the same proxy, and the metrics, go on."""

    def guess(address: str) -> int:
        headers = {"Authorization": "Bearer sk_" + "0" * 40, "X-Forwarded-For": address}
        return httpx.get(f"{server.url}/v1/events", headers=headers).status_code

    assert 429 in {guess("192.0.2.66") for _ in range(100)}
    assert guess("192.0.2.67") == 401
    metrics = httpx.get(f"{server.url}/metrics").text
    assert "\nbacksight_api_keys_held_up_total " in metrics
    refused = re.search(r"^backsight_api_keys_refused_total (\d+)$", metrics, re.MULTILINE)
    assert refused is not None
    assert int(refused[1]) > BURST


def capture(server: Process, key: str, origin: str | None) -> int:
    """The status that a batch gets."""
    body = {"v": 1, "key": key, "batch": "b", "device": "d", "session": "s", "pages": [], "elements": [],
            "nodes": [], "events": []}  # fmt: skip
    headers = {} if origin is None else {"Origin": origin}
    return httpx.post(f"{server.url}/v1/capture", content=json.dumps(body), headers=headers).status_code


def test_settings_of_a_write_key_hold_while_the_server_runs(server: Process, folder: Path) -> None:
    """Origins, servers and end are obeyed within seconds of being set, on the running collector."""
    made = json.loads(run("keys", "list", "--json", "--data", folder).stdout)[0]
    key, key_id = made["key"], made["key_id"]
    assert capture(server, key, "https://anywhere.example") == 200
    run("keys", "set", key_id, "--origin", "https://*.shop.example", "--pages-only", "--data", folder)
    eventually(lambda: capture(server, key, "https://anywhere.example"), 403)
    assert capture(server, key, "https://www.shop.example") == 200
    assert capture(server, key, None) == 403
    run("keys", "set", key_id, "--any-origin", "--servers-too", "--data", folder)
    eventually(lambda: capture(server, key, None), 200)
    rotated = run("keys", "rotate", key_id, "--days", "0", "--data", folder).stdout.strip()
    eventually(lambda: capture(server, key, None), 401)
    assert capture(server, rotated, None) == 200


def test_the_use_of_a_write_key_is_noted(server: Process, folder: Path) -> None:
    """A key that a page sends with is told as used in this hour; one that nobody uses is not."""
    used = run("keys", "create", "--label", "used", "--data", folder).stdout.strip()
    run("keys", "create", "--label", "unused", "--data", folder)

    def noted() -> dict[str, bool]:
        capture(server, used, PAGE)
        with SQLiteStore(folder / "backsight.sqlite") as store:
            return {key.label: key.last_used is not None for key in Keys(store).list() if "used" in key.label}

    eventually(noted, {"used": True, "unused": False})


def test_the_document_lists_what_the_collector_takes(server: Process) -> None:
    """Each route that is listed beside the API's answers a POST, and says what is wrong with an empty one."""
    paths = httpx.get(f"{server.url}/v1/openapi.json").json()["paths"]
    listed = {
        path: item["post"] for path, item in paths.items() if item.get("post", {}).get("tags") == ["capture"]
    }
    assert set(listed) == {"/v1/capture", "/v1/batch", "/batch"}
    for path, operation in listed.items():
        answer = httpx.post(server.url + path, content=b"{}")
        assert str(answer.status_code) in operation["responses"], (path, answer)
        assert answer.status_code in {400, 401}
        assert httpx.post(server.url + path, content=b"{").status_code in {400, 401}
