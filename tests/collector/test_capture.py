"""The capture route: a 200 means durable, everything else means that nothing was kept, and says why."""

from __future__ import annotations

import asyncio
import errno
import gzip
import json
import os
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backsight.contract import MAX_BODY_BYTES, MAX_DECOMPRESSED_BYTES, WriteKey
from backsight_collector.disk import DiskSpace
from backsight_collector.http import kept
from backsight_collector.http.capture import CaptureRoute
from backsight_collector.http.settings import CollectorSettings
from backsight_collector.journal.segments import DiskFile

Make = Callable[..., dict[str, Any]]
Serve = Callable[..., Any]


class Disk:
    """Hands out files that fail or wait on demand."""

    def __init__(self) -> None:
        self.fault: OSError | None = None
        self.may_sync = threading.Event()
        self.may_sync.set()

    def __call__(self, path: Path) -> DiskFile:
        disk = self

        class File(DiskFile):
            def write(self, data: bytes) -> None:
                if disk.fault:
                    raise disk.fault
                super().write(data)

            def sync(self) -> None:
                assert disk.may_sync.wait(30)
                super().sync()

        return File(path)


# ── Accepted ────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_accepted_batch_is_in_the_journal_as_it_was_sent(serve: Serve, make_batch: Make) -> None:
    """The answer counts the events; the journal has body, site, user agent and our own time."""
    server = serve()
    body = json.dumps(make_batch(), indent=1).encode()
    answer = server.post(body, user_agent="Firefox/144", content_type="text/plain;charset=UTF-8")
    assert (answer.status, answer.json) == (200, {"accepted": 3, "rejected": []})
    assert answer.headers["content-type"] == "application/json"
    (capture,) = server.captures()
    assert (capture.body, capture.site, capture.user_agent) == (body, "shop", "Firefox/144")
    assert 0 <= capture.received_at / 1e6 - 1_700_000_000 < 10**10


def test_gzip_is_unpacked_before_it_is_kept(serve: Serve, make_batch: Make) -> None:
    """A packed body is journalled as the JSON that it holds."""
    server = serve()
    body = json.dumps(make_batch()).encode()
    assert server.post(gzip.compress(body), content_encoding="gzip").status == 200
    assert server.captures()[0].body == body


def test_a_body_may_arrive_in_parts_and_without_a_length(serve: Serve, make_batch: Make) -> None:
    """Chunked bodies are put together."""
    server = serve()
    body = json.dumps(make_batch()).encode()
    answer = server.request("POST", "/v1/capture", {}, [body[:100], b"", body[100:101], body[101:]])
    assert answer.status == 200
    assert server.captures()[0].body == body


def test_a_poisoned_event_is_reported_and_the_others_are_kept(serve: Serve, make_batch: Make) -> None:
    """Rejections name index, reason and detail; the journal has the whole body, for the dead letters."""
    server = serve()
    batch = make_batch()
    batch["events"][1]["label"] = "\ud800"
    batch["events"].append(batch["events"][0])
    answer = server.post(batch)
    assert answer.json == {
        "accepted": 2,
        "duplicates": 1,
        "rejected": [{"index": 1, "reason": "bad_event", "detail": "a lone surrogate is not text"}],
    }
    assert json.loads(server.captures()[0].body) == batch


def test_a_large_batch_is_read_like_a_small_one(serve: Serve, make_batch: Make) -> None:
    """Bodies that are read in a thread give the same answer."""
    server = serve()
    event = {"type": "track", "name": "n", "page": 0, "time": 0, "props": {"text": "x" * 3_000}}
    body = json.dumps(make_batch(events=[event | {"seq": seq} for seq in range(1_000)])).encode()
    assert len(body) > 3_000_000
    assert server.post(gzip.compress(body), content_encoding="gzip").json == {
        "accepted": 1_000,
        "rejected": [],
    }


