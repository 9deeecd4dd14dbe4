"""The collector's other routes, and how it stands in an application."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from backsight.cli.connections import Connections
from backsight.contract import SNIPPET, SNIPPET_PARTS, WriteKey
from backsight_collector.http.app import Collector
from backsight_collector.http.metrics import Metrics
from backsight_collector.http.problems import Refusal
from backsight_collector.http.script import STATIC
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.journal.writer import JournalLocked
from backsight_collector.status import Status

Make = Callable[..., dict[str, Any]]
Serve = Callable[..., Any]


def test_the_script_is_served_plain_and_packed(serve: Serve) -> None:
    """Both give the built snippet, to pages of any origin, with tags of their own."""
    server = serve()
    plain = server.request("GET", "/backsight.js", {"accept-encoding": "br, gzip;q=0"})
    packed = server.request("GET", "/backsight.js", {"accept-encoding": "br, gzip"})
    assert plain.body == gzip.decompress(packed.body) == (STATIC / SNIPPET).read_bytes()
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.headers["etag"] != packed.headers["etag"]
    for answer in (plain, packed):
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["vary"] == "accept-encoding"
        assert "max-age" in answer.headers["cache-control"]
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("script_path", ["/backsight.js", "/site.js", "/st/a/site.js"])
def test_everything_the_snippet_needs_stands_next_to_it(
    serve: Serve, make_batch: Make, script_path: str
) -> None:
    """The script at its path, its parts and the batches' route in the same folder; and all at the root."""
    server = serve(CollectorSettings(script_path=script_path))
    for folder in ("", script_path.rpartition("/")[0]):
        for part in STATIC.glob("*.js"):
            path = script_path if folder and part.name == SNIPPET else f"{folder}/{part.name}"
            answer = server.request("GET", path, {"accept-encoding": "gzip"})
            assert gzip.decompress(answer.body) == part.read_bytes()
            assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        body = json.dumps(make_batch()).encode()
        assert server.request("POST", f"{folder}/v1/capture", {}, [body]).json["accepted"] == 3
    assert server.request("GET", script_path).body == (STATIC / SNIPPET).read_bytes()
    assert {part.name for part in STATIC.glob("*.js")} == {SNIPPET, *SNIPPET_PARTS}


@pytest.mark.parametrize("asked", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
def test_a_browser_that_has_the_script_gets_304(serve: Serve, asked: str) -> None:
    """A tag that still holds costs an answer without a body; another one gets the script."""
    server = serve()
    tag = server.request("GET", "/backsight.js").headers["etag"]
    answer = server.request("GET", "/backsight.js", {"if-none-match": asked.format(tag=tag)})
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag)
    assert server.request("GET", "/backsight.js", {"if-none-match": '"other"'}).status == 200


def test_health_says_that_the_process_runs(serve: Serve) -> None:
    """`/healthz` needs no journal, `/readyz` does."""
    server = serve()
    assert server.request("GET", "/healthz").json == {"status": "ok"}
    assert server.request("GET", "/readyz").json == {"status": "ready"}


def test_metrics_count_what_became_of_every_event(serve: Serve, make_batch: Make) -> None:
    """Accepted, rejected by reason, duplicates and what clients dropped; every line is Prometheus text."""
    server = serve()
    batch = make_batch(dropped={"queue": 4, "size": 1})
    batch["events"] += [batch["events"][0], {"type": "teleport"}]
    server.post(batch)
    server.post(b"{")
    answer = server.request("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = {}
    for line in answer.body.decode().splitlines():
        found = re.fullmatch(r'# (HELP|TYPE) \w+ .+|(\w+(?:\{\w+="[^"]*"\})?) ([0-9.e+-]+)', line)
        assert found, line
        if found[2]:
            samples[found[2]] = float(found[3])
    assert samples['backsight_events_total{outcome="accepted"}'] == 3
    assert samples['backsight_events_total{outcome="rejected"}'] == 1
    assert samples['backsight_events_total{outcome="duplicate"}'] == 1
    assert samples['backsight_events_total{outcome="dropped_by_client"}'] == 5
    assert samples['backsight_events_rejected_total{reason="unknown_type"}'] == 1
    assert samples['backsight_capture_requests_total{status="200"}'] == 1
    assert samples['backsight_capture_requests_total{status="400"}'] == 1
    assert samples["backsight_capture_seconds_count"] == 2
    assert samples['backsight_capture_seconds_bucket{le="+Inf"}'] == 2
    assert samples["backsight_ready"] == 1
    assert samples["backsight_journal_bytes"] > samples["backsight_capture_bytes_total"] > 0


def test_every_metric_is_documented() -> None:
    """The reference names each one that `/metrics` may show and no other, and every reason of a refusal."""
    page = (Path(__file__).parents[2] / "docs/reference/collector.md").read_text()
    shown = set(re.findall(r"^# TYPE (\w+) ", Metrics(Connections()).text({}), re.MULTILINE))
    shown |= {
        "backsight_ready",
        *(f"backsight_journal_{what}" for what in ("pending_bytes", "segments", "bytes")),
    }
    documented = set(re.findall(r"`(backsight_\w+)`", page.partition("## Metrics")[2].partition("Worth")[0]))
    assert documented == shown
    assert all(f"`{refusal}`" in page for refusal in Refusal)


def test_a_collector_stands_beside_other_routes(tmp_path: Path, serve: Serve, make_batch: Make) -> None:
    """With or without `in_front_of`, batches reach their route and all else reaches the application."""
    server = serve()
    inner = Starlette(
        routes=[*server.collector.routes, Route("/v1/reports", lambda _: PlainTextResponse("r"))]
    )
    for app in (inner, server.collector.in_front_of(inner)):
        server.app = app
        assert server.post(make_batch()).status == 200
        assert server.request("GET", "/v1/reports").body == b"r"
        assert server.request("GET", "/v1/none").status == 404


def test_outside_its_lifespan_nothing_is_taken_in(tmp_path: Path, serve: Serve, make_batch: Make) -> None:
    """Before the journal is open and after it is closed, batches get 503, and `/readyz` says so."""
    server = serve()
    collector = Collector(tmp_path, {"wk_test": WriteKey("shop")}.get)
    server.app = collector.in_front_of(Starlette(routes=collector.routes))
    assert server.post(make_batch()).status == 503
    assert server.request("GET", "/readyz").status == 503
    assert server.request("GET", "/healthz").status == 200


def test_two_collectors_on_one_folder_are_refused(tmp_path: Path, serve: Serve) -> None:
    """The second one does not start, and says why."""
    serve()

    async def start() -> None:
        async with Collector(tmp_path, {}.get).lifespan():
            pass

    with pytest.raises(JournalLocked, match="another process"):
        asyncio.run(start())


def test_metrics_show_what_the_committer_says(serve: Serve) -> None:
    """Once a committer has run here, what it stored, dropped as repeats and set aside is shown as well."""
    server = serve()
    assert b"backsight_committer_" not in server.request("GET", "/metrics").body
    status = Status(events=7, duplicates=2, dead_letters=Counter({"bad_node": 3}), lag_seconds=0.5)
    status.write(server.data_dir)
    shown = server.request("GET", "/metrics").body.decode().splitlines()
    assert {
        "backsight_committer_events_total 7.0",
        "backsight_committer_duplicates_total 2.0",
        'backsight_committer_dead_letters_total{reason="bad_node"} 3',
        "backsight_committer_lag_seconds 0.5",
    } <= set(shown)
