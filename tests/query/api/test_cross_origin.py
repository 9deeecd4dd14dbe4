"""What pages may ask with a definer's token, and that nobody else may."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from backsight.api import create_api
from backsight.api.cross_origin import MOST_AT_ONCE
from backsight.api.operations import OPERATIONS, Operation
from backsight.keys import Keys, Principal
from backsight.store.sqlite import SQLiteStore
from query.api.asking import Broken, check, client, problem
from shop_site import definer_token, secret_key, serve, served, write_data

PAGE = "https://shop.example"
ON_PAGE = [each for each in OPERATIONS if each.on_page]
NOT_ON_PAGE = [each for each in OPERATIONS if not each.on_page]
ANY = {"rules": [{"on": "any"}]}


def path_of(operation: Operation) -> str:
    return operation.path.replace("{name}", "Seen").replace("{person}", "device:ada")


def shared(response: httpx.Response) -> dict[str, str]:
    """The CORS headers of an answer."""
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


def ask(url: str, token: str, method: str = "GET", path: str = "/v1/definer", **more: Any) -> httpx.Response:
    """A request as the definer on a page of the shop sends it."""
    headers = {"Authorization": f"Bearer {token}", "Origin": PAGE, **more.pop("headers", {})}
    return httpx.request(method, url + path, headers=headers, timeout=30, **more)


@pytest.fixture(scope="module")
def token(data: Path) -> str:
    """A token for pages of the shop."""
    return definer_token(data, PAGE)


@pytest.fixture
def kept(data: Path) -> None:
    """There are tokens for pages of the shop."""
    definer_token(data, PAGE)


def test_what_pages_may_ask() -> None:
    """The operations of the definer, and no others: reading what names mean, previews, and changing names."""
    assert {f"{each.method} {each.path}" for each in ON_PAGE} >= {
        "GET /v1/definer", "GET /v1/events", "GET /v1/events/{name}", "GET /v1/events/{name}/history",
        "PUT /v1/events/{name}", "DELETE /v1/events/{name}", "POST /v1/events/preview",
    }  # fmt: skip
    closed = ("reports", "persons", "cohorts", "sql", "identity", "links")
    assert not [each.path for each in ON_PAGE if any(word in each.path for word in closed)]


def test_a_page_asks_with_its_token(url: str, token: str) -> None:
    """The answer may be read by the token's origin exactly, without credentials, and says what it is for."""
    response = ask(url, token)
    check("Definer", response.json())
    assert (response.json()["site"], response.json()["origin"]) == ("shop", PAGE)
    assert shared(response) == {
        "access-control-allow-origin": PAGE, "access-control-expose-headers": "ETag, Retry-After",
    }  # fmt: skip
    assert "Origin" in response.headers["vary"]


def test_a_page_defines_reads_and_deletes(url: str, token: str) -> None:
    """A name is put, seen at once, changed by its version and deleted, each answer readable by the page."""
    put = ask(url, token, "PUT", "/v1/events/Pointed", json=ANY, headers={"If-None-Match": "*"})
    assert (put.status_code, put.headers["etag"]) == (200, '"1"')
    assert put.json()["actor"].startswith("k_")
    listed = ask(url, token, path="/v1/events")
    assert "Pointed" in {each["name"] for each in listed.json()["events"]}
    preview = ask(url, token, "POST", "/v1/events/preview", json=ANY)
    again = ask(url, token, "PUT", "/v1/events/Pointed", json=ANY, headers={"If-Match": '"7"'})
    problem(again, 412)
    gone = ask(url, token, "DELETE", "/v1/events/Pointed", headers={"If-Match": '"1"'})
    assert (preview.json()["events"], gone.status_code) == (13, 204)
    for response in (put, listed, preview, again, gone):
        assert shared(response)["access-control-allow-origin"] == PAGE


