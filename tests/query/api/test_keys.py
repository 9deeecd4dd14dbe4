"""Who may ask: keys, scopes and sites."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from backsight.api.operations import OPERATIONS
from query.api.asking import client, problem
from shop_site import secret_key, served, write_data


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": ""}, {"Authorization": "Basic c2s6"}, {"Authorization": "Bearer"}]
)
def test_no_key(url: str, header: dict[str, str]) -> None:
    """Without a key the answer is 401 with a challenge, whatever is asked."""
    for operation in OPERATIONS:
        response = httpx.request(operation.method, url + operation.path, headers=header)
        assert problem(response, 401)["field"] == "Authorization"
        assert response.headers["www-authenticate"] == 'Bearer realm="backsight"'


@pytest.mark.parametrize("key", ["sk_" + "0" * 40, "wk_" + "0" * 40, "nonsense", "x" * 5_000, "sk_\u00e9"])
def test_unknown_key(url: str, key: str) -> None:
    """An unknown key is 401 and not given back."""
    response = httpx.get(f"{url}/v1/events", headers={b"Authorization": f"Bearer {key}".encode()})
    problem(response, 401)
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert key not in response.text


def test_revoked_key(data: Path, url: str) -> None:
    """A key that is revoked is refused from then on."""
    from backsight.keys import Keys
    from backsight.store.sqlite import SQLiteStore

    with client(url, secret_key(data, "read")) as reader, SQLiteStore(data / "backsight.sqlite") as store:
        assert reader.get("/v1/events").status_code == 200
        Keys(store).revoke(Keys(store).list()[-1].key_id, "test")
        problem(reader.get("/v1/events"), 401)


def test_scope(data: Path, url: str) -> None:
    """A key without the scope is 403, and the scope that is needed is named; nothing changes."""
    with client(url, secret_key(data, "read")) as reader:
        for operation in OPERATIONS:
            if operation.scope == "read":
                continue
            path = operation.path.replace("{name}", "New")
            document = problem(reader.request(operation.method, path, json={"rules": [{"on": "any"}]}), 403)
            assert f"scope '{operation.scope}'" in document["detail"]
        for kind in ("events", "cohorts"):
            assert reader.get(f"/v1/{kind}/New").status_code == 404


def test_key_of_another_site(tmp_path: Path) -> None:
    """A key sees its own site only."""
    write_data(tmp_path, "blog", "shop")
    with served(tmp_path) as url:
        with client(url, secret_key(tmp_path, "define", "blog")) as blog:
            assert blog.put("/v1/events/Read", json={"rules": [{"on": "any"}]}).status_code == 200
        with client(url, secret_key(tmp_path, "define", "shop")) as shop:
            assert shop.get("/v1/events").json() == {"site": "shop", "events": []}
            problem(shop.delete("/v1/events/Read"), 404)
            answer = shop.post("/v1/events/preview", json={"rules": [{"on": "any"}]}).json()
            assert (answer["events"], answer["meta"]["site"]) == (13, "shop")