def test_only_batches_that_are_not_on_disk_are_missing(serve: Serve, make_batch: Make) -> None:
    """Of batches that the sender is unsure of, the answer names those that are not known, each once."""
    server = serve(keys={"wk_test": WriteKey("shop"), "wk_other": WriteKey("other")}.get)
    server.post(make_batch(batch="kept"))
    server.post(make_batch(batch="poisoned", events=[{"type": "click"}]))
    server.post(make_batch(batch="empty", events=[]))
    server.post(make_batch(batch="refused", key="wk_nobody"))
    server.post(make_batch(batch="other", key="wk_other"))
    asked = ["lost", "kept", "other", "empty", "lost", "poisoned", "refused", "next", "\u00e9\0"]
    answer = server.post(make_batch(batch="next", unsure=asked)).json
    assert answer["missing"] == ["lost", "other", "empty", "refused", "\u00e9\0"]
    assert answer["accepted"] == 3


def test_a_batch_is_not_known_before_it_is_on_disk(serve: Serve, make_batch: Make) -> None:
    """While the disk has not synced it, and when it never does, a batch is missing."""
    disk = Disk()
    server = serve(opener=disk)
    ask = json.dumps(make_batch(events=[], unsure=["waiting", "failed"])).encode()

    async def meanwhile() -> Any:
        disk.may_sync.clear()
        body = json.dumps(make_batch(batch="waiting")).encode()
        waiting = asyncio.create_task(server.exchange("POST", "/v1/capture", {}, [body]))
        while not server.collector._intake.journal.pending_bytes:
            await asyncio.sleep(0)
        answer = await server.exchange("POST", "/v1/capture", {}, [ask])
        disk.may_sync.set()
        assert (await waiting).status == 200
        return answer

    assert server.runner.run(meanwhile()).json["missing"] == ["waiting", "failed"]
    disk.fault = OSError(errno.ENOSPC, "No space left on device")
    assert server.post(make_batch(batch="failed")).status == 503
    assert server.post(ask).json["missing"] == ["failed"]


