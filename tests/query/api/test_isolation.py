"""Whoever has no key, another kind of key or another site's gets nothing: tried at every operation."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from backsight.api.operations import OPERATIONS, Operation
from backsight.contract import COLLECTOR_STATUS
from backsight.keys import SCOPES, Keys
from backsight.store.sqlite import SQLiteStore
from query.api.asking import client, problem
from shop_site import definer_token, secret_key, served, write_data

PAGE = "https://shop.example"


@pytest.fixture(scope="module")
def two_sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server of two sites."""
    folder = tmp_path_factory.mktemp("two")
    write_data(folder, "blog", "shop")
    return folder


@pytest.fixture(scope="module")
def anybody(two_sites: Path) -> Iterator[httpx.Client]:
    """A client without a key."""
    with served(two_sites) as url, httpx.Client(base_url=url, timeout=30) as opened:
        yield opened


def asked(anybody: httpx.Client, operation: Operation, key: str | None, **headers: str) -> httpx.Response:
    path = operation.path
    for name in ("name", "key_id", "deletion"):
        path = path.replace(f"{{{name}}}", "nothing")
    path = path.replace("{person}", "device:nobody")
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    return anybody.request(operation.method, path, headers=headers, content=b"{}")


def test_no_operation_answers_who_has_no_key_that_is_good(two_sites: Path, anybody: httpx.Client) -> None:
    """None, a write key, one that was revoked and one that is over open no operation; no page may read so."""
    with SQLiteStore(two_sites / "backsight.sqlite") as store:
        keys = Keys(store)
        write = keys.create_write("shop", "test").key
        gone, over = (keys.create_secret("shop", ["admin"], "test") for _ in range(2))
        keys.revoke(gone.key_id, "test")
        keys.rotate(over.key_id, 0, "test")
    for operation in OPERATIONS:
        for key in (None, write, gone.key, over.key):
            answer = asked(anybody, operation, key, Origin=PAGE)
            assert answer.status_code in {401, 429}, operation.id
            assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_does_what_its_scope_says(two_sites: Path, anybody: httpx.Client, scope: str) -> None:
    """Every operation above a key's scope is refused, and that of links, and no other."""
    key = secret_key(two_sites, scope)
    for operation in OPERATIONS:
        is_above = operation.scope not in SCOPES[: SCOPES.index(scope) + 1]
        assert (asked(anybody, operation, key).status_code == 403) == is_above, operation.id


def test_a_definers_token_does_what_pages_may(two_sites: Path, anybody: httpx.Client) -> None:
    """Every other operation is refused, and each to pages of another origin."""
    token = definer_token(two_sites, PAGE)
    for operation in OPERATIONS:
        answer = asked(anybody, operation, token, Origin=PAGE)
        assert (answer.status_code == 403) != operation.on_page, operation.id
        assert ("access-control-allow-origin" in answer.headers) == operation.on_page, operation.id
        assert asked(anybody, operation, token, Origin="https://blog.example").status_code == 403


def test_the_doctor_quotes_no_other_site(two_sites: Path, anybody: httpx.Client) -> None:
    """What was sent to a server that sites share is told to none of them word for word."""
    refused = {"unknown_key": {"requests": 9, "last": time.time(), "detail": "wk_of_blog"}}
    told = {
        "started_at": 1,
        "updated_at": time.time(),
        "last_accepted_at": None,
        "accepted": 0,
        "requests": 9,
    }
    (two_sites / COLLECTOR_STATUS).write_text(json.dumps({**told, "refused": refused}))
    with client(str(anybody.base_url), secret_key(two_sites, "read")) as reader:
        answer = reader.get("/v1/doctor?days=3")  # nobody asked that before
    assert '"unknown_key"' in answer.text
    assert "wk_of_blog" not in answer.text


def test_no_key_finds_what_another_site_has(two_sites: Path, anybody: httpx.Client) -> None:
    """Its keys, names, deletions and audit lines are unknown, as if they were not there."""
    with client(str(anybody.base_url), secret_key(two_sites, "admin", "blog")) as blog:
        blog.put("/v1/events/Read", json={"rules": [{"on": "any"}]})
        key = blog.post("/v1/keys", json={"label": "of the blog"}).json()
        deletion = blog.delete("/v1/persons/device:ada").json()["deletion"]
        assert blog.get(f"/v1/deletions/{deletion}").status_code == 200
    with client(str(anybody.base_url), secret_key(two_sites, "admin")) as shop:
        for path in ("/v1/events/Read", "/v1/events/Read/history", f"/v1/deletions/{deletion}"):
            problem(shop.get(path), 404)
        for path in ("/v1/events", "/v1/keys", "/v1/audit?limit=1000", "/v1/deletions", "/v1/definer"):
            text = shop.get(path).text
            assert not [
                each for each in ("Read", key["key_id"], key["key"], deletion, "blog") if each in text
            ]
