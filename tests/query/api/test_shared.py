"""Links that share a saved report: what their token opens, how often that is computed, and when it ends."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import backsight as bs
from backsight.api.kept import SECONDS, KeptAnswers
from backsight.api.problems import HTTPError
from backsight.errors import Exceeded
from query.api.asking import FUNNEL, check, client, problem
from shop_site import secret_key

BODY = {"report": "funnel", "request": FUNNEL, "description": "to an account"}
PATH = "/v1/saved/Sign%20ups"


@pytest.fixture
def shared(api: httpx.Client, url: str) -> Iterator[Callable[..., httpx.Client]]:
    """Makes links to a saved report; clients that hold their tokens, with the link's id."""
    api.put(PATH, json=BODY)
    opened: list[httpx.Client] = []

    def share(**asked: Any) -> httpx.Client:
        made = api.post(f"{PATH}/links", json=asked).json()
        check("ShareLink", made)
        server, _, token = made["url"].partition("/shared#")
        assert server == url
        opened.append(client(url, token))
        opened[-1].headers["x-link-id"] = made["link_id"]
        return opened[-1]

    yield share
    for each in opened:
        each.close()
    api.delete(PATH)


def test_a_link_tells_the_answer_and_nothing_more(
    api: httpx.Client, shared: Callable[..., httpx.Client]
) -> None:
    """The same figures and chart as the saved report's; no request, no SQL, no names of others."""
    whole = api.get(f"{PATH}/answer").json()
    check("SavedAnswer", whole)
    answer = shared().get("/v1/shared")
    told = answer.json()
    check("SharedAnswer", told)
    assert set(told) == {"name", "report", "description", "range", "answer", "spec", "tables"}
    assert set(told["answer"]["meta"]) == {"now", "watermark", "warnings"}
    assert told["answer"]["steps"] == whole["answer"]["steps"]
    assert (told["name"], told["report"], told["description"]) == ("Sign ups", "funnel", "to an account")
    assert told["range"] == {"from": FUNNEL["from"], "to": FUNNEL["to"], "timezone": "UTC"}
    assert told["spec"] == whole["spec"]
    assert "snapshot" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in answer.headers


def test_a_token_opens_no_other_route(api: httpx.Client, shared: Callable[..., httpx.Client]) -> None:
    """Of all that the document lists, a link's token opens one operation; nothing is changed by trying."""
    holder, tried = shared(), 0
    before = api.get("/v1/saved").json(), api.get("/v1/events").json()
    for path, operations in api.get("/v1/openapi.json").json()["paths"].items():
        for method in operations.keys() & {"get", "post", "put", "patch", "delete"}:
            filled = re.sub(r"{\w+}", "Sign%20ups", path)
            answer = holder.request(
                method.upper(), filled, content=b"{}", headers={"Origin": "https://x.example"}
            )
            assert answer.status_code == (200 if path == "/v1/shared" else 403), (method, path)
            tried += 1
    assert tried > 60
    assert before == (api.get("/v1/saved").json(), api.get("/v1/events").json())


def test_who_may_share(data: Path, url: str, shared: Callable[..., httpx.Client]) -> None:
    """A key that may only read asks saved reports, and neither saves, nor shares, nor sees who has links."""
    link_id = shared().headers["x-link-id"]
    with client(url, secret_key(data, "read")) as reader:
        for path in ("/v1/saved", PATH, f"{PATH}/history", f"{PATH}/answer"):
            assert reader.get(path).status_code == 200
        problem(reader.put(PATH, json=BODY), 403)
        problem(reader.delete(PATH), 403)
        problem(reader.post(f"{PATH}/links", json={}), 403)
        problem(reader.get(f"{PATH}/links"), 403)
        problem(reader.delete(f"{PATH}/links/{link_id}"), 403)
        assert "scope 'link'" in problem(reader.get("/v1/shared"), 403)["detail"]


