"""How the demo posts: it keeps to what the collector says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from backsight.demo.posting import NotTaken, Posting
from backsight.demo.replay import Post
from backsight.demo.serving import listening, origin, serving
from backsight.demo.shop import Receive, Scope, Send


@contextmanager
def answering(*answers: tuple[int, bytes]) -> Iterator[str]:
    """A server that gives these answers in turn, then the last one for ever."""
    left = list(answers)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            continue
        status, body = left.pop(0) if len(left) > 1 else left[0]
        headers = [(b"content-length", str(len(body)).encode()), (b"retry-after", b"0.01")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    listener = listening()
    home = origin(listener)
    with serving(application, listener):
        yield home


POSTS = [Post("agent", b"{}")] * 5
TAKEN = b'{"accepted": 2, "rejected": []}'


def test_what_was_accepted_is_counted() -> None:
    """The tally is what the collector's answers say."""
    with answering((200, TAKEN)) as home:
        tally = Posting(home).send(iter(POSTS))
    assert (tally.batches, tally.events) == (5, 10)


@pytest.mark.parametrize("status", [429, 503])
def test_busy_collector_gets_the_batch_again(status: int) -> None:
    """A 429 or 503 is waited out, and the same batch is sent again."""
    with answering((status, b""), (status, b""), (200, TAKEN)) as home:
        tally = Posting(home).send(iter(POSTS))
    assert (tally.batches, tally.events) == (5, 10)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, b"unknown key"), "401"),
        ((200, b'{"accepted": 0, "rejected": [{"reason": "bad_node"}]}'), "bad_node"),
    ],
    ids=["refused", "rejected"],
)
def test_refusal_ends_the_replay(answer: tuple[int, bytes], said: str) -> None:
    """A batch that is refused, or an event that is rejected, is an error that says why."""
    with answering(answer) as home, pytest.raises(NotTaken, match=said):
        Posting(home).send(iter(POSTS))
