"""Keys and the audit trail over HTTP: what an admin's key may do to its own site, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

import backsight as bs
from backsight.api import calls
from backsight.keys import Keys
from backsight.store.sqlite import SQLiteStore
from query.api.asking import check, client, problem
from shop_site import definer_token, secret_key, served, write_data

PAGE = "https://shop.example"


@pytest.fixture
def admin(data: Path, url: str) -> Iterator[httpx.Client]:
    """A client whose key administers the shop."""
    with client(url, secret_key(data, "admin")) as opened:
        yield opened


def made(admin: httpx.Client, **body: Any) -> dict[str, Any]:
    """A key that was made so."""
    response = admin.post("/v1/keys", json=body)
    assert response.status_code == 200, response.text
    key: dict[str, Any] = response.json()
    check("Key", key)
    return key


def test_a_key_made_over_http_opens_what_it_was_made_for(admin: httpx.Client, url: str) -> None:
    """A secret key is told once, is listed without itself, works at once, and not after its revocation."""
    key = made(admin, scopes=["read"], label="dashboard", expires="90d")
    with client(url, key["key"]) as reader:
        assert reader.get("/v1/events").status_code == 200
        assert reader.get("/v1/keys").status_code == 403
        listed = admin.get("/v1/keys").json()
        check("Keys", listed)
        (own,) = [each for each in listed["keys"] if each["key_id"] == key["key_id"]]
        assert own == {**key, "key": None, "last_used": own["last_used"]}
        assert datetime.fromisoformat(own["last_used"]) <= datetime.now(UTC)
        revoked = admin.delete(f"/v1/keys/{key['key_id']}").json()
        check("RevokedKey", revoked)
        assert revoked == {"revoked": 1, "made": []}
        problem(reader.get("/v1/events"), 401)
    assert key["key"] not in admin.get("/v1/audit").text


def test_settings_of_a_write_key_change_without_a_new_one(admin: httpx.Client) -> None:
    """What is named is set, null takes a bound away, and both leave the rest as it is."""
    key = made(admin, label="web", origins=["https://shop.example"])
    path = f"/v1/keys/{key['key_id']}"
    changed = admin.patch(
        path, json={"events_per_second": 50, "pages_only": True, "expires": "2030-01-01T00:00:00Z"}
    )
    assert changed.json() == {
        **key, "events_per_second": 50.0, "pages_only": True, "expires": "2030-01-01T00:00:00+00:00",
    }  # fmt: skip
    cleared = {"events_per_second": None, "pages_only": False, "expires": None}
    assert admin.patch(path, json=cleared).json() == key
    (line, *_) = admin.get("/v1/audit", params={"action": "key.set", "limit": 1}).json()["lines"]
    assert (line["detail"]["before"]["events_per_second"], line["detail"]["after"]["events_per_second"]) == (
        50,
        None,
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"origins": ["shop.example"]}, "origins[0]"),
        ({"origins": ["https://shop.example/"]}, "origins[0]"),
        ({"origins": "https://shop.example"}, "origins"),
        ({"events_per_second": 0.5}, "events_per_second"),
        ({"events_per_second": True}, "events_per_second"),
        ({"pages_only": "yes"}, "pages_only"),
        ({"expires": "yesterday"}, "expires"),
        ({"expires": "2020-01-01T00:00:00Z"}, "expires"),
        ({"expires": "2030-01-01T00:00:00"}, "expires"),
        ({"expires": "9999-12-31T23:59:59-23:59"}, "expires"),
        ({"label": "a\nb"}, "label"),
        ({"label": 3}, "label"),
        ({"scopes": ["root"]}, "scopes"),
        ({"scopes": [["read"]]}, "scopes"),
        ({"scopes": ["read"], "origins": [PAGE]}, "origins"),
        ({"kind": "secret"}, "kind"),
    ],
)
def test_what_cannot_be_set_is_named(admin: httpx.Client, body: dict[str, Any], field: str) -> None:
    """A wrong setting is refused by its field, and no key is made."""
    before = admin.get("/v1/keys").json()
    assert problem(admin.post("/v1/keys", json=body), 400)["field"] == field
    assert admin.get("/v1/keys").json() == before


def test_a_rotated_key_opens_the_same_until_its_old_one_ends(admin: httpx.Client, url: str) -> None:
    """Old and new open alike; the old one ends in the days that were asked for, or at once."""
    old = made(admin, origins=[PAGE], events_per_second=7)
    new = admin.post(f"/v1/keys/{old['key_id']}/rotate", json={"days": 3}).json()
    check("Key", new)
    assert new["key"] != old["key"]
    assert (new["origins"], new["events_per_second"], new["expires"]) == ([PAGE], 7.0, None)
    keys = {each["key_id"]: each for each in admin.get("/v1/keys").json()["keys"]}
    left = datetime.fromisoformat(keys[old["key_id"]]["expires"]) - datetime.now(UTC)
    assert timedelta(days=2, hours=23) < left <= timedelta(days=3)
    secret = made(admin, scopes=["read"])
    admin.post(f"/v1/keys/{secret['key_id']}/rotate", json={"days": 0})
    with client(url, secret["key"]) as ended:
        problem(ended.get("/v1/events"), 401)


def test_a_key_that_ends_makes_none_that_lasts_longer(data: Path, url: str) -> None:
    """Whoever has an admin's key for some time gets no more time from it: by no key made, set or rotated."""
    with SQLiteStore(data / "backsight.sqlite") as store:
        key = Keys(store).create_secret("shop", ["admin"], "test", settings={"expires": "2d"})
    with client(url, key.key) as admin:
        for body in ({}, {"scopes": ["admin"]}, {"expires": "3d"}, {"expires": None}):
            assert problem(admin.post("/v1/keys", json=body), 403)["field"] == "expires"
        shorter = made(admin, scopes=["read"], expires="1d")
        path = f"/v1/keys/{shorter['key_id']}"
        assert problem(admin.patch(path, json={"expires": "9d"}), 403)["field"] == "expires"
        assert (
            problem(admin.patch(f"/v1/keys/{key.key_id}", json={"expires": None}), 403)["field"] == "expires"
        )
        assert problem(admin.post(f"{path}/rotate", json={}), 403)["field"] == "expires"
        assert admin.patch(path, json={"label": "still mine"}).status_code == 200