def test_who_is_sure_of_everything_is_told_nothing(serve: Serve, make_batch: Make) -> None:
    """`missing` stands in the answer exactly where `unsure` stood in the batch, also when none is missing."""
    server = serve()
    assert "missing" not in server.post(make_batch(unsure=[])).json
    assert server.post(make_batch(batch="next", unsure=["batch-1"])).json["missing"] == []


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["shop", "other"]), st.integers(0, 60)), max_size=80))
def test_what_is_remembered_was_kept(added: list[tuple[str, int]]) -> None:
    """With so few slots that batches push each other out, the last is known, none that was never added."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "SLOTS", 16)
        known = kept.KeptBatches()
        for site, batch in added:
            known.add(site, str(batch))
            assert known.missing(site, [str(batch)]) == []
        for site in ("shop", "other"):
            missing = set(known.missing(site, map(str, range(100))))
            never = {str(batch) for batch in range(100)} - {str(batch) for at, batch in added if at == site}
            assert never <= missing
            assert len(missing) >= 100 - 16


def test_an_empty_batch_leaves_no_record(serve: Serve, make_batch: Make) -> None:
    """A batch without events is accepted; only what the client dropped would have been worth a record."""
    server = serve()
    assert server.post(make_batch(events=[])).json == {"accepted": 0, "rejected": []}
    assert server.captures() == []
    assert server.post(make_batch(events=[], dropped={"queue": 2})).status == 200
    assert len(server.captures()) == 1


# ── Refused ─────────────────────────────────────────────────────────────────────────────────────────────────


PACKED = gzip.compress(b"{}", mtime=0)
"""Its bytes are the same in every process, as names of tests are made of them."""


def bomb(size: int) -> bytes:
    return gzip.compress(b" " * size, mtime=0)


@pytest.mark.parametrize(
    ("body", "headers", "status", "detail"),
    [
        (b"{", {}, 400, "not JSON"),
        (b"\xff", {}, 400, "not UTF-8"),
        (b'{"a":' * 100_000, {}, 400, "nests too deep"),
        (b" " * (MAX_BODY_BYTES + 1), {}, 413, "1000001 bytes: too large"),
        (b"", {"content_length": "9" * 30}, 413, "too large"),
        (b"{}", {"content_encoding": "br"}, 415, "encoding"),
        (b"{}", {"content_encoding": "gzip, gzip"}, 415, "encoding"),
        (b"{}", {"content_encoding": "gzip"}, 400, "not gzip"),
        (PACKED[:-4], {"content_encoding": "gzip"}, 400, "ends too soon"),
        (PACKED + PACKED, {"content_encoding": "gzip"}, 400, "22 bytes follow"),
        (bomb(MAX_DECOMPRESSED_BYTES + 1), {"content_encoding": "gzip"}, 413, "may have 5000000 bytes"),
        (bomb(200_000_000), {"content_encoding": "gzip"}, 413, "may have 5000000 bytes"),
        (zlib.compress(b"{}"), {"content_encoding": "gzip"}, 400, "not gzip"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_bodies_are_refused(
    serve: Serve, body: bytes, headers: dict[str, str], status: int, detail: str
) -> None:
    """Each is a problem document with the status that tells the snippet what to do; nothing is kept."""
    server = serve()
    answer = server.post(body, **headers)
    assert (answer.status, answer.json["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert detail in answer.json["detail"]
    assert server.captures() == []


def test_a_problem_names_field_value_and_what_is_valid(serve: Serve, make_batch: Make) -> None:
    """A reader of the answer alone can put the batch right."""
    answer = serve().post(make_batch(v=3))
    assert (answer.status, answer.json["field"], answer.json["value"]) == (400, "v", "3")
    assert "wire.md" in answer.json["valid"]


def test_an_unknown_key_is_unauthorized(serve: Serve, make_batch: Make) -> None:
    """A batch whose key belongs to no site is answered 401, naming the key."""
    server = serve()
    answer = server.post(make_batch(key="wk_made_up"))
    assert (answer.status, answer.json["field"], answer.json["value"]) == (401, "key", "wk_made_up")
    assert server.captures() == []


def test_an_unknown_key_learns_nothing_of_a_broken_batch(serve: Serve, make_batch: Make) -> None:
    """What is wrong with a batch is only looked into for those who may send one."""
    server = serve()
    broken = {"events": [0] * 10_001}
    assert server.post(make_batch(key="wk_made_up", **broken)).status == 401
    assert server.post(make_batch(**broken)).status == 400


def test_a_body_that_grows_past_the_limit_is_cut_off(serve: Serve) -> None:
    """Without an announced length the bytes are counted as they come, and reading stops at the limit."""
    server = serve()
    answer = server.request("POST", "/v1/capture", {}, [b" " * 100_000] * 30)
    assert (answer.status, answer.headers["connection"]) == (413, "close")


def test_a_slow_body_times_out(serve: Serve, make_batch: Make) -> None:
    """A sender that stalls is let go with 408; the server goes on serving."""
    server = serve(CollectorSettings(body_seconds=0.05))
    answer = server.runner.run(server.exchange("POST", "/v1/capture", {}, [b"{"], end="stall"))
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert server.post(make_batch()).status == 200


def test_a_client_that_leaves_is_forgotten(serve: Serve) -> None:
    """Nothing is answered to it and nothing is kept."""
    server = serve()
    answer = server.runner.run(server.exchange("POST", "/v1/capture", {}, [b"{"], end="disconnect"))
    assert answer.status == 0
    assert server.captures() == []


def test_a_cancelled_request_is_not_taken_for_a_slow_one(serve: Serve) -> None:
    """When the server itself stops a request, the cancellation goes through."""
    server = serve()

    async def scenario() -> None:
        task = asyncio.ensure_future(server.exchange("POST", "/v1/capture", {}, [b"{"], end="stall"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    server.runner.run(scenario())


def test_only_post_and_options_are_answered(serve: Serve) -> None:
    """Other methods are told which ones there are."""
    answer = serve().request("GET", "/v1/capture")
    assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")


def test_too_many_bodies_at_once_are_told_to_come_back(serve: Serve, make_batch: Make) -> None:
    """While what has come of bodies reaches the bound, more gets 503; to announce much takes no place."""
    server = serve(CollectorSettings(max_bodies_bytes=1_500_000, body_seconds=0.05))

    async def scenario() -> tuple[Any, Any]:
        large = {"content-length": "1000000"}
        announced = [
            asyncio.ensure_future(server.exchange("POST", "/v1/capture", large, [b"{"], end="stall"))
            for _ in range(10)
        ]
        sent = asyncio.ensure_future(
            server.exchange("POST", "/v1/capture", large, [b"{" * 900_000], end="stall")
        )
        await asyncio.sleep(0)
        refused = await server.exchange("POST", "/v1/capture", {}, [b"{" * 600_000])
        await asyncio.gather(*announced)
        return await sent, refused

    stalled, refused = server.runner.run(scenario())
    assert (stalled.status, refused.status, refused.headers["retry-after"]) == (408, 503, "1")
    assert server.post(make_batch()).status == 200


def test_bodies_that_wait_to_be_read_count_as_well(
    serve: Serve, make_batch: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packed and large bodies are read by few threads; those that wait for one stay within the bound."""
    packed = gzip.compress(json.dumps(make_batch(spare=" " * 100_000)).encode())
    small = json.dumps(make_batch(batch="small")).encode()
    server = serve(CollectorSettings(max_bodies_bytes=len(packed) + len(small)))
    may_read, read = threading.Event(), CaptureRoute._read

    def waiting(route: CaptureRoute, body: bytes, received_at: int) -> Any:
        assert may_read.wait(10)
        return read(route, body, received_at)

    monkeypatch.setattr(CaptureRoute, "_read", waiting)

    async def scenario() -> tuple[Any, Any]:
        first = asyncio.ensure_future(
            server.exchange("POST", "/v1/capture", {"content-encoding": "gzip"}, [packed])
        )
        await asyncio.sleep(0)
        refused = await server.exchange("POST", "/v1/capture", {}, [small + b" "])
        length = {"content-length": str(len(small))}
        let_in = asyncio.ensure_future(server.exchange("POST", "/v1/capture", length, [small]))
        monkeypatch.undo()  # it is read at once, in nobody's thread
        assert (await let_in).status == 200
        may_read.set()
        return await first, refused

    first, refused = server.runner.run(scenario())
    assert (first.status, refused.status) == (200, 503)