def test_a_link_ends_at_once(api: httpx.Client, data: Path, shared: Callable[..., httpx.Client]) -> None:
    """Revoked, expired or its report deleted, a link is 410 from the next request on, though the answer was
    given a moment ago; on other routes its token is as good as none.
    """
    holders = [shared(), shared(days=1), shared()]
    assert [each.get("/v1/shared").status_code for each in holders] == [200] * 3
    path = f"{PATH}/links/{holders[0].headers['x-link-id']}"
    assert [api.delete(path).json()["revoked"] for _ in range(2)] == [1, 0]
    problem(holders[0].get("/v1/shared"), 410)
    with sqlite3.connect(data / "backsight.sqlite") as database:
        moved = database.execute(
            "update keys set expires = '2026-01-01T00:00:00.000000+00:00' where key_id = ?",
            (holders[1].headers["x-link-id"],),
        )
        assert moved.rowcount == 1
    database.close()
    problem(holders[1].get("/v1/shared"), 410)
    assert holders[2].get("/v1/shared").status_code == 200
    api.delete(PATH)
    api.put(PATH, json=BODY)
    for each in holders:
        problem(each.get("/v1/shared"), 410)
        problem(each.get("/v1/saved"), 401)


@pytest.mark.parametrize(
    "token", ["x", "rt_", "rt_" + "0" * 40, "rt_" + "e" * 10, "dt_" + "0" * 40, "rt_'; --"]
)
def test_an_unknown_link_is_refused(url: str, token: str) -> None:
    """What is no link's token, or of a link that nobody made, is 401."""
    headers = {"Authorization": f"Bearer {token}".encode()}
    problem(httpx.get(f"{url}/v1/shared", headers=headers), 401)


def test_a_link_shows_the_report_as_it_is_saved_now(
    api: httpx.Client, shared: Callable[..., httpx.Client]
) -> None:
    """A new version shows at once; one that tells about persons shows nothing, a broken one why."""
    holder = shared()
    assert holder.get("/v1/shared").json()["report"] == "funnel"
    api.put(PATH, json={"report": "trend", "request": {"series": ["Signed up"]}})
    assert holder.get("/v1/shared").json()["report"] == "trend"
    by_person = {"series": ["Signed up"], "breakdown": {"by": ["person.email"]}}
    api.put(PATH, json={"report": "trend", "request": by_person})
    assert "tells about persons" in problem(holder.get("/v1/shared"), 400)["detail"]


def test_links_are_keys_that_never_change(data: Path, url: str, shared: Callable[..., httpx.Client]) -> None:
    """The list of keys has them, without their token; none is rotated or set; the first use is one line."""
    holder = shared(label="board")
    link_id = holder.headers["x-link-id"]
    for _ in range(3):
        holder.get("/v1/shared")
    with client(url, secret_key(data, "admin")) as admin:
        listed = {each["key_id"]: each for each in admin.get("/v1/keys").json()["keys"]}
        check("Key", listed[link_id])
        kept = listed[link_id]
        assert (kept["kind"], kept["report"], kept["key"], kept["label"]) == (
            "report",
            "Sign ups",
            None,
            "board",
        )
        problem(admin.post(f"/v1/keys/{link_id}/rotate", json={}), 400)
        problem(admin.patch(f"/v1/keys/{link_id}", json={"expires": None}), 400)
        lines = admin.get("/v1/audit?action=key.first_use").json()["lines"]
        used = [each for each in lines if each["subject"] == link_id]
        assert [(each["actor"], each["detail"], each["address"]) for each in used] == [
            (link_id, {"report": "Sign ups"}, "127.0.0.1")
        ]
        assert admin.delete(f"/v1/keys/{link_id}").json()["revoked"] == 1
    problem(holder.get("/v1/shared"), 410)


def test_a_report_is_computed_once_for_all_its_links(
    api: httpx.Client, data: Path, shared: Callable[..., httpx.Client]
) -> None:
    """Within a minute everybody who has a link gets the same answer, whatever was captured or named since."""
    holders = [shared(), shared()]
    first = holders[0].get("/v1/shared")
    with bs.open(data) as site:
        site.define("Signed up", css="a", on="click")
    try:
        for each in holders * 2:
            assert each.get("/v1/shared").content == first.content
        assert api.get(f"{PATH}/answer").json()["answer"]["steps"] != first.json()["answer"]["steps"]
    finally:
        with bs.open(data) as site:
            site.define("Signed up", css="form#signup", on="submit")