def test_a_link_ends_with_the_key_that_made_it(data: Path, url: str) -> None:
    """A definer's token lasts no longer than the key by which its link was asked for."""
    soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    with SQLiteStore(data / "backsight.sqlite") as store:
        key = Keys(store).create_secret("shop", ["define"], "test", settings={"expires": soon})
    with client(url, key.key) as definer:
        link = definer.post("/v1/definer/links", json={"url": f"{PAGE}/", "minutes": 600}).json()
    assert datetime.fromisoformat(link["expires"]) == datetime.fromisoformat(soon)


def test_keys_of_other_sites_are_out_of_reach(tmp_path: Path) -> None:
    """An admin's key neither sees nor changes what belongs to another site, audit lines included."""
    write_data(tmp_path, "blog", "shop")
    foreign = secret_key(tmp_path, "admin", "blog")
    with (
        served(tmp_path) as url,
        client(url, secret_key(tmp_path, "admin")) as admin,
        client(url, foreign) as blog,
    ):
        (key_id,) = [each["key_id"] for each in blog.get("/v1/keys").json()["keys"]]
        for method, path in (("PATCH", ""), ("DELETE", ""), ("POST", "/rotate")):
            problem(admin.request(method, f"/v1/keys/{key_id}{path}", json={}), 404)
        assert {each["site"] for each in admin.get("/v1/keys").json()["keys"]} == {"shop"}
        assert {each["site"] for each in admin.get("/v1/audit").json()["lines"]} == {"shop"}


def test_what_a_stolen_key_made_is_told_when_it_is_revoked(admin: httpx.Client, url: str) -> None:
    """Keys that a revoked key made stay (pages depend on them), and are named, so that somebody looks."""
    stolen = made(admin, scopes=["admin"])
    with client(url, stolen["key"]) as thief:
        left = made(thief, scopes=["read"])
        gone = made(thief)
        thief.delete(f"/v1/keys/{gone['key_id']}")
    assert admin.delete(f"/v1/keys/{stolen['key_id']}").json() == {"revoked": 1, "made": [left["key_id"]]}


