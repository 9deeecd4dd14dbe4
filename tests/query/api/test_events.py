"""Named events over HTTP: versions, preconditions, refusals."""

from __future__ import annotations

import httpx
import pytest

from query.api.asking import check, problem


def test_etags(api: httpx.Client) -> None:
    """A change may name the version it means: by ETag, or none at all; another one there is 412 and stays."""
    body = {"rules": [{"on": "any"}], "description": "one"}
    path = "/v1/events/Tagged"
    first = api.put(path, json=body, headers={"If-None-Match": "*"})
    check("NamedEvent", first.json())
    assert (first.status_code, first.headers["etag"]) == (200, '"1"')
    second = api.put(path, json={**body, "description": "two"}, headers={"If-Match": first.headers["etag"]})
    assert second.headers["etag"] == '"2"' == api.get(path).headers["etag"]
    for headers in ({"If-Match": '"1"'}, {"If-None-Match": "*"}):
        assert problem(api.put(path, json=body, headers=headers), 412)["type"].endswith(":conflict")
        problem(api.delete(path, headers=headers), 412)
    for headers in ({"If-Match": "1"}, {"If-Match": '"1", "2"'}, {"If-None-Match": '"2"'}):
        problem(api.put(path, json=body, headers=headers), 400)
    assert api.get(path).json()["description"] == "two"
    for tag in ('W/"2"', '"2-gzip"'):  # as proxies that compress give them on
        assert (
            api.put(path, json={**body, "description": "two"}, headers={"If-Match": tag}).status_code == 200
        )
    gone = api.delete(path, headers={"If-Match": '"2"'})
    assert (gone.status_code, gone.content) == (204, b"")
    history = api.get(f"{path}/history").json()
    check("History", history)
    assert [(each["version"], each["deleted"]) for each in history["versions"]] == [
        (3, True),
        (2, False),
        (1, False),
    ]


def test_any_version(api: httpx.Client) -> None:
    """With `If-Match: *` whatever stands is changed or deleted, and nothing is made."""
    path, body, standing = "/v1/events/Standing", {"rules": [{"on": "any"}]}, {"If-Match": "*"}
    for response in (api.put(path, json=body, headers=standing), api.delete(path, headers=standing)):
        assert "there is no 'Standing'" in problem(response, 412)["detail"]
    api.put(path, json=body)
    changed = api.put(path, json={**body, "description": "two"}, headers=standing)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert api.delete(path, headers=standing).status_code == 204
    problem(api.put(path, json=body, headers=standing), 412)


def test_same_definition(api: httpx.Client) -> None:
    """Saying the same again makes no new version."""
    body = {"rules": [{"on": "any"}]}
    tags = [api.put("/v1/events/Same", json=body).headers["etag"] for _ in range(2)]
    assert tags == ['"1"', '"1"']
    api.delete("/v1/events/Same")


@pytest.mark.parametrize(
    "path", ["/v1/events/%FF", "/v1/events/%00", "/v1/events/%20", "/v1/events/" + "a" * 300]
)
def test_bad_name(api: httpx.Client, path: str) -> None:
    """A name that can't be one is refused."""
    assert problem(api.put(path, json={"rules": [{"on": "any"}]}), 400)["field"] == "name"


def test_definition_at_fault(api: httpx.Client) -> None:
    """A definition without rules, or with fields that there are not, changes nothing."""
    assert problem(api.put("/v1/events/Wrong", json={}), 400)["field"] == "rules"
    assert (
        problem(api.put("/v1/events/Wrong", json={"rules": [{"on": "any"}], "rule": 1}), 400)["field"]
        == "rule"
    )
    problem(api.get("/v1/events/Wrong"), 404)


def test_ready_made_rules_can_be_previewed_and_named(api: httpx.Client) -> None:
    """Each is listed as a rule that previews, names and is told back as it is."""
    listed = api.get("/v1/rules").json()
    check("ReadyRules", listed)
    assert [each["name"] for each in listed["rules"]] == ["rage_click", "dead_click", "error_click"]
    for each in listed["rules"]:
        rules = {"rules": [each["rule"]]}
        assert api.post("/v1/events/preview", json=rules).json()["events"] == 0
        assert api.put(f"/v1/events/{each['title']}", json=rules).json()["rules"] == [each["rule"]]
        api.delete(f"/v1/events/{each['title']}")
