"""What is not there, faults and load."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice

import httpx
import pytest

from query.api.asking import Broken, broken_api, client, problem
from shop_site import serve


def test_not_found(api: httpx.Client) -> None:
    """A path that there is not is 404, and the nearest are named."""
    document = problem(api.post("/v1/report/funnel", json={}), 404)
    assert "'/v1/reports/funnel'" in document["valid"]
    problem(api.get("/v1/events/a/b"), 404)
    problem(api.get("/v1/events/"), 404)
    problem(api.get("/index.html"), 404)


def test_method_not_allowed(api: httpx.Client) -> None:
    """A method that a path does not take is 405, and those that it does are named."""
    response = api.patch("/v1/events/Signed%20up")
    problem(response, 405)
    assert response.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PUT"
    assert api.get("/v1/reports/funnel").headers["allow"] == "POST"


def test_fault(caplog: pytest.LogCaptureFixture) -> None:
    """A bug is 500 and tells nothing of the inside, but an id under which the log has all of it."""
    with (
        serve(broken_api(Broken())) as url,
        client(url, "sk_" + "a" * 40) as api,
        caplog.at_level(logging.ERROR),
    ):
        document = problem(api.post("/v1/reports/funnel", json={}), 500)
    assert "secret" not in json.dumps(document)
    number = document["instance"].removeprefix("urn:backsight:fault:")
    record = next(record for record in caplog.records if number in record.getMessage())
    assert record.exc_info is not None
    assert "/srv/secret" in str(record.exc_info[1])


def test_busy() -> None:
    """While reports run the API still answers; past the reports that may wait it says 503 and when to come
    again.
    """
    site = Broken()
    with serve(broken_api(site)) as url, client(url, "sk_" + "a" * 40) as api, ThreadPoolExecutor(6) as pool:
        bodies = [{"wait": number} for number in range(1, 7)]
        asked = [pool.submit(api.post, "/v1/reports/funnel", json=body) for body in bodies]
        answered = [future.result() for future in islice(as_completed(asked, timeout=30), 4)]
        assert api.get("/v1/events").json() == {"site": "broken", "events": []}
        site.go_on.set()
        statuses = sorted(future.result().status_code for future in asked)
    assert statuses == [500, 500, 503, 503, 503, 503]
    for response in answered:
        assert problem(response, 503)["type"].endswith(":busy")
        assert response.headers["retry-after"].isdigit()