def test_changes_over_http_say_who_and_from_where(admin: httpx.Client, data: Path) -> None:
    """A line has the key's id and the address of who asked; one made on the machine has none."""
    own = next(
        line["subject"] for line in admin.get("/v1/audit").json()["lines"] if line["action"] == "key.create"
    )
    key = made(admin)
    admin.put("/v1/events/Audited", json={"rules": [{"on": "any"}]})
    admin.delete("/v1/events/Audited")
    answer = admin.get("/v1/audit", params={"limit": 3}).json()
    check("AuditTrail", answer)
    assert [
        (line["action"], line["subject"], line["actor"], line["address"]) for line in answer["lines"]
    ] == [
        ("event.delete", "Audited", own, "127.0.0.1"),
        ("event.put", "Audited", own, "127.0.0.1"),
        ("key.create", key["key_id"], own, "127.0.0.1"),
    ]
    with SQLiteStore(data / "backsight.sqlite") as store:
        assert store.audit_lines("shop", 1, action="site")[0].address is None
        assert list(store.broken_lines()) == []


def test_the_trail_comes_in_pages_and_by_action(admin: httpx.Client) -> None:
    """`next` leads through all lines, each once; an action takes those below it; `since` bounds them."""
    for _ in range(4):
        made(admin)
    every = admin.get("/v1/audit", params={"limit": 1000}).json()
    assert every["next"] is None
    paged, before = [], None
    while True:
        page = admin.get("/v1/audit", params={"limit": 3, **({"before": before} if before else {})}).json()
        paged += page["lines"]
        if (before := page["next"]) is None:
            break
    assert paged == every["lines"]
    of_keys = admin.get("/v1/audit", params={"action": "key", "limit": 1000}).json()["lines"]
    assert of_keys == [line for line in every["lines"] if line["action"].startswith("key.")]
    assert admin.get("/v1/audit", params={"action": "ke"}).json()["lines"] == []
    since = every["lines"][2]["at"]
    assert admin.get("/v1/audit", params={"since": since}).json()["lines"] == every["lines"][:3]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "never"}, "since"),
        ({"limit": "0"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"before": "0"}, "before"),
        ({"action": ""}, "action"),
        ({"actor": "ada"}, "actor"),
    ],
)
def test_what_the_trail_cannot_be_asked(admin: httpx.Client, query: dict[str, str], field: str) -> None:
    """A question that can't be understood is refused by its field."""
    assert problem(admin.get("/v1/audit", params=query), 400)["field"] == field


def test_a_token_makes_a_bounded_number_of_changes(
    data: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes a token from a page can't fill the database with versions of names."""
    monkeypatch.setattr(calls, "MOST_TOKEN_CHANGES", 3)
    headers = {"Authorization": f"Bearer {definer_token(data, PAGE)}", "Origin": PAGE}
    with httpx.Client(base_url=url, headers=headers) as page:
        for number in range(3):
            assert page.put(f"/v1/events/Token{number}", json={"rules": [{"on": "any"}]}).status_code == 200
        refused = page.put("/v1/events/Token3", json={"rules": [{"on": "any"}]})
        assert "as many as one may" in problem(refused, 403)["detail"]
        problem(page.delete("/v1/events/Token0"), 403)
    with client(url, secret_key(data, "define")) as definer:
        for number in range(3):
            assert definer.delete(f"/v1/events/Token{number}").status_code == 204


@pytest.mark.parametrize("where", ["in place", "over HTTP"])
def test_python_administers_alike_in_place_and_over_http(data: Path, url: str, where: str) -> None:
    """`site.keys` and `site.audit()` do and tell the same on a folder and on a server."""
    opened = bs.open(data) if where == "in place" else bs.connect(url, secret_key(data, "admin"))
    with opened as site:
        made = site.keys.create("read", label=where, expires=datetime.now(UTC) + timedelta(days=1))
        assert made.key.startswith("sk_")
        write = site.keys.create(origins=[PAGE], events_per_second=10)
        changed = site.keys.set(write.key_id, origins=None, pages_only=True)
        assert (changed.origins, changed.events_per_second, changed.pages_only) == ((), 10.0, True)
        new = site.keys.rotate(write.key_id, days=0)
        keys = {key.key_id: key for key in site.keys.list()}
        assert (keys[new.key_id].shown, keys[made.key_id].label) == (new.key, where)
        assert not keys[write.key_id].is_live(datetime.now(UTC))
        assert site.keys.revoke(made.key_id) == (1, ())
        with pytest.raises(bs.NotFound):
            site.keys.revoke("k_none")
        with pytest.raises(bs.Conflict, match="was revoked"):
            site.keys.set(made.key_id, label="again")
        lines = site.audit(action="key", limit=5)
    assert [line.action for line in lines] == ["key.revoke", "key.set", "key.create", "key.set", "key.create"]
    assert lines[2].detail["replaces"] == write.key_id
    assert (lines[0].address is None) == (where == "in place")
