"""The forms of an answer: JSON, Arrow, CSV; and every answer's headers."""

from __future__ import annotations

import csv
import io
import json

import httpx
import pyarrow as pa
import pytest

from backsight.api.headers import preferred
from query.api.asking import ARROW, CSV, FUNNEL, JSON, check, problem


def test_json(api: httpx.Client) -> None:
    """A report answers JSON of the documented shape."""
    response = api.post("/v1/reports/funnel", json=FUNNEL)
    assert response.headers["content-type"] == JSON
    check("Funnel", response.json())
    assert [step["count"] for step in response.json()["steps"]] == [5, 3]


def test_arrow(api: httpx.Client) -> None:
    """Arrow holds the same figures, and meta in the schema's metadata."""
    response = api.post("/v1/reports/funnel", json=FUNNEL, headers={"Accept": ARROW})
    assert response.headers["content-type"] == ARROW
    table = pa.ipc.open_stream(response.content).read_all()
    assert table["count"].to_pylist() == [5, 3]
    assert json.loads(table.schema.metadata[b"backsight"])["site"] == "shop"


def test_csv(api: httpx.Client) -> None:
    """CSV holds the same figures; a label that is a formula stays text."""
    steps = [{"on": "pageview", "label": '=HYPERLINK("https://x.example")'}, "Signed up"]
    response = api.post("/v1/reports/funnel", json={**FUNNEL, "steps": steps}, headers={"Accept": CSV})
    assert response.headers["content-type"].startswith(CSV)
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["count"] for row in rows] == ["5", "3"]
    assert [row["label"] for row in rows] == ["'" + steps[0]["label"], "Signed up"]  # type: ignore[index]


@pytest.mark.parametrize("path", ["/v1/reports/retention", "/v1/reports/trend", "/v1/events/preview"])
@pytest.mark.parametrize("media", [ARROW, CSV])
def test_every_report_has_tables(api: httpx.Client, path: str, media: str) -> None:
    """Every report can be had as a table."""
    step = {"on": "pageview"}
    body = {
        "/v1/reports/retention": {"start": step, "return": step},
        "/v1/reports/trend": {"series": [step]},
        "/v1/events/preview": {"rules": [step]},
    }[path]
    response = api.post(path, json=body, headers={"Accept": media})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(media)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON), ("", JSON), ("*/*", JSON), ("application/*", JSON), ("text/*", CSV), (CSV, CSV),
        ("TEXT/CSV", CSV),
        (f"{CSV};q=0.5, {ARROW}", ARROW), (f"{JSON};q=0, */*", ARROW), (f"{JSON};q=0.1, */*;q=0.2", ARROW),
        ("text/html, */*;q=0.1", JSON), ("image/png", None), (f"{CSV};q=0", None), ("nonsense", None),
        (f"{CSV};header=present", CSV), (f"{ARROW};q=nonsense", ARROW),
    ],
)  # fmt: skip
def test_preferred(accept: str | None, media: str | None) -> None:
    """The Accept header chooses by weight, then by our order; the most specific range counts."""
    assert preferred(accept, (JSON, ARROW, CSV)) == media


def test_not_acceptable(api: httpx.Client) -> None:
    """A form that there is not is 406, naming those there are."""
    assert (
        ARROW
        in problem(api.post("/v1/reports/funnel", json=FUNNEL, headers={"Accept": "image/png"}), 406)["valid"]
    )
    assert problem(api.get("/v1/events", headers={"Accept": CSV}), 406)["valid"] == JSON


def test_sql(api: httpx.Client) -> None:
    """The SQL of a report is told without running it."""
    answer = api.post("/v1/reports/funnel/sql", json=FUNNEL).json()
    check("Sql", answer)
    assert "select" in answer["sql"]


def test_security_headers(api: httpx.Client) -> None:
    """Every answer, errors too, is not stored, not sniffed, not framed, and not for other origins."""
    origin = {"Origin": "https://evil.example"}
    for response in (
        api.get("/v1/events", headers=origin),
        api.get("/v1/nothing", headers=origin),
        api.delete("/v1/events/Nothing", headers=origin),
        api.get("/v1/openapi.json", headers=origin),
    ):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert not [name for name in response.headers if name.startswith("access-control-")]