def test_what_is_wrong_can_be_read_on_the_page(url: str, token: str) -> None:
    """A refused rule is a problem document that the page may read."""
    response = ask(url, token, "POST", "/v1/events/preview", json={"rules": [{"css": "a:hover"}]})
    assert problem(response, 400)["field"] == "rules[0].css"
    assert shared(response)["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("operation", NOT_ON_PAGE, ids=[each.id for each in NOT_ON_PAGE])
def test_a_token_opens_nothing_else(url: str, token: str, operation: Operation) -> None:
    """Reports, persons, cohorts, SQL and new links refuse the token, have no CORS and answer no preflight."""
    response = ask(url, token, operation.method, path_of(operation), json={})
    assert problem(response, 403)["detail"] == "a definer's token may not do this."
    assert shared(response) == {}
    asked = {"Origin": PAGE, "Access-Control-Request-Method": operation.method}
    assert shared(httpx.options(url + path_of(operation), headers=asked)) == {}


@pytest.mark.parametrize("path", ["/v1/sql", "/v1/identity/statements", "/v1/openapi.json", "/v1/keys"])
def test_other_paths_have_no_cors(url: str, token: str, path: str) -> None:
    """What is no operation of the definer, there or not, can't be read by pages."""
    assert shared(ask(url, token, "POST", path, json={})) == {}
    assert shared(ask(url, token, "GET", path)) == {}


@pytest.mark.parametrize("what", ["expired", "revoked"])
def test_a_token_that_ended_says_so_to_its_page(data: Path, url: str, what: str) -> None:
    """An expired or revoked token is 401, which its own page may read and no other."""
    token = definer_token(data, PAGE, 0 if what == "expired" else 60)
    if what == "revoked":
        with SQLiteStore(data / "backsight.sqlite") as store:
            Keys(store).revoke(Keys(store).authenticate(token).key_id, "test")
    response = ask(url, token)
    document = problem(response, 401)
    assert "unknown, expired or revoked" in document["detail"]
    assert document["valid"] == "a new link, by `backsight define`"
    assert shared(response)["access-control-allow-origin"] == PAGE
    assert shared(ask(url, token, headers={"Origin": "https://blog.example"})) == {}


@pytest.mark.parametrize("token", ["dt_" + "0" * 40, "dt_", "dt_' or 1=1", "dt_" + "x" * 5_000, "dt_\u00e9"])
@pytest.mark.usefixtures("kept")
def test_a_token_that_never_was(url: str, token: str) -> None:
    """An unknown or malformed token is 401 and not given back; pages of an origin with tokens may read so."""
    for origin, readable in ((PAGE, True), ("https://blog.example", False), ("null", False)):
        headers = {b"Authorization": f"Bearer {token}".encode(), b"Origin": origin.encode()}
        response = httpx.get(f"{url}/v1/definer", headers=headers)
        problem(response, 401)
        assert token not in response.text
        assert ("access-control-allow-origin" in shared(response)) == readable


OTHERS: list[dict[str, str]] = [
    {"Origin": "https://blog.example"},
    {"Origin": "null"},
    {"Origin": "http://shop.example"},
    {"Origin": "https://shop.example:8443"},
    {"Origin": "https://SHOP.example"},
    {"Origin": "https://shop.example/"},
    {"Origin": "https://shop.example.evil.example"},
    {"Origin": "https://evil.example, https://shop.example"},
    {"Origin": "*"},
    {"Origin": ""},
]


@pytest.mark.parametrize("headers", OTHERS, ids=[each["Origin"] for each in OTHERS])
def test_pages_of_other_origins_are_refused(url: str, token: str, headers: dict[str, str]) -> None:
    """With the token of another origin nothing is answered and nothing can be read, whatever is claimed."""
    headers |= {"Referer": f"{PAGE}/"}
    for operation in ON_PAGE:
        response = ask(url, token, operation.method, path_of(operation), json=ANY, headers=headers)
        assert problem(response, 403)["field"] == "Origin"
        assert shared(response) == {}


def test_two_origins_are_none(url: str, token: str) -> None:
    """A request that names two origins is refused, though one be right."""
    headers = [("Authorization", f"Bearer {token}"), ("Origin", PAGE), ("Origin", "https://blog.example")]
    response = httpx.get(f"{url}/v1/definer", headers=headers)
    problem(response, 403)
    assert shared(response) == {}


REFERRERS = [
    (f"{PAGE}/pricing?a=b", 200),
    (PAGE, 200),
    (None, 403),
    ("https://blog.example/https://shop.example", 403),
    ("https://shop.example@blog.example/", 403),
    ("https://shop.example.blog.example/", 403),
    ("http://[::1", 403),
]


@pytest.mark.parametrize(("referrer", "status"), REFERRERS, ids=[str(each[0]) for each in REFERRERS])
def test_without_an_origin_the_referrer_says_it(
    url: str, token: str, referrer: str | None, status: int
) -> None:
    """Browsers name no origin when a page GETs from its own: then the referrer must be of the token's."""
    headers = {"Authorization": f"Bearer {token}"} | ({} if referrer is None else {"Referer": referrer})
    assert httpx.get(f"{url}/v1/definer", headers=headers).status_code == status


def test_a_change_without_an_origin_is_refused(url: str, token: str) -> None:
    """Browsers always name the origin of a change, so no referrer takes its place."""
    headers = {"Authorization": f"Bearer {token}", "Referer": f"{PAGE}/"}
    problem(httpx.put(f"{url}/v1/events/Stray", headers=headers, json=ANY), 403)
    problem(httpx.post(f"{url}/v1/events/preview", headers=headers, json=ANY), 403)


def test_a_token_sees_its_own_site(tmp_path: Path) -> None:
    """A token of the blog sees and changes the blog, though its page were of the shop's origin."""
    write_data(tmp_path, "blog", "shop")
    with served(tmp_path) as url:
        blog = definer_token(tmp_path, PAGE, site="blog")
        assert ask(url, blog, "PUT", "/v1/events/Read", json=ANY).status_code == 200
        assert ask(url, blog).json()["site"] == "blog"
        shop = ask(url, definer_token(tmp_path, PAGE), path="/v1/events")
        assert shop.json() == {"site": "shop", "events": []}


@pytest.mark.parametrize("where", ["?key={}", "?access_token={}", "?backsight={}"])
def test_a_token_in_the_address_is_none(url: str, token: str, where: str) -> None:
    """A token counts in its header alone: in an address it would stand in logs."""
    response = httpx.get(f"{url}/v1/definer{where.format(token)}", headers={"Origin": PAGE})
    assert problem(response, 401)["field"] == "Authorization"
    assert shared(response) == {}


ABOUT_PERSONS: list[dict[str, Any]] = [
    {"rules": [{"on": "any", "where": [{"property": "person.plan", "op": "is_set"}]}]},
    {"rules": [{"any": [{"css": "a", "where": [
        {"not": {"all": [{"property": "person.plan", "op": "is_set"}]}}]}]}]},
    {**ANY, "person_where": [{"property": "plan", "op": "is", "value": "pro"}]},
    {**ANY, "where": [{"any": [{"property": "person.plan", "op": "is", "value": "pro"}]}]},
    {**ANY, "against": [{"on": "any", "where": [{"property": "person.plan", "op": "is_set"}]}]},
]  # fmt: skip


@pytest.mark.parametrize("body", ABOUT_PERSONS)
def test_a_token_asks_nothing_about_persons(url: str, token: str, body: dict[str, Any]) -> None:
    """Traits single out a person: a preview that tests them needs a secret key."""
    refused = ask(url, token, "POST", "/v1/events/preview", json=body)
    assert problem(refused, 403)["detail"] == "a definer's token may not ask about persons."
    assert shared(refused)["access-control-allow-origin"] == PAGE


def test_a_token_names_nothing_by_persons(url: str, token: str) -> None:
    """Nor can a name be made that tests traits, whose overlaps would tell the same."""
    problem(ask(url, token, "PUT", "/v1/events/Pro", json=ABOUT_PERSONS[0]), 403)
    problem(ask(url, token, path="/v1/events/Pro"), 404)


def test_one_token_takes_no_more_than_its_places() -> None:
    """However much is asked with one token at a time, what others ask still has its turn."""
    site = Broken()

    def authenticate(key: str) -> Principal:
        return Principal("broken", frozenset({"read"}), key, PAGE if key.startswith("dt_") else None)

    api = create_api(lambda _: site, authenticate, threads=1, waiting=64)  # type: ignore[arg-type, return-value]
    with serve(api) as url, ThreadPoolExecutor(MOST_AT_ONCE + 4) as pool:

        def preview(key: str, number: int) -> httpx.Response:
            return ask(url, key, "POST", "/v1/events/preview", json={"wait": number})

        asked = [pool.submit(preview, "dt_a", number) for number in range(1, MOST_AT_ONCE + 4)]
        refused = [each.result() for each in islice(as_completed(asked, timeout=30), 3)]
        for response in refused:
            assert problem(response, 503)["type"].endswith(":busy")
        others = pool.submit(preview, "sk_b", 100)
        assert ask(url, "dt_b", path="/v1/events").status_code == 200
        site.go_on.set()
        assert sorted(each.result().status_code for each in asked) == [500] * MOST_AT_ONCE + [503] * 3
        assert others.result().status_code == 500
        assert ask(url, "dt_a", path="/v1/events").status_code == 200


# ── Preflights ──────────────────────────────────────────────────────────────────────────────────────────────


def preflight(url: str, path: str, method: str, **headers: str) -> httpx.Response:
    sent = {"Origin": PAGE, "Access-Control-Request-Method": method, **headers}
    return httpx.options(url + path, headers=sent)


@pytest.mark.parametrize("operation", ON_PAGE, ids=[each.id for each in ON_PAGE])
def test_preflights_of_a_known_origin(url: str, token: str, operation: Operation) -> None:
    """The browser is told which methods and headers its page may send, and for how long to remember."""
    response = preflight(url, path_of(operation), operation.method)
    assert response.status_code == 204
    allowed = shared(response)
    assert operation.method in allowed.pop("access-control-allow-methods").split(", ")
    assert allowed == {
        "access-control-allow-origin": PAGE,
        "access-control-allow-headers": "Authorization, Content-Type, If-Match, If-None-Match",
        "access-control-max-age": "600",
    }
    assert response.headers["vary"] == "Origin"


def test_preflights_of_a_private_network(url: str, token: str) -> None:
    """A public page may reach a server in a private network, where its browser asks whether it may."""
    asked = {"Access-Control-Request-Private-Network": "true"}
    response = preflight(url, "/v1/events", "GET", **asked)
    assert response.headers["access-control-allow-private-network"] == "true"


@pytest.mark.parametrize("origin", ["https://blog.example", "null", "*", "https://shop.example/", ""])
def test_preflights_of_unknown_origins(url: str, token: str, origin: str) -> None:
    """An origin for which no token was made is told nothing."""
    assert shared(preflight(url, "/v1/events", "GET", Origin=origin)) == {}


@pytest.mark.parametrize("method", ["PATCH", "POST", "get", "DELETE, GET", ""])
def test_preflights_of_other_methods(url: str, token: str, method: str) -> None:
    """A method that the path does not take from pages is not allowed."""
    assert shared(preflight(url, "/v1/events", method)) == {}


def test_secret_keys_have_no_cors(data: Path, url: str, token: str) -> None:
    """An answer to a secret key can't be read by a page, though it be of a token's origin."""
    with client(url, secret_key(data, "admin")) as admin:
        response = admin.get("/v1/events", headers={"Origin": PAGE})
        assert (response.status_code, shared(response)) == (200, {})


# ── Links ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_link_is_made_and_its_token_is_good(data: Path, url: str, caplog: pytest.LogCaptureFixture) -> None:
    """A key that may define makes a link, whose token its page may use; it stands in no log or audit line."""
    with caplog.at_level(logging.DEBUG), client(url, secret_key(data, "define")) as definer:
        body = {"url": f"{PAGE}/#/pricing", "minutes": 5}
        link = definer.post("/v1/definer/links", json=body).json()
        check("Link", link)
        page, _, token = link["url"].partition("&backsight-")
        said = ask(url, token).json()
    assert page == f"{PAGE}/#/pricing"
    assert (said["origin"], said["expires"]) == (PAGE, link["expires"])
    assert "/v1/definer" in caplog.text
    assert token not in caplog.text
    with SQLiteStore(data / "backsight.sqlite") as store:
        assert token not in repr(store.audit_lines())


def test_a_link_needs_the_scope(data: Path, url: str) -> None:
    """A key that may only ask makes no link; what is no page is refused by name."""
    with client(url, secret_key(data, "read")) as reader:
        problem(reader.post("/v1/definer/links", json={"url": PAGE}), 403)
        assert reader.get("/v1/definer").json() == {"site": "shop", "origin": None, "expires": None}
    with client(url, secret_key(data, "define")) as definer:
        assert problem(definer.post("/v1/definer/links", json={"url": "ftp://x"}), 400)["field"] == "url"