# ── Rates and keys ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_past_its_rate_is_told_when_to_come_back(serve: Serve, make_batch: Make) -> None:
    """Past its allowance a key gets 429 with Retry-After, and another key is not affected."""
    keys = {"wk_test": WriteKey("shop"), "wk_other": WriteKey("shop")}
    server = serve(CollectorSettings(events_per_second=1, burst_seconds=2), keys=keys.get)
    assert [server.post(make_batch()).status for _ in range(2)] == [200, 429]
    answer = server.post(make_batch())
    assert answer.headers["retry-after"] == "1"
    assert server.post(make_batch(key="wk_other")).status == 200
    assert len(server.captures()) == 2


def test_a_device_that_sends_without_end_holds_up_no_other(serve: Serve, make_batch: Make) -> None:
    """It gets 429 with Retry-After; what it is refused is not counted against its key, nor other devices."""
    server = serve(CollectorSettings(device_events_per_second=1, events_per_second=3, burst_seconds=12))
    loud = [server.post(make_batch(batch=f"b{number}")) for number in range(20)]
    assert [answer.status for answer in loud] == [200] * 5 + [429] * 15
    assert (loud[-1].headers["retry-after"], "device" in loud[-1].json["detail"]) == ("3", True)
    others = [server.post(make_batch(device=f"visitor-{number}")).status for number in range(6)]
    assert others == [200] * 6