# ── Answers that are kept ───────────────────────────────────────────────────────────────────────────────────


class Computing:
    """Counts how often something is computed, each time when it may."""

    def __init__(self) -> None:
        self.times, self.go_on = 0, asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> bytes:
        self.times += 1
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        return b"%d" % self.times


def in_loop(test: Callable[[KeptAnswers, Computing, list[float]], Any], kept_bytes: int = 1_000) -> None:
    """Runs a test in a loop of its own, in a thread; its clock is a list's only item."""

    async def run() -> None:
        now = [0.0]
        await test(KeptAnswers(lambda: now[0], kept_bytes), Computing(), now)

    with asyncio.Runner() as runner:
        runner.run(run())


def test_an_answer_is_said_again_for_a_minute() -> None:
    """However many ask at once or one after another, it is computed once a minute, from when it came."""

    async def test(kept: KeptAnswers, computing: Computing, now: list[float]) -> None:
        asking = [asyncio.create_task(kept.answer("a", computing)) for _ in range(50)]
        await asyncio.sleep(0)
        now[0] = 10 * SECONDS  # however long it takes
        assert await kept_soon(kept, computing, asking) == {b"1"}
        now[0] += SECONDS - 0.1
        assert await kept.answer("a", computing) == b"1"
        now[0] += 0.1
        assert await kept.answer("a", computing) == b"2"
        assert await kept.answer("b", computing) == b"3"

    in_loop(test)


async def kept_soon(kept: KeptAnswers, computing: Computing, asking: list[asyncio.Task[bytes]]) -> set[bytes]:
    """What those who ask get, one more among them, once it may be computed."""
    late = asyncio.create_task(kept.answer("a", computing))
    await asyncio.sleep(0)
    computing.go_on.set()
    return set(await asyncio.gather(*asking, late))


def test_leaving_does_not_compute_again() -> None:
    """Who goes away and comes back, again and again, waits for the same computation."""

    async def test(kept: KeptAnswers, computing: Computing, now: list[float]) -> None:
        for _ in range(20):
            asking = asyncio.create_task(kept.answer("a", computing))
            await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        computing.go_on.set()
        assert await kept.answer("a", computing) == b"1"

    in_loop(test)


def test_an_error_is_kept_too_but_no_refusal_to_begin() -> None:
    """What fails after much work is not tried again at once; what found no place to begin may be."""

    async def test(kept: KeptAnswers, computing: Computing, now: list[float]) -> None:
        computing.go_on.set()
        computing.error, traces = Exceeded("too much"), set()
        for _ in range(3):
            with pytest.raises(Exceeded) as caught:
                await kept.answer("a", computing)
            traces.add(len(traceback.extract_tb(caught.tb)))
        assert (computing.times, len(traces)) == (1, 1)
        computing.error = HTTPError(503, "Busy", "busy")
        for _ in range(3):
            with pytest.raises(HTTPError):
                await kept.answer("b", computing)
        assert computing.times == 4

    in_loop(test)


def test_answers_take_bounded_memory_and_are_forgotten() -> None:
    """The oldest make room; what is let go of, under way or not, is computed anew for the next who asks."""

    async def test(kept: KeptAnswers, computing: Computing, now: list[float]) -> None:
        computing.go_on.set()
        assert [await kept.answer(key, computing) for key in "abca"] == [b"1", b"2", b"3", b"4"]
        assert await kept.answer("c", computing) == b"3"
        kept.forget()
        assert await kept.answer("c", computing) == b"5"
        computing.go_on.clear()
        waiting = asyncio.create_task(kept.answer("d", computing))
        await asyncio.sleep(0)
        kept.forget()
        other = asyncio.create_task(kept.answer("d", computing))
        await asyncio.sleep(0)
        computing.go_on.set()
        assert (await waiting, await other, computing.times) == (b"7", b"7", 7)

    in_loop(test, kept_bytes=2)
