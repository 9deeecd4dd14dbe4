"""Asking again over HTTP, from Python over HTTP and on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from deltalake import DeltaTable

import backsight as bs
from backsight.cli import main
from query.api.asking import check, client, problem
from shop_site import secret_key, served, write_data, write_more

TREND: dict[str, Any] = {"series": ["Came by"], "from": "2026-10-01", "to": "2026-10-31"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop of its own, which may change."""
    write_data(tmp_path)
    with bs.open(tmp_path) as site:
        site.define("Came by", on="pageview")
    return tmp_path


@pytest.fixture
def api(folder: Path) -> Iterator[httpx.Client]:
    """A client of its API."""
    with served(folder) as url, client(url, secret_key(folder, "define")) as opened:
        yield opened


def change(folder: Path) -> None:
    """More was captured, and the name means something else."""
    write_more(folder, "gus", "01 10:00 pricing")
    with bs.open(folder) as site:
        site.define("Came by", on="submit")


def merge(folder: Path) -> None:
    """Files of one day are merged, and the old ones deleted at once."""
    DeltaTable(str(folder / "lake" / "events")).optimize.compact()
    table = DeltaTable(str(folder / "lake" / "events"))
    table.vacuum(0, dry_run=False, enforce_retention_duration=False)


def figures(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without the time that it took."""
    return {**answer, "meta": {key: value for key, value in answer["meta"].items() if key != "ms"}}


def test_http(folder: Path, api: httpx.Client) -> None:
    """The `meta` of an answer, sent back, gives that answer."""
    earlier = api.post("/v1/reports/trend", json=TREND).json()
    change(folder)
    body = {**TREND, "as_of": earlier["meta"]}
    check("TrendRequest", body)
    assert figures(api.post("/v1/reports/trend", json=body).json()) == figures(earlier)
    assert api.post("/v1/reports/trend", json=TREND).json()["series"] != earlier["series"]
    assert "select" in api.post("/v1/reports/trend/sql", json=body).json()["sql"]


def test_gone(folder: Path, api: httpx.Client) -> None:
    """A moment whose files were deleted is 410, naming the table and the version."""
    earlier = api.post("/v1/reports/trend", json=TREND).json()
    change(folder)
    merge(folder)
    document = problem(api.post("/v1/reports/trend", json={**TREND, "as_of": earlier["meta"]}), 410)
    assert (document["field"], document["value"]) == ("as_of.snapshot.events", 0)
    assert document["type"].endswith(":gone")


def test_remote(folder: Path) -> None:
    """A result that came over HTTP can be asked again, and be gone."""
    with served(folder) as url, bs.connect(url, secret_key(folder, "read")) as site:
        earlier = site.trend("Came by")
        change(folder)
        assert figures(earlier.again().answer) == figures(earlier.answer)
        assert site.preview(on="any", as_of=earlier).events == 13
        merge(folder)
        with pytest.raises(bs.Gone, match="can't be read any more"):
            earlier.again()


@pytest.mark.parametrize("form", ["file", "text", "meta"])
def test_command_line(folder: Path, form: str) -> None:
    """`--as-of` takes an answer, in a file or as it is, or its `meta`."""

    def run(*more: str) -> dict[str, Any]:
        arguments = ["trend", "Came by", "--json", "--data", str(folder), *more]
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    earlier = run()
    (folder / "answer.json").write_text(json.dumps(earlier))
    change(folder)
    given = {
        "file": str(folder / "answer.json"),
        "text": json.dumps(earlier),
        "meta": json.dumps(earlier["meta"]),
    }
    assert figures(run("--as-of", given[form])) == figures(earlier)
    assert run()["series"] != earlier["series"]