@pytest.mark.parametrize("spare", ["", "z" * 100_000], ids=["without events", "large"])
def test_batches_of_few_events_are_not_for_free(serve: Serve, make_batch: Make, spare: str) -> None:
    """What fills the journal counts: a batch as one event at least, a large one as several."""
    server = serve(CollectorSettings(events_per_second=0.001, burst_seconds=3_000))
    sent = make_batch(events=[], dropped={"queue": 1}, spare=spare)
    statuses = [server.post(sent).status for _ in range(6)]
    assert statuses == ([200, 429, 429, 429, 429, 429] if spare else [200, 200, 200, 200, 429, 429])


# ── The disk ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_full_disk_is_never_a_200(serve: Serve, make_batch: Make) -> None:
    """While the journal can't be written, batches get 503 with Retry-After; once it can, 200 again."""
    disk = Disk()
    server = serve(opener=disk)
    disk.fault = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    answer = server.post(make_batch(batch="refused"))
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert "nothing was kept" in answer.json["detail"]
    ready = server.request("GET", "/readyz")
    assert ready.status == 503
    assert "No space left on device" in ready.json["detail"]
    disk.fault = None
    assert server.post(make_batch(batch="accepted")).status == 200
    assert server.request("GET", "/readyz").status == 200
    assert [json.loads(capture.body)["batch"] for capture in server.captures()] == ["accepted"]


def test_a_queue_that_is_full_is_a_503(serve: Serve, make_batch: Make) -> None:
    """While the disk stalls, requests wait; past the bound others are told to come back."""
    disk = Disk()
    server = serve(CollectorSettings(max_pending_bytes=2_000), opener=disk)
    body = json.dumps(make_batch()).encode()
    length = {"content-length": str(len(body))}

    async def scenario() -> list[int]:
        disk.may_sync.clear()
        waiting = [
            asyncio.ensure_future(server.exchange("POST", "/v1/capture", length, [body])) for _ in range(6)
        ]
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert {task.result().status for task in done} == {503}
        disk.may_sync.set()
        return [answer.status for answer in await asyncio.gather(*waiting)]

    statuses = server.runner.run(scenario())
    assert set(statuses) == {200, 503}
    assert len(server.captures()) == statuses.count(200)


def test_the_disk_is_left_room(serve: Serve, make_batch: Make) -> None:
    """Before the disk is full batches get 503 and half a minute's pause; with room again, 200."""
    free = [10_000]
    now = [0.0]
    space = DiskSpace(Path(), measure=lambda _: (free[0], 10**12), clock=lambda: now[0])
    server = serve(space=space)
    answer = server.post(make_batch())
    assert (answer.status, answer.headers["retry-after"]) == (503, "30")
    assert "the disk is full" in answer.json["detail"]
    assert server.request("GET", "/readyz").status == 503
    free[0], now[0] = 10**12, 2.0
    assert server.post(make_batch()).status == 200
    assert len(server.captures()) == 1
    assert b'backsight_capture_refused_total{reason="disk_full"} 1' in server.request("GET", "/metrics").body


# ── Other origins ───────────────────────────────────────────────────────────────────────────────────────────


def test_any_page_may_send_unless_told_otherwise(serve: Serve, make_batch: Make) -> None:
    """Answers, refusals too, can be read by pages of any origin, without credentials; so are preflights."""
    server = serve()
    preflight = server.request("OPTIONS", "/v1/capture", {"origin": "https://a.example"})
    assert preflight.status == 204
    assert "content-length" not in preflight.headers
    assert "content-encoding" in preflight.headers["access-control-allow-headers"]
    for answer in (preflight, server.post(make_batch(), origin="https://a.example"), server.post(b"")):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


def test_origins_can_be_listed(serve: Serve, make_batch: Make) -> None:
    """Pages of other origins are refused; servers, which send no origin, are not."""
    server = serve(CollectorSettings(origins=frozenset({"https://a.example"})))
    allowed = server.post(make_batch(), origin="https://a.example")
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (200, "https://a.example")
    refused = server.post(make_batch(), origin="https://b.example")
    assert (refused.status, refused.json["field"]) == (403, "Origin")
    assert "access-control-allow-origin" not in refused.headers
    assert server.post(make_batch()).status == 200
